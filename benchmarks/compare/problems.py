"""The problems: what is solved, on which data, to which accuracy.

Every problem is the minimisation over (w, b) of

    1/(2n) ||y - b - X w||^2 + alpha (l1_ratio ||w||_1 + (1 - l1_ratio)/2 ||w||^2)

for one alpha (``fit``), a decreasing list of them (``path``), or a path on the training
part of each fold (``cv``). Without an intercept, b is 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks import ROOT

Array = NDArray[np.float64]
Data = tuple[Any, Array]

N_FOLDS = 5
TARGETS = {
    "fit": (1e-4, 1e-6, 1e-8),
    "path": (1e-4, 1e-5, 1e-6),
    "cv": (2e-2, 5e-3, 1e-3),
}


@dataclass(frozen=True)
class Problem:
    """A recipe: data and regularisation, nothing computed yet.

    Attributes
    ----------
    alphas : tuple of float
        As fractions of alpha_max, decreasing.
    """

    name: str
    title: str
    load: Callable[[], Data]
    alphas: tuple[float, ...]
    kind: str = "fit"
    l1_ratio: float = 1.0
    positive: bool = False
    fit_intercept: bool = False

    def build(self) -> Task:
        """Load the data and fix the alphas."""
        X, y = self.load()
        task = Task(self, X, y, np.empty(0))
        return replace(task, alphas=alpha_max(task) * np.array(self.alphas))


@dataclass(frozen=True)
class Task:
    """A problem with its data: Fortran-ordered or CSC X, float64."""

    problem: Problem
    X: Any
    y: Array
    alphas: Array

    @property
    def kind(self) -> str:
        """``"fit"``, ``"path"`` or ``"cv"``."""
        return self.problem.kind

    @property
    def is_sparse(self) -> bool:
        """Whether X is a CSC matrix."""
        return sp.issparse(self.X)

    def tiny(self) -> Task:
        """A small task of the same kind, to load libraries and compile kernels."""
        rows, columns = min(60, self.X.shape[0]), min(40, self.X.shape[1])
        X = self.X[:rows, :columns]
        X = sp.csc_matrix(X) if self.is_sparse else np.asfortranarray(X)
        scale = self.alphas / self.alphas[0]
        task = replace(self, X=X, y=self.y[:rows], alphas=scale)
        return replace(task, alphas=0.5 * alpha_max(task) * scale)


def column_means(task: Task) -> Array:
    """Means of the columns, zero where the problem has no intercept."""
    if not task.problem.fit_intercept:
        return np.zeros(task.X.shape[1])
    return np.asarray(task.X.mean(axis=0)).ravel()


def alpha_max(task: Task) -> float:
    """The smallest alpha for which w = 0 is optimal."""
    y = task.y - task.y.mean() if task.problem.fit_intercept else task.y
    gradient = task.X.T @ y / len(y) - column_means(task) * y.mean()
    largest = gradient.max() if task.problem.positive else np.abs(gradient).max()
    return float(largest / task.problem.l1_ratio)


def folds(n_samples: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Contiguous (train, test) folds, the same for every solver."""
    rows = np.arange(n_samples)
    tests = np.array_split(rows, N_FOLDS)
    return [(np.setdiff1d(rows, test), test) for test in tests]


def fold_task(task: Task, train: NDArray[np.intp]) -> Task:
    """The path problem on the training part of one fold."""
    X = np.asfortranarray(task.X[train])
    return replace(task, X=X, y=task.y[train])


# -- data ------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def ar1(n: int, p: int, rho: float, k: int, snr: float, positive: bool = False) -> Data:
    """Correlated Gaussian columns, standardised, and k coefficients of size one."""
    rng = np.random.default_rng(0)
    X = np.empty((n, p), order="F")
    X[:, 0] = rng.standard_normal(n)
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(n)
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    w = np.zeros(p)
    w[rng.choice(p, k, replace=False)] = 1.0 if positive else rng.choice([-1.0, 1.0], k)
    y = _noisy(X @ w, snr, rng)
    return X, y - y.mean()


def _noisy(signal: Array, snr: float, rng: np.random.Generator) -> Array:
    noise = rng.standard_normal(len(signal))
    return signal + noise * np.linalg.norm(signal) / (snr * np.linalg.norm(noise))


@lru_cache(maxsize=1)
def text(n: int = 20_000, p: int = 50_000, nnz: int = 2_000_000) -> Data:
    """A matrix like tf-idf: Zipf columns, log counts, rows of norm one."""
    rng = np.random.default_rng(0)
    law = (np.arange(p) + 20.0) ** -0.9
    counts = np.clip(law * nnz / law.sum(), 1, n / 2).astype(int)
    rows = np.concatenate([rng.choice(n, c, replace=False) for c in counts])
    columns = np.repeat(np.arange(p), counts)
    values = 1 + np.log(rng.geometric(0.5, len(rows)))
    values *= np.log(n / counts)[columns]
    norms = np.sqrt(np.bincount(rows, values**2, minlength=n))
    values /= norms[rows]
    X = sp.csc_matrix((values, (rows, columns)), shape=(n, p))
    X.sort_indices()
    w = np.zeros(p)
    w[rng.choice(5000, 200, replace=False)] = 3 * rng.standard_normal(200)
    return X, _noisy(X @ w, 3, rng) + 1


@lru_cache(maxsize=1)
def diabetes() -> Data:
    """The diabetes data with squares and products of columns, standardised."""
    from sklearn.datasets import load_diabetes

    base, y = load_diabetes(return_X_y=True)
    columns = [base[:, j] for j in range(10)]
    for j in range(10):
        # The square of the binary column `sex` says nothing new.
        columns += [base[:, j] * base[:, k] for k in range(j, 10) if (j, k) != (1, 1)]
    return _standardised(np.column_stack(columns)), y - y.mean()


def _standardised(X: Array) -> Array:
    X = np.asfortranarray(X, dtype=np.float64)
    X = X - X.mean(axis=0)
    scale = X.std(axis=0)
    return np.asfortranarray(X / np.where(scale > 1e-12, scale, 1.0))


# -- real data -------------------------------------------------------------------------


def data_folder() -> Path:
    """Where the real data are; see the README of the benchmarks."""
    return Path(os.environ.get("SPARSESCI_DATA", ROOT.parent / "shared" / "data"))


def _open(name: str) -> dict[str, NDArray[Any]]:
    path = data_folder() / name
    if not path.exists():
        raise FileNotFoundError(f"{name} is not in {data_folder()}")
    with np.load(path) as archive:
        return dict(archive)


def _csc(z: dict[str, NDArray[Any]]) -> sp.csc_matrix:
    data = z.get("data", np.ones(z["indices"].size)).astype(np.float64)
    indices, indptr = z["indices"].astype(np.int32), z["indptr"].astype(np.int32)
    X = sp.csc_matrix((data, indices, indptr), shape=tuple(z["shape"]))
    X.sort_indices()
    return X


@lru_cache(maxsize=1)
def riboflavin() -> Data:
    """Expression of 4088 genes and the production of riboflavin, 71 samples."""
    z = _open("riboflavin.npz")
    return _standardised(z["X"]), z["y"] - z["y"].mean()


@lru_cache(maxsize=1)
def leukemia() -> Data:
    """Expression of 7129 genes and the type of leukemia as -1/1, 72 samples."""
    z = _open("leukemia_golub.npz")
    y = 2.0 * z["y"] - 1
    X = np.log10(np.clip(z["X"].astype(np.float64), 100, 16_000))
    return _standardised(X), y - y.mean()


@lru_cache(maxsize=1)
def dorothea() -> Data:
    """Binary structural features of 800 molecules and their activity as -1/1."""
    z = _open("dorothea_csc.npz")
    return _csc(z), np.sign(z["y"] - 0.5).astype(np.float64)


@lru_cache(maxsize=1)
def austen() -> Data:
    """Passages of six novels as tf-idf and their position in the book."""
    z = _open("austen_tfidf_csc.npz")
    return _csc(z), z["position"].astype(np.float64)


# -- the list --------------------------------------------------------------------------


def _grid(n_alphas: int, ratio: float) -> tuple[float, ...]:
    return tuple(np.geomspace(1.0, 1.0 / ratio, n_alphas).tolist())


def _wide() -> Data:
    return ar1(1000, 10_000, 0.5, 100, 3)


def _wide_positive() -> Data:
    return ar1(1000, 10_000, 0.5, 100, 3, positive=True)


def _tall() -> Data:
    return ar1(20_000, 500, 0.5, 100, 3)


def _very_wide() -> Data:
    return ar1(200, 50_000, 0.8, 50, 3)


def _tiny() -> Data:
    return ar1(100, 10, 0.5, 4, 3)


def _cv_data() -> Data:
    return ar1(1000, 2000, 0.5, 50, 3)


_ALL = [
    Problem("P1a", "Lasso, 1000 x 10000", _wide, (1 / 10,)),
    Problem("P1b", "Lasso, 1000 x 10000", _wide, (1 / 100,)),
    Problem("P8e", "elastic net 0.5, 1000 x 10000", _wide, (1 / 100,), l1_ratio=0.5),
    Problem("P5a", "Lasso path, 1000 x 10000", _wide, _grid(100, 1000), "path"),
    Problem(
        "P8p", "positive Lasso, 1000 x 10000", _wide_positive, (1 / 100,), positive=True
    ),
    Problem("P2a", "Lasso, 20000 x 500", _tall, (1 / 100,)),
    Problem("P2b", "Lasso, 20000 x 500", _tall, (1 / 1000,)),
    Problem("P5b", "Lasso path, 20000 x 500", _tall, _grid(100, 1000), "path"),
    Problem("P3a", "Lasso, 200 x 50000", _very_wide, (1 / 20,)),
    Problem("P3b", "Lasso, 200 x 50000", _very_wide, (1 / 100,)),
    Problem("P4a", "Lasso, sparse 20000 x 50000", text, (1 / 10,)),
    Problem("P4b", "Lasso, sparse 20000 x 50000", text, (1 / 50,)),
    Problem(
        "P4ai", "P4a with intercept", text, (1 / 10,), fit_intercept=True
    ),
    Problem(
        "P4bi", "P4b with intercept", text, (1 / 50,), fit_intercept=True
    ),
    Problem("P5c", "Lasso path, sparse 20000 x 50000", text, _grid(50, 50), "path"),
    Problem(
        "P6", "5-fold CV, 1000 x 2000", _cv_data, _grid(100, 100), "cv",
        fit_intercept=True,
    ),
    Problem("P7a", "tiny Lasso, 100 x 10", _tiny, (1 / 10,)),
    Problem("P7b", "Lasso path, 442 x 64", diabetes, _grid(100, 1000), "path"),
    Problem("riboflavin", "Lasso, 71 x 4088", riboflavin, (1 / 50,)),
    Problem(
        "riboflavin-path", "Lasso path, 71 x 4088", riboflavin, _grid(100, 100), "path"
    ),
    Problem("leukemia", "Lasso, 72 x 7129", leukemia, (1 / 50,)),
    Problem(
        "leukemia-path", "Lasso path, 72 x 7129", leukemia, _grid(100, 100), "path"
    ),
    Problem(
        "dorothea", "Lasso, sparse binary 800 x 88119, intercept", dorothea, (1 / 20,),
        fit_intercept=True,
    ),
    Problem(
        "austen", "Lasso, sparse text 6230 x 7475, intercept", austen, (1 / 20,),
        fit_intercept=True,
    ),
]  # fmt: skip

PROBLEMS = {problem.name: problem for problem in _ALL}
QUICK = ("P7a", "P7b", "P1a", "P4ai", "riboflavin")
