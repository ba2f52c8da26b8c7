"""Batch updates of prior variances: the evidence of a Gaussian model and its slopes.

With ``V = sigma^2 I + Z diag(gamma) Z'`` all rules need, for each column,
``Q_j = z_j' V^-1 y = mean_j / gamma_j`` and ``S_j = z_j' V^-1 z_j``. Several targets
share gamma and sigma^2. Rows are rotated to at most as many as there are columns; what
is orthogonal to all columns only enters the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, qr

from sparsesci.bayes._ascent import sparse_start
from sparsesci.bayes._data import NOISE_FLOOR, Standardized
from sparsesci.bayes._posterior import Posterior, triangular

Array = NDArray[Any]

# Part of the variance of y that an estimate of the noise is not to fall below.
_LEAST_NOISE = 1e-7


@dataclass
class Compressed:
    """Data with n_rows <= n_columns: Z and Y, rotated."""

    Z: Array  # (n_rows, p)
    Y: Array  # (n_rows, n_targets)
    rest: float  # sum of squares that no column can explain
    dof: float  # degrees of freedom of each target

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return self.Y.shape[1]


def compress(data: Standardized) -> Compressed:
    """Rotate the rows so that those without columns drop out."""
    Z, Y = data.columns(), data.weighted_targets
    rest = 0.0
    if Z.shape[0] > Z.shape[1]:
        rotation, Z = qr(Z, mode="economic", check_finite=False)
        total, Y = float(np.sum(Y**2)), rotation.T @ Y
        rest = max(total - float(np.sum(Y**2)), 0.0)
    return Compressed(np.asfortranarray(Z), Y, rest, data.dof)


class Moments:
    """What the evidence and its slopes need, at one gamma and sigma^2.

    `gamma` is positive; columns with gamma 0 have been taken out of Z.
    """

    def __init__(self, data: Compressed, Z: Array, gamma: Array, noise: float) -> None:
        self.data, self.gamma, self.noise = data, gamma, noise
        self.scaled = Z * np.sqrt(gamma / noise)
        self.by_columns = Z.shape[1] < Z.shape[0]
        B = self.scaled
        inner = B.T @ B if self.by_columns else B @ B.T
        inner[np.diag_indices_from(inner)] += 1.0
        self.root = cholesky(inner, lower=True, check_finite=False)
        if self.by_columns:
            half = triangular(self.root, B.T @ data.Y)
            weights = triangular(self.root, half, trans=1)
        else:
            solved = triangular(self.root, data.Y)
            solved = triangular(self.root, solved, trans=1)
            weights = B.T @ solved
        self.mean = np.sqrt(gamma / noise)[:, None] * weights
        self.residual = data.Y - Z @ self.mean

    @cached_property
    def half(self) -> Array:
        """``L^-1 B`` (rows) or ``L^-1 B'`` (columns)."""
        B = self.scaled.T if self.by_columns else self.scaled
        return triangular(self.root, B)

    @cached_property
    def shares(self) -> Array:
        """``gamma_j S_j = 1 - variance_j / gamma_j``, in [0, 1]."""
        if not self.by_columns:
            return np.einsum("ij,ij->j", self.half, self.half)
        # diag(A^-1 B'B): without the difference 1 - diag(A^-1).
        solved = triangular(self.root, self.half, trans=1)
        return np.einsum("ji,ij->j", solved, self.scaled)

    @property
    def squares(self) -> Array:
        """Mean over targets of ``(gamma_j Q_j)^2``, the squared posterior means."""
        return np.mean(self.mean**2, axis=1)

    @property
    def error(self) -> float:
        """Mean squared residual norm of a target."""
        total = float(np.sum(self.residual**2)) + self.data.rest
        return total / self.data.n_targets + NOISE_FLOOR

    @property
    def evidence(self) -> float:
        """Log evidence, of all targets together."""
        data, noise = self.data, self.noise
        # y' V^-1 y = y' (y - Z mean) / noise
        energy = float(np.sum(data.Y * self.residual)) + data.rest
        log_determinant = 2 * np.log(np.diag(self.root)).sum()
        each = data.dof * np.log(2 * np.pi * noise) + log_determinant
        return float(-0.5 * (data.n_targets * each + energy / noise))

    def posterior(self, columns: Array, n_features: int) -> Posterior:
        """Covariance of the coefficients of these columns."""
        scale = np.sqrt(self.gamma)[:, None]
        if self.by_columns:
            inverse = triangular(self.root, np.eye(len(self.root)))
            factor, none = scale * inverse.T, np.zeros(len(columns))
            return Posterior(n_features, columns, none, factor)
        factor = scale * self.half.T
        return Posterior(n_features, columns, self.gamma.copy(), factor, -1.0)


def noise_step(moments: Moments, rule: str) -> float:
    """The noise variance that an update rule makes of the present one."""
    free = max(moments.data.dof - float(moments.shares.sum()), 1e-12)
    if rule == "mackay":
        return moments.error / free
    if rule == "mm":
        return float(np.sqrt(moments.noise * moments.error / free))
    used = moments.noise * float(moments.shares.sum())
    return (moments.error + used) / moments.data.dof


def variance_step(moments: Moments, rule: str) -> Array:
    """The prior variances that an update rule makes of the present ones."""
    gamma, squares = moments.gamma, moments.squares
    shares = np.maximum(moments.shares, np.finfo(float).tiny)
    if rule == "em":
        return squares + gamma * np.maximum(1 - shares, 0.0)
    if rule == "mackay":
        return squares / shares
    return np.sqrt(gamma * squares / shares)


def _with_neighbours(values: Array, coupling: float) -> Array:
    """Each value plus its neighbours', times the coupling."""
    result = values.copy()
    result[1:] += coupling * values[:-1]
    result[:-1] += coupling * values[1:]
    return result


def coupled_variances(moments: Array, coupling: float, rate: float) -> Array:
    """Prior variances whose precisions share those of their neighbours.

    ``1 / (a_j + coupling (a_{j-1} + a_{j+1}))`` with the a of a heuristic step from
    second moments, in the order of the coefficients; a Gamma prior with this rate.
    """
    shares = 1 / (0.5 * _with_neighbours(moments, coupling) + rate)
    return np.asarray(1 / _with_neighbours(shares, coupling))


def default_noise(data: Standardized, choice: Any) -> tuple[float, bool]:
    """Noise variance to start from, and whether to learn it.

    With fewer columns than observations it is learned. Else the evidence would grow
    without bound by interpolation, and the estimate of the penalised evidence is kept.
    """
    if choice not in ("auto", "learn"):
        return float(choice) / data.unit, False
    if choice == "learn" or data.n_varying < data.dof:
        return 0.1 / max(data.dof, 1.0), True
    targets = np.flatnonzero(data.y_norms)
    estimates = [sparse_start(data, target=int(target)).noise for target in targets]
    # An exact fit leaves updates that divide rounding errors by the noise.
    return max(float(np.mean(estimates)), _LEAST_NOISE / max(data.dof, 1.0)), False
