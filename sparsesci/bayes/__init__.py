"""Sparse Bayesian learning: evidence instead of penalties."""

from sparsesci.bayes._kronecker import KroneckerResult, kronecker_sbl

__all__ = ["KroneckerResult", "kronecker_sbl"]
