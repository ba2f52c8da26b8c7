"""Selection of features as transformers."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sparsesci._logging import warn_caller
from sparsesci.greedy._columns import ScaledColumns
from sparsesci.greedy._forward import forward_order
from sparsesci.operators import as_design
from sparsesci.solvers._inputs import check_targets, clean_csc
from sparsesci.utils.tags import SparseInput
from sparsesci.utils.validation import check_choice, check_integer, check_real

_TASKS = ("regression", "classification")


def check_n_select(n_features_to_select: Any) -> None:
    """Refuse what is no number of features, before any data are looked at."""
    if isinstance(n_features_to_select, float):
        check_real(
            "n_features_to_select",
            n_features_to_select,
            low=0,
            high=1,
            open_low=True,
            open_high=True,
        )
    elif n_features_to_select is not None:
        check_integer("n_features_to_select", n_features_to_select)


def number_to_select(n_features_to_select: Any, n_features: int) -> int:
    """Return the number of features: a given one, a share of all, or half of them."""
    if n_features_to_select is None:
        n_features_to_select = 0.5
    if isinstance(n_features_to_select, float):
        return max(1, int(n_features_to_select * n_features))
    if n_features_to_select > n_features:
        raise ValueError(
            f"n_features_to_select must be at most n_features = {n_features}, got "
            f"{n_features_to_select}."
        )
    return int(n_features_to_select)


class SupportSelector(SparseInput, SelectorMixin, BaseEstimator):
    """Base of all selectors: ``support_`` is the mask of what is selected."""

    def _store_support(self, support: Any, n_asked: int | None) -> None:
        """Store the mask; warn where fewer features than asked for are in it."""
        self.support_ = support
        self.n_features_ = int(support.sum())
        if n_asked is not None and self.n_features_ < n_asked:
            warn_caller(
                f"Only {self.n_features_} of {n_asked} features were selected: the "
                "others depend linearly on them, or there is nothing left to explain.",
                UserWarning,
            )

    def _get_support_mask(self) -> Any:
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class _LinearSelector(SupportSelector):
    """Selection by the squared error of linear regression on what is selected."""

    def __init__(self, n_features_to_select=None, *, task="regression"):
        self.n_features_to_select = n_features_to_select
        self.task = task

    @abstractmethod
    def _select(self, columns: ScaledColumns, Y: Any, n_select: int) -> Any:
        """Return the order of the features and their R^2."""

    def _check_options(self) -> None:
        check_n_select(self.n_features_to_select)
        check_choice("task", self.task, _TASKS)

    def fit(self, X: Any, y: Any) -> Any:
        """Select features.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets, or labels of classes. Features are selected for all targets, or
            the indicators of all classes, together.

        Returns
        -------
        self : object
            Fitted selector.
        """
        self._check_options()
        numbers = self.task == "regression"
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csc",
            dtype=[np.float64, np.float32],
            order="F",
            y_numeric=numbers,
            multi_output=numbers,
            ensure_min_samples=2,
        )
        n_select = number_to_select(self.n_features_to_select, X.shape[1])
        if not numbers:
            check_classification_targets(y)
            y = LabelBinarizer().fit_transform(y)
        X = clean_csc(X) if sparse.issparse(X) else X
        columns = ScaledColumns(as_design(X, None, center=True))
        Y, _ = columns.design.center_targets(check_targets(y, X.shape[0]))
        # Targets of one size: the largest number is 1.
        Y /= np.abs(Y).max() or 1.0
        self.selected_, self.r2_ = self._select(columns, Y, n_select)
        self._store_support(
            np.isin(np.arange(X.shape[1]), self.selected_), n_asked=n_select
        )
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class _ForwardRule(_LinearSelector):
    _rule: ClassVar[str]

    def _select(self, columns: ScaledColumns, Y: Any, n_select: int) -> Any:
        return forward_order(columns, Y, n_select, self._rule)


class ForwardSelector(_ForwardRule):
    r"""Forward selection of features by the squared error of linear regression.

    Each step adds the feature that lowers most ::

        min_{W, b}  ||Y - 1 b' - X_S W||_F^2

    over sets S with one feature more (orthogonal least squares). Features are centred
    and their scale does not matter.

    Parameters
    ----------
    n_features_to_select : int or float, default=None
        Number of features, or their share of all; half of all by default.
    task : {"regression", "classification"}, default="regression"
        What y is: numbers, or labels of classes, whose indicators are the targets.

    Attributes
    ----------
    selected_ : ndarray of shape (n_selected,)
        Indices of the selected features, in the order of selection.
    r2_ : ndarray of shape (n_selected,)
        Share of the squares of the centred targets that the features up to this one
        explain.
    support_ : ndarray of bool of shape (n_features,)
        Mask of the selected features.
    n_features_ : int
        Number of selected features: fewer than asked for, with a warning, where the
        others depend linearly on them or all is explained.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    SequentialAttentionSelector : Cheaper to reason about, worse on correlated features.
    BestSubsetSelector : Exchanges features as well.
    sklearn.feature_selection.SequentialFeatureSelector : For any estimator, by
        cross-validation, at the price of a fit for each candidate.

    Notes
    -----
    A step is one product with X': O(n_samples n_features), or O(number of non-zeros).

    References
    ----------
    .. [1] S. Chen, S. A. Billings and W. Luo (1989). Orthogonal least squares methods
       and their application to non-linear system identification. International
       Journal of Control, 50(5), 1873-1896.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import ForwardSelector
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> selector = ForwardSelector(3).fit(X, y)
    >>> selector.feature_names_in_[selector.selected_].tolist()
    ['bmi', 's5', 'bp']
    >>> selector.r2_.round(2)
    array([0.34, 0.46, 0.48])
    """

    _rule = "ols"


class SequentialAttentionSelector(_ForwardRule):
    r"""Sequential attention in its linear form.

    Sequential attention trains weights of attention over the features not selected yet,
    and selects the one with the largest. For linear regression this is the Lasso ::

        min_W  1/2 ||Y - X W||_F^2 + lambda sum_{j not selected} ||W_j||

    with lambda just below the value where all these rows are zero, and the row that
    comes in first has the largest ``||x_j' R||`` for the residual R of least squares on
    the selected features: the choice of orthogonal matching pursuit [1]_. Features are
    centred and scaled to equal norms.

    Parameters
    ----------
    n_features_to_select : int or float, default=None
        Number of features, or their share of all; half of all by default.
    task : {"regression", "classification"}, default="regression"
        What y is: numbers, or labels of classes, whose indicators are the targets.

    Attributes
    ----------
    selected_ : ndarray of shape (n_selected,)
        Indices of the selected features, in the order of selection.
    r2_ : ndarray of shape (n_selected,)
        Share of the squares of the centred targets that the features up to this one
        explain.
    support_ : ndarray of bool of shape (n_features,)
        Mask of the selected features.
    n_features_ : int
        Number of selected features: fewer than asked for, with a warning, where the
        others depend linearly on them or all is explained.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    ForwardSelector : Selects what lowers the error most.

    Notes
    -----
    A step is one product with X': O(n_samples n_features), or O(number of non-zeros).

    References
    ----------
    .. [1] T. Yasuda, M. Bateni, L. Chen, M. Fahrbach, G. Fu and V. Mirrokni (2023).
       Sequential attention for feature selection. International Conference on Learning
       Representations.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sparsesci.greedy import SequentialAttentionSelector
    >>> X, y = load_iris(return_X_y=True)
    >>> selector = SequentialAttentionSelector(2, task="classification")
    >>> selector.fit_transform(X, y).shape
    (150, 2)
    """

    _rule = "omp"
