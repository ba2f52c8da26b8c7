"""Estimators of orthogonal matching pursuit and orthogonal least squares."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from sparsesci.greedy._base import Centred, GreedyRegressor, Solution
from sparsesci.greedy._codes import check_precompute, code_columns, warn_if_short
from sparsesci.greedy._inputs import check_n_nonzero, check_tol
from sparsesci.greedy._pursuit import pursue_nonnegative
from sparsesci.utils.validation import check_flag


class _Pursuit(GreedyRegressor):
    """Fit by one of the rules."""

    _rule: ClassVar[str]

    def __init__(
        self,
        *,
        n_nonzero_coefs=None,
        tol=None,
        fit_intercept=True,
        precompute="auto",
        positive=False,
        n_jobs=None,
    ):
        self.n_nonzero_coefs = n_nonzero_coefs
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.positive = positive
        self.n_jobs = n_jobs

    def _check(self, n_features: int) -> Any:
        check_flag("positive", self.positive)
        check_precompute(self.precompute)
        tol = check_tol(self.tol)
        n_nonzero = check_n_nonzero(self.n_nonzero_coefs, n_features)
        self.n_nonzero_coefs_ = n_nonzero if tol is None else None
        return n_nonzero if tol is None else n_features, tol

    def _solve(self, data: Centred, options: Any) -> list[Solution]:
        n_nonzero, tol = options
        if self.positive:
            return self._solve_nonnegative(data, n_nonzero, tol)
        n_nonzero = min(n_nonzero, data.dictionary.n_samples, data.dictionary.n_atoms)
        codes, squares = code_columns(
            data.dictionary,
            np.ascontiguousarray(data.Y.T),
            self._rule,
            n_nonzero,
            tol,
            self.precompute,
            self.n_jobs,
        )
        goal = self.n_nonzero_coefs_ or n_nonzero
        warn_if_short(codes, squares, goal, tol)
        n = data.dictionary.n_samples
        return [
            Solution(coef, error / (2 * n), int(count))
            for coef, error, count in zip(
                codes.to_dense(data.dictionary.n_atoms).T, codes.error, codes.count
            )
        ]

    def _solve_nonnegative(self, data: Centred, n_nonzero: int, tol: Any) -> Any:
        found = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(pursue_nonnegative)(
                data.dictionary, y, self._rule == "ols", n_nonzero, tol
            )
            for y in data.Y
        )
        solutions = []
        for support, values, error in found:
            coef = np.zeros(data.dictionary.n_atoms)
            coef[support] = values
            half = error / (2 * data.dictionary.n_samples)
            solutions.append(Solution(coef, half, len(support)))
        return solutions


class OrthogonalMatchingPursuit(_Pursuit):
    """Orthogonal matching pursuit.

    Looks for a small error with few non-zero coefficients::

        min_{w, b} ||y - X w - b||^2   subject to ||w||_0 <= n_nonzero_coefs

    or for as few of them as reach a squared error of `tol`. Starting from none, the
    column with the largest ``|x_j' r|`` enters, where r is the residual, and all
    coefficients are fitted anew. A drop-in for
    :class:`sklearn.linear_model.OrthogonalMatchingPursuit`.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; a tenth of the features by default.
    tol : float, default=None
        Squared norm of the residual at which to stop; overrides `n_nonzero_coefs`.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    precompute : {"auto"} or bool, default="auto"
        Whether to work on the Gram matrix ``X' X``; "auto" does where it pays.
    positive : bool, default=False
        Restrict to non-negative coefficients: among the columns with ``x_j' r > 0``,
        the fit is by non-negative least squares, and columns may leave again.
    n_jobs : int, default=None
        Threads over targets.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int or None
        Number of coefficients asked for, None if `tol` is given.
    n_iter_ : int or list of int
        Number of columns chosen, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    OrthogonalMatchingPursuitCV : With the number of coefficients by cross-validation.
    OLSPursuit : With the column that lowers the error most.
    orthogonal_mp : The same on plain arrays and operators.

    Notes
    -----
    Columns are not scaled: the rule prefers long ones.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import OrthogonalMatchingPursuit
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = OrthogonalMatchingPursuit(n_nonzero_coefs=3).fit(X, y)
    >>> model.coef_.nonzero()[0]
    array([2, 3, 8])
    """

    _rule = "omp"


class OLSPursuit(_Pursuit):
    """Orthogonal least squares: forward selection by the fall of the error.

    Looks for a small error with few non-zero coefficients::

        min_{w, b} ||y - X w - b||^2   subject to ||w||_0 <= n_nonzero_coefs

    or for as few of them as reach a squared error of `tol`. Starting from none, the
    column enters with which the squared error falls most: the largest
    ``|x_j' r| / ||x_j off the span of the chosen||``. On correlated columns this is
    better than orthogonal matching pursuit, at about the same cost, and it does not
    depend on the scale of the columns.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; a tenth of the features by default.
    tol : float, default=None
        Squared norm of the residual at which to stop; overrides `n_nonzero_coefs`.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    precompute : {"auto"} or bool, default="auto"
        Whether to work on the Gram matrix ``X' X``; "auto" does where it pays.
    positive : bool, default=False
        Restrict to non-negative coefficients: among the columns with ``x_j' r > 0``,
        the fit is by non-negative least squares, and columns may leave again.
    n_jobs : int, default=None
        Threads over targets.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int or None
        Number of coefficients asked for, None if `tol` is given.
    n_iter_ : int or list of int
        Number of columns chosen, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    OrthogonalMatchingPursuit : With the plain rule.
    BestSubset : With swaps, which undo wrong choices.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import OLSPursuit
    >>> X, y = load_diabetes(return_X_y=True)
    >>> OLSPursuit(n_nonzero_coefs=3).fit(X, y).coef_.nonzero()[0]
    array([2, 3, 8])
    """

    _rule = "ols"
