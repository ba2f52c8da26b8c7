"""Checks of data, for functions and for estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.validation import validate_data

from sparsesci._logging import warn_caller
from sparsesci.datafits import Quadratic
from sparsesci.penalties import Penalty
from sparsesci.utils.validation import check_nonnegative_vector

_FLOATS = [np.float64, np.float32]


def check_design_matrix(X: Any, *, copy: bool = False, finite: bool = True) -> Any:
    """Return X as a Fortran-ordered array, clean CSC or LinearOperator.

    With ``finite=False``, looking for NaN and infinity is left to the design.
    """
    if isinstance(X, LinearOperator):
        if np.issubdtype(X.dtype or np.float64, np.complexfloating):
            raise ValueError("X must be real, got a complex LinearOperator.")
        return X
    X = check_array(
        X,
        accept_sparse="csc",
        dtype=_FLOATS,
        order="F",
        copy=copy,
        ensure_all_finite=finite,
        input_name="X",
    )
    return clean_csc(X) if sparse.issparse(X) else X


def clean_csc(X: Any) -> Any:
    """Return CSC with int32 indices and without duplicate entries; X is not touched."""
    if X.nnz > np.iinfo(np.int32).max:
        raise ValueError(
            f"X has {X.nnz} stored entries; at most {np.iinfo(np.int32).max} are "
            "supported."
        )
    if X.indices.dtype != np.int32 or X.indptr.dtype != np.int32:
        indices, indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
        X = sparse.csc_matrix((X.data, indices, indptr), shape=X.shape)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def checked_data(
    estimator: Any,
    X: Any,
    y: Any,
    multi_output: bool,
    finite: bool = True,
    accept_sparse: bool = True,
) -> tuple[Any, Any]:
    """Return X Fortran-ordered or clean CSC, float32 or float64, and y as an array.

    With ``finite=False``, looking for NaN and infinity in X is left to the design.
    """
    if _is_plain(X, y):
        estimator.n_features_in_ = X.shape[1]
        vars(estimator).pop("feature_names_in_", None)  # of an earlier fit
        if finite:
            name = type(estimator).__name__
            assert_all_finite(X, estimator_name=name, input_name="X")
        return X, y
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse="csc" if accept_sparse else False,
        dtype=_FLOATS,
        order="F",
        ensure_all_finite=finite,
        y_numeric=True,
        multi_output=multi_output,
    )
    return (clean_csc(X) if sparse.issparse(X) else X), y


def _is_plain(X: Any, y: Any) -> bool:
    """Whether scikit-learn would return both as they are; values of X apart.

    Spares small fits its checks, which take longer than they do.
    """
    return (
        type(X) is type(y) is np.ndarray
        and X.ndim == 2
        and y.ndim == 1
        and X.size > 0
        and len(X) == len(y)
        and X.flags.f_contiguous
        and X.dtype in _FLOATS
        and y.dtype in _FLOATS
        and bool(np.isfinite(y).all())
    )


def check_targets(y: Any, n_samples: int) -> NDArray[np.float64]:
    """Return y as float64 of shape (n_targets, n_samples), contiguous."""
    y = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")
    if y.ndim > 2:
        raise ValueError(f"y must have 1 or 2 dimensions, got {y.ndim}.")
    if len(y) != n_samples:
        raise ValueError(
            f"X and y must have the same number of samples, got {n_samples} and "
            f"{len(y)}."
        )
    return np.ascontiguousarray(np.atleast_2d(y.T))


def target_rows(y: Any) -> Any:
    """Return targets as rows of float64, each of them contiguous."""
    return np.ascontiguousarray(np.atleast_2d(np.asarray(y, dtype=np.float64).T))


def flattened(y: Any) -> Any:
    """Return a column of targets as a vector, with scikit-learn's warning."""
    warn_caller(
        "A column-vector y was passed when a 1d array was expected. Please change the "
        "shape of y to (n_samples,), for example using ravel().",
        DataConversionWarning,
    )
    return y.ravel()


def check_weights(sample_weight: Any, n_samples: int) -> NDArray[np.float64] | None:
    """Return sample weights scaled to sum to n_samples; None where all are equal."""
    if sample_weight is None:
        return None
    weights = check_nonnegative_vector("sample_weight", sample_weight, n_samples)
    total = weights.sum()
    if total == 0:
        raise ValueError("sample_weight must hold a positive entry, got all zeros.")
    if np.ptp(weights) == 0:
        return None
    weights *= n_samples / total
    return weights


def check_terms(
    datafit: Any, penalty: Any, n_features: int, n_targets: int = 1
) -> None:
    """Refuse terms that the convex solvers cannot certify."""
    if not isinstance(datafit, Quadratic):
        raise TypeError(
            f"datafit must be Quadratic(), got {datafit!r}; no other datafit is "
            "supported."
        )
    if not isinstance(penalty, Penalty):
        raise TypeError(f"penalty must come from sparsesci.penalties, got {penalty!r}.")
    if not penalty.has_dual:
        raise TypeError(
            f"{type(penalty).__name__} has no dual, so this solver cannot certify it; "
            "use a convex penalty such as L1 or ElasticNet."
        )
    if n_targets > 1 and getattr(penalty, "positive", False):
        raise ValueError(
            "positive=True does not apply to several targets, which are penalised "
            "through norms of rows; solve for one target at a time."
        )
    penalty.check_n_features(n_features)


def check_start(coef: Any, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return initial coefficients as a private array of `shape`, zeros for None."""
    if coef is None:
        return np.zeros(shape)
    coef = np.array(coef, dtype=np.float64, order="C")
    if coef.ndim == 1:
        coef = coef[:, None]
    if coef.shape != shape:
        raise ValueError(
            f"coef_init must have shape {shape} (features, targets), got {coef.shape}."
        )
    if not np.isfinite(coef).all():
        raise ValueError("coef_init must be finite, got NaN or inf.")
    return coef
