"""A dictionary as greedy methods see it: its atoms are the columns of X.

A dictionary answers few questions, and each kind of data answers them in its own way:

- ``columns(J)``: the listed atoms, dense;
- ``correlate(R)``: ``X^H R``, the full pass that dominates a pursuit;
- ``apply(w)``: ``X w``;
- ``squares``: ``||x_j||^2``.

Everything is float64 or complex128. With an intercept, atoms are less their means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from sparsesci.operators.design import Residual, SparseDesign, center_rows

Array = NDArray[Any]

# Atoms of an operator are made in blocks of so many.
_BLOCK = 64
# Squares of so many entries stay in a cache.
_BLOCK_ENTRIES = 2**16


class Dictionary(ABC):
    """What every greedy method may ask; see the module's text.

    Parameters
    ----------
    shape : (int, int)
        Number of samples and of atoms.
    dtype : dtype
        float64 or complex128.
    """

    def __init__(self, shape: tuple[int, int], dtype: Any) -> None:
        self.n_samples, self.n_atoms = shape
        self.dtype = np.dtype(dtype)
        self.means: Array | None = None

    @abstractmethod
    def columns(self, indices: Any) -> Array:
        """Return the listed atoms as a dense array (n_samples, len(indices))."""

    @abstractmethod
    def correlate(self, R: Array) -> Array:
        """Return ``X^H R`` for R of shape (n_samples,) or (n_samples, m)."""

    @abstractmethod
    def apply(self, w: Array) -> Array:
        """Return ``X w``."""

    @cached_property
    def squares(self) -> NDArray[np.float64]:
        """``||x_j||^2`` of all atoms."""
        out = self._squares()
        if not np.isfinite(out).all():
            where = int(np.argmin(np.isfinite(out)))
            raise ValueError(
                f"column {where} of X is too large: its square overflows; rescale it."
            )
        return out

    def _squares(self) -> NDArray[np.float64]:
        out = np.empty(self.n_atoms)
        for start in range(0, self.n_atoms, _BLOCK):
            where = np.arange(start, min(start + _BLOCK, self.n_atoms))
            out[where] = square_norms(self.columns(where))
        return out

    @property
    def remembers_gram(self) -> bool:
        """Whether a pass for several vectors costs little more than for one."""
        return False


def square_norms(columns: Array) -> NDArray[np.float64]:
    """Squared norm of each column, in blocks: a copy of all squares takes longer."""
    n_samples, n_columns = columns.shape
    out = np.empty(n_columns)
    step = max(1, _BLOCK_ENTRIES // max(n_samples, 1))
    for start in range(0, n_columns, step):
        block = columns[:, start : start + step]
        with np.errstate(over="ignore"):  # callers look for infinities
            out[start : start + step] = np.square(block.real).sum(axis=0)
            if np.iscomplexobj(block):
                out[start : start + step] += np.square(block.imag).sum(axis=0)
    return out


class ArrayDictionary(Dictionary):
    """A dense array, or a CSC matrix as it is stored."""

    def __init__(self, X: Any) -> None:
        super().__init__(X.shape, X.dtype)
        self.X = X

    def columns(self, indices: Any) -> Array:
        """Return the listed atoms as a dense array."""
        chosen = self.X[:, indices]
        return chosen.toarray(order="F") if sparse.issparse(chosen) else chosen

    def correlate(self, R: Array) -> Array:
        """Return ``X^H R``; the conjugate is taken of the smaller array."""
        if sparse.issparse(self.X):
            return np.asarray(self.X.T @ R.conj()).conj()
        return np.asarray((R.T.conj() @ self.X).T.conj())

    def apply(self, w: Array) -> Array:
        """Return ``X w``."""
        return np.asarray(self.X @ w)

    def _squares(self) -> NDArray[np.float64]:
        if not sparse.issparse(self.X):
            return square_norms(self.X)
        return np.asarray(abs(self.X).power(2).sum(axis=0)).ravel()

    @property
    def remembers_gram(self) -> bool:
        """One pass over data that fit no cache serves many vectors."""
        stored = self.X.nnz if sparse.issparse(self.X) else self.X.size
        return bool(stored > 2**20)


class CentredDictionary(Dictionary):
    """A real CSC matrix less its column means, without becoming dense."""

    def __init__(self, X: Any) -> None:
        super().__init__(X.shape, np.float64)
        self.design = SparseDesign(X, None, True)
        assert self.design.means is not None
        self.means = np.asarray(self.design.means + self.design.shift)

    def columns(self, indices: Any) -> Array:
        """Return the listed atoms; constant ones are exact zeros."""
        indices = np.asarray(indices, dtype=np.int64)
        out = self.design.dense_columns(indices)
        out[:, self.design.lipschitz[indices] == 0] = 0.0
        return out

    def correlate(self, R: Array) -> Array:
        """Return ``X~' R``, for any R: kernels ask for one of mean zero."""
        rows = np.array(np.atleast_2d(R.T), dtype=np.float64, order="C")
        rows -= rows.mean(axis=1, keepdims=True)
        residual = Residual(rows, np.zeros(len(rows)))
        out = self.design.correlate(residual) * self.n_samples
        out[self.design.lipschitz == 0] = 0.0
        return out[:, 0] if R.ndim == 1 else out

    def apply(self, w: Array) -> Array:
        """Return ``X~ w``."""
        return self.design.apply(w[:, None])[0]

    def _squares(self) -> NDArray[np.float64]:
        return self.design.lipschitz * self.n_samples


class OperatorDictionary(Dictionary):
    """Anything with ``matvec`` and ``rmatvec``, real or complex."""

    def __init__(self, X: LinearOperator) -> None:
        complex_valued = np.issubdtype(X.dtype or np.float64, np.complexfloating)
        super().__init__(X.shape, np.complex128 if complex_valued else np.float64)
        self.X = X

    def columns(self, indices: Any) -> Array:
        """Return the listed atoms: the operator on unit vectors."""
        units = np.zeros((self.n_atoms, len(indices)), dtype=self.dtype)
        units[indices, np.arange(len(indices))] = 1.0
        return np.asfortranarray(self.X.matmat(units), dtype=self.dtype)

    def correlate(self, R: Array) -> Array:
        """Return ``X^H R``."""
        out = self.X.rmatvec(R) if R.ndim == 1 else self.X.rmatmat(R)
        return np.asarray(out, dtype=np.result_type(self.dtype, R.dtype))

    def apply(self, w: Array) -> Array:
        """Return ``X w``."""
        return np.asarray(self.X.matvec(w))


class ScaledDictionary(Dictionary):
    """Atoms of norm 1; zero atoms stay zero.

    Parameters
    ----------
    base : Dictionary
        The atoms as they are.
    """

    def __init__(self, base: Dictionary) -> None:
        super().__init__((base.n_samples, base.n_atoms), base.dtype)
        self.base, self.means = base, base.means
        norms = np.sqrt(base.squares)
        self.inverse = np.zeros(self.n_atoms)
        np.divide(1.0, norms, out=self.inverse, where=norms > 0)

    def columns(self, indices: Any) -> Array:
        """Return the listed atoms."""
        return self.base.columns(indices) * self.inverse[indices]

    def correlate(self, R: Array) -> Array:
        """Return ``X^H R``."""
        out = self.base.correlate(R)
        return (out.T * self.inverse).T

    def apply(self, w: Array) -> Array:
        """Return ``X w``."""
        return self.base.apply(w * self.inverse)

    def _squares(self) -> NDArray[np.float64]:
        """1, and 0 for zero atoms."""
        return np.asarray(self.inverse > 0, dtype=np.float64)

    @property
    def remembers_gram(self) -> bool:
        """As the atoms as they are."""
        return self.base.remembers_gram


def as_dictionary(X: Any, center: bool = False) -> Dictionary:
    """Wrap checked data: an array, a CSC matrix or a LinearOperator.

    Parameters
    ----------
    X : ndarray, csc_matrix or LinearOperator of shape (n_samples, n_atoms)
        Checked data, real or complex.
    center : bool, default=False
        Whether to take the mean off each column. Dense data is copied for it.

    Returns
    -------
    dictionary : Dictionary
        The atoms.
    """
    if isinstance(X, LinearOperator):
        return OperatorDictionary(X)
    wide = np.complex128 if np.iscomplexobj(X) else np.float64
    if not center:
        return ArrayDictionary(X.astype(wide, copy=False))
    if sparse.issparse(X):
        return CentredDictionary(X)
    rows, means = center_rows(X.T.astype(np.float64), lambda rows: rows.mean(axis=1))
    dictionary = ArrayDictionary(rows.T)
    dictionary.means = means
    return dictionary


class GramColumns:
    """Columns of ``X^H X``, computed when they are first asked for.

    A pass over X for one column costs as much as for many. Columns that are likely to
    be asked for soon are therefore computed along with the one that is.

    Parameters
    ----------
    dictionary : Dictionary
        The atoms.
    ahead : int
        Number of columns of one pass.
    """

    def __init__(self, dictionary: Dictionary, ahead: int) -> None:
        self.dictionary = dictionary
        self.ahead = max(1, ahead)
        self._known: dict[int, Array] = {}

    def __getitem__(self, j: int) -> Array:
        return self._known[j]

    def rows(self, indices: Any) -> Array:
        """Several known columns, as the rows of an array."""
        return np.stack([self._known[int(j)] for j in indices])

    def provide(self, wanted: list[int], scores: NDArray[np.float64]) -> None:
        """Compute the wanted columns; if any is missing, the best rivals too."""
        missing = [j for j in wanted if j not in self._known]
        if not missing:
            return
        n_best = min(self.ahead, scores.size)
        best = np.argpartition(-scores, n_best - 1)[:n_best]
        rivals = best[np.argsort(-scores[best], kind="stable")].tolist()
        room = max(0, self.ahead - len(missing))
        new = [j for j in rivals if j not in self._known and j not in missing][:room]
        listed = [*missing, *new]
        rows = self.dictionary.correlate(self.dictionary.columns(listed)).T
        self._known.update(zip(listed, rows))
