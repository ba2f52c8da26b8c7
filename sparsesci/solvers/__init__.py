"""Solvers on plain arrays, sparse matrices and linear operators."""

from sparsesci.solvers._coordinate_descent import coordinate_descent
from sparsesci.solvers._fista import fista
from sparsesci.solvers._regularization_path import regularization_path
from sparsesci.solvers._result import Progress, SolverResult

__all__ = [
    "Progress",
    "SolverResult",
    "coordinate_descent",
    "fista",
    "regularization_path",
]
