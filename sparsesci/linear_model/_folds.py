"""Cross-validation curves: one path on each fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sparsesci._config import config_context
from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.linear_model._fold_grams import FoldGrams
from sparsesci.linear_model._gram import resolve_gram
from sparsesci.operators.design import DenseDesign
from sparsesci.penalties import Penalty
from sparsesci.solvers._control import Control
from sparsesci.solvers._coordinate_descent import (
    Setting,
    check_selection,
    make_setting,
)
from sparsesci.solvers._gram import gram_problem
from sparsesci.solvers._path import walk


@dataclass
class Data:
    """Checked data, shared by the folds."""

    X: Any
    Y: Doubles
    weights: Doubles | None
    fit_intercept: bool


@dataclass
class Grid:
    """A penalty and the alphas to try it at."""

    penalty: Penalty
    alphas: Doubles


@dataclass
class Fold:
    """Samples to train and to test on, and a seed where the order is random."""

    number: int
    train: Indices
    test: Indices
    seed: int | None


@dataclass
class Curve:
    """Test errors along the alphas of one grid on one fold."""

    mse: Doubles
    n_unconverged: int
    worst_gap: float
    coefs: Doubles | None = None  # (n_alphas, n_features, n_targets)
    intercepts: Doubles | None = None  # (n_alphas, n_targets)


def fold_curves(
    data: Data,
    grids: list[Grid],
    fold: Fold,
    control: Control,
    precompute: Any,
    shared: FoldGrams | None,
    backend: str,
    keep_coefs: bool,
) -> list[Curve]:
    """Return one curve for each grid.

    Test rows get weight 0 instead of a copy of the others; the residual then holds
    the errors of prediction in their places.
    """
    with config_context(backend=backend):
        n_samples = data.X.shape[0]
        all_weights = np.ones(n_samples) if data.weights is None else data.weights
        weights = np.zeros(n_samples)
        np.add.at(weights, fold.train, all_weights[fold.train])
        if not weights.any():
            raise ValueError("sample_weight must be positive somewhere in each fold.")
        weights *= n_samples / weights.sum()
        setting = make_setting(data.X, data.Y, weights, data.fit_intercept, False)
        gram: Doubles | None = None
        if shared is not None:
            assert isinstance(setting.design, DenseDesign)
            gram = shared.of_fold(fold.number, setting.design, fold.train, fold.test)
        elif not isinstance(precompute, str):  # else "auto" decided for all folds
            gram = resolve_gram(setting.design, precompute)
        form = None if gram is None else gram_problem(setting.problem, gram)
        rng = check_selection("cyclic" if fold.seed is None else "random", fold.seed)
        return [
            _curve(
                setting,
                form,
                grid,
                fold.test,
                all_weights[fold.test],
                control,
                rng,
                keep_coefs,
            )
            for grid in grids
        ]


def _curve(
    setting: Setting,
    form: Any,
    grid: Grid,
    test: Indices,
    test_weights: Doubles,
    control: Control,
    rng: Any,
    keep_coefs: bool,
) -> Curve:
    problem = setting.problem if form is None else form
    W = np.zeros((setting.design.n_features, len(setting.target_mean)))
    coefs, squares = [], []
    n_unconverged, worst = 0, 0.0
    for state, point, solver in walk(
        problem, grid.penalty, grid.alphas, control.restarted(), W, rng
    ):
        if form is None:
            errors = state.residual.values[:, test] + state.residual.offset[:, None]
            squares.append((errors**2).mean(axis=0))
        if form is not None or keep_coefs:
            coefs.append(state.W.copy())
        if solver.control.status != "converged":
            n_unconverged += 1
            worst = max(worst, point.gap / (problem.null_objective or 1.0))
    if form is not None:
        squares = list(_squared_errors(setting, test, np.stack(coefs)))
    if not test_weights.any():
        raise ValueError("sample_weight must be positive somewhere in each test fold.")
    mse = np.average(np.stack(squares), weights=test_weights, axis=1)
    curve = Curve(mse, n_unconverged, worst)
    if keep_coefs:
        curve.coefs = np.stack(coefs)
        mean, design = setting.target_mean, setting.design
        curve.intercepts = np.stack([design.intercept(W, mean) for W in coefs])
    return curve


def _squared_errors(setting: Setting, test: Indices, coefs: Doubles) -> Doubles:
    """Mean squared errors over targets on the test rows, shape (n_alphas, n_test)."""
    design = setting.design
    rows = design.X[test]
    if sparse.issparse(rows):
        rows = rows.tocsr()
    n_alphas, n_features, n_targets = coefs.shape
    flat = coefs.transpose(1, 0, 2).reshape(n_features, -1)
    fitted = np.asarray(rows @ flat)
    if design.means is not None:
        fitted = fitted - design.means @ flat
    fitted = fitted.reshape(len(test), n_alphas, n_targets)
    errors = setting.problem.Y[:, test].T[:, None, :] - fitted
    return np.asarray((errors**2).mean(axis=2).T)
