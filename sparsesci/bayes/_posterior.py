"""Covariances of coefficients, in forms that are never larger than they must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve_triangular

Array = NDArray[Any]


def triangular(root: Array, B: Array, trans: int = 0) -> Array:
    """Solve with a lower triangle, also an empty one, for which older SciPy fails."""
    if not root.size:
        return np.zeros_like(B)
    return np.asarray(solve_triangular(root, B, lower=True, trans=trans))


@dataclass
class Posterior:
    """Covariance ``diag(diagonal) + sign factor factor'`` of some coefficients.

    The others are known to be 0.
    """

    n_features: int
    columns: Array  # indices, of shape (k,)
    diagonal: Array  # of shape (k,)
    factor: Array  # of shape (k, r)
    sign: float = 1.0

    def rescale(self, scales: Array) -> Posterior:
        """Covariance of the coefficients times `scales`, one for each feature."""
        scales = scales[self.columns]
        return Posterior(
            self.n_features,
            self.columns,
            self.diagonal * scales**2,
            self.factor * scales[:, None],
            self.sign,
        )

    @property
    def variance(self) -> Array:
        """Diagonal, of shape (n_features,)."""
        result = np.zeros(self.n_features)
        squares = np.einsum("ij,ij->i", self.factor, self.factor)
        result[self.columns] = np.maximum(self.diagonal + self.sign * squares, 0.0)
        return result

    @property
    def covariance(self) -> Array:
        """The matrix, of shape (n_features, n_features)."""
        result = np.zeros((self.n_features, self.n_features))
        block = self.sign * (self.factor @ self.factor.T)
        block[np.diag_indices_from(block)] += self.diagonal
        result[np.ix_(self.columns, self.columns)] = block
        np.fill_diagonal(result, np.maximum(np.diag(result), 0.0))
        return result

    def along(self, X: Any, center: Array) -> Array:
        """``(x - center)' covariance (x - center)`` for the rows x of X."""
        if sparse.issparse(X):
            X = X.tocsc()[:, self.columns].toarray()
        else:
            X = X[:, self.columns]
        X = X.astype(np.float64, copy=False) - center[self.columns]
        product = X @ self.factor
        squares = np.einsum("ij,ij->i", product, product)
        return np.maximum(X**2 @ self.diagonal + self.sign * squares, 0.0)


def gaussian(columns: Array, factor: Array, n_features: int) -> Posterior:
    """Covariance ``factor factor'`` of the listed coefficients."""
    return Posterior(n_features, columns, np.zeros(len(columns)), factor)
