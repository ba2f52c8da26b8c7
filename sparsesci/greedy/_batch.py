"""Codes of many signals through one Gram matrix, in blocks and threads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.parallel import Parallel, delayed

from sparsesci._config import config_context, get_config
from sparsesci._kernels import get_backend

Array = NDArray[Any]

# A block of correlations stays in a second-level cache.
_BLOCK_ENTRIES = 2**16
# Ranges of signals for each thread: some end sooner.
_RANGES = 4


@dataclass
class Codes:
    """Atoms of each signal in the order of choice; the first `count` places hold."""

    support: NDArray[np.int64]
    coef: Array
    count: NDArray[np.int64]
    error: NDArray[np.float64]

    def __getitem__(self, part: slice) -> Codes:
        return Codes(
            self.support[part], self.coef[part], self.count[part], self.error[part]
        )

    @property
    def chosen(self) -> NDArray[np.bool_]:
        """Which places hold."""
        return np.arange(self.support.shape[1]) < self.count[:, None]

    def to_csc(self, n_atoms: int) -> Any:
        """One column for each signal; its transpose is CSR without a copy."""
        held = self.chosen
        indptr = np.r_[0, np.cumsum(self.count)]
        parts = self.coef[held], self.support[held].astype(np.int32), indptr
        return sparse.csc_array(parts, shape=(n_atoms, len(self.count)))

    def to_dense(self, n_atoms: int) -> Array:
        """One column for each signal."""
        rows = np.zeros((len(self.count), n_atoms), dtype=self.coef.dtype)
        held = self.chosen
        signal = np.broadcast_to(np.arange(len(rows))[:, None], held.shape)
        rows[signal[held], self.support[held]] = self.coef[held]
        return rows.T


def empty_codes(n_signals: int, n_nonzero: int, dtype: Any) -> Codes:
    """Room for codes."""
    return Codes(
        np.empty((n_signals, n_nonzero), dtype=np.int64),
        np.empty((n_signals, n_nonzero), dtype=dtype),
        np.empty(n_signals, dtype=np.int64),
        np.empty(n_signals),
    )


def code_signals(
    gram: Array,
    correlate: Callable[[slice, Array], None],
    squares: NDArray[np.float64],
    ols: bool,
    n_nonzero: int,
    tol: float | None,
    n_jobs: int | None,
) -> Codes:
    """Codes of all signals; blocks do not depend on the number of threads.

    Parameters
    ----------
    gram : ndarray of shape (n_atoms, n_atoms)
        Gram matrix, float32 or float64, C-contiguous.
    correlate : callable
        Writes the inner products of some signals (a slice) with the atoms into rows.
    squares : ndarray of shape (n_signals,)
        Squared norms of the signals; anything non-negative if `tol` is None.
    ols, n_nonzero, tol
        The rule, see the kernel `omp_gram`; `tol` may be None.
    n_jobs : int or None
        Number of threads.
    """
    n_signals, p = len(squares), len(gram)
    codes = empty_codes(n_signals, n_nonzero, gram.dtype)
    size = max(1, min(256, _BLOCK_ENTRIES // p))
    backend, eps = get_config()["backend"], float(np.finfo(gram.dtype).eps)
    limits = (n_nonzero, -math.inf if tol is None else tol, 512 * eps, (64 * eps) ** 2)

    def run(first: int, last: int) -> None:
        with config_context(backend=backend):
            kernels = get_backend()
        buffer = np.empty((size, p), dtype=gram.dtype)
        work = np.empty(kernels.omp_work_size(p, n_nonzero), dtype=gram.dtype)
        for start in range(first, last, size):
            part = slice(start, min(start + size, last))
            rows = buffer[: part.stop - start]
            correlate(part, rows)
            out = codes[part]
            results = out.support, out.coef, out.count, out.error
            kernels.omp_gram(gram, rows, squares[part], ols, *limits, *results, work)

    n_threads = effective_n_jobs(n_jobs)
    n_blocks = -(-n_signals // size)
    n_ranges = min(n_blocks, _RANGES * n_threads) if n_threads > 1 else 1
    edges = np.minimum(np.arange(n_ranges + 1) * n_blocks // n_ranges * size, n_signals)
    Parallel(n_jobs=n_threads if n_ranges > 1 else 1, prefer="threads")(
        delayed(run)(int(first), int(last)) for first, last in pairwise(edges)
    )
    return codes
