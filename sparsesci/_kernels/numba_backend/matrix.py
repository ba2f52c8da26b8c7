"""Views: the only access of a kernel to its data.

With sample weights s (sum n) and column means m, a kernel sees X~ = X - 1 m' and never
forms it. A view answers two questions about column j, for the t-th of T targets::

    corr(j, residual, offset, t)     =  x~_j' S r_t / n
    step(j, d, residual, offset, t):    r_t -= d x~_j

`residual` holds T rows of the view's own form of the residual, see the contract.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sparsesci._kernels.numba_backend._methods import method
from sparsesci._kernels.numba_backend.vector import (
    axpy,
    dot,
    gather_dot,
    moments,
)

Array = np.ndarray[Any, Any]


@method
def corr(X, j, residual, offset, t):
    """x~_j' S r_t / n"""
    return X.corr(j, residual, offset, t)


@method
def step(X, j, delta, residual, offset, t):
    """r_t -= delta x~_j"""
    return X.step(j, delta, residual, offset, t)


@method
def loss_change(X, before, residual, offset, t, rows, current, candidate):
    """Change of ||r_t||_S^2 / (2 n) since the residual (and offset) were `before`.

    Meanwhile ``rows`` moved from `current` to `candidate`.
    """
    return X.loss_change(before, residual, offset, t, rows, current, candidate)


@method
def entry_count(X, j):
    """Number of stored entries of column j."""
    return X.entry_count(j)


@method
def entry_row(X, j, k):
    """Row of the k-th stored entry of column j."""
    return X.entry_row(j, k)


@method
def entry(X, j, k):
    """The k-th stored entry of column j as it is, not centred."""
    return X.entry(j, k)


class Dense(NamedTuple):
    """Column-major matrix, flat. `means` are zeros where nothing is centred."""

    data: Array
    n_rows: int
    n_cols: int
    means: Array
    weights: Array | None

    def corr(self, j, residual, offset, t):
        column = self.data[j * self.n_rows : (j + 1) * self.n_rows]
        return dot(column, self.means[j], self.weights, residual[t]) / self.n_rows

    def step(self, j, delta, residual, offset, t):
        column = self.data[j * self.n_rows : (j + 1) * self.n_rows]
        axpy(-delta, column, self.means[j], residual[t])

    def loss_change(self, before, residual, offset, t, rows, current, candidate):
        n = self.n_rows
        old = moments(before[t * n : (t + 1) * n], 0.0, self.weights)[1]
        return (moments(residual[t], 0.0, self.weights)[1] - old) / (2 * n)

    def entry_count(self, j):
        return self.n_rows

    def entry_row(self, j, k):
        return k

    def entry(self, j, k):
        return self.data[j * self.n_rows + k]


class Csc(NamedTuple):
    """Compressed columns; the indices are unsigned, so that none is tested for < 0."""

    data: Array
    indices: Array
    indptr: Array
    n_rows: int
    n_cols: int
    means: Array
    weights: Array | None
    centred: bool
    n_counted: int  # rows of positive weight

    def corr(self, j, residual, offset, t):
        begin, end = self.indptr[j], self.indptr[j + 1]
        x, indices = self.data[begin:end], self.indices[begin:end]
        total = gather_dot(x, indices, self.weights, residual[t]) / self.n_rows
        # x_j' S 1 = n m_j
        return total + self.means[j] * offset[t] if self.centred else total

    def step(self, j, delta, residual, offset, t):
        rho = residual[t]
        for k in range(self.indptr[j], self.indptr[j + 1]):
            rho[self.indices[k]] -= delta * self.data[k]
        if self.centred:
            offset[t] += delta * self.means[j]

    def loss_change(self, before, residual, offset, t, rows, current, candidate):
        n, old_offset, new_offset = self.n_rows, 0.0, 0.0
        if self.centred:
            old_offset, new_offset = before[residual.size + t], offset[t]
        rho = before[t * n : (t + 1) * n]
        old = moments(rho, -old_offset, self.weights)[1]
        return (moments(residual[t], -new_offset, self.weights)[1] - old) / (2 * n)

    def entry_count(self, j):
        return self.indptr[j + 1] - self.indptr[j]

    def entry_row(self, j, k):
        return self.indices[self.indptr[j] + k]

    def entry(self, j, k):
        return self.data[self.indptr[j] + k]


class Gram(NamedTuple):
    """X~' S X~, flat, rows `stride` apart: a step costs O(p), a correlation O(1)."""

    data: Array
    stride: int
    n_cols: int
    n_samples: int

    def corr(self, j, residual, offset, t):
        return residual[t, j] / self.n_samples

    def step(self, j, delta, residual, offset, t):
        column = self.data[j * self.stride : j * self.stride + self.n_cols]
        axpy(-delta, column, 0.0, residual[t])

    def loss_change(self, before, residual, offset, t, rows, current, candidate):
        # Without residuals: -d' (corr before + corr after) / 2, exact for a quadratic.
        n_tasks, total = residual.shape[0], 0.0
        for i in range(rows.size):
            j = rows[i]
            d = candidate[i * n_tasks + t] - current[i * n_tasks + t]
            total -= d * (before[t * self.n_cols + j] + residual[t, j])
        return total / (2 * self.n_samples)
