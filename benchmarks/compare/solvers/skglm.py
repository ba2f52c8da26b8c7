"""skglm: working sets and Anderson acceleration, in numba.

`tol` bounds the violation of the optimality conditions, absolutely: it is scaled by
the smallest alpha here.
"""

from __future__ import annotations

from typing import Any

from benchmarks.compare.problems import Array, Task
from benchmarks.compare.solvers.base import (
    Solution,
    Solver,
    column,
    cross_validate,
    gram_variants,
    without_intercept,
)

MAX_ITER = 1000


class Skglm(Solver):
    """`Lasso`, `ElasticNet`, their `path`, and `GramCD` for tall X."""

    name = "skglm"
    module = "skglm"
    distribution = "skglm"
    tolerances = tuple(10.0**-k for k in range(12))

    def unsupported(self, task: Task) -> str | None:
        if task.kind == "path" and task.problem.fit_intercept:
            return "no path with intercept"
        return None

    def variants(self, task: Task) -> tuple[str, ...]:
        return gram_variants(task) if task.kind == "fit" else ("",)

    def prepare(self, task: Task, threads: int = 1) -> None:
        import skglm

        super().prepare(task, threads)
        self.api = skglm
        self.scale = task.alphas[-1]

    def run(self, variant: str, tol: float) -> Solution | Array:
        tol *= self.scale
        if self.task.kind == "cv":
            return cross_validate(self.task, lambda part: self._path(part, tol))
        if self.task.kind == "path":
            return self._path(self.task, tol)
        if variant == "gram":
            return self._gram(tol)
        model = self._model(self.task, tol).fit(self.task.X, self.task.y)
        return column(model.coef_, model.intercept_)

    def _model(self, task: Task, tol: float) -> Any:
        problem = task.problem
        options = {
            # Data of the folds are centred before they come here.
            "fit_intercept": problem.fit_intercept and task.kind == "fit",
            "positive": problem.positive,
            "max_iter": MAX_ITER,
            "tol": tol,
        }
        if problem.l1_ratio == 1:
            return self.api.Lasso(task.alphas[0], **options)
        return self.api.ElasticNet(task.alphas[0], problem.l1_ratio, **options)

    def _path(self, task: Task, tol: float) -> Solution:
        model = self._model(task, tol)
        return without_intercept(model.path(task.X, task.y, task.alphas)[1])

    def _gram(self, tol: float) -> Solution:
        task, problem = self.task, self.task.problem
        solver = self.api.solvers.GramCD(
            max_iter=1_000_000, tol=tol, fit_intercept=False
        )
        penalty = self.api.penalties.L1_plus_L2(
            task.alphas[0], problem.l1_ratio, problem.positive
        )
        # No datafit: this solver knows the quadratic one only.
        return column(solver.solve(task.X, task.y, None, penalty)[0], 0.0)
