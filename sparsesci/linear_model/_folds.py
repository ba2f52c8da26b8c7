"""Cross-validation curves: one path on each fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from sparsesci._config import config_context
from sparsesci._kernels._contract import Doubles, Indices
from sparsesci.linear_model._gram import resolve_gram
from sparsesci.operators.design import ColumnDesign, DenseDesign
from sparsesci.penalties import Penalty
from sparsesci.solvers._control import Control
from sparsesci.solvers._coordinate_descent import (
    Setting,
    check_selection,
    make_setting,
)
from sparsesci.solvers._gram import dense_gram, gram_of, gram_problem
from sparsesci.solvers._path import walk

# Features up to which folds of wide data work on Gram matrices too (128 MB each).
MAX_WIDE = 4000
# Where a fold has less of a column than this share, subtraction has lost digits.
MIN_SHARE = 1e-6


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
class Curve:
    """Test errors along the alphas of one grid on one fold."""

    mse: Doubles
    n_unconverged: int
    worst_gap: float
    coefs: Doubles | None = None  # (n_alphas, n_features, n_targets)
    intercepts: Doubles | None = None  # (n_alphas, n_targets)


@dataclass
class SharedGram:
    """The Gram matrix of all samples, from which each fold takes its test samples.

    All folds together then cost two Gram matrices, instead of one for each fold. Plain
    arrays: they may be sent to other processes.
    """

    X: NDArray[Any]
    means: Doubles | None
    weights: Doubles | None
    gram: Doubles

    def of_fold(self, fold: DenseDesign, train: Indices, test: Indices) -> Doubles:
        """Return the Gram matrix of a fold's design."""
        n = len(self.X)
        rows = np.concatenate([train, test])
        if rows.size != n or np.bincount(rows, minlength=n).max() != 1:
            return gram_of(fold)  # samples in both parts, or in none, or repeated
        mass = train.size if self.weights is None else self.weights[train].sum()
        gram = dense_gram(self.X, self.means, self.weights, test)
        if fold.means is not None and self.means is not None:
            shift = np.sqrt(mass) * (fold.means - self.means)
            linalg.blas.dger(1.0, shift, shift, a=gram.T, overwrite_a=True)
        np.subtract(self.gram, gram, out=gram)
        gram *= n / mass
        alive = fold.lipschitz > 0
        lost = np.diag(gram)[alive] < MIN_SHARE * np.diag(self.gram)[alive]
        return gram_of(fold) if lost.any() else gram


def shared_gram(design: ColumnDesign, precompute: Any) -> SharedGram | None:
    """Return what folds share, where they work on Gram matrices.

    "auto" takes these for dense data unless there are many more features than samples.
    """
    if not isinstance(design, DenseDesign):
        return None
    if isinstance(precompute, str):
        n, p = design.n_samples, design.n_features
        return _share(design) if p < n or p <= min(2 * n, MAX_WIDE) else None
    given = not isinstance(precompute, (bool, np.bool_))
    return _share(design) if not given and precompute else None


def _share(design: DenseDesign) -> SharedGram:
    return SharedGram(design.X, design.means, design.sample_weight, gram_of(design))


def fold_curves(
    data: Data,
    grids: list[Grid],
    train: Indices,
    test: Indices,
    control: Control,
    precompute: Any,
    shared: SharedGram | None,
    seed: int | None,
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
        np.add.at(weights, train, all_weights[train])
        if not weights.any():
            raise ValueError("sample_weight must be positive somewhere in each fold.")
        weights *= n_samples / weights.sum()
        setting = make_setting(data.X, data.Y, weights, data.fit_intercept, False)
        gram: Doubles | None = None
        if shared is not None:
            assert isinstance(setting.design, DenseDesign)
            gram = shared.of_fold(setting.design, train, test)
        elif not isinstance(precompute, str):  # else "auto" decided for all folds
            gram = resolve_gram(setting.design, precompute)
        form = None if gram is None else gram_problem(setting.problem, gram)
        rng = check_selection("cyclic" if seed is None else "random", seed)
        return [
            _curve(
                setting, form, grid, test, all_weights[test], control, rng, keep_coefs
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
    rows = design.X[test]  # type: ignore[attr-defined]
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
