"""Greedy selection of atoms: the twin of ``kernels/pursuit.cpp``.

Batch pursuit is a Cholesky factorisation of the Gram matrix whose pivots are chosen by
the signal. Row s of `directions` holds the inner products of all atoms with the s-th
orthonormal direction; chosen atoms have infinite norms.
"""

from __future__ import annotations

import math

from sparsesci._kernels.numba_backend._cache import helper, inlined, kernel
from sparsesci._kernels.numba_backend.matrix import entry, entry_count, entry_row


@helper({"contract"})
def combine(row, directions, t, w, inverse, out):
    """Direction t: (row - sum_s w_s directions_s) inverse, four earlier ones a pass."""
    for i in range(row.size):
        out[i] = row[i]
    s = 0
    while s + 4 <= t:
        a, b, c, d = w[s], w[s + 1], w[s + 2], w[s + 3]
        first, second = directions[s], directions[s + 1]
        third, fourth = directions[s + 2], directions[s + 3]
        for i in range(out.size):
            out[i] -= a * first[i] + b * second[i] + c * third[i] + d * fourth[i]
        s += 4
    while s < t:
        a, first = w[s], directions[s]
        for i in range(out.size):
            out[i] -= a * first[i]
        s += 1
    for i in range(out.size):
        out[i] *= inverse


@helper({"contract"})
def subtract(direction, beta, alpha, norms):
    """Correlations and residual norms after one more direction."""
    for i in range(direction.size):
        alpha[i] -= beta * direction[i]
        norms[i] -= direction[i] * direction[i]


@helper()
def strongest(alpha, norms, floor, ols):
    """First atom with the best score, -1 if all are 0."""
    best, where = alpha.dtype.type(0), -1
    below = alpha.dtype.type(1)
    if not ols:
        for j in range(alpha.size):
            if abs(alpha[j]) > best:
                best, where = abs(alpha[j]), j
        return where
    for j in range(alpha.size):
        square, norm = alpha[j] * alpha[j], max(norms[j], floor[j])
        if square * below > best * norm:
            best, below, where = square, norm, j
    return where


@inlined
def choose(gram, alpha, norms, floor, ols, noise, growth):
    """The best independent atom, -1 where no correlation but noise is left.

    Rounding errors grow by the square of an atom over its pivot, at most `growth`.
    """
    while True:
        j = strongest(alpha, norms, floor, ols)
        if j < 0:
            return j
        value = float(alpha[j])
        heard = value * value > noise * growth * gram[j, j]
        if heard and norms[j] > growth * floor[j] and not math.isinf(norms[j]):
            return j
        alpha[j] = 0


@inlined
def pursue(gram, ols, limits, atoms, directions, factor, support, error):
    """Choose atoms for one signal; returns their number and the squared error."""
    n_nonzero, tol, negligible = limits
    alpha, norms, floor = atoms
    w, pivots, betas = factor
    first, growth, t = 0.0, 1.0, 0
    while t < n_nonzero and error > tol:
        j = choose(gram, alpha, norms, floor, ols, negligible * first, growth)
        if j < 0:
            break
        pivot = math.sqrt(norms[j])
        beta = alpha[j] / pivot
        gain = float(beta) * float(beta)
        if t == 0:
            first = gain
        growth = max(growth, float(gram[j, j] / norms[j]))
        for s in range(t):
            w[s] = directions[s, j]
        pivots[t], betas[t], support[t], norms[j] = pivot, beta, j, math.inf
        error -= gain
        if t + 1 < n_nonzero and error > tol:
            combine(gram[j], directions, t, w, 1 / pivots[t], directions[t])
            subtract(directions[t], betas[t], alpha, norms)
        t += 1
    return t, max(error, 0.0)


@inlined
def solve(directions, pivots, betas, support, count, coef):
    """Back substitution: coefficients of atoms from those of the directions."""
    for r in range(count - 1, -1, -1):
        value = betas[r]
        for q in range(r + 1, count):
            value -= directions[r, support[q]] * coef[q]
        coef[r] = value / pivots[r]


@kernel
def omp_gram(
    gram,
    correlations,
    squares,
    ols,
    limits,
    dependent,
    support,
    coef,
    count,
    error,
    atoms,
    directions,
    factor,
):
    alpha, norms, squared, floor = atoms[0], atoms[1], atoms[2], atoms[3]
    w, pivots, betas = factor[0], factor[1], factor[2]
    for j in range(floor.size):
        squared[j] = gram[j, j]
        floor[j] = dependent * gram[j, j]
    for b in range(squares.size):
        for j in range(floor.size):
            alpha[j] = correlations[b, j]
            norms[j] = squared[j]
        count[b], error[b] = pursue(
            gram,
            ols,
            limits,
            (alpha, norms, floor),
            directions,
            (w, pivots, betas),
            support[b],
            squares[b],
        )
        solve(directions, pivots, betas, support[b], count[b], coef[b])


# ---- the k largest -------------------------------------------------------------------
@inlined
def ahead(scores, i, j):
    return scores[i] > scores[j] or (scores[i] == scores[j] and i < j)


@helper()
def sift(scores, heap, size, top, by_index):
    """Move heap[top] down to its place; on top is the last to be kept."""
    while True:
        child = 2 * top + 1
        if child >= size:
            return
        for other in range(child, min(child + 2, size)):
            if by_index:
                further = heap[other] > heap[child]
            else:
                further = ahead(scores, heap[child], heap[other])
            if further:
                child = other
        if by_index:
            settled = heap[top] >= heap[child]
        else:
            settled = ahead(scores, heap[child], heap[top])
        if settled:
            return
        heap[top], heap[child] = heap[child], heap[top]
        top = child


@kernel
def top_k(scores, out):
    k = out.shape[1]
    for b in range(out.shape[0]):
        row, heap = scores[b], out[b]
        for i in range(k):
            heap[i] = i
        for top in range(k // 2 - 1, -1, -1):
            sift(row, heap, k, top, False)
        for i in range(k, row.size):
            if k > 0 and ahead(row, i, heap[0]):
                heap[0] = i
                sift(row, heap, k, 0, False)
        # Heap sort by index.
        for top in range(k // 2 - 1, -1, -1):
            sift(row, heap, k, top, True)
        for size in range(k - 1, 0, -1):
            heap[0], heap[size] = heap[size], heap[0]
            sift(row, heap, size, 0, True)


# ---- least absolute deviations along one column --------------------------------------
@helper()
def place(values, weights, low, high):
    """Partition [low, high] about its middle entry; returns that entry's place."""
    middle = low + (high - low) // 2
    values[middle], values[high] = values[high], values[middle]
    weights[middle], weights[high] = weights[high], weights[middle]
    pivot, store = values[high], low
    for i in range(low, high):
        # Equal values go to alternating sides, or many of them would take n passes.
        if values[i] < pivot or (values[i] == pivot and (i & 1) == 1):
            values[i], values[store] = values[store], values[i]
            weights[i], weights[store] = weights[store], weights[i]
            store += 1
    values[store], values[high] = values[high], values[store]
    weights[store], weights[high] = weights[high], weights[store]
    return store


@helper()
def weighted_median(values, weights, size, total):
    """Smallest value up to which the weights sum to half of the total."""
    low, high, before = 0, size - 1, 0.0
    while low < high:
        middle = place(values, weights, low, high)
        below = before
        for i in range(low, middle):
            below += weights[i]
        if 2 * below >= total:
            high = middle - 1
        elif 2 * (below + weights[middle]) >= total:
            return values[middle]
        else:
            low, before = middle + 1, below + weights[middle]
    return values[min(low, size - 1)]


@inlined
def add_ratio(target, x, values, weights, size):
    if x == 0 or not math.isfinite(target / x):
        return size
    values[size], weights[size] = target / x, abs(x)
    return size + 1


@kernel
def lad_line_search(X, residual, shift, slope, steps, gains, values, weights):
    for j in range(steps.size):
        size, n_entries = 0, entry_count(X, j)
        for k in range(n_entries):
            target = residual[entry_row(X, j, k)]
            size = add_ratio(target, entry(X, j, k), values, weights, size)
        size = add_ratio(shift[j], slope[j], values, weights, size)
        total = 0.0
        for i in range(size):
            total += weights[i]
        t = weighted_median(values, weights, size, total) if size > 0 else 0.0
        gain = abs(shift[j]) - abs(shift[j] - t * slope[j])
        for k in range(n_entries):
            target = residual[entry_row(X, j, k)]
            gain += abs(target) - abs(target - t * entry(X, j, k))
        steps[j], gains[j] = t, gain
