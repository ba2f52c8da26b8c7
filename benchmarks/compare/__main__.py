"""Command line: ``python -m benchmarks.compare --help``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.compare.problems import PROBLEMS, QUICK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description="Time to a true suboptimality: sparsesci and its peers.",
    )
    add = parser.add_argument
    add("--problems", nargs="+", metavar="NAME", choices=PROBLEMS)
    add("--solvers", nargs="+", metavar="NAME")
    add("--targets", nargs="+", type=float, metavar="ERROR", help="loose to tight")
    add("--repeats", type=int, default=5, help="alternating rounds (default 5)")
    add("--threads", type=int, default=1)
    add("--cap", type=float, default=5.0, help="longest run of a sweep (5 s)")
    add("--patience", type=float, default=4.0, help="drop peers so much slower (4)")
    add("--quick", action="store_true", help="a few problems, coarsely")
    add("--cold", action="store_true", help="first calls, in fresh processes")
    add("--memory", action="store_true", help="peak memory, in fresh processes")
    add("--json", type=Path, metavar="FILE")
    add("--markdown", type=Path, metavar="FILE")
    add("--profile", type=Path, metavar="FILE", help="a picture (needs matplotlib)")
    add("--list", action="store_true", help="problems and solvers")
    return parser


def _limit_threads(threads: int) -> None:
    """Some libraries read these once, when they are imported."""
    for name in ("NUMBA_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(threads)


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison."""
    parser = _parser()
    options = parser.parse_args(arguments)
    _limit_threads(options.threads)
    from benchmarks.compare import report
    from benchmarks.compare.solvers import SOLVERS

    if options.list:
        _list(SOLVERS)
        return 0
    names = options.solvers or list(SOLVERS)
    unknown = sorted(set(names) - set(SOLVERS))
    if unknown:
        parser.error(f"unknown solvers {unknown}, known are {list(SOLVERS)}")
    _say(report.machine(options.threads))
    _say(", ".join(f"{name} {SOLVERS[name].version() or '-'}" for name in names) + "\n")
    start = time.perf_counter()
    results = list(_results(options, names))
    _say(report.markdown(results))
    _say(f"\n{time.perf_counter() - start:.0f} s in all")
    if options.json:
        payload = {
            "machine": report.machine(options.threads),
            "results": [asdict(result) for result in results],
        }
        options.json.write_text(json.dumps(payload, indent=1))
    if options.markdown:
        heading = report.machine(options.threads)
        options.markdown.write_text(f"{heading}\n\n{report.markdown(results)}\n")
    if options.profile:
        from benchmarks.compare.profile import draw

        draw(results, options.profile, report.machine(options.threads))
    return 0


def _results(options, names):
    from benchmarks.compare import report, worker
    from benchmarks.compare.measure import Settings, compare

    repeats = min(options.repeats, 3) if options.quick else options.repeats
    cap = min(options.cap, 0.5) if options.quick else options.cap
    targets = tuple(sorted(options.targets or (), reverse=True))
    settings = Settings(targets, repeats, options.threads, cap, options.patience)
    for name in options.problems or (QUICK if options.quick else PROBLEMS):
        start = time.perf_counter()
        try:
            result = compare(PROBLEMS[name], names, settings)
        except FileNotFoundError as error:
            _say(f"{name}: skipped, {error}\n")
            continue
        for row in result.rows:
            try:
                if options.cold and any(row.best):
                    row.cold = worker.cold(row, name, options.threads)
                if options.memory and any(row.best):
                    row.memory = worker.memory(row, name, options.threads)
            except subprocess.SubprocessError as error:
                row.failure = f"{type(error).__name__} in a fresh process"
        _say(report.table(result))
        _say(f"  ({time.perf_counter() - start:.0f} s)\n")
        yield result


def _list(solvers) -> None:
    for name, problem in PROBLEMS.items():
        _say(f"{name:18}{problem.kind:6}{problem.title}")
    _say("")
    for name, solver in solvers.items():
        _say(f"{name:18}{solver.version() or 'not installed'}")


def _say(text: str) -> None:
    # At once: a run takes minutes.
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
