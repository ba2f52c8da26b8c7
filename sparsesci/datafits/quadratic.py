"""Least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Quadratic:
    """Mean squared error, halved.

    With sample weights s that are scaled to sum to n_samples::

        1 / (2 n_samples) * sum_i s_i (y_i - intercept - x_i' w)^2

    and the sum of that over targets where there are several.

    Examples
    --------
    >>> from sparsesci.datafits import Quadratic
    >>> Quadratic().is_quadratic
    True
    """

    is_convex: ClassVar[bool] = True
    is_quadratic: ClassVar[bool] = True
