"""Passes over the columns of a view; see `dense` for those of dense ones."""

from __future__ import annotations

import math

from sparsesci._kernels.numba_backend._cache import kernel
from sparsesci._kernels.numba_backend.matrix import corr, step
from sparsesci._kernels.numba_backend.vector import weight


@kernel
def sparse_stats(X, center, means, lipschitz):
    """Mean (0 unless `center`) and mean square of each centred column."""
    n = X.n_rows
    for j in range(X.n_cols):
        begin, end = X.indptr[j], X.indptr[j + 1]
        first, mass, second, counted = 0.0, 0.0, 0.0, 0
        for k in range(begin, end):
            s = weight(X.weights, X.indices[k])
            first += s * X.data[k]
            mass += s
            counted += s > 0
        mean = first / n if center else 0.0
        for k in range(begin, end):
            s, deviation = weight(X.weights, X.indices[k]), X.data[k] - mean
            second += s * deviation * deviation
        # The implicit zeros deviate by the mean. A column that is full where it counts
        # has none: the rounding of its mass would be multiplied by the square of the
        # mean.
        if counted < X.n_counted and mass < n:
            second += (n - mass) * mean * mean
        square = 0.0 if second < 0 else second / n  # NaN stays NaN
        # No deviation beyond the rounding of the mean: a constant column.
        rounding = 8 * 2.220446049250313e-16 * mean
        constant = center and math.sqrt(square) <= abs(rounding)
        means[j], lipschitz[j] = mean, 0.0 if constant else square


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
