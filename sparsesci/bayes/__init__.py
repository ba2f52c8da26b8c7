"""Sparse Bayesian regression and classification, with error bars."""

from sparsesci.bayes._fast_sbl import FastSBL

__all__ = ["FastSBL"]
