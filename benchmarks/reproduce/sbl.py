"""Sparse Bayesian regression beside scikit-learn's ARDRegression.

Designs of independent or AR(1) standard normal columns, non-zero coefficients of a
standard normal pushed 0.5 away from 0, and a ratio of variances of signal and noise.
The reference numbers are those of independent prototypes, medians of 2 to 5 trials.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import norm
from sklearn.linear_model import ARDRegression, BayesianRidge, LassoCV

from benchmarks.reproduce.table import claim, show
from sparsesci import bayes

Array = np.ndarray[Any, Any]
OURS = ("FastSBL", "SpikeSlabVB")
# (n, p, correlation) -> {method: (relative error, F1)}
REFERENCE: dict[tuple[int, int, float], dict[str, tuple[float, float]]] = {
    (200, 500, 0.0): {"FastSBL": (0.0089, 0.84), "SpikeSlabVB": (0.0089, 0.83)},
    (200, 500, 0.7): {"FastSBL": (0.0080, 0.84), "SpikeSlabVB": (0.0107, 0.82)},
    (400, 2000, 0.0): {"FastSBL": (0.0135, 0.90), "SpikeSlabVB": (0.0128, 0.92)},
    (1000, 200, 0.0): {"FastSBL": (0.0138, 0.87), "SpikeSlabVB": (0.0114, 0.86)},
}
# Number of non-zeros and ratio of variances of each size.
SHAPES = {(200, 500): (10, 10.0), (400, 2000): (20, 10.0), (1000, 200): (20, 3.0)}


class Trial(NamedTuple):
    X: Array
    y: Array
    coef: Array
    noise: float  # variance
    X_test: Array


def _columns(rng: Any, n: int, p: int, correlation: float) -> Array:
    Z = rng.standard_normal((n, p))
    for j in range(1, p if correlation else 0):
        Z[:, j] = correlation * Z[:, j - 1] + np.sqrt(1 - correlation**2) * Z[:, j]
    return Z


def _trial(
    n: int,
    p: int,
    k: int,
    ratio: float,
    seed: int,
    correlation: float = 0.0,
    tail: str = "normal",
    weak: bool = False,
) -> Trial:
    rng = np.random.default_rng([n, p, seed])
    X = _columns(rng, n + 500, p, correlation)
    coef = np.zeros(p)
    values = rng.standard_normal(k)
    values = 0.2 * values if weak else values + 0.5 * np.sign(values)
    coef[rng.permutation(p)[:k]] = values
    signal = X[:n] @ coef
    noise = float(signal.var() / ratio)
    errors = rng.standard_normal(n)
    if tail == "t2.5":  # of variance 5
        errors = rng.standard_t(2.5, n) / np.sqrt(5)
    y = signal + np.sqrt(noise) * errors
    return Trial(np.asfortranarray(X[:n]), y, coef, noise, X[n:])


def _fit(model: Any, trial: Trial) -> dict[str, float]:
    """CPU seconds, errors and selection of one fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        model.fit(trial.X, trial.y)
        took = time.process_time() - start
    coef, truth = model.coef_, trial.coef
    chosen = np.abs(coef) > 0.01 * np.abs(coef).max()
    if hasattr(model, "pip_"):
        chosen = model.pip_ > 0.5
    true = truth != 0
    total = int(chosen.sum() + true.sum())
    signal = trial.X_test @ truth
    missed = signal - signal.mean() - (m := trial.X_test @ coef) + m.mean()
    noise = getattr(model, "noise_variance_", np.nan)
    if isinstance(model, (ARDRegression, BayesianRidge)):
        noise = 1 / model.alpha_
    return {
        "time": took,
        "error": float(np.sum((coef - truth) ** 2) / np.sum(truth**2)),
        "f1": 2 * float((chosen & true).sum()) / max(total, 1),
        "r2": float(1 - missed.var() / signal.var()),
        "noise": float(noise / trial.noise),
    }


def _medians(makes: dict[str, Callable[[], Any]], trials: list[Trial]) -> Any:
    """Medians over trials; methods take turns."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in makes}
    first = trials[0]
    small = Trial(first.X[:30, :8], first.y[:30], np.ones(8), 1.0, first.X_test[:, :8])
    for make in makes.values():  # numba compiles, libraries load
        _fit(make(), small)
    for trial in trials:
        for name, make in makes.items():
            found[name].append(_fit(make(), trial))
    return {
        name: {key: float(np.median([r[key] for r in rows])) for key in rows[0]}
        for name, rows in found.items()
    }


def tables(trials: int, quick: bool) -> bool:
    """The three sizes, with well-separated effects."""
    met = True
    for (n, p, correlation), reference in REFERENCE.items():
        k, ratio = SHAPES[n, p]
        runs = 2 if quick else trials
        problems = [_trial(n, p, k, ratio, t, correlation) for t in range(runs)]
        makes: dict[str, Callable[[], Any]] = {
            "FastSBL": bayes.FastSBL,
            "SpikeSlabVB": bayes.SpikeSlabVB,
            "SuSiE": partial(bayes.SuSiE, k + 5),
            "ARDRegression": ARDRegression,
        }
        rows = _medians(makes, problems)
        ard = rows["ARDRegression"]
        show(
            f"n = {n}, p = {p}, {k} non-zeros, ratio {ratio:g}, correlation "
            f"{correlation:g}: medians of {runs}",
            (
                "method",
                "CPU s",
                "times faster",
                "error",
                "(ref)",
                "F1",
                "(ref)",
                "noise",
            ),
            [
                (
                    name,
                    row["time"],
                    ard["time"] / row["time"],
                    row["error"],
                    reference.get(name, (float("nan"),) * 2)[0],
                    row["f1"],
                    reference.get(name, (float("nan"),) * 2)[1],
                    row["noise"],
                )
                for name, row in rows.items()
            ],
        )
        for name in OURS:
            error, f1 = reference[name]
            row = rows[name]
            met &= claim(
                f"{name}: error at most 1.5 times the reference, F1 at most .05 below",
                row["error"] <= 1.5 * error and row["f1"] >= f1 - 0.05,
            )
            met &= claim(
                f"{name}: at least 20 times faster than ARDRegression, "
                f"{ard['error'] / row['error']:.1f} times less error (at least 2)",
                ard["time"] >= 20 * row["time"] and ard["error"] >= 2 * row["error"],
            )
    return met


HARD: dict[str, dict[str, Any]] = {
    "dense weak effects: all of 200 coefficients, ratio 1": {
        **{"n": 300, "p": 200, "k": 200, "ratio": 1.0, "weak": True}
    },
    "dense weak effects, p > n: 100 of 500": {
        **{"n": 200, "p": 500, "k": 100, "ratio": 2.0, "weak": True}
    },
    "heavy tails: Student's t, 2.5 degrees of freedom": {
        **{"n": 200, "p": 500, "k": 10, "ratio": 10.0, "tail": "t2.5"}
    },
    "strong correlation: AR(1), 0.97": {
        **{"n": 200, "p": 500, "k": 10, "ratio": 10.0, "correlation": 0.97}
    },
    "few samples: 10 of 60, n = 40": {**{"n": 40, "p": 60, "k": 10, "ratio": 100.0}},
}


def hard(trials: int, quick: bool) -> bool:
    """Designs that the penalised default was not chosen for: who wins."""
    makes: dict[str, Callable[[], Any]] = {
        "FastSBL": bayes.FastSBL,
        "SpikeSlabVB": bayes.SpikeSlabVB,
        "SuSiE": partial(bayes.SuSiE, 15),
        "SBLRegressor": bayes.SBLRegressor,
        "EvidenceRidge": bayes.EvidenceRidge,
        "ARDRegression": ARDRegression,
        "BayesianRidge": BayesianRidge,
        "LassoCV": partial(LassoCV, cv=5),
    }
    if not quick:
        makes["HorseshoeRegressor"] = partial(
            bayes.HorseshoeRegressor, 250, n_warmup=150, n_chains=2, random_state=0
        )
    for title, options in HARD.items():
        runs = 2 if quick else trials
        rows = _medians(makes, [_trial(seed=t, **options) for t in range(runs)])
        ranked = sorted(rows.items(), key=lambda item: -item[1]["r2"])
        show(
            f"{title}: medians of {runs}, by R2 of the signal on new data",
            ("method", "R2", "error", "F1", "noise", "CPU s"),
            [
                (name, r["r2"], r["error"], r["f1"], r["noise"], r["time"])
                for name, r in ranked
            ],
        )
        ahead = [name for name, _ in ranked]
        place = ahead.index("FastSBL")
        before = ", ".join(ahead[:place])
        print(f"  FastSBL loses to: {before}" if before else "  FastSBL is first")
    return True


def coverage(trials: int, quick: bool) -> bool:
    """How many true coefficients lie in their intervals of 90 %."""
    met, rows = True, []
    runs = 40 if quick else trials
    makes: dict[str, Callable[[], Any]] = {
        "FastSBL": bayes.FastSBL,
        "SpikeSlabVB": bayes.SpikeSlabVB,
        "SuSiE": partial(bayes.SuSiE, 15),
        "EvidenceRidge": bayes.EvidenceRidge,
    }
    for (n, p, k, correlation), weak in (
        ((200, 100, 8, 0.0), False),
        ((200, 500, 8, 0.0), False),
        ((200, 100, 8, 0.7), False),
        ((200, 500, 30, 0.0), True),
    ):
        problems = [
            _trial(n, p, k, 10.0, t, correlation, weak=weak) for t in range(runs)
        ]
        for name, make in makes.items():
            inside, width, new = [], [], []
            for trial in problems:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    model = make().fit(trial.X, trial.y)
                low, high = model.credible_interval(0.9).T
                true = trial.coef != 0
                hit = (low <= trial.coef) & (trial.coef <= high)
                inside.append(hit[true].mean())
                width.append((high - low)[true].mean() / np.sqrt(trial.noise / n))
                new.append(_coverage_of_observations(model, trial))
            label = f"n {n} p {p} k {k} corr {correlation:g}" + " weak" * weak
            share = float(np.mean(inside))
            fresh = float(np.mean(new))
            rows.append((label, name, share, float(np.mean(width)), fresh))
            if not weak and name in OURS:
                text = f"{label}, {name}: {share:.3f} and {fresh:.3f} in [.86, .94]"
                met &= claim(text, all(0.86 <= s <= 0.94 for s in (share, fresh)))
    show(
        f"Coverage of non-zero coefficients and new observations by 90 % intervals, "
        f"{runs} trials",
        ("design", "method", "coverage", "width / s.e.", "observations"),
        rows,
    )
    return met


def _coverage_of_observations(model: Any, trial: Trial) -> float:
    """Probability that a new observation is in its predictive interval of 90 %."""
    mean, std = model.predict(trial.X_test, return_std=True)
    middle, noise = trial.X_test @ trial.coef, np.sqrt(trial.noise)
    ends = [norm.cdf((mean + z * std - middle) / noise) for z in norm.ppf((0.05, 0.95))]
    return float(np.mean(ends[1] - ends[0]))


def scales(trials: int, quick: bool) -> bool:
    """The same data in other units."""
    trial = _trial(100, 60, 5, 10.0, 0)
    makes: dict[str, Callable[[], Any]] = {
        "FastSBL": bayes.FastSBL,
        "SpikeSlabVB": bayes.SpikeSlabVB,
        "SuSiE": bayes.SuSiE,
        "EvidenceRidge": bayes.EvidenceRidge,
        "SBLRegressor": partial(bayes.SBLRegressor, max_iter=5000),
        "MultitaskSBL": bayes.MultitaskSBL,
        "BlockSBL": partial(bayes.BlockSBL, 5),
        "PatternCoupledSBL": bayes.PatternCoupledSBL,
        "HorseshoeRegressor": partial(bayes.HorseshoeRegressor, random_state=0),
        "ARDRegression": ARDRegression,
    }
    rng = np.random.default_rng(0)
    columns = 10.0 ** rng.integers(-6, 7, trial.X.shape[1])
    met, rows = True, []
    for name, make in makes.items():
        plain = make().fit(trial.X, trial.y).coef_
        worst, counts = 0.0, []
        for scale in (1e-6, 1e-3, 1.0, 1e3, 1e6):
            coef = make().fit(trial.X, trial.y * scale).coef_ / scale
            counts.append(int(np.count_nonzero(coef)))
            worst = max(worst, _distance(coef, plain))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both = make().fit(trial.X * columns, trial.y).coef_ * columns
        apart = _distance(both, plain)
        rows.append((name, "/".join(map(str, counts)), worst, apart))
        if name != "ARDRegression":
            met &= claim(f"{name}: equivariant to 1e-8", max(worst, apart) <= 1e-8)
    show(
        "y times 1e-6, 1e-3, 1, 1e3, 1e6; columns of X times 1e-6 to 1e6",
        ("method", "non-zeros", "change by y", "change by X"),
        rows,
    )
    return met


def _distance(coef: Array, other: Array) -> float:
    return float(np.linalg.norm(coef - other) / np.linalg.norm(other))
