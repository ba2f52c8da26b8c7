"""When to stop, and whom to tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sparsesci._logging import log_progress
from sparsesci.solvers._result import Progress

Callback = Callable[[Progress], "bool | None"]


@dataclass
class Control:
    """Stopping rules of one run.

    `tol` is relative to the objective at zero coefficients. A callback that returns
    True stops the run; None and False let it go on.
    """

    tol: float = 1e-4
    max_iter: int = 1000
    time_limit: float | None = None
    callback: Callback | None = None
    verbose: int | bool = 0
    keep_history: bool = False

    n_iter: float = 0.0
    status: str = ""
    history: list[Progress] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def restarted(self) -> Control:
        """Return the same rules for another run; the clock goes on."""
        return Control(
            self.tol,
            self.max_iter,
            self.time_limit,
            self.callback,
            self.verbose,
            self.keep_history,
            started=self.started,
        )

    @property
    def observed(self) -> bool:
        """Whether anybody wants to hear of progress."""
        return bool(self.keep_history or self.verbose or self.callback is not None)

    def exhausted(self) -> bool:
        """Whether iterations or time have run out."""
        if self.n_iter >= self.max_iter:
            self.status = "max_iter"
        elif (
            self.time_limit is not None
            and time.perf_counter() - self.started > self.time_limit
        ):
            self.status = "time_limit"
        return bool(self.status)

    def report(
        self,
        objective: float,
        gap: float,
        violation: float,
        n_active: int,
        alpha: float,
    ) -> None:
        """Tell callback, log and history; note if the callback wants to stop."""
        elapsed = time.perf_counter() - self.started
        progress = Progress(
            round(self.n_iter), objective, gap, violation, n_active, elapsed, alpha
        )
        if self.keep_history:
            self.history.append(progress)
        log_progress(
            self.verbose,
            "alpha %.4g, iteration %d: objective %.8g, gap %.3e, violation %.3e, "
            "%d active, %.3f s",
            alpha,
            progress.n_iter,
            objective,
            gap,
            violation,
            n_active,
            elapsed,
        )
        if self.callback is not None and self.callback(progress):
            self.status = "callback"
