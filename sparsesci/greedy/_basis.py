"""An orthonormal basis of selected columns, which grows by one column at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

# A column whose distance from the others is below this share of its norm is dependent.
_DEPENDENT = 1e-10


class GrowingBasis:
    """QR decomposition of the columns appended so far, in O(n_samples k) each.

    Parameters
    ----------
    n_samples : int
        Length of the columns.
    dtype : dtype, default=float64
        float64 or complex128.
    """

    def __init__(self, n_samples: int, dtype: Any = np.float64) -> None:
        self.size = 0
        self._Q = np.empty((n_samples, 8), dtype=dtype, order="F")
        self._R = np.zeros((8, 8), dtype=dtype)

    @property
    def vectors(self) -> NDArray[Any]:
        """Orthonormal columns, shape (n_samples, size)."""
        return self._Q[:, : self.size]

    @property
    def factor(self) -> NDArray[Any]:
        """Upper triangle that makes the columns of the vectors, shape (size, size)."""
        return self._R[: self.size, : self.size]

    def append(self, column: NDArray[Any]) -> NDArray[Any] | None:
        """Return the new unit vector, or None where the column is dependent."""
        if self.size == self._Q.shape[1]:
            self._grow()
        k = self.size
        norm = np.linalg.norm(column)
        direction, weights = column, np.zeros(k, dtype=self._R.dtype)
        for _ in range(2):  # the second pass removes what rounding left of the first
            along = self.vectors.T.conj() @ direction
            direction = direction - self.vectors @ along
            weights += along
        height = np.linalg.norm(direction)
        if height <= _DEPENDENT * norm:
            return None
        self._R[:k, k], self._R[k, k] = weights, height
        self._Q[:, k] = direction / height
        self.size += 1
        return self._Q[:, k]

    def solve(self, y: NDArray[Any]) -> NDArray[Any]:
        """Least-squares coefficients of y (or columns of it) in the columns."""
        if self.size == 0:
            return np.zeros((0, *y.shape[1:]), dtype=self._R.dtype)
        return solve_triangular(self.factor, self.vectors.T.conj() @ y)

    def _grow(self) -> None:
        n_samples, room = self._Q.shape
        Q = np.empty((n_samples, 2 * room), dtype=self._Q.dtype, order="F")
        R = np.zeros((2 * room,) * 2, dtype=self._R.dtype)
        Q[:, :room], R[:room, :room] = self._Q, self._R
        self._Q, self._R = Q, R
