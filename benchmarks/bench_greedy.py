"""Greedy pursuit: codes of many signals, of one long signal, best subsets.

Run by asv, or by hand with ``python -m benchmarks.bench_greedy``.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from benchmarks.bench_kernels import BACKENDS, load_backend
from benchmarks.by_hand import run


class Patches:
    """2,000 signals of 64 values in 256 atoms."""

    param_names = ("backend", "dtype", "rule", "n_nonzero")
    params = (BACKENDS, ["float64", "float32"], ["omp", "ols"], [3, 10])

    def setup(self, backend: str, dtype: str, rule: str, n_nonzero: int) -> None:
        load_backend(backend)
        import sparsesci
        from sparsesci.greedy import orthogonal_mp

        self.context, self.code = sparsesci.config_context, orthogonal_mp
        rng = np.random.default_rng(0)
        atoms = rng.standard_normal((64, 256)).cumsum(axis=0)
        atoms -= atoms.mean(axis=0)
        atoms /= np.linalg.norm(atoms, axis=0)
        signals = rng.standard_normal((64, 2000)).cumsum(axis=0)
        self.atoms, self.signals = atoms.astype(dtype), signals.astype(dtype)

    def time_code(self, backend: str, dtype: str, rule: str, n_nonzero: int) -> None:
        with self.context(backend=backend):
            self.code(
                self.atoms,
                self.signals,
                n_nonzero_coefs=n_nonzero,
                rule=rule,
                sparse_output=True,
            )


class OneSignal:
    """One signal of 500 values, 5,000 atoms, 40 of them chosen."""

    param_names = ("layout", "rule")
    params = (["dense", "csc"], ["omp", "ols"])

    def setup(self, layout: str, rule: str) -> None:
        from sparsesci.greedy import orthogonal_mp

        self.code = orthogonal_mp
        rng = np.random.default_rng(0)
        if layout == "csc":
            self.X = sp.random_array((500, 5000), density=0.05, format="csc", rng=rng)
        else:
            self.X = np.asfortranarray(rng.standard_normal((500, 5000)))
        self.y = rng.standard_normal(500)

    def time_code(self, layout: str, rule: str) -> None:
        self.code(self.X, self.y, n_nonzero_coefs=40, rule=rule)


class BestSubsets:
    """20 of 1,000 columns from 500 rows."""

    param_names = ("start",)
    params = (["correlation", "path"],)

    def setup(self, start: str) -> None:
        from sparsesci.greedy import splicing

        self.splicing = splicing
        rng = np.random.default_rng(0)
        self.X = np.asfortranarray(rng.standard_normal((500, 1000)))
        self.y = self.X[:, :20] @ rng.standard_normal(20) + rng.standard_normal(500)

    def time_splicing(self, start: str) -> None:
        self.splicing(self.X, self.y, n_nonzero_coefs=20, start=start)


if __name__ == "__main__":
    run(globals())
