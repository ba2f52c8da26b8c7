"""The sum of single effects: regression on correlated columns, with credible sets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, cholesky
from scipy.optimize import brentq
from scipy.special import softmax, xlogy

from sparsesci.bayes._ascent import EvidenceAscent, sparse_start
from sparsesci.bayes._base import (
    Solution,
    WeightedBayesianRegressor,
    fixed_noise,
    warn_of_collapse,
    warn_unconverged,
)
from sparsesci.bayes._data import NOISE_FLOOR, Standardized
from sparsesci.bayes._posterior import Posterior, linear_response, moving
from sparsesci.bayes._spike_slab import matched_quantile
from sparsesci.utils.validation import check_integer, check_real

Array = NDArray[Any]

# Columns of a set whose correlations are looked at.
_PURITY_SAMPLE = 100
# Points of the search for a prior variance.
_GRID = 12


def log_bayes_factors(squares: Array, prior: float) -> Array:
    """Log Bayes factors of single effects against none.

    `squares` are those of z-scores, `prior` is the effect's variance in their units.
    """
    return 0.5 * (squares * prior / (1 + prior) - np.log1p(prior))


def best_prior(squares: Array) -> float:
    """The variance of a single effect that maximises the evidence, 0 for none.

    Its place is uniform among the `squares` of z-scores.
    """
    largest = float(squares.max(initial=0.0))
    if largest <= 1:
        return 0.0
    below = 0.5 * (squares - largest)  # no exponential of them overflows

    def log_evidence(priors: Array) -> Array:
        shares = priors / (1 + priors)
        total = np.exp(np.multiply.outer(shares, below)).mean(axis=1)
        return np.log(total) + 0.5 * (largest * shares - np.log1p(priors))

    def slope(log_prior: float) -> float:
        """Of the sign of the derivative: mean square less 1 / (1 - share)."""
        prior = math.exp(log_prior)
        chances = np.exp(prior / (1 + prior) * below)
        return float(chances @ squares / chances.sum()) - 1 - prior

    # No term has its maximum beyond its own square; a plateau may come before it.
    grid = np.linspace(np.log(1e-3), np.log(largest), _GRID)
    at = int(np.argmax(log_evidence(np.exp(grid))))
    low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, _GRID - 1)])
    if slope(low) <= 0 or slope(high) >= 0:  # at an end of the grid
        best = math.exp(grid[at])
    else:
        best = math.exp(brentq(slope, low, high, xtol=1e-12))
    return best if log_evidence(np.array([best]))[0] > 0 else 0.0


class SingleEffects:
    """L effects, each on one column of norm 1, fitted in turn to what others leave."""

    def __init__(
        self, data: Standardized, n_effects: int, noise: float, prior: float | None
    ) -> None:
        self.data, self.known_noise = data, noise
        self.known_prior = prior if data.n_varying else 0.0
        self.noise = noise or 1 / max(data.dof, 1.0)
        shape = n_effects, data.n_features
        self.varies = data.norms > 0
        self.alpha, self.mean = np.zeros(shape), np.zeros(shape)
        self.alpha[:, self.varies] = 1 / max(data.n_varying, 1)
        self.prior, self.variance = np.zeros(n_effects), np.zeros(n_effects)
        self.fits = np.zeros((n_effects, data.design.n_samples))
        self.residual = data.Y.copy()

    def start(self, model: EvidenceAscent) -> None:
        """Begin with an effect on each active column of a model, the largest first."""
        coef = model.coef
        largest = model.columns[np.argsort(-np.abs(coef[model.columns]), kind="stable")]
        for effect, column in enumerate(largest[: len(self.alpha)]):
            self.alpha[effect] = 0.0
            self.alpha[effect, column] = 1.0
            self.mean[effect, column] = coef[column]
            self.fits[effect] = self.data.apply(self.alpha[effect] * coef)
        self.residual = self.data.Y - self.fits.sum(axis=0)
        self.noise = self.known_noise or model.noise

    def update(self, effect: int) -> None:
        """Fit one effect to the residual of the others."""
        rest = self.residual + self.fits[effect]
        scores = self.data.correlate(rest)[:, 0]
        squares = scores[self.varies] ** 2 / self.noise
        prior = self.known_prior
        if prior is None:
            prior = best_prior(squares)
        if squares.size:
            factors = log_bayes_factors(squares, prior)
            self.alpha[effect, self.varies] = softmax(factors)
        self.mean[effect] = prior / (1 + prior) * scores
        self.prior[effect] = prior * self.noise
        self.variance[effect] = self.noise * prior / (1 + prior)
        if prior > 0:
            coef = self.alpha[effect] * self.mean[effect]
            self.fits[effect] = self.data.apply(coef)
        else:
            self.fits[effect] = 0.0
        self.residual = rest - self.fits[effect]

    @property
    def second_moments(self) -> Array:
        """Expected squares of the effects on each column."""
        return self.alpha * (self.variance[:, None] + self.mean**2)

    def posterior(self) -> Posterior:
        """Covariance of the sum, with correlations of effects by linear response."""
        p, second = self.data.n_features, self.second_moments
        means, unit = self.alpha * self.mean, np.sqrt(self.noise)
        effects, columns = np.nonzero(moving(second, self.noise))
        places = [columns[effects == effect] for effect in range(len(second))]
        roots = [
            cholesky(np.diag(s[j]) - np.outer(m[j], m[j]), lower=True)
            for s, m, j in zip(second, means, places)
            if j.size
        ]
        root = block_diag(*roots) if roots else np.zeros((0, 0))
        Z = self.data.columns(columns) @ root / unit
        # What moves is taken out as it was, and comes back with its response.
        before, after = np.zeros((2, p, len(columns)))
        np.add.at(before, columns, root)
        np.add.at(after, columns, root @ linear_response(Z.T @ Z, effects))
        factor = np.hstack([after, before, means.T])
        signs = np.where(np.arange(factor.shape[1]) < len(columns), 1.0, -1.0)
        return Posterior(p, np.arange(p), second.sum(axis=0), factor, signs)

    def error(self) -> float:
        """Expected squared error."""
        inner = self.data.design.inner
        spread = self.second_moments.sum() - inner(self.fits, self.fits)
        return inner(self.residual, self.residual) + max(spread, 0.0)

    def bound(self, error: float) -> float:
        """Lower bound of the log evidence."""
        error = error + NOISE_FLOOR if not self.known_noise else error
        fit = self.data.dof * np.log(2 * np.pi * self.noise) + error / self.noise
        live = self.prior > 0
        if not live.any():
            return float(-0.5 * fit)
        a, m = self.alpha[live][:, self.varies], self.mean[live][:, self.varies]
        prior, v = self.prior[live, None], self.variance[live, None]
        choice = (xlogy(a, a) + a * np.log(self.data.n_varying)).sum()
        shape = 0.5 * (a * (np.log(prior / v) - 1 + (v + m**2) / prior)).sum()
        return float(-0.5 * fit - choice - shape)

    def run(self, tol: float, max_iter: int) -> tuple[list[float], float]:
        """Update all effects in turn until the bound rises no more."""
        path: list[float] = []
        rise = np.inf
        for _ in range(max_iter):
            for effect in range(len(self.alpha)):
                self.update(effect)
            error = self.error()
            if not self.known_noise:
                self.noise = (error + NOISE_FLOOR) / max(self.data.dof, 1.0)
            path.append(self.bound(error))
            if len(path) > 1:
                rise = path[-1] - path[-2]
                if rise <= tol:
                    break
        return path, max(rise, 0.0)


def inclusion(alpha: Array) -> Array:
    """Probabilities that any of the effects is on a column, small ones with digits."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(np.log1p(-alpha).sum(axis=0)))


def credible_set(alpha: Array, coverage: float) -> Array:
    """The fewest columns that hold this much probability, the likeliest first."""
    order = np.argsort(-alpha, kind="stable")
    enough = np.searchsorted(np.cumsum(alpha[order]), coverage - 1e-12) + 1
    return order[:enough]


def purity(data: Standardized, columns: Array) -> float:
    """Smallest absolute correlation between columns, of an even sample of many."""
    if len(columns) > _PURITY_SAMPLE:
        columns = columns[np.linspace(0, len(columns) - 1, _PURITY_SAMPLE).astype(int)]
    Z = data.columns(np.sort(columns))
    return float(min(np.abs(Z.T @ Z).min(), 1.0))


class SuSiE(WeightedBayesianRegressor):
    r"""The sum of single effects: which columns matter, and which cannot be told apart.

    The model is, for columns x_j less their means ::

        y = b + X sum_l beta_l + noise,    noise ~ N(0, sigma^2)

    with a flat prior on the intercept b. Each of the L vectors beta_l has one non-zero
    entry, at a uniformly chosen place, with the distribution N(0, V_l) for a column of
    norm 1. The posterior is approximated by a product over l, found by fitting each
    single effect to what the others leave [1]_. V_l and sigma^2 maximise the lower
    bound of the evidence; effects with V_l = 0 are not used.

    A credible set of an effect is the smallest set of columns that holds it with the
    given probability. Sets whose columns are weakly correlated say nothing and are left
    out.

    Parameters
    ----------
    n_effects : int, default=10
        Number of single effects, L; those not needed switch themselves off.
    coverage : float, default=0.95
        Probability of a credible set, in (0, 1).
    min_abs_corr : float, default=0.5
        Smallest absolute correlation within a set that is reported, in [0, 1].
    noise_variance : float, default=None
        Known variance of the noise, in squared units of y. None learns it.
    prior_variance : float, default=None
        V_l in units of the noise, for columns of norm 1 and all effects. None learns
        one for each effect.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    tol : float, default=1e-5
        Stop when a pass over all effects raises the bound by at most this, in nats.
    max_iter : int, default=500
        Largest number of passes.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    pip_ : ndarray of shape (n_features,)
        Posterior inclusion probabilities.
    credible_sets_ : list of ndarray
        Columns of each credible set, in increasing order; the purest set first.
    purity_ : ndarray of shape (n_sets,)
        Smallest absolute correlation in each set.
    effect_of_set_ : ndarray of shape (n_sets,)
        Row of `alpha_` that each set belongs to.
    alpha_ : ndarray of shape (n_effects, n_features)
        Probabilities of the places of each effect.
    effect_mean_ : ndarray of shape (n_effects, n_features)
        Mean of each effect, given its place.
    prior_variance_ : ndarray of shape (n_effects,)
        V_l for columns of norm 1, in squared units of y; 0 for unused effects.
    noise_variance_ : float
        Variance of the noise.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, with the correlations of effects by linear response [2]_;
        computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    evidence_ : float
        Lower bound of the log evidence.
    evidence_path_ : ndarray of shape (n_steps,)
        The bound after each pass. It never falls.
    n_iter_ : int
        Number of passes.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    SpikeSlabVB : Faster; chooses among correlated columns instead of naming them all.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies results accordingly; sparse X
    is centred without becoming dense. A pass costs O(n_effects n_samples n_features).
    The bound has local maxima: iterations begin with effects on the columns of the
    model of :class:`FastSBL`, which they leave where others explain y as well.
    See :class:`SpikeSlabVB` for the linear response.

    References
    ----------
    .. [1] G. Wang, A. Sarkar, P. Carbonetto and M. Stephens (2020). A simple new
       approach to variable selection in regression, with application to genetic fine
       mapping. JRSS B, 82(5), 1273-1300.
    .. [2] R. Giordano, T. Broderick and M. I. Jordan (2018). Covariances, robustness,
       and variational Bayes. JMLR, 19(51), 1-49.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import SuSiE
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 50))
    >>> X[:, 7] = X[:, 3] + 0.05 * rng.standard_normal(100)
    >>> y = X[:, 3] - X[:, 20] + rng.standard_normal(100)
    >>> [s.tolist() for s in SuSiE().fit(X, y).credible_sets_]
    [[20], [3, 7]]
    """

    _takes_sparse = True

    def __init__(
        self,
        n_effects=10,
        *,
        coverage=0.95,
        min_abs_corr=0.5,
        noise_variance=None,
        prior_variance=None,
        fit_intercept=True,
        tol=1e-5,
        max_iter=500,
    ):
        self.n_effects = n_effects
        self.coverage = coverage
        self.min_abs_corr = min_abs_corr
        self.noise_variance = noise_variance
        self.prior_variance = prior_variance
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_integer("n_effects", self.n_effects)
        check_real("coverage", self.coverage, 0, 1, open_low=True, open_high=True)
        check_real("min_abs_corr", self.min_abs_corr, 0, 1)
        for name in ("noise_variance", "prior_variance"):
            if getattr(self, name) is not None:
                check_real(name, getattr(self, name), low=0, open_low=True)
        check_real("tol", self.tol, low=0)
        check_integer("max_iter", self.max_iter)

    def _solve(self, data: Standardized) -> Solution:
        noise = fixed_noise(data, self.noise_variance)
        model = SingleEffects(data, self.n_effects, noise, self.prior_variance)
        model.start(sparse_start(data, noise))
        path, rise = model.run(self.tol, self.max_iter)
        if rise > self.tol:
            warn_unconverged("SuSiE", len(path), rise, self.tol)
        live = model.prior > 0
        if not noise:
            warn_of_collapse(model.noise, data.dof, live.sum())
        scale = data.y_norms[0]
        sets, pure, effects = self._credible_sets(data, model, live)
        return Solution(
            (model.alpha * model.mean).sum(axis=0),
            model.posterior(),
            model.noise,
            path[-1],
            path,
            len(path),
            pip=inclusion(model.alpha[live]),
            extra={
                "credible_sets_": sets,
                "purity_": pure,
                "effect_of_set_": effects,
                "alpha_": model.alpha,
                "effect_mean_": model.mean * (scale * data.inverse_norms),
                "prior_variance_": model.prior * scale**2,
            },
        )

    def _credible_sets(
        self, data: Standardized, model: SingleEffects, live: Array
    ) -> tuple[list[Array], Array, Array]:
        """Sets that are pure and differ from each other, the purest first."""
        found: dict[tuple[int, ...], tuple[float, int]] = {}
        for effect in np.flatnonzero(live):
            columns = np.sort(credible_set(model.alpha[effect], self.coverage))
            key = tuple(columns.tolist())
            if key in found:
                continue
            pure = purity(data, columns)
            if pure >= self.min_abs_corr:
                found[key] = pure, int(effect)
        ranked = sorted(
            found.items(), key=lambda item: (-round(item[1][0], 9), item[0])
        )
        sets = [np.array(key) for key, _ in ranked]
        purities = np.array([values[0] for _, values in ranked])
        return sets, purities, np.array([values[1] for _, values in ranked], dtype=int)

    def _quantile(self, probability: float) -> Array:
        return matched_quantile(probability, self.pip_, self.coef_, self.coef_std_)
