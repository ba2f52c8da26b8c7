"""Matrix and penalty handles, and the checks of arrays.

A wrong dtype or order is a TypeError, a wrong size a ValueError in the words of the
C++ bindings. The checks run on each call of a kernel: a few attribute look-ups and no
numpy functions.

The type of an array tells numba whether it is read-only. To compile each kernel once,
the arrays of a handle are always read-only (no kernel can write to them) and those that
are handed to a kernel always writable.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sparsesci._kernels.numba_backend import matrix
from sparsesci._kernels.numba_backend.penalties import REGISTRY

DOUBLE, INDEX, INT32 = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.int32)
BOOL = np.dtype(np.bool_)
DATA = (DOUBLE, np.dtype(np.float32))


class Matrix(NamedTuple):
    view: Any
    n_cols: int
    residual_size: int


class Penalty(NamedTuple):
    terms: Any
    n_coordinates: int  # that its arrays cover, -1 where there are none


def require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def require_size(array: Any, size: int, name: str) -> None:
    if array.size != size:
        raise ValueError(f"{name} must have {size} entries, got {array.size}")


# ---- arrays handed to a kernel -------------------------------------------------------
class _Writable:
    """A second look at a read-only array that numba may type like any other."""

    def __init__(self, array: Any):
        self._array = array
        self.__array_interface__ = {
            **array.__array_interface__,
            "data": (array.ctypes.data, False),
        }


def check(array: Any, name: str, dtype: Any = DOUBLE) -> None:
    """A C-contiguous array of the right dtype."""
    if not (
        isinstance(array, np.ndarray)
        and array.dtype == dtype
        and array.flags.c_contiguous
    ):
        raise TypeError(f"{name} must be a C-contiguous array of dtype {dtype}")


def readable(array: Any) -> Any:
    """An array that a kernel reads, in the one type that kernels are compiled for."""
    if array.flags.writeable and type(array) is np.ndarray:
        return array
    return np.asarray(_Writable(array)) if array.size else np.empty_like(array)


def writable(array: Any) -> Any:
    """An array that a kernel writes to."""
    if not array.flags.writeable:
        raise ValueError("array is not writeable")
    return np.asarray(array)


def flat(array: Any) -> Any:
    return array if array.ndim == 1 else array.reshape(-1)


def rows_of(array: Any, name: str) -> Any:
    """Rows of coefficients or gradients, (p,) or (p, T), as (p, T)."""
    if array.ndim == 2:
        return array
    require(array.ndim == 1, f"{name} must have 1 or 2 dimensions")
    return array.reshape(-1, 1)


def require_handle(handle: Any, kind: type) -> None:
    if type(handle) is not kind:
        raise TypeError(f"expected a {kind.__name__}, got {type(handle).__name__}")


def require_fit(penalty: Penalty, p: int) -> None:
    if penalty.n_coordinates not in (-1, p):
        raise ValueError(
            f"the penalty has {penalty.n_coordinates} weights for {p} coordinates"
        )


# ---- handles -------------------------------------------------------------------------
def frozen(array: Any) -> Any:
    """A flat read-only look at a contiguous array."""
    view = np.asarray(array).reshape(-1, order="A").view()
    view.flags.writeable = False
    return view


def _optional(array: Any, name: str) -> None:
    if array is not None:
        check(array, name)


def _means(means: Any, n_cols: int) -> Any:
    if means is None:
        return frozen(np.zeros(n_cols))
    require_size(means, n_cols, "means")
    return frozen(means)


def _weights(weights: Any, n_rows: int) -> Any:
    if weights is None:
        return None
    require_size(weights, n_rows, "weights")
    return frozen(weights)


def dense_matrix(X: Any, means: Any, weights: Any) -> Matrix:
    if not (isinstance(X, np.ndarray) and X.dtype in DATA and X.flags.f_contiguous):
        raise TypeError("X must be a Fortran-ordered array of float32 or float64")
    _optional(means, "means")
    _optional(weights, "weights")
    require(X.ndim == 2, "X must have 2 dimensions")
    n, p = X.shape
    view = matrix.Dense(frozen(X), n, p, _means(means, p), _weights(weights, n))
    return Matrix(view, p, n)


def csc_matrix(
    data: Any, indices: Any, indptr: Any, n_rows: int, means: Any, weights: Any
) -> Matrix:
    if not isinstance(data, np.ndarray) or data.dtype not in DATA:
        raise TypeError("data must be an array of float32 or float64")
    check(data, "data", data.dtype)
    check(indices, "indices", INT32)
    check(indptr, "indptr", INT32)
    _optional(means, "means")
    _optional(weights, "weights")
    _check_structure(data, indices, indptr, n_rows)
    p = indptr.size - 1
    view = matrix.Csc(
        frozen(data),
        frozen(indices).view(np.uint32),
        frozen(indptr).view(np.uint32),
        n_rows,
        p,
        _means(means, p),
        _weights(weights, n_rows),
        means is not None,
        n_rows if weights is None else int(np.count_nonzero(weights > 0)),
    )
    return Matrix(view, p, n_rows)


def recentred(X: Matrix, means: Any) -> Matrix:
    require_handle(X, Matrix)
    require(not isinstance(X.view, matrix.Gram), "a Gram matrix has no means")
    _optional(means, "means")
    known = {"means": _means(means, X.n_cols)}
    if isinstance(X.view, matrix.Csc):
        known["centred"] = means is not None
    return X._replace(view=X.view._replace(**known))


def _check_structure(data: Any, indices: Any, indptr: Any, n_rows: int) -> None:
    """A malformed matrix must not become a read outside the residual."""
    require(indptr.size >= 1, "indptr must have at least one entry")
    require_size(indices, data.size, "indices")
    first, last = indptr[0], indptr[-1]
    require(first >= 0 and last <= data.size, "indptr points outside data")
    require(bool(np.all(indptr[:-1] <= indptr[1:])), "indptr must not decrease")
    used = indices[first:last].view(np.uint32)  # negative indices turn into large ones
    inside = used.size == 0 or int(used.max()) < n_rows
    require(inside, "indices holds a row outside the matrix")


def gram_matrix(gram: Any, n_cols: int, n_samples: int) -> Matrix:
    check(gram, "gram")
    square = gram.ndim == 2 and gram.shape[0] == gram.shape[1]
    require(square, "gram must be square")
    require(0 <= n_cols <= gram.shape[0], "n_cols must fit into gram")
    view = matrix.Gram(frozen(gram), gram.shape[0], n_cols, n_samples)
    return Matrix(view, n_cols, n_cols)


def penalty(name: str, scalars: tuple[float, ...], arrays: tuple[Any, ...]) -> Penalty:
    for array in arrays:
        check(array, "a parameter")
    values = tuple(float(scalar) for scalar in scalars)
    cls = REGISTRY.get(name)
    if cls is None:
        raise ValueError(f"unknown penalty '{name}'")
    expected = len(cls.scalars), len(cls.arrays)
    right = (len(values), len(arrays)) == expected
    require(right, f"penalty '{name}' got the wrong number of parameters")
    # Copies: the caller may go on writing to its arrays.
    terms = cls(*values, *(frozen(array.copy()) for array in arrays))
    return Penalty(terms, arrays[0].size if arrays else -1)


def penalty_signatures() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {name: (cls.scalars, cls.arrays) for name, cls in REGISTRY.items()}


# ---- arrays that go with a matrix ----------------------------------------------------
def all_inside(indices: Any, size: int) -> bool:
    """Whether all indices are in [0, size)."""
    unsigned = indices.view(np.uint64)  # negative indices turn into large ones
    return indices.size == 0 or int(unsigned.max()) < size


def require_columns(indices: Any, n_cols: int) -> Any:
    indices = flat(readable(indices))
    if not all_inside(indices, n_cols):
        raise ValueError("columns holds an index outside the matrix")
    return indices


def require_residual(X: Matrix, residual: Any, offset: Any, n_tasks: int) -> None:
    require_size(residual, n_tasks * X.residual_size, "residual")
    require_size(offset, n_tasks, "offset")


def state_of(X: Matrix, residual: Any, offset: Any) -> tuple[Any, Any]:
    """Residual and offset as kernels know them, (T, size) and (T,)."""
    offset = flat(offset)
    shape = offset.size, X.residual_size
    return residual if residual.shape == shape else residual.reshape(shape), offset
