"""Descent on a Gram matrix: sweeps, and minima on the supports that they find.

Sweeps over a support, on a copy of its part of the Gram matrix, come first: for as much
work as its minimum takes. Small ones go there directly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci._kernels.numba_backend._handles import frozen
from sparsesci._kernels.numba_backend.cd import DEPTH, sweep_until
from sparsesci._kernels.numba_backend.face import (
    Face,
    change_of_objective,
    pieces,
    product,
    square,
    submatrix,
)
from sparsesci._kernels.numba_backend.matrix import Gram
from sparsesci._kernels.numba_backend.penalties import L1L2

MAX_FACE = 4000  # coefficients
# Up to so many, minima come before sweeps.
SMALL = 100
# Up to so many, an extrapolation costs more than the sweeps that it saves.
FEW = 300
# Over supports that are too large for a minimum, between two over the working set.
LARGE_SWEEPS = 10


def applies(matrix: Any, penalty: Any) -> bool:
    """Whether minima can be had: on a Gram matrix, of pieces of parabolas."""
    return isinstance(matrix, Gram) and isinstance(penalty, L1L2)


def run(
    X: Any,
    penalty: Any,
    lipschitz: Any,
    ws: Any,
    w: Any,
    state: Any,
    limits: Any,
    new_row: Any,
) -> tuple[int, float]:
    """One burst, see `cd_burst` in the contract."""
    max_updates, tol = limits
    descent = Descent(X, penalty, lipschitz, w, state, new_row, tol)
    n_updates = 0
    while True:
        violation = descent.sweep(ws)[1]
        n_updates += ws.size
        if violation <= tol:
            return n_updates, violation
        rows = ws[(lipschitz[ws] > 0) & w[ws].any(axis=1)]
        if rows.size:
            n_updates += descent.settle(rows, max_updates - n_updates)
        if n_updates >= max_updates:
            return n_updates, violation


def extrapolate(X: Any, slope: float, w: Any, before: Any, h: Any) -> None:
    """Go on along the line from `before` to w, which becomes the older of the two."""
    rows = np.flatnonzero(before.any(axis=1))
    now = w[rows]
    line = now + slope * (now - before[rows])
    line[(line * now).sum(axis=1) <= 0] = 0.0
    before[:] = w
    w[rows] = line
    h -= product(square(X), rows, line - now)


class Sweeper:
    """A problem and where it stands: coefficients w and h = X~'SR, (T, p)."""

    def __init__(
        self,
        X: Any,
        penalty: Any,
        lipschitz: Any,
        w: Any,
        state: Any,
        new_row: Any,
        tol: float,
    ):
        self.X, self.penalty, self.lipschitz = X, penalty, lipschitz
        self.lines = X.data.reshape(X.stride, X.stride)
        self.w, self.state = w, state
        self.new_row, self.tol = new_row, tol

    @property
    def h(self) -> Any:
        return self.state[0]

    def sweep(self, rows: Any, most: int = 1) -> tuple[int, float]:
        """Sweeps made over these rows, at most so many, and the last violation."""
        return sweep_until(
            self.lines,
            self.X.n_samples,
            self.penalty,
            self.lipschitz,
            rows,
            self.w,
            self.h,
            self.new_row,
            self.tol,
            most,
        )


class Descent(Sweeper):
    """A burst; `sweep_work` and `face_work` are in multiplications."""

    sweep_work = face_work = 0.0

    def settle(self, rows: Any, max_updates: int) -> int:
        """Come near the minimum on the support `rows`, or go there; updates made."""
        made, size = 0, rows.size * self.w.shape[1]
        if size > MAX_FACE:
            return self.sweep(rows, LARGE_SWEEPS)[0] * int(rows.size)
        small = size <= SMALL
        if not (small and self.face_work <= self.sweep_work):
            made, violation = self.settle_by_sweeps(rows, max_updates)
            if violation <= self.tol or made >= max_updates:
                return made
            rows = rows[self.w[rows].any(axis=1)]
        if rows.size:
            face = Face(self.X, self.penalty, self.w, self.h, rows)
            face.descend()
            self.face_work += face.work
        return made + int(rows.size)

    def settle_by_sweeps(self, rows: Any, max_updates: int) -> tuple[int, float]:
        """Sweep over the support, for as much work as its minimum takes."""
        k, T = rows.size, self.w.shape[1]
        left = self.face_work + (k * T) ** 3 / 6 - self.sweep_work
        most = max(1, min(int(left / (k * k * T)), -(-max_updates // k)))  # rounded up
        gram = square(self.X)
        copy = Copy(self, gram, rows)
        n_sweeps, violation = copy.settle(most)
        self.sweep_work += n_sweeps * k * k * T
        h = self.h
        h -= product(gram, rows, copy.w - self.w[rows])
        self.w[rows] = copy.w
        return n_sweeps * k, violation


class Copy(Sweeper):
    """The problem on a support alone, with a copy of its part of the Gram matrix."""

    def __init__(self, whole: Sweeper, gram: Any, rows: Any):
        k, (h, offset) = rows.size, whole.state
        self.gram = submatrix(gram, rows)
        super().__init__(
            Gram(frozen(self.gram), k, k, whole.X.n_samples),
            restricted(whole.penalty, rows),
            whole.lipschitz[rows],
            whole.w[rows],
            (np.ascontiguousarray(h[:, rows]), offset),
            whole.new_row,
            whole.tol,
        )

    def settle(self, most: int) -> tuple[int, float]:
        """Sweeps made, extrapolations counted as one, and the last violation."""
        rows = np.arange(len(self.w))
        if self.w.size < FEW:
            return self.sweep(rows, most)
        slope, curvature, _ = pieces(self.penalty, rows)
        made = 0
        while True:
            iterates = [self.w.copy()]
            for _ in range(DEPTH):
                violation = self.sweep(rows)[1]
                made += 1
                if violation <= self.tol or made >= most:
                    return made, violation
                iterates.append(self.w.copy())
            self.extrapolate(np.array(iterates), slope, curvature)
            made += 1

    def extrapolate(self, iterates: Any, slope: Any, curvature: Any) -> None:
        """Anderson: see `combine` in `cd`; kept only if the objective falls."""
        steps = np.diff(iterates, axis=0).reshape(DEPTH, -1)
        system = steps @ steps.T
        system[np.diag_indices(DEPTH)] += 1e-14 * np.trace(system)
        try:
            c = np.linalg.solve(system, np.ones(DEPTH))
        except np.linalg.LinAlgError:
            return
        if not np.isfinite(c).all() or c.sum() == 0:
            return
        to = np.tensordot(c / c.sum(), iterates[1:], axes=1)
        if self.penalty.positive:
            np.maximum(to, 0.0, out=to)
        after = self.h - (to - self.w).T @ self.gram
        mean = (self.h + after).T / (2 * self.X.n_samples)
        if change_of_objective(self.w, to, mean, slope, curvature) < 0:
            self.w[:] = to
            self.h[:] = after


def restricted(penalty: Any, rows: Any) -> Any:
    """The same penalty on the listed coefficients alone."""
    arrays = {name: frozen(getattr(penalty, name)[rows]) for name in penalty.arrays}
    return penalty._replace(**arrays)
