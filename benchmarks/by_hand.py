"""Run asv's benchmark classes without asv: a small table of medians."""

from __future__ import annotations

import itertools
import time
from statistics import median
from typing import Any

from threadpoolctl import threadpool_limits

ROUNDS = 5
SHORTEST = 0.02


def run(namespace: dict[str, Any]) -> None:
    """Print a line for each class, method and combination of parameters."""
    own = namespace["__name__"]
    with threadpool_limits(1):
        for benchmark in list(namespace.values()):
            # Without parameters: bases, and what needs a process of its own.
            if getattr(benchmark, "__module__", "") == own and hasattr(
                benchmark, "params"
            ):
                _run_class(benchmark)


def _run_class(benchmark: type) -> None:
    methods = [m for m in dir(benchmark) if m.startswith(("time_", "track_"))]
    for values in itertools.product(*benchmark.params):
        instance = benchmark()
        label = ", ".join(str(value) for value in values)
        try:
            instance.setup(*values)
        except NotImplementedError as reason:  # how asv is told to skip
            print(f"{benchmark.__name__}({label}): skipped, {reason}", flush=True)
            continue
        for method in methods:
            reading = _read(getattr(instance, method), values)
            if method.startswith("time_"):
                reading = f"{1e3 * reading:.3g} ms"
            name = f"{benchmark.__name__}.{method}"
            print(f"{name:42}{label:36}{reading:>12}", flush=True)


def _read(method: Any, values: tuple[Any, ...]) -> Any:
    if method.__name__.startswith("track_"):
        return method(*values)
    method(*values)  # compiles
    number = max(1, int(SHORTEST / max(_once(method, values), 1e-7)))
    return median(
        sum(_once(method, values) for _ in range(number)) / number
        for _ in range(ROUNDS)
    )


def _once(method: Any, values: tuple[Any, ...]) -> float:
    start = time.process_time()
    method(*values)
    return time.process_time() - start
