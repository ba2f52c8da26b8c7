"""New factors of the prior variances, three ways; and variances shared by neighbours.

The M-step of EM minimises, for second moments L and the tensor g = g_1 x ... x g_K,

    sum_j  log g_j + L_j / g_j

which is convex in the logarithms of the g_k, and has a minimiser that is unique up to
the scales of the g_k.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from sparsesci.bayes._kronecker_estep import Posterior
from sparsesci.operators.kronecker import outer

Array = NDArray[Any]
Gammas = list[Array]

_TINY = float(np.finfo(np.float64).tiny)


def balanced(gammas: Sequence[Array]) -> Gammas:
    """Factors of norm 1, but for the last, which carries the scale of the product."""
    norms = [float(np.linalg.norm(gamma)) for gamma in gammas]
    out = [gamma / norm for gamma, norm in zip(gammas, norms)]
    out[-1] = out[-1] * np.prod(norms)
    return out


def relative_change(new: Sequence[Array], old: Sequence[Array]) -> float:
    """``||new - old|| / ||old||`` of the products."""
    before = outer(old)
    return float(np.linalg.norm(outer(new) - before) / np.linalg.norm(before))


# ---- alternating minimisation --------------------------------------------------------
def _mean_ratio(moments: Array, gammas: Sequence[Array], axis: int) -> Array:
    """Mean over slices of ``L_j / prod_(l != axis) g_l``: the exact minimiser."""
    out = moments
    for gamma in reversed(gammas[axis + 1 :]):
        out = out.reshape(-1, gamma.size) @ (1 / gamma)
    for gamma in gammas[:axis]:
        out = (1 / gamma) @ out.reshape(gamma.size, -1)
    return np.asarray(out) * (gammas[axis].size / moments.size)


def am_step(
    moments: Array,
    gammas: Sequence[Array],
    *,
    max_sweeps: int = 3,
    tol: float = 1e-4,
    project: Callable[[int, Array], Array] | None = None,
) -> Gammas:
    """Minimise the M-step objective over one factor after the other.

    Parameters
    ----------
    moments : ndarray of shape (n_1, ..., n_K)
        Second moments, positive.
    gammas : sequence of K ndarrays
        Where to start, positive.
    max_sweeps : int, default=3
        Largest number of sweeps over the factors. Any number leaves EM monotone.
    tol : float, default=1e-4
        Relative change of the product at which to stop.
    project : callable, default=None
        ``project(k, target)`` replaces the minimiser of factor k.

    Returns
    -------
    gammas : list of K ndarrays
        Balanced factors.
    """
    gammas = list(gammas)
    for _ in range(max_sweeps):
        before = list(gammas)
        for k in range(len(gammas)):
            target = _mean_ratio(moments, gammas, k)
            gammas[k] = np.maximum(project(k, target) if project else target, _TINY)
        gammas = balanced(gammas)
        if len(gammas) == 1 or relative_change(gammas, before) <= tol:
            break
    return gammas


# ---- best product in the sense of least squares --------------------------------------
def svd_step(moments: Array) -> Gammas:
    """Return nested rank-one approximations of the second moments.

    The leading left singular vector of the moments, unfolded along the first axis, is
    the first factor; what it leaves is treated likewise. Both are non-negative, since
    the moments are. Not a step of EM: the evidence may fall.
    """
    gammas = []
    rest = moments
    while rest.ndim > 1:
        unfolded = rest.reshape(len(rest), -1)
        leading = np.abs(np.linalg.eigh(unfolded @ unfolded.T)[1][:, -1])
        # Small entries have only rounding errors in them: one power step, which adds
        # nothing but positive numbers, gives them their digits.
        leading = unfolded @ (leading @ unfolded)
        leading /= np.linalg.norm(leading)
        gammas.append(leading)
        rest = (leading @ unfolded).reshape(rest.shape[1:])
    return [*gammas, rest]


# ---- descent of the evidence itself --------------------------------------------------
def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def mm_step(
    posterior: Posterior, axis: int, shares: Array, coupling: Array | None
) -> Array:
    """One factor, by a majoriser of the negative log-evidence: it cannot rise.

    Each variance is scaled by the root of a ratio of sums over its slice: what the
    posterior mean spends on it, over what the data say of it. Those that neighbours
    share have the sums of all that they take part in.

    Parameters
    ----------
    posterior : Posterior
        Posterior under the present variances.
    axis : int
        Which factor.
    shares : ndarray of shape (n_axis,)
        The factor itself, or what it is a combination of.
    coupling : ndarray of shape (n_axis, n_axis) or None
        The factor is ``coupling @ shares``.

    Returns
    -------
    shares : ndarray of shape (n_axis,)
        New ones.
    """
    power, explained = posterior.slice_sums(axis)
    if coupling is not None:
        gamma = posterior.gammas[axis]
        power = coupling.T @ _ratio(power, gamma)
        explained = coupling.T @ _ratio(explained, gamma)
    return shares * np.sqrt(_ratio(power, explained))


def mm_noise(posterior: Posterior) -> float:
    """Noise by the same majoriser; it may move together with one factor."""
    energy = posterior.residual_energy / len(posterior.Y)
    return float(np.sqrt(energy / posterior.inverse_trace))


def em_noise(posterior: Posterior) -> float:
    """Noise by EM: residual, and the uncertainty of the fit."""
    spread = posterior.noise * posterior.n_effective
    energy = posterior.residual_energy / len(posterior.Y)
    return (energy + spread) / posterior.n_observations


# ---- neighbours ----------------------------------------------------------------------
def coupling_matrix(size: int, beta: float) -> Array:
    """Tridiagonal: 1 on the diagonal, beta beside it."""
    return np.eye(size) + beta * (np.eye(size, k=1) + np.eye(size, k=-1))


def couple(coupling: Array, target: Array, floor: float = 1e-5) -> Array:
    """Nearest variances to `target` that are ``C g`` for some g >= 0.

    A floor relative to their norm keeps them positive.
    """
    scale = float(target.max())
    shared = coupling @ nnls(coupling, target / scale)[0]
    return scale * (shared + floor * np.linalg.norm(shared))
