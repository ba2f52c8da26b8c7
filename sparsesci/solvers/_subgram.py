"""The Gram matrix of those columns that working sets have held."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.operators.design import Residual
from sparsesci.penalties import Penalty
from sparsesci.solvers._problem import Problem, State, move


class SubGram:
    """A Gram matrix that grows with the working sets, and the problem on its columns.

    Takes at most ``MAX_COLUMNS`` columns: 128 MB, the scratch of the descent apart.

    With `single`, products have single precision. States come from the data and go back
    to it, so that each entry corrects what the one before has left.
    """

    MAX_COLUMNS = 4000

    def __init__(self, problem: Problem, single: bool = False) -> None:
        self.problem, self.backend = problem, problem.backend
        self.single = single
        self.columns: Indices = np.empty(0, dtype=np.int64)
        self.position = np.full(problem.n_features, -1)
        self.gram: Doubles = np.empty((0, 0))
        self._penalty: Penalty | None = None

    def missing(self, ws: Indices) -> Indices:
        """Columns of `ws` whose inner products are not known."""
        return ws[self.position[ws] < 0]

    def admit(self, ws: Indices) -> None:
        """Take in what is missing; at most ``MAX_COLUMNS`` columns in all."""
        new = self.missing(ws)
        if new.size == 0:
            return
        known = len(self.columns)
        size = known + len(new)
        if size > len(self.gram):
            room = min(size + size // 2, self.MAX_COLUMNS)
            larger = np.empty((room, room))
            larger[:known, :known] = self.gram[:known, :known]
            self.gram = larger
        self.position[new] = np.arange(known, size)
        self.columns = np.concatenate([self.columns, new])
        self.problem.extend_gram(self.gram, self.columns, known, self.single)
        self.matrix = self.backend.gram_matrix(self.gram, size, self.problem.n_samples)
        self.lipschitz = self.problem.lipschitz[self.columns]
        self._penalty = None

    def handle(self, penalty: Penalty, whole: Any) -> Any:
        """Return the kernel handle of the penalty on the columns, given that on all."""
        if not penalty.signature()[1]:
            return whole  # the same for every column
        if penalty is not self._penalty:
            self._penalty = penalty
            self._handle = penalty.restricted(self.columns).build(self.backend)
        return self._handle

    def enter(self, state: State, guess: Doubles | None = None) -> State:
        """Return the state on the columns; correlations must be fresh there.

        A guess of the coefficients takes the place of those of the state.
        """
        U = state.U[self.columns]
        h = np.ascontiguousarray(self.problem.n_samples * U.T)
        local = State(state.W[self.columns], Residual(h, np.zeros(len(h))), U)
        if guess is not None:
            move(self, local, None, guess[self.columns])
        return local

    def leave(self, local: State, state: State) -> bool:
        """Bring a state up to date with what happened here; False for nothing."""
        return move(self.problem, state, self.columns, local.W)
