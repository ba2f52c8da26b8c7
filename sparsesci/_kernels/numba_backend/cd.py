"""Cyclic coordinate descent over the rows of a working set.

Kernels: `sweeps`, `combine` and `move_if_better`, driven by `run`. On Gram matrices,
`sweep_until`, driven by `faces.run`.
"""

from __future__ import annotations

import math

import numpy as np

from sparsesci._kernels.numba_backend import penalties
from sparsesci._kernels.numba_backend._cache import helper, inlined, kernel
from sparsesci._kernels.numba_backend._handles import Matrix
from sparsesci._kernels.numba_backend.matrix import corr, loss_change, step
from sparsesci._kernels.numba_backend.vector import copy

DEPTH = 5  # iterates combined by Anderson's extrapolation
ROUNDS = 2  # of extrapolation between two sweeps over the whole working set


def burst_work_size(X: Matrix, ws_size: int, n_tasks: int) -> int:
    return (DEPTH + 1) * ws_size * n_tasks + n_tasks * (X.residual_size + 3)


@inlined
def update_row(X, penalty, L, j, w, residual, offset, new_row):
    """Minimise over row j; returns L_j ||change||, its violation before."""
    T, size, change = w.shape[1], 0.0, 0.0
    for t in range(T):
        new_row[t] = w[j, t] + corr(X, j, residual, offset, t) / L
        size += new_row[t] * new_row[t]
    size = math.sqrt(size) if T > 1 else new_row[0]  # one task is a plain scalar
    new_size = penalties.prox(penalty, size, 1 / L, j)
    for t in range(T):
        new = new_size
        if T > 1:
            new = new_size / size * new_row[t] if size > 0 else 0.0
        delta = new - w[j, t]
        if delta != 0:
            step(X, j, delta, residual, offset, t)
            w[j, t] += delta
            change += delta * delta
    return L * math.sqrt(change)


@inlined
def sweep(X, penalty, lipschitz, rows, w, residual, offset, new_row):
    """Update each of the rows; returns the largest violation met."""
    violation = 0.0
    for i in range(rows.size):
        j = rows[i]
        if lipschitz[j] > 0:
            met = update_row(X, penalty, lipschitz[j], j, w, residual, offset, new_row)
            if met > violation:
                violation = met
    return violation


@kernel
def sweep_until(gram, n, penalty, lipschitz, rows, w, h, new_row, tol, max_sweeps):
    """Sweep on a Gram matrix until the rows meet the tolerance.

    Returns the sweeps made and the last violation. What `sweep` does, written out with
    h = X~'SR, (T, p): inlined, it took twice as long to compile.
    """
    T, violation = w.shape[1], 0.0
    for k in range(max_sweeps):
        violation = 0.0
        for i in range(rows.size):
            j = rows[i]
            L = lipschitz[j]
            if not L > 0:
                continue
            size, change = 0.0, 0.0
            for t in range(T):
                new_row[t] = w[j, t] + h[t, j] / n / L
                size += new_row[t] * new_row[t]
            size = math.sqrt(size) if T > 1 else new_row[0]
            new_size = penalties.prox(penalty, size, 1 / L, j)
            for t in range(T):
                new = new_size
                if T > 1:
                    new = new_size / size * new_row[t] if size > 0 else 0.0
                delta = new - w[j, t]
                if delta != 0:
                    for c in range(h.shape[1]):
                        h[t, c] -= delta * gram[j, c]
                    w[j, t] += delta
                    change += delta * delta
            met = L * math.sqrt(change)
            if met > violation:
                violation = met
        if violation <= tol:
            return k + 1, violation
    return max_sweeps, violation


@kernel
def sweeps(
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
    new_row,
    history,
    support,
    n_updates,
    violation,
    turn,
    size,
):
    """Run to the end of the burst or until an extrapolation is due.

    Turn 0 sweeps over the working set, turn k for the k-th time over its support.
    Returns the last four arguments as they are then; turn 0 is the end.
    """
    if turn > 0:  # the extrapolation is done
        remember(w, support, size, history, turn % DEPTH)
        turn += 1
    while True:
        rows = support[:size] if turn > 0 else ws
        met = sweep(X, penalty, lipschitz, rows, w, residual, offset, new_row)
        n_updates += rows.size
        if turn == 0:
            violation, size = met, gather_support(w, ws, support)
            if met <= tol:
                return n_updates, violation, 0, size
        if met <= tol or (turn == ROUNDS * DEPTH and not accelerate):
            turn = 0
            if n_updates >= max_updates:
                return n_updates, violation, 0, size
            continue
        if accelerate:
            k = (turn - 1) % DEPTH + 1 if turn > 0 else 0
            remember(w, support, size, history, k)
            if k == DEPTH:
                return n_updates, violation, turn, size
        turn += 1


def run(matrix, penalty, lipschitz, ws, w, state, limits, work, support):
    """The burst: compiled sweeps, with what accelerates them in between.

    The loop is in Python so that each part is compiled by itself: inside one another
    they would be optimised again at each level, and once for each kind of matrix and
    penalty.
    """
    T, kept = w.shape[1], w.shape[1] + state[0].size + state[1].size
    new_row, saved, history = work[:T], work[T:kept], work[kept:]
    max_updates, tol, accelerate = limits
    n_updates, violation, turn, size = 0, 0.0, 0, 0
    while True:
        n_updates, violation, turn, size = sweeps(
            matrix,
            penalty,
            lipschitz,
            ws,
            w,
            *state,
            max_updates,
            tol,
            accelerate,
            new_row,
            history,
            support,
            n_updates,
            violation,
            turn,
            size,
        )
        if turn == 0:
            return n_updates, violation
        if combine(history, size * T, np.empty((DEPTH, DEPTH + 1))):
            move_if_better(matrix, penalty, support[:size], w, *state, saved, history)
        if turn == ROUNDS * DEPTH:
            turn = 0
            if violation <= tol or n_updates >= max_updates:
                return n_updates, violation


@inlined
def gather_support(w, ws, support):
    """List the non-zero rows; returns their number."""
    size = 0
    for i in range(ws.size):
        for t in range(w.shape[1]):
            if w[ws[i], t] != 0:
                support[size] = ws[i]
                size += 1
                break
    return size


@helper()
def remember(w, support, size, history, k):
    """Copy the support's rows to the k-th iterate."""
    T = w.shape[1]
    for i in range(size):
        for t in range(T):
            history[(k * size + i) * T + t] = w[support[i], t]


@kernel
def move_if_better(X, penalty, support, w, residual, offset, saved, history):
    """Go from the last iterate to the first of the history if the objective falls."""
    T = w.shape[1]
    m = support.size * T
    candidate, current = history[:m], history[DEPTH * m :]
    if T == 1:  # a zero step projects onto the domain (non-negative coefficients)
        for i in range(m):
            candidate[i] = penalties.prox(penalty, candidate[i], 0.0, support[i])
    save(residual, offset, saved)
    change = move(X, penalty, support, current, candidate, residual, offset, saved)
    if change < 0:
        for i in range(support.size):
            for t in range(T):
                w[support[i], t] = candidate[i * T + t]
    else:
        restore(residual, offset, saved)


@inlined
def move(X, penalty, support, current, candidate, residual, offset, saved):
    """Take the residual from one iterate to the other; returns the objective's change.

    `saved` is the residual before.
    """
    T, change = residual.shape[0], 0.0
    for i in range(support.size):
        j, after, before = support[i], size_at(candidate, i, T), size_at(current, i, T)
        rise = penalties.value(penalty, after, j) - penalties.value(penalty, before, j)
        change += rise
        for t in range(T):
            delta = candidate[i * T + t] - current[i * T + t]
            step(X, j, delta, residual, offset, t)
    for t in range(T):
        change += loss_change(
            X, saved, residual, offset, t, support, current, candidate
        )
    return change


# ---- nothing below depends on the matrix or the penalty: compiled once ---------------
@inlined
def solve(C):
    """Solve the system [C | z] in place of z; False if it is singular."""
    n = C.shape[0]
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(C[i, k]) > abs(C[pivot, k]):
                pivot = i
        if not abs(C[pivot, k]) > 0:
            return False
        for c in range(n + 1):
            C[k, c], C[pivot, c] = C[pivot, c], C[k, c]
        for i in range(n):
            f = C[i, k] / C[k, k] if i != k else 0.0
            for c in range(k, n + 1):
                C[i, c] -= f * C[k, c]
    for k in range(n):
        C[k, n] /= C[k, k]
    return True


@kernel
def combine(history, m, system):
    """Anderson: combine the last iterates so that their residual is smallest.

    Puts the combination in the place of the first iterate; False if there is none.
    """
    depth = system.shape[0]  # not DEPTH: loops of known length would be unrolled
    trace, total = 0.0, 0.0
    for a in range(depth):
        for b in range(a + 1):
            inner = 0.0
            for i in range(m):
                change = history[(a + 1) * m + i] - history[a * m + i]
                inner += change * (history[(b + 1) * m + i] - history[b * m + i])
            system[a, b] = inner
            system[b, a] = inner
        system[a, depth] = 1.0
        trace += system[a, a]
    for a in range(depth):
        system[a, a] += 1e-14 * trace
    if not solve(system):
        return False
    for a in range(depth):
        total += system[a, depth]
    if not math.isfinite(total) or total == 0:
        return False
    for i in range(m):
        mixed = 0.0
        for a in range(depth):
            mixed += system[a, depth] / total * history[(a + 1) * m + i]
        history[i] = mixed
    return True


@inlined
def save(residual, offset, saved):
    T, n = residual.shape
    copy(offset, saved[T * n :])
    for t in range(T):
        copy(residual[t], saved[t * n : (t + 1) * n])


@inlined
def restore(residual, offset, saved):
    T, n = residual.shape
    copy(saved[T * n : T * (n + 1)], offset)
    for t in range(T):
        copy(saved[t * n : (t + 1) * n], residual[t])


@helper()
def size_at(rows, i, T):
    """`size_of` row i of a flat array."""
    if T == 1:
        return rows[i]
    square = 0.0
    for t in range(T):
        square += rows[i * T + t] * rows[i * T + t]
    return math.sqrt(square)
