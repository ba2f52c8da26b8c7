"""What all linear models share: options, weights, stored results."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse

from sparsesci.solvers._inputs import check_weights, clean_csc
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.regressor import LinearRegressor
from sparsesci.utils.validation import check_choice, check_flag


class SparseLinearModel(LinearRegressor):
    """Base of the linear models: options, prediction and ``sparse_coef_``."""

    def _check_options(self, *flags: str) -> None:
        for name in flags:
            check_flag(name, getattr(self, name))
        check_choice("selection", self.selection, ("cyclic", "random"))


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
