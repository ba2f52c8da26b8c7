"""Choice of alpha (and l1_ratio) by cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci import penalties
from sparsesci.linear_model._cv_base import LinearModelCV
from sparsesci.linear_model._lasso import ElasticNet, Lasso, WeightedLasso
from sparsesci.linear_model._path import enet_path, lasso_path


def mixed_penalties(l1_ratio: Any, positive: bool) -> list[penalties.Penalty]:
    """Return an elastic net at alpha = 1 for each l1_ratio."""
    ratios = np.atleast_1d(np.asarray(l1_ratio, dtype=object))
    if ratios.ndim != 1 or ratios.size == 0:
        raise ValueError(f"l1_ratio must be a number or a list, got {l1_ratio!r}.")
    return [penalties.ElasticNet(1.0, ratio, positive) for ratio in ratios.tolist()]


class LassoCV(LinearModelCV):
    """Lasso with alpha chosen by cross-validation.

    A path of :class:`Lasso` solutions is computed on each fold, without a copy of its
    training data, and the alpha with the smallest mean squared error on the left-out
    samples is used for a fit on all data. A drop-in for
    :class:`sklearn.linear_model.LassoCV`.

    Parameters
    ----------
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of an automatic grid.
    alphas : int or array-like, default=100
        Number of alphas, evenly in the logarithm from the smallest one that gives
        all zeros, or their values.
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept.
    precompute : {"auto"}, bool or array-like, default="auto"
        Whether the folds work on Gram matrices. "auto" does so for dense data with
        more samples than features, or up to twice as many features (1000 at most).
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
    positive : bool, default=False
        Restrict to non-negative coefficients.
    random_state : int, RandomState instance or None, default=None
        Used when ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which coefficients are visited.
    selection_rule : {"min", "1se"}, default="min"
        Whether to take the alpha with the smallest mean test error, or the largest
        one whose mean is within one standard error of that.
    criterion : {"cv", "aic", "bic", "ebic", "sic"}, default="cv"
        What to choose by: errors on folds, or an information criterion of one path
        on all data, which needs no folds: see Notes.
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
    coefs_path_ : ndarray of shape (n_folds, n_alphas, n_features)
        Coefficients on the folds, with `keep_coefs`.
    intercepts_path_ : ndarray of shape (n_folds, n_alphas)
        Intercepts that belong to them.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the fit on all data, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float
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
    Lasso : One fit at a given alpha.
    sparsesci.plotting.CVPathDisplay : Picture of the test errors.

    Notes
    -----
    With ``criterion="aic"``, "bic", "ebic" or "sic", the smallest value of::

        n_samples log(RSS / n_samples) + df * price

    decides, where the price is 2, log(n_samples), log(n_samples) +
    2 log(n_features) or log(n_features) log(log(n_samples)). Degrees of freedom df are
    the number of non-zero coefficients [1]_ (for the elastic net, the trace of the
    map from y to its fit on the support [2]_) and the intercept. Solutions with more of
    them than half of the samples do not count: their residual says nothing about the
    noise. EBIC is meant for more features than samples [3]_.

    References
    ----------
    .. [1] H. Zou, T. Hastie, R. Tibshirani, "On the degrees of freedom of the lasso",
       Annals of Statistics 35(5), 2007.
    .. [2] R. J. Tibshirani, J. Taylor, "Degrees of freedom in lasso problems", Annals
       of Statistics 40(2), 2012.
    .. [3] J. Chen, Z. Chen, "Extended Bayesian information criteria for model selection
       with large model spaces", Biometrika 95(3), 2008.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.linear_model import LassoCV
    >>> X, y = make_regression(noise=4.0, random_state=0)
    >>> model = LassoCV(cv=5).fit(X, y)
    >>> round(model.score(X, y), 3)
    0.999
    >>> model = LassoCV(criterion="ebic").fit(X, y)
    >>> int((model.coef_ != 0).sum())
    13
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
        selection_rule="min",
        criterion="cv",
        keep_coefs=False,
    ):
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.selection_rule = selection_rule
        self.criterion = criterion
        self.keep_coefs = keep_coefs

    def _estimator(self) -> Lasso:
        return Lasso()

    def _penalties(self) -> list[penalties.Penalty]:
        return [penalties.L1(1.0, self.positive)]


class ElasticNetCV(LinearModelCV):
    """Elastic net with alpha and l1_ratio chosen by cross-validation.

    A path of :class:`ElasticNet` solutions is computed on each fold and for each
    l1_ratio; the pair with the smallest mean squared error on the left-out samples is
    used for a fit on all data. A drop-in for
    :class:`sklearn.linear_model.ElasticNetCV`.

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
    precompute : {"auto"}, bool or array-like, default="auto"
        Whether the folds work on Gram matrices. "auto" does so for dense data with
        more samples than features, or up to twice as many features (1000 at most).
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
    positive : bool, default=False
        Restrict to non-negative coefficients.
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
    coefs_path_ : ndarray of shape (n_folds, n_alphas, n_features)
        Coefficients on the folds, with `keep_coefs`; for a list of l1_ratio, its
        axis follows the first.
    intercepts_path_ : ndarray of shape (n_folds, n_alphas)
        Intercepts that belong to them.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the fit on all data, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float
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
    ElasticNet : One fit at a given alpha.
    sparsesci.plotting.CVPathDisplay : Picture of the test errors.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.linear_model import ElasticNetCV
    >>> X, y = make_regression(noise=4.0, random_state=0)
    >>> model = ElasticNetCV(l1_ratio=[0.5, 1.0], cv=5).fit(X, y)
    >>> float(model.l1_ratio_)
    1.0
    """

    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        cv=None,
        copy_X=True,
        verbose=0,
        n_jobs=None,
        positive=False,
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
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.selection_rule = selection_rule
        self.criterion = criterion
        self.keep_coefs = keep_coefs

    def _estimator(self) -> ElasticNet:
        return ElasticNet()

    def _penalties(self) -> list[penalties.Penalty]:
        return mixed_penalties(self.l1_ratio, self.positive)


class WeightedLassoCV(LinearModelCV):
    """Weighted Lasso with alpha chosen by cross-validation.

    As :class:`LassoCV`, with the penalty of :class:`WeightedLasso`.

    Parameters
    ----------
    weights : array-like of shape (n_features,), default=None
        Non-negative. Weight 0 leaves a coefficient unpenalised, ``inf`` excludes it.
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of an automatic grid.
    alphas : int or array-like, default=100
        Number of alphas, evenly in the logarithm from the smallest one that gives
        all zeros, or their values.
    fit_intercept : bool, default=True
        Whether to fit an unpenalised intercept.
    precompute : {"auto"}, bool or array-like, default="auto"
        Whether the folds work on Gram matrices. "auto" does so for dense data with
        more samples than features, or up to twice as many features (1000 at most).
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
    positive : bool, default=False
        Restrict to non-negative coefficients.
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
    coefs_path_ : ndarray of shape (n_folds, n_alphas, n_features)
        Coefficients on the folds, with `keep_coefs`.
    intercepts_path_ : ndarray of shape (n_folds, n_alphas)
        Intercepts that belong to them.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the fit on all data, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float
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
    WeightedLasso : One fit at a given alpha.
    LassoCV : The same with equal weights.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.linear_model import WeightedLassoCV
    >>> X, y = make_regression(n_features=3, noise=4.0, random_state=0)
    >>> model = WeightedLassoCV(weights=[0.0, 1.0, 1.0]).fit(X, y)
    >>> model.coef_.shape
    (3,)
    """

    def __init__(
        self,
        *,
        weights=None,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
        selection_rule="min",
        criterion="cv",
        keep_coefs=False,
    ):
        self.weights = weights
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.selection_rule = selection_rule
        self.criterion = criterion
        self.keep_coefs = keep_coefs

    def _estimator(self) -> WeightedLasso:
        return WeightedLasso()

    def _penalties(self) -> list[penalties.Penalty]:
        if self.weights is None:
            return [penalties.L1(1.0, self.positive)]
        return [penalties.WeightedL1(1.0, self.positive, self.weights)]
