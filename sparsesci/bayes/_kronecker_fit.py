"""One run of sparse Bayesian learning with a Kronecker prior: the outer loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci._logging import warn_caller
from sparsesci.bayes._kronecker_estep import Posterior, energy, root_mean_square
from sparsesci.bayes._kronecker_inputs import (
    check_noise,
    check_per_factor,
    usable_columns,
)
from sparsesci.bayes._kronecker_msteps import (
    am_step,
    balanced,
    couple,
    coupling_matrix,
    em_noise,
    mm_noise,
    mm_step,
    relative_change,
    svd_step,
)
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.solvers._control import Control
from sparsesci.utils.validation import check_choice

Array = NDArray[Any]

MSTEPS = ("svd", "am", "mm")
_COUPLED_SWEEPS = 9
# Over-relaxation: how fast it grows as long as it pays, and how far.
_GROWTH = 1.3
_MOST_RELAXATION = 1e3
_LARGEST_LOG = 1.0
# Variances start this much above what explains the energy of y: from below, "svd"
# settles on wrong atoms more often. Projections of "am" are slow from above.
_FIRST_LEVEL = 10.0
_FIRST_PROJECTED_LEVEL = 1e-3
# Below this effective number of coefficients, they are zero: variances would go on to
# shrink until they underflow.
_LEAST_EFFECTIVE = 1e-12
# Learned noise starts at this share of the mean square of y, and ends above the other.
_FIRST_NOISE = 0.1
_LEAST_NOISE = 1e-12
# Where iterations run out below this share, it is still on its way to zero.
_VANISHING_NOISE = 1e-6


@dataclass(frozen=True)
class Options:
    """How the variances are updated; all checked."""

    mstep: str
    noise: float | None  # None: learned
    coupling: list[float]
    prune: list[float]


def check_options(
    n_factors: int, mstep: Any, noise: Any, coupling: Any, prune: Any
) -> Options:
    """Check what does not depend on data."""
    check_choice("mstep", mstep, MSTEPS)
    noise = check_noise(noise)
    betas = check_per_factor("coupling", coupling, n_factors, 1.0)
    if any(betas) and mstep == "svd":
        raise ValueError("coupling needs mstep='mm' or 'am', got mstep='svd'.")
    ratios = check_per_factor("prune", prune, n_factors, 1.0, open_high=True)
    return Options(mstep, noise, betas, ratios)


def _beyond(start: Array, step: Array, relaxation: float) -> Array:
    """Go on from `step` in its direction from `start`, in logarithms."""
    logs = (relaxation - 1) * np.log(step / start)
    further = step * np.exp(np.clip(logs, -_LARGEST_LOG, _LARGEST_LOG))
    return np.asarray(further * (np.linalg.norm(step) / np.linalg.norm(further)))


class Fit:
    """One run, on observations that are scaled to mean square 1.

    Parameters
    ----------
    factors : list of K ndarrays
        Factors of the dictionary.
    Y : ndarray of shape (n_snapshots, m_1, ..., m_K)
        Observations, not all zeros.
    options : Options
        Updates.
    """

    def __init__(self, factors: Sequence[Array], Y: Array, options: Options) -> None:
        self.all_factors, self.options = factors, options
        self.scale = root_mean_square(Y)
        self.Y = Y = Y / self.scale
        self.kept = kept = usable_columns(factors)
        self.factors = [factor[:, where] for factor, where in zip(factors, kept)]
        self.complex_valued = any(map(np.iscomplexobj, (Y, *factors)))
        # Equal variances; at level 1, they explain the energy of Y.
        power = math.prod(energy(factor) for factor in self.factors)
        level = energy(Y) / len(Y) / power
        projects = options.mstep == "am" and any(options.coupling)
        shares = balanced([np.ones(len(where)) for where in kept])
        shares[-1] *= level * (_FIRST_PROJECTED_LEVEL if projects else _FIRST_LEVEL)
        # "mm" works on these: each factor is its coupling times its shares.
        self.shares = shares
        if options.noise is None:
            self.noise = _FIRST_NOISE
        else:  # the bound is below what makes a difference
            self.noise = max(options.noise / self.scale / self.scale, 1e-200)
        self.couplings = [
            coupling_matrix(len(where), beta) if beta else None
            for where, beta in zip(kept, options.coupling)
        ]
        self.gammas = [self._coupled(k) for k in range(len(kept))]
        self.evidence_path: list[float] = []
        self.change = math.inf
        self.relaxes = options.mstep == "am" and not projects
        self.relaxation = 1.0

    def posterior(self) -> Posterior:
        """Posterior under the present variances."""
        return Posterior(self.factors, self.gammas, self.noise, self.Y)

    def run(self, control: Control) -> Posterior:
        """Iterate until the control stops; return the posterior at the end."""
        posterior = self.posterior()
        while True:
            self.evidence_path.append(self._log_evidence(posterior))
            if control.observed:
                n_active = math.prod(len(gamma) for gamma in self.gammas)
                objective = -self.evidence_path[-1]
                control.report(objective, math.inf, self.change, n_active, 0.0)
            nothing_left = posterior.n_effective < _LEAST_EFFECTIVE
            if self.change <= control.tol or nothing_left:
                control.status = "converged"
            if control.status or control.exhausted():
                return posterior
            before = self.gammas, self.noise
            self._update(posterior)
            self.change = max(
                relative_change(self.gammas, before[0]), abs(self.noise / before[1] - 1)
            )
            posterior = self._over_relaxed(before[0])
            if self._prune():
                posterior = self.posterior()
            control.n_iter += 1

    def _log_evidence(self, posterior: Posterior) -> float:
        """Of the observations on their own scale."""
        n_real = self.Y.size * (2 if self.complex_valued else 1)
        value = posterior.log_evidence(self.complex_valued)
        return value - n_real * math.log(self.scale)

    def _update(self, posterior: Posterior) -> None:
        learned = self.options.noise is None
        if self.options.mstep == "mm":
            self.gammas = list(self.gammas)
            for k, coupling in enumerate(self.couplings):
                if k:
                    posterior = self.posterior()
                self.shares[k] = mm_step(posterior, k, self.shares[k], coupling)
                self.gammas[k] = self._coupled(k)
                if learned:
                    self._set_noise(mm_noise(posterior))
            return
        moments = posterior.second_moment
        svd = self.options.mstep == "svd"
        self.gammas = svd_step(moments) if svd else self._am(moments)
        if learned:
            self._set_noise(em_noise(posterior))

    def _coupled(self, k: int) -> Array:
        coupling = self.couplings[k]
        return self.shares[k] if coupling is None else coupling @ self.shares[k]

    def _am(self, moments: Array) -> list[Array]:
        if not any(self.options.coupling):
            return am_step(moments, self.gammas)

        def project(k: int, target: Array) -> Array:
            coupling = self.couplings[k]
            return target if coupling is None else couple(coupling, target)

        sweeps = _COUPLED_SWEEPS
        return am_step(moments, self.gammas, max_sweeps=sweeps, project=project)

    def _over_relaxed(self, gammas: list[Array]) -> Posterior:
        """Go on beyond a step of EM while that raises the evidence, else only so far.

        Variances that tend to zero do so like 1 / iterations in EM itself. The norms
        of the factors and the noise stay as the step has them: together, they could
        jump to where there is no signal at all.
        """
        if self.relaxation > 1:
            plain = self.gammas
            pairs = zip(gammas, plain)
            self.gammas = [_beyond(g, p, self.relaxation) for g, p in pairs]
            posterior = self.posterior()
            if self._log_evidence(posterior) >= self.evidence_path[-1]:
                self.relaxation = min(_GROWTH * self.relaxation, _MOST_RELAXATION)
                return posterior
            self.gammas, self.relaxation = plain, 1.0
        if self.relaxes:
            self.relaxation *= _GROWTH
        return self.posterior()

    def _set_noise(self, noise: float) -> None:
        self.noise = max(noise, _LEAST_NOISE)

    def _prune(self) -> bool:
        """Remove small variances; return whether there were any."""
        before = sum(map(len, self.gammas))
        for k, ratio in enumerate(self.options.prune):
            gamma = self.gammas[k]
            stays = gamma >= ratio * gamma.max()
            if stays.all():
                continue
            self.gammas[k], self.shares[k] = gamma[stays], self.shares[k][stays]
            self.kept[k] = self.kept[k][stays]
            self.factors[k] = self.factors[k][:, stays]
            coupling = self.couplings[k]
            if coupling is not None:
                self.couplings[k] = coupling[np.ix_(stays, stays)]
            if self.options.mstep == "mm":  # what has gone shares nothing any more
                self.gammas[k] = self._coupled(k)
        return sum(map(len, self.gammas)) < before

    # ---- results on the scale of the observations ------------------------------------
    @property
    def noise_variance(self) -> float:
        """Variance of the noise."""
        return self.noise * self.scale**2

    def full_gammas(self) -> list[Array]:
        """Factors of the variances, 0 where pruned; the last has the scale."""
        out = [np.zeros(factor.shape[1]) for factor in self.all_factors]
        for full, where, gamma in zip(out, self.kept, balanced(self.gammas)):
            full[where] = gamma
        out[-1] *= self.scale**2
        return out

    def full(self, values: Array) -> Array:
        """Values of the coefficients that take part, put in their places."""
        sizes = [factor.shape[1] for factor in self.all_factors]
        out = np.zeros((len(values), *sizes), dtype=values.dtype)
        for one, value in zip(out, values):
            one[np.ix_(*self.kept)] = value
        return out

    def warn(self, control: Control) -> None:
        """Warn of a fit without noise, and of one that was not finished."""
        finished = control.status == "converged"
        negligible = _LEAST_NOISE * 10 if finished else _VANISHING_NOISE
        if self.options.noise is None and self.noise <= negligible:
            warn_caller(
                f"The learned noise variance has fallen to {self.noise:.0e} of the "
                "mean square of y: the coefficients fit y perfectly. Unless y is free "
                "of noise, there are too many coefficients for it; give the variance "
                "as `noise`.",
                RuntimeWarning,
            )
        warn_if_unfinished(control, self.change)


def warn_if_unfinished(control: Control, change: float) -> None:
    """Issue a ConvergenceWarning that states the change reached."""
    if control.status in ("max_iter", "time_limit"):
        warn_caller(
            f"The prior variances did not converge: {control.status} was reached "
            f"after {control.n_iter:.0f} iterations with a relative change of "
            f"{change:.3e}, tolerance: {control.tol:.3e}.",
            ConvergenceWarning,
        )
