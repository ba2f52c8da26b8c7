"""The functional solvers on the problems of the comparison.

Run by asv, or by hand with ``python -m benchmarks.bench_solvers``.
"""

from __future__ import annotations

from typing import Any

from benchmarks.bench_kernels import BACKENDS, load_backend
from benchmarks.by_hand import run
from benchmarks.compare.problems import PROBLEMS


class CoordinateDescent:
    """`coordinate_descent` to a certified relative gap."""

    param_names = ("problem", "backend", "tol")
    params = (
        ["P1a", "P1b", "P8e", "P8p", "P2a", "P3a", "P3b", "P4a", "P4ai", "P7a"],
        BACKENDS,
        [1e-4, 1e-8],
    )
    timeout = 120

    def setup(self, problem: str, backend: str, tol: float) -> None:
        load_backend(backend)
        import sparsesci
        from sparsesci import penalties
        from sparsesci.solvers import coordinate_descent

        self.context = sparsesci.config_context
        self.solver = coordinate_descent
        self.task = PROBLEMS[problem].build()
        alpha, spec = float(self.task.alphas[0]), self.task.problem
        if spec.l1_ratio == 1:
            self.penalty = penalties.L1(alpha, positive=spec.positive)
        else:
            self.penalty = penalties.ElasticNet(alpha, spec.l1_ratio, spec.positive)

    def _solve(self, backend: str, tol: float) -> Any:
        with self.context(backend=backend):
            return self.solver(
                self.task.X,
                self.task.y,
                self.penalty,
                fit_intercept=self.task.problem.fit_intercept,
                tol=tol,
                max_iter=100_000,
            )

    def time_solve(self, problem: str, backend: str, tol: float) -> None:
        self._solve(backend, tol)

    def peakmem_solve(self, problem: str, backend: str, tol: float) -> None:
        self._solve(backend, tol)

    def track_iterations(self, problem: str, backend: str, tol: float) -> int:
        return self._solve(backend, tol).n_iter


if __name__ == "__main__":
    run(globals())
