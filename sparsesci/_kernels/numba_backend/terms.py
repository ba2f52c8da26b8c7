"""A penalty applied to arrays of rows, shape (p, T).

What is compiled knows numbers alone. A row of more than one value is penalised through
its norm, in numpy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sparsesci._kernels.numba_backend import penalties
from sparsesci._kernels.numba_backend._cache import helper, kernel


def sizes(rows: Any) -> Any:
    """Norms of rows; a single value keeps its sign, on which `positive` depends."""
    if rows.shape[1] == 1:
        return rows.reshape(-1)
    return np.sqrt(np.einsum("jt,jt->j", rows, rows))


# ---- proximal operators --------------------------------------------------------------
@kernel
def prox(penalty, x, steps, out):
    for b in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[b, j] = penalties.prox(penalty, x[b, j], steps[b], j)


def prox_rows(penalty: Any, rows: Any, step: float, out: Any) -> None:
    size = sizes(rows)
    shrunk = np.empty((1, size.size))
    prox(penalty, size.reshape(1, -1), np.array([step]), shrunk)
    if rows.shape[1] == 1:
        out[:, 0] = shrunk[0]
        return
    zero = np.zeros_like(size)
    out[:] = np.divide(shrunk[0], size, out=zero, where=size != 0)[:, None] * rows


# ---- values and violations -----------------------------------------------------------
def value(penalty: Any, rows: Any) -> float:
    return float(total(penalty, sizes(rows)))


@kernel
def total(penalty, x):
    value = 0.0
    for j in range(x.size):
        value += penalties.value(penalty, x[j], j)
    return value


def evaluate(penalty: Any, rows: Any, grad: Any, out: Any) -> float:
    """The value; `out` are the distances of -grad to the subdifferential."""
    if rows.shape[1] == 1:
        return float(_evaluate(penalty, rows.reshape(-1), grad.reshape(-1), out))
    # Split the gradient along the row and across it: the penalty only acts along.
    size = sizes(rows)
    moved = size != 0
    unit = np.divide(rows, size[:, None], out=np.zeros_like(rows), where=moved[:, None])
    along = np.einsum("jt,jt->j", grad, unit)
    across = sizes(grad - along[:, None] * unit)
    slopes = np.where(moved, along, -sizes(grad))
    value = float(_evaluate(penalty, size, slopes, out))
    out[moved] = np.hypot(out[moved], across[moved])
    return value


@kernel
def _evaluate(penalty, x, slopes, out):
    value = 0.0
    for j in range(x.size):
        value += penalties.value(penalty, x[j], j)
        out[j] = penalties.subdiff(penalty, x[j], slopes[j], j)
    return value


# ---- the dual side -------------------------------------------------------------------
def dual_point(
    penalty: Any, rows: Any, quadratic: float, linear: float
) -> tuple[float, float]:
    """The largest dual value along a ray, as (scale, value).

    Only rows whose conjugate is not flat up to the end of the ray bend the objective.
    The search over these is in Python: the Lasso has none, and compiles none of it.
    """
    high, u = linear / (2 * quadratic) if quadratic > 0 else 1.0, sizes(rows)
    bent = np.empty(len(u), np.int64)
    high, n_bent = reach(penalty, u, high, bent)
    if not high > 0:
        return 0.0, 0.0
    bent, scale, fall = bent[:n_bent], high, 0.0
    if n_bent:
        scale = _best_scale(penalty, u, bent, quadratic, linear, high)
        fall = conjugates(penalty, u, bent, scale)[0]
    return scale, linear * scale - quadratic * scale * scale - fall


@helper()
def smaller(a, b):
    """The smaller of two numbers, the other one where one is NaN."""
    return a if a < b or b != b else b


@kernel
def reach(penalty, u, high, bent):
    """The largest feasible scale up to `high`; list the rows that bend up to there."""
    for j in range(u.size):
        high = smaller(high, penalties.dual_scale(penalty, u[j], j))
    n_bent = 0
    if high > 0:
        for j in range(u.size):
            if penalties.conjugate_grad(penalty, high * u[j], j) != 0:
                bent[n_bent] = j
                n_bent += 1
    return high, n_bent


@kernel
def conjugates(penalty, u, bent, c):
    """Sum of the conjugates of the listed rows at c u, and its derivative in c."""
    total, slope = 0.0, 0.0
    for i in range(bent.size):
        j = bent[i]
        total += penalties.conjugate(penalty, c * u[j], j)
        slope += u[j] * penalties.conjugate_grad(penalty, c * u[j], j)
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


def screen(
    penalty: Any, rows: Any, lipschitz: Any, scale: float, gap: float, keep: Any
) -> None:
    _screen(penalty, sizes(rows), lipschitz, scale, gap, keep)


@kernel
def _screen(penalty, u, lipschitz, scale, gap, keep):
    # n ||theta - theta*||^2 <= 2 gap, and |x~_j'S(theta - theta*)| <= sqrt(n L_j) ||.||
    margin = 1 + 1e-10
    for j in range(u.size):
        center = scale * u[j]
        radius = margin * math.sqrt(2 * gap * lipschitz[j])
        keep[j] = (
            penalties.subdiff(penalty, 0.0, -(center + radius), j) != 0
            or penalties.subdiff(penalty, 0.0, -(center - radius), j) != 0
        )
