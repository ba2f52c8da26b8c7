"""One solver on one problem in a fresh process: first call, or memory.

``python -m benchmarks.compare.worker cold P1a celer "" 1e-6 1`` prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.compare.measure import Row, quiet
from benchmarks.compare.problems import PROBLEMS
from benchmarks.compare.solvers import SOLVERS

TIMEOUT = 300
MEGABYTE = 2**20


def cold(row: Row, problem: str, threads: int) -> dict[str, float]:
    """CPU seconds of a first call at the tightest target, import and compilation too.

    ``first`` is with an empty cache of numba, ``next`` with the one that left.
    """
    with tempfile.TemporaryDirectory() as cache:
        variables = {"NUMBA_CACHE_DIR": cache}
        first = _spawn("cold", row, problem, threads, variables)
        second = _spawn("cold", row, problem, threads, variables)
    return {"first": first["seconds"], "next": second["seconds"]}


def memory(row: Row, problem: str, threads: int) -> dict[str, float]:
    """Peak megabytes during a fit beyond the loaded data and the library."""
    return _spawn("memory", row, problem, threads, {})


def _spawn(
    mode: str, row: Row, problem: str, threads: int, variables: dict[str, str]
) -> dict[str, float]:
    run = next(run for run in reversed(row.best) if run is not None)
    arguments = [mode, problem, row.solver, run.variant, repr(run.tol), str(threads)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.compare.worker", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _cold(task: Any, solver: Any, variant: str, tol: float, threads: int) -> float:
    start = time.process_time()
    solver.prepare(task, threads)
    solver.run(variant, tol)
    return time.process_time() - start


def _memory(task: Any, solver: Any, variant: str, tol: float, threads: int) -> float:
    """Libraries are loaded and compiled on a tiny task first: they do not count."""
    solver.prepare(task.tiny(), threads)
    solver.run(variant, tol)
    solver.prepare(task, threads)
    _reset_peak()
    before = _status("VmRSS")
    solver.run(variant, tol)
    return (_status("VmHWM") - before) / MEGABYTE


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(key))
    return 1024 * int(line.split()[1])


def main(arguments: list[str]) -> None:
    """Do what the arguments say and print the reading."""
    mode, problem, name, variant, tol, threads = arguments
    task, solver = PROBLEMS[problem].build(), SOLVERS[name]()
    measure, key = {"cold": (_cold, "seconds"), "memory": (_memory, "megabytes")}[mode]
    with quiet(int(threads)):
        reading = measure(task, solver, variant, float(tol), int(threads))
    print(json.dumps({key: reading}))


if __name__ == "__main__":
    main(sys.argv[1:])
