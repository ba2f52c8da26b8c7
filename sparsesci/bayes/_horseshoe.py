"""The horseshoe by Gibbs sampling, with diagnostics of its chains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import cho_solve, cholesky
from sklearn.utils import check_random_state

from sparsesci._logging import warn_caller
from sparsesci.bayes._base import Solution, UnweightedBayesianRegressor
from sparsesci.bayes._data import NOISE_FLOOR, Standardized
from sparsesci.bayes._posterior import gaussian, triangular
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.utils.validation import check_integer

Array = NDArray[Any]

# Variances far outside of these have no effect; bounds keep arithmetic finite.
_SMALLEST, _LARGEST = 1e-20, 1e20
_RHAT_LIMIT = 1.1


def _inverse_gamma(rng: Any, shape: Any, rate: Any) -> Any:
    return np.clip(
        rate / rng.standard_gamma(shape, np.shape(rate)), _SMALLEST, _LARGEST
    )


@dataclass
class Chain:
    """State of one Gibbs chain, for columns of norm n^(1/2)."""

    Z: Array
    y: Array
    dof: float
    rng: Any

    def __post_init__(self) -> None:
        p = self.Z.shape[1]
        self.gram = self.Z.T @ self.Z if p <= len(self.y) else None
        self.inner = self.Z.T @ self.y
        self.local, self.nu = np.ones(p), np.ones(p)
        self.tau = self.xi = 1.0
        self.noise = 1 / max(self.dof, 1.0)

    def step(self) -> Array:
        """Draw everything once; return the coefficients."""
        prior = np.clip(self.tau * self.local, _SMALLEST, _LARGEST)
        beta = self._coefficients(prior)
        residual = self.y - self.Z @ beta
        p, squares = len(beta), beta**2
        rate = residual @ residual + np.sum(squares / prior) + NOISE_FLOOR
        self.noise = float(_inverse_gamma(self.rng, (self.dof + p) / 2, rate / 2))
        scaled = squares / (2 * self.noise)
        self.local = _inverse_gamma(self.rng, 1.0, 1 / self.nu + scaled / self.tau)
        self.nu = _inverse_gamma(self.rng, 1.0, 1 + 1 / self.local)
        total = 1 / self.xi + np.sum(scaled / self.local)
        self.tau = float(_inverse_gamma(self.rng, (p + 1) / 2, total))
        self.xi = float(_inverse_gamma(self.rng, 1.0, 1 + 1 / self.tau))
        return beta

    def _coefficients(self, prior: Array) -> Array:
        """Draw from the normal distribution of the coefficients, given the rest."""
        scale, p = np.sqrt(self.noise), len(prior)
        if self.gram is not None:
            # In the prior's units: the identity keeps the factor well conditioned.
            root = np.sqrt(prior)
            precision = root[:, None] * self.gram * root
            precision[np.diag_indices(p)] += 1.0
            factor = cholesky(precision, lower=True, check_finite=False)
            half = triangular(factor, root * self.inner)
            noise = scale * self.rng.standard_normal(p)
            return root * triangular(factor, half + noise, trans=1)
        u = np.sqrt(prior) * self.rng.standard_normal(p)
        target = self.y / scale - self.Z @ u - self.rng.standard_normal(len(self.y))
        scaled = self.Z * prior
        inner = scaled @ self.Z.T
        inner[np.diag_indices_from(inner)] += 1.0
        factor = cholesky(inner, lower=True, check_finite=False)
        return scale * (u + scaled.T @ cho_solve((factor, True), target))


def split_r_hat(draws: Array) -> Array:
    """Potential scale reduction of halves of chains, draws (chains, n, p)."""
    half = draws.shape[1] // 2
    parts = np.concatenate([draws[:, :half], draws[:, half : 2 * half]])
    within = parts.var(axis=1, ddof=1).mean(axis=0)
    between = parts.mean(axis=1).var(axis=0, ddof=1)
    ratio = np.divide(between, within, out=np.zeros_like(within), where=within > 0)
    return np.sqrt((half - 1) / half + ratio)


def effective_sample_size(draws: Array) -> Array:
    """Effective sample sizes by Geyer's initial monotone sequence, (chains, n, p)."""
    n_chains, n, _ = draws.shape
    centred = draws - draws.mean(axis=1, keepdims=True)
    size = next_fast_len(2 * n, real=True)
    spectrum = np.abs(rfft(centred, size, axis=1)) ** 2
    covariance = irfft(spectrum, size, axis=1)[:, :n].mean(axis=0) / n
    within = covariance[0] * n / (n - 1)
    between = draws.mean(axis=1).var(axis=0, ddof=1) if n_chains > 1 else 0.0
    total = covariance[0] + between
    safe = np.where(total > 0, total, 1.0)
    rho = 1 - (within - covariance * n / (n - 1)) / safe
    rho[0] = 1.0
    pairs = rho[0 : 2 * (n // 2) : 2] + rho[1 : 2 * (n // 2) : 2]
    positive = np.logical_and.accumulate(pairs > 0, axis=0)
    pairs = np.minimum.accumulate(np.where(positive, pairs, 0.0), axis=0)
    time = np.maximum(2 * pairs.sum(axis=0) - 1, 1 / np.log10(n_chains * n + 10))
    return np.where(total > 0, n_chains * n / time, float(n_chains * n))


class HorseshoeRegressor(UnweightedBayesianRegressor):
    r"""Regression with the horseshoe prior, by Gibbs sampling.

    The model is, for columns of mean square 1 ::

        y = b + X beta + noise,    noise ~ N(0, sigma^2),  p(sigma^2) ~ 1 / sigma^2,
        beta_j ~ N(0, sigma^2 tau^2 lambda_j^2),  lambda_j, tau ~ half-Cauchy(0, 1)

    with a flat prior on the intercept b. Small effects are shrunk to nearly 0, large
    ones hardly at all; none is exactly 0. Draws come from the posterior itself, and
    intervals average over variances and noise.

    Parameters
    ----------
    n_samples : int, default=500
        Number of draws kept of each chain.
    n_warmup : int, default=250
        Number of draws before, which are not kept.
    n_chains : int, default=4
        Number of independent chains.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    random_state : int, RandomState instance or None, default=None
        Source of randomness; an int for results that can be repeated.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    noise_variance_ : float
        Posterior mean of the variance of the noise.
    coef_samples_ : ndarray of shape (n_chains, n_samples, n_features)
        Draws of the coefficients.
    noise_samples_ : ndarray of shape (n_chains, n_samples)
        Draws of the variance of the noise.
    r_hat_ : ndarray of shape (n_features,)
        Split potential scale reduction of each coefficient: near 1 where chains agree.
    ess_ : ndarray of shape (n_features,)
        Effective sample size of each coefficient.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    n_iter_ : int
        Number of draws of each chain, with those not kept.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    SpikeSlabVB : A variational approximation, faster by orders of magnitude.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies the draws accordingly, for the
    same `random_state`. Chains that disagree (R-hat above 1.1) are warned of. A draw
    costs O(n_samples^2 n_features), or O(n_features^3) with more samples than features.

    References
    ----------
    .. [1] C. M. Carvalho, N. G. Polson and J. G. Scott (2010). The horseshoe estimator
       for sparse signals. Biometrika, 97(2), 465-480.
    .. [2] E. Makalic and D. F. Schmidt (2016). A simple sampler for the horseshoe
       estimator. IEEE Signal Processing Letters, 23(1), 179-182.
    .. [3] A. Bhattacharya, A. Chakraborty and B. K. Mallick (2016). Fast sampling with
       Gaussian scale mixture priors in high-dimensional regression. Biometrika, 103(4),
       985-991.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import HorseshoeRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 5))
    >>> y = 2 * X[:, 1] + rng.standard_normal(60)
    >>> model = HorseshoeRegressor(random_state=0).fit(X, y)
    >>> low, high = model.credible_interval(0.9).T
    >>> np.flatnonzero((low > 0) | (high < 0))
    array([1])
    """

    def __init__(
        self,
        n_samples=500,
        *,
        n_warmup=250,
        n_chains=4,
        fit_intercept=True,
        random_state=None,
    ):
        self.n_samples = n_samples
        self.n_warmup = n_warmup
        self.n_chains = n_chains
        self.fit_intercept = fit_intercept
        self.random_state = random_state

    def _check_options(self) -> None:
        check_integer("n_samples", self.n_samples, low=4)
        check_integer("n_warmup", self.n_warmup, low=0)
        check_integer("n_chains", self.n_chains)

    def _fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        # A constant target leaves nothing to draw.
        shape = self.n_chains, self.n_samples
        super()._fit(X, y)
        if not hasattr(self, "coef_samples_"):
            self.coef_samples_ = np.zeros((*shape, self.n_features_in_))
            self.noise_samples_ = np.zeros(shape)
            self.r_hat_ = np.ones(self.n_features_in_)
            self.ess_ = np.full(self.n_features_in_, float(np.prod(shape)))
        return self

    def _solve(self, data: Standardized) -> Solution:
        p, n_rows = data.n_features, data.design.n_samples
        columns = np.flatnonzero(data.norms)
        unit = np.sqrt(n_rows)
        Z = np.asfortranarray(data.columns()[:, columns] * unit)
        y = data.weighted_targets[:, 0]
        draws = np.zeros((self.n_chains, self.n_samples, p))
        noises = np.empty((self.n_chains, self.n_samples))
        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=self.n_chains)
        for c, seed in enumerate(seeds):
            chain = Chain(Z, y, data.dof, np.random.default_rng(seed))
            for t in range(-self.n_warmup, self.n_samples):
                beta = chain.step()
                if t >= 0:
                    draws[c, t, columns] = unit * beta
                    noises[c, t] = chain.noise
        flat = draws.reshape(-1, p)[:, columns]
        mean = flat.mean(axis=0)
        factor = (flat - mean).T / np.sqrt(len(flat) - 1)
        coef = np.zeros(p)
        coef[columns] = mean
        r_hat = split_r_hat(draws)
        _warn_of_chains(r_hat)
        return Solution(
            coef,
            gaussian(columns, factor, p),
            float(noises.mean()),
            None,
            [],
            self.n_warmup + self.n_samples,
            extra={
                "coef_samples_": draws * (data.y_norms[0] * data.inverse_norms),
                "noise_samples_": noises * data.unit,
                "r_hat_": r_hat,
                "ess_": effective_sample_size(draws),
            },
        )

    def _quantile(self, probability: float) -> Array:
        flat = self.coef_samples_.reshape(-1, self.n_features_in_)
        return np.asarray(np.quantile(flat, probability, axis=0))


def _warn_of_chains(r_hat: Array) -> None:
    worst = float(r_hat.max(initial=1.0))
    if worst > _RHAT_LIMIT:
        warn_caller(
            f"The chains disagree: R-hat is {worst:.2f} for coefficient "
            f"{int(np.argmax(r_hat))} and above {_RHAT_LIMIT} for "
            f"{int(np.sum(r_hat > _RHAT_LIMIT))}. Raise n_samples and n_warmup.",
            ConvergenceWarning,
        )
