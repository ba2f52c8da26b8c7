"""Dense columns: passes over them, copies, and Gram matrices.

Looks and updates are compiled and take four columns at once, which are fetched
together. The rest is numpy and BLAS, on parts that stay in the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import get_blas_funcs

from sparsesci._kernels.numba_backend._cache import SIMD, kernel, kernel_with
from sparsesci._kernels.numba_backend._handles import frozen
from sparsesci._kernels.numba_backend.matrix import Dense
from sparsesci._kernels.numba_backend.vector import deviation, scaled_deviation

# Entries of a part that stays in the cache.
_PART = 1 << 16
# The first look at a column is about one of its values, which is good enough at a
# squared distance from the mean of so many variances.
_NEAR = 100.0
# So few new columns of a Gram matrix are not worth a copy of the others.
_FEW = 8
# Of so many columns, all products cost less than to choose among them.
_SMALL = 64


def stats(
    X: Dense, center: bool, targets: Any, means: Any, lipschitz: Any, correlations: Any
) -> None:
    """See `column_stats` in the contract."""
    with np.errstate(over="ignore", invalid="ignore"):  # the caller tests the outcome
        _stats(X, center, targets, means, lipschitz, correlations)


def _stats(
    X: Dense, center: bool, targets: Any, means: Any, lipschitz: Any, correlations: Any
) -> None:
    n, listed, near = X.n_rows, _columns(X), np.zeros(X.n_cols)
    if center:  # a value of the column; in rows of weight 0 may be anything
        counted = 0 if X.weights is None else int(np.argmax(X.weights > 0))
        near[:] = listed[:, counted]
    about = X._replace(means=frozen(near))
    # Besides the targets, all ones: they tell how far the means are from those values.
    targets = np.vstack((np.ones(n), targets))
    products, squares = np.empty((X.n_cols, len(targets))), np.empty(X.n_cols)
    scale = _scale(X)

    def look(columns: Any) -> None:
        correlate(about, columns, targets, products)
        _squares(listed, about.means, columns, scale, squares)

    everything, step = np.arange(X.n_cols), 4 * max(1, _PART // max(1, 4 * n))
    for first in range(0, X.n_cols, step):
        part = everything[first : first + step]
        look(part)
        off = products[part, 0] ** 2
        far = part[center & (off > _NEAR * (squares[part] - off))]
        if far.size:
            near[far] += products[far, 0]
            look(far)
    shift = products[:, 0] if center else 0.0
    means[:], correlations[:] = near + shift, products[:, 1:]
    square = np.maximum(squares - shift * shift, 0.0)  # NaN stays NaN
    # No deviation beyond the rounding of the mean: a constant column.
    rounding = 8 * np.finfo(float).eps * np.abs(means)
    lipschitz[:] = np.where(center & (np.sqrt(square) <= rounding), 0.0, square)


def _scale(X: Dense) -> Any:
    """Roots of the sample weights."""
    return np.ones(X.n_rows) if X.weights is None else np.sqrt(X.weights)


def _columns(X: Dense) -> Any:
    """One column after another."""
    return X.data.reshape(X.n_cols, X.n_rows)


# ---- compiled passes by fours; the last one of a list fills the last four up ---------
def correlate(X: Dense, columns: Any, residual: Any, out: Any) -> None:
    """``out[j, t] = x~_j' S r_t / n`` of the listed columns."""
    weighted = residual if X.weights is None else residual * X.weights
    _correlate(_columns(X), X.means, _by_fours(columns), weighted, out)


def subtract(X: Dense, columns: Any, w: Any, residual: Any) -> None:
    """``residual -= w' X~'`` over the listed columns."""
    fours = _by_fours(columns)
    changes = np.zeros((fours.size, len(residual)))
    changes[: columns.size] = w
    _subtract(_columns(X), X.means, fours, changes, residual)


def _by_fours(columns: Any) -> Any:
    fours = np.empty(-(-columns.size // 4) * 4, dtype=columns.dtype)
    fours[: columns.size] = columns
    fours[columns.size :] = columns[-1:]
    return fours


@kernel_with(SIMD)
def _correlate(X, means, columns, weighted, out):
    n = X.shape[1]
    for i in range(0, columns.size, 4):
        a, b, c, d = columns[i], columns[i + 1], columns[i + 2], columns[i + 3]
        m_a, m_b, m_c, m_d = means[a], means[b], means[c], means[d]
        for t in range(out.shape[1]):
            sum_a, sum_b, sum_c, sum_d = 0.0, 0.0, 0.0, 0.0
            for k in range(n):
                r = weighted[t, k]
                sum_a += deviation(X[a, k], m_a) * r
                sum_b += deviation(X[b, k], m_b) * r
                sum_c += deviation(X[c, k], m_c) * r
                sum_d += deviation(X[d, k], m_d) * r
            out[a, t], out[b, t] = sum_a / n, sum_b / n
            out[c, t], out[d, t] = sum_c / n, sum_d / n


@kernel_with(SIMD)
def _squares(X, means, columns, scale, out):
    """Weighted mean squares of the listed columns' deviations."""
    n = X.shape[1]
    for i in range(columns.size):
        j, total = columns[i], 0.0
        mean = means[j]
        for k in range(n):
            x = scaled_deviation(X[j, k], mean, scale[k])
            total += x * x
        out[j] = total / n


@kernel_with({"contract"})
def _subtract(X, means, columns, w, residual):
    for i in range(0, columns.size, 4):
        a, b, c, d = columns[i], columns[i + 1], columns[i + 2], columns[i + 3]
        m_a, m_b, m_c, m_d = means[a], means[b], means[c], means[d]
        for t in range(w.shape[1]):
            w_a, w_b, w_c, w_d = w[i, t], w[i + 1, t], w[i + 2, t], w[i + 3, t]
            for k in range(X.shape[1]):
                first = w_a * deviation(X[a, k], m_a)
                first += w_b * deviation(X[b, k], m_b)
                second = w_c * deviation(X[c, k], m_c)
                second += w_d * deviation(X[d, k], m_d)
                residual[t, k] -= first + second


# ---- copies and Gram matrices --------------------------------------------------------
def copy(X: Dense, columns: Any, rows: slice, out: Any) -> None:
    """Some rows of the listed columns of ``S^(1/2) X~``, one after another."""
    _copy(_columns(X), X.means, columns, rows.start, _scale(X), out)


@kernel
def _copy(X, means, columns, start, scale, out):
    stop = start + out.shape[1]
    roots = scale[start:stop]
    for i in range(columns.size):
        j = columns[i]
        mean, x, to = means[j], X[j, start:stop], out[i]
        for k in range(to.size):
            to[k] = scaled_deviation(x[k], mean, roots[k])


def gram(
    X: Dense, columns: Any, known: int, rows: range, single: bool, out: Any
) -> None:
    """Add what these rows of X~' S X~ contribute, see `dense_gram` in the contract."""
    count = columns.size
    if known == count:
        return
    if count - known <= _FEW and rows == range(X.n_rows):
        _add_few(X, columns, known, out)
        return
    dtype = np.float32 if single else np.float64
    step, new = max(256, 1_000_000 // count), slice(known, count)  # rows of a copy
    room = np.empty(count * min(step, len(rows)), dtype)  # once: pages are dear
    for first in rows[::step]:
        part = slice(first, min(first + step, rows.stop))
        size = part.stop - part.start
        copies = room[: count * size].reshape(count, size)
        copy(X, columns, part, copies)
        _add_products(copies, known, out)
    if count > _SMALL:
        out[new, new] = mirrored(out[new, new])
    out[:known, new] = out[new, :known].T


def _add_products(copies: Any, known: int, out: Any) -> None:
    """Add the inner products of the new rows; of many, a triangle."""
    count = len(copies)
    new = slice(known, count)
    if count <= _SMALL:  # numpy knows that this is symmetric
        out[new, :count] += (copies @ copies.T)[new]
        return
    syrk, gemm = get_blas_funcs(("syrk", "gemm"), dtype=copies.dtype)
    A = copies.T
    out[new, :known] += gemm(1.0, A[:, :known], A[:, new], trans_a=1).T
    out[new, new] += syrk(1.0, A[:, new], trans=1).T


def _add_few(X: Dense, columns: Any, known: int, out: Any) -> None:
    """Add the lines of few new columns, without a copy of the others."""
    new = slice(known, columns.size)
    targets = np.empty((columns.size - known, X.n_rows))
    copy(X._replace(weights=None), columns[new], slice(0, X.n_rows), targets)
    products = np.empty((X.n_cols, len(targets)))
    correlate(X, columns, targets, products)
    out[new, : columns.size] += X.n_rows * products[columns].T
    out[new, new] = mirrored(out[new, new])
    out[:known, new] = out[new, :known].T


def mirrored(square: Any) -> Any:
    """The lower triangle twice: symmetric to the last bit."""
    return np.tril(square) + np.tril(square, -1).T
