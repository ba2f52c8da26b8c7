"""The kernels in numba: the contract's functions around the compiled ones.

Each function here checks its arguments as the C++ bindings do and calls its namesake in
`columns`, `cd` or `terms`. Kernels are compiled on their first call, once for each type
of matrix and penalty, and kept on disk.
"""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from sparsesci._kernels.numba_backend import columns as _passes
from sparsesci._kernels.numba_backend import dense as _dense
from sparsesci._kernels.numba_backend import pursuit as _pursuit
from sparsesci._kernels.numba_backend import terms as _terms
from sparsesci._kernels.numba_backend._bayes_calls import (
    evidence_burst,
    spike_slab_sweep,
)
from sparsesci._kernels.numba_backend._descent_calls import cd_burst, cd_path
from sparsesci._kernels.numba_backend._handles import (
    BOOL,
    DATA,
    INDEX,
    Matrix,
    Penalty,
    check,
    csc_matrix,
    dense_matrix,
    flat,
    gram_matrix,
    penalty,
    penalty_signatures,
    readable,
    recentred,
    require,
    require_columns,
    require_fit,
    require_handle,
    require_residual,
    require_size,
    rows_of,
    state_of,
    writable,
)
from sparsesci._kernels.numba_backend.cd import burst_work_size
from sparsesci._kernels.numba_backend.matrix import Csc, Dense, Gram

NAME = "numba"

__all__ = [
    "NAME",
    "burst_work_size",
    "cd_burst",
    "cd_path",
    "certify",
    "column_stats",
    "copy_columns",
    "correlation",
    "csc_matrix",
    "dense_gram",
    "dense_matrix",
    "dual_point",
    "evidence_burst",
    "gram_matrix",
    "lad_line_search",
    "omp_gram",
    "omp_work_size",
    "penalty",
    "penalty_signatures",
    "prox",
    "prox_rows",
    "recentred",
    "screen",
    "sparse_gram",
    "spike_slab_sweep",
    "subdiff",
    "subtract_product",
    "top_k",
    "value",
]


# ---- passes over a matrix ------------------------------------------------------------
def column_stats(
    X: Matrix,
    center: bool,
    targets: Any,
    means: Any,
    lipschitz: Any,
    correlations: Any,
) -> None:
    require_handle(X, Matrix)
    check(targets, "targets")
    check(means, "means")
    check(lipschitz, "lipschitz")
    check(correlations, "correlations")
    fits = targets.ndim == 2 and targets.shape[1] == X.residual_size
    require(fits, "targets must have one row of n_samples entries for each target")
    T = len(targets)
    require_size(means, X.n_cols, "means")
    require_size(lipschitz, X.n_cols, "lipschitz")
    require_size(correlations, X.n_cols * T, "correlations")
    require(not isinstance(X.view, Gram), "a Gram matrix has no column statistics")
    means, lipschitz = flat(writable(means)), flat(writable(lipschitz))
    out = writable(correlations).reshape(X.n_cols, T)
    if isinstance(X.view, Dense):
        _dense.stats(X.view, bool(center), targets, means, lipschitz, out)
        return
    _passes.sparse_stats(X.view, bool(center), means, lipschitz)
    if T:  # a pass of its own: one kernel less to compile
        whole = recentred(X, means) if center else X
        _correlate(whole, readable(targets), np.zeros(T), None, out)


def correlation(X: Matrix, residual: Any, offset: Any, columns: Any, out: Any) -> None:
    require_handle(X, Matrix)
    check(residual, "residual")
    check(offset, "offset")
    check(out, "out")
    if columns is not None:
        check(columns, "columns", INDEX)
    result = rows_of(out, "out")
    p, n_tasks = result.shape
    require(p == X.n_cols, "out must have one row for each column of X")
    if columns is not None:
        columns = require_columns(columns, p)
    require_residual(X, residual, offset, n_tasks)
    R = state_of(X, readable(residual), readable(offset))
    _correlate(X, *R, columns, writable(result))


def _correlate(X: Matrix, residual: Any, offset: Any, columns: Any, out: Any) -> None:
    if isinstance(X.view, Dense):
        listed = np.arange(X.n_cols) if columns is None else columns
        _dense.correlate(X.view, listed, residual, out)
    elif columns is None:
        _passes.correlation(X.view, residual, offset, out)
    else:
        _passes.correlation_of(X.view, residual, offset, columns, out)


def subtract_product(
    X: Matrix, columns: Any, w: Any, residual: Any, offset: Any
) -> None:
    require_handle(X, Matrix)
    if columns is not None:
        check(columns, "columns", INDEX)
        columns = require_columns(columns, X.n_cols)
    check(w, "w")
    check(residual, "residual")
    check(offset, "offset")
    rows = rows_of(w, "w")
    count = X.n_cols if columns is None else columns.size
    require(len(rows) == count, "w must have one row for each column")
    require_residual(X, residual, offset, rows.shape[1])
    R = state_of(X, writable(residual), writable(offset))
    moved = np.flatnonzero(rows.any(axis=1))
    columns = moved if columns is None else columns[moved]
    if isinstance(X.view, Dense):
        _dense.subtract(X.view, columns, rows[moved], R[0])
    else:
        _passes.subtract_product(X.view, columns, rows[moved], *R)


def copy_columns(X: Matrix, columns: Any, start: int, out: Any) -> None:
    require_handle(X, Matrix)
    check(columns, "columns", INDEX)
    check(out, "out")
    columns, copies = require_columns(columns, X.n_cols), writable(out)
    listed = out.ndim == 2 and len(out) == columns.size
    require(listed, "out must have one row for each column")
    require(
        0 <= index(start) <= X.residual_size - out.shape[1],
        "start must leave as many rows as out has columns",
    )
    require(isinstance(X.view, Dense), "only for dense columns")
    _dense.copy(X.view, columns, slice(start, start + out.shape[1]), copies)


def _require_gram(X: Matrix, columns: Any, known: int, gram: Any) -> tuple[Any, Any]:
    """The columns and the block of `gram` that belongs to them."""
    require_handle(X, Matrix)
    check(columns, "columns", INDEX)
    check(gram, "gram")
    columns, out = require_columns(columns, X.n_cols), writable(gram)
    square = gram.ndim == 2 and gram.shape[0] == gram.shape[1]
    count = columns.size
    require(square and count <= len(gram), "gram must be square and hold all columns")
    require(0 <= index(known) <= count, "known must be a number of columns")
    return columns, out


def dense_gram(
    X: Matrix,
    columns: Any,
    known: int,
    start: int,
    stop: int,
    single: bool,
    gram: Any,
) -> None:
    columns, out = _require_gram(X, columns, known, gram)
    inside = 0 <= index(start) <= index(stop) <= X.residual_size
    require(inside, "start and stop must be rows of X")
    require(isinstance(X.view, Dense), "only for dense columns")
    _dense.gram(X.view, columns, index(known), range(start, stop), single, out)


def sparse_gram(X: Matrix, columns: Any, known: int, gram: Any) -> None:
    columns, out = _require_gram(X, columns, known, gram)
    count = columns.size
    require(isinstance(X.view, Csc), "only for compressed columns")
    ends = X.view.indptr[columns + 1].astype(INDEX) - X.view.indptr[columns]
    start = np.zeros(X.residual_size + 2, dtype=INDEX)
    position, value = np.empty(ends.sum(), dtype=INDEX), np.empty(ends.sum())
    block = out[:count, :count]
    block[known:] = 0.0
    _passes.sparse_gram(X.view, columns, known, start, position, value, out)
    means = X.view.means[columns]
    block[known:] -= X.residual_size * np.outer(means[known:], means)
    block[known:, known:] = _dense.mirrored(block[known:, known:])
    block[:known, known:] = block[known:, :known].T


# ---- a penalty on arrays -------------------------------------------------------------
def _rows(penalty: Penalty, array: Any, name: str) -> Any:
    """Rows that the penalty can be applied to."""
    rows = rows_of(array, name)
    require_fit(penalty, len(rows))
    return readable(rows)


def prox(penalty: Penalty, x: Any, steps: Any, out: Any) -> None:
    require_handle(penalty, Penalty)
    check(x, "x")
    check(steps, "steps")
    check(out, "out")
    require(x.ndim == 2, "x must have 2 dimensions")
    require_fit(penalty, x.shape[1])
    require_size(steps, x.shape[0], "steps")
    require_size(out, x.size, "out")
    result = writable(out).reshape(x.shape)
    _terms.prox(penalty.terms, readable(x), flat(readable(steps)), result)


def prox_rows(penalty: Penalty, rows: Any, step: float, out: Any) -> None:
    require_handle(penalty, Penalty)
    check(rows, "rows")
    check(out, "out")
    source = _rows(penalty, rows, "rows")
    require_size(out, rows.size, "out")
    result = writable(out).reshape(source.shape)
    _terms.prox_rows(penalty.terms, source, float(step), result)


def value(penalty: Penalty, rows: Any) -> float:
    require_handle(penalty, Penalty)
    check(rows, "rows")
    return _terms.value(penalty.terms, _rows(penalty, rows, "rows"))


def subdiff(penalty: Penalty, rows: Any, grad: Any, out: Any) -> None:
    require_handle(penalty, Penalty)
    check(rows, "rows")
    check(grad, "grad")
    check(out, "out")
    source = _rows(penalty, rows, "rows")
    require_size(grad, rows.size, "grad")
    require_size(out, len(source), "out")
    slopes = readable(grad).reshape(source.shape)
    _terms.evaluate(penalty.terms, source, slopes, flat(writable(out)))


def dual_point(
    penalty: Penalty, u: Any, quadratic: float, linear: float
) -> tuple[float, float]:
    require_handle(penalty, Penalty)
    check(u, "u")
    source = _rows(penalty, u, "u")
    return _terms.dual_point(penalty.terms, source, float(quadratic), float(linear))


def certify(
    penalty: Penalty, w: Any, u: Any, quadratic: float, linear: float, violations: Any
) -> tuple[float, float, float, float, int, float]:
    require_handle(penalty, Penalty)
    check(w, "w")
    check(u, "u")
    check(violations, "violations")
    rows = _rows(penalty, w, "w")
    require_size(u, rows.size, "u")
    require_size(violations, len(rows), "violations")
    source = readable(u).reshape(rows.shape)
    out = flat(writable(violations))
    scale, dual = _terms.dual_point(
        penalty.terms, source, float(quadratic), float(linear)
    )
    value = _terms.evaluate(penalty.terms, rows, -source, out)
    return (
        value,
        scale,
        dual,
        float(out.max(initial=0.0)),
        int(np.count_nonzero(rows.any(axis=1))),
        float(np.abs(rows).max(initial=0.0)),
    )


def screen(
    penalty: Penalty, u: Any, lipschitz: Any, scale: float, gap: float, keep: Any
) -> None:
    require_handle(penalty, Penalty)
    check(u, "u")
    check(lipschitz, "lipschitz")
    check(keep, "keep", BOOL)
    source = _rows(penalty, u, "u")
    require_size(lipschitz, len(source), "lipschitz")
    require_size(keep, len(source), "keep")
    _terms.screen(
        penalty.terms,
        source,
        flat(readable(lipschitz)),
        float(scale),
        float(gap),
        flat(writable(keep)),
    )


# ---- greedy pursuit ------------------------------------------------------------------
def omp_work_size(n_atoms: int, n_nonzero: int) -> int:
    return (n_nonzero + 4) * n_atoms + 3 * n_nonzero


def omp_gram(
    gram: Any,
    correlations: Any,
    squares: Any,
    ols: bool,
    n_nonzero: int,
    tol: float,
    dependent: float,
    negligible: float,
    support: Any,
    coef: Any,
    count: Any,
    error: Any,
    work: Any,
) -> None:
    k = index(n_nonzero)
    _check_omp(gram, correlations, squares, k, support, coef, count, error, work)
    p, n_signals = gram.shape[0], squares.size
    scratch = flat(writable(work))
    atoms, rest = scratch[: 4 * p].reshape(4, p), scratch[4 * p :]
    _pursuit.omp_gram(
        readable(gram),
        readable(correlations).reshape(n_signals, p),
        flat(readable(squares)),
        bool(ols),
        (k, float(tol), float(negligible)),
        gram.dtype.type(dependent),
        writable(support).reshape(n_signals, k),
        writable(coef).reshape(n_signals, k),
        flat(writable(count)),
        flat(writable(error)),
        atoms,
        rest[: k * p].reshape(k, p),
        rest[k * p :][: 3 * k].reshape(3, k),
    )


def _check_omp(
    gram: Any,
    correlations: Any,
    squares: Any,
    k: int,
    support: Any,
    coef: Any,
    count: Any,
    error: Any,
    work: Any,
) -> None:
    if not isinstance(gram, np.ndarray) or gram.dtype not in DATA:
        raise TypeError("gram must be an array of float32 or float64")
    check(gram, "gram", gram.dtype)
    check(correlations, "correlations", gram.dtype)
    check(squares, "squares")
    check(support, "support", INDEX)
    check(coef, "coef", gram.dtype)
    check(count, "count", INDEX)
    check(error, "error")
    check(work, "work", gram.dtype)
    square = gram.ndim == 2 and gram.shape[0] == gram.shape[1]
    require(square, "gram must be square")
    p, n_signals = gram.shape[0], squares.size
    require(0 <= k <= p, f"n_nonzero must be at most the number of atoms, {p}")
    require_size(correlations, n_signals * p, "correlations")
    require_size(support, n_signals * k, "support")
    require_size(coef, n_signals * k, "coef")
    require_size(count, n_signals, "count")
    require_size(error, n_signals, "error")
    require(work.size >= omp_work_size(p, k), "work arrays are too small")


def top_k(scores: Any, k: int, out: Any) -> None:
    check(scores, "scores")
    check(out, "out", INDEX)
    require(scores.ndim == 2, "scores must have 2 dimensions")
    n_rows, p = scores.shape
    require(0 <= k <= p, f"k must be at most the number of columns, {p}")
    require_size(out, n_rows * k, "out")
    _pursuit.top_k(readable(scores), writable(out).reshape(n_rows, index(k)))


def lad_line_search(
    X: Matrix, residual: Any, shift: Any, slope: Any, steps: Any, gains: Any, work: Any
) -> None:
    require_handle(X, Matrix)
    check(residual, "residual")
    check(shift, "shift")
    check(slope, "slope")
    check(steps, "steps")
    check(gains, "gains")
    check(work, "work")
    require_size(residual, X.residual_size, "residual")
    require_size(shift, X.n_cols, "shift")
    require_size(slope, X.n_cols, "slope")
    require_size(steps, X.n_cols, "steps")
    require_size(gains, X.n_cols, "gains")
    size = X.residual_size + 1
    require(work.size >= 2 * size, "work arrays are too small")
    require(not isinstance(X.view, Gram), "a Gram matrix has no rows")
    scratch = flat(writable(work))
    _pursuit.lad_line_search(
        X.view,
        flat(readable(residual)),
        flat(readable(shift)),
        flat(readable(slope)),
        flat(writable(steps)),
        flat(writable(gains)),
        scratch[:size],
        scratch[size : 2 * size],
    )
