"""Fits on a growing support, which score the columns that may come in, and the loop.

In units of the largest ``|y|``, on columns scaled to mean square 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sparsesci.greedy._basis import GrowingBasis
from sparsesci.greedy._columns import ScaledColumns
from sparsesci.greedy._gains import (
    CoordinatePenalty,
    absolute_gain,
    root_gain,
    squared_gain,
)
from sparsesci.greedy._lad import lad_regression
from sparsesci.solvers._control import Control

# Columns are scored in blocks of about this many entries where each entry is needed.
_BLOCK_ENTRIES = 2_000_000
# A refit that lowers the loss by less than this share has only moved rounding errors.
_ROUNDING = 1e-13

Vector = NDArray[np.float64]


class Fit(ABC):
    """The unpenalised fit on a growing support."""

    def __init__(self, X: ScaledColumns, y: Vector) -> None:
        self.X = X
        self.y = y
        self.support: list[int] = []
        self.intercept = 0.0
        self.coef = np.zeros(0)
        self.residual = y

    @staticmethod
    @abstractmethod
    def loss_of(residual: Vector) -> float:
        """Value of the loss."""

    @abstractmethod
    def gains(self, penalty: CoordinatePenalty) -> Vector:
        """By how much each coefficient can lower the objective."""

    @abstractmethod
    def refit(self, j: int) -> bool:
        """Take j in and refit; False, and nothing done, where that is pointless."""

    @property
    def loss(self) -> float:
        """Value of the loss at the present fit."""
        return self.loss_of(self.residual)

    @property
    def full_coef(self) -> Vector:
        """Coefficients of all columns."""
        full = np.zeros(self.X.n_features)
        full[self.support] = self.coef
        return full


class _LeastSquares(Fit):
    """Fit of squares: the residual is orthogonal to the support."""

    def __init__(self, X: ScaledColumns, y: Vector) -> None:
        super().__init__(X, y)
        self.basis = GrowingBasis(len(y))

    @staticmethod
    def loss_of(residual: Vector) -> float:
        return float(np.mean(residual**2) / 2)

    def gains(self, penalty: CoordinatePenalty) -> Vector:
        return squared_gain(self.full_coef, self._correlations(), penalty)

    def refit(self, j: int) -> bool:
        unit = self.basis.append(self.X.column(j))
        if unit is None:
            return False
        self.residual = self.residual - unit * (unit @ self.residual)
        self.coef = self.basis.solve(self.y)
        self.support.append(j)
        return True

    def _correlations(self) -> Vector:
        g = self.X.correlate(self.residual[None])[:, 0]
        g[self.support] = 0.0
        return g


class _RootLeastSquares(_LeastSquares):
    """The same fit, with the root of its mean square as the loss."""

    @staticmethod
    def loss_of(residual: Vector) -> float:
        return float(np.sqrt(np.mean(residual**2)))

    def gains(self, penalty: CoordinatePenalty) -> Vector:
        return root_gain(self.full_coef, self._correlations(), self.loss, penalty)


class _LeastAbsolute(Fit):
    """Fit of absolute values, with a column of ones where there is an intercept."""

    def __init__(self, X: ScaledColumns, y: Vector) -> None:
        super().__init__(X, y)
        self.columns = np.empty((len(y), 0))
        if X.design.means is not None:
            self.columns = np.ones((len(y), 1))
            self.intercept = float(np.median(y))
            self.residual = y - self.intercept

    @staticmethod
    def loss_of(residual: Vector) -> float:
        return float(np.abs(residual).mean())

    def gains(self, penalty: CoordinatePenalty) -> Vector:
        u, n_features = self.full_coef, self.X.n_features
        step = max(1, _BLOCK_ENTRIES // len(self.y))
        blocks = [
            np.arange(start, min(start + step, n_features))
            for start in range(0, n_features, step)
        ]
        parts = [
            absolute_gain(u[b], self.X.block(b), self.residual, penalty.part(b))
            for b in blocks
        ]
        return np.concatenate(parts)

    def refit(self, j: int) -> bool:
        columns = np.column_stack([self.columns, self.X.column(j)])
        solution = lad_regression(columns, self.y)
        residual = self.y - columns @ solution
        if self.loss_of(residual) >= (1 - _ROUNDING) * self.loss:
            return False
        self.columns, self.residual = columns, residual
        self.support.append(j)
        self.coef = solution[-len(self.support) :]
        if solution.size > len(self.support):
            self.intercept = float(solution[0])
        return True


FITS: dict[str, type[Fit]] = {
    "lasso": _LeastSquares,
    "sqrt_lasso": _RootLeastSquares,
    "lad_lasso": _LeastAbsolute,
}


def pursue(
    fit: Fit,
    penalty: CoordinatePenalty,
    tol: float,
    control: Control,
    report: Callable[[float], None],
) -> float:
    """Take in the best column until the best move is no new column.

    Returns the gain of the best move left; `control` knows why it ended.
    """
    smallest = tol * np.linalg.norm(fit.residual)
    while True:
        gain, j = 0.0, -1
        if np.linalg.norm(fit.residual) > smallest:
            gains = fit.gains(penalty)
            j = int(np.argmax(gains))
            gain = float(gains[j])
        if gain <= 0 or j in fit.support:
            control.status = "converged"
        elif not control.exhausted():
            if fit.refit(j):
                control.n_iter += 1
                report(gain)
            else:
                control.status = "stalled"
        if control.status:
            return gain
