"""Coordinate descent on working sets: the one outer loop behind the Lasso family.

    repeat
        full pass: correlations, objective, duality gap        (stop here)
        gap-safe screening, now and then
        working set: support and the worst violators
        descent on it, to a tolerance that follows the violation

On the way from far away, on wide dense data, alpha falls by steps from pass to pass.

The kernels do the arithmetic; every decision is taken here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.operators.design import DenseDesign
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import Certificate, Certifier, violations_of
from sparsesci.solvers._control import Control
from sparsesci.solvers._descent import Course, Descent
from sparsesci.solvers._free_block import free_block, unbound_columns
from sparsesci.solvers._problem import (
    LeastSquares,
    Problem,
    State,
    move,
    union,
)

# Up to this many features the working set is everything: choosing costs more.
_SMALL = 100
_NOTHING = np.empty(0)
_TINY = float(np.finfo(np.float64).tiny)
# Relative rounding error of a correlation.
_UNIT = 16 * float(np.finfo(np.float64).eps)
# A violation of so many rounding errors counts as none.
_EXACT = 4
# Rows added to a working set: at least the first, else this share of the support.
_MIN_GROWTH, _GROWTH = 100, 1.0
# On tall data so many of all are taken for all: inner products of a few columns with
# the others cost as much as another look.
_NEARLY_ALL = 0.95
# Rows so near to their bound, as a share of it, are taken along with few violators, up
# to such a share of these.
_NEAR, _MORE = 0.1, 0.4
# Updates for each active row before the residual is computed anew.
_REFRESH = 30
# Below this share of all rows, a working set costs so much less than a look at all
# columns that it is solved more exactly in between.
_FEW = 0.02
# Alpha is approached from above in such ratios: while the support is few, and after.
_STEPS = 3.0, 2.0

_NO_ROWS: Indices = np.empty(0, dtype=np.int64)


class WorkingSetSolver:
    """Solver of one problem for any penalty of the registry that has a dual.

    Parameters
    ----------
    problem : LeastSquares or GramLeastSquares
        The data.
    control : Control
        Stopping rules.
    rng : Generator or None
        Where given, working sets are visited in random order.
    alone : bool
        Whether it is solved for one penalty alone.
    """

    def __init__(
        self,
        problem: Problem,
        control: Control,
        rng: Any = None,
        alone: bool = False,
    ) -> None:
        self.problem = problem
        self.control = control
        self.descent = Descent(problem, rng, alone)
        # Few sweeps suffice on tall data: working sets take all violators.
        self.tall = problem.n_samples > problem.n_features
        # On wide dense data, a look at all columns costs more than most of what happens
        # in between, and a support that is too large on the way even more.
        dense = isinstance(problem, LeastSquares) and isinstance(
            problem.design, DenseDesign
        )
        self.dear = dense and not self.tall
        self.backend = problem.backend
        self.alive = problem.lipschitz > 0
        self.all_alive = bool(self.alive.all())
        # What the correlation of a column of unit length may be off, and the longest's.
        self.unit = _UNIT * math.sqrt(2 * problem.null_objective)
        self.rounding = self.unit * math.sqrt(problem.lipschitz.max())
        # Gap for a violation of one, as last seen: to first order, it is a multiple.
        self.gap_rate = _TINY
        self.kept: Indices | None = None
        self.seeded = False
        # The certificate before, and how many in a row have hardly been better.
        self._last: Certificate | None = None
        self._n_slow = 0
        # Rows and tolerance of the last descent; what share of it to ask for instead.
        self._asked, self._rigour = (_NO_ROWS, 0.0), 1.0

    def solve(
        self,
        penalty: Penalty,
        state: State,
        seed: Indices | None = None,
        guess: Doubles | None = None,
    ) -> Certificate:
        """Minimise in place on `state`, until the control stops.

        `seed` are rows for the first working set, beside the support. `guess` are
        coefficients near the solution.
        """
        self._adopt(penalty, state)
        if self.descent.subgram is None:
            return self._solve_on_gram(state, guess)
        updates = 0.0
        self.seeded = seed is not None
        if seed is not None and seed.size:
            ws = union(len(state.W), state.support(), seed)
            updates = self._descend(ws, self._aim(ws), state, guess)
        level: float | None = None
        while True:
            point = self._evaluate(state)
            if self._stop(point):
                return point
            self._watch(point)
            if updates > _REFRESH * max(_MIN_GROWTH, point.n_active):
                self.problem.refresh(state)  # rounding errors gather in the residual
                updates = 0.0
            if level is None:
                cold = self.dear and not state.W.any()
                level = 1 + point.relative_violation if cold else 1.0
            level = self._next_level(level, point)
            if level > 1:
                updates += self._descend_at(level, state)
                continue
            self._screen(point, state)
            ws = self._working_set(point.violations, state)
            tol, course = self._inner_tol(point, ws), self._course(point)
            self._asked = ws, tol
            made = self._descend(ws, tol, state, None, course)
            nothing = made == 0 and not self.control.status  # time may have run out
            if nothing and not self.descent.sharpen():
                self.control.status = "stalled"
            updates += made

    def accept(
        self, penalty: Penalty, state: State, handle: Any = None
    ) -> Certificate | None:
        """Certify a state from elsewhere; None unless the control stops there."""
        self._adopt(penalty, state, handle)
        point = self._evaluate(state)
        return point if self._stop(point) else None

    def _solve_on_gram(self, state: State, guess: Doubles | None) -> Certificate:
        """Solve where every column is known: the working set is everything."""
        if not state.W.any():  # zero may be the solution, to the last bit
            point = self._evaluate(state)
            if self._stop(point):
                return point
        ws = np.flatnonzero(self.alive)
        tol = self._aim(ws)
        while True:
            made = self._descend(ws, tol, state, guess)
            point = self._evaluate(state)
            if self._stop(point):
                return point
            if made == 0:
                self.control.status = "stalled"
                return point
            self.problem.refresh(state)
            guess, tol = None, max(0.03 * tol, _EXACT * self.rounding)

    def _watch(self, point: Certificate) -> None:
        """Where descents lead nowhere, be more exact, and then leave single precision.

        Columns far from zero that are not centred have all their digits in the mean.
        """
        last, self._last = self._last, point
        if last is None:
            return
        slow = point.violation > 0.5 * last.violation
        self._n_slow = self._n_slow + 1 if slow else 0
        if slow:
            self._tighten(point)
        if self._n_slow > 1 or point.objective > last.objective:
            self.descent.sharpen()

    def _tighten(self, point: Certificate) -> None:
        """Ask the next descents for as much more as the last one left undone.

        A sweep meets each row before those after it move: of columns that are much
        alike, it may leave violations far above all that it has met.
        """
        ws, tol = self._asked
        if not ws.size or not self.descent.knows(ws):
            return  # on the data, sweeps are no cheaper than another look
        left = float(point.violations[ws].max())
        if left > tol:
            self._rigour *= 0.5 * tol / left

    def _descend(
        self,
        ws: Indices,
        tol: float,
        state: State,
        guess: Doubles | None = None,
        course: Course | None = None,
    ) -> float:
        return self.descent.run(
            self.penalty, self.handle, ws, tol, state, self.control, guess, course
        )

    def _aim(self, ws: Indices) -> float:
        return self.aim(ws.size, self.certifier.smallest_pull)

    def aim(self, n_rows: int, pull: float) -> float:
        """Exact where that is cheap, else half of the violation that is allowed.

        `pull` is the smallest that the penalty has at zero.
        """
        if n_rows <= _SMALL or pull == np.inf:
            return _EXACT * self.rounding
        allowed = math.sqrt(self.control.tol) * pull
        return 0.5 * min(allowed, self.target / self.gap_rate)

    def _next_level(self, level: float, point: Certificate) -> float:
        """The next multiple of alpha on the way down; the last ratio may be larger."""
        few = point.n_active < _FEW * self._n_kept
        step = _STEPS[0] if few else _STEPS[1]
        return level / step if level > step + 1 else 1.0

    def _descend_at(self, level: float, state: State) -> float:
        """Come near the solution at a multiple of alpha, on the way to it."""
        penalty = self.penalty.with_alpha(self.penalty.alpha * level)
        handle = penalty.build(self.backend)
        violations = violations_of(handle, state.W, state.U)
        if not self.all_alive:
            violations[~self.alive] = 0.0
        ws = self._working_set(violations, state)
        if not ws.size:
            return 0.0
        tol = 0.3 * float(violations.max())
        return self.descent.run(penalty, handle, ws, tol, state, self.control)

    def complete(self, state: State) -> None:
        """Correlate the columns that were screened, for the penalty that comes next."""
        if self.kept is None or not state.fresh:
            return
        gone = self.alive.copy()
        gone[self.kept] = False
        self.problem.correlate(state, np.flatnonzero(gone))

    # -- one outer iteration -----------------------------------------------------------
    def _adopt(self, penalty: Penalty, state: State, handle: Any = None) -> None:
        """Take on a penalty: handle, dual bound, free columns, feasible start."""
        self.penalty = penalty
        self.target = self.control.tol * self.problem.null_objective
        self.kept = None
        self._n_kept = self.problem.n_features
        self._screened_gap = np.inf
        self._last, self._n_slow = None, 0
        self._asked, self._rigour = (_NO_ROWS, 0.0), 1.0
        unbound = unbound_columns(self.problem, penalty)
        if handle is None:
            handle = penalty.build(self.backend)
        reach = self._reach(unbound)
        self.certifier = Certifier(penalty, handle, self.backend, unbound, reach)
        self.handle = self.certifier.handle
        self.free = free_block(self.problem, penalty) if unbound.size else None
        self._make_feasible(state)

    def _reach(self, columns: Indices) -> Doubles:
        """Coefficients that a fit of the whole target could take."""
        if columns.size == 0:
            return _NOTHING
        energy = 2 * self.problem.null_objective
        return np.asarray(np.sqrt(energy / self.problem.lipschitz[columns]))

    def _make_feasible(self, state: State) -> None:
        W, slope = state.W, self.penalty.slope
        positive = getattr(self.penalty, "positive", False)
        if self.all_alive and np.ndim(slope) == 0 and not positive:
            return
        bad = (W != 0) & (~self.alive | (slope == np.inf))[:, None]
        if positive:
            bad |= W < 0
        if bad.any():
            W[bad] = 0.0
            self.problem.refresh(state)

    def _correlate(self, state: State) -> None:
        self.problem.correlate(state, self.kept)
        if not self.all_alive:
            state.U[~self.alive] = 0.0

    def _evaluate(self, state: State) -> Certificate:
        if self.free is not None:
            self.free.solve(state)
        if not state.fresh:
            self._correlate(state)
        return self.certifier.evaluate(state.W, state.U, *self.problem.moments(state))

    def _stop(self, point: Certificate) -> bool:
        control = self.control
        if control.observed:
            control.report(
                point.objective,
                point.gap,
                point.violation,
                point.n_active,
                self.penalty.alpha,
            )
        if point.meets(self.target, control.tol):
            control.status = "converged"
            if point.violation > self.rounding:
                self.gap_rate = max(point.gap / point.violation, _TINY)
        elif self._at_rounding(point):
            control.status = "converged" if point.gap <= self.target else "stalled"
        return bool(control.status) or control.exhausted()

    def _at_rounding(self, point: Certificate) -> bool:
        """Whether no column violates optimality by more than correlations are off."""
        if point.violation > self.rounding:
            return False
        each = self.unit * np.sqrt(self.problem.lipschitz)
        return bool((point.violations <= each).all())

    def _screen(self, point: Certificate, state: State) -> None:
        """Drop columns that the gap proves to be zero."""
        if self._n_kept <= _SMALL or point.gap > 0.2 * self._screened_gap:
            return
        if point.gap > 0.1 * self.problem.null_objective:
            return  # too early to prove anything
        self._screened_gap = point.gap
        keep = np.empty(self.problem.n_features, dtype=np.bool_)
        self.backend.screen(
            self.handle,
            state.U,
            self.problem.lipschitz,
            point.scale,
            point.sphere_gap,
            keep,
        )
        keep &= self.alive
        if self.kept is not None:
            before = np.zeros_like(keep)
            before[self.kept] = True
            keep &= before
        n_kept = int(np.count_nonzero(keep))
        if n_kept < 0.8 * self._n_kept:
            self._restrict(keep, n_kept, point, state)

    def _restrict(
        self, keep: NDArray[np.bool_], n_kept: int, point: Certificate, state: State
    ) -> None:
        self.kept, self._n_kept = np.flatnonzero(keep), n_kept
        gone = np.flatnonzero(~keep & state.W.any(axis=1))
        if gone.size:
            move(self.problem, state, gone, np.zeros_like(state.W[gone]))
            self._correlate(state)
        state.U[~keep] = 0.0
        point.violations[~keep] = 0.0

    def _working_set(self, violations: Doubles, state: State) -> Indices:
        """Support and the worst violators; everything where there is little."""
        everything = np.flatnonzero(self.alive) if self.kept is None else self.kept
        if self._n_kept <= _SMALL:
            return everything
        support = state.support()
        if self.tall:
            ws = union(len(state.W), support, np.flatnonzero(violations > 0))
            return everything if ws.size > _NEARLY_ALL * everything.size else ws
        size = max(_MIN_GROWTH, int(_GROWTH * support.size)) + support.size
        ws = union(len(state.W), support, _worst(violations, size))
        few = support.size < ws.size < size
        unguided = self.dear and not self.seeded
        return self._with_neighbours(ws, state) if unguided and few else ws

    def _with_neighbours(self, ws: Indices, state: State) -> Indices:
        """The rows and a few more that would join them at a slightly smaller alpha.

        They are the likeliest to violate optimality when the others have moved.
        """
        penalty = self.penalty.with_alpha((1 - _NEAR) * self.penalty.alpha)
        violations = violations_of(penalty.build(self.backend), state.W, state.U)
        violations[ws] = 0.0
        near = _worst(violations, 1 + int(_MORE * ws.size))
        share = self.descent.affordable_share(ws, near)
        if share < 1:
            near = _worst(violations, int(share * near.size))
        return union(len(state.W), ws, near)

    def _inner_tol(self, point: Certificate, ws: Indices) -> float:
        """Follow the violation down, faster where the working set looks complete."""
        if self.descent.is_cheap(ws):
            return _EXACT * self.rounding
        need = self._need(point)
        chosen = self.tall and self._n_kept > _SMALL
        complete = self.descent.knows(ws) or (ws.size >= self._n_kept and not chosen)
        floor = 1e-3 if complete else 0.03 if ws.size < _FEW * self._n_kept else 0.1
        tol = self._rigour * point.violation * min(max(need, floor), 0.3)
        return max(tol, _EXACT * self.rounding)

    def _need(self, point: Certificate) -> float:
        """To which share of itself the violation has to fall."""
        need = 0.3 * self.target / point.gap if point.gap > 0 else 0.0
        if point.relative_violation > 0:
            allowed = math.sqrt(self.control.tol)
            need = min(need, 0.5 * allowed / point.relative_violation)
        return need

    def _course(self, point: Certificate) -> Course | None:
        """From the violation now to the last one; only tall data go straight there."""
        goal = point.violation * self._need(point)
        return Course(point.violation, goal) if self.tall and goal > 0 else None


def _worst(violations: Doubles, most: int) -> Indices:
    """Rows with the largest violations, in no order."""
    rows = np.flatnonzero(violations > 0)
    if rows.size > most:
        rows = rows[np.argpartition(-violations[rows], most)[:most]]
    return rows
