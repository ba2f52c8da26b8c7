"""skein-glm: coordinate descent with strong rules, in Rust.

`tol` bounds the change of a coefficient, absolutely: it is scaled by the deviation of y
here. Its `lambda_` and `alpha` are our alpha and l1_ratio.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.compare.problems import Array, Task
from benchmarks.compare.solvers.base import (
    Solution,
    Solver,
    column,
    cross_validate,
)

MAX_ITER = 100_000


class SkeinGlm(Solver):
    """`ElasticNetRegressor` and `ElasticNetPathRegressor`."""

    name = "skein-glm"
    module = "skein_glm"
    distribution = "skein-glm"
    tolerances = tuple(10.0**-k for k in range(1, 11))

    def unsupported(self, task: Task) -> str | None:
        return "no positive constraint" if task.problem.positive else None

    def prepare(self, task: Task, threads: int = 1) -> None:
        import skein_glm

        # Rows first is its own layout: given for free.
        X = task.X if task.is_sparse else np.ascontiguousarray(task.X)
        super().prepare(replace(task, X=X), threads)
        self.api = skein_glm
        self.scale = task.y.std()

    def run(self, variant: str, tol: float) -> Solution | Array:
        tol *= self.scale
        if self.task.kind == "cv":
            return cross_validate(self.task, lambda part: self._path(part, tol))
        if self.task.kind == "path":
            return self._path(self.task, tol)
        problem = self.task.problem
        model = self.api.ElasticNetRegressor(
            lambda_=float(self.task.alphas[0]),
            alpha=problem.l1_ratio,
            fit_intercept=problem.fit_intercept,
            max_iter=MAX_ITER,
            tol=tol,
        )
        model.fit(self.task.X, self.task.y)
        return column(model.coef_, model.intercept_)

    def _path(self, task: Task, tol: float) -> Solution:
        model = self.api.ElasticNetPathRegressor(
            alpha=task.problem.l1_ratio,
            lambdas=task.alphas,
            # Data of the folds are centred before they come here.
            fit_intercept=task.problem.fit_intercept and task.kind == "path",
            max_iter=MAX_ITER,
            tol=tol,
        )
        model.fit(task.X, task.y)
        return model.coefs_.T, np.asarray(model.intercepts_)
