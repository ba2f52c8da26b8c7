"""Sequential maximisation of the evidence: the loop around the kernel.

Prior variances are in units of the noise, ``beta_j ~ N(0, sigma^2 rho_j)``. The log
evidence of standardised data is then, with ``C = I + Z R Z'`` and ``E = y' C^-1 y``,

    -dof/2 log(2 pi sigma^2) - 1/2 log|C| - E / (2 sigma^2),

and a learned sigma^2 = E / dof is eliminated. A tiny constant in E keeps the noise off
zero where a fit is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky

from sparsesci._kernels import get_backend
from sparsesci.bayes._base import gaussian_evidence
from sparsesci.bayes._data import NOISE_FLOOR, Standardized
from sparsesci.bayes._posterior import Posterior, gaussian, triangular

Array = NDArray[Any]

# Rank-one updates are followed by a fresh factorisation after so many moves.
_BURST = 50


@dataclass(frozen=True)
class Rule:
    """What is maximised, and when to stop."""

    penalty: float  # price of an active column, in nats
    noise: float  # known noise variance, 0: learned
    max_active: int
    tol: float  # nats
    max_iter: int  # moves


class EvidenceAscent:
    """A model that is changed move by move."""

    def __init__(self, data: Standardized, rule: Rule, target: int = 0) -> None:
        p = data.n_features
        self.data, self.rule = data, rule
        self.inner = data.target_correlations[:, target]
        self.square = float(data.y_norms[target] > 0)
        self.gram = np.zeros((0, p))
        self.active = np.zeros(0, dtype=np.int64)
        self.slots = np.full(p, -1, dtype=np.int64)
        self.rho, self.mean = np.zeros(0), np.zeros(0)
        self.sigma = np.zeros((0, 0))
        self.n_active = self.n_moves = 0
        self.gains: list[float] = []
        self.converged = False
        self._grow(8)
        self._refresh()
        self.start = self.objective

    # -- state -------------------------------------------------------------------------
    def _grow(self, capacity: int) -> None:
        k, p = self.n_active, self.data.n_features
        gram, sigma = np.zeros((capacity, p)), np.zeros((capacity, capacity))
        gram[:k], sigma[:k, :k] = self.gram[:k], self.sigma[:k, :k]
        self.gram, self.sigma = gram, sigma
        for name in ("active", "rho", "mean"):
            old = getattr(self, name)
            new = np.zeros(capacity, dtype=old.dtype)
            new[:k] = old[:k]
            setattr(self, name, new)
        self.work = np.empty(p + capacity)

    def load(self, columns: Array, rho: Array) -> None:
        """Start from a model with these active columns."""
        k = len(columns)
        self._grow(max(8, 2 * k))
        self.slots[:] = -1
        for slot, j in enumerate(columns):
            self.gram[slot] = self.data.gram_row(int(j))
        self.active[:k], self.rho[:k] = columns, rho
        self.slots[columns] = np.arange(k)
        self.n_active = k
        self._refresh()
        self.start = self.objective

    def _refresh(self) -> None:
        """Compute everything but the active columns and their rho anew."""
        k = self.n_active
        active, gram = self.active[:k], self.gram[:k]
        precision = gram[:, active] + np.diag(1 / self.rho[:k])
        factor = cholesky(precision, lower=True, check_finite=False) if k else precision
        half, root = triangular(factor, gram), triangular(factor, np.eye(k))
        self.sigma[:k, :k] = root.T @ root
        self.mean[:k] = root.T @ (root @ self.inner[active])
        self.S = (self.data.norms > 0) - np.einsum("ij,ij->j", half, half)
        self.Q = self.inner - self.mean[:k] @ gram
        # Columns that depend on active ones have nothing but rounding left.
        self.Q[self.S <= 1e-10] = 0.0
        self.S[self.S <= 1e-10] = 0.0
        fit = float(self.inner[active] @ self.mean[:k])
        self.energy = max(self.square - fit, 0.0) + NOISE_FLOOR
        self.root = root
        self.log_determinant = float(
            2 * np.log(np.diag(factor)).sum() + np.log(self.rho[:k]).sum() if k else 0.0
        )

    # -- moves -------------------------------------------------------------------------
    def run(self) -> None:
        """Make moves until none is left."""
        rule, join, fresh = self.rule, -1, True
        while self.n_moves < rule.max_iter:
            gains = np.empty(min(_BURST, rule.max_iter - self.n_moves))
            made, wanted = self._burst(join, gains)
            fresh = fresh and made == 0
            self.n_moves += made
            self.gains += gains[:made].tolist()
            join = -1
            if wanted >= 0:
                if self.n_active == len(self.active):
                    self._grow(2 * self.n_active)
                self.gram[self.n_active] = self.data.gram_row(wanted)
                join = wanted
            elif fresh:
                self.converged = True
                return
            else:
                self._refresh()
                fresh = True
        self._refresh()

    def _burst(self, join: int, gains: Array) -> tuple[int, int]:
        rule = self.rule
        self.n_active, self.energy, made, wanted = get_backend().evidence_burst(
            self.gram,
            self.active,
            self.slots,
            self.rho,
            self.mean,
            self.sigma,
            self.S,
            self.Q,
            self.n_active,
            self.energy,
            join,
            self.data.dof,
            rule.noise,
            rule.penalty,
            rule.max_active,
            rule.tol,
            gains,
            self.work,
        )
        return made, wanted

    # -- results -----------------------------------------------------------------------
    @property
    def columns(self) -> Array:
        """Active columns, in the order of the slots."""
        return self.active[: self.n_active]

    @property
    def noise(self) -> float:
        """Noise variance: the known one, or the best."""
        return self.rule.noise or self.energy / max(self.data.dof, 1.0)

    @property
    def evidence(self) -> float:
        """Log evidence, without the penalty."""
        return gaussian_evidence(
            self.data.dof, self.noise, self.energy, self.log_determinant
        )

    @property
    def objective(self) -> float:
        """Log evidence less the penalties."""
        return self.evidence - self.rule.penalty * self.n_active

    @property
    def coef(self) -> Array:
        """Posterior mean, of shape (n_features,)."""
        coef = np.zeros(self.data.n_features)
        coef[self.columns] = self.mean[: self.n_active]
        return coef

    @property
    def gammas(self) -> Array:
        """Prior variances, of shape (n_features,)."""
        gammas = np.zeros(self.data.n_features)
        gammas[self.columns] = self.noise * self.rho[: self.n_active]
        return gammas

    @property
    def posterior(self) -> Posterior:
        """Covariance of the active coefficients."""
        factor = np.sqrt(self.noise) * self.root.T
        return gaussian(self.columns.copy(), factor, self.data.n_features)


def climb(data: Standardized, rule: Rule, target: int = 0) -> EvidenceAscent:
    """The better of two ascents: from the empty model, and from a denser one.

    Where no column stands out alone, the first one may stop before it began. At a third
    of the price, up to a third as many columns as observations come in, and those that
    are not worth the whole price leave again.
    """
    first = EvidenceAscent(data, rule, target)
    first.run()
    most = min(int(data.dof // 3), rule.max_active)
    if rule.penalty == 0 or most < 1:
        return first
    loose = replace(rule, penalty=rule.penalty / 3, max_active=most)
    denser = EvidenceAscent(data, replace(loose, tol=max(rule.tol, 1e-3)), target)
    denser.run()
    if denser.n_active <= first.n_active:
        return first
    second = EvidenceAscent(data, rule, target)
    second.load(denser.columns.copy(), denser.rho[: denser.n_active].copy())
    second.run()
    sane = second.n_active <= data.dof / 2
    return second if sane and second.objective > first.objective else first


def sparse_start(data: Standardized, noise: float = 0.0, target: int = 0) -> Any:
    """The model of `FastSBL` at its defaults: where other methods begin.

    Bounds of the evidence have many maxima. From an empty model with all of the target
    as noise, what only explains it together is not found.
    """
    price = float(np.log(max(data.n_varying, 1)))
    return climb(data, Rule(price, noise, data.n_features, 1e-6, 10_000), target)
