"""Classical sparse Bayesian learning: all variances in one step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci.bayes._base import (
    Solution,
    WeightedBayesianRegressor,
    warn_of_collapse,
    warn_unconverged,
)
from sparsesci.bayes._data import Standardized
from sparsesci.bayes._engine import (
    Compressed,
    Moments,
    compress,
    default_noise,
    noise_step,
    variance_step,
)
from sparsesci.bayes._posterior import triangular
from sparsesci.penalties import WeightedL1
from sparsesci.solvers import coordinate_descent
from sparsesci.utils.validation import check_choice, check_integer, check_real

Array = NDArray[Any]

UPDATES = ("em", "mackay", "mm", "reweighted_l1")


def check_noise_choice(noise_variance: Any) -> None:
    """Refuse what is neither a choice nor a variance."""
    if isinstance(noise_variance, str):
        check_choice("noise_variance", noise_variance, ("auto", "learn"))
    else:
        check_real("noise_variance", noise_variance, low=0, open_low=True)


def check_batch_options(estimator: Any) -> None:
    """Check the parameters that all batch methods have."""
    check_noise_choice(estimator.noise_variance)
    check_real("prune", estimator.prune, 0, 1, open_high=True)
    check_real("tol", estimator.tol, low=0)
    check_integer("max_iter", estimator.max_iter)


class BatchSBL:
    """Variances of single columns, shared by all targets."""

    def __init__(
        self, data: Compressed, varies: Array, noise: float, learn: bool, prune: float
    ) -> None:
        self.data, self.noise, self.learn, self.prune = data, noise, learn, prune
        self.columns = np.flatnonzero(varies)
        self.gamma = np.full(len(self.columns), 1 / max(len(self.columns), 1))
        self._drop(np.ones(len(self.columns), dtype=bool))

    def _drop(self, kept: Array) -> None:
        self.columns, self.gamma = self.columns[kept], self.gamma[kept]
        self.Z = self.data.Z[:, self.columns]

    def refresh(self) -> Moments:
        """Posterior moments at the present variances."""
        self.moments = Moments(self.data, self.Z, self.gamma, self.noise)
        return self.moments

    def step(self, rule: str) -> float:
        """One update of everything; return the relative change."""
        moments, before = self.moments, self.gamma
        self.gamma = variance_step(moments, rule)
        change = np.abs(self.gamma - before).max(initial=0.0)
        change /= max(self.gamma.max(initial=0.0), np.finfo(float).tiny)
        if self.learn:
            noise = noise_step(moments, rule)
            change = max(change, abs(noise / self.noise - 1))
            self.noise = noise
        return self._prune(float(change))

    def _prune(self, change: float) -> float:
        limit = self.prune * self.gamma.max(initial=0.0)
        kept = self.gamma > max(limit, np.finfo(float).tiny)
        if not kept.all():
            self._drop(kept)
        return change

    def run(self, rule: str, tol: float, max_iter: int) -> tuple[list[float], float]:
        """Update until nothing changes; return the evidence before each step."""
        path, change = [self.refresh().evidence], np.inf
        for _ in range(max_iter):
            change = self.step(rule)
            path.append(self.refresh().evidence)
            if change <= tol:
                break
        return path, change


class ReweightedL1(BatchSBL):
    """Each step solves a Lasso with weights from the posterior."""

    def step(self, rule: str) -> float:
        """One reweighting; all columns may come back."""
        every = self.data.Z
        weights = np.sqrt(self._evidence_slopes(every))
        varies = weights > 0
        penalty = WeightedL1(
            self.noise / len(every), weights=np.where(varies, weights, np.inf)
        )
        target = self.data.Y[:, 0]
        coef = coordinate_descent(
            every, target, penalty, tol=1e-10, max_iter=10_000
        ).coef
        gamma = np.divide(np.abs(coef), weights, out=np.zeros(len(coef)), where=varies)
        before = np.zeros(len(coef))
        before[self.columns] = self.gamma
        largest = max(gamma.max(), np.finfo(float).tiny)
        gamma[gamma <= self.prune * largest] = 0.0
        change = float(np.abs(gamma - before).max() / largest)
        self.columns = np.flatnonzero(gamma)
        self.gamma, self.Z = gamma[self.columns], every[:, self.columns]
        if self.learn:
            noise = noise_step(self.refresh(), "em")
            change = max(change, abs(noise / self.noise - 1))
            self.noise = noise
        return change

    def _evidence_slopes(self, every: Array) -> Array:
        """``S_j`` for all columns."""
        B = self.moments.scaled
        cross = B.T @ every
        if self.moments.by_columns:
            solved = triangular(self.moments.root, cross)
            squares = np.einsum("ij,ij->j", every, every)
            squares -= np.einsum("ij,ij->j", solved, solved)
        else:
            half = triangular(self.moments.root, every)
            squares = np.einsum("ij,ij->j", half, half)
        return np.maximum(squares, 0.0) / self.noise


class SBLRegressor(WeightedBayesianRegressor):
    r"""Sparse Bayesian learning by batch updates of all prior variances.

    The model is ::

        y = b + X beta + noise,   noise ~ N(0, sigma^2),   beta_j ~ N(0, gamma_j)

    with a flat prior on the intercept b; gamma and, where it is learned, sigma^2
    maximise the evidence ``log p(y | gamma, sigma^2)``. With
    ``V = sigma^2 I + X diag(gamma) X'``, ``Q_j = x_j' V^-1 y`` and
    ``S_j = x_j' V^-1 x_j``, the rules are:

    ===================  ====================================  =====================
    ``update``           step                                  evidence
    ===================  ====================================  =====================
    ``"em"``             gamma_j + gamma_j^2 (Q_j^2 - S_j)     never falls; slow
    ``"mackay"``         gamma_j Q_j^2 / S_j                   may fall; fast
    ``"mm"``             gamma_j ``|Q_j|`` / S_j^(1/2)         never falls
    ``"reweighted_l1"``  ``|w_j|`` / S_j^(1/2), w a Lasso      never falls
                         with weights S_j^(1/2)
    ===================  ====================================  =====================

    All have the same fixed points: Q_j^2 = S_j, or gamma_j = 0 and Q_j^2 <= S_j.

    Parameters
    ----------
    update : {"em", "mackay", "mm", "reweighted_l1"}, default="mm"
        Rule of update.
    noise_variance : "auto", "learn" or float, default="auto"
        Variance of the noise, in squared units of y. "learn" maximises the evidence
        over it as well. With as many columns as samples or more, this would interpolate
        the data: "auto" learns it only where there are fewer, and else takes the
        estimate of :class:`FastSBL`, or 1e-7 of the variance of y if that is more.
    prune : float, default=1e-6
        Columns whose variance, for norm 1, is at most this part of the largest are left
        out; 0 keeps all that are positive.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    tol : float, default=1e-4
        Stop when no variance changes by more than this part of the largest one, and the
        noise by no more than this part of itself.
    max_iter : int, default=1000
        Largest number of updates.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    noise_variance_ : float
        Variance of the noise.
    gammas_ : ndarray of shape (n_features,)
        Prior variances of the coefficients.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    evidence_ : float
        Log evidence.
    evidence_path_ : ndarray of shape (n_steps + 1,)
        Log evidence at the start and after each update.
    n_iter_ : int
        Number of updates.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    FastSBL : Penalised evidence: sparser, faster, reliable with learned noise.
    sklearn.linear_model.ARDRegression : MacKay's rule with absolute thresholds.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies results accordingly. An update
    costs O(n k min(n, k)) for k columns that are left, n at most their number at first.

    References
    ----------
    .. [1] M. E. Tipping (2001). Sparse Bayesian learning and the relevance vector
       machine. JMLR, 1, 211-244.
    .. [2] D. Wipf and S. Nagarajan (2008). A new view of automatic relevance
       determination. NIPS 20.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.bayes import SBLRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> SBLRegressor().fit(X, y).coef_.round(1)
    array([   0. , -206.1,  536.7,  311.3, -108. ,    0. , -229.3,    0. ,
            537.3,   14.5])
    """

    def __init__(
        self,
        update="mm",
        *,
        noise_variance="auto",
        prune=1e-6,
        fit_intercept=True,
        tol=1e-4,
        max_iter=1000,
    ):
        self.update = update
        self.noise_variance = noise_variance
        self.prune = prune
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_choice("update", self.update, UPDATES)
        check_batch_options(self)

    def _solve(self, data: Standardized) -> Solution:
        noise, learn = default_noise(data, self.noise_variance)
        kind = ReweightedL1 if self.update == "reweighted_l1" else BatchSBL
        model = kind(compress(data), data.norms > 0, noise, learn, self.prune)
        path, change = model.run(self.update, self.tol, self.max_iter)
        if change > self.tol:
            warn_unconverged("SBLRegressor", len(path) - 1, change, self.tol)
        moments, p = model.moments, data.n_features
        if learn:
            warn_of_collapse(model.noise, data.dof, float(moments.shares.sum()))
        coef, gammas = np.zeros(p), np.zeros(p)
        coef[model.columns] = moments.mean[:, 0]
        gammas[model.columns] = model.gamma
        scales = data.y_norms[0] * data.inverse_norms
        return Solution(
            coef,
            moments.posterior(model.columns, p),
            model.noise,
            path[-1],
            path,
            len(path) - 1,
            extra={"gammas_": gammas * scales**2},
        )
