"""Joint sparsity over several targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci import penalties
from sparsesci.linear_model._base import (
    SparseLinearModel,
    checked_weights,
    store,
)
from sparsesci.linear_model._lasso import starting_coef, warn_if_unpenalised
from sparsesci.linear_model._path import enet_path, lasso_path
from sparsesci.solvers._coordinate_descent import (
    check_control,
    check_selection,
    make_setting,
    solve_setting,
)
from sparsesci.solvers._inputs import checked_data, target_rows


class MultiTaskElasticNet(SparseLinearModel):
    """Elastic net that selects features jointly for all targets.

    Minimises, with sample weights s scaled to sum to n_samples::

        1 / (2 n_samples) sum_i s_i ||y_i - b - W x_i||_2^2
            + alpha * l1_ratio * sum_j ||W_j||_2
            + alpha * (1 - l1_ratio) / 2 * ||W||_F^2

    where W_j holds the coefficients of feature j for all targets: a feature is in
    the model for all of them or for none.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. With 0, least squares is solved, with a
        warning.
    l1_ratio : float, default=0.5
        Share of the first penalty, in [0, 1].
    fit_intercept : bool, default=True
        Whether to fit unpenalised intercepts.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    max_iter : int, default=1000
        Largest number of passes: n_features updates of coefficients are one.
    tol : float, default=1e-4
        Stop when the duality gap is at most ``tol`` times the objective of zero
        coefficients, ``||Y - mean(Y)||_F^2 / (2 n_samples)``.
    warm_start : bool, default=False
        Start from the coefficients of the previous fit.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.

    Attributes
    ----------
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : ndarray of shape (n_targets,)
        Intercepts.
    dual_gap_ : float
        Bound on the distance of `objective_` from its minimum.
    objective_ : float
        Value of the objective.
    n_iter_ : int
        Number of passes: updates of coefficients by number of features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    MultiTaskElasticNetCV : Choice of alpha and l1_ratio by cross-validation.
    MultiTaskLasso : The same with ``l1_ratio=1``.

    Examples
    --------
    >>> from sparsesci.linear_model import MultiTaskElasticNet
    >>> model = MultiTaskElasticNet(alpha=0.1)
    >>> model = model.fit([[0, 0], [1, 1], [2, 2]], [[0, 0], [1, 1], [2, 2]])
    >>> model.coef_.shape
    (2, 2)
    """

    path = staticmethod(enet_path)

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        fit_intercept=True,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection

    def _penalty(self) -> penalties.Penalty:
        return penalties.ElasticNet(self.alpha, self.l1_ratio)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Never written to.
        y : array-like of shape (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights; they are scaled to sum to n_samples.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        self._check_options("fit_intercept", "copy_X", "warm_start")
        control = check_control(self.tol, self.max_iter)
        rng = check_selection(self.selection, self.random_state)
        penalty = self._penalty()
        warn_if_unpenalised(self.alpha)
        X, y = checked_data(self, X, y, multi_output=True, finite=False)
        if y.ndim == 1:
            raise ValueError(
                f"y must have shape (n_samples, n_targets), got {y.shape}. For "
                f"mono-task outputs, use {type(self).__name__[len('MultiTask') :]}"
            )
        weights = checked_weights(sample_weight, X.shape[0])
        setting = make_setting(X, target_rows(y), weights, self.fit_intercept, False)
        W = starting_coef(self, (X.shape[1], y.shape[1]))
        result = solve_setting(setting, penalty, control, rng, W)
        store(self, [result], X.dtype, single=False)
        if not self.fit_intercept:
            self.intercept_ = np.zeros(y.shape[1], dtype=X.dtype)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


class MultiTaskLasso(MultiTaskElasticNet):
    """Lasso that selects features jointly for all targets.

    Minimises, with sample weights s scaled to sum to n_samples::

        1 / (2 n_samples) sum_i s_i ||y_i - b - W x_i||_2^2
            + alpha * sum_j ||W_j||_2

    where W_j holds the coefficients of feature j for all targets.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. With 0, least squares is solved, with a
        warning.
    fit_intercept : bool, default=True
        Whether to fit unpenalised intercepts.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    max_iter : int, default=1000
        Largest number of passes: n_features updates of coefficients are one.
    tol : float, default=1e-4
        Stop when the duality gap is at most ``tol`` times the objective of zero
        coefficients, ``||Y - mean(Y)||_F^2 / (2 n_samples)``.
    warm_start : bool, default=False
        Start from the coefficients of the previous fit.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.

    Attributes
    ----------
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : ndarray of shape (n_targets,)
        Intercepts.
    dual_gap_ : float
        Bound on the distance of `objective_` from its minimum.
    objective_ : float
        Value of the objective.
    n_iter_ : int
        Number of passes: updates of coefficients by number of features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    MultiTaskLassoCV : Choice of alpha by cross-validation.
    MultiTaskElasticNet : With an L2 term as well.

    Examples
    --------
    >>> from sparsesci.linear_model import MultiTaskLasso
    >>> model = MultiTaskLasso(alpha=0.1, tol=1e-8)
    >>> model = model.fit([[0, 1], [1, 2], [2, 4]], [[0, 0], [1, 1], [2, 3]])
    >>> model.coef_.round(4)
    array([[0.    , 0.6081],
           [0.    , 0.9459]])
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection

    def _penalty(self) -> penalties.Penalty:
        return penalties.L1(self.alpha)
