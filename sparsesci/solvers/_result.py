"""What a solver reports: while it runs, and at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci._logging import warn_caller
from sparsesci.exceptions import ConvergenceWarning


@dataclass(frozen=True)
class Progress:
    """State of a solver at an outer iteration, as passed to ``callback``.

    Attributes
    ----------
    n_iter : int
        Passes so far: updates by number of features, or iterations of FISTA.
    objective : float
        Value of the objective.
    dual_gap : float
        Upper bound of the objective's distance from its minimum.
    violation : float
        Largest distance of a gradient from its subdifferential.
    n_active : int
        Number of non-zero coefficients (rows, where there are several targets).
    elapsed : float
        Seconds since the solver started.
    alpha : float
        Strength of the penalty being solved.
    """

    n_iter: int
    objective: float
    dual_gap: float
    violation: float
    n_active: int
    elapsed: float
    alpha: float


@dataclass(frozen=True)
class SolverResult:
    """Solution of a problem, with its certificate where there is one.

    Attributes
    ----------
    coef : ndarray of shape (n_features,) or (n_features, n_targets)
        Coefficients.
    intercept : float or ndarray of shape (n_targets,)
        Intercept, 0 where none was fitted.
    objective : float
        Value of the objective at `coef`.
    dual_gap : float
        The objective exceeds its minimum by at most this much; infinite where nothing
        is known of the minimum, as in greedy methods.
    dual_point : ndarray of shape (n_samples,) or (n_targets, n_samples)
        The multiple of the residual that is used as a dual point. The gap that it
        proves may exceed `dual_gap`, which counts the best dual value met on the way.
    violation : float
        Largest distance of a coefficient's gradient from its subdifferential; in greedy
        methods, the largest gradient on the support.
    n_iter : int
        Number of iterations: see the solver.
    status : {"converged", "max_iter", "time_limit", "stalled", "callback"}
        Why the solver stopped. "stalled" means that rounding forbids more.
    target : float
        The gap that `tol` asked for, in the units of the objective.
    history : list of Progress
        One entry for each outer iteration.
    """

    coef: NDArray[Any]
    intercept: Any
    objective: float
    dual_gap: float
    dual_point: NDArray[np.float64]
    violation: float
    n_iter: int
    status: str
    target: float
    history: list[Progress] = field(default_factory=list, repr=False)

    @property
    def support(self) -> NDArray[np.intp]:
        """Places of the non-zero coefficients (rows)."""
        return np.flatnonzero(self.coef if self.coef.ndim == 1 else self.coef.any(1))

    @property
    def converged(self) -> bool:
        """Whether the gap met the tolerance."""
        return self.status == "converged"

    def warn(self) -> None:
        """Issue a ConvergenceWarning unless the solver converged."""
        warn_unless_converged(self.status, self.dual_gap, self.target, self.n_iter)


def make_result(
    control: Any,
    point: Any,
    target: float,
    W: NDArray[np.float64],
    intercept: NDArray[np.float64],
    theta: NDArray[np.float64],
    single: bool,
) -> SolverResult:
    """Wrap up a run in the caller's shapes: one target or several."""
    return SolverResult(
        coef=W[:, 0].copy() if single else W.copy(),
        intercept=float(intercept[0]) if single else intercept,
        objective=point.objective,
        dual_gap=point.gap,
        dual_point=theta[0] if single else theta,
        violation=point.violation,
        n_iter=max(1, round(control.n_iter)),
        status=control.status,
        target=target,
        history=control.history,
    )


_REASONS = {
    "max_iter": "max_iter was reached",
    "time_limit": "the time limit was reached",
    "stalled": "rounding errors allow no further progress",
}


def warn_unless_converged(status: str, gap: float, target: float, n_iter: int) -> None:
    """Issue a ConvergenceWarning that states the gap reached."""
    if status not in _REASONS:
        return
    reason = _REASONS[status]
    if gap <= target:
        reason = f"the gap is met, but gradients violate optimality: {reason}"
    warn_caller(
        "Objective did not converge. You might want to increase the number of "
        "iterations, check the scale of the features or consider increasing "
        f"regularisation. Duality gap: {gap:.3e}, tolerance: {target:.3e} "
        f"({reason} after {n_iter} iterations).",
        ConvergenceWarning,
    )
