"""Passes over the columns of a view."""

from __future__ import annotations

import math

from sparsesci._kernels.numba_backend._cache import kernel
from sparsesci._kernels.numba_backend.matrix import corr, stats, step
from sparsesci._kernels.numba_backend.vector import weight


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
def sparse_gram(X, columns, known, start, position, value, gram):
    """`start` are n + 2 zeros; the next two have room for all entries."""
    # The columns by rows: positions in the list, in their order, and values.
    for a in range(columns.size):
        for k in range(X.indptr[columns[a]], X.indptr[columns[a] + 1]):
            start[X.indices[k] + 2] += 1
    for i in range(2, start.size):
        start[i] += start[i - 1]
    for a in range(columns.size):
        for k in range(X.indptr[columns[a]], X.indptr[columns[a] + 1]):
            place = start[X.indices[k] + 1]
            position[place] = a
            value[place] = X.data[k]
            start[X.indices[k] + 1] = place + 1
    # Each row adds the products of its own entries alone.
    for i in range(X.n_rows):
        s = weight(X.weights, i)
        for k in range(start[i], start[i + 1]):
            a, weighted = position[k], s * value[k]
            if a >= known:
                for other in range(start[i], k + 1):
                    gram[a, position[other]] += weighted * value[other]


@kernel
def all_inside(indices, size):
    """Whether all indices are in [0, size)."""
    for i in range(indices.size):  # noqa: SIM110 (numba has no generators)
        if indices[i] < 0 or indices[i] >= size:
            return False
    return True
