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
from benchmarks.compare.reference import Reference
from benchmarks.compare.solvers import SOLVERS, Solver

# What takes less than this is repeated inside one reading, and read so many times more.
SHORTEST, MORE = 0.01, 5
# The rounds of one setting end when they have taken this long together (seconds).
BUDGET = 1.0
# A run below this many seconds is never too slow to go on.
PATIENT = 0.3
# Who is slower than this many times the fastest in the sweep is not measured again.
NEAR = 1.5


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
    tightest : float or None
        The smallest error of all runs.
    failure : str
        Why it was skipped, or why it stopped.
    cold, memory : dict
        What fresh processes reported, if they were asked.
    """

    solver: str
    version: str
    ours: bool
    best: list[Run | None] = field(default_factory=list)
    tightest: float | None = None
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
        A sweep ends with the first run that takes longer (seconds).
    patience : float
        A peer that takes so many times longer than the fastest solver of a target is
        not tried at tighter tolerances.
    """

    targets: tuple[float, ...] = ()
    repeats: int = 5
    threads: int = 1
    cap: float = 5.0
    patience: float = 4.0


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
    contest = _Contest(task, truth, replace(settings, targets=targets))
    with quiet(settings.threads):
        rows = [contest.enter(SOLVERS[name]()) for name in names]
        raced = contest.race()
    for row in rows:
        firsts = _pick(contest.found.get(row.solver, []), targets)
        seconds = _pick(raced.get(row.solver, []), targets)
        row.best = [again or first for first, again in zip(firsts, seconds)]
    return Result(
        problem.name,
        problem.title,
        task.kind,
        settings.threads,
        truth.nnz,
        targets,
        rows,
    )


class _Contest:
    """The runs of all solvers on one task."""

    def __init__(self, task: Task, truth: Reference, settings: Settings) -> None:
        self.task, self.truth, self.settings = task, truth, settings
        self.targets = settings.targets
        self.players: dict[str, Solver] = {}
        self.found: dict[str, list[Run]] = {}

    def enter(self, solver: Solver) -> Row:
        """Sweep the variants of a solver; how it failed is noted in its row."""
        row = Row(solver.name, solver.version(), solver.ours)
        row.failure = solver.refusal(self.task) or ""
        if row.failure:
            return row
        self.players[solver.name] = solver
        runs = self.found[solver.name] = []
        try:
            self._warm_up(solver)
            for variant in solver.variants(self.task):
                self._sweep(solver, variant, runs)
        except Exception as error:
            # However a peer fails, the others go on.
            lines = str(error).strip().splitlines()
            row.failure = f"{type(error).__name__}: {' '.join(lines)}"[:120]
        row.tightest = min((run.error for run in runs), default=None)
        return row

    def _warm_up(self, solver: Solver) -> None:
        """Import and compile, on a tiny task of the same kind."""
        solver.prepare(self.task.tiny(), self.settings.threads)
        # The loosest tolerance may be met at the start, before all is compiled.
        tol = solver.tolerances[len(solver.tolerances) // 2]
        for variant in solver.variants(self.task):
            solver.run(variant, tol)
        solver.prepare(self.task, self.settings.threads)

    def _sweep(self, solver: Solver, variant: str, runs: list[Run]) -> None:
        """Decades of the tolerance until all targets are met; then half decades."""
        limits, start = self._limits(solver), len(runs)
        for tol in solver.tolerances:
            run = self._attempt(solver, variant, tol)
            runs.append(run)
            missed = [k for k, goal in enumerate(self.targets) if run.error > goal]
            if not missed or run.seconds > limits[missed[0]]:
                break
        decades = runs[start:]
        for goal, limit in zip(self.targets, limits):
            met = [k for k, run in enumerate(decades) if run.error <= goal]
            if met and met[0] > 0 and decades[met[0]].seconds <= limit:
                tol = math.sqrt(decades[met[0]].tol * decades[met[0] - 1].tol)
                runs.append(self._attempt(solver, variant, tol))

    def _attempt(self, solver: Solver, variant: str, tol: float) -> Run:
        now = clock(self.settings.threads)
        start = now()
        result = solver.run(variant, tol)
        run = Run(variant, tol, now() - start, self.truth.error(self.task, result))
        if run.seconds < SHORTEST:
            run = replace(run, seconds=_time(solver, run, self.settings.threads))
        return run

    def _limits(self, solver: Solver) -> list[float]:
        """How long a run for each target may take, in view of what was seen."""
        cap, patience = self.settings.cap, self.settings.patience
        if solver.ours:
            return [cap] * len(self.targets)
        return [min(cap, max(PATIENT, patience * best)) for best in self._fastest()]

    def _fastest(self) -> list[float]:
        everyone = [run for runs in self.found.values() for run in runs]
        return [
            run.seconds if run else math.inf for run in _pick(everyone, self.targets)
        ]

    def _contenders(self) -> dict[tuple[str, Run], list[float]]:
        """The settings worth measuring again, with no readings yet."""
        limits = [NEAR * best for best in self._fastest()]
        return {
            (name, run): []
            for name, runs in self.found.items()
            for run, limit in zip(_pick(runs, self.targets), limits)
            if run and (run.seconds <= limit or self.players[name].ours)
        }

    def race(self) -> dict[str, list[Run]]:
        """Run the contenders alternately; medians replace the first readings."""
        readings, rounds = self._contenders(), self.settings.repeats
        if all(run.seconds < SHORTEST for _, run in readings):
            rounds *= MORE
        for _ in range(rounds):
            for (name, run), times in readings.items():
                if sum(times) < BUDGET:
                    times.append(_time(self.players[name], run, self.settings.threads))
        raced: dict[str, list[Run]] = {}
        for (name, run), times in readings.items():
            again = replace(run, seconds=median(times))
            raced.setdefault(name, []).append(again)
        return raced


def _pick(runs: list[Run], targets: tuple[float, ...]) -> list[Run | None]:
    """The fastest run that meets each target."""
    return [
        min(
            (run for run in runs if run.error <= target),
            key=lambda run: run.seconds,
            default=None,
        )
        for target in targets
    ]


def _time(solver: Solver, run: Run, threads: int) -> float:
    number = max(1, min(1000, math.ceil(SHORTEST / max(run.seconds, 1e-6))))
    now = clock(threads)
    start = now()
    for _ in range(number):
        solver.run(run.variant, run.tol)
    return (now() - start) / number
