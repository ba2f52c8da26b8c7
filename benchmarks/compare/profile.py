"""Performance profiles: how often a solver is within a factor of the fastest.

E. D. Dolan, J. J. More, "Benchmarking optimization software with performance profiles",
Mathematical Programming 91(2), 2002.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.compare.measure import Result

LARGEST = 30.0


def ratios(results: list[Result]) -> dict[str, list[float]]:
    """Time over that of the fastest, for each solver and each target of a problem.

    Infinite where the solver did not get there. Backends of sparsesci do not compete
    with each other: the numba one is left out where the other was measured.
    """
    names = list(dict.fromkeys(row.solver for r in results for row in r.rows))
    if "sparsesci" in names:
        names = [name for name in names if name != "sparsesci-numba"]
    out: dict[str, list[float]] = {name: [] for name in names}
    for result in results:
        for k in range(len(result.targets)):
            times = dict.fromkeys(names, np.inf)
            for row in result.rows:
                if row.solver in times and row.best and row.best[k] is not None:
                    times[row.solver] = row.best[k].seconds
            fastest = min(times.values())
            if np.isfinite(fastest):
                for name, value in times.items():
                    out[name].append(value / fastest)
    return out


def draw(results: list[Result], path: Path, title: str) -> None:
    """Write a picture of the profiles."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    grid = np.geomspace(1, LARGEST, 400)
    shares = {
        name: np.mean(np.array(values)[:, None] <= grid, axis=0)
        for name, values in ratios(results).items()
        if np.isfinite(values).any()
    }
    order = sorted(shares, key=lambda name: -shares[name].mean())
    figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for rank, name in enumerate(order):
        ours = name.startswith("sparsesci")
        style = {"lw": 2.6, "color": "C3", "zorder": 3} if ours else {"lw": 1.3}
        if not ours:
            style |= {"color": f"C{[0, 1, 2, 4, 5, 7, 8][rank % 7]}"}
            style |= {"ls": ["-", "--", "-.", ":"][rank % 4]}
        ax.step(grid, shares[name], where="post", label=name, **style)
    ax.set_xscale("log")
    ticks = [1, 1.5, 2, 3, 5, 10, 20, 30]
    ax.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set(xlim=(1, LARGEST), ylim=(0, 1.02))
    ax.set_xlabel("time divided by that of the fastest")
    ax.set_ylabel("share of problems and targets")
    ax.set_title(title, fontsize="small")
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right", fontsize="small")
    figure.savefig(path, dpi=150)
    plt.close(figure)
