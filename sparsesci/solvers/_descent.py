"""Descent on one working set: on the data, or on a Gram matrix once that pays.

To rent or to buy: a step on the data costs O(n), a step on the Gram matrix of m columns
O(m), and there the minimum on a support is a linear system; but the matrix itself costs
O(n m^2). How many steps there will be nobody knows. So they are made on the data
until they have cost as much as the matrix would, and then it is bought: at worst,
twice the price of knowing in advance. On tall data, where violations fall steadily, two
sweeps tell how many are left, and it is bought as soon as these would cost more, unless
the working set still sheds columns that need not be paid for.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.operators.design import SparseDesign
from sparsesci.penalties import Penalty
from sparsesci.solvers._control import Control
from sparsesci.solvers._problem import (
    GramLeastSquares,
    LeastSquares,
    Problem,
    State,
    move,
    union,
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
_DENSE_STEP, _DENSE_PRODUCT, _DENSE_LOOK, _GATHER = 0.3, 0.055, 0.35, 2.0
# To which share of itself a violation falls between two looks, on tall data with a Gram
# matrix; the least fall, in powers of e, that a sweep over the data is taken to bring.
_GRAM_FALL, _SLOWEST = 1e-5, 0.1
# Columns of so many rows leave the first caches between two steps, and memory is slow
# on some machines; products in single precision are fast on all.
_LONG, _LONG_STEP, _SINGLE_PRODUCT, _SINGLE_GATHER = 4000, 0.7, 0.03, 1.0
_SPARSE_STEP, _SPARSE_PRODUCT, _TRANSPOSE = 1.6, 1.5, 4.0
# Up to this price a Gram matrix is bought at once: small problems are solved exactly.
# Sparse ones cost little beside four looks at all columns, this much for an entry.
_CHEAP, _FOUR_LOOKS = 300_000, 5.0
# So is an extension that costs no more than this share of what is there.
_EXTENSION = 0.3


class Course(NamedTuple):
    """Violations of optimality: now, and at which to stop in the end."""

    start: float
    goal: float

    @property
    def length(self) -> float:
        """Violations fall by factors."""
        return math.log(max(self.start / self.goal, 1.0))


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
    """Coordinate descent on the working sets of one problem.

    With `alone`, all columns are looked at after each descent. Then inner products of
    many samples, which cost more than some looks, need no more than single precision.
    """

    def __init__(self, problem: Problem, rng: Any = None, alone: bool = False) -> None:
        self.problem, self.rng = problem, rng
        self.workspace = Workspace()
        large = isinstance(problem, LeastSquares) or problem.n_features > _SMALL
        single = alone and problem.n_samples >= max(_LONG, problem.n_features)
        single = single and self._in_range(problem.lipschitz * problem.n_samples)
        self.subgram = SubGram(problem, single) if large else None
        self.cheap = _CHEAP
        if isinstance(problem, LeastSquares) and isinstance(
            problem.design, SparseDesign
        ):
            self.cheap = max(_CHEAP, _FOUR_LOOKS * problem.design.X.nnz)
        # Nanoseconds: for steps on the data, and for inner products.
        self.spent, self.paid = 0.0, 0.0
        # Of steps for a unit of the course's length, as last seen.
        self.pace = 0.0

    @staticmethod
    def _in_range(squares: Doubles) -> bool:
        """Whether single precision has the range for products of such columns."""
        smallest = squares[squares > 0].min(initial=1.0)
        return bool(smallest > 1e-30 and squares.max() < 1e30)

    def is_cheap(self, ws: Indices) -> bool:
        """Whether the exact minimum on `ws` is as cheap as a look at all columns."""
        return ws.size <= _SMALL and self._price(ws) <= _CHEAP

    def knows(self, ws: Indices) -> bool:
        """Whether all inner products of these columns are known."""
        return self.subgram is None or not self.subgram.missing(ws).size

    def sharpen(self) -> bool:
        """Go over to products in double precision; False where they have that."""
        if self.subgram is None or not self.subgram.single:
            return False
        self.subgram = SubGram(self.problem)
        self.spent, self.paid = 2 * self.paid, 0.0
        return True

    def affordable_share(self, ws: Indices, more: Indices) -> float:
        """How much of `more` beside `ws` costs as much as a look at all dense columns.

        Above 1, all of it costs less.
        """
        problem = self.problem
        price = self._price(union(problem.n_features, ws, more))
        if price == np.inf:
            return 0.0
        look = _DENSE_LOOK * problem.update_cost * problem.n_features
        return look / max(price - self._price(ws), 1.0)

    def run(
        self,
        penalty: Penalty,
        handle: Any,
        ws: Indices,
        tol: float,
        state: State,
        control: Control,
        guess: Doubles | None = None,
        course: Course | None = None,
    ) -> float:
        """Descend on the rows `ws` until they violate optimality by `tol` at most.

        A guess of the coefficients is a better start, where there is a Gram matrix to
        move to it cheaply. The course foresees what is left to do after this. Returns
        how often the residual was updated, 0 where rounding forbids any step.
        """
        problem, gram, whole = self.problem, self.subgram, self._whole(ws)
        if whole is not None:
            if guess is not None:
                move(whole, state, None, guess)
            return self._on_gram(whole, handle, ws, tol, state, control)
        assert gram is not None
        made, price, known = 0.0, self._price(ws), state
        if price > self._worth(course):
            before = state.W.copy()
            made, done = self._rent(
                handle, ws, price, tol, state, control, guess, course
            )
            if done:
                return made
            if course is not None:  # the Gram matrix tells what the steps have changed
                known, guess = State(before, state.residual, state.U), state.W
            else:
                guess = None
                rows = union(problem.n_features, gram.columns, ws)
                problem.correlate(state, rows)
                state.fresh = False  # elsewhere
        self._buy(ws, price)
        if course is not None:
            tol = min(tol, max(course.goal, _GRAM_FALL * course.start))
        local, own = gram.enter(known, guess), gram.handle(penalty, handle)
        self._on_gram(gram, own, gram.position[ws], tol, local, control)
        # However many steps that took, the residual follows once.
        return made + ws.size if gram.leave(local, state) else made

    def path(
        self,
        where: GramLeastSquares | SubGram,
        handles: list[Any],
        slopes: Doubles,
        tols: Doubles,
        rows: Indices,
        before: Doubles,
        state: State,
        control: Control,
    ) -> tuple[Doubles, Indices]:
        """Descend at one penalty after another: see `cd_path` in the contract.

        Returns the coefficients of the steps that were done, and their updates.
        """
        size, n_steps = state.W.shape, len(handles)
        most = control.max_iter * self.problem.n_features
        work, index_work = self._reserve(where, rows, state)
        coefs, n_updates = np.empty((n_steps, *size)), np.empty(n_steps, dtype=np.int64)
        done = self.problem.backend.cd_path(
            where.matrix,
            handles,
            slopes,
            tols,
            where.lipschitz,
            rows,
            state.W,
            before,
            state.residual.values,
            state.residual.offset,
            min(most, int(_GRAM_BURST_WORK / size[0])),
            coefs,
            n_updates,
            work,
            index_work,
        )
        return coefs[:done], n_updates[:done]

    def locate(
        self, ws: Indices, state: State
    ) -> tuple[GramLeastSquares | SubGram, Indices, Indices, State]:
        """Where `ws` is known: Gram matrix, its columns, places of `ws`, copied state.

        The whole matrix, or the columns that working sets have held.
        """
        gram, whole = self.subgram, self._whole(ws)
        if whole is not None:
            return whole, np.arange(whole.n_features), ws, state.copy()
        assert gram is not None
        return gram, gram.columns, gram.position[ws], gram.enter(state)

    def can_know(self, ws: Indices, worth: float) -> bool:
        """Whether `ws` is known, or what is missing costs no more than it is worth."""
        if self._whole(ws) is not None:
            return True
        price = self._price(ws)
        if price > max(self._worth(), worth):
            return False
        self._buy(ws, price)
        return True

    def _worth(self, course: Course | None = None) -> float:
        """What an extension of the Gram matrix may cost.

        As much as steps have, or as what is foreseen of them; at most twice that.
        """
        left = self.spent
        if course is not None:
            foreseen = course.length * self.pace
            left = min(max(left, foreseen), 2 * foreseen)
        return max(self.cheap, _EXTENSION * self.paid, left)

    def _buy(self, ws: Indices, price: float) -> None:
        assert self.subgram is not None
        self.spent = max(self.spent - price, 0.0)
        self.paid += price
        self.subgram.admit(ws)

    def _whole(self, ws: Indices) -> GramLeastSquares | None:
        """A Gram matrix whose part for `ws` is not much smaller; None for others."""
        problem, gram = self.problem, self.subgram
        if not isinstance(problem, GramLeastSquares):
            return None
        if gram is None:
            return problem
        size = len(gram.columns) + gram.missing(ws).size
        return problem if 2 * size >= problem.n_features else None

    def _rent(
        self,
        handle: Any,
        ws: Indices,
        price: float,
        tol: float,
        state: State,
        control: Control,
        guess: Doubles | None,
        course: Course | None,
    ) -> tuple[float, bool]:
        """Descend on the data for as long as that is worthwhile.

        Returns the updates, and whether this was all.
        """
        made, waits = 0.0, False
        if guess is not None:
            move(self.problem, state, None, guess)
        if course is not None:
            if self.pace > 0:
                waits = self._sheds(_PLAIN_SWEEPS, ws, price, state)
            else:
                made, waits, course = self._try(
                    handle, ws, price, state, control, course
                )
                if course.start <= tol or control.exhausted():
                    return made, True
        if not waits and price <= self._worth(course):
            return made, False
        left = price - self.spent if course is None else price
        more, done = self._on_data(handle, ws, tol, state, control, left, course)
        # The course has changed: whether to buy is for the next round to say.
        return made + more, done or course is not None or bool(control.status)

    def _try(
        self,
        handle: Any,
        ws: Indices,
        price: float,
        state: State,
        control: Control,
        course: Course,
    ) -> tuple[float, bool, Course]:
        """Sweep for the pace: the fall from the first sweep to the second is typical.

        Once is enough where that sheds so many rows that it is worthwhile to go on.
        Returns the updates, whether it is, and what is left of the course.
        """
        made, sheds = 0, False
        seen: list[float] = []
        while len(seen) < 2 and not sheds:
            more, violation = self._burst(
                self.problem, handle, ws, ws.size, np.inf, False, state, control
            )
            made += more
            seen.append(violation)
            sheds = self._sheds(1, ws, price, state)
        sweep = ws.size * self._step_price(ws)
        self.spent += len(seen) * sweep
        if not sheds:
            fall = Course(*seen).length if seen[1] > 0 else np.inf
            self.pace = sweep / max(fall, _SLOWEST)
        return made, sheds, Course(seen[-1], course.goal)

    def _sheds(self, sweeps: int, ws: Indices, price: float, state: State) -> bool:
        """Whether the price for the support alone is less by more than sweeps cost."""
        share = np.count_nonzero(state.W[ws].any(axis=1)) / ws.size
        cost = sweeps * ws.size * self._step_price(ws)
        return bool((1 - share**2) * price > cost)

    def _on_data(
        self,
        handle: Any,
        ws: Indices,
        tol: float,
        state: State,
        control: Control,
        budget: float,
        course: Course | None,
    ) -> tuple[float, bool]:
        """Return the updates, and False if they ended because the budget did."""
        problem, price = self.problem, self._step_price(ws)
        plain = _PLAIN_SWEEPS * ws.size
        enough = max(_MANY_SWEEPS * ws.size, _MANY_PASSES * problem.n_features)
        most = int(_BURST_WORK / problem.update_cost)
        total = 0
        while True:
            limit = min(most, plain) if total < plain else most
            if budget < np.inf:
                limit = min(limit, int(budget / price) - total)
            accelerate = total >= plain
            made, violation = self._burst(
                problem, handle, ws, limit, tol, accelerate, state, control
            )
            if total == 0 and _at_rest(made, violation, ws):
                return 0, True
            total += made
            self.spent += made * price
            if course is not None and 0 < violation < course.start:
                self.pace = total * price / math.log(course.start / violation)
            if violation <= tol or control.exhausted():
                return total, True
            if total * price >= budget:
                return total, False
            if total >= enough:
                return total, True

    def _on_gram(
        self,
        gram: GramLeastSquares | SubGram,
        handle: Any,
        rows: Indices,
        tol: float,
        state: State,
        control: Control,
    ) -> float:
        """Return the updates, 0 if nothing moved."""
        most = int(_GRAM_BURST_WORK / len(state.W))
        enough = _MANY_SWEEPS**2 * rows.size
        if isinstance(gram, SubGram) and gram.single:  # the data may know better
            # Time for the exact minimum on a support, which sweeps come before.
            most = enough = (_MANY_SWEEPS + rows.size // 2) * rows.size
        total = 0
        while True:
            made, violation = self._burst(
                gram, handle, rows, most, tol, True, state, control
            )
            if total == 0 and _at_rest(made, violation, rows):
                return 0
            total += made
            if violation <= tol or total >= enough or control.exhausted():
                return total

    def _burst(
        self,
        where: Problem | SubGram,
        handle: Any,
        rows: Indices,
        limit: int,
        tol: float,
        accelerate: bool,
        state: State,
        control: Control,
    ) -> tuple[int, float]:
        backend, residual = self.problem.backend, state.residual
        work, index_work = self._reserve(where, rows, state)
        left = int((control.max_iter - control.n_iter) * self.problem.n_features)
        made, violation = backend.cd_burst(
            where.matrix,
            handle,
            where.lipschitz,
            rows if self.rng is None else self.rng.permutation(rows),
            state.W,
            residual.values,
            residual.offset,
            max(1, min(limit, left)) if self.rng is None else rows.size,
            tol,
            accelerate,
            work,
            index_work,
        )
        state.fresh = False
        control.n_iter += made / self.problem.n_features
        return made, violation

    def _reserve(
        self, where: Problem | SubGram, rows: Indices, state: State
    ) -> tuple[Doubles, Indices]:
        size = self.problem.backend.burst_work_size(
            where.matrix, rows.size, state.n_targets
        )
        self.workspace.reserve(size, rows.size)
        return self.workspace.work, self.workspace.index_work

    # -- prices ------------------------------------------------------------------------
    def _step_price(self, ws: Indices) -> float:
        """Nanoseconds for an update on the data."""
        problem = self.problem
        if isinstance(problem, GramLeastSquares):
            return 20 + _DENSE_STEP * problem.n_features
        if isinstance(problem.design, SparseDesign):
            return 20 + _SPARSE_STEP * float(problem.design.lengths[ws].mean())
        long = problem.n_samples >= _LONG
        return 20 + (_LONG_STEP if long else _DENSE_STEP) * problem.n_samples

    def _price(self, ws: Indices) -> float:
        """Nanoseconds for the inner products of `ws` that are not known."""
        problem, gram = self.problem, self.subgram
        assert gram is not None
        new = gram.missing(ws)
        if new.size == 0:
            return 0.0
        known, m = len(gram.columns), new.size
        if known + m > SubGram.MAX_COLUMNS:
            return np.inf
        if isinstance(problem, GramLeastSquares):
            return _GATHER * m * (known + m / 2)
        design = problem.design
        if isinstance(design, SparseDesign):
            old = float(design.lengths[gram.columns].sum())
            added = float(design.lengths[new].sum())
            # As if entries were spread evenly over the rows.
            products = added * (old + added / 2) / design.n_samples
            return _SPARSE_PRODUCT * products + _TRANSPOSE * (old + added)
        each, copy = _DENSE_PRODUCT, _GATHER
        if gram.single:
            each, copy = _SINGLE_PRODUCT, _SINGLE_GATHER
        products = each * m * (known + m / 2)
        return design.n_samples * (products + copy * (known + m))


def _at_rest(made: int, violation: float, rows: Indices) -> bool:
    """Whether a burst moved nothing at all, not just in the last of its sweeps."""
    return violation == 0 and made <= rows.size
