"""Codes of signals by one of two routes: a Gram matrix for all, or each by itself."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.parallel import Parallel, delayed

from sparsesci._logging import warn_caller
from sparsesci.greedy._batch import Codes, code_signals, empty_codes
from sparsesci.greedy._inputs import check_scale
from sparsesci.greedy._pursuit import Selection, pursue
from sparsesci.operators.dictionary import ArrayDictionary, Dictionary, square_norms

Array = NDArray[Any]

# The work of a batch holds a row of the factor for each atom of a code.
_LARGEST_WORK = 2**24
_MANY = 16


# ---- what is asked for ---------------------------------------------------------------
def check_precompute(precompute: Any) -> bool | str:
    """Return the wish about the Gram matrix."""
    if isinstance(precompute, (bool, np.bool_)):
        return bool(precompute)
    if precompute != "auto" or not isinstance(precompute, str):
        raise ValueError(
            f"precompute must be 'auto', True or False, got {precompute!r}."
        )
    return "auto"


def wants_gram(
    precompute: bool | str, n_atoms: int, n_signals: int, n_nonzero: int
) -> bool:
    """Whether a Gram matrix pays: it costs as much as n_atoms passes over the atoms.

    One signal after the other needs about a pass for each atom chosen. Few signals are
    worth that: without squares of condition numbers their codes are more exact.
    """
    if precompute != "auto":
        return bool(precompute)
    fits = (n_nonzero + 3) * n_atoms <= _LARGEST_WORK
    return fits and n_signals >= _MANY and n_atoms <= 2 * n_nonzero * n_signals


# ---- codes ---------------------------------------------------------------------------
def code_columns(
    dictionary: Dictionary,
    Y: Array,
    rule: str,
    n_nonzero: int,
    tol: float | None,
    precompute: bool | str,
    n_jobs: int | None,
) -> tuple[Codes, Array]:
    """Codes of the columns of Y, and their squared norms.

    Signals of which `tol` asks for more than updates of squares can tell, or whose
    squares are beyond the type of X, are coded again from their residuals, in double.
    """
    squares = square_norms(Y.astype(_wide(Y), copy=False))
    check_scale(Y, squares)
    ols, n_signals = rule == "ols", Y.shape[1]
    by_gram = _is_real_and_dense(dictionary, Y) and wants_gram(
        precompute, dictionary.n_atoms, n_signals, n_nonzero
    )
    longest = _longest_square(dictionary) if by_gram else 0.0
    if not (by_gram and _is_moderate(longest, dictionary.dtype)):
        codes = _one_by_one(dictionary, Y, ols, n_nonzero, tol, n_jobs)
        return codes, squares
    X = cast(ArrayDictionary, dictionary).X
    Y = Y.astype(X.dtype, copy=False)

    def correlate(part: slice, out: Array) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # see `unsafe` below
            np.matmul(Y[:, part].T, X, out=out)

    gram = np.ascontiguousarray(X.T @ X)
    codes = code_signals(gram, correlate, squares, ols, n_nonzero, tol, n_jobs)
    # Scores are compared by products of squares: up to that of y and twice that of X.
    products = np.multiply.outer([1.0, longest, longest**2], squares)
    unsafe = (squares > 0) & ~_is_moderate(products, X.dtype).all(axis=0)
    if tol is not None:
        unsafe |= tol < 100 * np.finfo(X.dtype).eps * squares
    if unsafe.any():
        again = _one_by_one(dictionary, Y[:, unsafe], ols, n_nonzero, tol, n_jobs)
        codes.support[unsafe], codes.coef[unsafe] = again.support, again.coef
        codes.count[unsafe], codes.error[unsafe] = again.count, again.error
    return codes, squares


def _is_real_and_dense(dictionary: Dictionary, Y: Array) -> bool:
    return (
        isinstance(dictionary, ArrayDictionary)
        and not sparse.issparse(dictionary.X)
        and not np.issubdtype(dictionary.dtype, np.complexfloating)
        and not np.iscomplexobj(Y)
    )


def _longest_square(dictionary: Dictionary) -> float:
    """Squared norm of the longest atom, which may be beyond its own type."""
    X = cast(ArrayDictionary, dictionary).X
    return float(square_norms(X.astype(np.float64, copy=False)).max())


def _is_moderate(squares: Any, dtype: Any) -> Any:
    """Whether squares, and shares of them, are numbers of the type."""
    limits = np.finfo(dtype)
    return (squares > limits.tiny / limits.eps) & (squares < limits.max * limits.eps)


def _wide(Y: Array) -> Any:
    return np.complex128 if np.iscomplexobj(Y) else np.float64


def _one_by_one(
    dictionary: Dictionary,
    Y: Array,
    ols: bool,
    n_nonzero: int,
    tol: float | None,
    n_jobs: int | None,
) -> Codes:
    dtype = np.result_type(dictionary.dtype, Y.dtype)
    codes = empty_codes(Y.shape[1], n_nonzero, dtype)
    if dictionary.dtype == np.float32:  # a single signal is computed in double
        dictionary = ArrayDictionary(
            cast(ArrayDictionary, dictionary).X.astype(np.float64)
        )
    if ols:
        _ = dictionary.squares  # once, before threads ask for it
    found: list[Selection] = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(pursue)(dictionary, y, ols, n_nonzero, tol) for y in Y.T
    )
    for i, selection in enumerate(found):
        count = len(selection.support)
        codes.support[i, :count] = selection.support
        codes.coef[i, :count] = selection.coef()
        codes.count[i], codes.error[i] = count, selection.error
    return codes


def warn_if_short(codes: Codes, squares: Array, n_nonzero: int, tol: Any) -> None:
    """Warn where atoms ran out before the goal was reached."""
    eps = np.finfo(codes.coef.dtype).eps
    left = codes.error > (1e3 * eps * squares if tol is None else tol)
    short = int(np.sum(left & (codes.count < n_nonzero)))
    if short:
        warn_caller(
            f"{short} of {len(squares)} signals got fewer atoms than asked for: all "
            "others depend on the chosen ones or are orthogonal to what is left.",
            RuntimeWarning,
        )
