"""What each ingredient is worth, and how well the rule chooses between its modes.

``python -m benchmarks.ablation`` takes away one ingredient at a time, on four tasks.
``python -m benchmarks.ablation --regret`` forces one mode of descent instead of the
rule, on all problems with one alpha: the regret is the time of the rule divided by that
of the better mode. Both at the same ``tol``, so that all end with the same certificate.

The ingredients are taken away by replacing private parts of the solver for as long as a
run lasts. Function multiversioning is fixed when the kernels are compiled: see README.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.compare.measure import quiet
from benchmarks.compare.problems import PROBLEMS
from benchmarks.compare.report import seconds
from benchmarks.compare.solvers.sparsesci import SparseSci

ABLATED = ("P1b", "P2b", "P3b", "P5a")
BUDGET = 20.0


def _patches() -> dict[str, list[Any]]:
    """Replacements of private names, by what they take away or force."""
    from sparsesci.solvers import _descent, _lookahead, _path, _working_set

    Descent, Solver = _descent.Descent, _working_set.WorkingSetSolver
    burst = Descent._burst

    def plain_on(kinds: tuple[type, ...]) -> Callable[..., Any]:
        def plain(self, where, handle, rows, limit, tol, accelerate, *rest):
            accelerate = accelerate and not isinstance(where, kinds)
            return burst(self, where, handle, rows, limit, tol, accelerate, *rest)

        return plain

    on_data, on_gram = (
        (_descent.LeastSquares,),
        (
            _descent.SubGram,
            _descent.GramLeastSquares,
        ),
    )
    strong_rule = _path.likely_rows
    no_batches = patch.object(_lookahead.Lookahead, "_may_pay", _nothing)
    return {
        "all of it": [],
        "no continuation": [patch.object(Solver, "_next_level", _at_alpha)],
        "no Gram matrix": [patch.object(Descent, "_price", _never)],
        "no rent before buying": [patch.object(Descent, "_price", _at_once)],
        "no Anderson": [patch.object(Descent, "_burst", plain_on(on_data))],
        "no minima on faces": [patch.object(Descent, "_burst", plain_on(on_gram))],
        "no screening": [patch.object(Solver, "_screen", _nothing)],
        "no neighbours": [
            patch.object(Solver, "_with_neighbours", lambda solver, ws, state: ws)
        ],
        "no foresight": [patch.object(Solver, "_course", _nothing)],
        "no single precision": [patch.object(_descent, "_LONG", sys.maxsize)],
        "no lookahead": [no_batches],
        "no predictor": [
            no_batches,
            patch.object(_path, "extrapolate", _nothing),
            patch.object(
                _path,
                "likely_rows",
                lambda penalty, past, alpha: strong_rule(penalty, past[-1:], alpha),
            ),
        ],
    }


def _at_alpha(*arguments: Any) -> float:
    return 1.0


def _never(self: Any, ws: Any) -> float:
    return np.inf if self.subgram.missing(ws).size else 0.0


def _at_once(self: Any, ws: Any) -> float:
    known = len(self.subgram.columns) + self.subgram.missing(ws).size
    return np.inf if known > self.subgram.MAX_COLUMNS else 0.0


def _nothing(*arguments: Any) -> None:
    return None


@contextmanager
def _without(replacements: list[Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for replacement in replacements:
            stack.enter_context(replacement)
        yield


def measure(
    name: str, variants: list[str], tol: float, repeats: int, backend: str
) -> dict[str, float]:
    """Median CPU seconds of each variant on one problem, alternately."""
    solver = SparseSci()
    type(solver).backend = backend
    task = PROBLEMS[name].build()
    patches = _patches()
    readings: dict[str, list[float]] = {variant: [] for variant in variants}
    with quiet(1):
        solver.prepare(task.tiny())
        solver.run("", tol)
        solver.prepare(task)
        for _ in range(repeats):
            for variant, times in readings.items():
                if sum(times) > BUDGET:
                    continue
                with _without(patches[variant]):
                    start = time.process_time()
                    solver.run("", tol)
                    times.append(time.process_time() - start)
    return {variant: median(times) for variant, times in readings.items()}


def ablation(names: list[str], options: argparse.Namespace) -> None:
    """Print times without each ingredient, and their ratios to the whole."""
    variants = list(_patches())
    for name in names:
        times = measure(name, variants, options.tol, options.repeats, options.backend)
        print(f"{name}: {PROBLEMS[name].title}, tol {options.tol:g}")
        for variant in variants:
            ratio = times[variant] / times["all of it"]
            print(f"  {variant:24}{seconds(times[variant]):>10}{ratio:8.2f}x")
        print(flush=True)


def regret(names: list[str], options: argparse.Namespace) -> None:
    """Print the times of the rule and of both modes, and the regret."""
    modes = ["all of it", "no Gram matrix", "no rent before buying"]
    regrets = []
    print(f"{'':18}{'rule':>10}{'data':>10}{'Gram':>10}{'regret':>9}")
    for name in names:
        try:
            times = measure(name, modes, options.tol, options.repeats, options.backend)
        except FileNotFoundError as error:
            print(f"{name:18}skipped: {error}")
            continue
        rule, data, gram = (times[mode] for mode in modes)
        regrets.append(rule / min(rule, data, gram))
        cells = "".join(f"{seconds(value):>10}" for value in (rule, data, gram))
        print(f"{name:18}{cells}{regrets[-1]:8.2f}x", flush=True)
    if regrets:
        print(f"median {median(regrets):.2f}x, worst {max(regrets):.2f}x")


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation")
    add = parser.add_argument
    add("--problems", nargs="+", metavar="NAME", choices=PROBLEMS)
    add("--regret", action="store_true", help="modes instead of ingredients")
    add("--tol", type=float, default=1e-6)
    add("--repeats", type=int, default=5)
    add("--backend", choices=("cpp", "numba"), default="cpp")
    options = parser.parse_args(arguments)
    fits = [name for name, problem in PROBLEMS.items() if problem.kind == "fit"]
    if options.regret:
        regret(options.problems or fits, options)
    else:
        ablation(options.problems or list(ABLATED), options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
