"""What the Bayesian regressors share: units, posterior, prediction with its error."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.utils.validation import check_is_fitted

from sparsesci._logging import warn_caller
from sparsesci.bayes._data import Standardized, standardize
from sparsesci.bayes._posterior import Posterior, gaussian
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.solvers._inputs import checked_data
from sparsesci.utils.regressor import (
    LinearRegressor,
    checked_samples,
    fitted_values,
)
from sparsesci.utils.validation import check_flag, check_real

Array = NDArray[Any]

COLLAPSE = 1e-3


@dataclass
class Solution:
    """What a method found, in the units of `Standardized`."""

    coef: Array
    posterior: Posterior
    noise: float
    evidence: float | None
    path: list[float]
    n_iter: int
    pip: Array | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def nothing(data: Standardized) -> Solution:
    """The answer to a constant target."""
    p = data.n_features
    none = gaussian(np.zeros(0, dtype=np.intp), np.zeros((0, 0)), p)
    return Solution(np.zeros(p), none, 0.0, np.inf, [], 0, np.zeros(p))


def fixed_noise(data: Standardized, noise_variance: Any) -> float:
    """A known noise variance in the units of the data, 0 for None: to be learned."""
    if noise_variance is None:
        return 0.0
    return (
        check_real("noise_variance", noise_variance, low=0, open_low=True) / data.unit
    )


def gaussian_evidence(
    dof: float, noise: float, energy: float, log_determinant: float
) -> float:
    """Log density of a target with covariance ``noise C``.

    ``energy`` is ``y' C^-1 y`` and ``log_determinant`` that of C.
    """
    return -0.5 * (dof * np.log(2 * np.pi * noise) + log_determinant + energy / noise)


def warn_of_collapse(noise: float, dof: float, used: float) -> None:
    """Warn where many coefficients leave nearly nothing to the noise.

    The target has norm 1. An exact fit by few coefficients is an answer.
    """
    ratio = noise * dof
    if ratio < COLLAPSE and used > dof / 2:
        warn_caller(
            f"The noise estimate collapsed to {ratio:.1e} of the variance of y, with "
            f"{used:.0f} coefficients for {dof:.0f} degrees of freedom. With about as "
            "many features as samples or more, learned noise and a flat prior "
            "interpolate: give noise_variance, or use a penalised method such as "
            "FastSBL() or SpikeSlabVB().",
            UserWarning,
        )


def warn_unconverged(what: str, n_iter: int, reached: float, tol: float) -> None:
    """Say how far an iteration came."""
    warn_caller(
        f"{what} did not converge in {n_iter} iterations: the criterion is "
        f"{reached:.2e}, tol is {tol:.2e}. Raise max_iter.",
        ConvergenceWarning,
    )


def predict_with_std(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Predictions, and their standard deviations: noise, coefficients, intercept."""
    X = checked_samples(estimator, X)
    mean = fitted_values(estimator, X)
    variance = estimator._posterior.along(X, estimator._center)
    variance += estimator.noise_variance_ + estimator._mean_variance
    return mean, np.sqrt(variance).astype(mean.dtype)


class CredibleIntervals:
    """Intervals of estimators with `coef_` and `coef_std_`."""

    coef_: Any
    coef_std_: Any

    def credible_interval(self, level: float = 0.9) -> Any:
        """Intervals that hold each coefficient with a posterior probability.

        Parameters
        ----------
        level : float, default=0.9
            Posterior probability of each interval, in (0, 1).

        Returns
        -------
        intervals : ndarray of shape (n_features, 2) or (n_rows, n_features, 2)
            Lower and upper ends, for each entry of `coef_`: quantiles of the posterior,
            with equal tails. Where a coefficient is most probably exactly 0, both are.
        """
        check_is_fitted(self)
        check_real("level", level, 0, 1, open_low=True, open_high=True)
        tails = (1 - level) / 2, (1 + level) / 2
        return np.stack([self._quantile(tail) for tail in tails], axis=-1)

    def _quantile(self, probability: float) -> Array:
        """Quantile of the posterior of each coefficient: here, a normal one."""
        return np.asarray(self.coef_ + ndtri(probability) * self.coef_std_)


class BayesianRegressor(CredibleIntervals, LinearRegressor):
    """Base of the Bayesian regressors with one target."""

    _takes_sparse: ClassVar[bool] = False

    @abstractmethod
    def _check_options(self) -> None:
        """Refuse bad parameters, before any data are looked at."""

    @abstractmethod
    def _solve(self, data: Standardized) -> Solution:
        """Fit the standardised problem; the target is not zero."""

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        sparse = self._takes_sparse
        return checked_data(self, X, y, False, finite=False, accept_sparse=sparse)

    def _fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        check_flag("fit_intercept", self.fit_intercept)
        self._check_options()
        X, y = self._checked(X, y)
        rows = np.asarray(y, dtype=np.float64)[None]
        data = standardize(X, rows, sample_weight, self.fit_intercept)
        if data.y_norms[0] > 0:
            solution = self._solve(data)
        else:
            warn_caller(
                "y is constant: all coefficients and the noise variance are 0.",
                UserWarning,
            )
            solution = nothing(data)
        self._store(data, solution, X.dtype)
        return self

    def _store(self, data: Standardized, solution: Solution, dtype: Any) -> None:
        scales = data.y_norms[0] * data.inverse_norms
        coef = solution.coef * scales
        self._scales = scales
        self._posterior = solution.posterior.rescale(scales)
        intercept = data.design.intercept(coef[:, None], data.y_means)[0]
        self.coef_ = coef.astype(dtype)
        self.intercept_: Any = dtype.type(intercept) if self.fit_intercept else 0.0
        self.noise_variance_ = solution.noise * data.unit
        # A density of y in its own units.
        if solution.evidence is not None:
            shift = 0.5 * data.dof * np.log(data.unit) if data.unit else 0.0
            self.evidence_ = solution.evidence - shift
            self.evidence_path_ = np.array(solution.path) - shift
        self.n_iter_ = solution.n_iter
        if solution.pip is not None:
            self.pip_ = solution.pip
        means = data.design.means
        self._center = np.zeros(data.n_features)
        if means is not None:
            self._center = means + data.design.shift
        # What the intercept adds to the variance of a prediction.
        self._mean_variance = (
            self.noise_variance_ / data.weight if means is not None else 0.0
        )
        for name, value in solution.extra.items():
            setattr(self, name, value)

    @property
    def sigma_(self) -> Any:
        """Posterior covariance of the coefficients, computed when asked for."""
        check_is_fitted(self)
        return self._posterior.covariance.astype(self.coef_.dtype)

    @property
    def coef_std_(self) -> Any:
        """Posterior standard deviations of the coefficients."""
        check_is_fitted(self)
        return np.sqrt(self._posterior.variance).astype(self.coef_.dtype)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict the target, with the standard deviation of new observations.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.
        return_std : bool, default=False
            Whether to return standard deviations as well.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,)
            Posterior mean, ``X @ coef_ + intercept_``.
        y_std : ndarray of shape (n_samples,)
            Only with `return_std`: root of the noise variance and the posterior
            variances of the regression function and the intercept.
        """
        if not return_std:
            return super().predict(X)
        return predict_with_std(self, X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._takes_sparse
        return tags


class WeightedBayesianRegressor(BayesianRegressor):
    """Base of those that take sample weights."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Never written to. Sparse where the class says so.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights that count: a weight of 2 is two equal samples, 0 is none.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        return self._fit(X, y, sample_weight)


class UnweightedBayesianRegressor(BayesianRegressor):
    """Base of those that do not."""

    def fit(self, X: Any, y: Any) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data. Never written to.
        y : array-like of shape (n_samples,)
            Target.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        return self._fit(X, y)
