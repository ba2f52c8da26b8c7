"""Unpenalised columns, solved exactly and together.

A duality gap needs residuals orthogonal to every unpenalised column. Descent on single
coordinates only approaches that, so the block of these columns is solved as the least
squares problem that it is. With alpha = 0 the block is everything.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import linalg, optimize
from scipy.sparse.linalg import LinearOperator, lsmr

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.operators.design import ColumnDesign, Residual
from sparsesci.penalties import Penalty
from sparsesci.solvers._problem import GramLeastSquares, LeastSquares, Problem, State

# Above this many entries the columns are not gathered: iterate instead.
_DENSE_ENTRIES = 100_000_000
_NONNEGATIVE_ENTRIES = 5_000_000


def unbound_columns(problem: Problem, penalty: Penalty) -> Indices:
    """Columns that the penalty does not hold at all, constant ones apart."""
    unbound = penalty.unbound(problem.n_features)
    return unbound[problem.lipschitz[unbound] > 0] if unbound.size else unbound


def free_block(problem: Problem, penalty: Penalty) -> FreeBlock | None:
    """Return the block of unpenalised columns, None if there is none."""
    columns = unbound_columns(problem, penalty)
    if columns.size == 0:
        return None
    if not getattr(penalty, "positive", False):
        return FreeBlock(problem, columns)
    # Non-negative least squares needs the columns: beyond that, coordinates descend.
    small = isinstance(problem, LeastSquares) and (
        columns.size * problem.design.n_samples <= _NONNEGATIVE_ENTRIES
    )
    return NonNegativeBlock(problem, columns) if small else None


class FreeBlock:
    """Least-squares updates of the coefficients in `columns`."""

    def __init__(self, problem: Problem, columns: Indices) -> None:
        self.problem = problem
        self.columns = columns

    @cached_property
    def _factors(self) -> tuple[Doubles, Doubles, Doubles, Doubles]:
        """Column norms and the singular value decomposition of the scaled columns."""
        assert isinstance(self.problem, LeastSquares)
        design = self.problem.design
        assert isinstance(design, ColumnDesign)
        norms = np.sqrt(design.lipschitz[self.columns] * design.n_samples)
        A = design.dense_columns(self.columns)
        A /= norms  # rank must not depend on units
        left, values, right = linalg.svd(A, full_matrices=False, overwrite_a=True)
        rank = int(np.sum(values > values[0] * max(A.shape) * np.finfo(float).eps))
        return norms, left[:, :rank], values[:rank], right[:rank]

    def solve(self, state: State) -> None:
        """Move the block to its minimum, the other coefficients fixed."""
        if isinstance(self.problem, GramLeastSquares):
            change = self._gram_change(self.problem, state)
        else:
            assert isinstance(self.problem, LeastSquares)
            size = self.columns.size * self.problem.design.n_samples
            change = (
                self._dense_change(self.problem, state)
                if size <= _DENSE_ENTRIES
                else self._iterative_change(self.problem, state)
            )
        self.problem.backend.subtract_product(
            self.problem.matrix,
            self.columns,
            np.ascontiguousarray(change),
            state.residual.values,
            state.residual.offset,
        )
        state.W[self.columns] += change
        state.fresh = False

    def _dense_change(self, problem: LeastSquares, state: State) -> Doubles:
        norms, left, values, right = self._factors
        R = state.residual.plain()
        if problem.design.sample_weight is not None:
            R = R * np.sqrt(problem.design.sample_weight)
        scaled = right.T @ ((left.T @ R.T) / values[:, None])
        return np.asarray(scaled / norms[:, None])

    def _iterative_change(self, problem: LeastSquares, state: State) -> Doubles:
        design = problem.design
        assert isinstance(design, ColumnDesign)
        n = design.n_samples
        norms = np.sqrt(design.lipschitz[self.columns] * n)
        root = np.sqrt(
            np.ones(n) if design.sample_weight is None else design.sample_weight
        )
        W = np.zeros((design.n_features, 1))
        zero = np.zeros((1, n))

        def matvec(v: Doubles) -> Doubles:
            W[self.columns, 0] = v.ravel() / norms
            return -root * design.fresh_residual(zero, W).plain()[0]

        def rmatvec(r: Doubles) -> Doubles:
            safe = np.divide(r.ravel(), root, out=np.zeros(n), where=root > 0)
            U = design.correlate(Residual(safe[None], np.zeros(1)))
            return np.asarray(n * U[self.columns, 0] / norms)

        shape = (n, self.columns.size)
        A = LinearOperator(shape, matvec=matvec, rmatvec=rmatvec, dtype=np.float64)
        columns = [
            lsmr(A, root * r, atol=1e-14, btol=1e-14, conlim=0, maxiter=2000)[0]
            for r in state.residual.plain()
        ]
        return np.asarray(np.stack(columns, axis=1) / norms[:, None])

    def _gram_change(self, problem: GramLeastSquares, state: State) -> Doubles:
        F = self.columns
        norms = np.sqrt(problem.lipschitz[F] * problem.n_samples)
        scaled = problem.gram[np.ix_(F, F)] / np.outer(norms, norms)
        target = state.residual.values[:, F].T / norms[:, None]
        return np.asarray(linalg.lstsq(scaled, target)[0] / norms[:, None])


class NonNegativeBlock(FreeBlock):
    """The same under ``w >= 0``, one target, by the active set method."""

    @cached_property
    def _columns(self) -> tuple[Doubles, Doubles]:
        """Column norms and the scaled columns."""
        assert isinstance(self.problem, LeastSquares)
        design = self.problem.design
        assert isinstance(design, ColumnDesign)
        norms = np.sqrt(design.lipschitz[self.columns] * design.n_samples)
        return norms, design.dense_columns(self.columns) / norms

    def _dense_change(self, problem: LeastSquares, state: State) -> Doubles:
        norms, A = self._columns
        root = problem.design.sample_weight
        r = state.residual.plain()[0]
        if root is not None:
            r = r * np.sqrt(root)
        now = state.W[self.columns, 0] * norms
        try:
            best, _ = optimize.nnls(A, r + A @ now)
        except RuntimeError:  # its own limit of iterations: leave it to the coordinates
            return np.zeros((self.columns.size, 1))
        return np.asarray((best / norms - state.W[self.columns, 0])[:, None])
