r"""The best k features of a logistic classifier, by cutting planes.

For a set of features S with indicator s, signs y and weights v that sum to n,

    c(s) = min_{w, b}  1/n sum_i v_i log(1 + exp(-y_i (x_i' w + b))) + alpha/2 ||w_S||^2

has a dual: with ``H(p) = -p log p - (1-p) log(1-p)`` and z the signs times multipliers,

    c(s) = max  1/n sum_i v_i H(n |z_i| / v_i) - 1/(2 alpha) sum_j s_j (x_j' z)^2

over z with ``0 <= y_i z_i <= v_i / n`` and ``sum_i z_i = 0``. Any such z bounds c from
below by a *linear* function of s, for all s at once: a cut. Indicators may be fractions
s_j in [0, 1], which weaken the penalty on w_j to ``alpha / (2 s_j)``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.special import entr, expit

Vector = NDArray[np.float64]

# Cuts of the relaxation tighten the bound quickly at first, then hardly.
_RELAXED_CUTS = 50


@dataclass(frozen=True)
class LogisticProblem:
    """Standardised features, signs of the classes, weights of mean 1 and alpha."""

    X: Vector
    y: Vector
    weights: Vector
    alpha: float

    def part(self, columns: NDArray[np.intp]) -> LogisticProblem:
        """The same with some of the features."""
        return LogisticProblem(
            np.asfortranarray(self.X[:, columns]), self.y, self.weights, self.alpha
        )


@dataclass(frozen=True)
class Evaluation:
    """Solution for one s, and its cut ``c(s') >= constant - slopes's'``."""

    chosen: NDArray[np.intp]
    objective: float
    coef: Vector
    intercept: float
    constant: float
    slopes: Vector


def evaluate(problem: LogisticProblem, s: Vector) -> Evaluation:
    """Solve for the indicators `s`, which may be fractions."""
    used = np.flatnonzero(s > 0)
    root = np.sqrt(s[used])
    Z = np.column_stack([problem.X[:, used] * root, np.ones(len(problem.y))])
    solution, objective = _newton(Z, problem)
    coef = np.zeros(s.size)
    coef[used] = solution[:-1] * root
    v = problem.weights / len(problem.y)
    z = problem.y * v * expit(-problem.y * (Z @ solution))
    # The intercept balances the classes up to rounding; a cut needs it exactly.
    ahead, behind = z[problem.y > 0].sum(), -z[problem.y < 0].sum()
    z = np.where(z > 0, z * min(1.0, behind / ahead), z * min(1.0, ahead / behind))
    share = np.abs(z) / v
    return Evaluation(
        used,
        objective,
        coef,
        float(solution[-1]),
        float(v @ (entr(share) + entr(1 - share))),
        (problem.X.T @ z) ** 2 / (2 * problem.alpha),
    )


def _newton(Z: Vector, problem: LogisticProblem) -> tuple[Vector, float]:
    """Minimise over coefficients of Z, the last of them unpenalised."""
    y, v = problem.y, problem.weights / len(problem.y)
    ridge = np.full(Z.shape[1], problem.alpha)
    ridge[-1] = 0.0

    def objective(w: Vector) -> float:
        return float(v @ np.logaddexp(0.0, -y * (Z @ w)) + ridge @ w**2 / 2)

    w = np.zeros(Z.shape[1])
    value = objective(w)
    for _ in range(100):
        p = expit(-y * (Z @ w))
        gradient = ridge * w - Z.T @ (y * v * p)
        hessian = (Z.T * (v * p * (1 - p))) @ Z + np.diag(ridge)
        # An intercept that all samples have saturated still needs a curvature.
        hessian[-1, -1] += 1e-14
        direction = np.linalg.solve(hessian, gradient)
        decrease = float(gradient @ direction)
        step = 1.0
        while step > 1e-10 and objective(w - step * direction) > value - (
            1e-4 * step * decrease
        ):
            step /= 2
        trial = w - step * direction
        after = objective(trial)
        if after < value:
            w, value = trial, after
        if decrease <= 1e-15 * value or step <= 1e-10:
            break
    return w, value


@dataclass
class SubsetSearch:
    """Best indicators so far, and a bound for all."""

    best: Evaluation
    bound: float
    n_cuts: int
    status: str

    @property
    def gap(self) -> float:
        """Share of the objective by which the best may still be improved."""
        return max(0.0, 1 - self.bound / self.best.objective)


@dataclass
class _Master:
    """Cuts gathered so far: minimise t over s with ``t + slopes's >= constant``."""

    n_features: int
    k: int
    rel_gap: float
    slopes: list[Vector] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)

    def add(self, evaluation: Evaluation) -> None:
        self.slopes.append(np.append(evaluation.slopes, 1.0))
        self.constants.append(evaluation.constant)

    def solve(self, integral: bool, time_limit: float) -> tuple[Vector, float] | None:
        """Return the best s and the bound, None where HiGHS found none in time."""
        p = self.n_features
        count = np.append(np.ones(p), 0.0)
        result = milp(
            np.append(np.zeros(p), 1.0),
            integrality=np.append(np.full(p, int(integral)), 0),
            bounds=Bounds(np.zeros(p + 1), np.append(np.ones(p), np.inf)),
            constraints=[
                LinearConstraint(np.array(self.slopes), np.array(self.constants)),
                LinearConstraint(count[None], self.k, self.k),
            ],
            options={"mip_rel_gap": self.rel_gap, "time_limit": max(time_limit, 0.01)},
        )
        if result.x is None:
            return None
        s = np.clip(result.x[:p], 0.0, 1.0)
        if not integral:
            return s, float(result.fun)
        chosen = np.zeros(p)
        chosen[np.argsort(-s, kind="stable")[: self.k]] = 1.0
        return chosen, float(result.mip_dual_bound)


def best_subset(
    problem: LogisticProblem,
    k: int,
    starts: list[Vector],
    *,
    tol: float,
    max_cuts: int,
    time_limit: float | None,
) -> SubsetSearch:
    """Search for the best k features, from the indicators in `starts`.

    Cuts of the relaxation come first: they are cheap, and bound well.
    """
    deadline = np.inf if time_limit is None else time.monotonic() + time_limit
    master = _Master(problem.X.shape[1], k, rel_gap=tol / 10)
    found = [evaluate(problem, s) for s in starts]
    best = min(found, key=lambda e: e.objective)
    search = SubsetSearch(best, 0.0, len(found), "max_iter")
    for evaluation in found:
        master.add(evaluation)
    n_relaxed = min(_RELAXED_CUTS, max_cuts // 2)
    for integral, n_cuts in ((False, n_relaxed), (True, max_cuts)):
        _add_cuts(problem, master, search, integral, tol, n_cuts, deadline)
    return search


def _add_cuts(
    problem: LogisticProblem,
    master: _Master,
    search: SubsetSearch,
    integral: bool,
    tol: float,
    max_cuts: int,
    deadline: float,
) -> None:
    """Cut until the bound meets the best objective (of the relaxation first)."""
    seen: set[bytes] = set()
    while search.n_cuts < max_cuts:
        left = deadline - time.monotonic()
        answer = master.solve(integral, left) if left > 0 else None
        if answer is None:
            search.status = "time_limit"
            return
        s, bound = answer
        search.bound = max(search.bound, bound)
        if search.gap <= tol or s.tobytes() in seen:
            search.status = "converged"
            return
        seen.add(s.tobytes())
        evaluation = evaluate(problem, s)
        master.add(evaluation)
        search.n_cuts += 1
        if integral and evaluation.objective < search.best.objective:
            search.best = evaluation
        if not integral and evaluation.objective - bound <= 1e-4 * bound:
            return
