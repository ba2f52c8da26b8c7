"""Greedy and thresholding methods: pursuit, best subsets, selection of features."""

from sparsesci.greedy._omp import orthogonal_mp, orthogonal_mp_gram
from sparsesci.greedy._probe import SparseProbe
from sparsesci.greedy._selectors import ForwardSelector, SequentialAttentionSelector
from sparsesci.greedy._subspace import cosamp, gomp, subspace_pursuit
from sparsesci.greedy._thresholding import htp, iht, niht
from sparsesci.greedy._weighted_omp import WeightedOMP, weighted_omp

__all__ = [
    "ForwardSelector",
    "SequentialAttentionSelector",
    "SparseProbe",
    "WeightedOMP",
    "cosamp",
    "gomp",
    "htp",
    "iht",
    "niht",
    "orthogonal_mp",
    "orthogonal_mp_gram",
    "subspace_pursuit",
    "weighted_omp",
]
