"""Orthogonal matching pursuit whose selection follows a penalised loss."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator

from sparsesci.greedy._columns import ScaledColumns
from sparsesci.greedy._fits import FITS, pursue
from sparsesci.greedy._gains import CoordinatePenalty
from sparsesci.greedy._inputs import check_iterations, check_operator, check_scale
from sparsesci.operators import as_design
from sparsesci.operators.dictionary import square_norms
from sparsesci.solvers import SolverResult
from sparsesci.solvers._control import Callback, Control
from sparsesci.solvers._inputs import (
    check_design_matrix,
    check_targets,
    checked_data,
    target_rows,
)
from sparsesci.utils.regressor import LinearRegressor
from sparsesci.utils.validation import (
    check_choice,
    check_flag,
    check_nonnegative_vector,
    check_real,
)

_NORMS = ("l0", "l1")

Vector = NDArray[np.float64]


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
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Orthogonal matching pursuit that descends on a penalised loss.

    Each step takes in the column along which the objective ::

        F(y - b - X w) + alpha * R(w)

    falls most, then minimises F alone over the columns taken. It stops by itself: when
    no single coefficient can lower the objective, or when the best one to change is
    that of a column taken already. With residual r and ``s_j`` the root mean square of
    column j (less its mean, with an intercept) ::

        loss="lasso"       F(r) = ||r||_2^2 / (2 n_samples)
        loss="sqrt_lasso"  F(r) = ||r||_2 / sqrt(n_samples)
        loss="lad_lasso"   F(r) = ||r||_1 / n_samples
        norm="l1"          R(w) = sum_j weights_j s_j |w_j|
        norm="l0"          R(w) = sum_j weights_j^2 [w_j != 0]

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
    callback : callable, default=None
        Called with a :class:`~sparsesci.solvers.Progress` at each step, whose
        ``violation`` is the gain that the step has expected; return True to stop.
    verbose : int or bool, default=0
        Log a line for each step, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the result.

    Returns
    -------
    result : SolverResult
        ``coef``, ``intercept``, ``objective``; ``n_iter``, the number of columns taken;
        ``status``: ``"converged"`` for the stopping rule, ``"max_iter"``,
        ``"callback"``, or ``"stalled"`` where the best column depends on those taken;
        ``violation``, the gain of the best move left. A greedy method has no duality
        gap: it is inf.

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
    ``F'(y - A z) + lambda R'(z)``. Our alpha is ::

        loss          norm="l0"            norm="l1"
        "lasso"       lambda / (2 n)       lambda / (2 sqrt(n))
        "sqrt_lasso"  lambda / sqrt(n)     lambda
        "lad_lasso"   lambda / n           lambda / sqrt(n)

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
    check_options(alpha, loss, norm, fit_intercept, tol)
    control = check_steps(max_iter, callback, verbose, keep_history)
    X = check_design_matrix(X)
    if loss == "lad_lasso" and isinstance(X, LinearOperator):
        raise TypeError(
            "X must show its columns for loss='lad_lasso': pass an array or a sparse "
            "matrix, not a LinearOperator."
        )
    if isinstance(X, LinearOperator):
        check_operator(X)
    Y = check_targets(y, X.shape[0])
    if len(Y) != 1:
        raise ValueError(
            f"y must be a single target, got {len(Y)}; call once for each of them."
        )
    weights = check_penalty_weights(weights, X.shape[1])
    return solve(X, Y, alpha, loss, norm, weights, fit_intercept, tol, control)


def check_options(
    alpha: Any, loss: Any, norm: Any, fit_intercept: Any, tol: Any
) -> None:
    """Refuse bad options before any data are looked at."""
    check_real("alpha", alpha, low=0)
    check_choice("loss", loss, tuple(FITS))
    check_choice("norm", norm, _NORMS)
    check_flag("fit_intercept", fit_intercept)
    check_real("tol", tol, low=0, high=1, open_high=True)


def check_steps(
    max_iter: Any,
    callback: Any = None,
    verbose: Any = 0,
    keep_history: bool = False,
) -> Control:
    """Return the rules of a pursuit, whose number of steps may be unlimited."""
    steps = sys.maxsize if max_iter is None else max_iter
    return check_iterations(steps, callback, verbose, keep_history)


def check_penalty_weights(weights: Any, n_features: int) -> Vector:
    """Return positive weights, 1 by default."""
    if weights is None:
        return np.ones(n_features)
    weights = check_nonnegative_vector("weights", weights, n_features)
    if weights.min() == 0:
        where = int(np.argmin(weights))
        raise ValueError(f"weights must be positive, got 0.0 at {where}.")
    return weights


def solve(
    X: Any,
    Y: Vector,
    alpha: float,
    loss: str,
    norm: str,
    weights: Vector,
    fit_intercept: bool,
    tol: float,
    control: Control,
) -> SolverResult:
    """Solve for checked data in units of the target, and return to the caller's."""
    check_scale(Y.T, square_norms(Y.T))
    columns = ScaledColumns(as_design(X, None, fit_intercept))
    centred, mean = columns.design.center_targets(Y)
    unit = float(np.abs(centred).max()) or 1.0
    strength = alpha * (weights if norm == "l1" else weights**2)
    # Losses of degree d scale by unit^d; the L1 norm by unit, L0 by nothing.
    for _ in range((loss == "lasso") + (norm == "l0")):
        strength = strength / unit
    penalty = CoordinatePenalty(norm, strength)
    fit = FITS[loss](columns, centred[0] / unit)
    unit_objective = unit**2 if loss == "lasso" else unit
    control.max_iter = min(control.max_iter, *X.shape)

    def objective() -> float:
        return (fit.loss + float(penalty(fit.full_coef).sum())) * unit_objective

    def report(gain: float) -> None:
        if control.observed:
            n_active, gain = len(fit.support), gain * unit_objective
            control.report(objective(), np.inf, gain, n_active, alpha)

    gain = pursue(fit, penalty, tol, control, report)
    coef = fit.full_coef * columns.inverse * unit
    shift = mean + fit.intercept * unit
    return SolverResult(
        coef=coef,
        intercept=float(columns.design.intercept(coef[:, None], shift)[0]),
        objective=objective(),
        dual_gap=np.inf,
        dual_point=fit.residual * (unit / len(fit.residual)),
        violation=gain * unit_objective,
        n_iter=round(control.n_iter),
        status=control.status,
        target=0.0,
        history=control.history,
    )


class WeightedOMP(LinearRegressor):
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
    sparse_coef_ : csr_matrix of shape (1, n_features)
        The same, sparse.
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
        options = (self.loss, self.norm)
        check_options(self.alpha, *options, self.fit_intercept, self.tol)
        control = check_steps(self.max_iter)
        X, y = checked_data(self, X, y, multi_output=False)
        weights = check_penalty_weights(self.weights, X.shape[1])
        Y = target_rows(y)
        result = solve(
            X, Y, self.alpha, *options, weights, self.fit_intercept, self.tol, control
        )
        self.coef_ = result.coef.astype(X.dtype)
        self.intercept_ = result.intercept
        self.n_iter_ = result.n_iter
        self.objective_ = result.objective
        self.status_ = result.status
        return self
