"""Selection of features: sequential attention is OMP; probes against exhaustion."""

from __future__ import annotations

import time
import warnings
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import erf
from sklearn.linear_model import orthogonal_mp

from benchmarks.reproduce.table import claim, show
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.greedy import SequentialAttentionSelector, SparseProbe

METHODS = ("mean_difference", "adaptive", "optimal")
# Of an independent implementation, from 40 trials of the same kind.
PROBING = {"mean_difference": 0.72, "adaptive": 0.67, "optimal": float("nan")}


def attention(trials: int, quick: bool) -> bool:
    """Picks of sequential attention and of scikit-learn's OMP."""
    rows = []
    for kind in ("plain", "more columns than samples", "rank 15 of 30", "ties"):
        equal = sum(_same_picks(kind, seed) for seed in range(trials))
        rows.append((kind, f"{equal} of {trials}"))
    show("Sequential attention and OMP: equal picks", ("design", "equal"), rows)
    return claim(
        "all picks equal (a tie may be broken either way)",
        all(row[1] == f"{trials} of {trials}" for row in rows),
    )


def _same_picks(kind: str, seed: int, k: int = 10) -> bool:
    rng = np.random.default_rng(seed)
    n, p = (20, 60) if kind.startswith("more") else (60, 30)
    X = rng.standard_normal((n, p))
    if kind.startswith("rank"):
        X = X[:, :15] @ rng.standard_normal((15, p))
    elif kind == "ties":
        X[:, 15:] = X[:, :15] * rng.choice([-1.0, 1.0], 15)
    y = X[:, :5] @ rng.standard_normal(5) + rng.standard_normal(n)
    Z = X - X.mean(axis=0)
    Z /= np.linalg.norm(Z, axis=0)
    path = orthogonal_mp(Z, y - y.mean(), n_nonzero_coefs=k, return_path=True)
    theirs = np.argsort(np.sum(path == 0, axis=1), kind="stable")[:k]
    ours = SequentialAttentionSelector(k).fit(X, y).selected_
    if kind == "ties":
        return np.array_equal(ours % 15, theirs % 15)
    return np.array_equal(ours, theirs)


def _activations(rng: Any, n: int, p: int, k: int, shift: float, share: float) -> Any:
    """Activations gelu(z), of which k features are shifted in one class."""
    y = rng.random(n) < share
    y[:2] = False, True
    true = rng.permutation(p)[:k]
    Z = rng.standard_normal((n, p))
    Z[:, true] += shift * np.where(y, 1.0, -1.0)[:, None]
    return Z * (1 + erf(Z / np.sqrt(2))) / 2, y, true


def probing(trials: int, quick: bool) -> bool:
    """Share of the true features found, on the synthetic benchmark of the paper."""
    rng = np.random.default_rng(0)
    limit = 2.0 if quick else 10.0
    found: dict[str, list[tuple[float, float, float, float]]] = {m: [] for m in METHODS}
    for _ in range(trials):
        n = int(np.exp(rng.uniform(np.log(500), np.log(4000))))
        p, k = int(50 * 2 ** rng.integers(3, 5)), int(rng.integers(2, 20))
        shift = np.exp(rng.uniform(np.log(0.05), np.log(5)))
        share = np.exp(rng.uniform(np.log(0.01), np.log(0.5)))
        X, y, true = _activations(rng, n, p, k, shift, share)
        for method in METHODS:
            start = time.process_time()
            # The paper's default, for losses that are sums and features of size 1/10.
            alpha = 100 / np.sqrt(n)
            probe = SparseProbe(k, method=method, alpha=alpha, time_limit=limit)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                probe.fit(X, y)
            hit = np.mean(probe.support_[true])
            took = time.process_time() - start
            found[method].append((hit, probe.objective_, probe.gap_, took))
    rows = []
    for method, values in found.items():
        hit, objective, gap, took = np.mean(values, axis=0)
        proved = np.mean([value[2] <= 1e-4 for value in values])
        rows.append((method, hit, PROBING[method], objective, gap, proved, took))
    show(
        f"Probes on {trials} synthetic problems (optimal: {limit:.0f} s each)",
        ("method", "true found", "(ref)", "objective", "gap", "proved", "CPU s"),
        rows,
    )
    hits = np.array([[value[0] for value in found[m]] for m in METHODS])
    ahead = hits[2] - hits[np.argmax(hits[:2].mean(axis=1))]
    error = ahead.std() / np.sqrt(trials)
    objectives = np.array([[value[1] for value in found[m]] for m in METHODS])
    return all(
        [
            claim(
                "optimal finds no fewer than the best heuristic, up to two standard "
                f"errors: {ahead.mean():+.4f} +- {error:.4f}",
                ahead.mean() >= -2 * error,
            ),
            claim(
                "optimal has the lowest objective of the three on each problem",
                bool(np.all(objectives[2] <= objectives[:2].min(axis=0) + 1e-12)),
            ),
        ]
    )


def probing_exact(trials: int, quick: bool) -> bool:
    """Cutting planes and exhaustive search, on up to 12 features."""
    equal = 0
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        p, k = int(rng.integers(5, 13)), int(rng.integers(1, 5))
        X, y, _ = _activations(rng, 60, p, k, rng.uniform(0.1, 1.5), 0.35)
        optimal = SparseProbe(k, method="optimal", tol=1e-9).fit(X, y)
        least = min(
            SparseProbe(k, method="mean_difference").fit(X[:, subset], y).objective_
            for subset in combinations(range(p), k)
        )
        equal += abs(optimal.objective_ - least) <= 1e-8 * least
    return claim(
        f"objective equal to that of the best of all: {equal} of {trials}",
        equal == trials,
    )
