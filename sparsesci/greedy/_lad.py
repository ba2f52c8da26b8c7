"""Least absolute deviations: along single columns, and for a few columns together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

_TIGHT = {"dual_feasibility_tolerance": 1e-10, "primal_feasibility_tolerance": 1e-10}


def lad_line_search(
    residual: NDArray[np.float64],
    columns: NDArray[np.float64],
    at: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Minimise ``sum_i |r_i - t x_ij| + weight_j |t - at_j|`` over t for each column.

    The sum is piecewise linear with kinks at ``r_i / x_ij`` and at ``at_j``, which its
    slope weighs by ``|x_ij|`` and ``weight_j``: a weighted median is a minimum. Costs a
    sort of each column.
    """
    rows = columns.T  # contiguous: columns are Fortran-ordered
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        kinks = np.where(rows == 0, 0.0, residual / rows)
    kinks = np.column_stack([kinks, at])
    weights = np.column_stack([np.abs(rows), weight])
    order = np.argsort(kinks, axis=1)
    below = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    middle = np.argmax(below >= below[:, -1:] / 2, axis=1)
    chosen = order[np.arange(len(order)), middle]
    return kinks[np.arange(len(order)), chosen]


def lad_regression(
    columns: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minimise ``||y - columns z||_1`` exactly, as a linear programme.

    The dual ``max y'd`` over ``columns' d = 0`` and ``-1 <= d <= 1`` has as many
    constraints as there are columns, and only bounds for samples. Its multipliers are
    the coefficients, a vertex of the primal: they fit at least ``rank(columns)``
    samples exactly.
    """
    result = linprog(
        -y,
        A_eq=columns.T,
        b_eq=np.zeros(columns.shape[1]),
        bounds=(-1, 1),
        method="highs-ds",
        options=_TIGHT,
    )
    if result.status != 0:
        raise RuntimeError(f"HiGHS could not fit absolute deviations: {result.message}")
    return -np.asarray(result.eqlin.marginals)
