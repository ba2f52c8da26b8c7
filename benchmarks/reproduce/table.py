"""Rows of numbers beside their references, and what was claimed of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def show(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print a table: numbers to three digits, columns as wide as they need."""
    cells = [[str(c) for c in columns], *([_text(v) for v in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    print(f"\n{title}")
    for line in cells:
        first, *others = zip(line, widths)
        print(
            f"  {first[0]:<{first[1]}}  "
            + "  ".join(f"{text:>{width}}" for text, width in others),
            flush=True,
        )


def claim(text: str, holds: bool) -> bool:
    """Print a claim and whether it holds here."""
    print(f"  [{'ok' if holds else 'NOT MET'}] {text}", flush=True)
    return bool(holds)


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
