"""Orthogonal matching pursuit and least squares of one signal, on any dictionary.

Design notes
A) A basis of the chosen atoms grows by one vector q at a time. What a step needs of the
   other atoms is X^H q: correlations fall by a multiple of it, squares off the span by
   its squares. So the cost is that of passes over X, and the rule is a score only.
B) Where X fits no cache, a pass for many vectors costs little more than for one.
   X^H q then comes from columns of the Gram matrix, which are computed for the best
   rivals of the chosen atom along with its own: they tend to be chosen next.
C) Coefficients come from the basis, not from the Gram matrix: no squares of condition
   numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from sparsesci.greedy._basis import GrowingBasis
from sparsesci.operators.dictionary import Dictionary, GramColumns, square_norms

Array = NDArray[Any]

_AHEAD = 16
_TINY = float(np.finfo(np.float64).tiny)
_EPS = float(np.finfo(np.float64).eps)
# Squared correlations below this share of their possible size are rounding errors.
NOISE = (64 * _EPS) ** 2
# Atoms whose square off the span is below this share of it depend on the chosen ones.
_DEPENDENT = 512 * _EPS
# Updated correlations are computed anew when the residual has fallen by this factor.
_REFRESH = 1e-5


@dataclass
class Selection:
    """Atoms in the order of choice, and the least-squares fits along the way."""

    support: list[int]
    factor: Array
    moments: Array
    error: float

    def coef(self, size: int | None = None) -> Array:
        """Coefficients of the first `size` atoms, of all by default."""
        size = len(self.support) if size is None else min(size, len(self.support))
        if size == 0:
            return self.moments[:0]
        return np.asarray(
            solve_triangular(self.factor[:size, :size], self.moments[:size])
        )


class Pursuit:
    """The state of one pursuit; `step` chooses an atom.

    Parameters
    ----------
    dictionary : Dictionary
        The atoms.
    y : ndarray of shape (n_samples,)
        The signal.
    ols : bool
        Whether scores are divided by the atoms' distances from the span.
    n_expected : int
        Number of steps to come, a hint.
    """

    def __init__(
        self, dictionary: Dictionary, y: Array, ols: bool, n_expected: int
    ) -> None:
        dtype = np.result_type(dictionary.dtype, y.dtype, np.float64)
        self.dictionary, self.ols = dictionary, ols
        self.residual = y.astype(dtype)
        self.basis = GrowingBasis(dictionary.n_samples, dtype)
        self.support: list[int] = []
        self.moments: list[Any] = []
        self.alpha = dictionary.correlate(self.residual)
        if not np.isfinite(np.vdot(self.alpha, self.alpha)):
            raise ValueError("products of X and y overflow: rescale X.")
        self.norms = dictionary.squares.copy() if ols else None
        self.taken = np.zeros(dictionary.n_atoms, dtype=bool)
        self.square = self.fresh_at = self.error
        self.gram = None
        if dictionary.remembers_gram and n_expected > 1:
            self.gram = GramColumns(dictionary, min(_AHEAD, n_expected))
            self.directions: list[Array] = []

    @property
    def error(self) -> float:
        """Squared norm of the residual."""
        return float(np.vdot(self.residual, self.residual).real)

    def scores(self) -> NDArray[np.float64]:
        """Gains that the rule expects, 0 for atoms that are out."""
        out = (self.alpha * self.alpha.conj()).real
        if self.norms is not None:
            squares = self.dictionary.squares
            usable = self.norms > _DEPENDENT * squares
            usable &= out > NOISE * self.fresh_at * squares
            np.divide(out, self.norms, out=out, where=usable)
            out[~usable] = 0.0
        out[self.taken] = 0.0
        return out

    def step(self) -> bool:
        """Choose an atom; False where none is left that is independent and helps."""
        if self.error <= NOISE * self.square:
            return False
        scores = self.scores()
        while scores.any():
            j = int(np.argmax(scores))
            column = self.dictionary.columns([j])[:, 0]
            square = float(np.vdot(column, column).real)
            if abs(self.alpha[j]) ** 2 <= NOISE * self.fresh_at * square:
                return False
            unit = self.basis.append(column)
            self.taken[j] = True
            if unit is not None:
                self.support.append(j)
                self._advance(j, unit, scores)
                return True
            scores[j] = 0.0
        return False

    def _advance(self, j: int, unit: Array, scores: NDArray[np.float64]) -> None:
        moment = np.vdot(unit, self.residual)
        self.residual = self.residual - unit * moment
        self.moments.append(moment)
        along = self._direction(j, unit, scores)
        self.alpha = self.alpha - moment * along
        if self.norms is not None:
            self.norms -= (along * along.conj()).real
        error = self.error
        if error < _REFRESH * self.fresh_at:
            self.alpha, self.fresh_at = self.dictionary.correlate(self.residual), error

    def _direction(self, j: int, unit: Array, scores: NDArray[np.float64]) -> Array:
        """``X^H q`` for the new vector q of the basis."""
        if self.gram is None:
            return self.dictionary.correlate(unit)
        self.gram.provide([j], scores)
        weights = self.basis.factor[:, -1]
        along = self.gram[j].copy()
        for weight, earlier in zip(weights, self.directions):
            along -= weight * earlier
        along /= weights[-1]
        self.directions.append(along)
        return along

    def selection(self) -> Selection:
        """What has been chosen so far."""
        dtype = self.residual.dtype
        moments = np.array(self.moments, dtype=dtype)
        return Selection(self.support, self.basis.factor, moments, self.error)


def pursue(
    dictionary: Dictionary, y: Array, ols: bool, n_nonzero: int, tol: float | None
) -> Selection:
    """Choose atoms up to `n_nonzero`, or until the squared error is at most `tol`."""
    pursuit = Pursuit(dictionary, y, ols, n_nonzero)
    while len(pursuit.support) < n_nonzero:
        if (tol is not None and pursuit.error <= tol) or not pursuit.step():
            break
    return pursuit.selection()


# ---- non-negative --------------------------------------------------------------------
def _nonnegative_scores(
    dictionary: Dictionary, residual: Array, support: list[int], ols: bool
) -> NDArray[np.float64]:
    """Gains of atoms that would enter with a positive coefficient, else 0."""
    scores = np.maximum(dictionary.correlate(residual), 0.0) ** 2
    if ols:
        squares = dictionary.squares.copy()
        floor = 1e-10 * squares
        if support:
            Q = np.linalg.qr(dictionary.columns(support))[0]
            squares -= square_norms(dictionary.correlate(Q).T)
        scores = np.where(
            squares > floor, scores / np.where(squares > floor, squares, 1), 0
        )
    scores[support] = 0.0
    return np.asarray(scores)


def _nonnegative_steps(
    dictionary: Dictionary, y: Array, ols: bool
) -> Iterator[tuple[list[int], Array, float]]:
    """Supports, coefficients and squared errors; atoms may leave again."""
    from scipy.optimize import nnls

    support: list[int] = []
    residual, error = y, float(y @ y)
    while True:
        scores = _nonnegative_scores(dictionary, residual, support, ols)
        j = int(np.argmax(scores))
        if scores[j] <= 0:
            return
        trial = [*support, j]
        columns = dictionary.columns(trial)
        Q, R = np.linalg.qr(columns)
        values, _ = nnls(R, Q.T @ y)
        residual = y - columns @ values
        new_error = float(residual @ residual)
        if values[-1] <= 0 or new_error >= error * (1 - 8 * _EPS):
            return
        support = [i for i, value in zip(trial, values) if value > 0]
        error = new_error
        yield support, values[values > 0], error


def pursue_nonnegative(
    dictionary: Dictionary, y: Array, ols: bool, n_nonzero: int, tol: float | None
) -> tuple[list[int], Array, float]:
    """Support, coefficients and squared error with non-negative coefficients."""
    found: tuple[list[int], Array, float] = ([], np.zeros(0), float(y @ y))
    if tol is not None and found[2] <= tol:
        return found
    for found in _nonnegative_steps(dictionary, y, ols):
        if len(found[0]) >= n_nonzero or (tol is not None and found[2] <= tol):
            break
    return found
