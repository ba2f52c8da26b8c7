"""Kronecker products that are never formed: every question is put to the factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

Array = NDArray[Any]


def mode_products(matrices: Sequence[Any], tensors: Array) -> Array:
    """Apply one matrix along each axis of a tensor: a Kronecker product, by factors.

    Parameters
    ----------
    matrices : sequence of K ndarrays or LinearOperators of shape (m_k, n_k)
        What is applied along axis ``k``.
    tensors : ndarray of shape (n_batch, n_1, ..., n_K)
        One or several tensors.

    Returns
    -------
    products : ndarray of shape (n_batch, m_1, ..., m_K)
        For each tensor, in C order, ``kron(A_1, ..., A_K) @ tensor.ravel()``.
    """
    n_batch = len(tensors)
    # Each product turns the axes by one, so that no axis has to be moved in between.
    for matrix in reversed(matrices):
        tensors = matrix @ tensors.reshape(-1, matrix.shape[1]).T
    shape = [matrix.shape[0] for matrix in matrices]
    return np.moveaxis(tensors.reshape(*shape, n_batch), -1, 0)


def outer(vectors: Sequence[Array]) -> Array:
    """Tensor ``v_1[i_1] ... v_K[i_K]``."""
    return reduce(np.multiply.outer, vectors)


class Kronecker(LinearOperator):  # type: ignore[misc]
    """Kronecker product of any number of matrices or operators.

    Its columns are the products of one column of each factor: separable atoms. With w
    as an array of shape ``column_shape`` in C order, two factors map w to ``A w B'``,
    and K factors act along its K axes. A product costs
    O(sum_k m_k prod_(l<k) n_l prod_(l>k) m_l) and the memory of its result; the product
    of the factors is never formed.

    Parameters
    ----------
    *factors : array-like, sparse matrix or LinearOperator of shape (m_k, n_k)
        One or more factors, the slowest index first, real or complex.

    Attributes
    ----------
    factors : tuple of ndarray or LinearOperator
        The factors, float64 or complex128 if they are arrays.
    row_shape : tuple of int
        ``(m_1, ..., m_K)``; there are ``m_1 ... m_K`` rows.
    column_shape : tuple of int
        ``(n_1, ..., n_K)``; there are ``n_1 ... n_K`` columns.

    See Also
    --------
    sparsesci.bayes.KroneckerSBL : Sparse coefficients on such a dictionary.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.operators import Kronecker
    >>> A, B = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0], [3.0, 0.0]])
    >>> bool(np.all(Kronecker(A, B).to_dense() == np.kron(A, B)))
    True
    >>> Kronecker(A, B, B).select_columns([1], [0, 1], [0]).shape
    (4, 2)
    """

    def __init__(self, *factors: Any) -> None:
        if not factors:
            raise ValueError("factors must hold at least one matrix, got none.")
        self.factors = tuple(_factor(k, value) for k, value in enumerate(factors))
        self.row_shape = tuple(int(factor.shape[0]) for factor in self.factors)
        self.column_shape = tuple(int(factor.shape[1]) for factor in self.factors)
        shape = math.prod(self.row_shape), math.prod(self.column_shape)
        super().__init__(np.result_type(*(f.dtype for f in self.factors)), shape)

    def _matmat(self, W: Array) -> Array:
        tensors = np.reshape(W.T, (W.shape[1], *self.column_shape))
        return mode_products(self.factors, tensors).reshape(-1, self.shape[0]).T

    def _matvec(self, w: Array) -> Array:
        return self._matmat(np.reshape(w, (-1, 1)))[:, 0]

    def _rmatmat(self, R: Array) -> Array:
        tensors = np.reshape(R.T, (R.shape[1], *self.row_shape))
        adjoints = [_adjoint(factor) for factor in self.factors]
        return mode_products(adjoints, tensors).reshape(-1, self.shape[1]).T

    def _rmatvec(self, r: Array) -> Array:
        return self._rmatmat(np.reshape(r, (-1, 1)))[:, 0]

    def to_dense(self) -> Array:
        """Return the product as an array of shape `shape`."""
        return reduce(np.kron, map(_dense, self.factors))

    def select_columns(self, *columns: Any) -> Kronecker:
        """Return the product of chosen columns of each factor.

        Parameters
        ----------
        *columns : array-like of int or bool, or slice
            What to keep of each factor, one entry for each.

        Returns
        -------
        operator : Kronecker
            Product of the smaller factors, which are arrays.
        """
        if len(columns) != len(self.factors):
            raise ValueError(
                f"columns must have one entry for each of the {len(self.factors)} "
                f"factors, got {len(columns)}."
            )
        parts = zip(self.factors, columns)
        return Kronecker(
            *(
                _dense(factor)[:, c if isinstance(c, slice) else np.asarray(c)]
                for factor, c in parts
            )
        )

    def svd(self) -> tuple[Kronecker, Array, Kronecker]:
        """Return the thin singular value decomposition, from those of the factors.

        Returns
        -------
        U : Kronecker
            Left singular vectors.
        s : ndarray of shape (r_1, ..., r_K)
            Singular values, ``r_k = min(m_k, n_k)``: products of those of the factors,
            hence not in descending order.
        V : Kronecker
            Right singular vectors: the operator is ``U diag(s.ravel()) V^H``.
        """
        parts = [np.linalg.svd(_dense(f), full_matrices=False) for f in self.factors]
        U, s, Vh = zip(*parts)
        return Kronecker(*U), outer(s), Kronecker(*(_adjoint(v) for v in Vh))

    def eigh(self) -> tuple[Array, Kronecker]:
        """Return the eigenvalues and eigenvectors of a product of Hermitian factors.

        Returns
        -------
        values : ndarray of shape (n_1, ..., n_K)
            Eigenvalues: products of those of the factors.
        vectors : Kronecker
            Orthonormal eigenvectors.

        Raises
        ------
        ValueError
            If a factor is not Hermitian.
        """
        parts = []
        for k, factor in enumerate(map(_dense, self.factors)):
            square = factor.shape[0] == factor.shape[1]
            if not square or not np.allclose(factor, factor.conj().T, atol=0):
                raise ValueError(f"factors[{k}] must be Hermitian for eigh.")
            parts.append(np.linalg.eigh(factor))
        values, vectors = zip(*parts)
        return outer(values), Kronecker(*vectors)


def _factor(k: int, value: Any) -> Any:
    if isinstance(value, LinearOperator) or sparse.issparse(value):
        return aslinearoperator(value)
    value = np.asarray(value)
    if value.ndim != 2 or 0 in value.shape or value.dtype.kind not in "biufc":
        raise ValueError(
            f"factors[{k}] must be a finite matrix, got shape {value.shape} and dtype "
            f"{value.dtype}."
        )
    if not np.isfinite(value).all():
        raise ValueError(f"factors[{k}] must be a finite matrix, got NaN or infinity.")
    return value.astype(np.result_type(value.dtype, np.float64), copy=False)


def _adjoint(factor: Any) -> Any:
    return factor.H if isinstance(factor, LinearOperator) else factor.conj().T


def _dense(factor: Any) -> Array:
    if isinstance(factor, np.ndarray):
        return factor
    return np.asarray(factor @ np.eye(factor.shape[1]))
