"""What the pictures share: colours, axes of alpha, labels beside the curves."""

from __future__ import annotations

from typing import Any

import numpy as np

# Okabe and Ito's colours, which the colour-blind tell apart; their yellow is too pale
# on white and their black is kept for marks.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# With another dash for each round through the colours, no two curves look the same.
DASHES = ("-", "--", ":", "-.")
MUTED = "0.78"
MARK = "0.25"


def curve_style(rank: int) -> dict[str, Any]:
    """Return colour and dash of the curve of this rank."""
    dash = DASHES[rank // len(COLOURS) % len(DASHES)]
    return {"color": COLOURS[rank % len(COLOURS)], "linestyle": dash}


def import_pyplot(caller: str) -> Any:
    """Return matplotlib.pyplot, or say how to install it."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib; it comes with `pip install sparsesci[plot]`."
        ) from error
    return pyplot


def axes_or_new(ax: Any, caller: str) -> Any:
    """Return `ax`, or the axes of a new figure that fits its labels."""
    pyplot = import_pyplot(caller)
    return pyplot.subplots(layout="constrained")[1] if ax is None else ax


def check_keywords(name: str, keywords: Any) -> dict[str, Any]:
    """Return keyword arguments for matplotlib, {} for None."""
    if keywords is None:
        return {}
    if not isinstance(keywords, dict):
        raise TypeError(f"{name} must be a dict or None, got {keywords!r}.")
    return keywords


def check_log_alphas(alphas: Any) -> None:
    """Refuse alphas that have no logarithm."""
    if np.min(alphas) <= 0:
        raise ValueError("alphas must be positive on a logarithmic axis, got 0.")


def alpha_axis(ax: Any, alphas: Any, alpha: float | None, margin: float = 0) -> None:
    """Draw alpha from large to small, the order in which features come in."""
    ends = np.append(alphas, alpha if alpha else [])
    pad = (ends.max() / ends.min()) ** margin
    ax.set_xscale("log")
    if ends.max() > ends.min():
        ax.set_xlim(ends.max() * pad, ends.min() / pad)
    _tick_alphas(ax, ends.max() / ends.min())
    ax.set_xlabel("alpha, the strength of the penalty (log scale)")


def _tick_alphas(ax: Any, ratio: float) -> None:
    """Label powers of ten on long axes, plain numbers on short ones."""
    from matplotlib import ticker

    if ratio < 200:
        short = ratio < 4
        locator = ticker.MaxNLocator(5) if short else ticker.LogLocator(subs=(1, 2, 5))
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{x:g}"))
    ax.xaxis.set_minor_formatter(ticker.NullFormatter())


def mark(ax: Any, x: float, label: str) -> Any:
    """Draw a vertical line, named in the legend."""
    return ax.axvline(x, color=MARK, linestyle=(0, (5, 3)), lw=1.2, label=label)


def spread(wanted: Any, gap: float, low: float = 0.0, high: float = 1.0) -> Any:
    """Return the ascending positions nearest to `wanted`, at least `gap` apart.

    Less ``0, gap, 2 gap, ...`` they need only ascend: isotonic regression.
    """
    from sklearn.isotonic import isotonic_regression

    steps = gap * np.arange(len(wanted))
    order = np.argsort(wanted, kind="stable")
    placed = isotonic_regression(np.asarray(wanted, dtype=float)[order] - steps)
    result = np.empty(len(wanted))
    result[order] = np.clip(placed, low, max(high - steps[-1], low)) + steps
    return result


def label_ends(ax: Any, lines: list[Any], names: list[str]) -> list[Any]:
    """Write the names of curves to the right of the axes, joined to their ends."""
    if not lines:
        return []
    ends = [(line.get_xdata()[-1], line.get_ydata()[-1]) for line in lines]
    low, high = ax.get_ylim()
    height = ax.get_window_extent().height / ax.figure.dpi * 72  # in points
    size = min(10.0, max(6.0, height / (1.5 * len(lines))))
    wanted = [(y - low) / (high - low) for _, y in ends]
    heights = spread(wanted, gap=1.35 * size / height, low=0.01, high=0.99)
    return [
        ax.annotate(
            name,
            xy=end,
            xytext=(1.05, at),
            textcoords="axes fraction",
            va="center",
            fontsize=size,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": line.get_color(),
                "lw": 1.0,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )
        for line, name, end, at in zip(lines, names, ends, heights)
    ]
