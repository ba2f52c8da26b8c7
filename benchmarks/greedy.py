"""Greedy pursuit beside scikit-learn, SPAMS and abess: CPU seconds on one thread.

Run by hand with ``python -m benchmarks.greedy [patches] [long] [subset] [threads]``.
All run in one process, in turns; what is printed is the median and, for each, the error
that it reached. Peers that are not installed are skipped by name.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from sparsesci import greedy

ROUNDS = 7
Solver = Callable[[], Any]


def peer(name: str) -> Any:
    """The module, or None after saying that it is missing."""
    try:
        return import_module(name)
    except ImportError:
        print(f"{name} is not installed: skipped")
        return None


def compare(
    title: str,
    solvers: dict[str, Solver],
    error: Callable[[Any], float],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> None:
    """Print a line for each solver, the first of which is ours."""
    times: dict[str, list[float]] = {name: [] for name in solvers}
    errors = {}
    for turn in range(rounds + (rounds > 1)):  # the first turn warms up
        for name, solve in solvers.items():
            start = clock()
            found = solve()
            if turn or rounds == 1:
                times[name].append(clock() - start)
            errors[name] = error(found)
    ours = median(next(iter(times.values())))
    for name, values in times.items():
        middle = median(values)
        print(
            f"{title:34}{name:24}{middle:9.4f} s  {middle / ours:6.2f}x"
            f"  [{min(values):.4f}, {max(values):.4f}]  error {errors[name]:.8f}",
            flush=True,
        )


# ---- many signals --------------------------------------------------------------------
def all_patches() -> np.ndarray:
    """Patches 8 x 8 of a photograph less their means, as rows, but for flat ones."""
    from sklearn.datasets import load_sample_image
    from sklearn.feature_extraction.image import extract_patches_2d

    image = load_sample_image("china.jpg").mean(axis=2) / 255
    found = extract_patches_2d(image, (8, 8)).reshape(-1, 64)
    found = found - found.mean(axis=1, keepdims=True)
    return found[np.linalg.norm(found, axis=1) > 0.1]


def make_patches(n_patches: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    """Some patches as columns, and 256 of the others as atoms."""
    found = all_patches()
    rng = np.random.default_rng(0)
    chosen = found[rng.choice(len(found), n_patches + 256, replace=False)]
    signals, atoms = chosen[:n_patches], chosen[n_patches:]
    signals /= np.linalg.norm(signals, axis=1).mean()
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    return np.asfortranarray(signals.T), np.asfortranarray(atoms.T)


def patches() -> None:
    """Codes of 10,000 patches. The rule of SPAMS is "ols"."""
    from sklearn.linear_model import orthogonal_mp

    Y, D = make_patches()
    for dtype in (np.float64, np.float32):
        _patches(Y.astype(dtype), D.astype(dtype))
    solvers = {"scikit-learn (omp)": lambda: orthogonal_mp(D, Y, n_nonzero_coefs=3)}
    compare("patches float64 k=3", solvers, lambda W: mean_error(Y, D, W), rounds=1)


def mean_error(Y: np.ndarray, D: np.ndarray, codes: Any) -> float:
    """Mean squared norm of what the codes leave."""
    return float(((Y - D @ codes) ** 2).sum(dtype=float) / Y.shape[1])


def _patches(Y: np.ndarray, D: np.ndarray) -> None:
    spams = peer("spams")
    for k in (3, 5, 10):
        solvers: dict[str, Solver] = {
            f"sparsesci {rule}": lambda k=k, rule=rule: greedy.orthogonal_mp(
                D, Y, n_nonzero_coefs=k, rule=rule, sparse_output=True
            )
            for rule in ("ols", "omp")
        }
        if spams is not None:
            solvers["spams (ols)"] = lambda k=k: spams.omp(
                Y, D, L=k, eps=0.0, numThreads=1
            )
        compare(f"patches {Y.dtype} k={k}", solvers, lambda W: mean_error(Y, D, W))


def threads() -> None:
    """One thread and two on more patches, by the clock on the wall."""
    Y, D = make_patches()
    Y = np.asfortranarray(np.tile(Y, 4))
    for rule in ("omp", "ols"):
        solvers: dict[str, Solver] = {
            f"{rule}, {n} threads": lambda n=n, rule=rule: greedy.orthogonal_mp(
                D, Y, n_nonzero_coefs=10, rule=rule, n_jobs=n, sparse_output=True
            )
            for n in (2, 1)
        }
        compare(
            "40,000 patches k=10",
            solvers,
            lambda codes: mean_error(Y, D, codes),
            clock=time.perf_counter,
        )


# ---- one signal ----------------------------------------------------------------------
def long() -> None:
    """One signal of 2,000 values, 50,000 atoms, 100 of them chosen."""
    n, p, k = 2000, 50_000, 100
    rng = np.random.default_rng(0)
    X = rng.standard_normal((p, n)).T / np.sqrt(n)
    w = np.zeros(p)
    w[rng.choice(p, k, replace=False)] = rng.standard_normal(k)
    y = X @ w + 0.01 * rng.standard_normal(n)
    spams = peer("spams")
    from sklearn.linear_model import orthogonal_mp

    solvers: dict[str, Solver] = {
        f"sparsesci {rule}": lambda rule=rule: greedy.orthogonal_mp(
            X, y, n_nonzero_coefs=k, rule=rule
        )
        for rule in ("omp", "ols")
    }
    solvers["scikit-learn (omp)"] = lambda: orthogonal_mp(X, y, n_nonzero_coefs=k)
    if spams is not None:
        solvers["spams (ols)"] = lambda: spams.omp(
            y[:, None], X, L=k, eps=0.0, numThreads=1
        ).toarray()[:, 0]

    def error(coef: Any) -> float:
        print(f"{np.count_nonzero(coef)} atoms", end="  ")
        return float(((y - X @ coef) ** 2).sum())

    compare("n=2,000 p=50,000 k=100", solvers, error, rounds=1)


# ---- best subsets --------------------------------------------------------------------
def subset() -> None:
    """Best subset of 20 of 2,000 columns from 1,000 rows, and the path to it."""
    n, p, k = 1000, 2000, 20
    abess = peer("abess")
    for correlation in (0.0, 0.5, 0.9):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((n, p))
        for j in range(1, p):
            X[:, j] += (X[:, j - 1] - X[:, j]) * correlation
        X /= X.std(axis=0)
        w = np.zeros(p)
        w[rng.choice(p, k, replace=False)] = rng.standard_normal(k)
        y = X @ w + 0.5 * rng.standard_normal(n)

        def one(X: Any = X, y: Any = y) -> Any:
            found = greedy.splicing(X, y, n_nonzero_coefs=k, start="correlation")
            return found.coef

        def path(X: Any = X, y: Any = y) -> Any:
            return greedy.splicing_path(X, y, max_nonzero_coefs=k).coefs[-1]

        def with_abess(sizes: list[int], X: Any = X, y: Any = y) -> Any:
            model = abess.LinearRegression(
                support_size=sizes, fit_intercept=False, thread=1
            )
            return model.fit(X, y).coef_

        def error(coef: Any, X: Any = X, y: Any = y) -> float:
            return float(((y - X @ coef) ** 2).sum())

        single: dict[str, Solver] = {"sparsesci": one}
        whole: dict[str, Solver] = {"sparsesci": path}
        if abess is not None:
            single["abess"] = lambda fit=with_abess: fit([k])
            whole["abess (its choice)"] = lambda fit=with_abess: fit([*range(k + 1)])
        compare(f"subset of 20, corr. {correlation}", single, error)
        compare(f"path to 20, corr. {correlation}", whole, error)


if __name__ == "__main__":
    parts = {f.__name__: f for f in (patches, threads, long, subset)}
    with threadpool_limits(1):
        for part in sys.argv[1:] or parts:
            parts[part]()
