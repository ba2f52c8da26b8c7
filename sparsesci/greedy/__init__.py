"""Greedy and thresholding methods: pursuit, best subsets, selection of features."""

from sparsesci.greedy._best_subset import BestSubset
from sparsesci.greedy._best_subset_selector import BestSubsetSelector
from sparsesci.greedy._cv import BestSubsetCV, OrthogonalMatchingPursuitCV
from sparsesci.greedy._omp import orthogonal_mp, orthogonal_mp_gram
from sparsesci.greedy._omp_estimators import OLSPursuit, OrthogonalMatchingPursuit
from sparsesci.greedy._probe import SparseProbe
from sparsesci.greedy._recovery_estimators import (
    CoSaMP,
    GeneralizedOMP,
    HardThresholdingPursuit,
    IterativeHardThresholding,
    SubspacePursuit,
)
from sparsesci.greedy._selectors import ForwardSelector, SequentialAttentionSelector
from sparsesci.greedy._splicing import SplicingPath, splicing, splicing_path
from sparsesci.greedy._subspace import cosamp, gomp, subspace_pursuit
from sparsesci.greedy._thresholding import htp, iht, niht
from sparsesci.greedy._weighted_omp import WeightedOMP, weighted_omp

__all__ = [
    "BestSubset",
    "BestSubsetCV",
    "BestSubsetSelector",
    "CoSaMP",
    "ForwardSelector",
    "GeneralizedOMP",
    "HardThresholdingPursuit",
    "IterativeHardThresholding",
    "OLSPursuit",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "SequentialAttentionSelector",
    "SparseProbe",
    "SplicingPath",
    "SubspacePursuit",
    "WeightedOMP",
    "cosamp",
    "gomp",
    "htp",
    "iht",
    "niht",
    "orthogonal_mp",
    "orthogonal_mp_gram",
    "splicing",
    "splicing_path",
    "subspace_pursuit",
    "weighted_omp",
]
