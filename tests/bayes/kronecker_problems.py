"""Problems with Kronecker structure, and dense references for them."""

from __future__ import annotations

from functools import reduce

import numpy as np

# Wide, tall and square factors; one to four of them.
SHAPES = [
    [(6, 9)],
    [(4, 6), (5, 3)],
    [(3, 6), (5, 5), (5, 3)],
    [(2, 3), (3, 2), (2, 4), (3, 3)],
]


def normal(rng, shape, complex_valued):
    values = rng.standard_normal(shape)
    if complex_valued:
        values = (values + 1j * rng.standard_normal(shape)) / np.sqrt(2)
    return values


def make_factors(rng, shapes, complex_valued=False):
    return [normal(rng, shape, complex_valued) for shape in shapes]


def make_problem(
    seed,
    shapes=((6, 10), (8, 9), (9, 8)),
    n_nonzero=2,
    noise=1e-4,
    complex_valued=False,
):
    """Factors, observations, true tensor."""
    rng = np.random.default_rng(seed)
    factors = make_factors(rng, shapes, complex_valued)
    parts = []
    for _, size in shapes:
        part = np.zeros(size, dtype=complex if complex_valued else float)
        signs = rng.choice([-1.0, 1.0], n_nonzero) * (1j if complex_valued else 1)
        part[rng.permutation(size)[:n_nonzero]] = signs * rng.uniform(0.5, 2, n_nonzero)
        parts.append(part)
    coef = reduce(np.multiply.outer, parts)
    y = reduce(np.kron, factors) @ coef.ravel()
    return factors, y + np.sqrt(noise) * normal(rng, y.shape, complex_valued), coef


class DensePosterior:
    """What the structured posterior must be, from one dense SVD."""

    def __init__(self, factors, gammas, noise, Y):
        H = reduce(np.kron, factors)
        gamma = reduce(np.kron, gammas)
        U, s, Vh = np.linalg.svd(H * np.sqrt(gamma))
        Y = Y.reshape(len(Y), -1)
        lam = np.zeros(len(H))
        lam[: len(s)] = s**2
        shrink = np.ones(len(gamma))
        shrink[: len(s)] = noise / (noise + s**2)
        inner = (Y @ U.conj())[:, : len(s)] * (s / (noise + s**2))
        self.mean = np.sqrt(gamma) * (inner @ Vh[: len(s)].conj())
        self.variance = gamma * (np.abs(Vh.T) ** 2 @ shrink)
        self.covariance = H * gamma @ H.conj().T + noise * np.eye(len(H))
        self.residual_energy = float((np.abs(Y - self.mean @ H.T) ** 2).sum())
        self.n_effective = float((lam / (noise + lam)).sum())
        self.inverse_trace = float((1 / (noise + lam)).sum())
        self.power = np.abs(self.mean) ** 2
        self.gamma = gamma

    def log_evidence(self, Y, complex_valued):
        """The textbook's density."""
        Y = Y.reshape(len(Y), -1)
        size = Y.shape[1]
        log_det = np.linalg.slogdet(self.covariance)[1]
        fit = np.vdot(Y.T, np.linalg.solve(self.covariance, Y.T)).real
        if complex_valued:
            return -len(Y) * (size * np.log(np.pi) + log_det) - fit
        return -0.5 * (len(Y) * (size * np.log(2 * np.pi) + log_det) + fit)
