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
from sparsesci.solvers._lookahead import Lookahead
from sparsesci.solvers._prediction import Solution, extrapolate, likely_rows
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


def walk(
    problem: Problem,
    penalty: Penalty,
    alphas: Doubles,
    control: Control,
    W: Doubles,
    rng: Any = None,
) -> Iterator[tuple[State, Certificate, WorkingSetSolver]]:
    """Solve for each alpha from the solutions of those before.

    The state that is yielded is one that the next step may start from: copy what is to
    be kept.
    """
    state = problem.start(W)
    solver = WorkingSetSolver(problem, control, rng)
    past: list[Solution] = []
    for alpha, solved, point in _steps(solver, penalty, alphas, state, past):
        yield solved, point, solver
        if solver.control.status in ("time_limit", "callback"):
            return
        solver.control = solver.control.restarted()
        solver.complete(solved)
        past[:] = [*past[-1:], Solution(alpha, solved.W.copy(), solved.U.copy())]


def _steps(
    solver: WorkingSetSolver,
    penalty: Penalty,
    alphas: Doubles,
    state: State,
    past: list[Solution],
) -> Iterator[tuple[float, State, Certificate]]:
    """Solve for batches of alphas where that goes well, else for one."""
    ahead = Lookahead(solver, penalty)
    left = alphas.tolist()
    while left:
        n_solved = 0
        for solved, point in ahead.solutions(left, past, state):
            yield left[n_solved], solved, point
            n_solved, state = n_solved + 1, solved
        if not n_solved:
            point = _step(solver, penalty.with_alpha(left[0]), state, past)
            yield left[0], state, point
            n_solved = 1
        left = left[n_solved:]


def _step(
    solver: WorkingSetSolver, penalty: Penalty, state: State, past: list[Solution]
) -> Certificate:
    """Solve from the line through the last two solutions.

    What the first working set misses, the next full pass finds.
    """
    guess = extrapolate(past, penalty.alpha)
    if solver.descent.subgram is None:  # all rows, always
        return solver.solve(penalty, state, None, guess)
    return solver.solve(
        penalty, state, likely_rows(penalty, past, penalty.alpha), guess
    )
