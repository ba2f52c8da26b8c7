"""celer: working sets and dual extrapolation.

`tol` bounds the duality gap relative to ||y||^2 / n. `LassoCV` of celer 0.7 cannot be
constructed with scikit-learn 1.9, hence the loop over folds.
"""

from __future__ import annotations

from benchmarks.compare.problems import Array, Task
from benchmarks.compare.solvers.base import (
    Solution,
    Solver,
    column,
    cross_validate,
    without_intercept,
)

MAX_ITER = 1000


class Celer(Solver):
    """`Lasso`, `ElasticNet` and `celer_path`."""

    name = "celer"
    module = "celer"
    distribution = "celer"

    def unsupported(self, task: Task) -> str | None:
        if task.kind == "path" and task.problem.fit_intercept:
            return "no path with intercept"
        return None

    def prepare(self, task: Task, threads: int = 1) -> None:
        import celer

        super().prepare(task, threads)
        self.api = celer

    def run(self, variant: str, tol: float) -> Solution | Array:
        if self.task.kind == "cv":
            return cross_validate(self.task, lambda part: self._path(part, tol))
        return getattr(self, f"_{self.task.kind}")(self.task, tol)

    def _fit(self, task: Task, tol: float) -> Solution:
        problem, alpha = task.problem, task.alphas[0]
        if not problem.fit_intercept:
            # The estimators would copy X.
            return self._path(task, tol)
        options = {
            "fit_intercept": problem.fit_intercept,
            "positive": problem.positive,
            "max_iter": MAX_ITER,
            "tol": tol,
        }
        if problem.l1_ratio == 1:
            model = self.api.Lasso(alpha, **options)
        else:
            model = self.api.ElasticNet(alpha, l1_ratio=problem.l1_ratio, **options)
        model.fit(task.X, task.y)
        return column(model.coef_, model.intercept_)

    def _path(self, task: Task, tol: float) -> Solution:
        # The estimators' `prune`, not the other default of `celer_path`.
        _, coefs, _ = self.api.celer_path(
            task.X,
            task.y,
            "lasso",
            alphas=task.alphas,
            l1_ratio=task.problem.l1_ratio,
            positive=task.problem.positive,
            prune=1,
            max_iter=MAX_ITER,
            tol=tol,
        )
        return without_intercept(coefs)
