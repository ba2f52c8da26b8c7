"""Dot products and updates along one column: the innermost loops of the library.

Sums are reordered into SIMD lanes. The deviation ``x - mean`` is a function of its own,
compiled without that freedom: were it part of the sum, the compiler might pull the mean
out of it, and columns far from zero would cancel.
"""

from __future__ import annotations

from numba import types
from numba.extending import overload

from sparsesci._kernels.numba_backend._cache import INNER, SIMD, helper


@helper()
def deviation(x, mean):
    """One entry of a centred column, in double whatever the column's type."""
    return x - mean


@helper()
def scaled_deviation(x, mean, scale):
    """The same times a root of a weight: whatever a row of weight 0 holds is 0."""
    return scale * (x - mean)


def weight(weights, i):
    """Sample weight i, 1 where there are none; costs nothing then."""
    return 1.0 if weights is None else weights[i]


@overload(weight, jit_options=INNER)
def _weight(weights, i):
    if isinstance(weights, types.NoneType):
        return lambda weights, i: 1.0
    return lambda weights, i: weights[i]


@helper(SIMD)
def dot(x, mean, weights, r):
    """sum_i s_i (x_i - mean) r_i"""
    total = 0.0
    for i in range(x.size):
        total += deviation(x[i], mean) * (weight(weights, i) * r[i])
    return total


@helper(SIMD)
def gather_dot(x, indices, weights, r):
    """sum_k s_i x_k r_i with i = indices[k]"""
    total = 0.0
    for k in range(x.size):
        i = indices[k]
        total += x[k] * weight(weights, i) * r[i]
    return total


@helper({"contract"})
def axpy(a, x, mean, r):
    """r_i += a (x_i - mean)"""
    for i in range(x.size):
        r[i] += a * deviation(x[i], mean)


@helper(SIMD)
def moments(x, mean, weights):
    """Sums of s_i (x_i - mean) and of its square."""
    first, second = 0.0, 0.0
    for i in range(x.size):
        dev = deviation(x[i], mean)
        weighted = weight(weights, i) * dev
        first += weighted
        second += weighted * dev
    return first, second


@helper()
def copy(source, target):
    for i in range(source.size):
        target[i] = source[i]
