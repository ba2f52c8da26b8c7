"""Coordinate descent on working sets: the one outer loop behind the Lasso family.

    repeat
        full pass: correlations, objective, duality gap        (stop here)
        gap-safe screening, now and then
        working set: support and the worst violators
        bursts of coordinate descent on it, to a tolerance that follows the violation

The kernels do the arithmetic; every decision is taken here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import Certificate, Certifier, violations_of
from sparsesci.solvers._control import Control
from sparsesci.solvers._free_block import free_block, unbound_columns
from sparsesci.solvers._problem import Problem, State

# Up to this many features the working set is everything: choosing costs more.
_SMALL = 100
# Rows added to a working set: at least the first, else this share of the support.
_MIN_GROWTH, _GROWTH = 100, 1.0
# Updates for each active row before the residual is computed anew.
_REFRESH = 30
# Stored entries that a burst may touch before Python gets a say (about 0.03 s).
_BURST_WORK = 40_000_000
# Sweeps of a burst before acceleration sets in: short solves do not need it.
_PLAIN_SWEEPS = 5


class Workspace:
    """Scratch arrays of the bursts, grown as needed and kept along a path."""

    def __init__(self) -> None:
        self.work: Doubles = np.empty(0)
        self.index_work: Indices = np.empty(0, dtype=np.int64)

    def reserve(self, size: int, index_size: int) -> None:
        """Make room."""
        if self.work.size < size:
            self.work = np.empty(size + size // 2)
        if self.index_work.size < index_size:
            self.index_work = np.empty(2 * index_size, dtype=np.int64)


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
    """

    def __init__(
        self, problem: Problem, control: Control, rng: Any = None, workspace: Any = None
    ) -> None:
        self.problem = problem
        self.control = control
        self.rng = rng
        self.workspace = Workspace() if workspace is None else workspace
        self.backend = problem.backend
        self.alive = problem.lipschitz > 0
        self.all_alive = bool(self.alive.all())
        self.kept: Indices | None = None

    def solve(
        self, penalty: Penalty, state: State, ws_penalty: Penalty | None = None
    ) -> Certificate:
        """Minimise in place on `state`, until the control stops.

        `ws_penalty`, weaker than `penalty`, picks the first working set (the strong
        rule of a path); it needs a fresh state.
        """
        self._complete(state)
        self._adopt(penalty, state)
        seed = None
        if ws_penalty is not None and state.fresh:
            handle = ws_penalty.build()
            seed = np.flatnonzero(violations_of(handle, state.W, state.U) > 0)
        updates = 0.0
        while True:
            point = self._evaluate(state)
            if self._stop(point):
                return point
            if updates > _REFRESH * max(_MIN_GROWTH, point.n_active):
                self.problem.refresh(state)  # rounding errors gather in the residual
                updates = 0.0
            self._screen(point, state)
            ws = self._working_set(point, state, seed)
            seed = None
            made = self._descend(ws, self._inner_tol(point, len(ws)), state)
            if made == 0:
                self.control.status = "stalled"
            updates += made

    # -- one outer iteration -----------------------------------------------------------
    def _complete(self, state: State) -> None:
        """Correlate the columns that were screened for the penalty before."""
        if self.kept is None or not state.fresh:
            return
        gone = self.alive.copy()
        gone[self.kept] = False
        self.problem.correlate(state, np.flatnonzero(gone))

    def _adopt(self, penalty: Penalty, state: State) -> None:
        """Take on a penalty: handle, dual bound, free columns, feasible start."""
        self.penalty = penalty
        self.target = self.control.tol * self.problem.null_objective
        self.kept = None
        self._n_kept = self.problem.n_features
        self._screened_gap = np.inf
        unbound = unbound_columns(self.problem, penalty)
        energy = 2 * self.problem.null_objective
        reach = np.sqrt(energy / self.problem.lipschitz[unbound])
        self.certifier = Certifier(penalty, unbound, reach)
        self.handle = self.certifier.handle
        self.free = free_block(self.problem, penalty)
        self._make_feasible(state)

    def _make_feasible(self, state: State) -> None:
        W = state.W
        if not W.any():
            return
        wrong = ~self.alive | (self.penalty.slope == np.inf)
        bad = (W != 0) & wrong[:, None]
        if getattr(self.penalty, "positive", False):
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
        elif self._at_rounding(point):
            control.status = "converged" if point.gap <= self.target else "stalled"
        return bool(control.status) or control.exhausted()

    def _at_rounding(self, point: Certificate) -> bool:
        """Whether no column violates optimality by more than correlations are off."""
        unit = 16 * np.finfo(np.float64).eps * np.sqrt(2 * self.problem.null_objective)
        if point.violation > unit * np.sqrt(self.problem.lipschitz.max()):
            return False
        return bool((point.violations <= unit * np.sqrt(self.problem.lipschitz)).all())

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
        gone = np.where(keep[:, None], 0.0, -state.W)
        if gone.any():
            residual = state.residual
            self.backend.subtract_product(
                self.problem.matrix, gone, residual.values, residual.offset
            )
            state.W[~keep] = 0.0
        state.U[~keep] = 0.0
        point.violations[~keep] = 0.0

    def _working_set(
        self, point: Certificate, state: State, seed: Indices | None
    ) -> Indices:
        """Support and the worst violators; everything where there is little."""
        if self._n_kept <= _SMALL:
            return np.flatnonzero(self.alive) if self.kept is None else self.kept
        support = state.support()
        if seed is not None and seed.size:
            return np.union1d(support, seed)
        candidates = np.flatnonzero(point.violations > 0)
        size = max(_MIN_GROWTH, int(_GROWTH * support.size)) + support.size
        tall = self.problem.n_samples > self._n_kept  # few sweeps suffice: take all
        if candidates.size > size and not tall:
            worst = np.argpartition(point.violations[candidates], -size)[-size:]
            candidates = candidates[worst]
        return np.union1d(support, candidates)

    def _inner_tol(self, point: Certificate, ws_size: int) -> float:
        """Follow the violation down, faster where the working set looks complete."""
        need = 0.3 * self.target / point.gap if point.gap > 0 else 0.0
        floor = 1e-3 if ws_size >= self._n_kept else 0.1
        return point.violation * min(max(need, floor), 0.3)

    def _descend(self, ws: Indices, tol: float, state: State) -> float:
        """Burst until `tol`, or until another full pass is worth its price."""
        problem, control = self.problem, self.control
        n_targets = state.n_targets
        size = self.backend.burst_work_size(
            ws.size, n_targets, state.residual.values.shape[1]
        )
        self.workspace.reserve(size, ws.size)
        most = max(ws.size, int(_BURST_WORK / problem.update_cost))
        enough = max(50 * ws.size, 5 * self._n_kept)
        made, total = 0, 0
        while True:
            plain = total < _PLAIN_SWEEPS * ws.size
            limit = min(most, _PLAIN_SWEEPS * ws.size) if plain else most
            left = int((control.max_iter - control.n_iter) * ws.size)
            made, violation = self.backend.cd_burst(
                problem.matrix,
                self.handle,
                problem.lipschitz,
                ws if self.rng is None else self.rng.permutation(ws),
                state.W,
                state.residual.values,
                state.residual.offset,
                max(1, min(limit, left)) if self.rng is None else ws.size,
                tol,
                not plain,
                self.workspace.work,
                self.workspace.index_work,
            )
            state.fresh = False
            control.n_iter += made / ws.size
            if violation == 0 and total == 0:
                return 0  # nothing moved: rounding forbids more
            total += made
            if violation <= tol or total >= enough or control.exhausted():
                return total
