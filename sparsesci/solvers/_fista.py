"""Accelerated proximal gradient descent, for anything that can be multiplied."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci._kernels import get_backend
from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.datafits import Quadratic
from sparsesci.operators.design import Design, Residual, as_design
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import Certificate, Certifier
from sparsesci.solvers._control import Callback, Control
from sparsesci.solvers._coordinate_descent import check_control
from sparsesci.solvers._inputs import (
    check_design_matrix,
    check_start,
    check_targets,
    check_terms,
    check_weights,
)
from sparsesci.solvers._result import SolverResult, make_result
from sparsesci.utils.validation import check_flag, check_integer

_POWER_ITERATIONS = 15
# The estimate of the largest eigenvalue comes from below: shorten the first step.
_MARGIN = 1.05


def fista(
    X: Any,
    y: Any,
    penalty: Penalty,
    *,
    datafit: Quadratic = Quadratic(),  # noqa: B008 (frozen)
    fit_intercept: bool = False,
    sample_weight: Any = None,
    coef_init: Any = None,
    tol: float = 1e-4,
    max_iter: int = 10_000,
    check_every: int = 10,
    time_limit: float | None = None,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Minimise a penalised least-squares objective by FISTA with restarts.

    Solves the problem of :func:`coordinate_descent`::

        min_{w, b}  1 / (2 n_samples) sum_i s_i (y_i - b - x_i' w)^2 + phi(w)

    with nothing but products with X and X': data may be a LinearOperator, such as a
    fast transform. Each iteration takes a gradient step from an extrapolated point,
    then the proximal operator; the extrapolation restarts when it points uphill; the
    step is shortened when the quadratic bound fails.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Data. An operator needs ``matvec`` and ``rmatvec``.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target. Several targets are penalised jointly: each penalty acts on the norms
        of the rows of the coefficients.
    penalty : Penalty
        A convex one of `sparsesci.penalties`.
    datafit : Quadratic, default=Quadratic()
        Data-fitting term.
    fit_intercept : bool, default=False
        Whether to fit an unpenalised intercept. X is centred implicitly.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights.
    coef_init : array-like of shape (n_features,) or (n_features, n_targets), \
            default=None
        Where to start; zero by default.
    tol : float, default=1e-4
        Stop when the duality gap is at most ``tol`` times the objective of zero
        coefficients.
    max_iter : int, default=10000
        Largest number of iterations.
    check_every : int, default=10
        Iterations between evaluations of the gap, each of which costs one product
        with X and one with X'.
    time_limit : float, default=None
        In seconds.
    callback : callable, default=None
        Called with a :class:`Progress` at each evaluation; return True to stop.
    verbose : int or bool, default=0
        Log a line for each evaluation, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the result.

    Returns
    -------
    result : SolverResult
        Coefficients, intercept and certificate.

    Raises
    ------
    TypeError
        If a term is not supported.
    ValueError
        If data or parameters are invalid: NaN, infinity, shapes, ranges.

    Warns
    -----
    ConvergenceWarning
        If the gap was not reached; the message holds the gap.

    See Also
    --------
    coordinate_descent : Faster wherever the columns of X are at hand.

    Notes
    -----
    An iteration costs one product with X and one with X'. The objective falls like
    1 / k^2, linearly once the support has settled.

    References
    ----------
    .. [1] A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for
       linear inverse problems", SIAM J. Imaging Sciences 2, 2009.
    .. [2] B. O'Donoghue, E. Candes, "Adaptive restart for accelerated gradient
       schemes", Foundations of Computational Mathematics 15, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse.linalg import aslinearoperator
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.solvers import fista
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> fista(aslinearoperator(X), [2.0, 0.1, 2.0], L1(0.1), tol=1e-10).coef.round(4)
    array([1.85, 0.  ])
    """
    control = check_control(tol, max_iter, time_limit, callback, verbose, keep_history)
    check_integer("check_every", check_every)
    check_flag("fit_intercept", fit_intercept)
    X = check_design_matrix(X, finite=False)
    n_samples, n_features = X.shape
    Y = check_targets(y, n_samples)
    check_terms(datafit, penalty, n_features, len(Y))
    W = check_start(coef_init, (n_features, len(Y)))
    weights = check_weights(sample_weight, n_samples)
    design = as_design(X, weights, fit_intercept)
    centred, target_mean = design.center_targets(Y)
    run = _Fista(design, centred, penalty, control, check_every)
    point, W, R = run.solve(run.feasible(W))
    result = make_result(
        control,
        point,
        run.target,
        W,
        design.intercept(W, target_mean),
        R * (point.scale / n_samples),
        np.ndim(y) == 1,
    )
    result.warn()
    return result


class _Fista:
    """One run: the iterate W, the extrapolated point Z and the step."""

    def __init__(
        self,
        design: Design,
        Y: Doubles,
        penalty: Penalty,
        control: Control,
        check_every: int,
    ) -> None:
        self.design, self.Y = design, Y
        self.penalty, self.control, self.check_every = penalty, control, check_every
        self.backend = get_backend()
        self.null_objective = design.inner(Y, Y) / (2 * design.n_samples)
        self.target = control.tol * self.null_objective
        unbound = penalty.unbound(design.n_features)
        reach = np.sqrt(2 * self.null_objective / self._column_squares(unbound))
        handle = penalty.build(self.backend)
        self.certifier = Certifier(penalty, handle, self.backend, unbound, reach)
        self.handle = self.certifier.handle
        self.curvature = _MARGIN * self._largest_eigenvalue()

    def feasible(self, W: Doubles) -> Doubles:
        """Return W within the domain of the penalty."""
        W = W.copy()
        W[np.broadcast_to(self.penalty.slope, len(W)) == np.inf] = 0.0
        return np.maximum(W, 0.0) if getattr(self.penalty, "positive", False) else W

    def _largest_eigenvalue(self) -> float:
        """Largest eigenvalue of X~' S X~ / n, by power iteration."""
        v = np.random.default_rng(0).standard_normal((self.design.n_features, 1))
        value = 0.0
        for _ in range(_POWER_ITERATIONS):
            norm = float(np.linalg.norm(v))
            if norm == 0:
                return 0.0
            v = v / norm
            v = self.design.correlate(Residual(self.design.apply(v), np.zeros(1)))
            value = float(np.linalg.norm(v))
        return value

    def _column_squares(self, columns: Indices) -> Doubles:
        """``||x~_j||_S^2 / n`` for a few columns; infinite where that is 0."""
        squares = np.empty(columns.size)
        unit = np.zeros((self.design.n_features, 1))
        for k, j in enumerate(columns):
            unit[j] = 1.0
            column = self.design.apply(unit)
            squares[k] = self.design.inner(column, column) / self.design.n_samples
            unit[j] = 0.0
        return np.where(squares > 0, squares, np.inf)

    def _loss(self, R: Doubles) -> float:
        return self.design.inner(R, R) / (2 * self.design.n_samples)

    def _correlate(self, R: Doubles) -> Doubles:
        return self.design.correlate(Residual(R, np.zeros(len(R))))

    def _prox_step(self, Z: Doubles, R: Doubles) -> tuple[Doubles, Doubles]:
        """Proximal gradient step from Z with residual R: new iterate and residual."""
        U, loss = self._correlate(R), self._loss(R)
        W = np.empty_like(Z)
        while True:
            ascent = np.ascontiguousarray(Z + U / self.curvature)
            self.backend.prox_rows(self.handle, ascent, 1 / self.curvature, W)
            new_R = self.Y - self.design.apply(W)
            D = W - Z
            bound = loss - np.vdot(D, U) + self.curvature / 2 * np.vdot(D, D)
            if self._loss(new_R) <= bound + 1e-12 * abs(loss):
                return W, new_R
            self.curvature *= 2

    def solve(self, W: Doubles) -> tuple[Certificate, Doubles, Doubles]:
        """Iterate until the control stops; return the certificate, W and residual."""
        control = self.control
        R = self.Y - self.design.apply(W) if W.any() else self.Y.copy()
        Z, R_Z, momentum = W, R, 1.0
        while True:
            if control.n_iter % self.check_every == 0 or control.exhausted():
                point = self.certifier.evaluate(
                    W,
                    self._correlate(R),
                    self._loss(R),
                    self.design.inner(R, self.Y) / self.design.n_samples,
                )
                if self._stop(point):
                    return point, W, R
            new_W, new_R = self._prox_step(Z, R_Z)
            if np.vdot(Z - new_W, new_W - W) > 0:  # uphill: forget the momentum
                momentum = 1.0
            after = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            factor = (momentum - 1) / after
            Z = new_W + factor * (new_W - W)
            R_Z = new_R + factor * (new_R - R)  # affine, so no product with X
            W, R, momentum = new_W, new_R, after
            control.n_iter += 1

    def _stop(self, point: Certificate) -> bool:
        control = self.control
        if control.observed:
            control.report(
                point.objective,
                point.gap,
                point.violation,
                point.n_active,
                self.penalty.alpha,
            )
        if point.meets(self.target, control.tol):
            control.status = "converged"
        elif self.curvature == 0:  # X~ = 0: nothing to do
            control.status = "stalled"
        return bool(control.status) or control.exhausted()
