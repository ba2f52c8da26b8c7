"""Best-subset regression by splicing."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci.greedy._base import Centred, GreedyRegressor, Solution
from sparsesci.greedy._inputs import check_iterations, check_n_nonzero
from sparsesci.greedy._recovery import Recovery
from sparsesci.greedy._recovery_estimators import solution_of
from sparsesci.greedy._splicing import choose, default_size_limit, walk
from sparsesci.operators.dictionary import ScaledDictionary
from sparsesci.utils.criteria import CRITERIA
from sparsesci.utils.validation import check_choice, check_integer


class BestSubset(GreedyRegressor):
    """Best-subset regression by splicing.

    Looks for ``min ||y - X w - b||^2`` with at most k = `n_nonzero_coefs` non-zero
    coefficients by swapping the columns that matter least for those outside that would
    help most, as long as the error falls, along a path over the sizes 0, 1, ..., k.
    Without a given size, an information criterion chooses it.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; chosen by `criterion` by default.
    criterion : {"aic", "bic", "ebic", "sic"}, default="ebic"
        ``n log(error / n)`` plus, for s of p columns, ``2 s``, ``s log(n)``,
        ``s (log(n) + 2 log(p))`` or ``s log(p) log(log(n))``.
    max_nonzero_coefs : int, default=None
        Largest size to choose from; about ``n / (log(p) log(log(n)))`` by default.
    exchange_max : int, default=5
        Largest number of columns that are swapped at once.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    max_iter : int, default=100
        Largest number of swaps for each size. A ConvergenceWarning says by how much the
        last one still lowered the error, if it was not enough.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int or list of int
        Number of coefficients, asked for or chosen.
    n_iter_ : int or list of int
        Number of swaps, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.
    criterion_path_ : ndarray or list of ndarray
        The criterion of the sizes 0, 1, ..., where it has chosen.

    See Also
    --------
    BestSubsetCV : With the size by cross-validation.
    splicing_path : The same on plain arrays and operators.

    References
    ----------
    .. [1] J. Zhu, C. Wen, J. Zhu, H. Zhang, X. Wang, "A polynomial algorithm for
       best-subset selection problem", PNAS 117, 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import BestSubset
    >>> X, y = load_diabetes(return_X_y=True)
    >>> BestSubset(criterion="bic").fit(X, y).n_nonzero_coefs_
    6
    """

    def __init__(
        self,
        *,
        n_nonzero_coefs=None,
        criterion="ebic",
        max_nonzero_coefs=None,
        exchange_max=5,
        fit_intercept=True,
        max_iter=100,
    ):
        self.n_nonzero_coefs = n_nonzero_coefs
        self.criterion = criterion
        self.max_nonzero_coefs = max_nonzero_coefs
        self.exchange_max = exchange_max
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter

    def _check(self, n_features: int) -> Any:
        check_choice("criterion", self.criterion, CRITERIA)
        check_integer("exchange_max", self.exchange_max)
        check_integer("max_iter", self.max_iter)
        limit = None
        if self.max_nonzero_coefs is not None:
            limit = check_n_nonzero(
                self.max_nonzero_coefs, n_features, "max_nonzero_coefs"
            )
        if self.n_nonzero_coefs is not None:
            limit = check_n_nonzero(self.n_nonzero_coefs, n_features)
        return limit

    def _solve(self, data: Centred, options: Any) -> list[Solution]:
        dictionary = ScaledDictionary(data.dictionary)
        k_max = options
        if k_max is None:
            k_max = default_size_limit(dictionary.n_samples, dictionary.n_atoms)
        found = [
            self._solve_one(Recovery(dictionary, y, normalize=False), k_max)
            for y in data.Y
        ]
        single = len(found) == 1
        sizes = [size for _, size, _ in found]
        self.n_nonzero_coefs_ = sizes[0] if single else sizes
        if self.n_nonzero_coefs is None:
            paths = [path for _, _, path in found]
            self.criterion_path_ = paths[0] if single else paths
        return [solution for solution, _, _ in found]

    def _solve_one(self, problem: Recovery, k_max: int) -> tuple[Solution, int, Any]:
        control = check_iterations(self.max_iter, None, 0, False)
        walked = walk(problem, k_max, self.exchange_max, self.max_iter)
        walked.warn(self.max_iter)
        estimates, control.n_iter = walked.estimates, walked.n_splices
        path = choose(problem, estimates, self.criterion)
        best = int(np.argmin(path)) if self.n_nonzero_coefs is None else -1
        solution = solution_of(problem, estimates[best], control)
        size = int(estimates[best].support.size)
        return solution, self.n_nonzero_coefs or size, path
