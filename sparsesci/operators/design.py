"""The design matrix as solvers see it: centred and weighted, but not copied for that.

With sample weights ``s`` (scaled to sum to n), column means ``m`` and ``S = diag(s)``,
a design stands for ``X~ = X - 1 m'`` (``X~ = X`` without an intercept) and answers

- ``correlate(R)``: ``X~' S R / n``, the full pass that dominates a fit;
- ``fresh_residual(Y, W)``: ``Y - X~ W``;
- ``lipschitz``: ``||x~_j||_S^2 / n`` for each column.

Targets are rows: ``Y`` and residuals have shape (n_targets, n_samples), which keeps
each of them contiguous. Coefficients ``W`` have shape (n_features, n_targets).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator
from sklearn.utils import assert_all_finite

from sparsesci._kernels import get_backend
from sparsesci._kernels._contract import Backend, Doubles, Indices, Matrix

# A pass over this many stored entries takes well under 0.1 s: larger matrices are
# walked in blocks of columns, between which Python can act on signals.
_BLOCK_ENTRIES = 30_000_000
# Multiplications of inner products between which Python can act on signals.
_GRAM_WORK = 2_000_000_000
# Columns are far from zero at so many times their range: implicit centring rounds
# the square of mean over deviation, and would lose more than about four digits.
_FAR = 10
# Runs of rows with and without weight are told apart where they are longer on average.
_SHORTEST_RUN = 100


@dataclass
class Residual:
    """``Y - X~ W`` as the kernels carry it: see `sparsesci._kernels._contract`."""

    values: Doubles
    offset: Doubles

    def plain(self) -> Doubles:
        """Return the residual itself, shape (n_targets, n_samples)."""
        if not self.offset.any():
            return self.values
        return self.values + self.offset[:, None]


class Targets(NamedTuple):
    """Targets as solvers see them: less their means, and X~' S Y / n."""

    Y: Doubles
    means: Doubles
    correlations: Doubles


def center_rows(
    Y: Doubles, mean_of: Callable[[Doubles], Doubles]
) -> tuple[Doubles, Doubles]:
    """Return rows less their means, and these.

    A constant row must come out as exact zeros, or its rounding noise would be fitted:
    deviations within the rounding of the mean are cleared.
    """
    mean = mean_of(Y)
    centred = Y - mean[:, None]
    mean += mean_of(centred)
    centred = Y - mean[:, None]
    noise = 8 * np.finfo(np.float64).eps * np.abs(mean)
    centred[np.abs(centred).max(axis=1) <= noise] = 0.0
    return centred, mean


class Design(ABC):
    """What every solver may ask of a design; see the module's text."""

    def __init__(
        self,
        shape: tuple[int, int],
        dtype: Any,
        sample_weight: Doubles | None,
        center: bool,
    ) -> None:
        self.n_samples, self.n_features = shape
        self.dtype = np.dtype(dtype)
        self.sample_weight = sample_weight
        self.center = center
        self.means: Doubles | None = None
        # What has been taken off columns beforehand, see SparseDesign.
        self.shift: Doubles | float = 0.0

    @abstractmethod
    def correlate(
        self, residual: Residual, columns: Indices | None = None, out: Any = None
    ) -> Doubles:
        """``X~' S R / n``, shape (n_features, n_targets)."""

    @abstractmethod
    def fresh_residual(self, Y: Doubles, W: Doubles) -> Residual:
        """``Y - X~ W`` computed anew."""

    @abstractmethod
    def apply(self, W: Doubles) -> Doubles:
        """``X~ W``, shape (n_targets, n_samples)."""

    def center_targets(self, Y: Doubles) -> tuple[Doubles, Doubles]:
        """Return targets less their weighted means (0 without an intercept), and these.

        A constant target must come out as exact zeros, see `center_rows`.
        """
        if not self.center:
            return Y, np.zeros(len(Y))
        return center_rows(Y, self.weighted_mean)

    def weighted_mean(self, Y: Doubles) -> Doubles:
        """Weighted mean of each target."""
        total = Y.sum(axis=1) if self.sample_weight is None else Y @ self.sample_weight
        return np.asarray(total / self.n_samples)

    def inner(self, A: Doubles, B: Doubles) -> float:
        """``sum_t a_t' S b_t``.

        Not by BLAS, which uses threads for that: these then go on waiting for more, on
        the cores where those of another BLAS are to work, and bits depend on them.
        """
        if self.sample_weight is not None:
            A = A * self.sample_weight
        return float(np.einsum("i,i->", A.ravel(), B.ravel()))

    def intercept(self, W: Doubles, target_mean: Doubles) -> Doubles:
        """Return the intercept that belongs to W, one for each target."""
        if self.means is None:
            return np.zeros(W.shape[1])
        return np.asarray(target_mean - (self.means + self.shift) @ W)


class ColumnDesign(Design):
    """A design whose columns are at hand: what coordinate descent needs."""

    lipschitz: Doubles
    targets: Targets
    matrix: Matrix
    backend: Backend
    _blocks: list[tuple[int, int, Matrix]]
    X: Any

    @abstractmethod
    def _handle(self, start: int, stop: int) -> Matrix:
        """Kernel handle of a block of columns, not centred."""

    @abstractmethod
    def _block_starts(self) -> list[int]:
        """First columns of the blocks, and n_features."""

    @abstractmethod
    def dense_columns(self, columns: Indices) -> Doubles:
        """The listed columns of ``S^(1/2) X~`` as a Fortran-ordered copy."""

    @abstractmethod
    def extend_gram(
        self, gram: Doubles, columns: Indices, known: int, single: bool = False
    ) -> None:
        """Write ``X~' S X~`` of the listed columns into the leading block of `gram`.

        Pairs of the first `known` columns are there already. `single`: products in
        single precision, where these are much faster.
        """

    @property
    @abstractmethod
    def update_cost(self) -> float:
        """Stored entries that one coordinate update touches, on average."""

    def _prepare(self, targets: Doubles | None) -> None:
        """Look at every column once: means, norms, correlations with the targets."""
        center = self.center
        self.backend = get_backend()
        starts = self._block_starts()
        spans = list(pairwise(starts))
        means = np.zeros(self.n_features)
        self.lipschitz = np.empty(self.n_features)
        Y = np.empty((0, self.n_samples)) if targets is None else targets
        Y, target_means = self.center_targets(Y)
        correlations = np.empty((self.n_features, len(Y)))
        raw = [self._handle(start, stop) for start, stop in spans]
        for (start, stop), block in zip(spans, raw):
            part = slice(start, stop)
            self.backend.column_stats(
                block, center, Y, means[part], self.lipschitz[part], correlations[part]
            )
        if not np.isfinite(self.lipschitz + means).all():
            assert_all_finite(self.X, input_name="X")  # else, finite but too large
            where = int(np.argmin(np.isfinite(self.lipschitz)))
            raise ValueError(
                f"column {where} of X is too large: its mean square overflows; "
                "rescale it."
            )
        correlations[self.lipschitz == 0] = 0.0
        self.targets = Targets(Y, target_means, correlations)
        self.means = means if center else None
        self._blocks = [
            (start, stop, self._centred(block, slice(start, stop)))
            for (start, stop), block in zip(spans, raw)
        ]
        if len(spans) == 1:
            self.matrix = self._blocks[0][2]
        else:
            self.matrix = self._centred(self._handle(0, self.n_features), slice(None))

    def _centred(self, block: Matrix, columns: slice) -> Matrix:
        if self.means is None:
            return block
        return self.backend.recentred(block, self.means[columns])

    def correlate(
        self, residual: Residual, columns: Indices | None = None, out: Any = None
    ) -> Doubles:
        """``X~' S R / n``; with `columns`, only those rows of `out` are written."""
        values, offset = residual.values, residual.offset
        if out is None:
            out = np.empty((self.n_features, len(values)))
        if columns is not None:
            self.backend.correlation(self.matrix, values, offset, columns, out)
            return np.asarray(out)
        for start, stop, block in self._blocks:
            self.backend.correlation(block, values, offset, None, out[start:stop])
        return np.asarray(out)

    def fresh_residual(self, Y: Doubles, W: Doubles) -> Residual:
        """``Y - X~ W`` computed anew."""
        residual = Residual(Y.copy(), np.zeros(len(Y)))
        if W.any():
            self.backend.subtract_product(
                self.matrix, None, W, residual.values, residual.offset
            )
        return residual

    def apply(self, W: Doubles) -> Doubles:
        """``X~ W``, shape (n_targets, n_samples)."""
        zero = np.zeros((W.shape[1], self.n_samples))
        return -self.fresh_residual(zero, np.ascontiguousarray(W)).plain()


class DenseDesign(ColumnDesign):
    """A Fortran-ordered array, float32 or float64."""

    def __init__(
        self,
        X: NDArray[Any],
        sample_weight: Doubles | None,
        center: bool,
        targets: Doubles | None = None,
    ) -> None:
        super().__init__(X.shape, X.dtype, sample_weight, center)
        self.X = X
        self._prepare(targets)

    def _handle(self, start: int, stop: int) -> Matrix:
        return self.backend.dense_matrix(
            self.X[:, start:stop], None, self.sample_weight
        )

    def _block_starts(self) -> list[int]:
        step = max(1, _BLOCK_ENTRIES // self.n_samples)
        return [*range(0, self.n_features, step), self.n_features]

    def dense_columns(self, columns: Indices) -> Doubles:
        """The listed columns of ``S^(1/2) X~`` as a Fortran-ordered copy."""
        out = np.empty((columns.size, self.n_samples))
        columns = np.ascontiguousarray(columns, dtype=np.int64)
        self.backend.copy_columns(self.matrix, columns, 0, out)
        return out.T

    def extend_gram(
        self, gram: Doubles, columns: Indices, known: int, single: bool = False
    ) -> None:
        """Write ``X~' S X~`` of the listed columns into the leading block of `gram`."""
        size = len(columns)
        gram[known:size, :size] = 0.0
        step = max(1, _GRAM_WORK // max(1, size * (size - known)))
        for rows in self._counted_rows(step):
            self.backend.dense_gram(
                self.matrix, columns, known, rows.start, rows.stop, single, gram
            )

    def _counted_rows(self, most: int) -> list[slice]:
        """Slices of at most so many rows; long runs of weight 0 are left out."""
        stops = np.array([0, self.n_samples])
        if self.sample_weight is not None:
            counted = np.r_[False, self.sample_weight > 0, False]
            runs = np.flatnonzero(counted[1:] != counted[:-1])
            if runs.size * _SHORTEST_RUN <= self.n_samples:
                stops = runs
        return [
            slice(first, min(first + most, stop))
            for start, stop in stops.reshape(-1, 2).tolist()
            for first in range(start, stop, most)
        ]

    @property
    def update_cost(self) -> float:
        """Entries of a column."""
        return float(self.n_samples)


class SparseDesign(ColumnDesign):
    """A CSC matrix with int32 indices and no duplicates, float32 or float64."""

    def __init__(
        self,
        X: Any,
        sample_weight: Doubles | None,
        center: bool,
        targets: Doubles | None = None,
    ) -> None:
        super().__init__(X.shape, X.dtype, sample_weight, center)
        self.X = X
        if center:
            self._bring_full_columns_near_zero()
        self._prepare(targets)

    def _bring_full_columns_near_zero(self) -> None:
        """Subtract a constant from full columns that are far from zero.

        Implicit centring squares the ratio of mean to deviation. Zeros keep that ratio
        below the root of n; a column without any in rows of positive weight can have
        all of its digits in the mean. It stays as sparse as it is when a constant is
        taken off, but for its zeros in rows of weight 0: they get a value as well,
        since residuals are read there, as errors of prediction. A constant column
        needs none, for its coefficient is 0.
        """
        X, weights = self.X, self.sample_weight
        counted = None if weights is None else weights > 0
        n_counted = self.n_samples if counted is None else np.count_nonzero(counted)
        shifts, holes = {}, {}
        for j in np.flatnonzero(np.diff(X.indptr) >= n_counted):
            stored = slice(X.indptr[j], X.indptr[j + 1])
            column = X.data[stored]
            n_holes = self.n_samples - column.size
            if counted is not None:
                column = column[counted[X.indices[stored]]]
                if column.size < n_counted:
                    continue
            low, high = float(column.min()), float(column.max())
            if max(abs(low), abs(high)) > _FAR * (high - low):
                shifts[j] = column.dtype.type(low + (high - low) / 2)
                if n_holes and low < high:
                    holes[j] = n_holes
        # Few rows that count in a large matrix: rather lose digits than fill it.
        room = np.iinfo(np.int32).max - X.nnz
        if sum(holes.values()) > min(max(X.nnz, _BLOCK_ENTRIES), room):
            shifts = {j: shift for j, shift in shifts.items() if j not in holes}
            holes = {}
        if shifts:
            self._shift_columns(shifts, np.array([*holes], dtype=np.intp))

    def _shift_columns(self, shifts: dict[Any, Any], filled: Indices) -> None:
        """Take constants off columns; those in `filled` get all their entries first."""
        self.X = self._with_stored_zeros(filled)
        indptr = self.X.indptr
        self.shift = np.zeros(self.n_features)
        for j, shift in shifts.items():
            self.X.data[indptr[j] : indptr[j + 1]] -= shift
            self.shift[j] = shift

    def _with_stored_zeros(self, columns: Indices) -> Any:
        """A copy of the values of X, with all entries of the listed columns stored."""
        X, n = self.X, self.n_samples
        if not columns.size:
            return sparse.csc_matrix((X.data.copy(), X.indices, X.indptr), X.shape)
        everywhere = np.arange(n, dtype=X.indices.dtype)
        rows = [
            np.delete(everywhere, X.indices[X.indptr[j] : X.indptr[j + 1]])
            for j in columns
        ]
        added = np.zeros(self.n_features + 1, dtype=X.indptr.dtype)
        added[columns + 1] = [r.size for r in rows]
        ends = X.indptr[columns + 1].repeat(added[columns + 1])
        data = np.insert(X.data[: X.nnz], ends, 0.0)
        indices = np.insert(X.indices[: X.nnz], ends, np.concatenate(rows))
        indptr = X.indptr + np.cumsum(added, dtype=X.indptr.dtype)
        return sparse.csc_matrix((data, indices, indptr), X.shape)

    def _handle(self, start: int, stop: int) -> Matrix:
        return self.backend.csc_matrix(
            self.X.data,
            self.X.indices,
            self.X.indptr[start : stop + 1],
            self.n_samples,
            None,
            self.sample_weight,
        )

    def _block_starts(self) -> list[int]:
        n_blocks = 1 + self.X.nnz // _BLOCK_ENTRIES
        even = np.linspace(0, self.X.nnz, n_blocks + 1)[1:-1]
        inner = np.searchsorted(self.X.indptr, even)
        return [*np.unique(np.r_[0, inner, self.n_features]).tolist()]

    def dense_columns(self, columns: Indices) -> Doubles:
        """The listed columns of ``S^(1/2) X~`` as a Fortran-ordered copy."""
        out = np.asfortranarray(self.X[:, columns].toarray(), dtype=np.float64)
        if self.means is not None:
            out -= self.means[columns]
        if self.sample_weight is not None:
            out *= np.sqrt(self.sample_weight)[:, None]
        return out

    def extend_gram(
        self, gram: Doubles, columns: Indices, known: int, single: bool = False
    ) -> None:
        """Write ``X~' S X~`` of the listed columns into the leading block of `gram`."""
        self.backend.sparse_gram(self.matrix, columns, known, gram)

    @cached_property
    def lengths(self) -> NDArray[np.int32]:
        """Numbers of stored entries of the columns."""
        return np.diff(self.X.indptr)

    @property
    def update_cost(self) -> float:
        """Mean number of stored entries in a column."""
        return max(1.0, self.X.nnz / self.n_features)


class OperatorDesign(Design):
    """Anything with ``matvec`` and ``rmatvec``; it does not show its columns."""

    def __init__(
        self, X: LinearOperator, sample_weight: Doubles | None, center: bool
    ) -> None:
        super().__init__(X.shape, X.dtype or np.float64, sample_weight, center)
        self.X = X
        if center:
            ones = np.ones(self.n_samples) if sample_weight is None else sample_weight
            self.means = np.asarray(X.rmatvec(ones), dtype=np.float64) / self.n_samples

    def correlate(
        self, residual: Residual, columns: Indices | None = None, out: Any = None
    ) -> Doubles:
        """``X~' S R / n``."""
        R = residual.values
        if self.sample_weight is not None:
            R = R * self.sample_weight
        result = np.stack([self.X.rmatvec(r) for r in R], axis=1).astype(np.float64)
        if self.means is not None:
            result -= np.outer(self.means, R.sum(axis=1))
        return np.ascontiguousarray(result / self.n_samples)

    def apply(self, W: Doubles) -> Doubles:
        """``X~ W``, shape (n_targets, n_samples)."""
        out = np.stack([self.X.matvec(w) for w in W.T]).astype(np.float64)
        if self.means is not None:
            out -= (self.means @ W)[:, None]
        return out

    def fresh_residual(self, Y: Doubles, W: Doubles) -> Residual:
        """``Y - X~ W`` computed anew."""
        return Residual(Y - self.apply(W), np.zeros(len(Y)))


def as_design(
    X: Any,
    sample_weight: Doubles | None,
    center: bool,
    targets: Doubles | None = None,
) -> Design:
    """Wrap checked data: a Fortran-ordered array, a CSC matrix or a LinearOperator.

    Where columns are at hand, those of X are correlated with `targets` while their
    norms are computed.
    """
    if isinstance(X, LinearOperator):
        return OperatorDesign(X, sample_weight, center)
    if sparse.issparse(X):
        return SparseDesign(X, sample_weight, center, targets)
    return DenseDesign(X, sample_weight, center, targets)
