"""What all linear models share: checked data, prediction, stored results."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sparsesci.solvers._inputs import check_weights, clean_csc
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.validation import check_choice, check_flag


class SparseLinearModel(RegressorMixin, BaseEstimator):
    """Base of the linear models: prediction and ``sparse_coef_``."""

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
        check_is_fitted(self)
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc", "coo"],
            dtype=[np.float64, np.float32],
            reset=False,
        )
        return np.asarray(X @ self.coef_.T) + self.intercept_

    @property
    def sparse_coef_(self) -> Any:
        """Coefficients as a CSR matrix of shape (n_targets, n_features)."""
        check_is_fitted(self)
        return sparse.csr_matrix(np.atleast_2d(self.coef_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_options(self, *flags: str) -> None:
        for name in flags:
            check_flag(name, getattr(self, name))
        check_choice("selection", self.selection, ("cyclic", "random"))


def checked_data(estimator: Any, X: Any, y: Any, multi_output: bool) -> tuple[Any, Any]:
    """Return X Fortran-ordered or clean CSC, float32 or float64, and y as an array."""
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse="csc",
        dtype=[np.float64, np.float32],
        order="F",
        y_numeric=True,
        multi_output=multi_output,
    )
    return (clean_csc(X) if sparse.issparse(X) else X), y


def unchecked_data(X: Any) -> Any:
    """Return X in the layout that kernels read, without a look at its values."""
    if sparse.issparse(X):
        return clean_csc(X.tocsc())
    X = np.asarray(X)
    single = X.dtype == np.float32
    return np.asfortranarray(X, dtype=np.float32 if single else np.float64)


def checked_weights(sample_weight: Any, n_samples: int) -> Any:
    """Return sample weights that sum to n_samples, or None; a scalar weighs all."""
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, float(sample_weight))
    return check_weights(sample_weight, n_samples)


def target_rows(y: Any) -> Any:
    """Return targets as rows of float64, each of them contiguous."""
    return np.ascontiguousarray(np.atleast_2d(np.asarray(y, dtype=np.float64).T))


def store(
    estimator: Any, results: list[SolverResult], dtype: Any, single: bool
) -> None:
    """Set the fitted attributes from one result, or one for each target.

    Coefficients take the dtype of X. A joint result holds several targets.
    """
    for result in results:
        result.warn()
    if single:
        (result,) = results
        coef, intercept = result.coef.astype(dtype), dtype.type(result.intercept)
    else:
        coef = np.vstack([np.atleast_2d(r.coef.T) for r in results]).astype(dtype)
        intercept = np.hstack([r.intercept for r in results]).astype(dtype)
    estimator.coef_ = coef
    estimator.intercept_ = intercept if estimator.fit_intercept else 0.0
    for name in ("dual_gap", "objective", "n_iter"):
        values = [getattr(result, name) for result in results]
        value = values[0] if len(values) == 1 else np.array(values)
        setattr(estimator, name + "_", value)
