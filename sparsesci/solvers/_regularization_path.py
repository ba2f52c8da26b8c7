"""Paths for outside callers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci.datafits import Quadratic
from sparsesci.penalties import Penalty
from sparsesci.solvers._control import Callback
from sparsesci.solvers._coordinate_descent import (
    check_control,
    check_selection,
    make_setting,
)
from sparsesci.solvers._inputs import (
    check_design_matrix,
    check_start,
    check_targets,
    check_terms,
    check_weights,
)
from sparsesci.solvers._path import alpha_grid, check_alphas, walk
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.validation import check_flag


def regularization_path(
    X: Any,
    y: Any,
    penalty: Penalty,
    *,
    alphas: Any = 100,
    eps: float = 1e-3,
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
) -> list[tuple[float, SolverResult]]:
    """Solve for a grid of alphas, each from the solution of the one before.

    Minimises the objective of :func:`coordinate_descent` for
    ``penalty.with_alpha(alpha)``, from the largest alpha to the smallest. First
    working sets follow the sequential strong rule; every solution has a duality gap.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Data.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target. Several targets are penalised jointly.
    penalty : Penalty
        A convex one of `sparsesci.penalties`; its own alpha does not matter.
    alphas : int or array-like, default=100
        Number of alphas, evenly in the logarithm from the smallest one at which all
        penalised coefficients are zero, or their values.
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of an automatic grid.
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
        Duality gap at which to stop, relative to the objective of zero coefficients.
    max_iter : int, default=1000
        Largest number of passes for each alpha: n_features updates are one.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which a working set is visited.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    time_limit : float, default=None
        In seconds, for the whole path; what has been solved by then is returned.
    callback : callable, default=None
        Called with a :class:`Progress` at each outer iteration; return True to stop.
    verbose : int or bool, default=0
        Log a line for each outer iteration, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the results.

    Returns
    -------
    path : list of (float, SolverResult)
        Alphas with their solutions, from large to small.

    Warns
    -----
    ConvergenceWarning
        For each alpha whose gap was not reached.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.solvers import regularization_path
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> for alpha, result in regularization_path(X, [2.0, 0.1, 2.0], L1(1), alphas=3):
    ...     print(f"{alpha:.4f} {np.count_nonzero(result.coef)}")
    1.3333 0
    0.0422 2
    0.0013 2
    """
    control = check_control(tol, max_iter, time_limit, callback, verbose, keep_history)
    rng = check_selection(selection, random_state)
    check_flag("fit_intercept", fit_intercept)
    alphas = check_alphas(alphas, eps)
    X = check_design_matrix(X, finite=False)
    n_samples, n_features = X.shape
    Y = check_targets(y, n_samples)
    check_terms(datafit, penalty, n_features, len(Y))
    W = check_start(coef_init, (n_features, len(Y)))
    weights = check_weights(sample_weight, n_samples)
    setting = make_setting(X, Y, weights, fit_intercept, np.ndim(y) == 1)
    if isinstance(alphas, int):
        alphas = alpha_grid(setting.problem, penalty, len(Y), alphas, eps)
    path = []
    for state, point, solver in walk(setting.problem, penalty, alphas, control, W, rng):
        result = setting.result(state, point, solver)
        result.warn()
        path.append((float(solver.penalty.alpha), result))
    return path
