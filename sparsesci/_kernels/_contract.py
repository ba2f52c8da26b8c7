"""The kernel contract: what every backend provides, and the direction of each array.

Conventions
-----------
- `n` rows, `p` columns, `T` targets (tasks). X~ = X - 1 m' is the centred matrix, S the
  diagonal of sample weights, which sum to n. "Rows" are arrays of shape (p,) or (p, T).
- Everything but X is float64 and C-contiguous; index arrays are int64. X is a
  Fortran-ordered array or a CSC triple with int32 indices, float32 or float64. The
  batches of `omp_gram` are C-contiguous, all of them float32 or all float64. A wrong
  dtype or order is a TypeError, a wrong size a ValueError; nothing is converted.
- A matrix or penalty handle is made once and passed to the kernels. It keeps its
  arrays alive and is never written to: any number of threads may share it.
- Kernels draw no random numbers, print nothing, call nothing back and hold no policy.
  They run without the GIL and in bounded time: `max_updates` limits a burst.
- A row with T > 1 is penalised through its norm, phi_j(||w_j||), whatever the penalty.

The residual of coordinate descent
----------------------------------
A pair of arrays, `residual` (T, size) and `offset` (T,), whose meaning belongs to the
matrix:

============  ======  ==========================================================
matrix        size    residual
============  ======  ==========================================================
dense         n       r = y~ - X~ w; offset unused
CSC           n       rho with r = rho + offset: centring without densifying
Gram          p       X~' S r; offset unused
============  ======  ==========================================================

Where X is centred, residuals have weighted mean zero, as they start and stay if the
target is centred too: the CSC matrix relies on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]
Matrix = Any  # an opaque handle
Penalty = Any  # an opaque handle


class Backend(Protocol):
    """Signatures of the kernels; ``out`` and ``inout`` mark what is written."""

    NAME: str

    # -- handles -----------------------------------------------------------------------
    def dense_matrix(
        self, X: NDArray[Any], means: Doubles | None, weights: Doubles | None
    ) -> Matrix:
        """Fortran-ordered X with column means (None: not centred) and weights."""

    def csc_matrix(
        self,
        data: NDArray[Any],
        indices: NDArray[np.int32],
        indptr: NDArray[np.int32],
        n_rows: int,
        means: Doubles | None,
        weights: Doubles | None,
    ) -> Matrix:
        """Compressed columns, sorted or not, without duplicates."""

    def recentred(self, X: Matrix, means: Doubles | None) -> Matrix:
        """The same data with other column means; not for a Gram matrix (ValueError)."""

    def gram_matrix(self, gram: Doubles, n_cols: int, n_samples: int) -> Matrix:
        """X~' S X~ of `n_samples` rows: the leading block of `gram`, `n_cols` wide.

        The one handle that looks at an array its maker may still write to, elsewhere.
        """

    def penalty(
        self, name: str, scalars: tuple[float, ...], arrays: tuple[Doubles, ...]
    ) -> Penalty:
        """A penalty by its registered name; parameters in the signature's order."""

    def penalty_signatures(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Name -> (scalar parameters, array parameters)."""

    # -- passes over a matrix ----------------------------------------------------------
    def column_stats(
        self,
        X: Matrix,
        center: bool,
        targets: Doubles,
        means: Doubles,
        lipschitz: Doubles,
        correlations: Doubles,
    ) -> None:
        """Column means (0 unless `center`) and ||x~_j||_S^2 / n. Constant columns: 0.

        While a column is at hand, also x~_j' S y_t / n for targets (T, n), T >= 0. With
        `center`, their weighted means must be 0.

        out: means (p,), lipschitz (p,), correlations (p, T). Not for a Gram matrix
        (ValueError).
        """

    def correlation(
        self,
        X: Matrix,
        residual: Doubles,
        offset: Doubles,
        columns: Indices | None,
        out: Doubles,
    ) -> None:
        """X~' S R / n for all columns, or into the listed rows of `out` only.

        out: out, rows.
        """

    def subtract_product(
        self,
        X: Matrix,
        columns: Indices | None,
        w: Doubles,
        residual: Doubles,
        offset: Doubles,
    ) -> None:
        """R -= X~ w, where the rows of w belong to the listed columns, or to all.

        inout: residual, offset.
        """

    def copy_columns(
        self, X: Matrix, columns: Indices, start: int, out: Doubles
    ) -> None:
        """Rows of ``S^(1/2) X~`` from `start` on, in the listed columns of a dense X.

        `out` has one row for each of these columns, as long as there are rows to copy.
        inout: out.
        """

    def dense_gram(
        self,
        X: Matrix,
        columns: Indices,
        known: int,
        start: int,
        stop: int,
        single: bool,
        gram: Doubles,
    ) -> None:
        """Add what rows start to stop of a dense X have of X~' S X~.

        For the listed columns, to the leading block of gram, but for pairs of the first
        `known` ones.
        `single`: products in single precision, in which a block of rows at a time is
        summed. inout: gram.
        """

    def sparse_gram(
        self, X: Matrix, columns: Indices, known: int, gram: Doubles
    ) -> None:
        """X~' S X~ of the listed columns of a CSC matrix, in the leading block of gram.

        Pairs of the first `known` columns are there already. Costs the products of
        entries that share a row. inout: gram.
        """

    def burst_work_size(self, X: Matrix, ws_size: int, n_tasks: int) -> int:
        """Doubles that `cd_burst` needs in `work`; `index_work` needs `ws_size`."""

    def cd_burst(
        self,
        X: Matrix,
        penalty: Penalty,
        lipschitz: Doubles,
        ws: Indices,
        w: Doubles,
        residual: Doubles,
        offset: Doubles,
        max_updates: int,
        tol: float,
        accelerate: bool,
        work: Doubles,
        index_work: Indices,
    ) -> tuple[int, float]:
        """Coordinate descent on the rows `ws`, in their order.

        A sweep over `ws` alternates with sweeps over its non-zero rows. What
        `accelerate` adds to these never raises the objective: extrapolation (Anderson,
        five iterates), or, for a Gram matrix, their minimum by Newton steps that drop
        the rows they carry across zero: exact for a single task. Ends when a sweep over
        `ws` moves no row by more than L_j ||change|| = `tol`, or with the first round
        that spends `max_updates`. Rows with lipschitz 0 are left alone.

        inout: w (rows), residual, offset; work, index_work are scratch.
        Returns (updates made, violation met in the last sweep over `ws`).
        """

    def cd_path(
        self,
        X: Matrix,
        penalties: Sequence[Penalty],
        slopes: Doubles,
        tols: Doubles,
        lipschitz: Doubles,
        ws: Indices,
        w: Doubles,
        before: Doubles,
        residual: Doubles,
        offset: Doubles,
        max_updates: int,
        out: Doubles,
        n_updates: Indices,
        work: Doubles,
        index_work: Indices,
    ) -> int:
        """`cd_burst` at one penalty after another, accelerated, on a Gram matrix.

        Step k starts from the line through the two solutions before it, the older of
        which is `before` at first: w + slopes[k] (w - before), except that rows that
        would cross zero stop there and rows of `before` that are zero leave w as it is.
        A step is done when its burst meets tols[k]; the path ends where one does not,
        or when `max_updates` in all are spent.

        inout: w, before (rows), residual, offset, those of the last burst. out: for the
        steps done, coefficients out (B, rows) and n_updates (B,); work, index_work are
        scratch. Returns how many are done. ValueError unless X is a Gram matrix.
        """

    # -- a penalty on arrays -----------------------------------------------------------
    def prox(self, penalty: Penalty, x: Doubles, steps: Doubles, out: Doubles) -> None:
        """Elementwise prox of steps[b] phi_j at x[b, j]. out: out (B, p)."""

    def prox_rows(
        self, penalty: Penalty, rows: Doubles, step: float, out: Doubles
    ) -> None:
        """Prox of step phi_j(||.||) for each row. out: out, rows."""

    def value(self, penalty: Penalty, rows: Doubles) -> float:
        """sum_j phi_j(||rows_j||), infinite outside the domain."""

    def subdiff(
        self, penalty: Penalty, rows: Doubles, grad: Doubles, out: Doubles
    ) -> None:
        """Distance of -grad_j from the subdifferential at rows_j. out: out (p,)."""

    def dual_point(
        self, penalty: Penalty, u: Doubles, quadratic: float, linear: float
    ) -> tuple[float, float]:
        """Maximise linear c - quadratic c^2 - sum_j phi_j*(c ||u_j||) over c >= 0.

        Rows whose penalty vanishes (threshold 0, no quadratic part) count as feasible:
        the caller answers for them. Returns (c, value).
        """

    def certify(
        self,
        penalty: Penalty,
        w: Doubles,
        u: Doubles,
        quadratic: float,
        linear: float,
        violations: Doubles,
    ) -> tuple[float, float, float, float, int, float]:
        """What a certificate needs: `value` at w, `dual_point` at u, `subdiff` at -u.

        out: violations (p,). Returns (value, c, dual value, largest violation, number
        of non-zero rows, largest coefficient in absolute value).
        """

    def screen(
        self,
        penalty: Penalty,
        u: Doubles,
        lipschitz: Doubles,
        scale: float,
        gap: float,
        keep: NDArray[np.bool_],
    ) -> None:
        """Gap-safe rule: keep_j = False where w_j = 0 at the optimum.

        out: keep (p,).
        """

    # -- greedy pursuit ----------------------------------------------------------------
    # Atoms are the columns of a dictionary.
    def omp_work_size(self, n_atoms: int, n_nonzero: int) -> int:
        """Values that `omp_gram` needs in `work`."""

    def omp_gram(
        self,
        gram: NDArray[Any],
        correlations: NDArray[Any],
        squares: Doubles,
        ols: bool,
        n_nonzero: int,
        tol: float,
        dependent: float,
        negligible: float,
        support: Indices,
        coef: NDArray[Any],
        count: Indices,
        error: Doubles,
        work: NDArray[Any],
    ) -> None:
        """Orthogonal matching pursuit of each signal, by the Gram matrix of the atoms.

        A signal is known by its inner products with the atoms, a row of `correlations`
        (B, p), and by its square. Each step chooses the atom with the largest |a_j' r|
        or, with `ols`, |a_j' r| over the norm of a_j off the span of the chosen ones;
        the lowest index where these are equal. It ends with `n_nonzero` atoms, with a
        squared error of at most `tol` (-inf: never), or where no atom is left:
        those that depend on the chosen ones do not count (the square off their span is
        at most `dependent` times the whole one), nor do those with (a_j' r)^2 of at
        most `negligible` times ||a_j||^2 times the first gain. Both bounds grow with
        the rounding errors, by the largest ratio of a chosen square to its part off
        the span.

        out: support, coef (B, n_nonzero), in the order of choice, of which the first
        `count` (B,) are written; error (B,), the squares less all gains; work is
        scratch.
        """

    def top_k(self, scores: Doubles, k: int, out: Indices) -> None:
        """Indices of the k largest scores of each row (B, p), in increasing order.

        The lower index wins where scores are equal. out: out (B, k).
        """

    def lad_line_search(
        self,
        X: Matrix,
        residual: Doubles,
        shift: Doubles,
        slope: Doubles,
        steps: Doubles,
        gains: Doubles,
        work: Doubles,
    ) -> None:
        """argmin_t ||r - t x_j||_1 + |shift_j - t slope_j| for each column.

        The weighted median of the ratios r_i / x_ij (and shift_j / slope_j) with
        weights |x_ij|: the first of them up to which the weights sum to half of the
        total, 0 where there is none. Works on X as it is stored: its means and weights
        play no part. Not for a Gram matrix (ValueError).

        out: steps (p,); gains (p,), the decrease from t = 0; work, 2 (n + 1) values, is
        scratch.
        """

    # -- sparse Bayesian learning ------------------------------------------------------
    def evidence_burst(
        self,
        gram: Doubles,
        active: Indices,
        slots: Indices,
        rho: Doubles,
        mean: Doubles,
        sigma: Doubles,
        S: Doubles,
        Q: Doubles,
        n_active: int,
        energy: float,
        join: int,
        dof: float,
        noise: float,
        penalty: float,
        max_active: int,
        tol: float,
        gains: Doubles,
        work: Doubles,
    ) -> tuple[int, float, int, int]:
        """Moves that raise the evidence most: add a column, re-estimate, delete one.

        The model is y ~ N(0, noise C) with C = I + X R X', where rho_j, the diagonal of
        R, is 0 but for the active columns. The penalised log evidence is, up to a
        constant, -log|C| / 2 - energy / (2 noise), or -log|C| / 2 - dof log(energy) / 2
        where the noise is learned (noise <= 0), less `penalty` for each active column.
        `energy` is y' C^-1 y, maybe plus a constant. A move gives one rho_j its best
        value. Slots 0 .. n_active - 1 of `active`, `rho`, `mean`, `sigma` (posterior
        mean and covariance, this in units of the noise) and rows of `gram` (c, p),
        inner products of active columns with all, describe the model; `slots` (p,) is
        the inverse of `active`, -1 elsewhere; S = x_j' C^-1 x_j and Q = x_j' C^-1 y.
        Row n_active of `gram` belongs to the column `join` (-1: none). Columns with
        Q = 0 never come in. A burst makes at most as many moves as `gains` has entries.

        inout: gram to Q. out: gains, the rise by each move made; work, p + c values, is
        scratch. Returns (n_active, energy, moves made, wanted): the column that is to
        join and whose row is missing, -1 where no move gains more than `tol`, -2 where
        the moves are spent.
        """

    def spike_slab_sweep(
        self,
        X: Matrix,
        lipschitz: Doubles,
        prior: Doubles,
        order: Indices,
        noise: float,
        logit: float,
        alpha: Doubles,
        mean: Doubles,
        residual: Doubles,
        offset: Doubles,
    ) -> float:
        """Coordinate ascent on a factorised posterior, one update for each of `order`.

        q = prod_j [alpha_j N(mean_j, v_j) + (1 - alpha_j) delta_0] is fitted to a prior
        that is N(0, noise / prior_j) with log odds `logit` and 0 otherwise; `noise` is
        sigma^2 / n and v_j = noise / (lipschitz_j + prior_j). The residual (one target)
        is that of alpha * mean. Columns with lipschitz 0 are left alone.

        inout: alpha, mean, residual, offset. Returns the largest change of an alpha.
        """


KERNELS = tuple(
    name
    for name in vars(Backend)
    if not name.startswith("_") and callable(getattr(Backend, name))
)
