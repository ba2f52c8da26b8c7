"""Problems with a known sparse answer: designs, coefficients, noise, corruption."""

from sparsesci.datasets._designs import (
    make_bernoulli_design,
    make_gaussian_design,
    make_partial_dct_design,
    make_toeplitz_design,
)
from sparsesci.datasets._irs import IRSProblem, make_irs_mimo, qpsk_error_rate
from sparsesci.datasets._problems import (
    SparseProblem,
    add_corruption,
    add_noise,
    make_sparse_coef,
    make_sparse_problem,
)

__all__ = [
    "IRSProblem",
    "SparseProblem",
    "add_corruption",
    "add_noise",
    "make_bernoulli_design",
    "make_gaussian_design",
    "make_irs_mimo",
    "make_partial_dct_design",
    "make_sparse_coef",
    "make_sparse_problem",
    "make_toeplitz_design",
    "qpsk_error_rate",
]
