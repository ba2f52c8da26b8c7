"""The next alphas of a path, solved ahead on a Gram matrix and looked at together.

A look at all columns is what a step of a path costs at least, and one look at several
residuals is little dearer than one at a single residual. So the likely rows of a batch
of alphas are gathered, the batch is solved on their Gram matrix, each alpha from the
line through the two solutions before, and all its residuals meet all columns at once.
Every solution is then certified like any other: where rows were missed, the batch ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.operators.design import DenseDesign
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import Certificate, violations_of
from sparsesci.solvers._prediction import Solution, likely_rows, slopes
from sparsesci.solvers._problem import (
    GramLeastSquares,
    State,
    states_at,
    union,
)
from sparsesci.solvers._working_set import WorkingSetSolver

# Alphas in a batch: at first, and at most where rows may be missed and where not.
_FIRST, _MOST, _MOST_IF_COMPLETE = 2, 4, 64
# Residuals and correlations of a batch take no more than so many entries.
_ENTRIES = 10_000_000
# Nanoseconds that a batch saves for each entry that it does not look at again, and for
# each alpha; and those of an update for each column.
_LOOK, _ALPHA, _UPDATE = 0.1, 200_000, 0.1
_NONE: Indices = np.empty(0, dtype=np.int64)


class Lookahead:
    """Batches of alphas, as large as goes well.

    Parameters
    ----------
    solver : WorkingSetSolver
        Certifies the solutions; its descent owns the Gram matrix.
    penalty : Penalty
        At any alpha.
    """

    def __init__(self, solver: WorkingSetSolver, penalty: Penalty) -> None:
        self.solver, self.penalty = solver, penalty
        self.problem, self.descent = solver.problem, solver.descent
        self.complete = self.descent.subgram is None  # no row is ever missed
        most = _MOST_IF_COMPLETE if self.complete else _MOST
        sizes = self.problem.n_samples, self.problem.n_features
        room = _ENTRIES // (sum(sizes) * len(self.problem.origin))
        self.most = min(most, room) if self._may_pay() else 0
        self.size = self.most if self.complete else _FIRST
        self.missed = _NONE

    def _may_pay(self) -> bool:
        """Whether one look at several residuals is cheaper than one at each."""
        problem = self.problem
        dense = isinstance(problem, GramLeastSquares) or isinstance(
            problem.design, DenseDesign
        )
        return dense and self.descent.rng is None and not self.solver.control.observed

    def solutions(
        self, alphas: list[float], past: list[Solution], state: State
    ) -> Iterator[tuple[State, Certificate]]:
        """Solve for the first few alphas; end before one whose rows were missed.

        `state` is the last solution of the past, correlated with all columns.
        """
        if self.solver.control.exhausted():
            return
        batch, ws = self._choose(alphas, past, state)
        if not batch:
            return
        penalties = [self.penalty.with_alpha(alpha) for alpha in batch]
        backend = self.problem.backend
        handles = [penalty.build(backend) for penalty in penalties]
        states, n_updates = self._solve(penalties, handles, ws, past, state)
        self.missed, n_solved = _NONE, 0
        for solved, made in zip(states, n_updates.tolist()):
            self.solver.control.n_iter += made / self.problem.n_features
            penalty, handle = penalties[n_solved], handles[n_solved]
            point = self.solver.accept(penalty, solved, handle)
            if point is None:
                self.missed = self._violators(handles[n_solved:], states[n_solved:])
                break
            n_solved += 1
            yield solved, point
        went_well = n_solved == len(batch)
        self.size = min(2 * self.size, self.most) if went_well else max(2, n_solved)
        if self._is_dear(n_updates, ws.size):
            self.most = 0  # the rest of the path is no easier

    # -- what to solve -----------------------------------------------------------------
    def _choose(
        self, alphas: list[float], past: list[Solution], state: State
    ) -> tuple[list[float], Indices]:
        """The next alphas and the rows that they need; none where it does not pay."""
        batch = self._falling(alphas[: min(self.size, self.most)], past)
        while len(batch) > 1:
            ws = self._working_set(batch, past, state)
            if ws is not None:
                return batch, ws
            batch = batch[: len(batch) // 2]
        return [], _NONE

    def _falling(self, alphas: list[float], past: list[Solution]) -> list[float]:
        """The alphas up to the first that is not below the one before, or is zero."""
        if len(past) < 2 or self.solver.free is not None:
            return []
        lowest, batch = past[1].alpha, []
        if not lowest < past[0].alpha:
            return []
        for alpha in alphas:
            if not 0 < alpha < lowest:
                break
            batch.append(alpha)
            lowest = alpha
        return batch

    def _working_set(
        self, batch: list[float], past: list[Solution], state: State
    ) -> Indices | None:
        """Rows that are likely to matter, if their inner products pay."""
        if self.complete:
            return np.flatnonzero(self.solver.alive)
        rows = likely_rows(self.penalty, past, batch[-1])
        if rows is None:
            return None
        ws = union(self.problem.n_features, state.support(), rows, self.missed)
        saved = (len(batch) - 1) * self._look_price()
        return ws if ws.size and self.descent.can_know(ws, saved) else None

    def _look_price(self) -> float:
        return _LOOK * self.problem.n_features * self.problem.update_cost

    def _is_dear(self, n_updates: Indices, n_columns: int) -> bool:
        """Whether its descents cost more than a batch can save."""
        saved = n_updates.size * (self._look_price() + _ALPHA)
        return _UPDATE * float(n_updates.sum()) * n_columns > saved

    # -- solutions ---------------------------------------------------------------------
    def _solve(
        self,
        penalties: list[Penalty],
        handles: list[Any],
        ws: Indices,
        past: list[Solution],
        state: State,
    ) -> tuple[list[State], Indices]:
        """States for the first alphas of the batch, and the updates that they took."""
        where, columns, rows, local = self.descent.locate(ws, state)
        if self.penalty.signature()[1]:  # not the same for every column
            backend = self.problem.backend
            handles = [
                penalty.restricted(columns).build(backend) for penalty in penalties
            ]
        batch = [penalty.alpha for penalty in penalties]
        coefs, n_updates = self.descent.path(
            where,
            handles,
            slopes([last.alpha for last in past] + batch),
            self._tols(batch, ws),
            rows,
            past[0].W[columns],
            local,
            self.solver.control,
        )
        if not len(coefs):
            return [], n_updates
        states = states_at(self.problem, columns, coefs)
        if not self.solver.all_alive:
            for found in states:
                found.U[~self.solver.alive] = 0.0
        return states, n_updates

    def _tols(self, batch: list[float], ws: Indices) -> Doubles:
        solver = self.solver
        pull = solver.certifier.smallest_pull / solver.penalty.alpha
        return np.array([solver.aim(ws.size, pull * alpha) for alpha in batch])

    def _violators(self, handles: list[Any], states: list[State]) -> Indices:
        """Rows that any of the states has missed."""
        missed = np.zeros(self.problem.n_features, dtype=np.bool_)
        for handle, state in zip(handles, states):
            missed |= violations_of(handle, state.W, state.U) > 0
        return np.flatnonzero(missed)
