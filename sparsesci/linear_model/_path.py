"""Regularisation paths with scikit-learn's interface."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci import penalties
from sparsesci.linear_model._base import unchecked_data
from sparsesci.linear_model._gram import check_precompute, resolve_gram
from sparsesci.solvers._coordinate_descent import (
    Setting,
    check_control,
    check_selection,
    make_setting,
)
from sparsesci.solvers._gram import gram_problem
from sparsesci.solvers._inputs import (
    check_design_matrix,
    check_start,
    check_targets,
    check_weights,
)
from sparsesci.solvers._path import alpha_grid, check_alphas, walk
from sparsesci.solvers._problem import Problem
from sparsesci.solvers._result import warn_unless_converged
from sparsesci.utils.validation import check_flag, check_integer


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    n_alphas: int | None = None,
    alphas: Any = 100,
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: int | bool = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    sample_weight: Any = None,
    tol: float = 1e-4,
    max_iter: int = 1000,
    selection: str = "cyclic",
    random_state: Any = None,
) -> Any:
    """Compute the elastic-net path by coordinate descent with warm starts.

    For each alpha, minimises::

        1 / (2 n_samples) ||y - X w||^2 + alpha * l1_ratio * ||w||_1
            + alpha * (1 - l1_ratio) / 2 * ||w||_2^2

    or, for y with several targets, the same with the norms of the rows of the
    coefficients in the place of their absolute values. There is no intercept: centre
    the data beforehand where one is wanted.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Data.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target.
    l1_ratio : float, default=0.5
        Share of the L1 term, in [0, 1].
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of an automatic grid.
    n_alphas : int, default=None
        Older name of an integer `alphas`.
    alphas : int or array-like, default=100
        Number of alphas, evenly in the logarithm from the smallest one that gives
        all zeros, or their values.
    precompute : {"auto"}, bool or array-like of shape (n_features, n_features), \
            default="auto"
        Whether to work on the Gram matrix, or that matrix. "auto" does so for dense
        data with more samples than features.
    Xy : array-like of shape (n_features,) or (n_features, n_targets), default=None
        ``X.T @ y``, used together with a Gram matrix.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    coef_init : array-like of shape (n_features,) or (n_targets, n_features), \
            default=None
        Where to start.
    verbose : int or bool, default=False
        Log progress to the logger "sparsesci".
    return_n_iter : bool, default=False
        Whether to return numbers of iterations.
    positive : bool, default=False
        Restrict to non-negative coefficients; one target only.
    check_input : bool, default=True
        False skips the checks of X and y.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights.
    tol : float, default=1e-4
        Duality gap at which to stop, relative to the objective of zero coefficients.
    max_iter : int, default=1000
        Largest number of passes for each alpha: n_features updates are one.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        Alphas, from large to small.
    coefs : ndarray of shape (n_features, n_alphas) or \
            (n_targets, n_features, n_alphas)
        Coefficients.
    dual_gaps : ndarray of shape (n_alphas,)
        Duality gaps, in the units of the objective.
    n_iters : list of int
        Number of iterations for each alpha, if asked for.

    See Also
    --------
    lasso_path : The same with ``l1_ratio=1``.
    ElasticNetCV : Choice of alpha by cross-validation.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.linear_model import enet_path
    >>> X, y = make_regression(n_features=5, random_state=0)
    >>> alphas, coefs, gaps = enet_path(X, y, alphas=3)
    >>> coefs.shape
    (5, 3)
    """
    penalty = penalties.ElasticNet(1.0, l1_ratio, positive)
    return _path(
        X,
        y,
        penalty,
        eps=eps,
        alphas=alphas if n_alphas is None else check_integer("n_alphas", n_alphas),
        precompute=precompute,
        Xy=Xy,
        coef_init=coef_init,
        return_n_iter=check_flag("return_n_iter", return_n_iter),
        check_input=check_flag("check_input", check_input),
        sample_weight=sample_weight,
        control=check_control(tol, max_iter, verbose=verbose),
        rng=check_selection(selection, random_state),
    )


def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: float = 1e-3,
    n_alphas: int | None = None,
    alphas: Any = 100,
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: int | bool = False,
    return_n_iter: bool = False,
    positive: bool = False,
    **params: Any,
) -> Any:
    """Compute the Lasso path by coordinate descent with warm starts.

    For each alpha, minimises ``1 / (2 n_samples) ||y - X w||^2 + alpha ||w||_1``, or,
    for y with several targets, the same with the norms of the rows of the
    coefficients. There is no intercept: centre the data beforehand where one is
    wanted.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Data.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target.
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of an automatic grid.
    n_alphas : int, default=None
        Older name of an integer `alphas`.
    alphas : int or array-like, default=100
        Number of alphas, evenly in the logarithm from the smallest one that gives
        all zeros, or their values.
    precompute : {"auto"}, bool or array-like of shape (n_features, n_features), \
            default="auto"
        Whether to work on the Gram matrix, or that matrix.
    Xy : array-like of shape (n_features,) or (n_features, n_targets), default=None
        ``X.T @ y``, used together with a Gram matrix.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    coef_init : array-like of shape (n_features,) or (n_targets, n_features), \
            default=None
        Where to start.
    verbose : int or bool, default=False
        Log progress to the logger "sparsesci".
    return_n_iter : bool, default=False
        Whether to return numbers of iterations.
    positive : bool, default=False
        Restrict to non-negative coefficients; one target only.
    **params : dict
        Further keyword arguments of :func:`enet_path`: `sample_weight`, `tol`,
        `max_iter`, `selection`, `random_state`, `check_input`.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        Alphas, from large to small.
    coefs : ndarray of shape (n_features, n_alphas) or \
            (n_targets, n_features, n_alphas)
        Coefficients.
    dual_gaps : ndarray of shape (n_alphas,)
        Duality gaps, in the units of the objective.
    n_iters : list of int
        Number of iterations for each alpha, if asked for.

    See Also
    --------
    enet_path : The same for the elastic net.
    LassoCV : Choice of alpha by cross-validation.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.linear_model import lasso_path
    >>> X = np.array([[1, 2, 3.1], [2.3, 5.4, 4.3]]).T
    >>> y = np.array([1, 2, 3.1])
    >>> _, coefs, _ = lasso_path(X, y, alphas=[5.0, 1.0, 0.5], tol=1e-10)
    >>> coefs.round(4)
    array([[0.    , 0.    , 0.4692],
           [0.2159, 0.4426, 0.2367]])
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        n_alphas=n_alphas,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )


def _path(
    X: Any,
    y: Any,
    penalty: Any,
    *,
    eps: Any,
    alphas: Any,
    precompute: Any,
    Xy: Any,
    coef_init: Any,
    return_n_iter: bool,
    check_input: bool,
    sample_weight: Any,
    control: Any,
    rng: Any,
) -> Any:
    alphas = check_alphas(alphas, eps)
    if isinstance(alphas, int):
        check_grid_ratio(penalty)
    X = check_design_matrix(X, finite=False) if check_input else unchecked_data(X)
    Y = check_targets(y, X.shape[0])
    if penalty.positive and len(Y) > 1:
        raise ValueError("positive=True is not allowed for multi-output (y.ndim != 1)")
    weights = check_weights(sample_weight, X.shape[0])
    check_precompute(precompute, X.shape[1])
    start = None if coef_init is None else np.atleast_2d(coef_init).T
    W = check_start(start, (X.shape[1], len(Y)))
    setting = make_setting(X, Y, weights, False, np.ndim(y) == 1)
    problem = choose_form(setting, precompute, Xy)
    if isinstance(alphas, int):
        alphas = alpha_grid(problem, penalty, len(Y), alphas, eps)
    shape = (X.shape[1], len(alphas)) if setting.single else (*W.T.shape, len(alphas))
    coefs = np.empty(shape, dtype=X.dtype)
    gaps, n_iters = np.empty(len(alphas)), []
    for k, (state, point, solver) in enumerate(
        walk(problem, penalty, alphas, control, W, rng)
    ):
        coefs[..., k] = state.W[:, 0] if setting.single else state.W.T
        gaps[k] = point.gap
        n_iters.append(max(1, round(solver.control.n_iter)))
        status = solver.control.status
        warn_unless_converged(status, point.gap, solver.target, n_iters[-1])
    return (alphas, coefs, gaps, n_iters) if return_n_iter else (alphas, coefs, gaps)


def check_grid_ratio(penalty: Any) -> None:
    """Refuse to choose alphas where none makes all coefficients zero."""
    if np.max(penalty.slope) == 0:
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please "
            "supply a grid by providing your estimator with the appropriate `alphas=` "
            "argument."
        )


def choose_form(setting: Setting, precompute: Any, Xy: Any = None) -> Problem:
    """Return the problem on its data, or on a Gram matrix where that is asked for."""
    gram = resolve_gram(setting.design, precompute)
    if gram is None:
        return setting.problem
    if Xy is not None:
        Xy = np.ascontiguousarray(np.atleast_2d(np.asarray(Xy, dtype=np.float64).T))
        if Xy.shape != (len(setting.target_mean), setting.design.n_features):
            raise ValueError(
                "Xy must have one entry for each feature (and target), got shape "
                f"{np.shape(Xy.T)}."
            )
        if not np.isfinite(Xy).all():
            raise ValueError("Xy must be finite, got NaN or inf.")
    return gram_problem(setting.problem, gram, Xy)
