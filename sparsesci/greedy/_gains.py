"""By how much one coefficient can lower a penalised loss: the scores of pursuit.

Columns have mean square 1. With all other coefficients fixed, let coefficient u of a
column move to v, let r be the residual at u, and let ``g = x' r / n``. Then

- squares: ``mean (r - (v - u) x)^2 = rho^2 + (v - z)^2`` with ``z = u + g`` and
  ``rho^2 = mean r^2 - g^2``: the loss of any v is known from two numbers;
- absolute values: the loss is piecewise linear in v and needs the column.

A gain is the objective at u less its minimum over v, never negative. One formula covers
columns in the support and out of it (u = 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesci.greedy._lad import lad_line_search

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class CoordinatePenalty:
    """``strength_j |v|``, or ``strength_j`` for ``v != 0``."""

    norm: str
    strength: Vector

    def __call__(self, v: Vector) -> Vector:
        """Value for each coefficient."""
        size = np.abs(v) if self.norm == "l1" else (v != 0)
        return np.asarray(self.strength * size)

    def part(self, columns: NDArray[np.intp]) -> CoordinatePenalty:
        """The same for some of the columns."""
        return CoordinatePenalty(self.norm, self.strength[columns])


def squared_gain(u: Vector, g: Vector, penalty: CoordinatePenalty) -> Vector:
    """Gains of ``1/2 mean r^2 + penalty``.

    The minimum is at z, soft-thresholded for the L1 norm and hard-thresholded for L0.
    """
    z, strength = u + g, penalty.strength
    if penalty.norm == "l1":
        v = _soft(z, strength)
    else:
        v = np.where(z**2 / 2 > strength, z, 0.0)
    gain = (g**2 - (v - z) ** 2) / 2 + penalty(u) - penalty(v)
    return np.maximum(gain, 0.0)


def root_gain(u: Vector, g: Vector, rms: float, penalty: CoordinatePenalty) -> Vector:
    """Gains of ``sqrt(mean r^2) + penalty``, with `rms` the root at u.

    For the L1 norm and strength t < 1 the minimum is at z, soft-thresholded at
    ``rho t / sqrt(1 - t^2)``; for t >= 1 the penalty rises faster than the loss can
    fall, and it is at zero. A column out of the support thus gains only if
    ``|g| > t rms``: the closed form without this guard turns positive again.
    """
    z, strength = u + g, penalty.strength
    rho = np.sqrt(np.maximum((rms - g) * (rms + g), 0.0))
    if penalty.norm == "l1":
        cosine = np.sqrt(np.maximum(1 - strength**2, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            v = np.where(strength < 1, _soft(z, rho * strength / cosine), 0.0)
    else:
        v = np.where(np.hypot(rho, z) > rho + strength, z, 0.0)
    # rms - hypot(rho, v - z), without the loss of digits
    fall = (g**2 - (v - z) ** 2) / (rms + np.hypot(rho, v - z))
    return np.maximum(fall + penalty(u) - penalty(v), 0.0)


def absolute_gain(
    u: Vector, columns: Vector, residual: Vector, penalty: CoordinatePenalty
) -> Vector:
    """Gains of ``mean |r| + penalty``, whose minimum is a weighted median.

    The L1 norm is one more kink, at zero, of weight ``n strength``. For L0, zero is
    compared with the minimum of the loss alone.
    """
    n_samples = len(residual)
    if penalty.norm == "l1":
        weight = n_samples * penalty.strength
        return lad_line_search(residual, columns, -u, weight)[1] / n_samples
    step, fall = lad_line_search(residual, columns, -u, np.zeros(u.size))
    gain = fall / n_samples + penalty(u) - penalty(u + step)
    for j in np.flatnonzero(u):
        at_zero = np.abs(residual + u[j] * columns[:, j]).mean()
        to_zero = np.abs(residual).mean() - at_zero + penalty.strength[j]
        gain[j] = max(gain[j], to_zero)
    return np.maximum(gain, 0.0)


def _soft(z: Vector, threshold: Vector) -> Vector:
    return np.asarray(np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0))
