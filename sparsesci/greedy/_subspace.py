"""Pursuits that choose several atoms at a time: gOMP, CoSaMP, subspace pursuit."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from sparsesci.greedy._inputs import check_iterations, check_n_nonzero, check_tol
from sparsesci.greedy._recovery import Estimate, Recovery, prepare, run, top_k
from sparsesci.solvers._control import Callback, Control
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.validation import check_integer

# An iteration that lowers the squared error by less than this share has ended.
_STALLED = 1e-12


# ---- generalised OMP -----------------------------------------------------------------
def _gomp_steps(problem: Recovery, n_select: int, tol: float) -> Iterator[Estimate]:
    current = problem.zero()
    while current.error > tol and current.support.size + n_select <= len(problem.y):
        scores = np.abs(problem.correlate(current.residual))
        scores[current.support] = -1.0
        new = top_k(np.maximum(scores, 0.0), n_select)
        new = np.setdiff1d(new[scores[new] > 0], current.support)
        if new.size == 0:
            return
        current = problem.fit(np.union1d(current.support, new))
        yield current


def solve_gomp(
    problem: Recovery, k: int, n_select: int, tol: float | None, control: Control
) -> Estimate:
    """Generalised OMP of a prepared problem."""
    n_select = min(n_select, k, len(problem.y))
    steps = islice(_gomp_steps(problem, n_select, tol or 0.0), k)
    best = run(problem, steps, control)
    if best.support.size <= k:
        return best
    return problem.fit(best.support[top_k(best.values, k)])


def gomp(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    n_select: int = 3,
    tol: float | None = None,
    normalize: bool = True,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Sparse coefficients by generalised orthogonal matching pursuit.

    Looks for ``min ||y - X w||^2`` with at most k = `n_nonzero_coefs` atoms. Each of at
    most k iterations adds the `n_select` atoms with the largest ``|x_j' r|`` and fits
    all coefficients anew; at the end the k largest are kept and fitted. Choosing more
    than needed forgives wrong choices, for which plain OMP has no remedy.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default.
    n_select : int, default=3
        Number of atoms added in each iteration. With 1, it is OMP.
    tol : float, default=None
        Squared norm of the residual at which to stop choosing.
    normalize : bool, default=True
        Whether to choose among atoms scaled to norm 1. Coefficients are those of the
        atoms as they are.
    callback : callable, default=None
        Called with a :class:`~sparsesci.solvers.Progress` at each iteration; return
        True to stop.
    verbose : int or bool, default=0
        Log a line for each iteration, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the result.

    Returns
    -------
    result : SolverResult
        Coefficients, fitted by least squares on their support.

    See Also
    --------
    orthogonal_mp : One atom at a time.

    Notes
    -----
    An iteration costs a pass over X and a least-squares fit, O(n p + n s^2) with s
    atoms chosen so far.

    References
    ----------
    .. [1] J. Wang, S. Kwon, B. Shim, "Generalized orthogonal matching pursuit", IEEE
       Trans. Signal Process. 60, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import gomp
    >>> X = np.random.default_rng(0).standard_normal((20, 50))
    >>> result = gomp(X, X[:, 7] - 2 * X[:, 30], n_nonzero_coefs=2)
    >>> result.support
    array([ 7, 30])
    """
    n_select = check_integer("n_select", n_select)
    tol = check_tol(tol)
    control = check_iterations(sys.maxsize, callback, verbose, keep_history)
    problem = prepare(X, y, normalize)
    k = check_n_nonzero(n_nonzero_coefs, problem.dictionary.n_atoms)
    return problem.result(solve_gomp(problem, k, n_select, tol, control), control)


# ---- CoSaMP --------------------------------------------------------------------------
def _cosamp_steps(problem: Recovery, k: int) -> Iterator[Estimate]:
    current = problem.zero()
    while True:
        rivals = top_k(problem.correlate(current.residual), 2 * k)
        wide = problem.fit(np.union1d(rivals, current.support))
        kept = top_k(wide.values, k)
        following = problem.estimate(wide.support[kept], wide.values[kept])
        same = np.array_equal(following.support, current.support)
        yield following
        if same and following.error >= (1 - _STALLED) * current.error:
            return
        current = following


def solve_cosamp(problem: Recovery, k: int, control: Control) -> Estimate:
    """CoSaMP of a prepared problem."""
    return problem.fit(run(problem, _cosamp_steps(problem, k), control).support)


def cosamp(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    normalize: bool = True,
    max_iter: int = 100,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Sparse coefficients by compressive sampling matching pursuit.

    Looks for ``min ||y - X w||^2`` with at most k = `n_nonzero_coefs` atoms. Each
    iteration joins the 2k atoms with the largest ``|x_j' r|`` to the support, fits, and
    keeps the k largest coefficients as they are. Near the limit of what can be
    recovered it may go in circles: the best iterate counts, and is fitted at the end.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default.
    normalize : bool, default=True
        Whether to choose among atoms scaled to norm 1. Coefficients are those of the
        atoms as they are.
    max_iter : int, default=100
        Largest number of iterations.
    callback : callable, default=None
        Called with a :class:`~sparsesci.solvers.Progress` at each iteration; return
        True to stop.
    verbose : int or bool, default=0
        Log a line for each iteration, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the result.

    Returns
    -------
    result : SolverResult
        Coefficients, fitted by least squares on their support.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` ends the iterations while they still change the coefficients.

    See Also
    --------
    subspace_pursuit : A close relative that stops by itself.

    References
    ----------
    .. [1] D. Needell, J. A. Tropp, "CoSaMP: iterative signal recovery from incomplete
       and inaccurate samples", Appl. Comput. Harmon. Anal. 26, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import cosamp
    >>> X = np.random.default_rng(0).standard_normal((20, 50))
    >>> cosamp(X, X[:, 7] - 2 * X[:, 30], n_nonzero_coefs=2).support
    array([ 7, 30])
    """
    control = check_iterations(max_iter, callback, verbose, keep_history)
    problem = prepare(X, y, normalize)
    k = check_n_nonzero(n_nonzero_coefs, problem.dictionary.n_atoms)
    return problem.result(solve_cosamp(problem, k, control), control)


# ---- subspace pursuit ----------------------------------------------------------------
def _subspace_steps(problem: Recovery, k: int) -> Iterator[Estimate]:
    current = problem.fit(top_k(problem.correlate(problem.y), k))
    yield current
    while True:
        rivals = top_k(problem.correlate(current.residual), k)
        wide = problem.fit(np.union1d(rivals, current.support))
        following = problem.fit(wide.support[top_k(wide.values, k)])
        if following.error >= (1 - _STALLED) * current.error:
            return
        current = following
        yield current


def solve_subspace(problem: Recovery, k: int, control: Control) -> Estimate:
    """Subspace pursuit of a prepared problem."""
    return run(problem, _subspace_steps(problem, k), control)


def subspace_pursuit(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    normalize: bool = True,
    max_iter: int = 100,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Sparse coefficients by subspace pursuit.

    Looks for ``min ||y - X w||^2`` with at most k = `n_nonzero_coefs` atoms. Each
    iteration joins the k atoms with the largest ``|x_j' r|`` to the support, fits,
    keeps the k largest coefficients, and fits again. It ends when the error no longer
    falls, so it cannot go in circles.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default.
    normalize : bool, default=True
        Whether to choose among atoms scaled to norm 1. Coefficients are those of the
        atoms as they are.
    max_iter : int, default=100
        Largest number of iterations.
    callback : callable, default=None
        Called with a :class:`~sparsesci.solvers.Progress` at each iteration; return
        True to stop.
    verbose : int or bool, default=0
        Log a line for each iteration, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the result.

    Returns
    -------
    result : SolverResult
        Coefficients, fitted by least squares on their support.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` ends the iterations while they still change the coefficients.

    See Also
    --------
    cosamp : With 2k candidates and no second fit.

    References
    ----------
    .. [1] W. Dai, O. Milenkovic, "Subspace pursuit for compressive sensing signal
       reconstruction", IEEE Trans. Inf. Theory 55, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import subspace_pursuit
    >>> X = np.random.default_rng(0).standard_normal((20, 50))
    >>> subspace_pursuit(X, X[:, 7] - 2 * X[:, 30], n_nonzero_coefs=2).support
    array([ 7, 30])
    """
    control = check_iterations(max_iter, callback, verbose, keep_history)
    problem = prepare(X, y, normalize)
    k = check_n_nonzero(n_nonzero_coefs, problem.dictionary.n_atoms)
    return problem.result(solve_subspace(problem, k, control), control)
