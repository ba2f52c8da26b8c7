"""Choice of alpha by an information criterion: one path on all data, no folds."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from sparsesci._kernels._contract import Doubles
from sparsesci.linear_model._folds import Grid
from sparsesci.linear_model._path import choose_form
from sparsesci.operators.design import ColumnDesign
from sparsesci.penalties import Penalty
from sparsesci.solvers._control import Control
from sparsesci.solvers._coordinate_descent import Setting
from sparsesci.solvers._path import walk
from sparsesci.solvers._result import warn_unless_converged
from sparsesci.utils.criteria import information

# Beyond this share of the samples, degrees of freedom leave too few of them to tell
# noise from signal: with n of them the residual is zero, whatever y is.
MAX_SHARE = 0.5
# Squares of residuals below this share of those of y are rounding errors.
_NOTHING = float(np.finfo(np.float64).eps) ** 2


def criterion_path(
    setting: Setting,
    grid: Grid,
    criterion: str,
    control: Control,
    precompute: Any,
    rng: Any,
) -> Doubles:
    """Return the criterion at each alpha; infinite where there are too many terms."""
    design, problem = setting.design, choose_form(setting, precompute)
    n_targets = len(setting.target_mean)
    n = design.n_samples * n_targets
    free = 0 if design.means is None else n_targets
    floor = 2 * design.n_samples * problem.null_objective * _NOTHING
    W = np.zeros((design.n_features, n_targets))
    values = np.full(len(grid.alphas), np.inf)
    for k, (state, point, solver) in enumerate(
        walk(problem, grid.penalty, grid.alphas, control, W, rng)
    ):
        n_iter = round(solver.control.n_iter)
        warn_unless_converged(solver.control.status, point.gap, solver.target, n_iter)
        penalty = grid.penalty.with_alpha(grid.alphas[k])
        size = degrees_of_freedom(design, state.W, penalty) + free
        if k == 0 or size <= MAX_SHARE * n:
            error = 2 * design.n_samples * problem.moments(state)[0]
            values[k] = information(error, n, design.n_features, size, criterion, floor)
    return values


def degrees_of_freedom(design: ColumnDesign, W: Doubles, penalty: Penalty) -> float:
    """Trace of the map from y to its fit, where the support stays as it is.

    For the Lasso, the number of non-zero coefficients; with a quadratic term, that
    shrinks each singular value d of the support to ``d^2 / (d^2 + n curvature)``. Rows
    of several targets count as if each of their coefficients were free, which is an
    upper bound.
    """
    support = np.flatnonzero(W.any(axis=1))
    if penalty.curvature == 0 or support.size == 0:
        return float(support.size * W.shape[1])
    gram = np.empty((support.size, support.size))
    design.extend_gram(gram, support, 0)
    squares = np.maximum(linalg.eigvalsh(gram), 0.0)
    shrunk = squares / (squares + design.n_samples * penalty.curvature)
    return float(shrunk.sum() * W.shape[1])
