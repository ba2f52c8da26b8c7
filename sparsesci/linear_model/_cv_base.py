"""Choice of alpha (and l1_ratio) by cross-validation: what the estimators share."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from joblib import cpu_count, effective_n_jobs
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from sparsesci import penalties
from sparsesci._config import get_config
from sparsesci._logging import warn_caller
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.linear_model._base import (
    SparseLinearModel,
    checked_weights,
)
from sparsesci.linear_model._criterion import criterion_path
from sparsesci.linear_model._fold_grams import fold_grams
from sparsesci.linear_model._folds import Curve, Data, Fold, Grid, fold_curves
from sparsesci.linear_model._gram import check_precompute
from sparsesci.linear_model._path import check_grid_ratio
from sparsesci.solvers._coordinate_descent import (
    Setting,
    check_control,
    check_selection,
    make_setting,
)
from sparsesci.solvers._inputs import checked_data, flattened, target_rows
from sparsesci.solvers._path import alpha_grid, check_alphas
from sparsesci.utils.criteria import CRITERIA
from sparsesci.utils.routing import SplitterRouting
from sparsesci.utils.validation import check_choice


def _shared_cores(n_jobs: int | None) -> AbstractContextManager[Any]:
    """Limit BLAS: folds that run at once would each start a thread for every core."""
    n_threads = effective_n_jobs(n_jobs)
    if n_threads == 1:
        return nullcontext()
    limit = max(1, cpu_count() // n_threads)
    return threadpool_limits(limits=limit, user_api="blas")


class LinearModelCV(SplitterRouting, SparseLinearModel):
    """Base of the estimators that choose alpha on folds and refit on all data."""

    _multi_task = False

    @abstractmethod
    def _estimator(self) -> Any:
        """Return the unfitted estimator that is refitted at the chosen alpha."""

    @abstractmethod
    def _penalties(self) -> list[penalties.Penalty]:
        """Penalties at alpha = 1, one for each l1_ratio."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Any:
        """Choose alpha by cross-validation and fit on all data.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Never written to. A fold copies its test samples where it works on a
            Gram matrix, and the values of sparse X where columns are far from zero.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target; one for each sample, or several for the MultiTask estimators.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights, for fitting and for test errors.
        **params : dict, default=None
            Metadata for the splitter, such as `groups`. Only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        control, grids, alphas = self._check_parameters()
        split_params = self._split_params(params, sample_weight)
        X, y = self._check_data(X, y)
        for grid in grids:
            grid.penalty.check_n_features(X.shape[1])
        check_precompute(getattr(self, "precompute", False), X.shape[1])
        weights = checked_weights(sample_weight, X.shape[0])
        data = Data(X, target_rows(y), weights, self.fit_intercept)
        whole = make_setting(X, data.Y, weights, self.fit_intercept, False)
        self._fill_grids(grids, alphas, whole)
        if self.criterion == "cv":
            splits = list(check_cv(self.cv).split(X, y, **split_params))
            if not splits:
                raise ValueError(f"cv must give at least one fold, got {self.cv!r}.")
            curves = self._run_folds(data, whole, grids, splits, control)
            which, where = self._choose_by_errors(curves)
        else:
            which, where = self._choose_by_criterion(whole, grids, control)
        self._store_grid(grids, which, where, given=not isinstance(alphas, int))
        self._refit(X, y, sample_weight)
        return self

    def _check_parameters(self) -> tuple[Any, list[Grid], Any]:
        flags = ["fit_intercept", "copy_X"]
        if hasattr(self, "positive"):
            flags.append("positive")
        self._check_options(*flags, "keep_coefs")
        check_choice("selection_rule", self.selection_rule, ("min", "1se"))
        check_choice("criterion", self.criterion, ("cv", *CRITERIA))
        if self.criterion != "cv" and self.selection_rule != "min":
            raise ValueError(
                f"selection_rule={self.selection_rule!r} needs errors on folds: "
                f"criterion must be 'cv', got {self.criterion!r}."
            )
        control = check_control(self.tol, self.max_iter, verbose=self.verbose)
        alphas = check_alphas(self.alphas, self.eps)
        grids = [Grid(penalty, np.empty(0)) for penalty in self._penalties()]
        if isinstance(alphas, int):
            for grid in grids:
                check_grid_ratio(grid.penalty)
        return control, grids, alphas

    def _check_data(self, X: Any, y: Any) -> tuple[Any, Any]:
        X, y = checked_data(self, X, y, multi_output=True, finite=False)
        name = type(self).__name__
        if self._multi_task and y.ndim == 1:
            raise ValueError(
                f"y must have shape (n_samples, n_targets), got {y.shape}. For "
                f"mono-task outputs, use {name[len('MultiTask') :]}"
            )
        if not self._multi_task and y.ndim > 1:
            if y.shape[1] > 1:
                raise ValueError(
                    f"y must be one target, got shape {y.shape}. For multi-task "
                    f"outputs, use MultiTask{name}"
                )
            y = flattened(y)
        return X, y

    def _fill_grids(self, grids: list[Grid], alphas: Any, whole: Setting) -> None:
        problem, n_targets = whole.problem, len(whole.target_mean)
        for grid in grids:
            grid.alphas = (
                alpha_grid(problem, grid.penalty, n_targets, alphas, self.eps)
                if isinstance(alphas, int)
                else alphas
            )

    def _run_folds(
        self, data: Data, whole: Setting, grids: Any, splits: Any, control: Any
    ) -> Any:
        """Return the curves of each fold, one for each grid."""
        precompute = getattr(self, "precompute", False)
        seeds: list[int | None] = [None] * len(splits)
        if self.selection == "random":
            rng = check_random_state(self.random_state)
            seeds = [int(rng.randint(2**31 - 1)) for _ in splits]
        backend = get_config()["backend"]
        with _shared_cores(self.n_jobs):
            tests = [test for _, test in splits]
            shared = fold_grams(whole.design, precompute, tests, self.n_jobs)
            curves = Parallel(n_jobs=self.n_jobs, prefer="threads")(
                delayed(fold_curves)(
                    data,
                    grids,
                    Fold(number, train, test, seed),
                    control,
                    precompute,
                    shared,
                    backend,
                    self.keep_coefs,
                )
                for number, ((train, test), seed) in enumerate(zip(splits, seeds))
            )
        failed = sum(c.n_unconverged for fold in curves for c in fold)
        if failed:
            total = sum(c.mse.size for fold in curves for c in fold)
            worst = max(c.worst_gap for fold in curves for c in fold)
            warn_caller(
                f"Objective did not converge for {failed} of the {total} fits on "
                "folds. You might want to increase the number of iterations. Largest "
                f"relative duality gap: {worst:.3e}, tolerance: {self.tol:.3e}.",
                ConvergenceWarning,
            )
        return curves

    def _choose_by_errors(self, curves: list[list[Curve]]) -> tuple[int, int]:
        """Set the curves; return the best grid and alpha by the errors on folds."""
        mse = np.moveaxis(np.array([[c.mse for c in fold] for fold in curves]), 0, 2)
        self.mse_path_ = np.squeeze(mse)
        if self.keep_coefs:
            self._store_coefs(curves)
        mean, n_folds = mse.mean(axis=2), len(curves)
        which, where = map(int, np.unravel_index(np.argmin(mean), mean.shape))
        if self.selection_rule == "1se":
            if n_folds < 2:
                raise ValueError(
                    "selection_rule='1se' needs at least two folds, got one."
                )
            error = mse[which, where].std(ddof=1) / np.sqrt(n_folds)
            where = int(np.argmax(mean[which] <= mean[which, where] + error))
        return which, where

    def _store_coefs(self, curves: list[list[Curve]]) -> None:
        coefs = np.array([[curve.coefs for curve in fold] for fold in curves])
        intercepts = np.array([[curve.intercepts for curve in fold] for fold in curves])
        coefs = np.moveaxis(coefs, -1, -2)  # (folds, grids, alphas, targets, features)
        if not self._multi_task:
            coefs, intercepts = coefs[..., 0, :], intercepts[..., 0]
        if np.ndim(getattr(self, "l1_ratio", 1.0)) == 0:
            coefs, intercepts = coefs[:, 0], intercepts[:, 0]
        self.coefs_path_, self.intercepts_path_ = coefs, intercepts

    def _choose_by_criterion(
        self, whole: Setting, grids: list[Grid], control: Any
    ) -> tuple[int, int]:
        """Set the criterion along the paths; return the best grid and alpha."""
        rng = check_selection(self.selection, self.random_state)
        precompute = getattr(self, "precompute", False)
        paths = np.stack(
            [
                criterion_path(whole, grid, self.criterion, control, precompute, rng)
                for grid in grids
            ]
        )
        self.criterion_path_ = np.squeeze(paths)
        which, where = np.unravel_index(np.argmin(paths), paths.shape)
        return int(which), int(where)

    def _store_grid(
        self, grids: list[Grid], which: int, where: int, given: bool
    ) -> None:
        self.alpha_ = grids[which].alphas[where]
        alphas = np.stack([grid.alphas for grid in grids])
        self.alphas_ = alphas[0] if given or len(grids) == 1 else alphas
        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = np.atleast_1d(self.l1_ratio)[which]

    def _refit(self, X: Any, y: Any, sample_weight: Any) -> None:
        model = self._estimator()
        names = model.get_params()
        shared = {k: v for k, v in self.get_params().items() if k in names}
        if isinstance(shared.get("precompute"), str):
            shared["precompute"] = False  # one fit does not repay a Gram matrix
        model.set_params(**shared)
        model.alpha = float(self.alpha_)
        if hasattr(self, "l1_ratio_"):
            model.l1_ratio = float(self.l1_ratio_)
        model.fit(X, y, sample_weight=sample_weight)
        for name in ("coef_", "intercept_", "dual_gap_", "objective_", "n_iter_"):
            setattr(self, name, getattr(model, name))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = not self._multi_task
        tags.target_tags.multi_output = self._multi_task
        return tags
