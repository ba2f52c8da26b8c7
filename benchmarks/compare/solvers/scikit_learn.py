"""scikit-learn: coordinate descent over all columns.

`tol` bounds the duality gap relative to ||y||^2.
"""

from __future__ import annotations

from benchmarks.compare.problems import Array, Task, folds
from benchmarks.compare.solvers.base import (
    Solution,
    Solver,
    column,
    gram_variants,
    without_intercept,
)

MAX_ITER = 100_000


class ScikitLearn(Solver):
    """`Lasso`, `ElasticNet`, `enet_path` and `LassoCV`, with and without Gram."""

    name = "scikit-learn"
    module = "sklearn"
    distribution = "scikit-learn"

    def unsupported(self, task: Task) -> str | None:
        if task.kind == "path" and task.problem.fit_intercept:
            return "no path with intercept"
        return None

    def variants(self, task: Task) -> tuple[str, ...]:
        return gram_variants(task)

    def prepare(self, task: Task, threads: int = 1) -> None:
        import sklearn.linear_model

        super().prepare(task, threads)
        self.api = sklearn.linear_model

    def run(self, variant: str, tol: float) -> Solution | Array:
        return getattr(self, f"_{self.task.kind}")(variant == "gram", tol)

    def _fit(self, gram: bool, tol: float) -> Solution:
        problem, alpha = self.task.problem, self.task.alphas[0]
        options = {
            "fit_intercept": problem.fit_intercept,
            "positive": problem.positive,
            "precompute": gram,
            # The copy is only needed to centre dense data, and ours are centred.
            "copy_X": False,
            "max_iter": MAX_ITER,
            "tol": tol,
        }
        if problem.l1_ratio == 1:
            model = self.api.Lasso(alpha, **options)
        else:
            model = self.api.ElasticNet(alpha, l1_ratio=problem.l1_ratio, **options)
        model.fit(self.task.X, self.task.y)
        return column(model.coef_, model.intercept_)

    def _path(self, gram: bool, tol: float) -> Solution:
        task, problem = self.task, self.task.problem
        _, coefs, _ = self.api.enet_path(
            task.X,
            task.y,
            alphas=task.alphas,
            l1_ratio=problem.l1_ratio,
            positive=problem.positive,
            precompute=gram,
            max_iter=MAX_ITER,
            tol=tol,
        )
        return without_intercept(coefs)

    def _cv(self, gram: bool, tol: float) -> Array:
        task = self.task
        model = self.api.LassoCV(
            alphas=task.alphas,
            cv=folds(len(task.y)),
            precompute=gram,
            max_iter=MAX_ITER,
            tol=tol,
            n_jobs=self.threads,
        )
        return model.fit(task.X, task.y).mse_path_.mean(axis=1)
