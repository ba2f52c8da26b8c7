"""Best subsets by splicing: swaps between the chosen atoms and the others.

Design notes
A) With atoms of norm 1, taking atom j out of the support costs about ``w_j^2`` and
   putting it in gains about ``(x_j' r)^2``. A splice swaps the cheapest of the one for
   the best of the other, and is kept if the error falls.
B) All of this is known from ``X' y`` and the columns of ``X' X`` that belong to atoms
   which have been tried. These are few, and computed when first needed; a splice costs
   O(p s), not a pass over X.
C) A splice is judged by errors from the Gram matrix. The last fit is from the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lstsq, solve_triangular
from scipy.linalg.lapack import get_lapack_funcs

from sparsesci.greedy._inputs import check_iterations, check_n_nonzero
from sparsesci.greedy._recovery import (
    Estimate,
    Recovery,
    Support,
    prepare,
    top_k,
    warn_of_max_iter,
)
from sparsesci.operators.dictionary import GramColumns, square_norms
from sparsesci.solvers._control import Control
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.criteria import CRITERIA, information
from sparsesci.utils.validation import check_choice, check_integer

Array = NDArray[Any]

STARTS = ("path", "correlation")
_EPS = float(np.finfo(np.float64).eps)
# Errors must fall by this share: rounding must not make it go on for ever.
_TOLERANCE = 1e-10
_AHEAD = 16
# Atoms of which less is off the span of the chosen ones cannot join; the ridge is small
# beside it, and lets dependent atoms be factored.
_DEPENDENT = 1e-10
_RIDGE = 1e-14


@dataclass
class _Fit:
    """A support with its coefficients, correlations with the residual, and error."""

    support: Support
    values: Array
    alpha: Array
    error: float


class _Splicer:
    """Fits and splices on one problem, which share columns of the Gram matrix.

    `unsettled` is the largest share by which a last splice lowered the error where more
    were not allowed.
    """

    def __init__(self, problem: Recovery, exchange_max: int) -> None:
        self.problem, self.exchange_max = problem, exchange_max
        self.moments = problem.correlate(problem.y)
        self.gram = GramColumns(problem.dictionary, _AHEAD)
        self.solve = get_lapack_funcs("posv", (self.moments,))
        self.unsettled = 0.0

    def fit(self, support: Support, scores: NDArray[np.float64]) -> _Fit:
        """Least squares by the Gram matrix; `scores` tell who may come next."""
        if support.size == 0:
            empty = self.moments[:0]
            return _Fit(support, empty, self.moments, self.problem.square)
        self.gram.provide(support.tolist(), scores)
        rows = self.gram.rows(support)  # of X^H X, conjugated columns
        within, moments = rows[:, support], self.moments[support]
        _, values, failed = self.solve(within.T, moments)
        if failed:
            values = lstsq(within.T, moments, cond=1e-12, lapack_driver="gelsy")[0]
        alpha = self.moments - values @ rows
        error = self.problem.square - float(np.vdot(moments, values).real)
        return _Fit(support, values, alpha, max(error, 0.0))

    def splice(self, current: _Fit) -> _Fit | None:
        """The first swap that lowers the error, None if there is none."""
        outside = np.abs(current.alpha)
        outside[current.support] = 0.0
        n_outside = int(np.count_nonzero(outside))
        size = min(self.exchange_max, current.support.size, n_outside)
        while size > 0:
            leaving = top_k(1.0 / np.maximum(np.abs(current.values), 1e-300), size)
            kept = np.delete(current.support, leaving)
            trial = self.fit(np.union1d(kept, top_k(outside, size)), outside)
            threshold = _TOLERANCE * current.error + 64 * _EPS * self.problem.square
            if trial.error < current.error - threshold:
                return trial
            size -= 1
        return None

    def settle(self, current: _Fit, max_iter: int) -> tuple[_Fit, int]:
        """Splice until nothing improves; returns the number of splices too."""
        share = 0.0
        for n_splices in range(max_iter):
            following = self.splice(current)
            if following is None:
                return current, n_splices
            share, current = 1 - following.error / current.error, following
        self.unsettled = max(self.unsettled, share)
        return current, max_iter

    def start(self, k: int) -> _Fit:
        """The k atoms that correlate best."""
        return self.fit(top_k(self.moments, k), np.abs(self.moments))

    def grow(self, current: _Fit) -> _Fit | None:
        """One atom more: the one with which the error falls most."""
        gains = self._gains(current)
        if not gains.any():
            return None
        new = top_k(gains, 1)
        return self.fit(np.union1d(current.support, new), np.abs(current.alpha))

    def _gains(self, current: _Fit) -> NDArray[np.float64]:
        """By how much the error falls if an atom joins, 0 for those that cannot."""
        gains = np.abs(current.alpha) ** 2
        off = self.problem.dictionary.squares.copy()
        if current.support.size:
            rows = self.gram.rows(current.support)
            within = rows[:, current.support] + _RIDGE * np.eye(len(rows))
            inner = solve_triangular(cholesky(within, lower=True), rows, lower=True)
            off -= square_norms(inner)
        usable = off > _DEPENDENT
        usable[current.support] = False
        return np.where(usable, gains / np.where(usable, off, 1.0), 0.0)

    def is_solved(self, current: _Fit) -> bool:
        """Whether rounding errors are all that is left, judged by the data."""
        if current.error > 1e-10 * self.problem.square:
            return False
        return self.problem.is_solved(self.problem.fit(current.support))

    def shrink(self, current: _Fit) -> _Fit:
        """One atom less: the one with the smallest coefficient."""
        kept = np.delete(current.support, np.argmin(np.abs(current.values)))
        return self.fit(kept, np.abs(current.alpha))


# ---- paths ---------------------------------------------------------------------------
@dataclass
class SplicingPath:
    """Best subsets found for each number of atoms, from none on.

    Attributes
    ----------
    sizes : ndarray of shape (n_sizes,)
        Numbers of atoms.
    supports : list of ndarray
        The atoms.
    coefs : ndarray of shape (n_sizes, n_features)
        Coefficients, fitted by least squares.
    objectives : ndarray of shape (n_sizes,)
        ``||y - X w||^2 / (2 n_samples)``.
    criteria : ndarray of shape (n_sizes,)
        The information criterion; the smallest is the best.
    best : int
        Place of the smallest criterion.
    n_iter : int
        Number of splices.
    """

    sizes: NDArray[np.int64]
    supports: list[Support]
    coefs: Array
    objectives: NDArray[np.float64]
    criteria: NDArray[np.float64]
    best: int
    n_iter: int


class _Walk:
    """The best fit of each size so far."""

    def __init__(self, splicer: _Splicer, max_iter: int) -> None:
        self.splicer, self.max_iter = splicer, max_iter
        self.fits = [splicer.fit(np.empty(0, dtype=np.int64), np.empty(0))]
        self.n_splices = 0

    def offer(self, start: _Fit) -> None:
        """Splice from a start and keep the end if it is the best of its size."""
        size = start.support.size
        settled, n_splices = self.splicer.settle(start, self.max_iter)
        self.n_splices += n_splices
        if size == len(self.fits):
            self.fits.append(settled)
        elif settled.error < self.fits[size].error:
            self.fits[size] = settled

    def up(self, k_max: int) -> None:
        """From each size to the next; from forward selection where that is ahead."""
        forward: _Fit | None = self.fits[0]
        while len(self.fits) <= k_max and not self.splicer.is_solved(self.fits[-1]):
            last = self.fits[-1]
            grown = self.splicer.grow(last)
            if grown is None:
                return
            self.offer(grown)
            if forward is not None and np.array_equal(forward.support, last.support):
                forward = grown
            elif forward is not None:
                forward = self.splicer.grow(forward)
            if forward is not None and forward.error < self.fits[-1].error:
                self.offer(forward)

    def down(self) -> None:
        """To the largest size from the best correlations; from each to the next."""
        if len(self.fits) > 1:
            self.offer(self.splicer.start(len(self.fits) - 1))
        for size in range(len(self.fits) - 1, 1, -1):
            self.offer(self.splicer.shrink(self.fits[size]))


@dataclass
class Walked:
    """Best subsets of 0, 1, ... atoms, and what `max_iter` may have cut off."""

    estimates: list[Estimate]
    n_splices: int
    unsettled: float

    def warn(self, max_iter: int) -> None:
        """Issue a ConvergenceWarning if `max_iter` ended the splices of a size."""
        warn_unsettled(max_iter, self.unsettled)


def warn_unsettled(max_iter: int, unsettled: float) -> None:
    """Issue a ConvergenceWarning if the last splice allowed still helped."""
    if unsettled > 0:
        warn_of_max_iter(max_iter, "lowered the error", unsettled, _TOLERANCE)


def walk(problem: Recovery, k_max: int, exchange_max: int, max_iter: int) -> Walked:
    """Best subsets of 0 to k_max atoms.

    A local optimum of the way up is seldom one of the way down.
    """
    splicer = _Splicer(problem, exchange_max)
    found = _Walk(splicer, max_iter)
    found.up(k_max)
    found.down()
    estimates = [problem.fit(fit.support) for fit in found.fits]
    return Walked(estimates, found.n_splices, splicer.unsettled)


def choose(
    problem: Recovery, estimates: list[Estimate], criterion: str
) -> NDArray[np.float64]:
    """The criterion of each estimate."""
    n, p = len(problem.y), problem.dictionary.n_atoms
    floor = max((64 * _EPS) ** 2 * problem.square, 1e-300)
    return np.array(
        [
            information(e.error, n, p, e.support.size, criterion, floor)
            for e in estimates
        ]
    )


def default_size_limit(n_samples: int, n_atoms: int) -> int:
    """As many atoms as can be told from noise, about n / (log(p) log(log(n)))."""
    price = math.log(max(n_atoms, 3)) * max(math.log(math.log(max(n_samples, 3))), 1.0)
    return max(1, min(n_atoms, int(n_samples / price)))


def solve_splicing(
    problem: Recovery,
    k: int,
    start: str,
    exchange_max: int,
    control: Control,
) -> Estimate:
    """Best subset of k atoms of a prepared problem."""
    if start == "path":
        walked = walk(problem, k, exchange_max, control.max_iter)
        estimate, unsettled = walked.estimates[-1], walked.unsettled
        control.n_iter = walked.n_splices
    else:
        splicer = _Splicer(problem, exchange_max)
        current, control.n_iter = splicer.settle(splicer.start(k), control.max_iter)
        estimate, unsettled = problem.fit(current.support), splicer.unsettled
    control.status = "max_iter" if unsettled > 0 else "converged"
    warn_unsettled(control.max_iter, unsettled)
    return estimate


def splicing(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    start: str = "path",
    exchange_max: int = 5,
    max_iter: int = 100,
) -> SolverResult:
    """Best subset of a given size, by splicing.

    Looks for ``min ||y - X w||^2`` with k = `n_nonzero_coefs` atoms by swapping the
    atoms that matter least for those outside that would help most, as long as the error
    falls. What it ends with cannot be improved by any of its swaps; for enough samples
    it is the best subset with high probability [1]_.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default.
    start : {"path", "correlation"}, default="path"
        Find the best subsets of all sizes up to k, each from its neighbours: no worse
        than forward selection. Or start from the k atoms that correlate best, which
        takes less time and more often ends in a local optimum.
    exchange_max : int, default=5
        Largest number of atoms that are swapped at once.
    max_iter : int, default=100
        Largest number of splices for each size.

    Returns
    -------
    result : SolverResult
        Coefficients, fitted by least squares on their support.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` ends the splices of a size while they still lower the error.

    See Also
    --------
    splicing_path : All sizes, and a choice among them.

    References
    ----------
    .. [1] J. Zhu, C. Wen, J. Zhu, H. Zhang, X. Wang, "A polynomial algorithm for
       best-subset selection problem", PNAS 117, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import splicing
    >>> X = np.random.default_rng(0).standard_normal((40, 50))
    >>> splicing(X, X[:, 7] - 2 * X[:, 30], n_nonzero_coefs=2).support
    array([ 7, 30])
    """
    check_choice("start", start, STARTS)
    exchange_max = check_integer("exchange_max", exchange_max)
    control = check_iterations(max_iter, None, 0, False)
    problem = prepare(X, y, True)
    k = check_n_nonzero(n_nonzero_coefs, problem.dictionary.n_atoms)
    estimate = solve_splicing(problem, k, start, exchange_max, control)
    return problem.result(estimate, control)


def splicing_path(
    X: Any,
    y: Any,
    *,
    max_nonzero_coefs: int | None = None,
    criterion: str = "ebic",
    exchange_max: int = 5,
    max_iter: int = 100,
) -> SplicingPath:
    """Best subsets of all sizes by splicing, and the best size.

    The size minimises, for a squared error e and s atoms of p, ``n log(e / n)`` plus

    - ``2 s`` (AIC), ``s log(n)`` (BIC), ``s (log(n) + 2 log(p))`` (EBIC) or
    - ``s log(p) log(log(n))`` (SIC).

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms. Real or complex.
    y : array-like of shape (n_samples,)
        Signal.
    max_nonzero_coefs : int, default=None
        Largest number of atoms; about ``n / (log(p) log(log(n)))`` by default.
    criterion : {"aic", "bic", "ebic", "sic"}, default="ebic"
        What the size minimises.
    exchange_max : int, default=5
        Largest number of atoms that are swapped at once.
    max_iter : int, default=100
        Largest number of splices for each size.

    Returns
    -------
    path : SplicingPath
        A subset for each size from 0. The path ends early where nothing is left to
        explain.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` ends the splices of a size while they still lower the error.

    See Also
    --------
    splicing : One size.

    References
    ----------
    .. [1] J. Zhu, C. Wen, J. Zhu, H. Zhang, X. Wang, "A polynomial algorithm for
       best-subset selection problem", PNAS 117, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import splicing_path
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 50))
    >>> y = X[:, 7] - 2 * X[:, 30] + 0.1 * rng.standard_normal(100)
    >>> path = splicing_path(X, y)
    >>> path.supports[path.best]
    array([ 7, 30])
    """
    check_choice("criterion", criterion, CRITERIA)
    exchange_max = check_integer("exchange_max", exchange_max)
    max_iter = check_integer("max_iter", max_iter)
    problem = prepare(X, y, True)
    n, p = len(problem.y), problem.dictionary.n_atoms
    k_max = default_size_limit(n, p)
    if max_nonzero_coefs is not None:
        k_max = check_n_nonzero(max_nonzero_coefs, p, "max_nonzero_coefs")
    walked = walk(problem, k_max, exchange_max, max_iter)
    walked.warn(max_iter)
    estimates = walked.estimates
    criteria = choose(problem, estimates, criterion)
    control = Control()
    results = [problem.result(estimate, control) for estimate in estimates]
    return SplicingPath(
        np.array([e.support.size for e in estimates]),
        [e.support for e in estimates],
        np.stack([r.coef for r in results]),
        np.array([r.objective for r in results]),
        criteria,
        int(np.argmin(criteria)),
        walked.n_splices,
    )
