"""Cyclic coordinate descent over the rows of a working set."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sparsesci._kernels.numba_backend import penalties
from sparsesci._kernels.numba_backend._cache import kernel
from sparsesci._kernels.numba_backend.matrix import corr, loss_change, step
from sparsesci._kernels.numba_backend.vector import size_of

DEPTH = 5  # iterates combined by Anderson's extrapolation
ROUNDS = 2  # extrapolations between two sweeps over the whole working set


def burst_work_size(ws_size: int, n_tasks: int, residual_size: int) -> int:
    return (DEPTH + 1) * ws_size * n_tasks + n_tasks * (residual_size + 3)


class Burst(NamedTuple):
    """What every step of a burst looks at. Rows of w have T values."""

    X: Any
    penalty: Any
    lipschitz: Any
    w: Any
    residual: Any
    offset: Any
    new_row: Any  # T values
    saved: Any  # a copy of the residual, then of the offset
    history: Any  # DEPTH + 1 iterates of the support


@kernel
def cd_burst(
    X,
    penalty,
    lipschitz,
    ws,
    w,
    residual,
    offset,
    max_updates,
    tol,
    accelerate,
    work,
    index_work,
):
    T, kept = w.shape[1], w.shape[1] + residual.size + offset.size
    burst = Burst(
        X,
        penalty,
        lipschitz,
        w,
        residual,
        offset,
        work[:T],
        work[T:kept],
        work[kept:],
    )
    n_updates = 0
    while True:
        violation = sweep(burst, ws)
        n_updates += ws.size
        if violation <= tol:
            break
        support = gather_support(w, ws, index_work)
        n_updates += settle(burst, support, tol, accelerate)
        if n_updates >= max_updates:
            break
    return n_updates, violation


@kernel
def sweep(burst, rows):
    """Update each of the rows; returns the largest violation met."""
    violation = 0.0
    for j in rows:
        if burst.lipschitz[j] > 0:
            change = update_row(burst, j)
            if change > violation:
                violation = change
    return violation


@kernel
def update_row(burst, j):
    """Minimise over row j; returns L_j ||change||, its violation before."""
    X, w, residual, offset = burst.X, burst.w, burst.residual, burst.offset
    L, T, new_row = burst.lipschitz[j], w.shape[1], burst.new_row
    if T == 1:
        old = w[j, 0]
        moved = old + corr(X, j, residual, offset, 0) / L
        new = penalties.prox(burst.penalty, moved, 1 / L, j)
        w[j, 0] = new
        if new != old:
            step(X, j, new - old, residual, offset, 0)
        return L * abs(new - old)
    square = 0.0
    for t in range(T):
        new_row[t] = w[j, t] + corr(X, j, residual, offset, t) / L
        square += new_row[t] * new_row[t]
    size, shrink, change = math.sqrt(square), 0.0, 0.0
    if size > 0:
        shrink = penalties.prox(burst.penalty, size, 1 / L, j) / size
    for t in range(T):
        delta = shrink * new_row[t] - w[j, t]
        if delta != 0:
            step(X, j, delta, residual, offset, t)
            w[j, t] += delta
            change += delta * delta
    return L * math.sqrt(change)


@kernel
def gather_support(w, ws, index_work):
    size = 0
    for j in ws:
        if size_of(w, j) != 0:
            index_work[size] = j
            size += 1
    return index_work[:size]


@kernel
def settle(burst, support, tol, accelerate):
    """A few sweeps over the support alone; returns the updates made."""
    n_updates = 0
    for _ in range(ROUNDS):
        if accelerate:
            remember(burst.w, support, burst.history, 0)
        for k in range(1, DEPTH + 1):
            violation = sweep(burst, support)
            n_updates += support.size
            if violation <= tol:
                return n_updates
            if accelerate:
                remember(burst.w, support, burst.history, k)
        if accelerate:
            extrapolate(burst, support)
    return n_updates


@kernel
def remember(w, support, history, k):
    """Copy the support's rows to the k-th iterate."""
    T = w.shape[1]
    for i in range(support.size):
        for t in range(T):
            history[(k * support.size + i) * T + t] = w[support[i], t]


@kernel
def extrapolate(burst, support):
    """Anderson: combine the last iterates so that their combined residual is smallest.

    The combination is kept only if the objective falls.
    """
    T = burst.w.shape[1]
    m = support.size * T
    if not combine(burst.history, m):
        return
    candidate = burst.history[:m]
    if T == 1:  # a zero step projects onto the domain (non-negative coefficients)
        for i in range(m):
            candidate[i] = penalties.prox(burst.penalty, candidate[i], 0.0, support[i])
    accept_if_better(burst, support, candidate, burst.history[DEPTH * m :])


@kernel
def combine(history, m):
    """Put the combination of the iterates in the place of the first; False if none."""
    gram, c = np.empty((DEPTH, DEPTH)), np.ones(DEPTH)
    trace, total = 0.0, 0.0
    for a in range(DEPTH):
        for b in range(a + 1):
            inner = 0.0
            for i in range(m):
                change = history[(a + 1) * m + i] - history[a * m + i]
                inner += change * (history[(b + 1) * m + i] - history[b * m + i])
            gram[a, b] = inner
            gram[b, a] = inner
        trace += gram[a, a]
    for a in range(DEPTH):
        gram[a, a] += 1e-14 * trace
    if not solve(gram, c):
        return False
    for a in range(DEPTH):
        total += c[a]
    if not math.isfinite(total) or total == 0:
        return False
    for a in range(DEPTH):
        c[a] /= total
    for i in range(m):
        mixed = 0.0
        for a in range(DEPTH):
            mixed += c[a] * history[(a + 1) * m + i]
        history[i] = mixed
    return True


@kernel
def solve(C, z):
    """Solve C x = z in place by elimination with pivoting; False if C is singular."""
    n = z.size
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(C[i, k]) > abs(C[pivot, k]):
                pivot = i
        if not abs(C[pivot, k]) > 0:
            return False
        z[k], z[pivot] = z[pivot], z[k]
        for c in range(n):
            C[k, c], C[pivot, c] = C[pivot, c], C[k, c]
        for i in range(k + 1, n):
            f = C[i, k] / C[k, k]
            for c in range(k, n):
                C[i, c] -= f * C[k, c]
            z[i] -= f * z[k]
    for k in range(n - 1, -1, -1):
        for c in range(k + 1, n):
            z[k] -= C[k, c] * z[c]
        z[k] /= C[k, k]
    return True


@kernel
def accept_if_better(burst, support, candidate, current):
    """Move the support's rows from `current` to `candidate` if the objective falls."""
    T, residual, offset = burst.w.shape[1], burst.residual, burst.offset
    save(residual, offset, burst.saved)
    change = penalty_change(burst.penalty, support, current, candidate, T)
    for i in range(support.size):
        for t in range(T):
            delta = candidate[i * T + t] - current[i * T + t]
            step(burst.X, support[i], delta, residual, offset, t)
    for t in range(T):
        change += loss_change(
            burst.X, burst.saved, residual, offset, t, support, current, candidate
        )
    if change < 0:
        for i in range(support.size):
            for t in range(T):
                burst.w[support[i], t] = candidate[i * T + t]
    else:
        restore(residual, offset, burst.saved)


@kernel
def save(residual, offset, saved):
    T, n = residual.shape
    for t in range(T):
        saved[T * n + t] = offset[t]
        for i in range(n):
            saved[t * n + i] = residual[t, i]


@kernel
def restore(residual, offset, saved):
    T, n = residual.shape
    for t in range(T):
        offset[t] = saved[T * n + t]
        for i in range(n):
            residual[t, i] = saved[t * n + i]


@kernel
def penalty_change(penalty, support, current, candidate, T):
    change = 0.0
    for i in range(support.size):
        j = support[i]
        after, before = flat_size(candidate, i, T), flat_size(current, i, T)
        rise = penalties.value(penalty, after, j) - penalties.value(penalty, before, j)
        change += rise
    return change


@kernel
def flat_size(rows, i, T):
    """`size_of` row i of a flat array."""
    if T == 1:
        return rows[i]
    square = 0.0
    for t in range(T):
        square += rows[i * T + t] * rows[i * T + t]
    return math.sqrt(square)
