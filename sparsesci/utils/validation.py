"""Checks of single parameters, with one way of saying what is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _interval(low: float, high: float, open_low: bool, open_high: bool) -> str:
    if low == -math.inf and high == math.inf:
        return "a finite number"
    left = "(" if open_low or low == -math.inf else "["
    right = ")" if open_high or high == math.inf else "]"
    return f"a number in {left}{low:g}, {high:g}{right}"


def check_real(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    allow_inf: bool = False,
) -> float:
    """Return `value` as a float after checking its type and range."""
    # bool is an Integral: True as a number is nearly always a slip.
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        allowed = _interval(low, high, open_low, open_high)
        raise TypeError(
            f"{name} must be {allowed}, got {value!r} of type {type(value).__name__}."
        )
    number = float(value)
    inside = (low < number if open_low else low <= number) and (
        number < high if open_high else number <= high
    )
    if not inside or (math.isinf(number) and not allow_inf):
        allowed = _interval(low, high, open_low, open_high)
        raise ValueError(f"{name} must be {allowed}, got {value!r}.")
    return number


def check_integer(name: str, value: Any, low: int = 1) -> int:
    """Return `value` as an int after checking its type and range."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(
            f"{name} must be an integer >= {low}, got {value!r} of type "
            f"{type(value).__name__}."
        )
    if value < low:
        raise ValueError(f"{name} must be an integer >= {low}, got {value!r}.")
    return int(value)


def check_flag(name: str, value: Any) -> bool:
    """Return `value` as a bool after checking that it is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"{name} must be True or False, got {value!r} of type "
            f"{type(value).__name__}."
        )
    return bool(value)


def check_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` after checking that it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {tuple(choices)}, got {value!r}.")
    return value


def check_nonnegative_vector(
    name: str, value: Any, size: int | None = None, *, allow_inf: bool = False
) -> NDArray[np.float64]:
    """Return a private float64 copy of a vector of non-negative numbers."""
    try:
        vector = np.array(value, ndmin=1)
        if np.iscomplexobj(vector):
            raise TypeError("complex numbers have no order")
        vector = vector.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must hold non-negative numbers: {error}.") from None
    if vector.ndim != 1:
        raise ValueError(f"{name} must be a vector, got an array of {vector.ndim}D.")
    if size is not None and vector.size != size:
        raise ValueError(f"{name} must have {size} entries, got {vector.size}.")
    bad = np.isnan(vector) | (vector < 0)
    if not allow_inf:
        bad |= np.isinf(vector)
    if bad.any():
        where = int(np.argmax(bad))
        kind = "non-negative numbers" + (" or inf" if allow_inf else " that are finite")
        raise ValueError(f"{name} must hold {kind}, got {vector[where]} at {where}.")
    return vector
