"""What the greedy estimators share: data in, coefficients out."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import MultiOutputMixin

from sparsesci.operators.design import center_rows
from sparsesci.operators.dictionary import Dictionary, as_dictionary
from sparsesci.solvers._inputs import checked_data, target_rows
from sparsesci.utils.regressor import LinearRegressor
from sparsesci.utils.validation import check_flag

Array = NDArray[Any]


@dataclass
class Centred:
    """Atoms and targets (rows) less their means, which are 0 without an intercept."""

    dictionary: Dictionary
    Y: Array
    target_mean: Array

    def intercepts(self, W: Array) -> Array:
        """Intercepts that belong to the rows of W."""
        means = self.dictionary.means
        return self.target_mean if means is None else self.target_mean - W @ means


def center(X: Any, Y: Array, fit_intercept: bool) -> Centred:
    """Wrap checked data; targets are the rows of Y."""
    dictionary = as_dictionary(X, center=fit_intercept)
    if not fit_intercept:
        return Centred(dictionary, Y, np.zeros(len(Y)))
    return Centred(dictionary, *center_rows(Y, lambda rows: rows.mean(axis=1)))


@dataclass
class Solution:
    """What a method found for one target."""

    coef: Array
    objective: float
    n_iter: int


class GreedyRegressor(MultiOutputMixin, LinearRegressor):
    """Base of the greedy estimators; targets are independent of each other."""

    @abstractmethod
    def _check(self, n_features: int) -> Any:
        """Check all parameters, set `n_nonzero_coefs_`, return what `_solve` needs."""

    @abstractmethod
    def _solve(self, data: Centred, options: Any) -> list[Solution]:
        """Solve for each target."""

    def fit(self, X: Any, y: Any) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data. Never written to.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target. Several targets are fitted independently.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        check_flag("fit_intercept", self.fit_intercept)
        X, y = checked_data(self, X, y, multi_output=True)
        options = self._check(X.shape[1])
        data = center(X, target_rows(y), self.fit_intercept)
        self._store(data, self._solve(data, options), X.dtype, np.ndim(y) == 1)
        return self

    def _store(
        self, data: Centred, solutions: list[Solution], dtype: Any, single: bool
    ) -> None:
        W = np.stack([solution.coef for solution in solutions])
        coef, intercept = W.astype(dtype), data.intercepts(W).astype(dtype)
        self.coef_ = coef[0] if single else coef
        if not self.fit_intercept:
            self.intercept_: Any = 0.0
        else:
            self.intercept_ = intercept[0] if single else intercept
        n_iter = [solution.n_iter for solution in solutions]
        self.n_iter_ = n_iter[0] if len(n_iter) == 1 else n_iter
        objective = np.array([solution.objective for solution in solutions])
        self.objective_ = float(objective[0]) if single else objective
