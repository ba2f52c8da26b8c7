"""Regression data in units in which nothing depends on scales.

Columns are centred and have norm 1, and so has the target; norms are those of the
sample weights. What is computed from such data and brought back to the units of the
user is equivariant: multiplying y or a column of X multiplies results accordingly.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci.operators.design import ColumnDesign, Residual, as_design
from sparsesci.solvers._inputs import check_weights

Array = NDArray[Any]

# A residual this small against the target is rounding: the noise never goes below.
NOISE_FLOOR = 1e-12
# The square of a smaller one has lost digits.
_SMALLEST_NORM = 1e-145


@dataclass
class Standardized:
    """Centred data of unit norms: columns z_j and a target with ``y' y = 1``."""

    design: ColumnDesign
    norms: Array  # of the centred columns; 0 where they are constant
    Y: Array  # target, of shape (1, n_samples), or several, each of norm 1 or 0
    y_norms: Array
    y_means: Array
    weight: float  # total sample weight: the number of observations

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.design.n_features

    @property
    def dof(self) -> float:
        """Observations left for noise and coefficients: less one for an intercept."""
        return self.weight - (self.design.means is not None)

    @cached_property
    def inverse_norms(self) -> Array:
        """1 / norms, 0 for constant columns, which so become zero columns."""
        varies = self.norms > 0
        return np.divide(1.0, self.norms, out=np.zeros_like(self.norms), where=varies)

    @property
    def n_varying(self) -> int:
        """Number of columns that are not constant."""
        return int(np.count_nonzero(self.norms))

    @property
    def unit(self) -> float:
        """Square of the unit of y: noise variances here times this are the user's."""
        n_samples = self.design.n_samples
        return float(self.y_norms[0] ** 2 * self.weight / n_samples)

    def correlate(self, R: Array) -> Array:
        """``Z' S R'`` for residuals in rows, shape (n_features, n_rows)."""
        residual = Residual(np.ascontiguousarray(R), np.zeros(len(R)))
        scaled = self.design.correlate(residual) * self.design.n_samples
        return scaled * self.inverse_norms[:, None]

    @cached_property
    def target_correlations(self) -> Array:
        """``Z' S Y'``, which searches begin with again and again."""
        return self.correlate(self.Y)

    def apply(self, w: Array) -> Array:
        """``Z w``, shape (n_samples,)."""
        W = np.ascontiguousarray((w * self.inverse_norms)[:, None])
        return self.design.apply(W)[0]

    def gram_row(self, j: int) -> Array:
        """Inner products of column j with all columns."""
        unit = np.zeros(self.n_features)
        unit[j] = 1.0
        return self.correlate(self.apply(unit)[None])[:, 0]

    def columns(self, which: Any = None) -> Array:
        """The listed columns (all by default), weighted: ``S^(1/2) Z``, dense."""
        if which is None:
            which = np.arange(self.n_features)
        dense = self.design.dense_columns(which)
        dense *= self.inverse_norms[which]
        return dense

    @property
    def weighted_targets(self) -> Array:
        """``S^(1/2) Y'``, shape (n_samples, n_targets)."""
        weights = self.design.sample_weight
        return (self.Y if weights is None else self.Y * np.sqrt(weights)).T


def standardize(
    X: Any,
    Y: Array,
    sample_weight: Any,
    fit_intercept: bool,
    *,
    joint: bool = False,
) -> Standardized:
    """Wrap checked data; targets are the rows of Y.

    Weights count: an integer weight is that many equal samples, 0 is none. `joint`
    divides all targets by one number, their root mean square norm.
    """
    n_samples = X.shape[0]
    weights = check_weights(sample_weight, n_samples)
    counts = np.ones(n_samples) if sample_weight is None else np.asarray(sample_weight)
    total = float(counts.sum(dtype=np.float64))
    design = as_design(X, weights, fit_intercept)
    assert isinstance(design, ColumnDesign)
    Y, means = design.center_targets(Y)
    norms = np.sqrt([design.inner(row, row) for row in Y])
    if not np.isfinite(norms).all():
        raise ValueError("y is too large: its sum of squares overflows; rescale it.")
    if np.any((norms < _SMALLEST_NORM) & Y.any(axis=1)):
        raise ValueError("y is too small: its sum of squares underflows; rescale it.")
    if joint:
        norms = np.full(len(Y), np.sqrt(np.mean(norms**2)))
    unit = Y / np.where(norms > 0, norms, 1.0)[:, None]
    column_norms = np.sqrt(n_samples * design.lipschitz)
    return Standardized(design, column_norms, unit, norms, means, total)
