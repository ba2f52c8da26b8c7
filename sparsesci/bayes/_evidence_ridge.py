"""Ridge regression whose penalty and noise maximise the evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import svd
from scipy.optimize import brentq

from sparsesci.bayes._base import (
    Solution,
    WeightedBayesianRegressor,
    fixed_noise,
    gaussian_evidence,
    warn_of_collapse,
)
from sparsesci.bayes._data import NOISE_FLOOR, Standardized
from sparsesci.bayes._posterior import Posterior
from sparsesci.utils.validation import check_real

Array = NDArray[Any]

# Ratios of the prior variance and the noise, for a column of norm 1.
_RATIOS = np.geomspace(1e-10, 1e14, 481)
# Evidences that differ by less for each observation, in nats, are equal.
_ROUNDING = 1e-12


class RidgeEvidence:
    """The evidence as a function of one number, by singular values.

    ``beta ~ N(0, sigma^2 rho)`` for columns of norm 1; the likelihood counts `kappa`
    times.
    """

    def __init__(
        self, squares: Array, scores: Array, dof: float, noise: float, kappa: float
    ) -> None:
        self.squares, self.dof = squares, dof  # of singular values
        self.noise, self.kappa = noise, kappa
        self.scores = scores**2  # squared inner products of y and left vectors
        self.rest = max(1 - self.scores.sum(), 0.0) + NOISE_FLOOR

    def energy(self, rho: float) -> float:
        """``y' C^-1 y``."""
        return float((self.scores / (1 + rho * self.squares)).sum() + self.rest)

    def best_noise(self, rho: float) -> float:
        """The known noise variance, or the one that maximises the evidence."""
        return self.noise or self.energy(rho) / max(self.dof, 1.0)

    def log_determinant(self, rho: float) -> float:
        """Log determinant of C."""
        return float(np.log1p(rho * self.squares).sum())

    def __call__(self, rho: float) -> float:
        """Log evidence with the best noise."""
        noise, energy = self.best_noise(rho), self.energy(rho)
        fit = gaussian_evidence(self.dof, noise, energy, 0.0)
        return self.kappa * fit - 0.5 * self.log_determinant(rho)

    def slope(self, log_rho: float) -> float:
        """Derivative with respect to log rho."""
        rho = np.exp(log_rho)
        t = rho * self.squares / (1 + rho * self.squares)
        gain = float((self.scores * t / (1 + rho * self.squares)).sum())
        return 0.5 * (self.kappa * gain / self.best_noise(rho) - float(t.sum()))

    def maximise(self) -> float:
        """The best rho; 0 where no coefficients are better than any."""
        ratios = _RATIOS / self.squares.max()
        values = np.array([self(rho) for rho in ratios])
        # The first of equals: with one degree of freedom, the evidence is flat.
        at = int(np.argmax(values >= values.max() - _ROUNDING * max(self.dof, 1.0)))
        if at == 0:
            return 0.0
        if at == len(ratios) - 1:
            return float(ratios[-1])
        low, high = np.log(ratios[at - 1]), np.log(ratios[at + 1])
        if self.slope(low) <= 0 or self.slope(high) >= 0:
            return float(ratios[at])
        return float(np.exp(brentq(self.slope, low, high, xtol=1e-14, rtol=1e-14)))


class EvidenceRidge(WeightedBayesianRegressor):
    r"""Ridge regression by empirical Bayes: no penalty to choose.

    The model is, for columns x_j less their means ::

        y = b + X beta + noise,    noise ~ N(0, sigma^2),
        beta_j ~ N(0, tau^2 / ||x_j||^2)

    with a flat prior on the intercept b. tau^2 and sigma^2 maximise the evidence: one
    singular value decomposition and a search over one number, on a grid first, so that
    the maximum is the global one. It suits many weak effects; none is ever exactly 0.

    Parameters
    ----------
    noise_variance : float, default=None
        Known variance of the noise, in squared units of y. None learns it.
    kappa : float, default=1.0
        Power of the likelihood, an experiment: 1 is Bayes' theorem. Larger values trust
        the data more. For a Gaussian posterior in closed form nothing calls for it.
    fit_intercept : bool, default=True
        Whether to fit an intercept.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    noise_variance_ : float
        Variance of the noise.
    gammas_ : ndarray of shape (n_features,)
        Prior variances ``tau^2 / ||x_j||^2``.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    n_effective_ : float
        Effective number of coefficients, ``sum_i t_i`` with ``t_i`` the share of the
        i-th principal direction that is not shrunk away.
    evidence_ : float
        Log evidence; that of the tempered likelihood for `kappa` other than 1.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    sklearn.linear_model.BayesianRidge : The same evidence with weak priors, by fixed
        points; columns are not scaled there.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies results accordingly. The cost
    is that of the decomposition, O(n_samples n_features min(n_samples, n_features)).

    References
    ----------
    .. [1] D. J. C. MacKay (1992). Bayesian interpolation. Neural Computation, 4(3),
       415-447.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.bayes import EvidenceRidge
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = EvidenceRidge().fit(X, y)
    >>> round(model.score(X, y), 2), round(model.n_effective_, 1)
    (0.52, 8.6)
    """

    def __init__(self, *, noise_variance=None, kappa=1.0, fit_intercept=True):
        self.noise_variance = noise_variance
        self.kappa = kappa
        self.fit_intercept = fit_intercept

    def _check_options(self) -> None:
        check_real("kappa", self.kappa, low=0, open_low=True)
        if self.noise_variance is not None:
            check_real("noise_variance", self.noise_variance, low=0, open_low=True)

    def _solve(self, data: Standardized) -> Solution:
        left, values, right = svd(
            data.columns(), full_matrices=False, check_finite=False
        )
        kept = values > values.max() * np.finfo(float).eps * max(left.shape)
        left, values, right = left[:, kept], values[kept], right[kept]
        scores = left.T @ data.weighted_targets[:, 0]
        noise = fixed_noise(data, self.noise_variance)
        evidence = RidgeEvidence(
            self.kappa * values**2, scores, data.dof, noise, self.kappa
        )
        rho = evidence.maximise() if values.size else 0.0
        sigma2 = evidence.best_noise(rho)
        share = rho * evidence.squares / (1 + rho * evidence.squares)
        if not noise:
            warn_of_collapse(sigma2, data.dof, share.sum())
        p, scales = data.n_features, data.y_norms[0] * data.inverse_norms
        value = evidence(rho)
        return Solution(
            (share * scores / values) @ right,
            _posterior(data, right, share, sigma2 * rho),
            sigma2,
            value,
            [value],
            1,
            extra={
                "gammas_": np.full(p, sigma2 * rho) * scales**2,
                "n_effective_": float(share.sum()),
            },
        )


def _posterior(
    data: Standardized, right: Array, share: Array, prior: float
) -> Posterior:
    """``prior (I - V diag(share) V')``; without a difference where V is square."""
    columns = np.flatnonzero(data.norms)
    V = right[:, columns].T
    if V.shape[0] == V.shape[1]:
        factor = V * np.sqrt(prior * (1 - share))
        return Posterior(data.n_features, columns, np.zeros(len(columns)), factor)
    diagonal = np.full(len(columns), prior)
    factor = V * np.sqrt(prior * share)
    return Posterior(data.n_features, columns, diagonal, factor, -1.0)
