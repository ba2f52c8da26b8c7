"""Gradient steps and hard thresholds: IHT, normalised IHT and HTP."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci.greedy._inputs import check_iterations, check_n_nonzero
from sparsesci.greedy._recovery import (
    Estimate,
    Recovery,
    Support,
    change,
    prepare,
    relative_change,
    run,
    squared,
    top_k,
)
from sparsesci.solvers._control import Callback, Control
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.validation import check_real

Array = NDArray[Any]

# A step that changes the support must keep this distance from its limit, and shrinks
# by this factor where it does not.
_MARGIN, _SHRINK = 0.01, 2.0
_POWER_ITERATIONS = 30
# Steps of pursuit, in units of the inverse square of atoms: the first to be tried, and
# how often it is halved.
_LONGEST, _HALVINGS = 2.0, 10


def check_step(step: Any) -> float | None:
    """Return the length of gradient steps, None for automatic ones."""
    return None if step is None else check_real("step", step, low=0, open_low=True)


def _spread(problem: Recovery, current: Estimate) -> Array:
    out = np.zeros(problem.dictionary.n_atoms, dtype=problem.y.dtype)
    out[current.support] = current.values
    return out


def _threshold(problem: Recovery, target: Array, k: int) -> Estimate:
    support = top_k(target, k)
    return problem.estimate(support, target[support])


def _largest_eigenvalue(problem: Recovery) -> float:
    """``||X||_2^2`` by power iteration; a little below it, which the steps tolerate."""
    vector, value = problem.y, 0.0
    for _ in range(_POWER_ITERATIONS):
        norm = math.sqrt(squared(vector))
        if norm == 0:
            break
        unit = vector / norm
        vector = problem.dictionary.apply(problem.correlate(unit))
        value = math.sqrt(squared(vector))
    return value


# ---- iterative hard thresholding -----------------------------------------------------
def _iht_steps(
    problem: Recovery, k: int, step: float | None, tol: float
) -> Iterator[Estimate]:
    current = problem.zero()
    if step is None:
        largest = _largest_eigenvalue(problem)
        if largest == 0:
            return
        step = 0.99 / largest
    while True:
        start, ascent = _spread(problem, current), problem.correlate(current.residual)
        while True:
            following = _threshold(problem, start + step * ascent, k)
            if following.error <= current.error:
                break
            if relative_change(current, following) <= tol:
                return
            step /= _SHRINK
        yield following
        if relative_change(current, following) <= tol:
            return
        current = following


def _niht_step(problem: Recovery, ascent: Array, support: Support) -> float:
    """Exact line search on the support."""
    slope = ascent[support]
    below = squared(problem.dictionary.columns(support) @ slope)
    return squared(slope) / below if below > 0 else 0.0


def _niht_steps(problem: Recovery, k: int, tol: float) -> Iterator[Estimate]:
    current = problem.zero()
    support = top_k(problem.correlate(problem.y), k)
    while True:
        ascent = problem.correlate(current.residual)
        step = _niht_step(problem, ascent, support)
        if step == 0:
            return
        start = _spread(problem, current)
        while True:
            following = _threshold(problem, start + step * ascent, k)
            if np.array_equal(following.support, support):
                break
            moved, length = change(current, following)
            if step * moved <= (1 - _MARGIN) * length:
                break
            step /= _SHRINK * (1 - _MARGIN)
        yield following
        if relative_change(current, following) <= tol:
            return
        current, support = following, following.support


def solve_iht(
    problem: Recovery,
    k: int,
    step: float | None,
    normalized_step: bool,
    tol: float,
    control: Control,
) -> Estimate:
    """Iterative hard thresholding of a prepared problem, fitted at the end."""
    steps = (
        _niht_steps(problem, k, tol)
        if normalized_step
        else _iht_steps(problem, k, step, tol)
    )
    return problem.fit(run(problem, steps, control, tol).support)


def iht(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    step: float | None = None,
    tol: float = 1e-6,
    normalize: bool = True,
    max_iter: int = 1000,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Sparse coefficients by iterative hard thresholding.

    Looks for ``min ||y - X w||^2`` with at most k = `n_nonzero_coefs` atoms by
    ``w <- H_k(w + step X' (y - X w))``, where H_k keeps the k largest entries. At the
    end the coefficients are fitted on the support. No iteration solves a system, so
    fast operators remain fast.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default.
    step : float, default=None
        Length of the steps; by default a little less than ``1 / ||X||_2^2``. It is
        halved whenever the error would rise.
    tol : float, default=1e-6
        Relative change of the coefficients at which to stop.
    normalize : bool, default=True
        Whether to choose among atoms scaled to norm 1. Coefficients are those of the
        atoms as they are.
    max_iter : int, default=1000
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
    niht : With steps that adapt: far fewer iterations.
    htp : With a fit in each iteration.

    References
    ----------
    .. [1] T. Blumensath, M. E. Davies, "Iterative hard thresholding for compressed
       sensing", Appl. Comput. Harmon. Anal. 27, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import iht
    >>> X = np.random.default_rng(0).standard_normal((40, 50))
    >>> iht(X, X[:, 7] - 2 * X[:, 30], n_nonzero_coefs=2).support
    array([ 7, 30])
    """
    step, tol = check_step(step), check_real("tol", tol, low=0)
    control = check_iterations(max_iter, callback, verbose, keep_history)
    problem = prepare(X, y, normalize)
    k = check_n_nonzero(n_nonzero_coefs, problem.dictionary.n_atoms)
    return problem.result(solve_iht(problem, k, step, False, tol, control), control)


def niht(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    tol: float = 1e-6,
    normalize: bool = True,
    max_iter: int = 1000,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Sparse coefficients by normalised iterative hard thresholding.

    As :func:`iht`, with the step of an exact line search on the support,
    ``||g_S||^2 / ||X g_S||^2``. Where the support would change, the step is shortened
    until the error is certain to fall. It needs no bound on ``||X||``.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default.
    tol : float, default=1e-6
        Relative change of the coefficients at which to stop.
    normalize : bool, default=True
        Whether to choose among atoms scaled to norm 1. Coefficients are those of the
        atoms as they are.
    max_iter : int, default=1000
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
    iht : With steps of one length.

    References
    ----------
    .. [1] T. Blumensath, M. E. Davies, "Normalized iterative hard thresholding:
       guaranteed stability and performance", IEEE J. Sel. Top. Signal Process. 4, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import niht
    >>> X = np.random.default_rng(0).standard_normal((20, 50))
    >>> niht(X, X[:, 7] - 2 * X[:, 30], n_nonzero_coefs=2).support
    array([ 7, 30])
    """
    tol = check_real("tol", tol, low=0)
    control = check_iterations(max_iter, callback, verbose, keep_history)
    problem = prepare(X, y, normalize)
    k = check_n_nonzero(n_nonzero_coefs, problem.dictionary.n_atoms)
    return problem.result(solve_iht(problem, k, None, True, tol, control), control)


# ---- hard-thresholding pursuit -------------------------------------------------------
def _htp_steps(problem: Recovery, k: int, step: float) -> Iterator[Estimate]:
    """Steps of one length, until a support comes again: the last one, or a circle."""
    current, seen = problem.zero(), set()
    while True:
        ascent = problem.correlate(current.residual)
        support = top_k(_spread(problem, current) + step * ascent, k)
        if support.tobytes() in seen:
            return
        seen.add(support.tobytes())
        current = problem.fit(support)
        yield current


def _falling_htp_steps(problem: Recovery, k: int) -> Iterator[Estimate]:
    """Steps that are halved until the error falls, from a length that is too long.

    An exact line search has nothing to work on: after a fit, the gradient on the
    support consists of rounding errors.
    """
    # From zero, all lengths lead to the same support.
    current = problem.fit(top_k(problem.correlate(problem.y), k))
    tried = {current.support.tobytes()}
    while True:
        yield current
        start, ascent = _spread(problem, current), problem.correlate(current.residual)
        length = _LONGEST * _inverse_square(problem, current.support)
        for _ in range(_HALVINGS):
            support = top_k(start + length * ascent, k)
            if support.tobytes() not in tried:  # those before had larger errors
                tried.add(support.tobytes())
                following = problem.fit(support)
                if following.error < current.error:
                    break
            length /= 2
        else:
            return
        current = following


def _inverse_square(problem: Recovery, support: Support) -> float:
    """Inverse mean square of the norms of atoms."""
    if problem.scaled is not None:
        return 1.0
    total = squared(problem.dictionary.columns(support))
    return support.size / total if total > 0 else 0.0


def solve_htp(
    problem: Recovery, k: int, step: float | None, control: Control
) -> Estimate:
    """Hard-thresholding pursuit of a prepared problem."""
    steps = (
        _falling_htp_steps(problem, k) if step is None else _htp_steps(problem, k, step)
    )
    return run(problem, steps, control)


def htp(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    step: float | None = None,
    normalize: bool = True,
    max_iter: int = 100,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> SolverResult:
    """Sparse coefficients by hard-thresholding pursuit.

    Looks for ``min ||y - X w||^2`` with at most k = `n_nonzero_coefs` atoms. Each
    iteration takes the k largest entries of ``w + step X' (y - X w)`` as the support
    and fits on it; it ends when a support comes again. With the default steps the error
    falls in each iteration; with steps of one length it may not, and the best of all
    supports is returned.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default.
    step : float, default=None
        Length of the steps. By default, each is 2 on atoms of norm 1, and is halved (up
        to ten times) until the error falls; without `normalize`, that is divided by the
        mean square of the chosen atoms. 1 is the textbook's.
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
    niht : Without a fit in each iteration.

    References
    ----------
    .. [1] S. Foucart, "Hard thresholding pursuit: an algorithm for compressive
       sensing", SIAM Journal on Numerical Analysis 49, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import htp
    >>> X = np.random.default_rng(0).standard_normal((20, 50))
    >>> htp(X, X[:, 7] - 2 * X[:, 30], n_nonzero_coefs=2).support
    array([ 7, 30])
    """
    step = check_step(step)
    control = check_iterations(max_iter, callback, verbose, keep_history)
    problem = prepare(X, y, normalize)
    k = check_n_nonzero(n_nonzero_coefs, problem.dictionary.n_atoms)
    return problem.result(solve_htp(problem, k, step, control), control)
