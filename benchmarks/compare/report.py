"""Tables: for the terminal, and for the README."""

from __future__ import annotations

import os
import platform
import sys

from benchmarks.compare.measure import Result, Row

RED, GREEN, PLAIN = "\033[31m", "\033[32m", "\033[0m"
WIDTH = 22


def machine(threads: int) -> str:
    """One line on what was measured where."""
    clock = "process CPU time" if threads == 1 else "wall time"
    plural = "thread" if threads == 1 else "threads"
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{threads} {plural}, {clock}; {system}, Python {platform.python_version()}"


def seconds(value: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e-6:.3g} us"


def best_peer(result: Result, k: int) -> tuple[str, float] | None:
    """Name and time of the fastest peer at target `k`."""
    times = [
        (row.best[k].seconds, row.solver)
        for row in result.rows
        if not row.ours and row.best[k] is not None
    ]
    if not times:
        return None
    value, name = min(times)
    return name, value


def ratio(result: Result, row: Row, k: int) -> float | None:
    """Time of the best peer divided by ours: above one is a win."""
    peer, run = best_peer(result, k), row.best[k]
    if not row.ours or peer is None or run is None:
        return None
    return peer[1] / run.seconds


def table(result: Result, color: bool | None = None) -> str:
    """All solvers on one problem."""
    color = _use_color() if color is None else color
    detail = f", {result.nnz} non-zero" if result.nnz else ""
    header = "".join(f"{f'<= {target:.0e}':>{WIDTH}}" for target in result.targets)
    lines = [f"{result.problem}: {result.title}{detail}", f"  {'':18}{header}"]
    return "\n".join([*lines, *(_line(result, row, color) for row in result.rows)])


def _line(result: Result, row: Row, color: bool) -> str:
    if not any(row.best):
        reason = row.failure or f"too slow, best error {row.tightest:.1e}"
        return f"  {row.solver:18}skipped: {reason}"
    cells = [_cell(result, row, k, color) for k in range(len(result.targets))]
    notes = [f"stopped: {row.failure}"] if row.failure else []
    if row.cold:
        notes.append(f"cold {seconds(row.cold['first'])}")
        notes.append(f"cold with cache {seconds(row.cold['next'])}")
    if row.memory:
        notes.append(f"memory {row.memory['megabytes']:.0f} MB")
    return f"  {row.solver:18}{''.join(cells)}  {', '.join(notes)}".rstrip()


def _cell(result: Result, row: Row, k: int, color: bool) -> str:
    run, factor = row.best[k], ratio(result, row, k)
    if run is None:
        return f"{'-':>{WIDTH}}"
    text = seconds(run.seconds)
    text += f" {run.variant}" if run.variant else ""
    if factor is None:
        return f"{text:>{WIDTH}}"
    text = f"{f'{text} ({factor:.2f}x)':>{WIDTH}}"
    return f"{GREEN if factor >= 1 else RED}{text}{PLAIN}" if color else text


def _use_color() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def markdown(results: list[Result], solver: str = "sparsesci") -> str:
    """One table per list of targets; a cell is our time, the best peer's, the ratio."""
    groups: dict[tuple[float, ...], list[Result]] = {}
    for result in results:
        groups.setdefault(result.targets, []).append(result)
    return "\n\n".join(_markdown_table(group, solver) for group in groups.values())


def _markdown_table(results: list[Result], solver: str) -> str:
    targets = results[0].targets
    head = " | ".join(f"<= {target:.0e}" for target in targets)
    lines = [f"| {solver} / best peer | {head} |", "|---" * (len(targets) + 1) + "|"]
    for result in results:
        row = next((row for row in result.rows if row.solver == solver), None)
        cells = " | ".join(_entry(result, row, k) for k in range(len(targets)))
        lines.append(f"| {result.problem}: {result.title} | {cells} |")
    return "\n".join(lines)


def _entry(result: Result, row: Row | None, k: int) -> str:
    peer = best_peer(result, k)
    theirs = f"{seconds(peer[1])} {peer[0]}" if peer else "-"
    run = row.best[k] if row else None
    if run is None:
        return f"- / {theirs}"
    factor = ratio(result, row, k)
    shown = "" if factor is None else f" ({factor:.2f}x)"
    return f"{seconds(run.seconds)} / {theirs}{shown}"
