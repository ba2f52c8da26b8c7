"""Minimum on a face of a Gram problem: the active-set step.

While rows keep to the support and to their side of zero, the objective is smooth, for a
single task quadratic. With h = X~'SR and u_i = w_i / ||w_i||, a Newton step d on the
support solves::

    (G + n curvature + n slope_i / ||w_i|| (1 - u_i u_i')) d
        = h - n (curvature w + slope_i u_i)

Rows that it carries across zero are set to zero, all of them together, and it is taken
anew from there. The outcome is kept if the objective falls; else w goes along the first
step as far as the border of the face.

Plain numpy: elimination dominates, and LAPACK does that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import lapack

from sparsesci._kernels.numba_backend import penalties

MAX_ROUNDS = 6
# Relative to the diagonal. Where the objective is flat along a line, the step stays
# finite and leads to the border.
JITTER = 1e-13


class Face:
    """The support `rows` of w, with the residual h of shape (T, p)."""

    def __init__(self, X: Any, penalty: Any, w: Any, h: Any, rows: Any):
        self.X, self.w, self.h, self.rows = X, w, h, rows
        gram = square(X)
        self.whole, self.gram, self.T = gram, submatrix(gram, rows), w.shape[1]
        self.work = 0.0  # multiplications
        self.slope, self.curvature, self.kink = pieces(penalty, rows)

    def descend(self) -> bool:
        """Move w and h; False where they stay as they are."""
        base, h = self.w[self.rows], self.h[:, self.rows].T.copy()
        alive = np.ones(len(base), dtype=bool)
        first = None
        for _ in range(MAX_ROUNDS):
            step = self.newton(base, h, alive)
            if step is None:
                return False
            first = step if first is None else first
            crossing = alive & self.kink & ((base * (base + step)).sum(axis=1) <= 0)
            if not crossing.any():
                if self.move_if_lower(base + step):
                    return True
                break
            h += self.gram[:, crossing] @ base[crossing]
            base[crossing] = 0.0
            alive &= ~crossing
        return self.T == 1 and self.go_to_border(first)

    def newton(self, base: Any, h: Any, alive: Any) -> Any:
        """Step of the rows alive, from `base`; the others do not move."""
        step = np.zeros_like(base)
        live = np.flatnonzero(alive)
        if not live.size:
            return step
        system, right = self.system(base[live], h[live], live)
        self.work += len(system) ** 3 / 6
        # Symmetric: its transpose is the same matrix in the order that LAPACK wants.
        factor, info = lapack.dpotrf(system.T, lower=1, overwrite_a=1)
        if info:
            return None
        step[live] = lapack.dpotrs(factor, right.ravel(), lower=1)[0].reshape(
            -1, self.T
        )
        return step

    def system(self, w: Any, h: Any, live: Any) -> Any:
        """Matrix and right side of the Newton step from w, the rows `live`."""
        n, T, slope = self.X.n_samples, self.T, self.slope[live]
        system = submatrix(self.gram, live)
        if T > 1:
            system = np.kron(system, np.eye(T))
        diagonal = system.reshape(-1)[:: len(system) + 1]
        diagonal *= 1 + JITTER
        diagonal += n * self.curvature
        size = norms(w)
        u = w / size[:, None]
        if T > 1:
            blocks = np.eye(T) - u[:, :, None] * u[:, None, :]
            blocks *= (n * slope / size)[:, None, None]
            for i, block in enumerate(blocks):
                system[i * T : (i + 1) * T, i * T : (i + 1) * T] += block
        return system, h - n * (self.curvature * w + slope[:, None] * u)

    def go_to_border(self, step: Any) -> bool:
        """Go along the first step until a row becomes zero: F falls all the way."""
        w = self.w[self.rows]
        crossing = np.flatnonzero(self.kink & ((w * (w + step))[:, 0] <= 0))
        if crossing.size == 0:
            return False
        lengths = -w[crossing, 0] / step[crossing, 0]
        shortest = int(np.argmin(lengths))
        to = w + lengths[shortest] * step
        to[crossing[shortest]] = 0.0
        return self.move_if_lower(to)

    def move_if_lower(self, to: Any) -> bool:
        w = self.w[self.rows]
        after = self.h - product(self.whole, self.rows, to - w)
        mean = (self.h[:, self.rows] + after[:, self.rows]).T / (2 * self.X.n_samples)
        if not change_of_objective(w, to, mean, self.slope, self.curvature) < 0:
            return False
        self.w[self.rows] = to
        self.h[:] = after
        return True


def change_of_objective(w: Any, to: Any, mean: Any, slope: Any, curvature: Any) -> Any:
    """From w to `to`, with the mean of ``h / n`` before and after."""
    # The norms' difference without the cancellation of its two terms.
    difference = ((to - w) * (to + w)).sum(axis=1)
    sizes = norms(w) + norms(to)
    along = np.divide(difference, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    return slope @ along + curvature * difference.sum() / 2 - np.vdot(to - w, mean)


def norms(rows: Any) -> Any:
    if rows.shape[1] == 1:
        return np.abs(rows[:, 0])
    return np.linalg.norm(rows, axis=1)


def submatrix(gram: Any, rows: Any) -> Any:
    """A copy of these rows and columns."""
    return gram[rows[:, None], rows]


def square(X: Any) -> Any:
    """The Gram matrix of a view as a matrix."""
    return X.data.reshape(X.stride, X.stride)[: X.n_cols, : X.n_cols]


def product(gram: Any, rows: Any, change: Any) -> Any:
    """``change' gram[rows]``; many rows are not gathered, which would cost more."""
    if 4 * rows.size < len(gram):
        return change.T @ gram[rows]
    spread = np.zeros((len(gram), change.shape[1]))
    spread[rows] = change
    return spread.T @ gram


def pieces(penalty: Any, rows: Any) -> tuple[Any, float, Any]:
    """Slopes at zero, curvature, and where a row may not pass zero smoothly."""
    if penalty.arrays:
        slope = np.array([penalties.threshold(penalty, j) for j in rows.tolist()])
    else:  # the same for all
        slope = np.full(rows.size, penalties.threshold(penalty, 0))
    kink = (slope > 0) | bool(penalty.positive)
    return slope, float(penalties.curvature(penalty)), kink
