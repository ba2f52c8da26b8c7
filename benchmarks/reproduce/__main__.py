"""Run the reproductions: ``python -m benchmarks.reproduce --help``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib import import_module

from threadpoolctl import threadpool_limits

# Name -> where it is, and how many trials it has by default.
ENTRIES: dict[str, tuple[str, int]] = {
    "patches": ("patches:errors", 1),
    "loss-omp": ("loss_omp:figure_1", 30),
    "loss-omp-lad": ("loss_omp:figure_1_lad", 12),
    "loss-omp-weights": ("loss_omp:weights", 30),
    "phase-gaussian": ("phase:gaussian", 60),
    "phase-binary": ("phase:binary", 60),
    "phase-toeplitz": ("phase:toeplitz", 60),
    "attention": ("selection:attention", 200),
    "probing": ("selection:probing", 40),
    "irs": ("irs:study", 50),
    "irs-classical": ("irs:classical", 5),
    "irs-coupled": ("irs:coupled", 50),
    "kronecker-estep": ("kronecker:estep", 20),
    "kronecker-memory": ("kronecker:memory", 1),
    "kronecker-study": ("kronecker:study", 60),
    "kronecker-sweeps": ("kronecker:sweeps", 60),
    "probing-exact": ("selection:probing_exact", 50),
    "sbl": ("sbl:tables", 15),
    "sbl-hard": ("sbl:hard", 15),
    "sbl-coverage": ("sbl:coverage", 200),
    "sbl-scales": ("sbl:scales", 1),
}


def _function(place: str) -> Callable[[int, bool], bool]:
    module, name = place.split(":")
    return getattr(import_module(f"benchmarks.reproduce.{module}"), name)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reproduce", description=__doc__
    )
    parser.add_argument("names", nargs="*", help="which; all by default")
    parser.add_argument("--list", action="store_true", help="list the names")
    parser.add_argument("--trials", type=int, help="number of trials of each case")
    parser.add_argument("--quick", action="store_true", help="smaller grids")
    options = parser.parse_args()
    if options.list:
        print("\n".join(ENTRIES))
        return 0
    unknown = set(options.names) - set(ENTRIES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; see --list")
    failed = []
    with threadpool_limits(1):
        for name in options.names or ENTRIES:
            place, trials = ENTRIES[name]
            start = time.perf_counter()
            if not _function(place)(options.trials or trials, options.quick):
                failed.append(name)
            print(f"  {name}: {time.perf_counter() - start:.0f} s", flush=True)
    if failed:
        print(f"\nclaims not met: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())
