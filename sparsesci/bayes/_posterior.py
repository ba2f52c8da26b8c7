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
    """Covariance ``diag(diagonal) + factor diag(sign) factor'`` of some coefficients.

    The others are known to be 0.
    """

    n_features: int
    columns: Array  # indices, of shape (k,)
    diagonal: Array  # of shape (k,)
    factor: Array  # of shape (k, r)
    sign: float | Array = 1.0  # 1 or -1, for all columns of the factor or for each

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
        squares = np.einsum("ij,ij->i", self.factor * self.sign, self.factor)
        result[self.columns] = np.maximum(self.diagonal + squares, 0.0)
        return result

    @property
    def covariance(self) -> Array:
        """The matrix, of shape (n_features, n_features)."""
        result = np.zeros((self.n_features, self.n_features))
        block = (self.factor * self.sign) @ self.factor.T
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
        squares = np.einsum("ij,ij->i", product * self.sign, product)
        return np.maximum(X**2 @ self.diagonal + squares, 0.0)


def gaussian(columns: Array, factor: Array, n_features: int) -> Posterior:
    """Covariance ``factor factor'`` of the listed coefficients."""
    return Posterior(n_features, columns, np.zeros(len(columns)), factor)


# ---- linear response -----------------------------------------------------------------
# Parts of less variance, in units of the noise, do not move others.
_UNMOVING = 1e-2


def moving(variances: Array, noise: float) -> Array:
    """Which parts of a posterior take part in its linear response."""
    return variances > _UNMOVING * noise


def linear_response(inner: Array, blocks: Array) -> Array:
    """What the parts of a posterior that is a product have to do with each other.

    Such a posterior knows no correlations between its parts, and its variances are too
    small where columns are correlated. But its means answer to a small change of the
    data nearly as those of the true posterior do, and this answer is a covariance. With
    the covariances V of the parts and G the inner products of columns of different
    parts, it is ``(V^-1 + G / noise)^-1`` [1]_.

    Parameters
    ----------
    inner : ndarray of shape (k, k)
        ``R' G R / noise`` for a root ``V = R R'``, also within parts.
    blocks : ndarray of shape (k,)
        Which part each row belongs to.

    Returns
    -------
    W : ndarray of shape (k, k)
        The covariance is ``R W W' R'``.

    References
    ----------
    .. [1] R. Giordano, T. Broderick and M. I. Jordan (2018). Covariances, robustness,
       and variational Bayes. JMLR, 19(51), 1-49.
    """
    apart = blocks[:, None] != blocks
    try:
        root = np.linalg.cholesky(np.where(apart, inner, np.eye(len(inner))))
    except np.linalg.LinAlgError:  # not at a maximum: iterations ran out
        return np.eye(len(inner))
    return triangular(root, np.eye(len(inner))).T
