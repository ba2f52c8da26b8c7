"""The path of an estimator's own problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.sparsefuncs import mean_variance_axis

from sparsesci.datafits import Quadratic
from sparsesci.linear_model._base import checked_weights
from sparsesci.linear_model._path import check_grid_ratio
from sparsesci.penalties import Penalty
from sparsesci.solvers._coordinate_descent import (
    Setting,
    check_control,
    check_selection,
    make_setting,
)
from sparsesci.solvers._inputs import check_terms, checked_data, target_rows
from sparsesci.solvers._path import alpha_grid, check_alphas, walk
from sparsesci.solvers._result import warn_unless_converged


@dataclass
class EstimatorPath:
    """Coefficients of an estimator along alpha, and what names and scales them."""

    alphas: Any
    coefs: Any
    feature_names: Any
    feature_scale: Any
    alpha: float | None


def estimator_path(
    estimator: Any, X: Any, y: Any, alphas: Any, eps: Any, sample_weight: Any
) -> EstimatorPath:
    """Solve the estimator's problem for each alpha.

    Alphas are the given ones (a number of them, or values), else those that a fitted
    CV estimator has tried, else 100 from the smallest that gives all zeros downwards.
    """
    penalty = estimator_penalty(estimator)
    twin = clone(estimator)
    X, y = checked_data(twin, X, y, multi_output=True, finite=False)
    joint = not get_tags(estimator).target_tags.single_output
    y = _check_shape_of_targets(estimator, y, joint)
    check_terms(Quadratic(), penalty, X.shape[1])
    weights = checked_weights(sample_weight, X.shape[0])
    setting = make_setting(
        X, target_rows(y), weights, estimator.fit_intercept, not joint
    )
    fitted = fitted_alpha(estimator)
    if alphas is None and hasattr(estimator, "alphas_"):
        alphas = _tried_alphas(estimator)
    grid = _grid(setting, penalty, check_alphas(alphas, eps), eps, fitted)
    coefs = _solve(setting, penalty, grid, estimator)
    names = getattr(twin, "feature_names_in_", None)
    return EstimatorPath(grid, coefs, names, _deviations(X), fitted)


def estimator_penalty(estimator: Any) -> Penalty:
    """Return the penalty of a linear model, at the chosen l1_ratio of a CV one."""
    if hasattr(estimator, "_penalty"):
        return estimator._penalty()
    if not hasattr(estimator, "_penalties"):
        hint = ""
        if hasattr(estimator, "steps"):
            hint = " For a pipeline, pass pipe[-1] and pipe[:-1].transform(X)."
        raise TypeError(
            "estimator must be a linear model with a path, such as "
            f"sparsesci.linear_model.Lasso or LassoCV, got {estimator!r}.{hint}"
        )
    penalties = estimator._penalties()
    if len(penalties) == 1:
        return penalties[0]
    if not hasattr(estimator, "l1_ratio_"):
        raise ValueError(
            "estimator must be fitted when its l1_ratio is a list, as the chosen "
            f"l1_ratio_ is drawn; got {estimator!r}."
        )
    return penalties[_chosen_ratio(estimator)]


def _chosen_ratio(estimator: Any) -> int:
    ratios = np.atleast_1d(estimator.l1_ratio)
    return int(np.flatnonzero(ratios == estimator.l1_ratio_)[0])


def fitted_alpha(estimator: Any) -> float | None:
    """Return the alpha of a fitted estimator, None where it has not been fitted."""
    if not hasattr(estimator, "coef_"):
        return None
    return float(estimator.alpha_ if hasattr(estimator, "alpha_") else estimator.alpha)


def _tried_alphas(estimator: Any) -> Any:
    if np.ndim(estimator.alphas_) == 1:
        return estimator.alphas_
    return estimator.alphas_[_chosen_ratio(estimator)]


def _check_shape_of_targets(estimator: Any, y: Any, joint: bool) -> Any:
    if joint and y.ndim == 1:
        raise ValueError(
            f"y must have shape (n_samples, n_targets) for {type(estimator).__name__}, "
            f"got {y.shape}."
        )
    if joint:
        return y
    if y.ndim > 1 and y.shape[1] > 1:
        raise ValueError(
            f"y must be one target for {type(estimator).__name__}, got shape "
            f"{y.shape}; draw one path for each column."
        )
    return y.ravel()


def _grid(
    setting: Setting, penalty: Penalty, alphas: Any, eps: float, fitted: Any
) -> Any:
    """Return the given alphas, or as many of them down to the fitted one or further."""
    if not isinstance(alphas, int):
        return alphas
    check_grid_ratio(penalty)
    n_targets = len(setting.target_mean)
    first = alpha_grid(setting.problem, penalty, n_targets, 1, eps)[0]
    last = min(eps * first, fitted or np.inf)
    return np.geomspace(first, last, alphas)


def _solve(setting: Setting, penalty: Penalty, alphas: Any, estimator: Any) -> Any:
    control = check_control(estimator.tol, estimator.max_iter)
    rng = check_selection(estimator.selection, estimator.random_state)
    W = np.zeros((setting.design.n_features, len(setting.target_mean)))
    coefs = []
    for state, point, solver in walk(setting.problem, penalty, alphas, control, W, rng):
        coefs.append(state.W[:, 0].copy() if setting.single else state.W.T.copy())
        done = solver.control
        warn_unless_converged(
            done.status, point.gap, solver.target, max(1, round(done.n_iter))
        )
    return np.stack(coefs, axis=-1)


def _deviations(X: Any) -> Any:
    """Return the standard deviations of the columns."""
    if sparse.issparse(X):
        return np.sqrt(mean_variance_axis(X, axis=0)[1])
    return X.std(axis=0)
