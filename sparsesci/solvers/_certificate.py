"""How far an objective is from its minimum, at most."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsesci._kernels import get_backend
from sparsesci._kernels._contract import Backend, Doubles, Indices
from sparsesci.penalties import Penalty


@dataclass
class Certificate:
    """One evaluation of a solution.

    `gap` uses the best dual value seen, `sphere_gap` the one of the present residual
    times `scale`, around which the gap-safe sphere lies. `relative_violation` is in
    units of the pull of the penalty.
    """

    objective: float
    gap: float
    best_dual: float
    scale: float
    sphere_gap: float
    violations: Doubles
    violation: float
    relative_violation: float
    n_active: int

    def meets(self, target: float, tol: float) -> bool:
        """Whether the gap is small enough, and every coefficient near its optimum.

        A gap relative to the objective at zero says little at the end of a path,
        where the objective itself is that small: without the second condition,
        solutions would stop moving there.
        """
        return self.gap <= target and self.relative_violation <= math.sqrt(tol)


class Certifier:
    """Duality gaps of ``||R||_S^2 / (2n) + sum_j phi_j(||w_j||)``.

    Any multiple c of the residual has the dual value

        D(c) = c <R, Y>_S / n - c^2 ||R||_S^2 / (2n) - sum_j phi_j*(c ||u_j||)

    with U = X~' S R / n; the kernel `dual_point` takes the best c.

    Parameters
    ----------
    penalty : Penalty
        Has a dual.
    handle : object
        That of the penalty in the backend.
    backend : Backend
        Kernels.
    unbound : ndarray of int
        Columns that the penalty does not hold at all.
    reach : ndarray
        For these, the coefficient that a fit of the whole target could take.
    """

    def __init__(
        self,
        penalty: Penalty,
        handle: Any,
        backend: Backend,
        unbound: Indices,
        reach: Doubles,
    ) -> None:
        self.handle = handle
        self.unbound, self.reach = unbound, reach
        self.backend = backend
        self.best_dual = 0.0
        # Without alpha nothing is held: 0 * inf must not come up.
        self.threshold = penalty.slope * penalty.alpha if penalty.alpha else 0.0
        self.curvature = penalty.curvature

    @property
    def smallest_pull(self) -> float:
        """Smallest pull of the penalty at zero; inf where there is none."""
        if isinstance(self.threshold, float):
            return self.threshold or math.inf
        held = self.threshold[self.threshold > 0]
        return float(held.min(initial=np.inf))

    def evaluate(
        self, W: Doubles, U: Doubles, quadratic: float, linear: float
    ) -> Certificate:
        """Certify W, given ``||R||_S^2 / (2n)`` and ``<R, Y>_S / n``."""
        violations = np.empty(len(W))
        value, scale, dual, violation, n_active, largest = self.backend.certify(
            self.handle, W, U, quadratic, linear, violations
        )
        objective = quadratic + value
        self.best_dual = max(self.best_dual, dual)
        slack = self._slack(W, violations)
        return Certificate(
            objective=objective,
            gap=max(objective - self.best_dual, 0.0) + slack,
            best_dual=self.best_dual,
            scale=scale,
            sphere_gap=max(objective - dual, 0.0) + slack,
            violations=violations,
            violation=violation,
            relative_violation=self._relative(largest, violation, violations),
            n_active=n_active,
        )

    def _relative(self, largest: float, violation: float, violations: Doubles) -> float:
        """Largest violation in units of the pull of the penalty.

        Rows that nothing pulls at have no unit: `_slack` speaks for them.
        """
        pull = self.threshold + self.curvature * largest
        if isinstance(pull, float):
            return violation / pull if pull > 0 else 0.0
        return float(np.max(violations / np.where(pull > 0, pull, np.inf)))

    def _slack(self, W: Doubles, violations: Doubles) -> float:
        """What unpenalised columns may still gain: nothing bounds their dual side.

        Assumes that their coefficients change by no more than `reach`. Where they are
        solved as a block, this is rounding error.
        """
        if not self.unbound.size:
            return 0.0
        reach = np.abs(W[self.unbound]).max(axis=1) + self.reach
        return float(violations[self.unbound] @ reach)


def violations_of(handle: Any, W: Doubles, U: Doubles) -> Doubles:
    """Distance of each row of U from the subdifferential of the penalty at W."""
    out = np.empty(len(W))
    get_backend().subdiff(handle, W, -U, out)
    return out
