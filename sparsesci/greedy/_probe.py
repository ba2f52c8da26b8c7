"""Linear classifiers on few features: probes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import validate_data

from sparsesci._logging import warn_caller
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.greedy._selectors import (
    SupportSelector,
    check_n_select,
    number_to_select,
)
from sparsesci.greedy._sparse_logistic import (
    Evaluation,
    LogisticProblem,
    SubsetSearch,
    best_subset,
    evaluate,
)
from sparsesci.utils.classifier import DecisionClassifier
from sparsesci.utils.regressor import linear_predictor
from sparsesci.utils.validation import check_choice, check_integer, check_real

_METHODS = ("mean_difference", "adaptive", "optimal")
_CANDIDATES = {"adaptive": 128, "optimal": 50}

Vector = NDArray[np.float64]


class SparseProbe(DecisionClassifier, SupportSelector):
    r"""Logistic classifier on the k features that tell two classes apart.

    Minimises over sets S of k features, exactly or not::

        min_{w, b}  1 / n_samples sum_i v_i log(1 + exp(-y_i (x_i' w_S + b)))
                        + alpha / 2 ||w_S||_2^2

    with y in {-1, 1}, weights v of the classes, and features scaled to variance 1.

    Parameters
    ----------
    n_features_to_select : int or float, default=None
        Number k of features, or their share of all; half of all by default.
    method : {"mean_difference", "adaptive", "optimal"}, default="adaptive"
        How to select:

        - "mean_difference": the k largest differences of the classes' means.
        - "adaptive": fit the 128 (or `n_candidates`) features with the largest
          differences, drop the quarter with the smallest coefficients, and so on until
          k are left.
        - "optimal": cutting planes on the 50 (or `n_candidates`) features that last
          longest in "adaptive" and those of "mean_difference"; never worse than both,
          and with a proof of how far from the best k of these it can be.
    alpha : float, default=None
        Strength of the L2 penalty, > 0; ``1 / sqrt(n_samples)`` by default. The
        stronger it is, the more mean differences alone decide, and the sooner "optimal"
        has its proof: the publication's default is ``100 / sqrt(n_samples)`` in this
        scaling.
    class_weight : {"balanced"}, dict or None, default="balanced"
        Weights of the classes, as in scikit-learn; scaled to a mean of 1.
    n_candidates : int, default=None
        Number of features to consider, at least k: see `method`.
    tol : float, default=1e-4
        Largest relative gap of "optimal". HiGHS meets its constraints up to 1e-6, so
        that smaller gaps may not be proved.
    max_iter : int, default=200
        Largest number of cuts of "optimal".
    time_limit : float or None, default=60.0
        Seconds that "optimal" may take. When it is met, results depend on the machine.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features)
        Coefficients in the units of X.
    intercept_ : ndarray of shape (1,)
        Intercept.
    classes_ : ndarray of shape (2,)
        Labels of the classes.
    support_ : ndarray of bool of shape (n_features,)
        Mask of the selected features.
    objective_ : float
        Value of the objective.
    gap_ : float
        The best k candidates have an objective of at least ``(1 - gap_) objective_``.
        1 for the heuristics, which prove nothing.
    n_iter_ : int
        Number of fits.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    BestSubsetSelector : Best subsets for regression.

    Notes
    -----
    For an indicator s of S, the objective minimised over w and b is convex in s and has
    linear lower bounds from its dual. A mixed-integer programme, solved by HiGHS,
    minimises the largest of these cuts over all s; the solution gives the next cut. The
    minimum rises to that of the objective [1]_. The number of cuts may grow
    exponentially with the number of candidates, most of all where no k features stand
    out. The publication on probes [2]_ uses the hinge loss; the logistic loss lets all
    methods minimise the same function.

    ConvergenceWarning is issued, with the gap reached, where "optimal" is cut short.

    References
    ----------
    .. [1] D. Bertsimas, J. Pauphilet and B. Van Parys (2021). Sparse classification: a
       scalable discrete optimization perspective. Machine Learning, 110, 3177-3209.
    .. [2] W. Gurnee, N. Nanda, M. Pauly, K. Harvey, D. Troitskii and D. Bertsimas
       (2023). Finding neurons in a haystack: case studies with sparse probing.
       Transactions on Machine Learning Research.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsesci.greedy import SparseProbe
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> probe = SparseProbe(2, method="optimal").fit(X, y)
    >>> probe.get_feature_names_out().tolist()
    ['worst radius', 'worst concave points']
    >>> bool(probe.gap_ <= 1e-4), round(probe.score(X, y), 2)
    (True, 0.94)
    """

    def __init__(
        self,
        n_features_to_select=None,
        *,
        method="adaptive",
        alpha=None,
        class_weight="balanced",
        n_candidates=None,
        tol=1e-4,
        max_iter=200,
        time_limit=60.0,
    ):
        self.n_features_to_select = n_features_to_select
        self.method = method
        self.alpha = alpha
        self.class_weight = class_weight
        self.n_candidates = n_candidates
        self.tol = tol
        self.max_iter = max_iter
        self.time_limit = time_limit

    def fit(self, X: Any, y: Any) -> Any:
        """Select features and fit the classifier.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Only the candidates of a sparse matrix are made dense.
        y : array-like of shape (n_samples,)
            Labels of two classes.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        self._check_options()
        X, y = validate_data(
            self, X, y, accept_sparse="csc", dtype=[np.float64, np.float32]
        )
        k = number_to_select(self.n_features_to_select, X.shape[1])
        signs, weights = self._check_classes(y)
        center, scale = _center_and_scale(X)
        difference = _mean_difference(X, signs, scale)
        ranked = np.argsort(-difference, kind="stable")[: self._n_considered(k)]
        columns = X[:, ranked].toarray() if sparse.issparse(X) else X[:, ranked]
        alpha = 1 / np.sqrt(len(y)) if self.alpha is None else float(self.alpha)
        problem = LogisticProblem(
            np.asfortranarray((columns - center[ranked]) / scale[ranked]),
            signs,
            weights,
            alpha,
        )
        candidates, search = self._search(problem, k)
        self._store(search.best, ranked[candidates], center, scale)
        self.gap_, self.n_iter_ = search.gap, search.n_cuts
        if search.status not in ("converged", "heuristic"):
            warn_caller(
                f"The best {k} features were not proved to be the best: their "
                f"objective may be lower by a share of {self.gap_:.3g}, tolerance: "
                f"{self.tol:.3g} ({search.status} after {search.n_cuts} cuts).",
                ConvergenceWarning,
            )
        return self

    def decision_function(self, X: Any) -> Any:
        """Log-odds of the second class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            ``X @ coef_[0] + intercept_``.
        """
        return linear_predictor(self, X)[:, 0]

    def predict_proba(self, X: Any) -> Any:
        """Probabilities of the classes, in the proportions that `class_weight` makes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2)
            In the order of `classes_`.
        """
        scores = self.decision_function(X)
        return np.column_stack([expit(-scores), expit(scores)])

    def _check_options(self) -> None:
        check_n_select(self.n_features_to_select)
        check_choice("method", self.method, _METHODS)
        if self.alpha is not None:
            check_real("alpha", self.alpha, low=0, open_low=True)
        if self.n_candidates is not None:
            check_integer("n_candidates", self.n_candidates)
        if not (self.class_weight is None or isinstance(self.class_weight, dict)):
            check_choice("class_weight", self.class_weight, ("balanced",))
        check_real("tol", self.tol, low=0)
        check_integer("max_iter", self.max_iter)
        if self.time_limit is not None:
            check_real("time_limit", self.time_limit, low=0, allow_inf=True)

    def _check_classes(self, y: Any) -> tuple[Vector, Vector]:
        """Return signs and weights of the samples."""
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(y, input_name='y')}."
            )
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must hold two classes, got one class: {self.classes_[0]!r}."
            )
        by_class = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        weights = np.asarray(by_class[codes], dtype=np.float64)
        if not np.all(by_class > 0) or not np.isfinite(weights.sum()):
            raise ValueError(
                f"class_weight must be positive and finite, got {self.class_weight!r}."
            )
        return np.where(codes == 1, 1.0, -1.0), weights * (len(codes) / weights.sum())

    def _n_considered(self, k: int) -> int:
        """Return how many features to rank by their coefficients."""
        if self.n_candidates is not None and self.n_candidates < k:
            raise ValueError(
                f"n_candidates must be at least the number of features to select, "
                f"{k}, got {self.n_candidates}."
            )
        if self.method == "mean_difference":
            return k
        return max(k, self.n_candidates or _CANDIDATES["adaptive"])

    def _search(self, problem: LogisticProblem, k: int) -> tuple[Any, SubsetSearch]:
        """Select among features that come in the order of their mean differences.

        Returns the candidates and the choice among them.
        """
        first = np.arange(k)
        if self.method == "mean_difference":
            return first, _heuristic(evaluate(problem.part(first), np.ones(k)), 1)
        ranking, n_fits = _ranking_by_coefficients(problem, k)
        if self.method == "adaptive":
            chosen = ranking[:k]
            fit = evaluate(problem.part(chosen), np.ones(k))
            return chosen, _heuristic(fit, n_fits + 1)
        n_best = max(k, self.n_candidates or _CANDIDATES["optimal"])
        candidates = np.union1d(ranking[:n_best], first)
        starts = [np.isin(candidates, start) for start in (first, ranking[:k])]
        return candidates, best_subset(
            problem.part(candidates),
            k,
            [start.astype(float) for start in starts],
            tol=float(self.tol),
            max_cuts=self.max_iter,
            time_limit=self.time_limit,
        )

    def _store(
        self, best: Evaluation, ranked: Any, center: Vector, scale: Vector
    ) -> None:
        """Return to the units of X."""
        coef = np.zeros(self.n_features_in_)
        coef[ranked] = best.coef / scale[ranked]
        self.support_ = np.zeros(self.n_features_in_, dtype=bool)
        self.support_[ranked[best.chosen]] = True
        self.coef_ = coef[None]
        self.intercept_ = np.array([best.intercept - center @ coef])
        self.objective_ = best.objective

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def _heuristic(best: Evaluation, n_fits: int) -> SubsetSearch:
    return SubsetSearch(best, 0.0, n_fits, "heuristic")


def _center_and_scale(X: Any) -> tuple[Any, Any]:
    """Means and standard deviations: inf for constant features, which become 0."""
    if sparse.issparse(X):
        mean, variance = mean_variance_axis(X.astype(np.float64), axis=0)
    else:
        mean, variance = X.mean(axis=0, dtype=float), X.var(axis=0, dtype=float)
    scale = np.sqrt(variance)
    scale[scale <= 1e-14 * np.abs(mean)] = np.inf  # no more than rounding leaves
    return np.asarray(mean, dtype=np.float64), scale


def _mean_difference(X: Any, signs: Vector, scale: Vector) -> Vector:
    """Distance of the classes' means, in standard deviations."""
    ahead, behind = signs > 0, signs < 0
    contrast = ahead / ahead.sum() - behind / behind.sum()
    return np.abs(np.asarray(X.T @ contrast)) / scale


def _ranking_by_coefficients(
    problem: LogisticProblem, k: int
) -> tuple[NDArray[np.intp], int]:
    """Drop the quarter with the smallest coefficients until k features are left.

    Returns all features, the last to go first, and the number of fits.
    """
    left = np.arange(problem.X.shape[1])
    dropped: list[NDArray[np.intp]] = []
    while left.size > k:
        fit = evaluate(problem.part(left), np.ones(left.size))
        left = left[np.argsort(-np.abs(fit.coef), kind="stable")]
        n_left = max(k, left.size - max(1, left.size // 4))
        dropped.append(left[n_left:])
        left = left[:n_left]
    return np.concatenate([left, *dropped[::-1]]), len(dropped)
