"""Phase transitions of pursuit: 128 samples, 256 unit columns, no noise.

The set-up of Dai and Milenkovic (2009). A trial succeeds with a relative error below
1e-4. The reference rates are those of an independent implementation, from 60 trials
each (20 for basis pursuit): they have standard errors of up to .065 themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import linprog

from benchmarks.reproduce.table import claim, show
from sparsesci import greedy
from sparsesci.metrics import phase_transition

GAUSSIAN = {
    "OMP": [1, 0.93, 0.82, 0.58, 0.32, 0.13, 0.03, 0],
    "OLS": [1, 0.92, 0.78, 0.63, 0.25, 0.12, 0.02, 0],
    "gOMP(3)": [1, 1, 1, 0.98, 0.93, 0.90, 0.78, 0.35],
    "CoSaMP": [1, 1, 1, 0.98, 0.72, 0.02, 0, 0],
    "SP": [1, 1, 1, 1, 0.97, 0.78, 0.73, 0.10],
    "NIHT": [1, 1, 1, 0.88, 0.57, 0.27, 0.17, 0.02],
    "HTP": [1, 1, 1, 0.97, 0.80, 0.68, 0.43, 0.12],
    "splicing": [0.93, 0.90, 0.97, 0.92, 0.83, 0.72, 0.68, 0.30],
    "BP": [1, 1, 1, 1, 0.9, 0.5, 0.2, 0],
}
BINARY = {
    "OMP": [1, 0.92, 0.73, 0.20, 0.02, 0, 0, 0],
    "OLS": [1, 0.92, 0.70, 0.22, 0.03, 0, 0, 0],
    "gOMP(3)": [1, 1, 1, 1, 0.98, 0.60, 0.18, 0],
    "CoSaMP": [1, 1, 1, 1, 1, 1, 0.53, 0],
    "SP": [1, 1, 1, 1, 0.97, 0.93, 0.58, 0.25],
    "NIHT": [1, 1, 1, 0.95, 0.80, 0.47, 0.13, 0.03],
    "HTP": [1, 1, 1, 0.98, 0.85, 0.70, 0.10, 0],
    "splicing": [1, 1, 1, 1, 0.93, 0.78, 0.32, 0.08],
    "BP": [1, 1, 1, 1, 1, 1, 1, 0.8],
}


def _basis_pursuit(X: Any, y: Any, n_nonzero: int) -> Any:
    result = linprog(np.ones(2 * X.shape[1]), A_eq=np.hstack([X, -X]), b_eq=y)
    return result.x[: X.shape[1]] - result.x[X.shape[1] :]


def _of(solve: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    return lambda X, y, k: solve(X, y, n_nonzero_coefs=k, **options).coef


def _methods() -> dict[str, Callable[..., Any]]:
    """What the library has, by the names of the tables."""
    pursuit = {rule.upper(): partial(_pursuit, rule=rule) for rule in ("omp", "ols")}
    return {
        **pursuit,
        "gOMP(3)": _of(greedy.gomp, n_select=3),
        "CoSaMP": _of(greedy.cosamp),
        "SP": _of(greedy.subspace_pursuit),
        "NIHT": _of(greedy.niht, max_iter=1000),
        "HTP": _of(greedy.htp, step=1.0),  # as in the reference; the default finds more
        "splicing": _of(greedy.splicing),
        "BP": _basis_pursuit,
    }


def _pursuit(X: Any, y: Any, k: int, rule: str) -> Any:
    return greedy.orthogonal_mp(X, y, n_nonzero_coefs=k, rule=rule)


def _z_score(ours: Any, reference: Any, n_ours: int, n_reference: int) -> Any:
    """Differences of two rates in their standard errors."""
    pooled = (ours * n_ours + np.array(reference) * n_reference) / (
        n_ours + n_reference
    )
    variance = pooled * (1 - pooled) * (1 / n_ours + 1 / n_reference)
    return (ours - reference) / np.sqrt(np.maximum(variance, 1e-12))


def _study(
    reference: dict[str, list[float]],
    sizes: list[int],
    values: str,
    trials: int,
    quick: bool,
) -> bool:
    rows, deviations, scores = [], [], []
    methods = _methods()
    if quick:
        del methods["BP"]  # linear programmes take most of the time
    for name, method in methods.items():
        n_trials = min(trials, 20) if name == "BP" else trials
        study = phase_transition(
            {name: method},
            n_samples=128,
            n_nonzero=sizes,
            n_features=256,
            n_trials=n_trials,
            values=values,
            random_state=0,
        )
        rates = study.success_rate[0, 0]
        pairs = zip(rates, reference[name])
        rows.append((name, *(f"{rate:.2f} ({ref:.2f})" for rate, ref in pairs)))
        deviations.append(rates - reference[name])
        n_reference = 20 if name == "BP" else 60
        scores.append(_z_score(rates, reference[name], n_trials, n_reference))
    show(
        f"Rates of recovery, {values} values, {trials} trials: ours (reference)",
        ("non-zero", *sizes),
        rows,
    )
    worst = np.max(np.abs(deviations))
    n_within = np.sum(np.abs(deviations) <= 0.10)
    cells, lowest = np.size(deviations), np.min(scores)
    return all(
        [
            claim(
                f"within .10 of the reference: {n_within} of {cells} cells "
                f"(worst {worst:.2f})",
                worst <= 0.10,
            ),
            claim(
                "no rate below the reference by more than 3 standard errors "
                f"(lowest: {lowest:.1f})",
                lowest >= -3,
            ),
        ]
    )


def gaussian(trials: int, quick: bool) -> bool:
    """Normal values."""
    return _study(GAUSSIAN, [20, 30, 35, 40, 45, 50, 55, 60], "gaussian", trials, quick)


def binary(trials: int, quick: bool) -> bool:
    """Values of 0 and 1."""
    return _study(BINARY, [10, 15, 20, 25, 30, 35, 40, 45], "ones", trials, quick)


def toeplitz(trials: int, quick: bool) -> bool:
    """Correlated columns, where OLS and splicing must beat OMP."""
    methods = {
        name: method
        for name, method in _methods().items()
        if name in ("OMP", "OLS", "splicing")
    }
    rows, met = [], []
    for correlation in (0.8, 0.9, 0.95):
        study = phase_transition(
            methods,
            n_samples=128,
            n_nonzero=[5, 10, 15, 20, 25],
            n_features=256,
            n_trials=trials,
            design="toeplitz",
            correlation=correlation,
            random_state=0,
        )
        rates = study.success_rate[:, 0]
        rows += [(n, correlation, *map(float, r)) for n, r in zip(study.names, rates)]
        means = rates.mean(axis=1)
        met.append(bool(np.all(means[1:] > means[0])))
    show(
        f"Toeplitz columns, normal values, {trials} trials",
        ("method", "correlation", *study.n_nonzero),
        rows,
    )
    return claim("OLS and splicing beat OMP at .8, .9 and .95 (mean rates)", all(met))
