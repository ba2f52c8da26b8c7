"""A penalty applied to arrays of rows, shape (p, T).

A row of more than one value is penalised through its norm.
"""

from __future__ import annotations

import math

import numpy as np

from sparsesci._kernels.numba_backend import penalties
from sparsesci._kernels.numba_backend._cache import kernel
from sparsesci._kernels.numba_backend.vector import size_of, smaller


@kernel
def prox(penalty, x, steps, out):
    for b in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[b, j] = penalties.prox(penalty, x[b, j], steps[b], j)


@kernel
def prox_rows(penalty, rows, step, out):
    for j in range(rows.shape[0]):
        size = size_of(rows, j)
        shrink = penalties.prox(penalty, size, step, j) / size if size != 0 else 0.0
        for t in range(rows.shape[1]):
            out[j, t] = shrink * rows[j, t]


@kernel
def value(penalty, rows):
    total = 0.0
    for j in range(rows.shape[0]):
        total += penalties.value(penalty, size_of(rows, j), j)
    return total


@kernel
def subdiff(penalty, rows, grad, out):
    for j in range(rows.shape[0]):
        size, n_tasks = size_of(rows, j), rows.shape[1]
        if n_tasks == 1 or size == 0:
            slope = grad[j, 0] if n_tasks == 1 else -size_of(grad, j)
            out[j] = penalties.subdiff(penalty, size, slope, j)
            continue
        # Split the gradient along the row and across it: the penalty only acts along.
        along, across = 0.0, 0.0
        for t in range(n_tasks):
            along += grad[j, t] * rows[j, t] / size
        for t in range(n_tasks):
            rest = grad[j, t] - along * rows[j, t] / size
            across += rest * rest
        distance = penalties.subdiff(penalty, size, along, j)
        out[j] = math.hypot(distance, math.sqrt(across))


def dual_point(penalty, u, quadratic, linear):
    """The largest dual value along a ray, as (scale, value).

    Only rows whose conjugate is not flat up to the end of the ray bend the objective.
    The search over these is in Python: the Lasso has none, and compiles none of it.
    """
    high = linear / (2 * quadratic) if quadratic > 0 else 1.0
    bent = np.empty(len(u), np.int64)
    high, n_bent = reach(penalty, u, high, bent)
    if not high > 0:
        return 0.0, 0.0
    bent, scale, fall = bent[:n_bent], high, 0.0
    if n_bent:
        scale = _best_scale(penalty, u, bent, quadratic, linear, high)
        fall = conjugates(penalty, u, bent, scale)[0]
    return scale, linear * scale - quadratic * scale * scale - fall


@kernel
def reach(penalty, u, high, bent):
    """The largest feasible scale up to `high`; list the rows that bend up to there."""
    for j in range(u.shape[0]):
        high = smaller(high, penalties.dual_scale(penalty, size_of(u, j), j))
    n_bent = 0
    if high > 0:
        for j in range(u.shape[0]):
            if penalties.conjugate_grad(penalty, high * size_of(u, j), j) != 0:
                bent[n_bent] = j
                n_bent += 1
    return high, n_bent


@kernel
def conjugates(penalty, u, bent, c):
    """Sum of the conjugates of the listed rows at c u, and its derivative in c."""
    total, slope = 0.0, 0.0
    for i in range(bent.size):
        j = bent[i]
        size = size_of(u, j)
        total += penalties.conjugate(penalty, c * size, j)
        slope += size * penalties.conjugate_grad(penalty, c * size, j)
    return total, slope


def _best_scale(penalty, u, bent, quadratic, linear, high):
    """Root in (0, high) of the falling slope, `high` where it stays positive.

    Regula falsi with the Illinois weights; 1 is the likely root, near an optimum.
    """

    def slope_at(c):
        return linear - 2 * quadratic * c - conjugates(penalty, u, bent, c)[1]

    low, at_low, side = 0.0, linear, 0
    at_high = slope_at(high)
    best, size = high, abs(at_high)
    for k in range(100):
        if not (at_high < 0 and size > 1e-14 * linear and high - low > 4e-16 * high):
            break
        c = (low * at_high - high * at_low) / (at_high - at_low)
        if k == 0 and high > 1:
            c = 1.0
        slope = slope_at(c)
        if abs(slope) < size:
            best, size = c, abs(slope)
        if slope > 0:
            low, at_low = c, slope
            at_high = at_high / 2 if side > 0 else at_high
            side = 1
        else:
            high, at_high = c, slope
            at_low = at_low / 2 if side < 0 else at_low
            side = -1
    return best


@kernel
def screen(penalty, u, lipschitz, scale, gap, keep):
    # n ||theta - theta*||^2 <= 2 gap, and |x~_j'S(theta - theta*)| <= sqrt(n L_j) ||.||
    margin = 1 + 1e-10
    for j in range(u.shape[0]):
        center = scale * size_of(u, j)
        radius = margin * math.sqrt(2 * gap * lipschitz[j])
        keep[j] = (
            penalties.subdiff(penalty, 0.0, -(center + radius), j) != 0
            or penalties.subdiff(penalty, 0.0, -(center - radius), j) != 0
        )
