"""Regularisation paths: one warm start after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sparsesci._kernels._contract import Doubles
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import Certificate
from sparsesci.solvers._control import Control
from sparsesci.solvers._free_block import free_block
from sparsesci.solvers._problem import Problem, State
from sparsesci.solvers._working_set import WorkingSetSolver
from sparsesci.utils.validation import check_integer, check_real


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
    kept. First working sets follow the sequential strong rule: correlations above
    2 alpha - (alpha before). What it misses, the next full pass finds.
    """
    state = problem.start(W)
    solver = WorkingSetSolver(problem, control, rng)
    past: list[tuple[float, Doubles]] = []
    for alpha in alphas:
        rule = None
        if past and alpha < past[-1][0] < 2 * alpha:
            rule = penalty.with_alpha(2 * alpha - past[-1][0])
        guess = extrapolate(past, alpha)
        point = solver.solve(penalty.with_alpha(alpha), state, rule, guess)
        yield state, point, solver
        if solver.control.status in ("time_limit", "callback"):
            return
        solver.control = solver.control.restarted()
        past = [*past[-1:], (float(alpha), state.W.copy())]


def extrapolate(past: list[tuple[float, Doubles]], alpha: float) -> Doubles | None:
    """Continue the line through the last two solutions.

    Between two changes of the support, Lasso solutions are linear in alpha. Rows that
    the line would carry across zero stop there, others that are zero in one of the two
    solutions stay where they are.
    """
    if len(past) < 2:
        return None
    (before, older), (last, W) = past
    if not alpha < last < before:
        return None
    guess = W + (last - alpha) / (before - last) * (W - older)
    crossing = (guess * W).sum(axis=1) <= 0
    guess[crossing] = 0.0
    entered = ~older.any(axis=1) | ~W.any(axis=1)
    guess[entered] = W[entered]
    return guess
