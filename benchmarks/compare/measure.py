"""Who reaches a given true accuracy, how fast.

For each solver, variant and target the cheapest setting is found by a sweep of its
tolerance, from loose to tight. Those settings then run again alternately, round after
round in one process, so that a slow spell of the machine hits everyone.
"""

from __future__ import annotations

import gc
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median

from threadpoolctl import threadpool_limits

from benchmarks.compare import reference
from benchmarks.compare.problems import TARGETS, Problem, Task
from benchmarks.compare.solvers import SOLVERS, Solver

# A reading shorter than this is repeated inside one measurement.
SHORTEST = 0.01
# The rounds of one setting end when they have taken this long together.
BUDGET = 2.0
PATIENCE = 20.0


@dataclass(frozen=True)
class Run:
    """One setting of a solver and what it achieved."""

    variant: str
    tol: float
    seconds: float
    error: float


@dataclass
class Row:
    """One solver on one problem.

    Attributes
    ----------
    best : list of Run or None
        The cheapest run that meets each target.
    failure : str
        Why it was skipped, or why it stopped.
    cold, memory : dict
        What fresh processes reported, if they were asked.
    """

    solver: str
    version: str
    ours: bool
    best: list[Run | None] = field(default_factory=list)
    tightest: float = math.inf
    failure: str = ""
    cold: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)


@dataclass
class Result:
    """One problem."""

    problem: str
    title: str
    kind: str
    threads: int
    nnz: int
    targets: tuple[float, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes
    ----------
    targets : tuple of float
        From loose to tight; empty for those of the kind of problem.
    cap : float
        A sweep ends with the first run that takes longer (seconds), or `PATIENCE`
        times longer than the fastest run that met the tightest target.
    """

    targets: tuple[float, ...] = ()
    repeats: int = 5
    threads: int = 1
    cap: float = 5.0


def clock(threads: int) -> Callable[[], float]:
    """Process CPU time for one thread, wall time for more."""
    return time.process_time if threads == 1 else time.perf_counter


@contextmanager
def quiet(threads: int) -> Iterator[None]:
    """Limited threads, no warnings, no garbage collection."""
    enabled = gc.isenabled()
    with threadpool_limits(threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
        gc.disable()
        try:
            yield
        finally:
            if enabled:
                gc.enable()


def compare(problem: Problem, names: list[str], settings: Settings) -> Result:
    """Measure the solvers called `names` on one problem.

    Raises
    ------
    FileNotFoundError
        If the data of the problem are not on this machine.
    """
    task = problem.build()
    with threadpool_limits(settings.threads):
        truth = reference.get(task)
    targets = settings.targets or TARGETS[task.kind]
    settings = replace(settings, targets=targets)
    rows, players, found = [], {}, {}
    with quiet(settings.threads):
        for name in names:
            solver = SOLVERS[name]()
            row = Row(name, solver.version(), solver.ours)
            rows.append(row)
            cap = _patience(found, targets, settings.cap)
            runs = _enter(solver, row, task, truth, replace(settings, cap=cap))
            row.tightest = min((run.error for run in runs), default=math.inf)
            if runs:
                players[name], found[name] = solver, runs
        chosen = {name: _cheapest(found[name], targets) for name in found}
        raced = _race(players, chosen, settings)
    for row in rows:
        row.best = _pick(raced.get(row.solver, []), targets)
    return Result(
        problem.name,
        problem.title,
        task.kind,
        settings.threads,
        truth.nnz,
        targets,
        rows,
    )


def _enter(
    solver: Solver,
    row: Row,
    task: Task,
    truth: reference.Reference,
    settings: Settings,
) -> list[Run]:
    """Prepare a solver and sweep its variants; its failure is noted in `row`."""
    runs: list[Run] = []
    reason = solver.refusal(task)
    if reason is not None:
        row.failure = reason
        return runs
    try:
        solver.prepare(task, settings.threads)
        variants = solver.variants(task)
        for variant in variants:
            # Compiles and loads what the timed runs need.
            solver.run(variant, solver.tolerances[0])
            runs += _sweep(solver, variant, task, truth, settings)
    except Exception as error:
        # However a peer fails, the others go on.
        message = str(error).strip().splitlines()
        row.failure = f"{type(error).__name__}: {message[0] if message else ''}"[:120]
    return runs


def _sweep(
    solver: Solver,
    variant: str,
    task: Task,
    truth: reference.Reference,
    settings: Settings,
) -> Iterator[Run]:
    """Decades of the tolerance until all targets are met; then half decades."""
    targets, now = settings.targets, clock(settings.threads)

    def attempt(tol: float) -> Run:
        start = now()
        result = solver.run(variant, tol)
        run = Run(variant, tol, now() - start, truth.error(task, result))
        if run.seconds < SHORTEST:
            run = replace(run, seconds=_time(solver, run, settings.threads))
        return run

    runs: list[Run] = []
    for tol in solver.tolerances:
        runs.append(attempt(tol))
        yield runs[-1]
        if runs[-1].error <= min(targets) or runs[-1].seconds > settings.cap:
            break
    for target in targets:
        first = next((k for k, run in enumerate(runs) if run.error <= target), 0)
        if first > 0:
            yield attempt(math.sqrt(runs[first - 1].tol * runs[first].tol))


def _patience(
    found: dict[str, list[Run]], targets: tuple[float, ...], cap: float
) -> float:
    """How long a solver may take, in view of those before it."""
    times = [
        run.seconds
        for runs in found.values()
        for run in runs
        if run.error <= min(targets)
    ]
    return min(cap, max(PATIENCE * min(times, default=cap), SHORTEST))


def _pick(runs: list[Run], targets: tuple[float, ...]) -> list[Run | None]:
    return [
        min(
            (run for run in runs if run.error <= target),
            key=lambda run: run.seconds,
            default=None,
        )
        for target in targets
    ]


def _cheapest(runs: list[Run], targets: tuple[float, ...]) -> list[Run]:
    return list(dict.fromkeys(run for run in _pick(runs, targets) if run is not None))


def _race(
    players: dict[str, Solver], chosen: dict[str, list[Run]], settings: Settings
) -> dict[str, list[Run]]:
    """Run the chosen settings alternately; medians replace the first readings."""
    readings: dict[tuple[str, Run], list[float]] = {
        (name, run): [] for name, runs in chosen.items() for run in runs
    }
    for _ in range(settings.repeats):
        for (name, run), times in readings.items():
            if sum(times) <= BUDGET:
                times.append(_time(players[name], run, settings.threads))
    return {
        name: [replace(run, seconds=median(readings[name, run])) for run in runs]
        for name, runs in chosen.items()
    }


def _time(solver: Solver, run: Run, threads: int) -> float:
    number = max(1, min(1000, math.ceil(SHORTEST / max(run.seconds, 1e-6))))
    now = clock(threads)
    start = now()
    for _ in range(number):
        solver.run(run.variant, run.tol)
    return (now() - start) / number
