"""The number of coefficients by cross-validation."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv
from sklearn.utils.parallel import Parallel, delayed

from sparsesci._config import config_context, get_config
from sparsesci.greedy._base import Centred, center
from sparsesci.greedy._best_subset import BestSubset
from sparsesci.greedy._inputs import check_n_nonzero
from sparsesci.greedy._omp_estimators import OrthogonalMatchingPursuit
from sparsesci.greedy._pursuit import pursue
from sparsesci.greedy._recovery import Recovery
from sparsesci.greedy._splicing import walk, warn_unsettled
from sparsesci.operators.dictionary import ScaledDictionary
from sparsesci.solvers._inputs import (
    checked_data,
    clean_csc,
    flattened,
    target_rows,
)
from sparsesci.utils.regressor import LinearRegressor
from sparsesci.utils.routing import SplitterRouting
from sparsesci.utils.validation import check_flag, check_integer

Array = NDArray[Any]


class _SizeCV(SplitterRouting, LinearRegressor):
    """Base: paths over the size on each fold, the best mean error, a last fit."""

    _limit: ClassVar[str]  # name of the parameter that holds the largest size

    @abstractmethod
    def _check(self) -> None:
        """Check the parameters of the method."""

    @abstractmethod
    def _path(self, data: Centred, k_max: int) -> tuple[list[Array], float]:
        """Coefficients with 1, 2, ... columns, and what `max_iter` has cut off.

        The path may end early.
        """

    @abstractmethod
    def _estimator(self, size: int) -> Any:
        """Return the unfitted estimator of one size."""

    def fit(self, X: Any, y: Any, **params: Any) -> Any:
        """Choose the number of coefficients and fit on all data.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Never written to.
        y : array-like of shape (n_samples,)
            Target.
        **params : dict, default=None
            Metadata for the splitter, such as `groups`. Only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        check_flag("fit_intercept", self.fit_intercept)
        self._check()
        split_params = self._split_params(params)
        X, y = checked_data(self, X, y, multi_output=True)
        if y.ndim == 2:
            y = self._flattened(y)
        k_max = self._largest(X.shape[1])
        backend = get_config()["backend"]
        found = Parallel(n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads")(
            delayed(self._curve)(X, y, train, test, k_max, backend)
            for train, test in check_cv(self.cv).split(X, y, **split_params)
        )
        curves, unsettled = zip(*found)
        warn_unsettled(self.max_iter, max(unsettled))
        # Sizes that all folds reach: a path ends where nothing is left to explain.
        shortest = min(len(curve) for curve in curves)
        self.mse_path_ = np.stack([curve[:shortest] for curve in curves], axis=1)
        size = int(np.argmin(self.mse_path_.mean(axis=1))) + 1
        self.n_nonzero_coefs_ = size
        best = self._estimator(size).fit(X, y)
        for name in ("coef_", "intercept_", "n_iter_", "objective_"):
            setattr(self, name, getattr(best, name))
        return self

    def _largest(self, n_features: int) -> int:
        limit = getattr(self, self._limit)
        if limit is None:
            return min(max(n_features // 10, 5), n_features)
        return check_n_nonzero(limit, n_features, self._limit)

    def _flattened(self, y: Array) -> Array:
        if y.shape[1] > 1:
            raise ValueError(
                f"y must be one target, got shape {y.shape}; fit one model for each."
            )
        return flattened(y)

    def _curve(
        self, X: Any, y: Array, train: Any, test: Any, k_max: int, backend: str
    ) -> tuple[Array, float]:
        """Mean squared test errors with 1, 2, ... columns; see `_path`."""
        rows = X[train]
        rows = np.asfortranarray(rows) if isinstance(X, np.ndarray) else clean_csc(rows)
        with config_context(backend=backend):
            data = center(rows, target_rows(y[train]), self.fit_intercept)
            path, unsettled = self._path(data, min(k_max, len(train)))
        W = np.stack(path)
        fitted = np.asarray(X[test] @ W.T) + data.intercepts(W)
        return ((y[test][:, None] - fitted) ** 2).mean(axis=0), unsettled


class OrthogonalMatchingPursuitCV(_SizeCV):
    """Orthogonal matching pursuit with the number of coefficients by cross-validation.

    A drop-in for :class:`sklearn.linear_model.OrthogonalMatchingPursuitCV`.

    Parameters
    ----------
    copy : bool, default=True
        Accepted for compatibility: X is never written to.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    max_iter : int, default=None
        Largest number of coefficients to try; by default a tenth of the features, at
        least 5 if there are so many.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; 5 by default.
    n_jobs : int, default=None
        Threads over folds.
    verbose : bool or int, default=False
        Report the progress of the folds.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of X.
    intercept_ : float
        Intercept.
    n_nonzero_coefs_ : int
        Number of coefficients chosen.
    mse_path_ : ndarray of shape (n_sizes, n_folds)
        Mean squared errors with 1, 2, ... coefficients.
    n_iter_ : int
        Number of columns chosen in the last fit.
    objective_ : float
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    OrthogonalMatchingPursuit : With a given number.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.greedy import OrthogonalMatchingPursuitCV
    >>> X, y = make_regression(n_features=50, n_informative=4, noise=4, random_state=0)
    >>> OrthogonalMatchingPursuitCV(cv=5).fit(X, y).n_nonzero_coefs_
    4
    """

    _limit = "max_iter"

    def __init__(
        self,
        *,
        copy=True,
        fit_intercept=True,
        max_iter=None,
        cv=None,
        n_jobs=None,
        verbose=False,
    ):
        self.copy = copy
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check(self) -> None:
        check_flag("copy", self.copy)
        if self.max_iter is not None:
            check_integer("max_iter", self.max_iter)

    def _path(self, data: Centred, k_max: int) -> tuple[list[Array], float]:
        found = pursue(data.dictionary, data.Y[0], False, k_max, None)
        coefs = []
        for size in range(1, max(len(found.support), 1) + 1):
            coef = np.zeros(data.dictionary.n_atoms)
            coef[found.support[:size]] = found.coef(size)
            coefs.append(coef)
        return coefs, 0.0

    def _estimator(self, size: int) -> Any:
        return OrthogonalMatchingPursuit(
            n_nonzero_coefs=size, fit_intercept=self.fit_intercept
        )


class BestSubsetCV(_SizeCV):
    """Best-subset regression with the size by cross-validation.

    Parameters
    ----------
    max_nonzero_coefs : int, default=None
        Largest size to try; by default a tenth of the features, at least 5 if there are
        so many.
    exchange_max : int, default=5
        Largest number of columns that are swapped at once.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    max_iter : int, default=100
        Largest number of swaps for each size. A ConvergenceWarning says by how much the
        last one still lowered the error, if it was not enough.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; 5 by default.
    n_jobs : int, default=None
        Threads over folds.
    verbose : bool or int, default=False
        Report the progress of the folds.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of X.
    intercept_ : float
        Intercept.
    n_nonzero_coefs_ : int
        Number of coefficients chosen.
    mse_path_ : ndarray of shape (n_sizes, n_folds)
        Mean squared errors with 1, 2, ... coefficients.
    n_iter_ : int
        Number of swaps in the last fit.
    objective_ : float
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    BestSubset : With a given size, or one by an information criterion.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sparsesci.greedy import BestSubsetCV
    >>> X, y = make_regression(n_features=50, n_informative=4, noise=4, random_state=0)
    >>> BestSubsetCV(cv=5).fit(X, y).n_nonzero_coefs_
    4
    """

    _limit = "max_nonzero_coefs"

    def __init__(
        self,
        *,
        max_nonzero_coefs=None,
        exchange_max=5,
        fit_intercept=True,
        max_iter=100,
        cv=None,
        n_jobs=None,
        verbose=False,
    ):
        self.max_nonzero_coefs = max_nonzero_coefs
        self.exchange_max = exchange_max
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check(self) -> None:
        check_integer("exchange_max", self.exchange_max)
        check_integer("max_iter", self.max_iter)

    def _path(self, data: Centred, k_max: int) -> tuple[list[Array], float]:
        dictionary = ScaledDictionary(data.dictionary)
        problem = Recovery(dictionary, data.Y[0], normalize=False)
        walked = walk(problem, k_max, self.exchange_max, self.max_iter)
        coefs = []
        for estimate in walked.estimates[1:] or walked.estimates:
            coef = np.zeros(dictionary.n_atoms)
            places = estimate.support
            coef[places] = estimate.values * dictionary.inverse[places]
            coefs.append(coef)
        return coefs, walked.unsettled

    def _estimator(self, size: int) -> Any:
        return BestSubset(
            n_nonzero_coefs=size,
            exchange_max=self.exchange_max,
            fit_intercept=self.fit_intercept,
            max_iter=self.max_iter,
        )
