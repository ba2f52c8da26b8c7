"""sparsesci itself, once per backend.

`tol` bounds the duality gap relative to the objective at zero. There are no variants:
the library must choose its own way.
"""

from __future__ import annotations

from typing import ClassVar

from benchmarks.compare.problems import Array, Task, folds
from benchmarks.compare.solvers.base import (
    Solution,
    Solver,
    column,
    without_intercept,
)

MAX_ITER = 100_000


class SparseSci(Solver):
    """`Lasso`, `ElasticNet`, `enet_path` and `LassoCV` on the compiled kernels."""

    name = "sparsesci"
    module = "sparsesci"
    distribution = "sparsesci"
    ours = True
    backend: ClassVar[str] = "cpp"

    def refusal(self, task: Task) -> str | None:
        reason = super().refusal(task)
        if reason is not None:
            return reason
        try:
            from sparsesci import linear_model
            from sparsesci._kernels import get_backend

            get_backend(self.backend)
        except ImportError as error:
            return str(error)
        names = {"fit": "Lasso", "path": "enet_path", "cv": "LassoCV"}
        needed = names[task.kind]
        return None if hasattr(linear_model, needed) else f"no {needed}"

    def unsupported(self, task: Task) -> str | None:
        if task.kind == "path" and task.problem.fit_intercept:
            return "no path with intercept"
        return None

    def prepare(self, task: Task, threads: int = 1) -> None:
        import sparsesci
        import sparsesci.linear_model

        super().prepare(task, threads)
        self.config_context = sparsesci.config_context
        self.api = sparsesci.linear_model

    def run(self, variant: str, tol: float) -> Solution | Array:
        with self.config_context(backend=self.backend):
            return getattr(self, f"_{self.task.kind}")(tol)

    def _fit(self, tol: float) -> Solution:
        problem, alpha = self.task.problem, self.task.alphas[0]
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
        model.fit(self.task.X, self.task.y)
        return column(model.coef_, model.intercept_)

    def _path(self, tol: float) -> Solution:
        task, problem = self.task, self.task.problem
        _, coefs, _ = self.api.enet_path(
            task.X,
            task.y,
            alphas=task.alphas,
            l1_ratio=problem.l1_ratio,
            positive=problem.positive,
            max_iter=MAX_ITER,
            tol=tol,
        )
        return without_intercept(coefs)

    def _cv(self, tol: float) -> Array:
        task = self.task
        model = self.api.LassoCV(
            alphas=task.alphas,
            cv=folds(len(task.y)),
            max_iter=MAX_ITER,
            tol=tol,
            n_jobs=self.threads,
        )
        return model.fit(task.X, task.y).mse_path_.mean(axis=1)


class SparseSciNumba(SparseSci):
    """The same on the numba kernels."""

    name = "sparsesci-numba"
    backend = "numba"
