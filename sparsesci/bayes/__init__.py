"""Sparse Bayesian regression and classification, with error bars."""

from sparsesci.bayes._batch import SBLRegressor
from sparsesci.bayes._blocks import BlockSBL, PatternCoupledSBL
from sparsesci.bayes._classification import (
    FastSBLClassifier,
    SpikeSlabVBClassifier,
)
from sparsesci.bayes._evidence_ridge import EvidenceRidge
from sparsesci.bayes._fast_sbl import FastSBL
from sparsesci.bayes._horseshoe import HorseshoeRegressor
from sparsesci.bayes._multitask import MultitaskSBL
from sparsesci.bayes._spike_slab import SpikeSlabVB
from sparsesci.bayes._susie import SuSiE

__all__ = [
    "BlockSBL",
    "EvidenceRidge",
    "FastSBL",
    "FastSBLClassifier",
    "HorseshoeRegressor",
    "MultitaskSBL",
    "PatternCoupledSBL",
    "SBLRegressor",
    "SpikeSlabVB",
    "SpikeSlabVBClassifier",
    "SuSiE",
]
