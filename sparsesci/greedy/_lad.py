"""Least absolute deviations: along single columns, and for a few columns together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sparsesci._kernels import get_backend

_TIGHT = {"dual_feasibility_tolerance": 1e-10, "primal_feasibility_tolerance": 1e-10}


def lad_line_search(
    residual: NDArray[np.float64],
    columns: NDArray[np.float64],
    at: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimise ``sum_i |r_i - t x_ij| + weight_j |t - at_j|`` over t for each column.

    The sum is piecewise linear with kinks at ``r_i / x_ij`` and at ``at_j``, which its
    slope weighs by ``|x_ij|`` and ``weight_j``: a weighted median is a minimum. Returns
    the minima and the falls from ``t = 0``.
    """
    backend = get_backend()
    n_samples, n_columns = columns.shape
    step, fall = np.empty(n_columns), np.empty(n_columns)
    backend.lad_line_search(
        backend.dense_matrix(columns, None, None),
        residual,
        weight * at,
        weight,
        step,
        fall,
        np.empty(2 * (n_samples + 1)),
    )
    return step, fall


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
