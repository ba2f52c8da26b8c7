"""What the last two solutions of a path tell about the next.

Between two changes of the support, solutions and correlations are linear in alpha.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import violations_of
from sparsesci.solvers._problem import nonzero_rows

# Rows whose correlation is foreseen to stay below the bound by less than this share of
# a step of alpha are taken along: lines have kinks.
_SLACK = 0.2


class Solution(NamedTuple):
    """One step of a path: alpha, coefficients and correlations."""

    alpha: float
    W: Doubles
    U: Doubles


def likely_rows(penalty: Penalty, past: list[Solution], alpha: float) -> Indices | None:
    """Rows that are likely to be in the support at the next alpha.

    Correlations, too, are linear in alpha between two changes of the support: rows
    whose line comes near the bound. After one solution only, those that the
    sequential strong rule keeps: correlations above 2 alpha - (alpha before).
    """
    if not past or not alpha < past[-1].alpha < 2 * alpha:
        return None
    last = past[-1]
    U, bound = last.U, 2 * alpha - last.alpha
    slope = slope_to(past, alpha)
    if slope is not None:
        U = U + slope * (U - past[-2].U)
        bound = alpha - _SLACK * (last.alpha - alpha)
    handle = penalty.with_alpha(bound).build()
    return np.flatnonzero(violations_of(handle, last.W, U) > 0)


def extrapolate(past: list[Solution], alpha: float) -> Doubles | None:
    """Continue the line through the last two solutions.

    Between two changes of the support, Lasso solutions are linear in alpha. Rows that
    the line would carry across zero stop there, others that are zero in one of the two
    solutions stay where they are.
    """
    slope = slope_to(past, alpha)
    if slope is None:
        return None
    older, W = past[0].W, past[1].W
    rows = nonzero_rows(W)
    before, last = older.take(rows, axis=0), W.take(rows, axis=0)
    line = last + slope * (last - before)
    line[_row_sums(line * last) <= 0] = 0.0
    new = _row_sums(before * before) == 0
    if new.any():
        line[new] = last[new]
    guess = W.copy()
    guess[rows] = line
    return guess


def _row_sums(A: Doubles) -> Doubles:
    return A[:, 0] if A.shape[1] == 1 else A.sum(axis=1)


def slope_to(past: list[Solution], alpha: float) -> float | None:
    """How far to go on along the line through two solutions, in units of the last step.

    None where alpha did not fall twice.
    """
    if len(past) < 2:
        return None
    alphas = past[0].alpha, past[1].alpha, alpha
    return _slope(*alphas) if alphas[0] > alphas[1] > alphas[2] else None


def slopes(alphas: list[float]) -> Doubles:
    """`slope_to` for each of falling alphas, from the third on."""
    return np.array([_slope(*step) for step in zip(alphas, alphas[1:], alphas[2:])])


def _slope(before: float, last: float, alpha: float) -> float:
    return (last - alpha) / (before - last)
