"""Bursts of descent: the contract's functions around the compiled ones."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from sparsesci._kernels.numba_backend import cd as _cd
from sparsesci._kernels.numba_backend import faces as _faces
from sparsesci._kernels.numba_backend._handles import (
    INDEX,
    Matrix,
    Penalty,
    check,
    flat,
    readable,
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
from sparsesci._kernels.numba_backend.matrix import Gram


def cd_burst(
    X: Matrix,
    penalty: Penalty,
    lipschitz: Any,
    ws: Any,
    w: Any,
    residual: Any,
    offset: Any,
    max_updates: int,
    tol: float,
    accelerate: bool,
    work: Any,
    index_work: Any,
) -> tuple[int, float]:
    _check(X, penalty, lipschitz, ws, w, residual, offset, work, index_work)
    rows, listed = rows_of(w, "w"), flat(readable(ws))
    problem = X.view, penalty.terms, flat(readable(lipschitz)), listed
    state = writable(rows), state_of(X, writable(residual), writable(offset))
    limits, scratch = (index(max_updates), float(tol)), flat(writable(work))
    if accelerate and _faces.applies(X.view, penalty.terms):
        return _faces.run(*problem, *state, limits, scratch[: rows.shape[1]])
    support = flat(writable(index_work))
    return _cd.run(*problem, *state, (*limits, bool(accelerate)), scratch, support)


def cd_path(
    X: Matrix,
    penalties: Sequence[Penalty],
    slopes: Any,
    tols: Any,
    lipschitz: Any,
    ws: Any,
    w: Any,
    before: Any,
    residual: Any,
    offset: Any,
    max_updates: int,
    out: Any,
    n_updates: Any,
    work: Any,
    index_work: Any,
) -> int:
    problem, scratch = (lipschitz, ws, w, residual, offset), (work, index_work)
    require_handle(X, Matrix)
    require(isinstance(X.view, Gram), "a path needs a Gram matrix")
    for penalty in penalties:
        _check(X, penalty, *problem, *scratch)
    _check_steps(len(penalties), slopes, tols, w, before, out, n_updates)
    rows, left = writable(rows_of(w, "w")), index(max_updates)
    older, coefs = writable(before).reshape(rows.shape), writable(out)
    h = state_of(X, writable(residual), offset)[0]
    counts = flat(writable(n_updates))
    writable(work), writable(index_work)
    for k, (penalty, slope, tol) in enumerate(
        zip(penalties, flat(slopes).tolist(), flat(tols).tolist())
    ):
        if left <= 0:
            return k
        _faces.extrapolate(X.view, slope, rows, older, h)
        made, violation = cd_burst(X, penalty, *problem, left, tol, True, *scratch)
        if not violation <= tol:
            return k
        left, counts[k] = left - made, made
        coefs.reshape(-1, rows.size)[k] = rows.ravel()
    return len(penalties)


def _check(
    X: Any,
    penalty: Any,
    lipschitz: Any,
    ws: Any,
    w: Any,
    residual: Any,
    offset: Any,
    work: Any,
    index_work: Any,
) -> None:
    require_handle(X, Matrix)
    require_handle(penalty, Penalty)
    check(lipschitz, "lipschitz")
    check(ws, "ws", INDEX)
    check(w, "w")
    check(residual, "residual")
    check(offset, "offset")
    check(work, "work")
    check(index_work, "index_work", INDEX)
    p, n_tasks = rows_of(w, "w").shape
    require(p == X.n_cols, "w must have one row for each column of X")
    require_fit(penalty, p)
    require_size(lipschitz, p, "lipschitz")
    require_columns(ws, p)
    require_residual(X, residual, offset, n_tasks)
    needed = burst_work_size(X, ws.size, n_tasks)
    enough = work.size >= needed and index_work.size >= ws.size
    require(enough, "work arrays are too small")


def _check_steps(
    n_steps: int, slopes: Any, tols: Any, w: Any, before: Any, out: Any, n_updates: Any
) -> None:
    check(slopes, "slopes")
    check(tols, "tols")
    check(before, "before")
    check(out, "out")
    check(n_updates, "n_updates", INDEX)
    require_size(slopes, n_steps, "slopes")
    require_size(tols, n_steps, "tols")
    require_size(before, w.size, "before")
    require_size(out, n_steps * w.size, "out")
    require_size(n_updates, n_steps, "n_updates")
