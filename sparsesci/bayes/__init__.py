"""Sparse Bayesian learning: evidence instead of penalties."""

from sparsesci.bayes._kronecker import KroneckerResult, kronecker_sbl
from sparsesci.bayes._kronecker_dense import classical_sbl
from sparsesci.bayes._kronecker_estimator import KroneckerSBL
from sparsesci.bayes._kronecker_pursuit import kronecker_omp, oracle_least_squares

__all__ = [
    "KroneckerResult",
    "KroneckerSBL",
    "classical_sbl",
    "kronecker_omp",
    "kronecker_sbl",
    "oracle_least_squares",
]
