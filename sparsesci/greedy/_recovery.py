"""What the iterative greedy methods share: a problem, and a loop to run them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from sparsesci._kernels import get_backend
from sparsesci._logging import warn_caller
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.greedy._inputs import check_atoms, check_scale, check_signals
from sparsesci.operators.dictionary import Dictionary, ScaledDictionary, as_dictionary
from sparsesci.solvers._control import Control
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.validation import check_flag

Array = NDArray[Any]
Support = NDArray[np.int64]

_EPS = float(np.finfo(np.float64).eps)
# Coefficients that change by a smaller share are settled, where no `tol` says more.
_SETTLED = 1e-12


def squared(values: Array) -> float:
    """Squared Euclidean norm."""
    return float(np.vdot(values, values).real)


def top_k(values: Array, k: int) -> Support:
    """Sorted places of the k largest absolute values; the first where equal."""
    sizes = np.ascontiguousarray(np.abs(values), dtype=np.float64)[None]
    out = np.empty((1, min(k, values.size)), dtype=np.int64)
    get_backend().top_k(sizes, out.shape[1], out)
    return out[0]


@dataclass
class Estimate:
    """Coefficients on a support, and what they leave of the signal."""

    support: Support
    values: Array
    residual: Array

    @property
    def error(self) -> float:
        """Squared norm of the residual."""
        return squared(self.residual)


class Recovery:
    """A signal, atoms and the number of them to be found.

    Parameters
    ----------
    dictionary : Dictionary
        The atoms, on their own scale.
    y : ndarray of shape (n_samples,)
        The signal.
    normalize : bool
        Whether to work with atoms of norm 1; coefficients are those of the atoms as
        they are all the same.
    """

    def __init__(self, dictionary: Dictionary, y: Array, normalize: bool) -> None:
        self.scaled = ScaledDictionary(dictionary) if normalize else None
        self.dictionary = self.scaled or dictionary
        dtype = np.result_type(dictionary.dtype, y.dtype, np.float64)
        self.y = y.astype(dtype)
        self.square = squared(self.y)
        check_scale(self.y, self.square)

    def zero(self) -> Estimate:
        """No atom at all."""
        return Estimate(np.empty(0, dtype=np.int64), self.y[:0], self.y)

    def correlate(self, values: Array) -> Array:
        """``X^H values``."""
        return self.dictionary.correlate(values)

    def estimate(self, support: Support, values: Array) -> Estimate:
        """Coefficients as they are."""
        columns = self.dictionary.columns(support)
        return Estimate(support, values, self.y - columns @ values)

    def fit(self, support: Support) -> Estimate:
        """Least squares on a support, of least norm where atoms are dependent."""
        if support.size == 0:
            return self.zero()
        columns = self.dictionary.columns(support)
        values = lstsq(columns, self.y, cond=1e-12, lapack_driver="gelsy")[0]
        return Estimate(support, values, self.y - columns @ values)

    def is_solved(self, estimate: Estimate) -> bool:
        """Whether rounding errors are all that is left."""
        return estimate.error <= (64 * _EPS) ** 2 * self.square

    def result(self, estimate: Estimate, control: Control) -> SolverResult:
        """Wrap up, with coefficients of the atoms as they are."""
        coef = np.zeros(self.dictionary.n_atoms, dtype=self.y.dtype)
        coef[estimate.support] = estimate.values
        if self.scaled is not None:
            coef *= self.scaled.inverse
        return SolverResult(
            coef=coef,
            intercept=0.0,
            objective=estimate.error / (2 * len(self.y)),
            dual_gap=math.inf,
            dual_point=estimate.residual / len(self.y),
            violation=self._violation(estimate),
            n_iter=max(1, round(control.n_iter)),
            status=control.status or "converged",
            target=0.0,
            history=control.history,
        )

    def _violation(self, estimate: Estimate) -> float:
        if estimate.support.size == 0:
            return 0.0
        columns = self.dictionary.columns(estimate.support)
        slopes = np.abs(columns.T.conj() @ estimate.residual)
        return float(slopes.max() / len(self.y))


def prepare(X: Any, y: Any, normalize: Any) -> Recovery:
    """Check data and wrap them."""
    check_flag("normalize", normalize)
    X = check_atoms(X)
    y = check_signals(y, X.shape[0], several=False)
    return Recovery(as_dictionary(X), y, bool(normalize))


def change(first: Estimate, second: Estimate) -> tuple[float, float]:
    """Squared norms of the change of residual, and of coefficients."""
    places = np.union1d(first.support, second.support)
    delta = np.zeros(places.size, dtype=np.result_type(first.values, second.values))
    delta[np.searchsorted(places, second.support)] += second.values
    delta[np.searchsorted(places, first.support)] -= first.values
    return squared(first.residual - second.residual), squared(delta)


def relative_change(first: Estimate, second: Estimate) -> float:
    """Norm of the change of coefficients, relative to them."""
    moved, size = change(first, second)[1], squared(second.values)
    return math.sqrt(moved / size) if size > 0 else float(moved > 0)


def run(
    problem: Recovery,
    steps: Iterable[Estimate],
    control: Control,
    tol: float = _SETTLED,
) -> Estimate:
    """Return the best estimate of the steps; they end by themselves when done.

    Warns where `max_iter` ends them and the last step still changed the coefficients by
    more than `tol`, relatively.
    """
    best = current = problem.zero()
    for estimate in steps:
        control.n_iter += 1
        previous, current = current, estimate
        if estimate.error < best.error:
            best = estimate
        if control.observed:
            n_active = int(np.count_nonzero(estimate.values))
            loss = estimate.error / (2 * len(problem.y))
            control.report(loss, math.inf, problem._violation(estimate), n_active, 0.0)
        if problem.is_solved(estimate):
            control.status = "converged"
        if control.status or control.exhausted():
            break
    else:
        control.status = "converged"
    if control.status == "max_iter":
        last = relative_change(previous, current)
        if last <= tol:
            control.status = "converged"
        else:
            warn_of_max_iter(control.max_iter, "changed coefficients", last, tol)
    return best


def warn_of_max_iter(max_iter: int, effect: str, share: float, tol: float) -> None:
    """Issue a ConvergenceWarning that states what the last iteration still did."""
    warn_caller(
        f"max_iter={max_iter} ended the iterations, the last of which {effect} by a "
        f"share of {share:.3g}, tolerance: {tol:.3g}. Increase max_iter or, where that "
        "does not help, ask for fewer coefficients.",
        ConvergenceWarning,
    )
