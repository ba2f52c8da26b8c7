"""Dictionaries that are never formed: parts of transforms, convolutions.

Each is a :class:`scipy.sparse.linalg.LinearOperator`, which solvers and greedy methods
take for X.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse.linalg import LinearOperator

from sparsesci.utils.validation import check_integer

Array = NDArray[Any]


def _check_rows(rows: Any, size: int) -> NDArray[np.intp]:
    rows = np.asarray(rows)
    if rows.ndim != 1 or rows.size == 0 or not np.issubdtype(rows.dtype, np.integer):
        raise ValueError(f"rows must be a vector of integers, got {rows!r}.")
    if rows.min() < 0 or rows.max() >= size or np.unique(rows).size < rows.size:
        raise ValueError(f"rows must hold different integers in [0, {size}).")
    return rows.astype(np.intp)


class PartialDCT(LinearOperator):  # type: ignore[misc]
    """Some rows of the orthonormal discrete cosine transform.

    ``X w`` takes the transform of w at the listed frequencies; a product costs
    O(size log(size)).

    Parameters
    ----------
    size : int
        Number of columns.
    rows : array-like of int
        Frequencies, different ones.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import orthogonal_mp
    >>> from sparsesci.operators import PartialDCT
    >>> X = PartialDCT(64, np.random.default_rng(0).choice(64, 20, replace=False))
    >>> w = np.zeros(64)
    >>> w[[5, 40]] = [1.0, -2.0]
    >>> orthogonal_mp(X, X @ w, n_nonzero_coefs=2).nonzero()[0]
    array([ 5, 40])
    """

    def __init__(self, size: int, rows: Any) -> None:
        size = check_integer("size", size)
        self.rows = _check_rows(rows, size)
        super().__init__(np.float64, (self.rows.size, size))

    def _matmat(self, W: Array) -> Array:
        return fft.dct(W, axis=0, norm="ortho")[self.rows]

    def _matvec(self, w: Array) -> Array:
        return self._matmat(np.reshape(w, (-1, 1)))[:, 0]

    def _rmatmat(self, R: Array) -> Array:
        spread = np.zeros((self.shape[1], R.shape[1]), dtype=np.result_type(R, float))
        spread[self.rows] = R
        return fft.idct(spread, axis=0, norm="ortho")

    def _rmatvec(self, r: Array) -> Array:
        return self._rmatmat(np.reshape(r, (-1, 1)))[:, 0]


class Convolution(LinearOperator):  # type: ignore[misc]
    """Full convolution of w with a kernel.

    Its columns are the shifts of the kernel; a product costs
    O((size + len(kernel)) log(size)).

    Parameters
    ----------
    kernel : array-like
        Real or complex values.
    size : int
        Number of columns; there are ``size + len(kernel) - 1`` rows.

    Examples
    --------
    >>> from sparsesci.operators import Convolution
    >>> Convolution([1.0, 2.0], 3) @ [1.0, 0.0, 1.0]
    array([1., 2., 1., 2.])
    """

    def __init__(self, kernel: Any, size: int) -> None:
        kernel = np.asarray(kernel)
        if kernel.ndim != 1 or kernel.size == 0 or not np.isfinite(kernel).all():
            raise ValueError(
                f"kernel must be a vector of finite numbers, got {kernel!r}."
            )
        size = check_integer("size", size)
        dtype = np.result_type(kernel.dtype, np.float64)
        super().__init__(dtype, (size + kernel.size - 1, size))
        self.kernel = kernel.astype(dtype)

    def _matmat(self, W: Array) -> Array:
        from scipy.signal import fftconvolve, oaconvolve

        # One long transform, or many short ones where the kernel is short.
        convolve = oaconvolve if 8 * self.kernel.size < len(W) else fftconvolve
        return np.asarray(convolve(W, self.kernel[:, None], axes=0))

    def _matvec(self, w: Array) -> Array:
        return self._matmat(np.reshape(w, (-1, 1)))[:, 0]

    def _rmatmat(self, R: Array) -> Array:
        from scipy.signal import fftconvolve

        back = self.kernel[::-1].conj()[:, None]
        whole = fftconvolve(R, back, axes=0)
        first = self.kernel.size - 1
        return np.asarray(whole[first : first + self.shape[1]])

    def _rmatvec(self, r: Array) -> Array:
        return self._rmatmat(np.reshape(r, (-1, 1)))[:, 0]
