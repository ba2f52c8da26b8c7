"""Variational spike-and-slab regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr, ndtri, xlogy

from sparsesci._kernels import get_backend
from sparsesci.bayes._ascent import sparse_start
from sparsesci.bayes._base import (
    Solution,
    WeightedBayesianRegressor,
    fixed_noise,
    warn_of_collapse,
    warn_unconverged,
)
from sparsesci.bayes._data import NOISE_FLOOR, Standardized
from sparsesci.bayes._posterior import Posterior, linear_response, moving
from sparsesci.utils.validation import check_integer, check_real

Array = NDArray[Any]

# Columns below are skipped in most sweeps.
_NEGLIGIBLE = 1e-8
_FULL_EVERY = 5
# Pseudo-observations: of the slab's variance, and of columns in and out.
_SLAB_COUNT = 1.0


class SpikeSlab:
    """A factorised posterior of ``beta_j ~ pi N(0, sigma^2 slab) + (1 - pi) delta_0``.

    Coefficients belong to columns of norm 1. Parameters given as None are learned.
    """

    def __init__(
        self,
        data: Standardized,
        noise: float | None,
        slab: float | None,
        inclusion: float | None,
        dof: float,
        ratio: Array | float = 1.0,
    ) -> None:
        self.data, self.dof = data, dof
        # Squared ratios of the norms of the data to those that the prior means.
        self.ratio = np.broadcast_to(np.asarray(ratio, dtype=float), data.norms.shape)
        self.learn_noise, self.learn_slab = noise is None, slab is None
        self.learn_inclusion = inclusion is None
        self.unit_slab = max(dof, 1.0)  # the information of one observation
        self.noise = 1 / max(dof, 1.0) if noise is None else noise
        self.slab = self.unit_slab if slab is None else slab
        p = data.n_varying
        self.inclusion = 1 / (p + 1) if inclusion is None else inclusion
        self.alpha, self.raw_mean = np.zeros(data.n_features), np.zeros(data.n_features)
        self.residual, self.offset = data.Y.copy(), np.zeros(1)

    # -- the posterior, for columns of norm 1 ------------------------------------------
    @property
    def mean(self) -> Array:
        """Means of the slabs."""
        return self.raw_mean * self.data.norms

    @property
    def variance(self) -> Array:
        """Variances of the slabs."""
        slab = self.slab * self.ratio
        return self.noise * slab / (1 + slab)

    @property
    def coef(self) -> Array:
        """Posterior means."""
        return self.alpha * self.mean

    @property
    def coef_variance(self) -> Array:
        """Posterior variances."""
        a, m = self.alpha, self.mean
        return a * self.variance + a * (1 - a) * m**2

    def posterior(self) -> Posterior:
        """Covariance of the coefficients, with correlations by linear response."""
        p, variance = self.data.n_features, self.coef_variance
        some = np.flatnonzero(moving(variance, self.noise))
        roots = np.sqrt(variance[some])
        Z = self.data.columns(some) * (roots / np.sqrt(self.noise))
        factor = np.zeros((p, len(some)))
        factor[some] = roots[:, None] * linear_response(Z.T @ Z, some)
        alone = variance.copy()
        alone[some] = 0.0
        return Posterior(p, np.arange(p), alone, factor)

    def start(self, alpha: Array, mean: Array) -> None:
        """Begin with these inclusion probabilities and means of the slabs."""
        self.alpha = alpha.astype(float)
        self.raw_mean = mean * self.data.inverse_norms
        self.residual = self.data.Y - self.data.apply(self.coef)
        self.offset = np.zeros(1)

    # -- updates -----------------------------------------------------------------------
    def sweep(self, order: Array) -> float:
        """Update the columns in this order; return the largest change of an alpha."""
        design = self.data.design
        return get_backend().spike_slab_sweep(
            design.matrix,
            design.lipschitz,
            design.lipschitz / (self.slab * self.ratio),
            order,
            self.noise / design.n_samples,
            float(logit(self.inclusion)),
            self.alpha,
            self.raw_mean,
            self.residual,
            self.offset,
        )

    def _moments(self) -> tuple[float, float, float]:
        """Expected squared error, squares and number of non-zero coefficients."""
        residual = self.residual + self.offset
        error = self.data.design.inner(residual, residual)
        squares = self.alpha @ ((self.variance + self.mean**2) / self.ratio)
        return error + self.coef_variance.sum(), float(squares), float(self.alpha.sum())

    def learn(self) -> None:
        """Maximise the bound over the parameters that are not given, in turn."""
        error, squares, count = self._moments()
        if self.learn_noise:
            total = error + squares / self.slab + NOISE_FLOOR
            self.noise = total / (self.dof + count)
        if self.learn_slab:
            wanted = squares / self.noise + _SLAB_COUNT * self.unit_slab
            self.slab = wanted / (count + _SLAB_COUNT)
        if self.learn_inclusion:
            self.inclusion = (count + 1) / (self.data.n_varying + 2)

    def bound(self) -> float:
        """Lower bound of the log evidence, with the log priors of what is learned."""
        a, pi, slab = self.alpha[self.data.norms > 0], self.inclusion, self.slab
        error, squares, _ = self._moments()
        entropy = -xlogy(a, a / pi).sum() - xlogy(1 - a, (1 - a) / (1 - pi)).sum()
        fit = -0.5 * (self.dof * np.log(2 * np.pi * self.noise) + error / self.noise)
        wide = self.noise * slab * self.ratio
        shrink = self.alpha @ (1 + np.log(self.variance / wide))
        value = fit + entropy + 0.5 * (shrink - squares / (slab * self.noise))
        if self.learn_noise:
            value -= 0.5 * NOISE_FLOOR / self.noise
        if self.learn_slab:
            value -= 0.5 * _SLAB_COUNT * (np.log(slab) + self.unit_slab / slab)
        if self.learn_inclusion:
            value += np.log(pi) + np.log1p(-pi)
        return float(value)

    def run(self, tol: float, max_iter: int) -> tuple[list[float], float]:
        """Sweep until nothing moves; return the bounds and the last change."""
        every = np.arange(self.data.n_features)
        strength = np.abs(self.data.target_correlations[:, 0])
        order, path, change = np.argsort(-strength, kind="stable"), [], np.inf
        full = True
        for n_iter in range(1, max_iter + 1):
            change = self.sweep(order)
            # Sweeps over few columns raise the bound with the posterior they change.
            self.learn()
            path.append(self.bound())
            rise = path[-1] - path[-2] if n_iter > 1 else np.inf
            change = max(change, rise)
            settled = change <= tol
            if settled and full:
                break
            full = settled or n_iter < 3 or n_iter % _FULL_EVERY == 0
            order = every if full else np.flatnonzero(self.alpha > _NEGLIGIBLE)
        return path, change


def check_spike_slab_options(estimator: Any) -> None:
    """Check the parameters that all spike-and-slab estimators have."""
    if estimator.slab_variance is not None:
        check_real("slab_variance", estimator.slab_variance, low=0, open_low=True)
    if estimator.prior_inclusion is not None:
        limits = {"open_low": True, "open_high": True}
        check_real("prior_inclusion", estimator.prior_inclusion, 0, 1, **limits)
    check_real("tol", estimator.tol, low=0)
    check_integer("max_iter", estimator.max_iter)


def mixture_quantile(q: float, alpha: Array, mean: Array, std: Array) -> Array:
    """Quantiles of ``alpha N(mean, std^2) + (1 - alpha) delta_0``."""
    spread = np.where(std > 0, std, 1.0)
    below = alpha * ndtr(-mean / spread)  # the mass below 0
    weight = np.where(alpha > 0, alpha, 1.0)
    low = np.clip(q / weight, 0, 1)
    high = np.clip((q - (1 - alpha)) / weight, 0, 1)
    with np.errstate(invalid="ignore"):
        left, right = mean + std * ndtri(low), mean + std * ndtri(high)
    inside = (below < q) & (q <= below + 1 - alpha)
    result = np.where(q <= below, left, right)
    return np.where(inside | (alpha == 0), 0.0, result)


def matched_quantile(q: float, pip: Array, mean: Array, std: Array) -> Array:
    """Quantiles of a point mass at 0 and a normal part with these moments together."""
    inside = np.maximum(pip, np.finfo(float).tiny)
    given = mean / inside
    variance = (std**2 + mean**2) / inside - given**2
    return mixture_quantile(q, pip, given, np.sqrt(np.maximum(variance, 0.0)))


class SpikeSlabVB(WeightedBayesianRegressor):
    r"""Spike-and-slab regression by coordinate-ascent variational inference.

    The model is, for columns x_j less their means ::

        y = b + X beta + noise,        noise ~ N(0, sigma^2)
        beta_j ~ pi N(0, sigma^2 s / ||x_j||^2) + (1 - pi) delta_0

    with a flat prior on the intercept b. The posterior is approximated by a product of
    ``alpha_j N(m_j, v_j) + (1 - alpha_j) delta_0``, with mean ``coef_ = alpha m``; each
    update raises a lower bound of the evidence [1]_. sigma^2, s and pi
    maximise the bound, with weak priors: one pseudo-observation with the information of
    a sample for s, and one column in and one out for pi.

    Parameters
    ----------
    noise_variance : float, default=None
        Known variance of the noise, in squared units of y. None learns it.
    slab_variance : float, default=None
        The s above: variance, in units of the noise, of a non-zero coefficient of a
        column of norm 1. None learns it.
    prior_inclusion : float, default=None
        The pi above: prior probability of a non-zero coefficient, in (0, 1). None
        learns it.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    tol : float, default=1e-5
        Stop when a sweep over all columns changes no inclusion probability by more,
        and the bound by no more nats.
    max_iter : int, default=1000
        Largest number of sweeps.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    pip_ : ndarray of shape (n_features,)
        Posterior inclusion probabilities, alpha.
    slab_mean_, slab_std_ : ndarray of shape (n_features,)
        Means and standard deviations of the coefficients, given that they are not 0;
        the latter with what correlations add.
    noise_variance_, slab_variance_, prior_inclusion_ : float
        The parameters, learned or given.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, by linear response [3]_; computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations: roots of its diagonal.
    evidence_ : float
        Lower bound of the log evidence (with the log priors of what is learned).
    evidence_path_ : ndarray of shape (n_steps,)
        The bound after each sweep. It never falls.
    n_iter_ : int
        Number of sweeps.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    FastSBL : One sparse model, with its conditional posterior.
    SuSiE : For strongly correlated columns: says which of them it cannot tell apart.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies results accordingly; sparse X
    is centred without becoming dense. For orthogonal columns and given parameters the
    approximation is exact. Where columns are strongly correlated, one of them takes the
    probability of all. The bound has local maxima: iterations begin at the model of
    :class:`FastSBL`.

    The product has no correlations, and its variances are too small where columns are
    correlated. Covariances, intervals and errors of predictions therefore come from the
    response of the means to a small change of the data, for columns of norm 1 ::

        (D^-1 + (G - I) / sigma^2)^-1

    with their inner products G and the variances D of the product. For orthogonal
    columns this is D, and where all columns are in, the true covariance.

    A sweep costs O(n_samples n_features); most look only at columns with a chance. The
    covariance costs O(k^3) for k columns whose variance is not negligible.

    References
    ----------
    .. [1] P. Carbonetto and M. Stephens (2012). Scalable variational inference for
       Bayesian variable selection in regression. Bayesian Analysis, 7(1), 73-108.
    .. [2] K. Ray and B. Szabo (2022). Variational Bayes for high-dimensional linear
       regression with sparse priors. JASA, 117(539), 1270-1281.
    .. [3] R. Giordano, T. Broderick and M. I. Jordan (2018). Covariances, robustness,
       and variational Bayes. JMLR, 19(51), 1-49.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.bayes import SpikeSlabVB
    >>> X, y = load_diabetes(return_X_y=True)
    >>> SpikeSlabVB().fit(X, y).pip_.round(2)
    array([0.12, 1.  , 1.  , 1.  , 0.29, 0.25, 1.  , 0.12, 1.  , 0.16])
    """

    _takes_sparse = True

    def __init__(
        self,
        *,
        noise_variance=None,
        slab_variance=None,
        prior_inclusion=None,
        fit_intercept=True,
        tol=1e-5,
        max_iter=1000,
    ):
        self.noise_variance = noise_variance
        self.slab_variance = slab_variance
        self.prior_inclusion = prior_inclusion
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_spike_slab_options(self)
        if self.noise_variance is not None:
            check_real("noise_variance", self.noise_variance, low=0, open_low=True)

    def _solve(self, data: Standardized) -> Solution:
        noise = fixed_noise(data, self.noise_variance) or None
        model = SpikeSlab(
            data, noise, self.slab_variance, self.prior_inclusion, data.dof
        )
        begin = sparse_start(data, noise or 0.0)
        model.start(begin.gammas > 0, begin.coef)
        if noise is None:
            model.noise = begin.noise
        path, change = model.run(self.tol, self.max_iter)
        if change > self.tol:
            warn_unconverged("SpikeSlabVB", len(path), change, self.tol)
        if noise is None:
            warn_of_collapse(model.noise, data.dof, model.alpha.sum())
        scales, posterior = data.y_norms[0] * data.inverse_norms, model.posterior()
        # What correlations add to the variances belongs to the slabs.
        added = np.maximum(posterior.variance - model.coef_variance, 0.0)
        share = np.maximum(model.alpha, np.finfo(float).tiny)
        return Solution(
            model.coef,
            posterior,
            model.noise,
            path[-1],
            path,
            len(path),
            pip=model.alpha,
            extra={
                "slab_mean_": model.mean * scales,
                "slab_std_": np.sqrt(model.variance + added / share) * scales,
                "slab_variance_": model.slab,
                "prior_inclusion_": model.inclusion,
            },
        )

    def _quantile(self, probability: float) -> Array:
        mixture = self.pip_, self.slab_mean_, self.slab_std_
        return mixture_quantile(probability, *mixture)
