"""Lasso, elastic net and weighted Lasso."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.utils.metadata_routing import UNUSED

from sparsesci import penalties
from sparsesci._logging import warn_caller
from sparsesci.linear_model._base import (
    SparseLinearModel,
    checked_weights,
    store,
    unchecked_data,
)
from sparsesci.linear_model._gram import check_precompute, resolve_gram
from sparsesci.linear_model._path import enet_path, lasso_path
from sparsesci.solvers._coordinate_descent import (
    check_control,
    check_selection,
    make_setting,
    solve_setting,
)
from sparsesci.solvers._gram import gram_problem
from sparsesci.solvers._inputs import check_start, checked_data, target_rows


def warn_if_unpenalised(alpha: float) -> None:
    """Warn when alpha is 0; the penalty has checked that it is a number."""
    if alpha == 0:
        warn_caller(
            "With alpha=0 there is no penalty: least squares is solved. Consider "
            "sklearn.linear_model.LinearRegression.",
            UserWarning,
        )


def starting_coef(estimator: Any, shape: tuple[int, int]) -> Any:
    """Return coefficients (n_features, n_targets) to start from."""
    coef = getattr(estimator, "coef_", None) if estimator.warm_start else None
    return check_start(None if coef is None else np.atleast_2d(coef).T, shape)


class _PenalisedRegressor(MultiOutputMixin, SparseLinearModel):
    """Fit of one penalty; several targets are independent of each other."""

    # `check_input` lies between caller and method: it is not metadata to be routed.
    __metadata_request__fit: ClassVar = {"check_input": UNUSED}

    @abstractmethod
    def _penalty(self) -> penalties.Penalty:
        """Return the penalty, whose construction checks its parameters."""

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True
    ) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Used as it is if it is a Fortran-ordered array or CSC matrix of
            float32 or float64, else converted once. Never written to.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target. Several targets are fitted independently.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights; they are scaled to sum to n_samples.
        check_input : bool, default=True
            False skips the checks of X and y, for callers who have made them. X is
            converted all the same where its layout requires it.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        self._check_options("fit_intercept", "copy_X", "warm_start", "positive")
        control = check_control(self.tol, self.max_iter)
        rng = check_selection(self.selection, self.random_state)
        penalty = self._penalty()
        warn_if_unpenalised(self.alpha)
        if check_input:
            X, y = checked_data(self, X, y, multi_output=True, finite=False)
        else:
            X = unchecked_data(X)
        n_samples, n_features = X.shape
        penalty.check_n_features(n_features)
        check_precompute(self.precompute, n_features)
        weights = checked_weights(sample_weight, n_samples)
        Y = target_rows(y)
        start = starting_coef(self, (n_features, len(Y)))
        setting = make_setting(X, Y, weights, self.fit_intercept, len(Y) == 1)
        gram = resolve_gram(setting.design, self.precompute)
        results = [
            solve_setting(
                one,
                penalty,
                control.restarted(),
                rng,
                np.ascontiguousarray(start[:, k : k + 1]),
                None if gram is None else gram_problem(one.problem, gram),
            )
            for k, one in enumerate(setting.split())
        ]
        store(self, results, X.dtype, setting.single)
        return self


class ElasticNet(_PenalisedRegressor):
    """Linear regression with a combined L1 and L2 penalty.

    Minimises, with sample weights s scaled to sum to n_samples::

        1 / (2 n_samples) sum_i s_i (y_i - b - x_i' w)^2
            + alpha * l1_ratio * ||w||_1
            + alpha * (1 - l1_ratio) / 2 * ||w||_2^2

    A drop-in for :class:`sklearn.linear_model.ElasticNet` that certifies its
    solution: the objective is within `dual_gap_` of its minimum.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. With 0, least squares is solved, with a
        warning.
    l1_ratio : float, default=0.5
        Share of the L1 term, in [0, 1].
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept. Neither dense nor sparse X is copied
        for this, but for the values of sparse X where columns are far from zero.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Whether to work on the Gram matrix ``X' X`` of the centred data, or that
        matrix. It pays when n_samples is many times n_features. The certificate comes
        from the data all the same.
    max_iter : int, default=1000
        Largest number of passes: n_features updates of coefficients are one.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    tol : float, default=1e-4
        Stop when the duality gap is at most ``tol`` times the objective of zero
        coefficients, ``||y - mean(y)||^2 / (2 n_samples)``, and no gradient violates
        optimality by more than ``sqrt(tol) * alpha``. Half of scikit-learn's gap.
    warm_start : bool, default=False
        Start from the coefficients of the previous fit.
    positive : bool, default=False
        Restrict to non-negative coefficients.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Bound on the distance of `objective_` from its minimum.
    objective_ : float or ndarray of shape (n_targets,)
        Value of the objective.
    n_iter_ : int or ndarray of shape (n_targets,)
        Number of passes: updates of coefficients by number of features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    Lasso : The same with ``l1_ratio=1``.
    ElasticNetCV : Choice of alpha and l1_ratio by cross-validation.
    sparsesci.solvers.coordinate_descent : The solver, on plain arrays.

    Notes
    -----
    ConvergenceWarning is issued, with the gap reached, where the tolerance is not
    met. Bad data and parameters raise ValueError or TypeError before any work.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.linear_model import ElasticNet
    >>> X, y = make_regression(n_features=2, random_state=0)
    >>> model = ElasticNet(alpha=0.1, tol=1e-8).fit(X, y)
    >>> model.coef_.round(2)
    array([27.72, 91.72])
    """

    path = staticmethod(enet_path)

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        fit_intercept=True,
        precompute=False,
        max_iter=1000,
        copy_X=True,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _penalty(self) -> penalties.Penalty:
        return penalties.ElasticNet(self.alpha, self.l1_ratio, self.positive)


class Lasso(_PenalisedRegressor):
    """Linear regression with an L1 penalty.

    Minimises, with sample weights s scaled to sum to n_samples::

        1 / (2 n_samples) sum_i s_i (y_i - b - x_i' w)^2 + alpha * ||w||_1

    A drop-in for :class:`sklearn.linear_model.Lasso` that certifies its solution: the
    objective is within `dual_gap_` of its minimum.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. With 0, least squares is solved, with a
        warning.
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept. Neither dense nor sparse X is copied
        for this, but for the values of sparse X where columns are far from zero.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Whether to work on the Gram matrix ``X' X`` of the centred data, or that
        matrix. It pays when n_samples is many times n_features. The certificate comes
        from the data all the same.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    max_iter : int, default=1000
        Largest number of passes: n_features updates of coefficients are one.
    tol : float, default=1e-4
        Stop when the duality gap is at most ``tol`` times the objective of zero
        coefficients, ``||y - mean(y)||^2 / (2 n_samples)``, and no gradient violates
        optimality by more than ``sqrt(tol) * alpha``. Half of scikit-learn's gap.
    warm_start : bool, default=False
        Start from the coefficients of the previous fit.
    positive : bool, default=False
        Restrict to non-negative coefficients.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Bound on the distance of `objective_` from its minimum.
    objective_ : float or ndarray of shape (n_targets,)
        Value of the objective.
    n_iter_ : int or ndarray of shape (n_targets,)
        Number of passes: updates of coefficients by number of features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    LassoCV : Choice of alpha by cross-validation.
    WeightedLasso : A weight for each coefficient.
    lasso_path : Solutions along a grid of alphas.
    sparsesci.solvers.coordinate_descent : The solver, on plain arrays.

    Notes
    -----
    ConvergenceWarning is issued, with the gap reached, where the tolerance is not
    met. Bad data and parameters raise ValueError or TypeError before any work.

    Examples
    --------
    >>> from sparsesci.linear_model import Lasso
    >>> model = Lasso(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> model.coef_.round(4)
    array([0.85, 0.  ])
    >>> round(float(model.intercept_), 4)
    0.15
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        precompute=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _penalty(self) -> penalties.Penalty:
        return penalties.L1(self.alpha, self.positive)


class WeightedLasso(_PenalisedRegressor):
    """Lasso with a weight for each coefficient.

    Minimises, with sample weights s scaled to sum to n_samples::

        1 / (2 n_samples) sum_i s_i (y_i - b - x_i' w)^2
            + alpha * sum_j weights_j |w_j|

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. With 0, least squares is solved, with a
        warning.
    weights : array-like of shape (n_features,), default=None
        Non-negative. Weight 0 leaves a coefficient unpenalised, ``inf`` excludes it
        from the model. None stands for ones.
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Whether to work on the Gram matrix, as in :class:`Lasso`.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    max_iter : int, default=1000
        Largest number of passes: n_features updates of coefficients are one.
    tol : float, default=1e-4
        Relative duality gap at which to stop, as in :class:`Lasso`.
    warm_start : bool, default=False
        Start from the coefficients of the previous fit.
    positive : bool, default=False
        Restrict to non-negative coefficients.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Bound on the distance of `objective_` from its minimum.
    objective_ : float or ndarray of shape (n_targets,)
        Value of the objective.
    n_iter_ : int or ndarray of shape (n_targets,)
        Number of passes: updates of coefficients by number of features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    Lasso : The same with equal weights.
    WeightedLassoCV : Choice of alpha by cross-validation.

    Notes
    -----
    Unpenalised columns are solved together as a least-squares problem, so that the
    residual is orthogonal to them and the duality gap is valid; with ``positive=True``
    as a non-negative one. Beyond 5 million entries of such columns that is too slow;
    the gap then contains an estimate of what they may still gain.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.linear_model import WeightedLasso
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> model = WeightedLasso(0.1, weights=[0.0, 1.0, np.inf])
    >>> model.fit(X, X @ [1.0, 1.0, 1.0]).coef_[2]
    np.float64(0.0)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        weights=None,
        fit_intercept=True,
        precompute=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.weights = weights
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _penalty(self) -> penalties.Penalty:
        if self.weights is None:
            return penalties.L1(self.alpha, self.positive)
        return penalties.WeightedL1(self.alpha, self.positive, self.weights)
