"""Least squares as coordinate descent sees it, from data or from a Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sparsesci._kernels import get_backend
from sparsesci._kernels._contract import Backend, Doubles, Indices, Matrix
from sparsesci.operators.design import ColumnDesign, Design, Residual


@dataclass
class State:
    """Coefficients and what follows from them.

    `U = X~' S R / n` is up to date while `fresh`; coordinate descent spoils it.
    """

    W: Doubles
    residual: Residual
    U: Doubles
    fresh: bool = False

    @property
    def n_targets(self) -> int:
        """Number of columns of W."""
        return int(self.W.shape[1])

    def copy(self) -> State:
        """Return the same coefficients and residual in arrays of their own."""
        residual = Residual(self.residual.values.copy(), self.residual.offset.copy())
        return State(self.W.copy(), residual, self.U.copy(), self.fresh)

    def support(self) -> Indices:
        """Rows that are not zero."""
        return nonzero_rows(self.W)


def nonzero_rows(W: Doubles) -> Indices:
    """Rows of W that are not zero."""
    return np.flatnonzero(W if W.shape[1] == 1 else W.any(axis=1))


def union(n_rows: int, *parts: Indices) -> Indices:
    """Rows that are listed somewhere, in order."""
    listed = np.zeros(n_rows, dtype=np.bool_)
    for part in parts:
        listed[part] = True
    return np.flatnonzero(listed)


class Columns(Protocol):
    """What an update of coefficients needs: from data or from a Gram matrix."""

    backend: Backend
    matrix: Matrix


def move(where: Columns, state: State, rows: Indices | None, values: Doubles) -> bool:
    """Take other coefficients in some rows (None: in all); the residual follows.

    False where they are the same.
    """
    listed = slice(None) if rows is None else rows
    change = values - state.W[listed]
    if not change.any():
        return False
    residual = state.residual
    where.backend.subtract_product(
        where.matrix, rows, change, residual.values, residual.offset
    )
    state.W[listed] = values
    state.fresh = False
    return True


def states_at(problem: Problem, columns: Indices, coefs: Doubles) -> list[State]:
    """States at several coefficients (B, m, T) of m columns, by one look at all."""
    n_states, _, n_targets = coefs.shape
    p, size = problem.n_features, n_states * n_targets
    W = coefs.transpose(1, 0, 2).reshape(-1, size)
    rows = np.flatnonzero(W.any(axis=1))
    columns, W = columns[rows], W[rows]
    residual = Residual(np.tile(problem.origin, (n_states, 1)), np.zeros(size))
    values, offset = residual.values, residual.offset
    problem.backend.subtract_product(problem.matrix, columns, W, values, offset)
    together = State(W, residual, np.empty((p, size)))
    problem.correlate(together)
    states = []
    for start in range(0, size, n_targets):
        part = slice(start, start + n_targets)
        whole = np.zeros((p, n_targets))
        whole[columns] = W[:, part]
        U = np.ascontiguousarray(together.U[:, part])
        states.append(State(whole, Residual(values[part], offset[part]), U, fresh=True))
    return states


class LeastSquares:
    """``||Y - X~ W||_S^2 / (2n)`` with the data at hand.

    `correlations` are ``X~' S Y / n``, where they are known.
    """

    def __init__(
        self, design: Design, Y: Doubles, correlations: Doubles | None = None
    ) -> None:
        self.design = design
        self.Y, self._correlations = Y, correlations
        self.n_samples, self.n_features = design.n_samples, design.n_features
        self.null_objective = design.inner(Y, Y) / (2 * design.n_samples)
        if isinstance(design, ColumnDesign):
            self.backend = design.backend
            self.matrix = design.matrix
            self.lipschitz = design.lipschitz
            self.update_cost = design.update_cost * len(Y)
        else:
            self.backend = get_backend()

    @property
    def origin(self) -> Doubles:
        """Residual at zero coefficients."""
        return self.Y

    def start(self, W: Doubles) -> State:
        """State at coefficients W."""
        residual = self.design.fresh_residual(self.Y, W)
        if W.any():
            return State(W, residual, np.zeros_like(W))
        return State(W, residual, self.correlations.copy(), fresh=True)

    @property
    def correlations(self) -> Doubles:
        """``X~' S Y / n``."""
        if self._correlations is None:
            start = Residual(self.Y, np.zeros(len(self.Y)))
            self._correlations = self.design.correlate(start)
        return self._correlations

    def refresh(self, state: State) -> None:
        """Compute the residual anew."""
        state.residual = self.design.fresh_residual(self.Y, state.W)
        state.fresh = False

    def correlate(self, state: State, columns: Indices | None = None) -> None:
        """Bring ``state.U`` up to date."""
        state.U = self.design.correlate(state.residual, columns, state.U)
        state.fresh = True

    def moments(self, state: State) -> tuple[float, float]:
        """``||R||_S^2 / (2n)`` and ``<R, Y>_S / n``."""
        R, n = state.residual.plain(), self.design.n_samples
        return self.design.inner(R, R) / (2 * n), self.design.inner(R, self.Y) / n

    def extend_gram(
        self, gram: Doubles, columns: Indices, known: int, single: bool = False
    ) -> None:
        """Compute the inner products of the listed columns."""
        assert isinstance(self.design, ColumnDesign)
        self.design.extend_gram(gram, columns, known, single)


class GramLeastSquares:
    """The same, known by ``X~' S X~``, ``X~' S Y`` and ``<Y, Y>_S`` alone.

    A step costs O(p) instead of O(n) and a check O(p) instead of O(n p).
    """

    def __init__(self, gram: Doubles, Xy: Doubles, yy: float, n_samples: int) -> None:
        self.backend = get_backend()
        self.gram = gram
        self.Xy = Xy  # (T, p)
        self.yy = yy
        self.n_samples = n_samples
        self.n_features = len(gram)
        self.matrix = self.backend.gram_matrix(gram, len(gram), n_samples)
        self.lipschitz = np.diag(gram) / n_samples
        self.null_objective = yy / (2 * n_samples)
        self.update_cost = float(self.n_features * len(Xy))

    @property
    def origin(self) -> Doubles:
        """Residual at zero coefficients."""
        return self.Xy

    def start(self, W: Doubles) -> State:
        """State at coefficients W."""
        state = State(W, Residual(self.Xy.copy(), np.zeros(len(self.Xy))), W * 0.0)
        if W.any():
            self.refresh(state)
        return state

    def refresh(self, state: State) -> None:
        """Compute ``X~' S R`` anew."""
        support = state.support()
        fitted = state.W[support].T @ self.gram[support]
        state.residual = Residual(self.Xy - fitted, np.zeros(len(self.Xy)))
        state.fresh = False

    def correlate(self, state: State, columns: Indices | None = None) -> None:
        """Bring ``state.U`` up to date: it is the residual, scaled."""
        state.U = np.ascontiguousarray(state.residual.values.T) / self.n_samples
        state.fresh = True

    def moments(self, state: State) -> tuple[float, float]:
        """``||R||_S^2 / (2n)`` and ``<R, Y>_S / n``, without R."""
        n = self.n_samples
        fitted = float(np.vdot(state.W, self.Xy.T))
        rest = float(np.vdot(state.W, state.residual.values.T))
        rr = max(self.yy - fitted - rest, 0.0)
        return rr / (2 * n), (self.yy - fitted) / n

    def extend_gram(
        self, gram: Doubles, columns: Indices, known: int, single: bool = False
    ) -> None:
        """Gather the inner products of the listed columns."""
        size = len(columns)
        new = self.gram[columns[known:]][:, columns]
        gram[known:size, :size] = new
        gram[:known, known:size] = new[:, :known].T


Problem = LeastSquares | GramLeastSquares
