"""Coordinate descent for outside callers, and the steps that estimators share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsesci._kernels._contract import Doubles
from sparsesci.datafits import Quadratic
from sparsesci.operators.design import ColumnDesign, as_design
from sparsesci.penalties import Penalty
from sparsesci.solvers._certificate import Certificate
from sparsesci.solvers._control import Callback, Control
from sparsesci.solvers._inputs import (
    check_design_matrix,
    check_start,
    check_targets,
    check_terms,
    check_weights,
)
from sparsesci.solvers._problem import GramLeastSquares, LeastSquares, State
from sparsesci.solvers._result import SolverResult, make_result
from sparsesci.solvers._working_set import WorkingSetSolver
from sparsesci.utils.validation import (
    check_choice,
    check_flag,
    check_integer,
    check_real,
)


@dataclass
class Setting:
    """A prepared problem and what brings its solution back to the caller's terms."""

    problem: LeastSquares
    design: ColumnDesign
    target_mean: Doubles
    single: bool

    def split(self) -> list[Setting]:
        """Return one setting for each target, on the same design."""
        if self.single:
            return [self]
        Y, U, design = self.problem.Y, self.problem.correlations, self.design
        parts = [LeastSquares(design, Y[[t]], U[:, [t]]) for t in range(len(Y))]
        return [
            Setting(part, design, self.target_mean[[t]], True)
            for t, part in enumerate(parts)
        ]

    def result(
        self, state: State, point: Certificate, solver: WorkingSetSolver
    ) -> SolverResult:
        """Wrap up: the caller's shapes, the intercept and the certificate."""
        return make_result(
            solver.control,
            point,
            solver.target,
            state.W,
            self.design.intercept(state.W, self.target_mean),
            state.residual.plain() * (point.scale / self.design.n_samples),
            self.single,
        )


def check_control(
    tol: Any,
    max_iter: Any,
    time_limit: Any = None,
    callback: Callback | None = None,
    verbose: Any = 0,
    keep_history: bool = False,
) -> Control:
    """Return a Control after checking each rule."""
    tol = check_real("tol", tol, low=0, open_low=True)
    max_iter = check_integer("max_iter", max_iter)
    if time_limit is not None:
        time_limit = check_real("time_limit", time_limit, low=0, allow_inf=True)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable or None, got {callback!r}.")
    return Control(tol, max_iter, time_limit, callback, verbose, keep_history)


def make_setting(
    X: Any, Y: Doubles, weights: Doubles | None, fit_intercept: bool, single: bool
) -> Setting:
    """Prepare checked data; targets are the rows of Y, weights sum to n_samples."""
    design = as_design(X, weights, fit_intercept, Y)
    if not isinstance(design, ColumnDesign):
        raise TypeError(
            "coordinate descent needs the columns of X, got a LinearOperator; use "
            "sparsesci.solvers.fista."
        )
    targets = design.targets
    problem = LeastSquares(design, targets.Y, targets.correlations)
    return Setting(problem, design, targets.means, single)


def coordinate_descent(
    X: Any,
    y: Any,
    penalty: Penalty,
    *,
    datafit: Quadratic = Quadratic(),  # noqa: B008 (frozen)
    fit_intercept: bool = False,
    sample_weight: Any = None,
    coef_init: Any = None,
    tol: float = 1e-4,
    max_iter: int = 1000,
    selection: str = "cyclic",
    random_state: Any = None,
    time_limit: float | None = None,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Minimise a penalised least-squares objective by coordinate descent.

    Solves, with sample weights s scaled to sum to n_samples::

        min_{w, b}  P(w) = 1 / (2 n_samples) sum_i s_i (y_i - b - x_i' w)^2 + phi(w)

    on growing working sets, with gap-safe screening and Anderson acceleration, until
    a duality gap certifies the solution. With b eliminated (columns and target less
    their weighted means, X~ and y~), the dual problem is, for phi separable with
    conjugate phi*::

        max_theta  D(theta) = theta' S y~ - n_samples / 2 ||theta||_S^2
                              - sum_j phi_j*(x~_j' S theta)

    At the optimum theta = r / n_samples, with r = y~ - X~ w. For the Lasso
    phi_j* is 0 on [-alpha, alpha] and infinite elsewhere: the residual is scaled into
    that set. The multiple of the residual with the largest dual value is used, the
    best value so far counts, and the gap is P - D.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Data. Fortran-ordered float32 or float64 arrays and canonical CSC matrices are
        used as they are, anything else is converted once. Never written to.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target. Several targets are penalised jointly: each penalty acts on the norms
        of the rows of the coefficients.
    penalty : Penalty
        A convex one of `sparsesci.penalties`.
    datafit : Quadratic, default=Quadratic()
        Data-fitting term.
    fit_intercept : bool, default=False
        Whether to fit an unpenalised intercept.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights.
    coef_init : array-like of shape (n_features,) or (n_features, n_targets), \
            default=None
        Where to start; zero by default.
    tol : float, default=1e-4
        Stop when the duality gap is at most ``tol * P(0)``, with P(0) the objective
        of zero coefficients: ``||y~||_S^2 / (2 n_samples)``, and no gradient violates
        optimality by more than ``sqrt(tol)`` times the pull of the penalty
        (alpha, for the Lasso). scikit-learn's `tol` is relative to twice P(0).
    max_iter : int, default=1000
        Largest number of passes: n_features updates of coefficients are one.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which a working set is visited.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    time_limit : float, default=None
        In seconds.
    callback : callable, default=None
        Called with a :class:`Progress` at each outer iteration; return True to stop.
    verbose : int or bool, default=0
        Log a line for each outer iteration, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the result.

    Returns
    -------
    result : SolverResult
        Coefficients, intercept and certificate.

    Raises
    ------
    TypeError
        If X is a LinearOperator, or a term is not supported.
    ValueError
        If data or parameters are invalid: NaN, infinity, shapes, ranges.

    Warns
    -----
    ConvergenceWarning
        If the gap was not reached; the message holds the gap.

    Notes
    -----
    A full pass costs O(n_samples n_features), or O(nnz); a sweep over a working set
    its share of that. Sparse X is centred without becoming dense.

    References
    ----------
    .. [1] M. Massias, A. Gramfort, J. Salmon, "Celer: a fast solver for the Lasso
       with dual extrapolation", ICML 2018.
    .. [2] E. Ndiaye, O. Fercoq, A. Gramfort, J. Salmon, "Gap safe screening rules for
       sparsity enforcing penalties", JMLR 18, 2017.
    .. [3] Q. Bertrand, M. Massias, "Anderson acceleration of coordinate descent",
       AISTATS 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.solvers import coordinate_descent
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> result = coordinate_descent(X, [2.0, 0.1, 2.0], L1(0.1), tol=1e-8)
    >>> result.coef.round(4)
    array([1.85, 0.  ])
    >>> result.converged
    True
    """
    control = check_control(tol, max_iter, time_limit, callback, verbose, keep_history)
    rng = check_selection(selection, random_state)
    check_flag("fit_intercept", fit_intercept)
    X = check_design_matrix(X, finite=False)
    n_samples, n_features = X.shape
    Y = check_targets(y, n_samples)
    check_terms(datafit, penalty, n_features, len(Y))
    W = check_start(coef_init, (n_features, len(Y)))
    weights = check_weights(sample_weight, n_samples)
    setting = make_setting(X, Y, weights, fit_intercept, np.ndim(y) == 1)
    result = solve_setting(setting, penalty, control, rng, W)
    result.warn()
    return result


def check_selection(selection: str, random_state: Any) -> Any:
    """Return a generator for random selection, None for cyclic."""
    if check_choice("selection", selection, ("cyclic", "random")) == "cyclic":
        return None
    from sklearn.utils import check_random_state

    return check_random_state(random_state)


def solve_setting(
    setting: Setting,
    penalty: Penalty,
    control: Control,
    rng: Any = None,
    W: Doubles | None = None,
    gram: GramLeastSquares | None = None,
) -> SolverResult:
    """Solve from W (zeros by default), through the Gram form where there is one.

    The certificate always comes from the data: what the Gram form cannot resolve,
    because squares cancel in it, a few passes over the data finish.
    """
    if W is None:
        W = np.zeros((setting.design.n_features, len(setting.target_mean)))
    if gram is not None:
        first = WorkingSetSolver(gram, control, rng)
        first.solve(penalty, gram.start(W))
        if control.status in ("converged", "stalled"):
            control.status = ""
    solver = WorkingSetSolver(setting.problem, control, rng, alone=True)
    state = setting.problem.start(W)
    point = solver.solve(penalty, state)
    return setting.result(state, point, solver)
