"""Sparse Bayesian methods: evidence instead of penalties, and error bars."""

from sparsesci.bayes._batch import SBLRegressor
from sparsesci.bayes._blocks import BlockSBL, PatternCoupledSBL
from sparsesci.bayes._classification import (
    FastSBLClassifier,
    SpikeSlabVBClassifier,
)
from sparsesci.bayes._evidence_ridge import EvidenceRidge
from sparsesci.bayes._fast_sbl import FastSBL
from sparsesci.bayes._horseshoe import HorseshoeRegressor
from sparsesci.bayes._kronecker import KroneckerResult, kronecker_sbl
from sparsesci.bayes._kronecker_dense import classical_sbl
from sparsesci.bayes._kronecker_estimator import KroneckerSBL
from sparsesci.bayes._kronecker_pursuit import kronecker_omp, oracle_least_squares
from sparsesci.bayes._multitask import MultitaskSBL
from sparsesci.bayes._spike_slab import SpikeSlabVB
from sparsesci.bayes._susie import SuSiE

__all__ = [
    "BlockSBL",
    "EvidenceRidge",
    "FastSBL",
    "FastSBLClassifier",
    "HorseshoeRegressor",
    "KroneckerResult",
    "KroneckerSBL",
    "MultitaskSBL",
    "PatternCoupledSBL",
    "SBLRegressor",
    "SpikeSlabVB",
    "SpikeSlabVBClassifier",
    "SuSiE",
    "classical_sbl",
    "kronecker_omp",
    "kronecker_sbl",
    "oracle_least_squares",
]
