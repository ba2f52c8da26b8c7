"""Selection of the best subset as a transformer."""

from __future__ import annotations

from typing import Any

from sparsesci.greedy._best_subset import BestSubset
from sparsesci.greedy._selectors import (
    SupportSelector,
    check_n_select,
    number_to_select,
)
from sparsesci.solvers._inputs import checked_data


class BestSubsetSelector(SupportSelector):
    """Best subset of features for linear regression, by splicing.

    Looks for ``min_{w, b} ||y - b - X_S w||^2`` over sets S of k features: from the
    solution for k - 1, swaps the features that matter least for those outside that
    would help most, as long as the error falls. Unlike forward selection it can drop
    what it has taken.

    Parameters
    ----------
    n_features_to_select : int, float or "auto", default=None
        Number k of features, or their share of all; half of all by default. With
        "auto", `criterion` chooses, maybe none at all.
    criterion : {"aic", "bic", "ebic", "sic"}, default="ebic"
        What k minimises where it is "auto": see :class:`BestSubset`.
    max_features : int, default=None
        Largest number that "auto" chooses from; about ``n / (log(p) log(log(n)))`` by
        default.
    exchange_max : int, default=5
        Largest number of features that are swapped at once.
    max_iter : int, default=100
        Largest number of swaps for each size. A ConvergenceWarning says by how much the
        last one still lowered the error, if it was not enough.

    Attributes
    ----------
    support_ : ndarray of bool of shape (n_features,)
        Mask of the selected features.
    n_features_ : int
        Number of selected features: fewer than asked for, with a warning, where the
        others depend linearly on them or all is explained.
    n_iter_ : int
        Number of swaps.
    estimator_ : BestSubset
        The regression on these features, with its coefficients and criteria.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    BestSubset : The regression.
    ForwardSelector : Adds features and never drops one.
    SparseProbe : Best subsets for two classes.

    References
    ----------
    .. [1] J. Zhu, C. Wen, J. Zhu, H. Zhang and X. Wang (2020). A polynomial algorithm
       for best-subset selection problem. PNAS, 117(52), 33117-33123.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import BestSubsetSelector
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> BestSubsetSelector(4).fit(X, y).get_feature_names_out().tolist()
    ['bmi', 'bp', 's1', 's5']
    """

    def __init__(
        self,
        n_features_to_select=None,
        *,
        criterion="ebic",
        max_features=None,
        exchange_max=5,
        max_iter=100,
    ):
        self.n_features_to_select = n_features_to_select
        self.criterion = criterion
        self.max_features = max_features
        self.exchange_max = exchange_max
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> Any:
        """Select features.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,)
            Target.

        Returns
        -------
        self : object
            Fitted selector.
        """
        auto = self.n_features_to_select == "auto"
        if not auto:
            check_n_select(self.n_features_to_select)
        X, y = checked_data(self, X, y, multi_output=False)
        k = None if auto else number_to_select(self.n_features_to_select, X.shape[1])
        self.estimator_ = BestSubset(
            n_nonzero_coefs=k,
            criterion=self.criterion,
            max_nonzero_coefs=self.max_features,
            exchange_max=self.exchange_max,
            max_iter=self.max_iter,
        ).fit(X, y)
        self.n_iter_ = self.estimator_.n_iter_
        self._store_support(self.estimator_.coef_ != 0, n_asked=k)
        return self
