"""Descent on one working set: on the data, or on a Gram matrix once that pays.

To rent or to buy: a step on the data costs O(n), a step on the Gram matrix of m columns
O(m), and there the minimum on a support is a linear system; but the matrix itself costs
O(n m^2). How many steps there will be nobody knows. So they are made on the data until
they have cost as much as the matrix would, and then it is bought: at worst, twice the
price of knowing in advance.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci._kernels._contract import Doubles, Indices, Matrix
from sparsesci.operators.design import ColumnDesign, SparseDesign
from sparsesci.penalties import Penalty
from sparsesci.solvers._control import Control
from sparsesci.solvers._problem import (
    GramLeastSquares,
    LeastSquares,
    Problem,
    State,
)
from sparsesci.solvers._subgram import SubGram

# Entries that a burst may touch before Python gets a say (about 0.03 s).
_BURST_WORK, _GRAM_BURST_WORK = 40_000_000, 300_000_000
# Sweeps of a burst on the data before acceleration sets in: short solves do without.
_PLAIN_SWEEPS = 5
# Columns up to which an exact minimum is cheaper than another look at all columns.
_SMALL = 100
# Sweeps over a working set, and passes over all columns worth of updates, after which
# another look at all columns is due.
_MANY_SWEEPS, _MANY_PASSES = 50, 5

# Prices in nanoseconds for an entry, as measured; only their ratios matter.
_DENSE_STEP, _DENSE_PRODUCT, _GATHER = 0.3, 0.055, 2.0
_SPARSE_STEP, _SPARSE_PRODUCT = 2.0, 1.2
# Up to this price a Gram matrix is bought at once: small problems are solved exactly.
_CHEAP = 300_000
# So is an extension that costs no more than this share of what is there.
_EXTENSION = 0.1


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


class Descent:
    """Coordinate descent on the working sets of one problem."""

    def __init__(self, problem: Problem, rng: Any = None) -> None:
        self.problem, self.rng = problem, rng
        self.workspace = Workspace()
        self.subgram: SubGram | None = None
        # Nanoseconds: for steps on the data, and for inner products.
        self.spent, self.paid = 0.0, 0.0

    def is_cheap(self, ws: Indices) -> bool:
        """Whether the exact minimum on `ws` is as cheap as a look at all columns."""
        return ws.size <= _SMALL and self._price(ws) <= _CHEAP

    def knows(self, ws: Indices) -> bool:
        """Whether a Gram matrix holds all these columns."""
        return self.subgram is not None and not self.subgram.missing(ws).size

    def run(
        self,
        penalty: Penalty,
        handle: Any,
        ws: Indices,
        tol: float,
        state: State,
        control: Control,
        guess: Doubles | None = None,
    ) -> float:
        """Descend on the rows `ws` until they violate optimality by `tol` at most.

        A guess of the coefficients is a better start, where there is a Gram matrix to
        move to it cheaply. Returns the number of updates, 0 where rounding forbids any.
        """
        if isinstance(self.problem, GramLeastSquares) and guess is not None:
            self.problem.move(state, guess)
        if not isinstance(self.problem, LeastSquares):
            return self._on_problem(handle, ws, tol, state, control, np.inf)[0]
        made, price = 0.0, self._price(ws)
        if price > max(_CHEAP, _EXTENSION * self.paid, self.spent):
            left = price - self.spent
            made, done = self._on_problem(handle, ws, tol, state, control, left)
            if done or control.status:
                return made
            known = () if self.subgram is None else self.subgram.columns
            self.problem.correlate(state, np.union1d(known, ws).astype(np.int64))
            state.fresh = False  # elsewhere
        self.spent = max(self.spent - price, 0.0)
        self.paid += price
        gram = self.subgram = self.subgram or SubGram(self.problem)
        gram.admit(ws)
        local = gram.enter(state, guess)
        own = gram.handle(penalty, handle)
        more = self._on_subgram(gram, own, ws, tol, local, control)
        return made + more if gram.leave(local, state) else made

    # -- on the problem as it is -------------------------------------------------------
    def _on_problem(
        self,
        handle: Any,
        ws: Indices,
        tol: float,
        state: State,
        control: Control,
        budget: float,
    ) -> tuple[float, bool]:
        """Return the updates, and False if they ended because the budget did."""
        problem = self.problem
        on_data = isinstance(problem, LeastSquares)
        plain_updates = _PLAIN_SWEEPS * ws.size if on_data else 0
        enough = max(_MANY_SWEEPS * ws.size, _MANY_PASSES * problem.n_features)
        step_price = self._step_price(ws) if on_data else 0.0
        most = int(_BURST_WORK / problem.update_cost)
        total = 0
        while True:
            limit = min(most, plain_updates) if total < plain_updates else most
            if budget < np.inf:
                limit = min(limit, int((budget / step_price) - total))
            made, violation = self._burst(
                problem.matrix,
                handle,
                problem.lipschitz,
                ws,
                state.W,
                state.residual.values,
                state.residual.offset,
                limit,
                tol,
                total >= plain_updates,
                control,
            )
            state.fresh = False
            if violation == 0 and total == 0:
                return 0, True  # nothing moved
            total += made
            self.spent += made * step_price
            if violation <= tol or control.exhausted():
                return total, True
            if total * step_price >= budget:
                return total, False
            if total >= enough:
                return total, True

    def _step_price(self, ws: Indices) -> float:
        design = self._design()
        if isinstance(design, SparseDesign):
            return 20 + _SPARSE_STEP * float(design.lengths[ws].mean())
        return 20 + _DENSE_STEP * design.n_samples

    def _price(self, ws: Indices) -> float:
        """Nanoseconds for the inner products of `ws` that are not known."""
        gram = self.subgram
        new = ws if gram is None else gram.missing(ws)
        if new.size == 0:
            return 0.0
        known, m = 0 if gram is None else len(gram.columns), new.size
        if known + m > SubGram.MAX_COLUMNS:
            return np.inf
        design = self._design()
        if isinstance(design, SparseDesign):
            held = new if gram is None else np.concatenate([gram.columns, new])
            lengths = np.sort(design.lengths[held])
            pairs = np.arange(known + m, 0, -1)
            pairs = np.minimum(pairs, m) if known else pairs
            return _SPARSE_PRODUCT * float(lengths @ pairs)
        products = _DENSE_PRODUCT * m * (known + m / 2)
        return design.n_samples * (products + _GATHER * (known + m))

    def _design(self) -> ColumnDesign:
        assert isinstance(self.problem, LeastSquares)
        assert isinstance(self.problem.design, ColumnDesign)
        return self.problem.design

    # -- on the Gram matrix of a working set -------------------------------------------
    def _on_subgram(
        self,
        gram: SubGram,
        handle: Any,
        ws: Indices,
        tol: float,
        local: State,
        control: Control,
    ) -> float:
        rows = gram.position[ws]
        most = int(_GRAM_BURST_WORK / len(gram.columns))
        total, violation = 0, np.inf
        while not (violation <= tol or control.exhausted()):
            made, violation = self._burst(
                gram.matrix,
                handle,
                gram.lipschitz,
                rows,
                local.W,
                local.residual.values,
                local.residual.offset,
                most,
                tol,
                True,
                control,
            )
            total += made
            if total >= _MANY_SWEEPS * _MANY_SWEEPS * ws.size:
                break
        return total

    def _burst(
        self,
        matrix: Matrix,
        handle: Any,
        lipschitz: Doubles,
        ws: Indices,
        W: Doubles,
        residual: Doubles,
        offset: Doubles,
        limit: int,
        tol: float,
        accelerate: bool,
        control: Control,
    ) -> tuple[int, float]:
        backend = self.problem.backend
        size = backend.burst_work_size(matrix, ws.size, len(residual))
        self.workspace.reserve(size, ws.size)
        left = int((control.max_iter - control.n_iter) * ws.size)
        made, violation = backend.cd_burst(
            matrix,
            handle,
            lipschitz,
            ws if self.rng is None else self.rng.permutation(ws),
            W,
            residual,
            offset,
            max(1, min(limit, left)) if self.rng is None else ws.size,
            tol,
            accelerate,
            self.workspace.work,
            self.workspace.index_work,
        )
        control.n_iter += made / ws.size
        return made, violation
