"""Separable penalties, sum_j phi_j(w_j).

Each is written for a scalar. A row of several tasks is penalised through its norm,
phi_j(||w_j||), and handled radially by the kernels: no penalty knows about tasks.

A penalty is a class with annotated fields, scalars first, in the order in which Python
packs them, and the methods named below.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

from sparsesci._kernels.numba_backend._cache import helper
from sparsesci._kernels.numba_backend._methods import method

Array = np.ndarray[Any, Any]


# ---- what kernels call ---------------------------------------------------------------
@method
def value(penalty, x, j):
    """phi_j(x)"""
    return penalty.value(x, j)


@method
def prox(penalty, x, step, j):
    """argmin_z (z - x)^2 / 2 + step phi_j(z)"""
    return penalty.prox(x, step, j)


@method
def subdiff(penalty, x, grad, j):
    """Distance of -grad to the subdifferential of phi_j at x"""
    return penalty.subdiff(x, grad, j)


@method
def conjugate(penalty, u, j):
    """sup_z u z - phi_j(z), for u in the domain"""
    return penalty.conjugate(u, j)


@method
def conjugate_grad(penalty, u, j):
    """The z that attains it"""
    return penalty.conjugate_grad(u, j)


@method
def dual_scale(penalty, u, j):
    """Largest c with c u in the domain of the conjugate.

    Infinite where nothing can scale, see `dual_point`.
    """
    return penalty.dual_scale(u, j)


class NonConvex:
    """Base of the penalties without a dual side."""

    __slots__ = ()

    def conjugate(self, u, j):
        return math.inf

    def conjugate_grad(self, u, j):
        return 0.0

    def dual_scale(self, u, j):
        return 0.0


# ---- the registry --------------------------------------------------------------------
REGISTRY: dict[str, Any] = {}


def register(name: str) -> Callable[[type], Any]:
    """Make a class the named tuple of its annotated fields, known by `name`."""

    def decorate(cls: type) -> Any:
        kinds = cls.__annotations__
        arrays = tuple(field for field in kinds if kinds[field] == "Array")
        body = {
            "__slots__": (),
            "__module__": cls.__module__,
            "__doc__": cls.__doc__,
            "scalars": tuple(field for field in kinds if field not in arrays),
            "arrays": arrays,
        }
        fields: Any = namedtuple(cls.__name__, list(kinds))  # type: ignore[misc]
        REGISTRY[name] = type(cls.__name__, (cls, fields), body)
        return REGISTRY[name]

    return decorate


# ---- the penalties -------------------------------------------------------------------
@helper()
def soft_threshold(x, t):
    return x - t if x > t else (x + t if x < -t else 0.0)


@method
def threshold(penalty, j):
    """Weight of |x_j|"""
    return penalty.threshold(j)


@method
def curvature(penalty):
    """Weight of x_j^2 / 2"""
    return penalty.curvature()


# docs: begin elastic net
class L1L2:
    """threshold |x| + curvature x^2 / 2, optionally restricted to x >= 0."""

    __slots__ = ()
    positive: float

    def curvature(self):
        return 0.0

    def value(self, x, j):
        if self.positive and x < 0:
            return math.inf
        if x == 0:
            return 0.0
        return threshold(self, j) * abs(x) + curvature(self) * x * x / 2

    def prox(self, x, step, j):
        if self.positive and x <= 0:
            return 0.0
        shrunk = soft_threshold(x, step * threshold(self, j))
        return shrunk / (1 + step * curvature(self))

    def subdiff(self, x, grad, j):
        t = threshold(self, j)
        if x != 0 and t == math.inf:
            return math.inf
        if x > 0:
            return abs(grad + t + curvature(self) * x)
        if x < 0:
            return math.inf if self.positive else abs(grad - t + curvature(self) * x)
        excess = (-grad if self.positive else abs(grad)) - t
        return 0.0 if excess <= 0 else excess  # NaN stays NaN: it certifies nothing

    def conjugate(self, u, j):
        z = conjugate_grad(self, u, j)
        return curvature(self) * z * z / 2

    def conjugate_grad(self, u, j):
        if curvature(self) == 0 or (self.positive and u <= 0):
            return 0.0
        return soft_threshold(u, threshold(self, j)) / curvature(self)

    def dual_scale(self, u, j):
        t = threshold(self, j)
        if curvature(self) > 0 or t == 0 or u == 0 or (self.positive and not u > 0):
            return math.inf
        return t / abs(u)


@register("l1")
class L1(L1L2):
    alpha: float
    positive: float

    def threshold(self, j):
        return self.alpha


@register("elastic_net")
class ElasticNet(L1L2):
    alpha: float
    l1_ratio: float
    positive: float

    def threshold(self, j):
        return self.alpha * self.l1_ratio

    def curvature(self):
        return self.alpha * (1 - self.l1_ratio)


# docs: end elastic net


@register("weighted_l1")
class WeightedL1(L1L2):
    """Weight 0 leaves a coordinate unpenalised, an infinite weight excludes it."""

    alpha: float
    positive: float
    weights: Array

    def threshold(self, j):
        weight = self.weights[j]
        return math.inf if weight == math.inf else self.alpha * weight
