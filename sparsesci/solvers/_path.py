"""Regularisation paths: one warm start after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import Certificate, violations_of
from sparsesci.solvers._control import Control
from sparsesci.solvers._free_block import free_block
from sparsesci.solvers._problem import (
    Problem,
    State,
    nonzero_rows,
)
from sparsesci.solvers._working_set import WorkingSetSolver
from sparsesci.utils.validation import check_integer, check_real

# Rows whose correlation is foreseen to stay below the bound by less than this share of
# a step of alpha are taken along: lines have kinks.
_SLACK = 0.2


def check_alphas(alphas: Any, eps: Any) -> int | Doubles:
    """Return how many alphas to choose, or the given ones from large to small."""
    check_real("eps", eps, low=0, open_low=True)
    if alphas is None:
        return 100
    if isinstance(alphas, str) or np.ndim(alphas) == 0:
        return check_integer("alphas", alphas)
    values = [
        check_real(f"alphas[{i}]", alpha, low=0) for i, alpha in enumerate(alphas)
    ]
    if not values:
        raise ValueError("alphas must not be empty.")
    return np.sort(values)[::-1]


def alpha_max(problem: Problem, penalty: Penalty, n_targets: int) -> float:
    """Return the smallest alpha at which every penalised coefficient is zero."""
    state = problem.start(np.zeros((problem.n_features, n_targets)))
    unit = penalty.with_alpha(1.0)
    block = free_block(problem, unit)
    if block is not None:
        block.solve(state)
    if not state.fresh:
        problem.correlate(state, None)
    U = state.U
    if n_targets > 1:
        size = np.linalg.norm(U, axis=1)
    elif getattr(penalty, "positive", False):
        size = np.maximum(U[:, 0], 0.0)
    else:
        size = np.abs(U[:, 0])
    slope = np.broadcast_to(unit.slope, size.shape)
    held = (problem.lipschitz > 0) & (slope > 0)
    return float(np.max(size[held] / slope[held], initial=0.0))


def alpha_grid(
    problem: Problem, penalty: Penalty, n_targets: int, n_alphas: int, eps: float
) -> Doubles:
    """Return alphas from alpha_max down to eps times that, evenly in the logarithm."""
    largest = alpha_max(problem, penalty, n_targets)
    tiny = np.finfo(np.float64).resolution
    if largest <= tiny:
        return np.full(n_alphas, tiny)
    return np.geomspace(largest, largest * eps, n_alphas)


class Solution(NamedTuple):
    """What the next step of a path may learn from this one."""

    alpha: float
    W: Doubles
    U: Doubles


def walk(
    problem: Problem,
    penalty: Penalty,
    alphas: Doubles,
    control: Control,
    W: Doubles,
    rng: Any = None,
) -> Iterator[tuple[State, Certificate, WorkingSetSolver]]:
    """Solve for each alpha from the solution of the one before.

    The state that is yielded is the one the next step starts from: copy what is to be
    kept. What the first working set misses, the next full pass finds.
    """
    state = problem.start(W)
    solver = WorkingSetSolver(problem, control, rng)
    on_gram = solver.descent.subgram is None  # all rows, always
    past: list[Solution] = []
    for alpha in alphas:
        guess = extrapolate(past, alpha)
        first = None if on_gram else likely_rows(penalty, past, alpha)
        point = solver.solve(penalty.with_alpha(alpha), state, first, guess)
        yield state, point, solver
        if solver.control.status in ("time_limit", "callback"):
            return
        solver.control = solver.control.restarted()
        solver.complete(state)
        past = [*past[-1:], Solution(float(alpha), state.W.copy(), state.U.copy())]


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
    slope = _slope(past, alpha)
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
    slope = _slope(past, alpha)
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


def _slope(past: list[Solution], alpha: float) -> float | None:
    """How far to go on along the line through two solutions, in units of the last step.

    None where alpha did not fall twice.
    """
    if len(past) < 2:
        return None
    before, last = past[0][0], past[1][0]
    return (last - alpha) / (before - last) if alpha < last < before else None
