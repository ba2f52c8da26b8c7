"""Warnings and errors of sparsesci."""

from sklearn.exceptions import ConvergenceWarning, NotFittedError

__all__ = ["BackendWarning", "ConvergenceWarning", "NotFittedError"]


class BackendWarning(RuntimeWarning):
    """The compiled kernels are missing and the numba backend takes their place."""
