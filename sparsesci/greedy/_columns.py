"""Columns on one scale, whatever the design."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesci.operators import Design
from sparsesci.operators.design import ColumnDesign, Residual

Vector = NDArray[np.float64]


class ScaledColumns:
    """Columns divided by their root mean squares; zero columns stay zero.

    Parameters
    ----------
    design : Design
        The columns; centred if the design is.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        squares = (
            design.lipschitz
            if isinstance(design, ColumnDesign)
            else np.array([np.mean(self._raw(j) ** 2) for j in range(self.n_features)])
        )
        self.scale = np.sqrt(squares)
        if design.means is not None:  # a constant column leaves rounding errors
            self.scale[self.scale <= 1e-14 * np.abs(design.means)] = 0.0
        self.inverse = np.zeros(self.n_features)
        np.divide(1.0, self.scale, out=self.inverse, where=self.scale > 0)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.design.n_features

    def correlate(self, rows: Vector) -> Vector:
        """``x_j' r / n`` for all columns and each row r, shape (n_features, n_rows)."""
        residual = Residual(np.ascontiguousarray(rows), np.zeros(len(rows)))
        return np.asarray(self.design.correlate(residual) * self.inverse[:, None])

    def column(self, j: int) -> Vector:
        """One of them."""
        return np.asarray(self._raw(j) * self.inverse[j])

    def block(self, columns: NDArray[np.intp]) -> Vector:
        """Several columns as a Fortran-ordered array."""
        assert isinstance(self.design, ColumnDesign)
        dense = self.design.dense_columns(columns.astype(np.int32))
        return dense * self.inverse[columns]

    def _raw(self, j: int) -> Vector:
        if isinstance(self.design, ColumnDesign):
            return self.design.dense_columns(np.array([j], dtype=np.int32))[:, 0]
        unit = np.zeros((self.n_features, 1))
        unit[j] = 1.0
        return self.design.apply(unit)[0]
