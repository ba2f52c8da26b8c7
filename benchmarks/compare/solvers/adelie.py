"""adelie: pivoted screening along a path of lambdas, in C++.

`tol` bounds the decrease by one coordinate, relative to the variance of y. The path
stops silently at 90 % of deviance explained unless `early_exit` is off.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.compare.problems import Array, Task, fold_task, folds
from benchmarks.compare.solvers.base import Solution, Solver, gram_variants

PATH_LENGTH = 20


class Adelie(Solver):
    """`grpnet`, and `gaussian_cov` for tall X.

    For a single alpha, a path of 20 that ends there is tried too: on hard problems it
    is several times faster than the lone alpha.
    """

    name = "adelie"
    module = "adelie"
    distribution = "adelie"
    tolerances = tuple(10.0**-k for k in range(3, 19))

    def unsupported(self, task: Task) -> str | None:
        return None

    def variants(self, task: Task) -> tuple[str, ...]:
        if task.kind != "fit":
            return gram_variants(task)
        return ("path", *gram_variants(task))

    def prepare(self, task: Task, threads: int = 1) -> None:
        import adelie

        super().prepare(task, threads)
        self.api = adelie
        self.constraints = None
        if task.problem.positive:
            zero = np.zeros(1)
            self.constraints = [
                adelie.constraint.lower(zero) for _ in range(task.X.shape[1])
            ]

    def run(self, variant: str, tol: float) -> Solution | Array:
        if self.task.kind == "cv":
            return self._cross_validate(tol)
        lambdas = self.task.alphas
        if variant == "path":
            lambdas = np.geomspace(50 * lambdas[0], lambdas[0], PATH_LENGTH)
        if variant == "gram":
            coefs, intercepts = self._covariance(lambdas, tol)
        else:
            coefs, intercepts = self._naive(self.task, lambdas, tol)
        keep = len(self.task.alphas)
        return coefs[:, -keep:], intercepts[-keep:]

    def _options(self, lambdas: Array, tol: float) -> dict[str, Any]:
        return {
            "lmda_path": lambdas,
            "alpha": self.task.problem.l1_ratio,
            "constraints": self.constraints,
            "tol": tol,
            "max_iters": 10_000_000,
            "early_exit": False,
            "n_threads": self.threads,
            "progress_bar": False,
        }

    def _naive(self, task: Task, lambdas: Array, tol: float) -> Solution:
        wrap = self.api.matrix.sparse if task.is_sparse else self.api.matrix.dense
        state = self.api.grpnet(
            wrap(task.X, method="naive", n_threads=self.threads),
            self.api.glm.gaussian(task.y),
            intercept=task.problem.fit_intercept,
            **self._options(lambdas, tol),
        )
        return state.betas.toarray().T, np.asarray(state.intercepts)

    def _covariance(self, lambdas: Array, tol: float) -> Solution:
        X, y = self.task.X, self.task.y
        gram, target = X.T @ X / len(y), X.T @ y / len(y)
        state = self.api.gaussian_cov(
            np.asfortranarray(gram), target, rdev_tol=0, **self._options(lambdas, tol)
        )
        return state.betas.toarray().T, np.zeros(len(lambdas))

    def _cross_validate(self, tol: float) -> Array:
        task, curves = self.task, []
        for train, test in folds(len(task.y)):
            part = fold_task(task, train)
            coefs, intercepts = self._naive(part, task.alphas, tol)
            errors = task.y[test, None] - task.X[test] @ coefs - intercepts
            curves.append((errors**2).mean(axis=0))
        return np.mean(curves, axis=0)
