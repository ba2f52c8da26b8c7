"""Channels through a reflecting surface: errors of channels and of symbols.

The set-up of He and Joseph (2024). Reference numbers are those of the authors'
published results, means of 50 trials; pilots and patterns are drawn once there and
every ten trials here. Classical SBL takes minutes for each channel: it gets a tenth of
the trials.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.reproduce.table import claim, show
from sparsesci.bayes import classical_sbl, kronecker_sbl, oracle_least_squares
from sparsesci.datasets import make_irs_mimo, qpsk_error_rate
from sparsesci.metrics import nmse
from sparsesci.operators import Kronecker

SNRS = (4, 8, 12, 16, 20)
# Method -> means of the error, medians of the error, rates of symbol errors.
PUBLISHED: dict[str, tuple[Any, Any, Any]] = {
    "SVD": (
        (0.609, 0.305, 0.194, 0.123, 0.105),
        (0.431, 0.091, 0.0102, 0.0038, 0.0013),
        (0.252, 0.140, 0.092, 0.060, 0.060),
    ),
    "AM": (
        (0.714, 0.321, 0.197, 0.139, 0.070),
        (0.949, 0.156, 0.023, 0.0051, 0.0012),
        (0.244, 0.071, 0.027, 0.0039, 0.0),
    ),
    "PC .8, AM": (
        (0.312, 0.132, 0.049, 0.0089, 0.0029),
        (0.125, 0.037, 0.0120, 0.0042, 0.0015),
        (0.130, 0.017, 5e-4, 0.0, 0.0),
    ),
    "PC .5, AM": (
        (0.324, 0.142, 0.061, 0.0112, 0.0060),
        (None, None, None, None, None),
        (0.140, 0.022, 5e-4, 0.0, 0.0),
    ),
    "classical": (
        (0.953, 0.724, 0.463, 0.228, 0.144),
        (None, None, None, None, None),
        (0.366, 0.244, 0.112, 0.102, 0.063),
    ),
}


def _sbl(problem: Any, **options: Any) -> Any:
    return kronecker_sbl(
        problem.factors, problem.y, noise=problem.noise_variance, **options
    )


def _oracle(problem: Any) -> Any:
    support = [np.unique(where) for where in np.nonzero(problem.coef)]
    return oracle_least_squares(problem.factors, problem.y, support)


def _classical(problem: Any) -> Any:
    X = Kronecker(*problem.factors).to_dense()
    return classical_sbl(X, problem.y, noise=problem.noise_variance, prune=1e-4)


def _coupled(beta: float, mstep: str) -> Callable[[Any], Any]:
    return partial(_sbl, mstep=mstep, coupling=[beta, 0, beta], prune=1e-2)


METHODS: dict[str, Callable[[Any], Any]] = {
    "SVD": partial(_sbl, mstep="svd"),
    "AM": partial(_sbl, mstep="am"),
    "MM": partial(_sbl, mstep="mm"),
    "PC .8, AM": _coupled(0.8, "am"),
    "PC .5, AM": _coupled(0.5, "am"),
    "PC .8, MM": _coupled(0.8, "mm"),
    "PC .5, MM": _coupled(0.5, "mm"),
    "oracle": _oracle,
    "classical": _classical,
}


def _trial(method: Callable[[Any], Any], snr: float, seed: int) -> tuple[float, ...]:
    """Error of the channels, rate of symbol errors, seconds of the fit."""
    problem = make_irs_mimo(snr, design_state=seed // 10, random_state=1000 + seed)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coef = method(problem).coef
    seconds = time.process_time() - start
    true, found = problem.channels(), problem.channels(coef)
    errors = nmse(true.reshape(6, -1), found.reshape(6, -1), axis=1)
    return float(np.mean(errors)), qpsk_error_rate(true, found, snr), seconds


def _cell(value: float, reference: Any) -> str:
    return f"{value:.2g}" + ("" if reference is None else f" ({reference:.2g})")


def study(trials: int, quick: bool) -> bool:
    """Errors by signal-to-noise ratio."""
    columns = [SNRS.index(snr) for snr in ((4, 12, 20) if quick else SNRS)]
    rows: list[list[Any]] = [[], [], [], []]
    means: dict[tuple[str, int], float] = {}
    slowest = 0.0
    for name, method in METHODS.items():
        n_trials = max(1, trials // 10) if name == "classical" else trials
        if quick and name == "classical":
            continue
        cells: list[list[str]] = [[], [], [], []]
        for k in columns:
            done = np.array([_trial(method, SNRS[k], s) for s in range(n_trials)])
            reference = [part[k] for part in PUBLISHED.get(name, ((None,) * 5,) * 3)]
            means[name, SNRS[k]] = float(done[:, 0].mean())
            cells[0].append(_cell(done[:, 0].mean(), reference[0]))
            cells[1].append(_cell(float(np.median(done[:, 0])), reference[1]))
            cells[2].append(_cell(done[:, 1].mean(), reference[2]))
            cells[3].append(f"{done[:, 2].mean():.3f}")
            if name != "classical":
                slowest = max(slowest, float(done[:, 2].mean()))
        for table, row in zip(rows, cells):
            table.append((name, *row))
    titles = ("Mean error", "Median error", "Symbol errors", "Seconds for a fit")
    header = ("method", *(f"{SNRS[k]} dB" for k in columns))
    for title, table in zip(titles, rows):
        show(f"{title}, {trials} trials: ours (published)", header, table)
    return _claims(means, slowest)


def _claims(means: dict[tuple[str, int], float], slowest: float) -> bool:
    met = []
    for snr, bound in ((12, 0.06), (16, 0.02), (20, 0.006)):
        if ("PC .8, MM", snr) in means:
            value = means["PC .8, MM", snr]
            text = f"{snr} dB: PC .8, MM, mean error at most {bound} ({value:.2g})"
            met.append(claim(text, value <= bound))
    for snr in (12, 16, 20):
        if ("classical", snr) not in means:
            continue
        coupled = means["PC .8, MM", snr]
        plain = [means[name, snr] for name in ("SVD", "AM", "MM")]
        blind = means["classical", snr]
        text = f"{snr} dB: PC < SVD, AM, MM < classical"
        met.append(claim(text, coupled < min(plain) and max(plain) < blind))
    met.append(claim(f"a fit takes at most .3 s ({slowest:.2f} s)", slowest <= 0.3))
    return all(met)
