"""Passes over the columns of a view."""

from __future__ import annotations

import math

from sparsesci._kernels.numba_backend._cache import inlined, kernel
from sparsesci._kernels.numba_backend.matrix import corr, stats, step
from sparsesci._kernels.numba_backend.vector import four_dots, subtract_four, weight


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


# ---- dense columns by fours; the last one of a list fills the last four up -----------
@inlined
def column_of(X, columns, i):
    """The i-th listed column."""
    j = columns[min(i, columns.size - 1)]
    return X.data[j * X.n_rows : (j + 1) * X.n_rows]


@inlined
def means_of(X, columns, i):
    """The means of four columns from the i-th listed one on."""
    last = columns.size - 1
    return (
        X.means[columns[i]],
        X.means[columns[min(i + 1, last)]],
        X.means[columns[min(i + 2, last)]],
        X.means[columns[min(i + 3, last)]],
    )


@kernel
def dense_correlation(X, columns, residual, out):
    for i in range(0, columns.size, 4):
        for t in range(out.shape[1]):
            dots = four_dots(
                column_of(X, columns, i),
                column_of(X, columns, i + 1),
                column_of(X, columns, i + 2),
                column_of(X, columns, i + 3),
                means_of(X, columns, i),
                X.weights,
                residual[t],
            )
            for k in range(min(4, columns.size - i)):
                out[columns[i + k], t] = dots[k] / X.n_rows


@kernel
def dense_subtract(X, columns, w, residual):
    """`w` has zeros in four rows more."""
    for i in range(0, columns.size, 4):
        for t in range(w.shape[1]):
            subtract_four(
                (w[i, t], w[i + 1, t], w[i + 2, t], w[i + 3, t]),
                column_of(X, columns, i),
                column_of(X, columns, i + 1),
                column_of(X, columns, i + 2),
                column_of(X, columns, i + 3),
                means_of(X, columns, i),
                residual[t],
            )


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
