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
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sparsesci.bayes._base import CredibleIntervals, warn_unconverged
from sparsesci.bayes._data import Standardized, standardize
from sparsesci.bayes._posterior import Posterior
from sparsesci.solvers._inputs import clean_csc
from sparsesci.utils.classifier import DecisionClassifier
from sparsesci.utils.regressor import checked_samples
from sparsesci.utils.tags import SparseInput
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


class BayesianClassifier(
    CredibleIntervals, SparseInput, DecisionClassifier, BaseEstimator
):
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
