"""Penalties as specifications: parameters and traits, no numerics.

A penalty here is a frozen description such as ``L1(alpha=0.1)``. Solvers hand it to
the kernels, which hold its mathematics, once in C++ and once in numba.
"""

from sparsesci.penalties._base import REGISTRY, Penalty
from sparsesci.penalties.separable import L1, ElasticNet, WeightedL1

__all__ = ["L1", "REGISTRY", "ElasticNet", "Penalty", "WeightedL1"]
