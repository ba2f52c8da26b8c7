"""Orthogonal matching pursuit whose selection follows a penalised loss.

In units of the largest ``|y|``, on columns scaled to mean square 1. Three fits know how
to refit on the support and how to score the columns; one loop selects.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sparsesci.greedy._basis import GrowingBasis
from sparsesci.greedy._gains import (
    CoordinatePenalty,
    absolute_gain,
    root_gain,
    squared_gain,
)
from sparsesci.greedy._lad import lad_regression
from sparsesci.operators import Design, as_design
from sparsesci.operators.design import ColumnDesign, Residual
from sparsesci.solvers import SolverResult
from sparsesci.solvers._inputs import check_design_matrix, check_targets, clean_csc
from sparsesci.utils.validation import (
    check_choice,
    check_flag,
    check_integer,
    check_nonnegative_vector,
    check_real,
)

_NORMS = ("l0", "l1")
# Columns are scored in blocks of about this many entries where each entry is needed.
_BLOCK_ENTRIES = 2_000_000
# A refit that lowers the loss by less than this share has only moved rounding errors.
_ROUNDING = 1e-13

Vector = NDArray[np.float64]


# ---- columns -------------------------------------------------------------------------
class _ScaledColumns:
    """Columns divided by their root mean squares; zero columns stay zero."""

    def __init__(self, design: Design) -> None:
        self.design = design
        squares = (
            design.lipschitz
            if isinstance(design, ColumnDesign)
            else np.array([np.mean(self._raw(j) ** 2) for j in range(self.n_features)])
        )
        self.scale = np.sqrt(squares)
        if design.means is not None:  # a constant column leaves rounding errors
            self.scale[self.scale <= 1e-14 * np.abs(design.means)] = 0.0
        self.inverse = np.zeros(self.n_features)
        np.divide(1.0, self.scale, out=self.inverse, where=self.scale > 0)

    @property
    def n_features(self) -> int:
        return self.design.n_features

    def correlate(self, residual: Vector) -> Vector:
        """``x_j' r / n`` for all columns."""
        rows = Residual(np.ascontiguousarray(residual[None]), np.zeros(1))
        return np.asarray(self.design.correlate(rows)[:, 0] * self.inverse)

    def column(self, j: int) -> Vector:
        return np.asarray(self._raw(j) * self.inverse[j])

    def block(self, columns: NDArray[np.intp]) -> Vector:
        """Several columns as a Fortran-ordered array."""
        assert isinstance(self.design, ColumnDesign)
        dense = self.design.dense_columns(columns.astype(np.int32))
        return dense * self.inverse[columns]

    def _raw(self, j: int) -> Vector:
        if isinstance(self.design, ColumnDesign):
            return self.design.dense_columns(np.array([j], dtype=np.int32))[:, 0]
        unit = np.zeros((self.n_features, 1))
        unit[j] = 1.0
        return self.design.apply(unit)[0]


# ---- fits ----------------------------------------------------------------------------
class _Fit(ABC):
    """The unpenalised fit on a growing support."""

    def __init__(self, X: _ScaledColumns, y: Vector) -> None:
        self.X = X
        self.y = y
        self.support: list[int] = []
        self.intercept = 0.0
        self.coef = np.zeros(0)
        self.residual = y

    @staticmethod
    @abstractmethod
    def loss_of(residual: Vector) -> float:
        """Value of the loss."""

    @abstractmethod
    def gains(self, penalty: CoordinatePenalty) -> Vector:
        """By how much each coefficient can lower the objective."""

    @abstractmethod
    def refit(self, j: int) -> bool:
        """Take j in and refit; False, and nothing done, where that is pointless."""

    @property
    def loss(self) -> float:
        """Value of the loss at the present fit."""
        return self.loss_of(self.residual)

    @property
    def full_coef(self) -> Vector:
        """Coefficients of all columns."""
        full = np.zeros(self.X.n_features)
        full[self.support] = self.coef
        return full


class _LeastSquares(_Fit):
    """Fit of squares: the residual is orthogonal to the support."""

    def __init__(self, X: _ScaledColumns, y: Vector) -> None:
        super().__init__(X, y)
        self.basis = GrowingBasis(len(y))

    @staticmethod
    def loss_of(residual: Vector) -> float:
        return float(np.mean(residual**2) / 2)

    def gains(self, penalty: CoordinatePenalty) -> Vector:
        return squared_gain(self.full_coef, self._correlations(), penalty)

    def refit(self, j: int) -> bool:
        unit = self.basis.append(self.X.column(j))
        if unit is None:
            return False
        self.residual = self.residual - unit * (unit @ self.residual)
        self.coef = self.basis.solve(self.y)
        self.support.append(j)
        return True

    def _correlations(self) -> Vector:
        g = self.X.correlate(self.residual)
        g[self.support] = 0.0
        return g


class _RootLeastSquares(_LeastSquares):
    """The same fit, with the root of its mean square as the loss."""

    @staticmethod
    def loss_of(residual: Vector) -> float:
        return float(np.sqrt(np.mean(residual**2)))

    def gains(self, penalty: CoordinatePenalty) -> Vector:
        return root_gain(self.full_coef, self._correlations(), self.loss, penalty)


class _LeastAbsolute(_Fit):
    """Fit of absolute values, with a column of ones where there is an intercept."""

    def __init__(self, X: _ScaledColumns, y: Vector) -> None:
        super().__init__(X, y)
        self.columns = np.empty((len(y), 0))
        if X.design.means is not None:
            self.columns = np.ones((len(y), 1))
            self.intercept = float(np.median(y))
            self.residual = y - self.intercept

    @staticmethod
    def loss_of(residual: Vector) -> float:
        return float(np.abs(residual).mean())

    def gains(self, penalty: CoordinatePenalty) -> Vector:
        u, n_features = self.full_coef, self.X.n_features
        step = max(1, _BLOCK_ENTRIES // len(self.y))
        blocks = [
            np.arange(start, min(start + step, n_features))
            for start in range(0, n_features, step)
        ]
        parts = [
            absolute_gain(u[b], self.X.block(b), self.residual, penalty.part(b))
            for b in blocks
        ]
        return np.concatenate(parts)

    def refit(self, j: int) -> bool:
        columns = np.column_stack([self.columns, self.X.column(j)])
        solution = lad_regression(columns, self.y)
        residual = self.y - columns @ solution
        if self.loss_of(residual) >= (1 - _ROUNDING) * self.loss:
            return False
        self.columns, self.residual = columns, residual
        self.support.append(j)
        self.coef = solution[-len(self.support) :]
        if solution.size > len(self.support):
            self.intercept = float(solution[0])
        return True


_FITS: dict[str, type[_Fit]] = {
    "lasso": _LeastSquares,
    "sqrt_lasso": _RootLeastSquares,
    "lad_lasso": _LeastAbsolute,
}


# ---- the loop ------------------------------------------------------------------------
@dataclass
class _Pursuit:
    """A finished pursuit: its fit, and why it stopped."""

    fit: _Fit
    status: str
    gain: float
    n_iter: int


def _pursue(
    fit: _Fit, penalty: CoordinatePenalty, max_iter: int, tol: float
) -> _Pursuit:
    """Take in the best column until the best move is no new column."""
    norm = np.linalg.norm
    smallest = tol * norm(fit.residual)
    best = np.inf
    for n_iter in range(max_iter + 1):
        if norm(fit.residual) <= smallest:
            return _Pursuit(fit, "converged", 0.0, n_iter)
        gains = fit.gains(penalty)
        j = int(np.argmax(gains))
        best = float(gains[j])
        if best <= 0 or j in fit.support:
            return _Pursuit(fit, "converged", best, n_iter)
        if n_iter == max_iter or not fit.refit(j):
            break
    return _Pursuit(fit, "max_iter" if n_iter == max_iter else "stalled", best, n_iter)


# ---- the function --------------------------------------------------------------------
def weighted_omp(
    X: Any,
    y: Any,
    alpha: float,
    *,
    loss: str = "lasso",
    norm: str = "l1",
    weights: Any = None,
    fit_intercept: bool = False,
    max_iter: int | None = None,
    tol: float = 1e-10,
) -> SolverResult:
    """Orthogonal matching pursuit that descends on a penalised loss.

    Each step takes in the column along which the objective ::

        F(y - b - X w) + alpha * R(w)

    falls most, then minimises F alone over the columns taken. It stops by itself: when
    no single coefficient can lower the objective, or when the best one to change is
    that of a column taken already. With residual r and ``s_j`` the root mean square of
    column j (less its mean, with an intercept),

    ================ =================== ======= ================================
    loss             F(r)                norm    R(w)
    ================ =================== ======= ================================
    ``"lasso"``      ``||r||^2 / (2n)``  ``"l1"`` ``sum_j weights_j s_j |w_j|``
    ``"sqrt_lasso"`` ``||r|| / sqrt(n)`` ``"l0"`` ``sum_j weights_j^2 [w_j != 0]``
    ``"lad_lasso"``  ``||r||_1 / n``
    ================ =================== ======= ================================

    so that a rescaled column changes nothing, and neither do more samples of the same
    kind.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Design. A LinearOperator costs n_features products for the norms of its columns,
        and does not go with ``loss="lad_lasso"``.
    y : array-like of shape (n_samples,)
        Target.
    alpha : float
        Strength of the penalty, >= 0. With 0 and squares this is OMP, which stops only
        when the residual is zero.
    loss : {"lasso", "sqrt_lasso", "lad_lasso"}, default="lasso"
        Loss: see above. The best alpha grows with the noise for ``"lasso"`` with
        either norm; not for ``"sqrt_lasso"`` with L1. ``"lad_lasso"`` bears gross
        errors in y.
    norm : {"l0", "l1"}, default="l1"
        Penalty: see above.
    weights : array-like of shape (n_features,), default=None
        Positive weights, 1 by default. A small weight makes a column easy to take.
    fit_intercept : bool, default=False
        Whether to fit an unpenalised intercept b.
    max_iter : int, default=None
        Largest number of columns to take; ``min(n_samples, n_features)`` by default.
    tol : float, default=1e-10
        The fit is exact, and the pursuit ends, when the norm of the residual is at most
        `tol` times that of the target (less its mean or median, with an intercept).

    Returns
    -------
    result : SolverResult
        ``coef``, ``intercept``, ``objective``; ``n_iter``, the number of columns taken;
        ``status``: ``"converged"`` for the stopping rule, ``"max_iter"``, or
        ``"stalled"`` where the best column depends on those taken; ``violation``, the
        gain of the best move left. A greedy method has no duality gap: it is inf.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit; before any work.

    See Also
    --------
    WeightedOMP : The same as an estimator.

    Notes
    -----
    The publication [1]_ has columns of norm 1, no factor 1/2 and no means: it minimises
    ``F'(y - A z) + lambda R'(z)``. Our alpha is, for L0 and L1,

    ================ =============== ===============================
    loss             L0              L1
    ================ =============== ===============================
    ``"lasso"``      ``lambda / 2n`` ``lambda / (2 sqrt(n))``
    ``"sqrt_lasso"`` ``lambda / sqrt(n)`` ``lambda``
    ``"lad_lasso"``  ``lambda / n``  ``lambda / sqrt(n)``
    ================ =============== ===============================

    A step costs one product with X' and, on k columns, O(n k) for squares. For absolute
    values it costs a sort of every column and a linear programme with n bounded
    variables and k constraints, solved by HiGHS. Ties go to the first column.

    References
    ----------
    .. [1] S. Mohammad-Taheri and S. Brugiapaglia (2023). The greedy side of the LASSO:
       New algorithms for weighted sparse recovery via loss function-based orthogonal
       matching pursuit. arXiv:2303.00844.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.datasets import make_sparse_problem
    >>> from sparsesci.greedy import weighted_omp
    >>> X, y, coef = make_sparse_problem(
    ...     60, 100, 4, snr=40, corruption=0.1, random_state=0
    ... )
    >>> result = weighted_omp(X, y, 0.2, loss="lad_lasso")
    >>> bool((np.flatnonzero(result.coef) == np.flatnonzero(coef)).all())
    True
    """
    check_options(alpha, loss, norm, fit_intercept, max_iter, tol)
    X = check_design_matrix(X)
    Y = check_targets(y, X.shape[0])
    if len(Y) != 1:
        raise ValueError(
            f"y must be a single target, got {len(Y)}; call once for each of them."
        )
    weights = check_penalty_weights(weights, X.shape[1])
    return _solve(
        X, Y, float(alpha), loss, norm, weights, fit_intercept, max_iter, float(tol)
    )


def check_options(
    alpha: Any, loss: Any, norm: Any, fit_intercept: Any, max_iter: Any, tol: Any
) -> None:
    """Refuse bad options before any data are looked at."""
    check_real("alpha", alpha, low=0)
    check_choice("loss", loss, tuple(_FITS))
    check_choice("norm", norm, _NORMS)
    check_flag("fit_intercept", fit_intercept)
    check_real("tol", tol, low=0, high=1, open_high=True)
    if max_iter is not None:
        check_integer("max_iter", max_iter)


def check_penalty_weights(weights: Any, n_features: int) -> Vector:
    """Return positive weights, 1 by default."""
    if weights is None:
        return np.ones(n_features)
    weights = check_nonnegative_vector("weights", weights, n_features)
    if weights.min() == 0:
        where = int(np.argmin(weights))
        raise ValueError(f"weights must be positive, got 0.0 at {where}.")
    return weights


def _solve(
    X: Any,
    Y: Vector,
    alpha: float,
    loss: str,
    norm: str,
    weights: Vector,
    fit_intercept: bool,
    max_iter: int | None,
    tol: float,
) -> SolverResult:
    """Solve in units of the target, and return to the caller's."""
    if loss == "lad_lasso" and isinstance(X, LinearOperator):
        raise TypeError(
            "X must show its columns for loss='lad_lasso': pass an array or a sparse "
            "matrix, not a LinearOperator."
        )
    columns = _ScaledColumns(as_design(X, None, fit_intercept))
    centred, mean = columns.design.center_targets(Y)
    unit = float(np.abs(centred).max()) or 1.0
    strength = alpha * (weights if norm == "l1" else weights**2)
    # Losses of degree d scale by unit^d; the L1 norm by unit, L0 by nothing.
    for _ in range((loss == "lasso") + (norm == "l0")):
        strength = strength / unit
    penalty = CoordinatePenalty(norm, strength)
    fit = _FITS[loss](columns, centred[0] / unit)
    pursuit = _pursue(fit, penalty, max_iter or min(X.shape), tol)
    scaled = fit.full_coef
    degree = 2 if loss == "lasso" else 1
    coef = scaled * columns.inverse * unit
    shift = mean + fit.intercept * unit
    return SolverResult(
        coef=coef,
        intercept=float(columns.design.intercept(coef[:, None], shift)[0]),
        objective=(fit.loss + float(penalty(scaled).sum())) * unit**degree,
        dual_gap=np.inf,
        dual_point=fit.residual * unit / len(fit.residual),
        violation=pursuit.gain * unit**degree,
        n_iter=pursuit.n_iter,
        status=pursuit.status,
        target=0.0,
    )


# ---- the estimator -------------------------------------------------------------------
class WeightedOMP(RegressorMixin, BaseEstimator):
    """Orthogonal matching pursuit that descends on a penalised loss.

    Greedily minimises, with ``s_j`` the standard deviation of column j (its root mean
    square without an intercept)::

        F(y - b - X w) + alpha * R(w)

        loss="lasso"       F(r) = ||r||_2^2 / (2 n_samples)
        loss="sqrt_lasso"  F(r) = ||r||_2 / sqrt(n_samples)
        loss="lad_lasso"   F(r) = ||r||_1 / n_samples
        norm="l1"          R(w) = sum_j weights_j s_j |w_j|
        norm="l0"          R(w) = sum_j weights_j^2 [w_j != 0]

    Each step takes in the feature along which the objective falls most and minimises F
    alone on the features taken: coefficients are not shrunk. It stops by itself.

    Parameters
    ----------
    alpha : float, default=0.1
        Strength of the penalty, >= 0.
    loss : {"lasso", "sqrt_lasso", "lad_lasso"}, default="sqrt_lasso"
        Loss. With ``"sqrt_lasso"`` and L1, a good alpha does not depend on the noise;
        ``"lad_lasso"`` bears gross errors in y.
    norm : {"l0", "l1"}, default="l1"
        Penalty.
    weights : array-like of shape (n_features,), default=None
        Positive weights, 1 by default; small for features that are likely to matter.
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept b.
    max_iter : int, default=None
        Largest number of features to take; ``min(n_samples, n_features)`` by default.
    tol : float, default=1e-10
        The pursuit ends when the norm of the residual is at most `tol` times that of
        the target less its mean (without an intercept: that of the target).

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of X.
    intercept_ : float
        Intercept.
    n_iter_ : int
        Number of features taken.
    objective_ : float
        Value of the objective.
    status_ : {"converged", "max_iter", "stalled"}
        Why the pursuit ended: see :func:`weighted_omp`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    weighted_omp : The same on plain arrays and operators, with the publication's
        scaling.

    References
    ----------
    .. [1] S. Mohammad-Taheri and S. Brugiapaglia (2023). The greedy side of the LASSO:
       New algorithms for weighted sparse recovery via loss function-based orthogonal
       matching pursuit. arXiv:2303.00844.

    Examples
    --------
    >>> from sparsesci.datasets import make_sparse_problem
    >>> from sparsesci.greedy import WeightedOMP
    >>> X, y, coef = make_sparse_problem(80, 200, 5, snr=30, random_state=0)
    >>> model = WeightedOMP(0.2).fit(X, y)
    >>> model.n_iter_, bool(abs(model.coef_ - coef).max() < 0.1)
    (5, True)
    """

    def __init__(
        self,
        alpha=0.1,
        *,
        loss="sqrt_lasso",
        norm="l1",
        weights=None,
        fit_intercept=True,
        max_iter=None,
        tol=1e-10,
    ):
        self.alpha = alpha
        self.loss = loss
        self.norm = norm
        self.weights = weights
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: Any, y: Any) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,)
            Target.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        options = (self.fit_intercept, self.max_iter, self.tol)
        check_options(self.alpha, self.loss, self.norm, *options)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csc",
            dtype=[np.float64, np.float32],
            order="F",
            y_numeric=True,
        )
        weights = check_penalty_weights(self.weights, X.shape[1])
        result = _solve(
            clean_csc(X) if hasattr(X, "nnz") else X,
            check_targets(y, len(y)),
            float(self.alpha),
            self.loss,
            self.norm,
            weights,
            *options,
        )
        self.coef_ = result.coef.astype(X.dtype)
        self.intercept_ = result.intercept
        self.n_iter_ = result.n_iter
        self.objective_ = result.objective
        self.status_ = result.status
        return self

    def predict(self, X: Any) -> Any:
        """Predict targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            ``X @ coef_ + intercept_``.
        """
        check_is_fitted(self)
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc", "coo"],
            dtype=[np.float64, np.float32],
            reset=False,
        )
        return np.asarray(X @ self.coef_) + self.intercept_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
