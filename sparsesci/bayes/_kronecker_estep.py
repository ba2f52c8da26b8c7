"""The posterior under a Kronecker prior, exact, without any matrix of its size.

With ``B_k = H_k diag(g_k)^(1/2) = U_k S_k V_k^H``, the covariance of the observations
is diagonal in the product of the U_k, and all that is asked of the posterior is a
product along the axes of a tensor.

Notation: ``lam`` has the eigenvalues ``(s_1 x ... x s_K)^2`` of the covariance of the
signal, ``noise`` is the variance of the noise, observations Y have the shape
(n_snapshots, m_1, ..., m_K).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci.operators.kronecker import mode_products, outer

Array = NDArray[Any]


def energy(values: Array) -> float:
    """Sum of squared magnitudes."""
    return float(np.vdot(values, values).real)


def squares(values: Array) -> Array:
    """Squared magnitudes."""
    return values.real**2 + values.imag**2 if np.iscomplexobj(values) else values**2


def root_mean_square(values: Array) -> float:
    """Root of the mean squared magnitude, also of numbers without a square."""
    largest = float(np.abs(values).max())
    return largest * math.sqrt(energy(values / largest) / values.size)


def all_but(axis: int, n_dim: int) -> tuple[int, ...]:
    """All axes of a tensor, except one."""
    return tuple(k for k in range(n_dim) if k != axis)


class Posterior:
    """Posterior of the coefficients given prior variances and noise.

    What costs O(P sum n_k), the mean and the variances, is computed when it is asked
    for; the evidence and the noise need only the spectrum.

    Parameters
    ----------
    factors : sequence of K ndarrays of shape (m_k, n_k)
        Factors of the dictionary.
    gammas : sequence of K ndarrays of shape (n_k,)
        Factors of the prior variances, non-negative.
    noise : float
        Variance of the noise, positive.
    Y : ndarray of shape (n_snapshots, m_1, ..., m_K)
        Observations.
    """

    def __init__(
        self, factors: Sequence[Array], gammas: Sequence[Array], noise: float, Y: Array
    ) -> None:
        self.noise, self.Y = noise, Y
        self.gammas = list(gammas)
        self.roots = [np.sqrt(gamma) for gamma in gammas]
        parts = [
            np.linalg.svd(factor * root, full_matrices=True)
            for factor, root in zip(factors, self.roots)
        ]
        self.ranks = [len(s) for _, s, _ in parts]
        self.left = [U[:, :rank] for (U, _, _), rank in zip(parts, self.ranks)]
        self.right = [Vh.conj().T for _, _, Vh in parts]  # square: with the null space
        self.singular = outer([s for _, s, _ in parts])
        self.lam = self.singular**2
        self.spread = noise + self.lam
        # The share of the prior variance that is left along each singular vector.
        self.shrink = noise / self.spread

    @property
    def n_observations(self) -> int:
        """Length of an observation."""
        return math.prod(self.Y.shape[1:])

    @cached_property
    def spectrum(self) -> Array:
        """Observations along the left singular vectors, (n_snapshots, r_1, ...)."""
        return mode_products([U.conj().T for U in self.left], self.Y)

    @cached_property
    def _outside(self) -> float:
        """Energy of the observations that no coefficient can reach."""
        if self.lam.size == self.n_observations:
            return 0.0
        return energy(self.Y - mode_products(self.left, self.spectrum))

    @cached_property
    def _loadings(self) -> Array:
        """Coordinates of the mean in the right singular vectors."""
        return self.singular / self.spread * self.spectrum

    @cached_property
    def _right_ranges(self) -> list[Array]:
        return [V[:, :rank] for V, rank in zip(self.right, self.ranks)]

    # ---- coefficients ----------------------------------------------------------------
    @cached_property
    def mean(self) -> Array:
        """Posterior mean, shape (n_snapshots, n_1, ..., n_K)."""
        pairs = zip(self.roots, self._right_ranges)
        return mode_products([root[:, None] * V for root, V in pairs], self._loadings)

    @cached_property
    def variance(self) -> Array:
        """Posterior variances, shape (n_1, ..., n_K), the same for all snapshots.

        A sum of non-negative terms: it can neither cancel nor become negative.
        """
        within = [squares(V) for V in self._right_ranges]
        share = mode_products(within, self.shrink[None])[0]
        null = self._null_share()
        return outer(self.gammas) * (share if null is None else share + null)

    def _null_share(self) -> Array | None:
        """Squared norms of unit vectors in the null space; None where there is none.

        A product vector is in it if its first, or else its second, ... part is.
        """
        if all(len(V) == rank for V, rank in zip(self.right, self.ranks)):
            return None
        total: Any = 0.0
        for V, rank in zip(reversed(self.right), reversed(self.ranks)):
            parts = squares(V)
            inside, outside = parts[:, :rank].sum(1), parts[:, rank:].sum(1)
            shape = (-1, *[1] * np.ndim(total))
            total = outside.reshape(shape) + inside.reshape(shape) * total
        return np.asarray(total)

    @property
    def second_moment(self) -> Array:
        """``E |x_j|^2``, averaged over snapshots."""
        power = squares(self.mean)
        mean_power = power[0] if len(power) == 1 else power.mean(axis=0)
        return mean_power + self.variance

    def sample(self, standard_normal: Array) -> Array:
        """Draws from the posterior, from draws of the same shape from a normal one.

        Parameters
        ----------
        standard_normal : ndarray of shape (n_draws, n_1, ..., n_K)
            Independent normal numbers of (complex) variance 1.

        Returns
        -------
        deviations : ndarray of the same shape
            Draws less the mean.
        """
        shrink = np.ones([len(V) for V in self.right])
        shrink[tuple(map(slice, self.ranks))] = self.shrink
        maps = [root[:, None] * V for root, V in zip(self.roots, self.right)]
        return mode_products(maps, np.sqrt(shrink) * standard_normal)

    # ---- noise and evidence ----------------------------------------------------------
    @cached_property
    def residual_energy(self) -> float:
        """``||Y - H mean||^2``, over all snapshots."""
        return energy(self.shrink * self.spectrum) + self._outside

    @cached_property
    def n_effective(self) -> float:
        """``sum_j (1 - variance_j / gamma_j)``: parameters that the data determine."""
        return float((self.lam / self.spread).sum())

    @property
    def inverse_trace(self) -> float:
        """Trace of the inverse covariance of an observation."""
        n_outside = self.n_observations - self.lam.size
        return float((1 / self.spread).sum()) + n_outside / self.noise

    def log_evidence(self, complex_valued: bool) -> float:
        """Log-density of the observations, over all snapshots."""
        n_outside = self.n_observations - self.lam.size
        log_det = float(np.log(self.spread).sum()) + n_outside * math.log(self.noise)
        fit = float((squares(self.spectrum) / self.spread).sum())
        fit += self._outside / self.noise
        per_snapshot = log_det + self.n_observations * math.log(
            math.pi if complex_valued else 2 * math.pi
        )
        total = len(self.Y) * per_snapshot + fit
        return -total if complex_valued else -total / 2

    # ---- sums over slices ------------------------------------------------------------
    def slice_sums(self, axis: int) -> tuple[Array, Array]:
        """For each index i of an axis, sums over the coefficients with that index.

        Of ``|mean_j|^2 / gamma_j``, averaged over snapshots, and of
        ``1 - variance_j / gamma_j``. The other axes are summed in the coordinates of
        the singular vectors, at O(r_1 ... r_K n_axis).
        """
        V, n_dim = self._right_ranges[axis], self.lam.ndim
        loads = np.moveaxis(self._loadings, axis + 1, 0)
        turned = V @ loads.reshape(len(loads), -1)
        power = squares(turned).sum(axis=1) / len(self.Y)
        explained = (self.lam / self.spread).sum(axis=all_but(axis, n_dim))
        return power, squares(V) @ explained
