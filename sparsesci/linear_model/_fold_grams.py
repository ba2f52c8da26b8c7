"""Gram matrices of folds, from those of their test samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.utils.parallel import Parallel, delayed

from sparsesci._kernels._contract import Backend, Doubles, Indices
from sparsesci.operators.design import ColumnDesign, DenseDesign
from sparsesci.solvers._gram import gram_of, gram_of_rows

# Features up to which folds of wide data work on Gram matrices too (8 MB each): beyond,
# a path rather computes the inner products of the few columns that it needs.
MAX_WIDE = 1000
# Bytes up to which the Gram matrices of all test parts are kept at once.
MAX_PARTS = 500_000_000
# Where a fold has less of a column than this share, subtraction has lost digits.
MIN_SHARE = 1e-6


class FoldGrams:
    """The Gram matrix of all samples, from which each fold takes its test samples.

    Where every sample is tested once, the parts sum up to the whole: all folds together
    cost one Gram matrix. Else, or if there are too many parts to keep them, two. Plain
    arrays: they may be sent to other processes.
    """

    def __init__(
        self, design: DenseDesign, tests: list[Indices], n_jobs: int | None
    ) -> None:
        self.X, self.means = design.X, design.means
        self.weights = design.sample_weight
        self.parts: list[Doubles] = []
        n, p = design.X.shape
        kept = 8 * p * p * len(tests) <= MAX_PARTS
        if not kept or not _splits(np.concatenate(tests), n):
            self.gram = gram_of(design)
            return
        self.parts = Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(self._of_rows)(design.backend, test) for test in tests
        )
        self.gram = self.parts[0].copy()
        for part in self.parts[1:]:
            self.gram += part

    def _of_rows(self, backend: Backend, rows: Indices) -> Doubles:
        return gram_of_rows(backend, self.X, self.means, self.weights, rows)

    def of_fold(
        self, number: int, fold: DenseDesign, train: Indices, test: Indices
    ) -> Doubles:
        """Return the Gram matrix of a fold's design; its part is used up."""
        if not _splits(np.concatenate([train, test]), len(self.X)):
            return gram_of(fold)  # samples in both parts, or in none, or repeated
        mass = train.size if self.weights is None else self.weights[train].sum()
        gram = self.parts[number] if self.parts else self._of_rows(fold.backend, test)
        if fold.means is not None and self.means is not None:
            shift = np.sqrt(mass) * (fold.means - self.means)
            linalg.blas.dger(1.0, shift, shift, a=gram.T, overwrite_a=True)
        np.subtract(self.gram, gram, out=gram)
        gram *= len(self.X) / mass
        alive = fold.lipschitz > 0
        lost = np.diag(gram)[alive] < MIN_SHARE * np.diag(self.gram)[alive]
        return gram_of(fold) if lost.any() else gram


def _splits(rows: NDArray[Any], n_samples: int) -> bool:
    """Whether every sample is listed once."""
    return bool(
        rows.size == n_samples and np.bincount(rows, minlength=n_samples).max() == 1
    )


def fold_grams(
    design: ColumnDesign, precompute: Any, tests: list[Indices], n_jobs: int | None
) -> FoldGrams | None:
    """Return what folds share, where they work on Gram matrices.

    "auto" takes these for dense data unless there are many more features than samples.
    """
    if not isinstance(design, DenseDesign):
        return None
    n, p = design.n_samples, design.n_features
    if isinstance(precompute, str):
        wanted = p < n or p <= min(2 * n, MAX_WIDE)
    else:
        wanted = isinstance(precompute, (bool, np.bool_)) and bool(precompute)
    return FoldGrams(design, tests, n_jobs) if wanted else None
