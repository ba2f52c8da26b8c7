"""What linear regressors of all families share: prediction and sparse coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sparsesci.utils.tags import SparseInput


def checked_samples(estimator: Any, X: Any) -> Any:
    """Return samples for a fitted estimator, once they are what it was fitted on."""
    check_is_fitted(estimator)
    return validate_data(
        estimator,
        X,
        accept_sparse=["csr", "csc", "coo"],
        dtype=[np.float64, np.float32],
        reset=False,
    )


def linear_predictor(estimator: Any, X: Any) -> Any:
    """``X @ coef_.T + intercept_`` of a fitted estimator, for samples to be checked."""
    return fitted_values(estimator, checked_samples(estimator, X))


def fitted_values(estimator: Any, X: Any) -> Any:
    """``X @ coef_.T + intercept_`` for checked samples."""
    return np.asarray(X @ estimator.coef_.T) + estimator.intercept_


class LinearRegressor(SparseInput, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Base of estimators with ``coef_`` and ``intercept_``."""

    def predict(self, X: Any) -> Any:
        """Predict targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            ``X @ coef_.T + intercept_``.
        """
        return linear_predictor(self, X)

    @property
    def sparse_coef_(self) -> Any:
        """Coefficients as a CSR matrix of shape (n_targets, n_features)."""
        check_is_fitted(self)
        return sparse.csr_matrix(np.atleast_2d(self.coef_))
