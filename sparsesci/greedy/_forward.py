"""The order in which forward selection takes columns, by two rules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsesci.greedy._basis import GrowingBasis
from sparsesci.greedy._columns import ScaledColumns

# Squared distance from the columns taken (whose mean squares are 1) below which a
# column counts as dependent on them.
_DEPENDENT = 1e-10
# Scores this close (relatively) are ties, which rounding must not decide.
_TIE = 1e-12


class ForwardOrder(NamedTuple):
    """Columns in the order taken, and the share of squares explained after each."""

    order: NDArray[np.intp]
    r2: NDArray[np.float64]


def forward_order(
    columns: ScaledColumns,
    Y: NDArray[np.float64],
    n_select: int,
    rule: str,
    tol: float = 1e-10,
) -> ForwardOrder:
    """Take columns one by one, all targets together.

    With R the residual of the targets on the columns taken and ``x_j^`` what is left of
    column j off their span, rule "omp" takes the largest ``||x_j' R||``, and "ols" the
    largest ``||x_j' R|| / ||x_j^||``, which lowers the squared error most. Stops early
    once the residual is below `tol` times the targets, or all columns are dependent.

    Each step is one product with X': both numbers follow from the new direction alone.
    """
    n_samples, total = Y.shape[1], float((Y**2).sum())
    basis = GrowingBasis(n_samples)
    correlation = columns.correlate(Y)
    free = (columns.scale > 0).astype(float)  # squared norm off the span
    order: list[int] = []
    left: list[float] = []
    while len(order) < n_select:
        j = _best(correlation, free, rule)
        if j is None or (left and left[-1] <= tol**2 * total):
            break
        unit = basis.append(columns.column(j))
        if unit is None:
            free[j] = 0.0
            continue
        along = columns.correlate(unit[None])[:, 0]
        step = Y @ unit
        correlation -= along[:, None] * step
        free -= n_samples * along**2
        free[j] = 0.0
        Y = Y - step[:, None] * unit
        order.append(j)
        left.append(float((Y**2).sum()))
    explained = 1 - np.array(left) / total if left else np.zeros(0)
    return ForwardOrder(np.array(order, dtype=np.intp), explained)


def _best(
    correlation: NDArray[np.float64], free: NDArray[np.float64], rule: str
) -> int | None:
    """Return the first column with the largest score, None where all are zero."""
    score = (correlation**2).sum(axis=1)
    if rule == "ols":
        score = score / np.maximum(free, _DEPENDENT)
    score = np.where(free > _DEPENDENT, score, 0.0)
    largest = score.max()
    return int(np.argmax(score >= (1 - _TIE) * largest)) if largest > 0 else None
