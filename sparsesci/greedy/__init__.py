"""Greedy and thresholding methods: pursuit, best subsets, selection of features."""

from sparsesci.greedy._weighted_omp import WeightedOMP, weighted_omp

__all__ = [
    "WeightedOMP",
    "weighted_omp",
]
