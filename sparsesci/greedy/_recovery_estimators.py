"""Estimators that choose several columns at a time, or by thresholds."""

from __future__ import annotations

import sys
from abc import abstractmethod
from typing import Any

import numpy as np

from sparsesci.greedy._base import Centred, GreedyRegressor, Solution
from sparsesci.greedy._inputs import check_iterations, check_n_nonzero, check_tol
from sparsesci.greedy._recovery import Estimate, Recovery
from sparsesci.greedy._subspace import solve_cosamp, solve_gomp, solve_subspace
from sparsesci.greedy._thresholding import check_step, solve_htp, solve_iht
from sparsesci.operators.dictionary import Dictionary, ScaledDictionary
from sparsesci.solvers._control import Control
from sparsesci.utils.validation import (
    check_choice,
    check_flag,
    check_integer,
    check_real,
)


def scaled(dictionary: Dictionary, normalize: bool) -> Dictionary:
    """Return atoms of norm 1 where they are wanted: computed once for all targets."""
    return ScaledDictionary(dictionary) if normalize else dictionary


def solution_of(problem: Recovery, estimate: Estimate, control: Control) -> Solution:
    """Coefficients of the atoms as they are."""
    result = problem.result(estimate, control)
    coef = result.coef
    if isinstance(problem.dictionary, ScaledDictionary):
        coef = coef * problem.dictionary.inverse
    return Solution(coef, result.objective, result.n_iter)


class _Recovering(GreedyRegressor):
    """Fit by a function of a problem."""

    @abstractmethod
    def _options(self) -> Any:
        """Check and return the parameters of the method."""

    @abstractmethod
    def _recover(self, problem: Recovery, options: Any, control: Control) -> Estimate:
        """Solve for one target."""

    def _check(self, n_features: int) -> Any:
        check_flag("normalize", self.normalize)
        check_integer("max_iter", getattr(self, "max_iter", 1))
        options = self._options()
        self.n_nonzero_coefs_ = check_n_nonzero(self.n_nonzero_coefs, n_features)
        return options

    def _solve(self, data: Centred, options: Any) -> list[Solution]:
        dictionary = scaled(data.dictionary, self.normalize)
        solutions = []
        for y in data.Y:
            problem = Recovery(dictionary, np.asarray(y), normalize=False)
            limit = getattr(self, "max_iter", sys.maxsize)
            control = check_iterations(limit, None, 0, False)
            estimate = self._recover(problem, options, control)
            solutions.append(solution_of(problem, estimate, control))
        return solutions


class GeneralizedOMP(_Recovering):
    """Generalised orthogonal matching pursuit.

    Looks for ``min ||y - X w - b||^2`` with at most k = `n_nonzero_coefs` non-zero
    coefficients: each of at most k iterations adds the `n_select` columns with the
    largest ``|x_j' r|`` and fits anew; at the end the k largest coefficients are kept
    and fitted.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; a tenth of the features by default.
    n_select : int, default=3
        Number of columns added in each iteration.
    tol : float, default=None
        Squared norm of the residual at which to stop choosing.
    normalize : bool, default=True
        Whether to choose among columns scaled to norm 1 (after centring). Coefficients
        are those of the columns as they are.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int
        Number of coefficients asked for.
    n_iter_ : int or list of int
        Number of iterations, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    gomp : The same on plain arrays and operators.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import GeneralizedOMP
    >>> X, y = load_diabetes(return_X_y=True)
    >>> GeneralizedOMP(n_nonzero_coefs=3).fit(X, y).coef_.nonzero()[0]
    array([2, 4, 8])
    """

    def __init__(
        self,
        *,
        n_nonzero_coefs=None,
        n_select=3,
        tol=None,
        normalize=True,
        fit_intercept=True,
    ):
        self.n_nonzero_coefs = n_nonzero_coefs
        self.n_select = n_select
        self.tol = tol
        self.normalize = normalize
        self.fit_intercept = fit_intercept

    def _options(self) -> Any:
        return check_integer("n_select", self.n_select), check_tol(self.tol)

    def _recover(self, problem: Recovery, options: Any, control: Control) -> Estimate:
        n_select, tol = options
        return solve_gomp(problem, self.n_nonzero_coefs_, n_select, tol, control)


class _Joining(_Recovering):
    """Methods without other parameters, which join columns and drop the least."""

    def __init__(
        self,
        *,
        n_nonzero_coefs=None,
        normalize=True,
        fit_intercept=True,
        max_iter=100,
    ):
        self.n_nonzero_coefs = n_nonzero_coefs
        self.normalize = normalize
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter

    def _options(self) -> Any:
        return None


class CoSaMP(_Joining):
    """Compressive sampling matching pursuit.

    Looks for ``min ||y - X w - b||^2`` with at most k = `n_nonzero_coefs` non-zero
    coefficients: each iteration joins the 2k columns with the largest ``|x_j' r|`` to
    the support, fits, and keeps the k largest coefficients. The best iterate counts,
    and is fitted at the end.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; a tenth of the features by default.
    normalize : bool, default=True
        Whether to choose among columns scaled to norm 1 (after centring). Coefficients
        are those of the columns as they are.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    max_iter : int, default=100
        Largest number of iterations. A ConvergenceWarning says what the last one still
        changed, if it was not enough.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int
        Number of coefficients asked for.
    n_iter_ : int or list of int
        Number of iterations, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    cosamp : The same on plain arrays and operators.
    SubspacePursuit : A close relative that stops by itself.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import CoSaMP
    >>> X, y = load_diabetes(return_X_y=True)
    >>> CoSaMP(n_nonzero_coefs=3).fit(X, y).coef_.nonzero()[0]
    array([2, 3, 8])
    """

    def _recover(self, problem: Recovery, options: Any, control: Control) -> Estimate:
        return solve_cosamp(problem, self.n_nonzero_coefs_, control)


class SubspacePursuit(_Joining):
    """Subspace pursuit.

    Looks for ``min ||y - X w - b||^2`` with at most k = `n_nonzero_coefs` non-zero
    coefficients: each iteration joins the k columns with the largest ``|x_j' r|`` to
    the support, fits, keeps the k largest coefficients, and fits again, as long as the
    error falls.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; a tenth of the features by default.
    normalize : bool, default=True
        Whether to choose among columns scaled to norm 1 (after centring). Coefficients
        are those of the columns as they are.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    max_iter : int, default=100
        Largest number of iterations. A ConvergenceWarning says what the last one still
        changed, if it was not enough.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int
        Number of coefficients asked for.
    n_iter_ : int or list of int
        Number of iterations, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    subspace_pursuit : The same on plain arrays and operators.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import SubspacePursuit
    >>> X, y = load_diabetes(return_X_y=True)
    >>> SubspacePursuit(n_nonzero_coefs=3).fit(X, y).coef_.nonzero()[0]
    array([2, 3, 8])
    """

    def _recover(self, problem: Recovery, options: Any, control: Control) -> Estimate:
        return solve_subspace(problem, self.n_nonzero_coefs_, control)


class IterativeHardThresholding(_Recovering):
    """Iterative hard thresholding.

    Looks for ``min ||y - X w - b||^2`` with at most k = `n_nonzero_coefs` non-zero
    coefficients by ``w <- H_k(w + step X' r)``, where H_k keeps the k largest entries.
    At the end the coefficients are fitted on their support.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; a tenth of the features by default.
    step : {"adaptive"} or float, default="adaptive"
        Length of the steps: that of an exact line search on the support, shortened
        where the support changes; or a number, halved where the error would rise.
    tol : float, default=1e-6
        Relative change of the coefficients at which to stop.
    normalize : bool, default=True
        Whether to choose among columns scaled to norm 1 (after centring). Coefficients
        are those of the columns as they are.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    max_iter : int, default=1000
        Largest number of iterations. A ConvergenceWarning says what the last one still
        changed, if it was not enough.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int
        Number of coefficients asked for.
    n_iter_ : int or list of int
        Number of iterations, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    iht : With steps of one length, on plain arrays and operators.
    niht : With adaptive steps.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import IterativeHardThresholding
    >>> X, y = load_diabetes(return_X_y=True)
    >>> IterativeHardThresholding(n_nonzero_coefs=3).fit(X, y).coef_.nonzero()[0]
    array([2, 3, 8])
    """

    def __init__(
        self,
        *,
        n_nonzero_coefs=None,
        step="adaptive",
        tol=1e-6,
        normalize=True,
        fit_intercept=True,
        max_iter=1000,
    ):
        self.n_nonzero_coefs = n_nonzero_coefs
        self.step = step
        self.tol = tol
        self.normalize = normalize
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter

    def _options(self) -> Any:
        tol = check_real("tol", self.tol, low=0)
        if isinstance(self.step, str):
            check_choice("step", self.step, ("adaptive",))
            return None, tol
        return check_real("step", self.step, low=0, open_low=True), tol

    def _recover(self, problem: Recovery, options: Any, control: Control) -> Estimate:
        step, tol = options
        adaptive = step is None
        k = self.n_nonzero_coefs_
        return solve_iht(problem, k, step, adaptive, tol, control)


class HardThresholdingPursuit(_Recovering):
    """Hard-thresholding pursuit.

    Looks for ``min ||y - X w - b||^2`` with at most k = `n_nonzero_coefs` non-zero
    coefficients: each iteration takes the k largest entries of ``w + step X' r`` as the
    support and fits on it, until a support comes again.

    Parameters
    ----------
    n_nonzero_coefs : int, default=None
        Number of non-zero coefficients; a tenth of the features by default.
    step : float, default=None
        Length of the steps. By default, each is 2 on columns of norm 1, and is halved
        (up to ten times) until the error falls; without `normalize`, that is divided by
        the mean square of the chosen columns. 1 is the textbook's.
    normalize : bool, default=True
        Whether to choose among columns scaled to norm 1 (after centring). Coefficients
        are those of the columns as they are.
    fit_intercept : bool, default=True
        Whether to fit an intercept. Dense X is copied for it, sparse X is not.
    max_iter : int, default=100
        Largest number of iterations. A ConvergenceWarning says what the last one still
        changed, if it was not enough.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    sparse_coef_ : csr_matrix of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    n_nonzero_coefs_ : int
        Number of coefficients asked for.
    n_iter_ : int or list of int
        Number of iterations, for each target.
    objective_ : float or ndarray of shape (n_targets,)
        ``||y - X w - b||^2 / (2 n_samples)``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    htp : The same on plain arrays and operators.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.greedy import HardThresholdingPursuit
    >>> X, y = load_diabetes(return_X_y=True)
    >>> HardThresholdingPursuit(n_nonzero_coefs=3).fit(X, y).coef_.nonzero()[0]
    array([2, 3, 8])
    """

    def __init__(
        self,
        *,
        n_nonzero_coefs=None,
        step=None,
        normalize=True,
        fit_intercept=True,
        max_iter=100,
    ):
        self.n_nonzero_coefs = n_nonzero_coefs
        self.step = step
        self.normalize = normalize
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter

    def _options(self) -> Any:
        return check_step(self.step)

    def _recover(self, problem: Recovery, options: Any, control: Control) -> Estimate:
        return solve_htp(problem, self.n_nonzero_coefs_, options, control)
