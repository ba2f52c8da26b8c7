"""Sparse Bayesian classification: regressions with weights, again and again.

The logistic likelihood has a Gaussian lower bound for each value of one parameter per
sample, ``xi_i``. With it, a sample is an observation ``(y_i - 1/2) / w_i`` of the
linear function with precision ``w_i = tanh(xi_i / 2) / (2 xi_i)``: a regression with
known noise. At its best, xi_i^2 is the posterior second moment of the linear function.
The bound is more curved than the likelihood: at the end, variances are computed with
the curvature of the latter.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sparsesci.bayes._ascent import EvidenceAscent, Rule
from sparsesci.bayes._base import CredibleIntervals, warn_unconverged
from sparsesci.bayes._data import Standardized, standardize
from sparsesci.bayes._fast_sbl import check_penalty, price
from sparsesci.bayes._posterior import Posterior
from sparsesci.bayes._spike_slab import (
    SpikeSlab,
    check_spike_slab_options,
    matched_quantile,
)
from sparsesci.solvers._inputs import clean_csc
from sparsesci.utils.regressor import checked_samples
from sparsesci.utils.validation import check_flag, check_integer, check_real

Array = NDArray[Any]

# Of the log likelihood of a sample: where classes are separated, hardly any is left.
_LEAST_CURVATURE = 1e-10


@dataclass
class Fit:
    """Posterior of the linear function of one class against the others."""

    coef: Array
    posterior: Posterior
    intercept: float
    center: Array  # where intercept and coefficients are independent
    mean_variance: float  # of the intercept there
    extra: dict[str, Array]

    def moments(self, X: Any) -> tuple[Array, Array]:
        """Means and variances of the linear function at the rows of X."""
        mean = np.asarray(X @ self.coef) + self.intercept
        return mean, self.posterior.along(X, self.center) + self.mean_variance


def precisions(xi: Array) -> Array:
    """``tanh(xi / 2) / (2 xi)``, 1/4 at 0."""
    safe = np.where(xi > 1e-6, xi, 1.0)
    return np.where(xi > 1e-6, np.tanh(safe / 2) / (2 * safe), 0.25)


def bound_constant(xi: Array, weights: Array, target: Array, counts: Array) -> float:
    """What the Gaussian bound adds to the evidence of the regression."""
    sample = log_expit(xi) - xi / 2 + weights * xi**2 / 2
    return float(counts @ (sample + weights * target**2 / 2))


def free_intercept(data: Standardized) -> tuple[Array, float]:
    """Where the intercept is independent of the coefficients, and its variance there.

    Zeros without an intercept; for noise 1.
    """
    means = data.design.means
    if means is None:
        return np.zeros(data.n_features), 0.0
    return means + data.design.shift, 1 / data.weight


class BayesianClassifier(CredibleIntervals, ClassifierMixin, BaseEstimator):
    """Base of the classifiers: one fit for two classes, else one for each class."""

    @abstractmethod
    def _check_options(self) -> None:
        """Refuse bad parameters, before any data are looked at."""

    @abstractmethod
    def _posterior(self, data: Standardized, plain: Standardized, state: Any) -> Any:
        """Return the covariance in the units of `data` at the end of a regression."""

    @abstractmethod
    def _regress(
        self, data: Standardized, plain: Standardized, before: Any
    ) -> tuple[Array, Posterior, float, dict[str, Array], Any]:
        """Fit the weighted regression with noise 1 in the units of the user.

        `plain` holds the data without the weights of the bound. Returns coefficients
        and covariance in the units of `data`, the log evidence without normalisation,
        attributes, and what the next regression starts from.
        """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Never written to.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights that count: a weight of 2 is two equal samples, 0 is none.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        check_flag("fit_intercept", self.fit_intercept)
        check_real("tol", self.tol, low=0)
        check_integer("max_iter", self.max_iter)
        self._check_options()
        X, y = validate_data(
            self, X, y, accept_sparse="csc", dtype=[np.float64, np.float32], order="F"
        )
        check_classification_targets(y)
        X = clean_csc(X) if sparse.issparse(X) else X
        # The first pass checks the weights as well.
        zeros = np.zeros((1, X.shape[0]))
        plain = standardize(X, zeros, sample_weight, self.fit_intercept)
        counts = np.ones(X.shape[0])
        if sample_weight is not None:
            counts = np.array(sample_weight, dtype=np.float64)
        self.classes_ = np.unique(y[counts > 0])
        if len(self.classes_) < 2:
            raise ValueError(
                "y must hold at least 2 classes, got 1 class: "
                f"{self.classes_.tolist()[0]!r}."
            )
        wanted = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        runs = [self._fit_class(X, y == c, counts, plain) for c in wanted]
        self._store(X, runs)
        return self

    def _fit_class(
        self, X: Any, positive: Array, counts: Array, plain: Standardized
    ) -> tuple[Fit, list[float]]:
        """Raise the bound of one class until it rises no more."""
        half, xi, before = positive - 0.5, np.zeros(len(positive)), None
        path: list[float] = []
        rise = np.inf
        for _ in range(self.max_iter):
            weights = precisions(xi)
            target = half / weights
            data = standardize(X, target[None], counts * weights, self.fit_intercept)
            fit, value, before = self._one_regression(data, plain, before)
            path.append(value + bound_constant(xi, weights, target, counts))
            mean, variance = fit.moments(X)
            xi = np.sqrt(mean**2 + variance)
            if len(path) > 1:
                rise = path[-1] - path[-2]
                if abs(rise) <= self.tol:
                    break
        if not abs(rise) <= self.tol:
            warn_unconverged(type(self).__name__, len(path), abs(rise), self.tol)
        return self._with_curvature(X, positive, counts, plain, fit, before), path

    def _with_curvature(
        self,
        X: Any,
        positive: Array,
        counts: Array,
        plain: Standardized,
        fit: Fit,
        state: Any,
    ) -> Fit:
        """The same means, with variances by the curvature of the likelihood there."""
        mean, _ = fit.moments(X)
        chances = expit(mean)
        weights = np.maximum(chances * (1 - chances), _LEAST_CURVATURE)
        target = mean + (positive - chances) / weights
        data = standardize(X, target[None], counts * weights, self.fit_intercept)
        scales = data.y_norms[0] * data.inverse_norms
        posterior = self._posterior(data, plain, state).rescale(scales)
        center, variance = free_intercept(data)
        return replace(fit, posterior=posterior, center=center, mean_variance=variance)

    def _one_regression(
        self, data: Standardized, plain: Standardized, before: Any
    ) -> tuple[Fit, float, Any]:
        """One weighted regression, and its log evidence without normalisation."""
        scales = data.y_norms[0] * data.inverse_norms
        coef, posterior, value, extra, state = self._regress(data, plain, before)
        coef = coef * scales
        intercept = float(data.design.intercept(coef[:, None], data.y_means)[0])
        center, variance = free_intercept(data)
        if variance:  # what the mean explains, and the flat prior of the intercept
            value += 0.5 * np.log(2 * np.pi * variance)
        fit = Fit(coef, posterior.rescale(scales), intercept, center, variance, extra)
        return fit, value, state

    def _store(self, X: Any, runs: list[tuple[Fit, list[float]]]) -> None:
        self._fits = [fit for fit, _ in runs]
        self.coef_ = np.array([fit.coef for fit in self._fits]).astype(X.dtype)
        self.intercept_ = np.array([fit.intercept for fit in self._fits])
        self.evidence_path_ = [np.array(path) for _, path in runs]
        self.evidence_ = float(sum(path[-1] for path in self.evidence_path_))
        self.n_iter_ = np.array([len(path) for path in self.evidence_path_])
        for name in self._fits[0].extra:
            values = np.array([fit.extra[name] for fit in self._fits])
            setattr(self, name, values)

    @property
    def coef_std_(self) -> Any:
        """Posterior standard deviations, in the shape of `coef_`."""
        check_is_fitted(self)
        return np.sqrt([fit.posterior.variance for fit in self._fits])

    @property
    def sigma_(self) -> Any:
        """Posterior covariances, (n_classes, n_features, n_features); one if binary."""
        check_is_fitted(self)
        return np.array([fit.posterior.covariance for fit in self._fits])

    def decision_function(self, X: Any) -> Any:
        """Log odds of the classes, moderated by what the posterior does not know.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            ``mean / (1 + pi variance / 8)^(1/2)`` of the linear function, one column
            for each class; a vector for two classes.
        """
        X = checked_samples(self, X)
        columns = []
        for fit in self._fits:
            mean, variance = fit.moments(X)
            columns.append(mean / np.sqrt(1 + np.pi * variance / 8))
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)

    def predict_proba(self, X: Any) -> Any:
        """Probabilities of the classes, averaged over the posterior.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Logistic functions of the moderated log odds, the usual approximation of
            the average; normalised where there are more than two classes.
        """
        positive = expit(self.decision_function(X))
        if positive.ndim == 1:
            return np.stack([1 - positive, positive], axis=1)
        total = positive.sum(axis=1, keepdims=True)
        return positive / np.maximum(total, np.finfo(float).tiny)

    def predict(self, X: Any) -> Any:
        """Predict labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The most probable classes.
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return self.classes_[(scores > 0).astype(int)]
        return self.classes_[np.argmax(scores, axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class FastSBLClassifier(BayesianClassifier):
    r"""Sparse Bayesian classification with a price for each column.

    The model is, for two classes 0 and 1 ::

        p(y = 1 | x) = 1 / (1 + exp(-(b + x' beta))),   beta_j ~ N(0, gamma_j)

    with a flat prior on the intercept b. gamma maximises a Gaussian lower bound of the
    log evidence [1]_ less ``penalty * #{j: gamma_j > 0}``, by the moves of
    :class:`FastSBL`. More than two classes are fitted one against the rest.

    Parameters
    ----------
    penalty : "ebic" or float, default="ebic"
        Price of a non-zero coefficient, in nats; "ebic" is log(n_features).
    max_active : int, default=None
        Largest number of non-zero coefficients of a class; None for no limit.
    fit_intercept : bool, default=True
        Whether to fit intercepts.
    tol : float, default=1e-2
        Stop when the bound changes by at most this, in nats.
    max_iter : int, default=500
        Largest number of regressions for each class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Posterior means; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    gammas_ : ndarray of the shape of `coef_`
        Prior variances, 0 for coefficients that are out.
    coef_std_ : ndarray of the shape of `coef_`
        Posterior standard deviations.
    sigma_ : ndarray of shape (n_rows, n_features, n_features)
        Posterior covariances, with the curvature of the likelihood at the mean;
        computed when asked for.
    evidence_ : float
        Lower bound of the log evidence less the penalties, summed over fits.
    evidence_path_ : list of ndarray
        The bound of each fit after each regression.
    n_iter_ : ndarray of shape (1,) or (n_classes,)
        Numbers of regressions.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    SpikeSlabVBClassifier : Probabilities of inclusion.

    Notes
    -----
    Multiplying a column of X by a number divides its coefficient by it. Where a plane
    separates the classes, prior variances keep growing, ever more slowly: `tol` decides
    how far they come.

    References
    ----------
    .. [1] T. S. Jaakkola and M. I. Jordan (2000). Bayesian parameter estimation via
       variational methods. Statistics and Computing, 10, 25-37.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsesci.bayes import FastSBLClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = FastSBLClassifier().fit(X, y)
    >>> int((model.coef_ != 0).sum()), round(model.score(X, y), 2)
    (3, 0.97)
    """

    def __init__(
        self,
        penalty="ebic",
        *,
        max_active=None,
        fit_intercept=True,
        tol=1e-2,
        max_iter=500,
    ):
        self.penalty = penalty
        self.max_active = max_active
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_penalty(self.penalty)
        if self.max_active is not None:
            check_integer("max_active", self.max_active)

    def _ascent(self, data: Standardized, gammas: Any) -> EvidenceAscent:
        """A model with these variances, or none, in the units of the user."""
        noise = 1 / data.unit
        cap = data.n_features if self.max_active is None else self.max_active
        rule = Rule(price(self.penalty, data.n_varying), noise, cap, 1e-8, 10_000)
        model = EvidenceAscent(data, rule)
        if gammas is not None:
            columns = np.flatnonzero(gammas)
            scales = data.y_norms[0] * data.inverse_norms[columns]
            model.load(columns, gammas[columns] / (noise * scales**2))
        return model

    def _posterior(self, data: Standardized, plain: Standardized, state: Any) -> Any:
        return self._ascent(data, state).posterior

    def _regress(self, data: Standardized, plain: Standardized, before: Any) -> Any:
        model = self._ascent(data, before)
        model.run()
        energy = model.energy / model.rule.noise
        value = -0.5 * (model.log_determinant + energy)
        gammas = model.gammas * (data.y_norms[0] * data.inverse_norms) ** 2
        value -= model.rule.penalty * model.n_active
        return model.coef, model.posterior, value, {"gammas_": gammas}, gammas


class SpikeSlabVBClassifier(BayesianClassifier):
    r"""Spike-and-slab logistic regression by variational inference.

    The model is, for two classes 0 and 1 ::

        p(y = 1 | x) = 1 / (1 + exp(-(b + x' beta))),
        beta_j ~ pi N(0, n s / ||x_j||^2) + (1 - pi) delta_0

    with x_j the centred columns and a flat prior on the intercept b. The posterior is
    approximated as in :class:`SpikeSlabVB`, under a Gaussian lower bound of the
    likelihood [1]_. More than two classes are fitted one against the rest.

    Parameters
    ----------
    slab_variance : float, default=1.0
        The s above: variance of a non-zero coefficient of a column of variance 1. None
        learns it.
    prior_inclusion : float, default=None
        The pi above, in (0, 1). None learns it.
    fit_intercept : bool, default=True
        Whether to fit intercepts.
    tol : float, default=1e-2
        Stop when the bound changes by at most this, in nats.
    max_iter : int, default=500
        Largest number of regressions for each class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Posterior means; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    pip_ : ndarray of the shape of `coef_`
        Posterior inclusion probabilities.
    coef_std_ : ndarray of the shape of `coef_`
        Posterior standard deviations.
    sigma_ : ndarray of shape (n_rows, n_features, n_features)
        Posterior covariances, with the curvature of the likelihood at the mean and
        correlations by linear response, see :class:`SpikeSlabVB`; computed when asked
        for.
    evidence_ : float
        Lower bound of the log evidence, summed over fits.
    evidence_path_ : list of ndarray
        The bound of each fit after each regression.
    n_iter_ : ndarray of shape (1,) or (n_classes,)
        Numbers of regressions.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    FastSBLClassifier : One sparse model.

    Notes
    -----
    Multiplying a column of X by a number divides its coefficient by it.

    References
    ----------
    .. [1] P. Carbonetto and M. Stephens (2012). Scalable variational inference for
       Bayesian variable selection in regression. Bayesian Analysis, 7(1), 73-108.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsesci.bayes import SpikeSlabVBClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = SpikeSlabVBClassifier().fit(X, y)
    >>> int((model.pip_ > 0.5).sum()), round(model.score(X, y), 2)
    (4, 0.97)
    """

    def __init__(
        self,
        *,
        slab_variance=1.0,
        prior_inclusion=None,
        fit_intercept=True,
        tol=1e-2,
        max_iter=500,
    ):
        self.slab_variance = slab_variance
        self.prior_inclusion = prior_inclusion
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_spike_slab_options(self)

    def _model(self, data: Standardized, plain: Standardized, state: Any) -> SpikeSlab:
        """A model that begins with this state, if any."""
        # The prior means norms without the weights of the bound, the data those with.
        noise, norms = 1 / data.unit, plain.norms**2 * plain.weight
        ratio = np.ones_like(norms)
        np.divide(data.norms**2 * data.weight, norms, out=ratio, where=norms > 0)
        slab = self.slab_variance
        slab = None if slab is None else slab * plain.weight
        model = SpikeSlab(data, noise, slab, self.prior_inclusion, data.dof, ratio)
        if state is not None:
            scales = data.y_norms[0] * data.inverse_norms
            alpha, mean, model.slab, model.inclusion = state
            moved = np.divide(mean, scales, out=np.zeros_like(mean), where=scales > 0)
            model.start(alpha, moved)
        return model

    def _posterior(self, data: Standardized, plain: Standardized, state: Any) -> Any:
        return self._model(data, plain, state).posterior()

    def _regress(self, data: Standardized, plain: Standardized, before: Any) -> Any:
        model = self._model(data, plain, before)
        scales = data.y_norms[0] * data.inverse_norms
        path, _ = model.run(0.1 * self.tol, 1000)
        # Without the normalisation of the noise.
        value = path[-1] + 0.5 * model.dof * np.log(2 * np.pi * model.noise)
        p = data.n_features
        posterior = Posterior(p, np.arange(p), model.coef_variance, np.zeros((p, 0)))
        state = model.alpha, model.mean * scales, model.slab, model.inclusion
        return model.coef, posterior, value, {"pip_": model.alpha}, state

    def _quantile(self, probability: float) -> Array:
        moments = self.pip_, self.coef_, self.coef_std_
        return matched_quantile(probability, *moments)
