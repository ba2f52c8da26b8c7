"""Passes over the columns of a view."""

from __future__ import annotations

import math

from sparsesci._kernels.numba_backend._cache import kernel
from sparsesci._kernels.numba_backend.matrix import (
    corr,
    inner,
    scatter,
    stats,
    step,
    unscatter,
)


@kernel
def column_stats(X, center, means, lipschitz):
    for j in range(X.n_cols):
        mean, square = stats(X, j, center)
        # No deviation beyond the rounding of the mean: a constant column.
        rounding = 8 * 2.220446049250313e-16 * mean
        constant = center and math.sqrt(square) <= abs(rounding)
        means[j] = mean
        lipschitz[j] = 0.0 if constant else square


@kernel
def correlation(X, residual, offset, out):
    for j in range(X.n_cols):
        for t in range(out.shape[1]):
            out[j, t] = corr(X, j, residual, offset, t)


@kernel
def correlation_of(X, residual, offset, columns, out):
    for i in range(columns.size):
        j = columns[i]
        for t in range(out.shape[1]):
            out[j, t] = corr(X, j, residual, offset, t)


@kernel
def subtract_product(X, columns, w, residual, offset):
    for i in range(columns.size):
        for t in range(w.shape[1]):
            if w[i, t] != 0:
                step(X, columns[i], w[i, t], residual, offset, t)


@kernel
def sparse_gram(X, columns, order, known, gram, work):
    # Spread a column out and multiply the shorter ones with it: each pair costs its
    # shorter one.
    for k in range(order.size):
        a = order[k]
        scatter(X, columns[a], work)
        for k_other in range(k, order.size):
            b = order[k_other]
            if a >= known or b >= known:
                product = inner(X, columns[a], columns[b], work)
                gram[a, b] = product
                gram[b, a] = product
        unscatter(X, columns[a], work)


@kernel
def all_inside(indices, size):
    """Whether all indices are in [0, size)."""
    for i in range(indices.size):  # noqa: SIM110 (numba has no generators)
        if indices[i] < 0 or indices[i] >= size:
            return False
    return True
