"""The estimators, paths and cross-validation, through scikit-learn's interface.

Run by asv, or by hand with ``python -m benchmarks.bench_estimators``.
"""

from __future__ import annotations

from benchmarks.bench_kernels import BACKENDS, load_backend
from benchmarks.by_hand import run
from benchmarks.compare.problems import PROBLEMS
from benchmarks.compare.solvers.sparsesci import SparseSci


class _Estimator:
    """One problem through the adapter of the comparison, on either backend."""

    param_names = ("problem", "backend")
    params: tuple[list[str], list[str]]
    tol = 1e-6
    timeout = 300

    def setup(self, problem: str, backend: str) -> None:
        load_backend(backend)
        self.solver = SparseSci()
        self.solver.backend = backend
        try:
            task = PROBLEMS[problem].build()
        except FileNotFoundError as error:
            raise NotImplementedError(str(error)) from error
        reason = self.solver.refusal(task)
        if reason is not None:
            raise NotImplementedError(reason)
        self.solver.prepare(task)

    def _run(self) -> None:
        self.solver.run("", self.tol)


class Fit(_Estimator):
    """`Lasso` and `ElasticNet`, validation included."""

    params = (
        ["P7a", "P1a", "P8e", "P8p", "P2a", "P4ai", "riboflavin", "dorothea", "austen"],
        BACKENDS,
    )

    def time_fit(self, problem: str, backend: str) -> None:
        self._run()

    def peakmem_fit(self, problem: str, backend: str) -> None:
        self._run()


class Path(_Estimator):
    """`enet_path`."""

    params = (["P7b", "P5a", "P5b", "P5c", "riboflavin-path"], BACKENDS)

    def time_path(self, problem: str, backend: str) -> None:
        self._run()

    def peakmem_path(self, problem: str, backend: str) -> None:
        self._run()


class CrossValidation(_Estimator):
    """`LassoCV`."""

    params = (["P6"], BACKENDS)
    tol = 1e-4

    def time_cross_validation(self, problem: str, backend: str) -> None:
        self._run()


class Import:
    """What the first line of a script costs."""

    def timeraw_package(self) -> str:
        return "import sparsesci"

    def timeraw_linear_model(self) -> str:
        return "import sparsesci.linear_model"


if __name__ == "__main__":
    run(globals())
