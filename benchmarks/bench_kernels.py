"""The kernels of both backends, on arrays that fit no cache and some that do.

Run by asv, or by hand with ``python -m benchmarks.bench_kernels``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.by_hand import run

BACKENDS = ["cpp", "numba"]
N_SAMPLES, N_FEATURES, DENSITY = 2000, 4000, 0.02


def load_backend(name: str) -> Any:
    """The kernels, or the exception by which asv skips a benchmark."""
    try:
        from sparsesci._kernels import get_backend

        return get_backend(name)
    except ImportError as error:
        raise NotImplementedError(str(error)) from error


def make_matrix(backend: Any, layout: str, means: np.ndarray | None = None) -> Any:
    """A handle of a random matrix: ``dense64``, ``dense32`` or ``csc``."""
    rng = np.random.default_rng(0)
    if layout == "csc":
        X = sp.random_array(
            (N_SAMPLES, N_FEATURES), density=DENSITY, format="csc", rng=rng
        )
        indices, indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
        return backend.csc_matrix(X.data, indices, indptr, N_SAMPLES, means, None)
    X = rng.standard_normal((N_FEATURES, N_SAMPLES)).T
    dtype = {"dense64": np.float64, "dense32": np.float32}[layout]
    return backend.dense_matrix(np.asfortranarray(X, dtype=dtype), means, None)


class Passes:
    """Passes over all columns of a centred matrix."""

    param_names = ("backend", "layout")
    params = (BACKENDS, ["dense64", "dense32", "csc"])

    def setup(self, backend: str, layout: str) -> None:
        self.kernels = load_backend(backend)
        means = np.full(N_FEATURES, 0.01)
        self.X = make_matrix(self.kernels, layout, means)
        rng = np.random.default_rng(1)
        self.residual = rng.standard_normal((1, N_SAMPLES))
        self.offset = np.zeros(1)
        self.columns = np.sort(rng.choice(N_FEATURES, 200, replace=False))
        self.w = np.zeros(N_FEATURES)
        self.w[self.columns] = 1e-3
        self.out = np.empty(N_FEATURES)
        self.lipschitz = np.empty(N_FEATURES)

    def time_column_stats(self, backend: str, layout: str) -> None:
        self.kernels.column_stats(
            self.X, True, self.residual, self.out, self.lipschitz, self.w
        )

    def time_correlation(self, backend: str, layout: str) -> None:
        self.kernels.correlation(self.X, self.residual, self.offset, None, self.out)

    def time_correlation_of_200(self, backend: str, layout: str) -> None:
        self.kernels.correlation(
            self.X, self.residual, self.offset, self.columns, self.out
        )

    def time_subtract_product(self, backend: str, layout: str) -> None:
        self.kernels.subtract_product(self.X, None, self.w, self.residual, self.offset)


class Burst:
    """Coordinate descent on 400 columns, 20 sweeps' worth of updates."""

    param_names = ("backend", "layout", "penalty")
    params = (BACKENDS, ["dense64", "dense32", "csc", "gram"], ["l1", "weighted_l1"])

    def setup(self, backend: str, layout: str, penalty: str) -> None:
        self.kernels = load_backend(backend)
        size, rng = 400, np.random.default_rng(1)
        n_columns = size if layout == "gram" else N_FEATURES
        self.X, start = self._matrix(layout, size, rng)
        self.start = start
        self.lipschitz = self._lipschitz(layout, n_columns)
        self.ws = np.arange(size)
        self.w = np.zeros(n_columns)
        self.offset = np.zeros(1)
        self.residual = start.copy()
        needed = self.kernels.burst_work_size(self.X, size, 1)
        self.work = np.empty(needed)
        self.index_work = np.empty(size, dtype=np.int64)
        alpha = 0.1 * np.abs(self._correlation(layout, n_columns)).max()
        arrays = (np.ones(n_columns),) if penalty == "weighted_l1" else ()
        # The second parameter is `positive`.
        self.penalty = self.kernels.penalty(penalty, (alpha, 0.0), arrays)

    def _matrix(self, layout: str, size: int, rng: Any) -> tuple[Any, np.ndarray]:
        if layout != "gram":
            X = make_matrix(self.kernels, layout)
            return X, rng.standard_normal((1, N_SAMPLES))
        A = rng.standard_normal((N_SAMPLES, size))
        self.gram = A.T @ A
        target = rng.standard_normal(N_SAMPLES)
        return self.kernels.gram_matrix(self.gram, size, N_SAMPLES), (A.T @ target)[
            None
        ]

    def _lipschitz(self, layout: str, n_columns: int) -> np.ndarray:
        if layout == "gram":
            return np.diag(self.gram) / N_SAMPLES
        means, lipschitz = np.empty(n_columns), np.empty(n_columns)
        none = np.empty((0, N_SAMPLES))
        out = np.empty((n_columns, 0))
        self.kernels.column_stats(self.X, False, none, means, lipschitz, out)
        return lipschitz

    def _correlation(self, layout: str, n_columns: int) -> np.ndarray:
        if layout == "gram":
            return self.start / N_SAMPLES
        out = np.empty(n_columns)
        self.kernels.correlation(self.X, self.start, self.offset, None, out)
        return out

    def time_burst(self, backend: str, layout: str, penalty: str) -> None:
        self.w[:], self.offset[:], self.residual[:] = 0, 0, self.start
        self.kernels.cd_burst(
            self.X,
            self.penalty,
            self.lipschitz,
            self.ws,
            self.w,
            self.residual,
            self.offset,
            20 * len(self.ws),
            0.0,
            True,
            self.work,
            self.index_work,
        )


class Terms:
    """The L1 penalty on an array of a hundred thousand."""

    param_names = ("backend",)
    params = (BACKENDS,)

    def setup(self, backend: str) -> None:
        self.kernels = load_backend(backend)
        rng, p = np.random.default_rng(0), 100_000
        self.penalty = self.kernels.penalty("l1", (1.0, 0.0), ())
        self.rows = rng.standard_normal(p)
        self.grad = rng.standard_normal(p)
        self.out = np.empty(p)
        self.keep = np.empty(p, dtype=bool)
        self.lipschitz = np.ones(p)

    def time_prox(self, backend: str) -> None:
        x, out = self.rows[None], self.out[None]
        self.kernels.prox(self.penalty, x, np.ones(1), out)

    def time_value(self, backend: str) -> None:
        self.kernels.value(self.penalty, self.rows)

    def time_subdiff(self, backend: str) -> None:
        self.kernels.subdiff(self.penalty, self.rows, self.grad, self.out)

    def time_dual_point(self, backend: str) -> None:
        self.kernels.dual_point(self.penalty, self.grad, 1.0, 1.0)

    def time_screen(self, backend: str) -> None:
        self.kernels.screen(
            self.penalty, self.grad, self.lipschitz, 0.5, 1e-3, self.keep
        )


if __name__ == "__main__":
    run(globals())
