"""Problems with a known sparse answer: designs, coefficients, noise, corruption."""

from sparsesci.datasets._designs import (
    make_bernoulli_design,
    make_gaussian_design,
    make_partial_dct_design,
    make_toeplitz_design,
)
from sparsesci.datasets._problems import (
    SparseProblem,
    add_corruption,
    add_noise,
    make_sparse_coef,
    make_sparse_problem,
)

__all__ = [
    "SparseProblem",
    "add_corruption",
    "add_noise",
    "make_bernoulli_design",
    "make_gaussian_design",
    "make_partial_dct_design",
    "make_sparse_coef",
    "make_sparse_problem",
    "make_toeplitz_design",
]
