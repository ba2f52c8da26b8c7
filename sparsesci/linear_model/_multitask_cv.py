"""Choice of alpha (and l1_ratio) by cross-validation, for several targets."""

from __future__ import annotations

from sparsesci import penalties
from sparsesci.linear_model._cv import mixed_penalties
from sparsesci.linear_model._cv_base import LinearModelCV
from sparsesci.linear_model._multitask import MultiTaskElasticNet, MultiTaskLasso
from sparsesci.linear_model._path import enet_path, lasso_path


class MultiTaskLassoCV(LinearModelCV):
    """Multi-task Lasso with alpha chosen by cross-validation.

    As :class:`LassoCV`, for :class:`MultiTaskLasso`.

    Parameters
    ----------
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of an automatic grid.
    alphas : int or array-like, default=100
        Number of alphas, evenly in the logarithm from the smallest one that gives
        all zeros, or their values.
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept.
    max_iter : int, default=1000
        Largest number of passes for each alpha: n_features updates are one.
    tol : float, default=1e-4
        Duality gap at which to stop, relative to the objective of zero coefficients.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    cv : int, cross-validation generator or iterable, default=None
        Folds: None and integers stand for that many (5) without shuffling.
    verbose : int or bool, default=False
        Log progress to the logger "sparsesci".
    n_jobs : int, default=None
        Number of threads over the folds. None means 1, -1 all cores.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.
    selection_rule : {"min", "1se"}, default="min"
        Whether to take the alpha with the smallest mean test error, or the largest
        one whose mean is within one standard error of that.
    criterion : {"cv", "aic", "bic", "ebic", "sic"}, default="cv"
        What to choose by: errors on folds, or an information criterion of one path
        on all data, which needs no folds: see :class:`LassoCV`.
    keep_coefs : bool, default=False
        Whether to keep the coefficients of every fold and alpha.

    Attributes
    ----------
    alpha_ : float
        The chosen alpha.
    alphas_ : ndarray of shape (n_alphas,)
        Alphas that were tried, from large to small.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared test errors.
    criterion_path_ : ndarray of shape (n_alphas,)
        The criterion, in the place of `mse_path_` where it is not "cv".
    coefs_path_ : ndarray of shape (n_folds, n_alphas, n_targets, n_features)
        Coefficients on the folds, with `keep_coefs`.
    intercepts_path_ : ndarray of shape (n_folds, n_alphas, n_targets)
        Intercepts that belong to them.
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients of the fit on all data, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : ndarray of shape (n_targets,)
        Intercept.
    dual_gap_ : float
        Bound on the distance of `objective_` from its minimum.
    objective_ : float
        Value of the objective at `alpha_`, on all data.
    n_iter_ : int
        Number of passes of the fit on all data: updates by number of features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    MultiTaskLasso : One fit at a given alpha.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.linear_model import MultiTaskLassoCV
    >>> X, y = make_regression(n_targets=2, noise=4.0, random_state=0)
    >>> model = MultiTaskLassoCV(cv=5).fit(X, y)
    >>> model.coef_.shape
    (2, 100)
    """

    _multi_task = True
    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
        selection_rule="min",
        criterion="cv",
        keep_coefs=False,
    ):
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.selection_rule = selection_rule
        self.criterion = criterion
        self.keep_coefs = keep_coefs

    def _estimator(self) -> MultiTaskLasso:
        return MultiTaskLasso()

    def _penalties(self) -> list[penalties.Penalty]:
        return [penalties.L1(1.0)]


class MultiTaskElasticNetCV(LinearModelCV):
    """Multi-task elastic net with alpha and l1_ratio chosen by cross-validation.

    As :class:`ElasticNetCV`, for :class:`MultiTaskElasticNet`.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share of the L1 term, in [0, 1]; the best of a list is chosen.
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of an automatic grid.
    alphas : int or array-like, default=100
        Number of alphas, evenly in the logarithm from the smallest one that gives
        all zeros, or their values.
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept.
    max_iter : int, default=1000
        Largest number of passes for each alpha: n_features updates are one.
    tol : float, default=1e-4
        Duality gap at which to stop, relative to the objective of zero coefficients.
    cv : int, cross-validation generator or iterable, default=None
        Folds: None and integers stand for that many (5) without shuffling.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    verbose : int or bool, default=0
        Log progress to the logger "sparsesci".
    n_jobs : int, default=None
        Number of threads over the folds. None means 1, -1 all cores.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.
    selection_rule : {"min", "1se"}, default="min"
        Whether to take the alpha with the smallest mean test error, or the largest
        one whose mean is within one standard error of that.
    criterion : {"cv", "aic", "bic", "ebic", "sic"}, default="cv"
        What to choose by: errors on folds, or an information criterion of one path
        on all data, which needs no folds: see :class:`LassoCV`.
    keep_coefs : bool, default=False
        Whether to keep the coefficients of every fold and alpha.

    Attributes
    ----------
    alpha_ : float
        The chosen alpha.
    l1_ratio_ : float
        The chosen l1_ratio.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        Alphas that were tried, from large to small.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or \
            (n_l1_ratio, n_alphas, n_folds)
        Mean squared test errors.
    criterion_path_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        The criterion, in the place of `mse_path_` where it is not "cv".
    coefs_path_ : ndarray of shape (n_folds, n_alphas, n_targets, n_features)
        Coefficients on the folds, with `keep_coefs`; for a list of l1_ratio, its
        axis follows the first.
    intercepts_path_ : ndarray of shape (n_folds, n_alphas, n_targets)
        Intercepts that belong to them.
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients of the fit on all data, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : ndarray of shape (n_targets,)
        Intercept.
    dual_gap_ : float
        Bound on the distance of `objective_` from its minimum.
    objective_ : float
        Value of the objective at `alpha_`, on all data.
    n_iter_ : int
        Number of passes of the fit on all data: updates by number of features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    MultiTaskElasticNet : One fit at a given alpha.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.linear_model import MultiTaskElasticNetCV
    >>> X, y = make_regression(n_targets=2, noise=4.0, random_state=0)
    >>> model = MultiTaskElasticNetCV(l1_ratio=[0.5, 0.9], cv=5).fit(X, y)
    >>> float(model.l1_ratio_)
    0.9
    """

    _multi_task = True
    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        copy_X=True,
        verbose=0,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
        selection_rule="min",
        criterion="cv",
        keep_coefs=False,
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.selection_rule = selection_rule
        self.criterion = criterion
        self.keep_coefs = keep_coefs

    def _estimator(self) -> MultiTaskElasticNet:
        return MultiTaskElasticNet()

    def _penalties(self) -> list[penalties.Penalty]:
        return mixed_penalties(self.l1_ratio, False)
