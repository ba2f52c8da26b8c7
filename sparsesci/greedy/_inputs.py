"""Checks that the greedy functions share, made before any work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from sparsesci.solvers._control import Control
from sparsesci.solvers._inputs import check_design_matrix
from sparsesci.utils.validation import check_integer, check_real

Array = NDArray[Any]

# Beyond, what rounding leaves of squares overflows or vanishes.
_LARGEST = {np.dtype(np.float64): 1e270, np.dtype(np.float32): 1e30}


def check_atoms(X: Any) -> Any:
    """Return X as a real or complex array, a clean CSC matrix or a LinearOperator."""
    if isinstance(X, LinearOperator):
        check_operator(X)
        return X
    if not _is_complex(X):
        return check_design_matrix(X)
    X = X.tocsc().copy() if sparse.issparse(X) else np.asarray(X)
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"X must have rows and columns, got an array of {X.shape}.")
    X = X.astype(np.complex128)
    _check_finite("X", X.data if sparse.issparse(X) else X)
    return X


def check_operator(X: LinearOperator) -> None:
    """Refuse an operator that fails on a vector, or whose two products do not agree.

    For any u, ``<X u, X u> = <u, X^H X u>``. One u costs a product of each kind, and
    tells of wrong shapes, NaN and an adjoint that is none.
    """
    u = np.cos(np.arange(1.0, X.shape[1] + 1) ** 2)
    Xu = _product("matvec", X.matvec, u)
    back = _product("rmatvec", X.rmatvec, Xu)
    square, other = np.vdot(Xu, Xu).real, np.vdot(u, back)
    if abs(square - other) > 1e-3 * (square + np.linalg.norm(u) * np.linalg.norm(back)):
        raise ValueError(
            "X.rmatvec must be the adjoint of X.matvec, but for a vector u, "
            f"<X u, X u> is {square:.6g} and <u, X^H X u> is {other:.6g}."
        )


def _product(name: str, multiply: Callable[[Array], Any], vector: Array) -> Array:
    try:
        out = np.asarray(multiply(vector))
    except NotImplementedError:
        raise TypeError(f"X must have {name}, the operator has none.") from None
    except ValueError as error:
        raise ValueError(
            f"X.{name} failed on a vector of {vector.size} numbers: {error}."
        ) from error
    if not np.isfinite(out).all():
        raise ValueError(f"X.{name} returned NaN or infinity for a finite vector.")
    return out


def check_scale(Y: Array, squares: Any, name: str = "y", dtype: Any = float) -> None:
    """Refuse columns of Y whose squares, or shares of them, are no numbers."""
    squares, largest = np.asarray(squares), _LARGEST[np.dtype(dtype)]
    beyond = (squares > largest) | (squares < 1 / largest)
    if beyond.any() and np.any(beyond & (Y != 0).any(axis=0)):
        raise ValueError(
            f"{name} must have a squared norm between {1 / largest:g} and {largest:g}, "
            "or be zero: rescale it."
        )


def check_signals(y: Any, n_samples: int, *, several: bool) -> Array:
    """Return y in its own float type, of shape (n_samples,) or (n_samples, m)."""
    try:
        y = np.asarray(y)
        wide = np.complex128 if np.iscomplexobj(y) else np.float64
        y = y if y.dtype == np.float32 else y.astype(wide, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers: {error}.") from None
    if y.ndim not in ((1, 2) if several else (1,)):
        shape = "(n_samples,)" + (" or (n_samples, n_targets)" if several else "")
        raise ValueError(f"y must have shape {shape}, got {y.shape}.")
    if len(y) != n_samples:
        raise ValueError(
            f"X and y must have the same number of samples, got {n_samples} and "
            f"{len(y)}."
        )
    _check_finite("y", y)
    return y


def check_n_nonzero(value: Any, n_atoms: int, name: str = "n_nonzero_coefs") -> int:
    """Return the number of atoms, a tenth of all for None."""
    if value is None:
        return max(1, n_atoms // 10)
    value = check_integer(name, value)
    if value > n_atoms:
        raise ValueError(
            f"{name} must be at most the number of atoms, {n_atoms}, got {value}."
        )
    return value


def check_tol(tol: Any) -> float | None:
    """Return the largest squared residual to stop at, None for none."""
    return None if tol is None else check_real("tol", tol, low=0)


def check_iterations(
    max_iter: Any, callback: Any, verbose: Any, keep_history: bool
) -> Control:
    """Return the rules of an iterative method."""
    max_iter = check_integer("max_iter", max_iter)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable or None, got {callback!r}.")
    return Control(0.0, max_iter, None, callback, verbose, keep_history)


def _is_complex(X: Any) -> bool:
    if sparse.issparse(X) or isinstance(X, np.ndarray):
        return np.issubdtype(X.dtype, np.complexfloating)
    try:
        return np.iscomplexobj(np.asarray(X))
    except ValueError:  # ragged lists: check_array says it better
        return False


def _check_finite(name: str, values: Array) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"{name} contains NaN or infinity.")
