"""Classical sparse Bayesian learning on a dense dictionary, for comparison."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from sparsesci.bayes._engine import coupled_variances
from sparsesci.bayes._kronecker import KroneckerResult
from sparsesci.bayes._kronecker_estep import energy, root_mean_square, squares
from sparsesci.bayes._kronecker_fit import warn_if_unfinished
from sparsesci.bayes._kronecker_inputs import (
    check_factors,
    check_noise,
    check_observations,
    usable_columns,
)
from sparsesci.operators import Kronecker
from sparsesci.solvers._control import Control
from sparsesci.solvers._coordinate_descent import check_control
from sparsesci.utils.validation import check_real

Array = NDArray[Any]


def classical_sbl(
    X: Any,
    y: Any,
    *,
    noise: str | float = "learn",
    coupling: float = 0.0,
    prune: float = 1e-3,
    max_iter: int = 150,
    tol: float = 1e-4,
) -> KroneckerResult:
    """Sparse Bayesian learning by EM, with a variance for each coefficient.

    The textbook's algorithm on a dense dictionary, real or complex, for comparison: it
    forms the covariance of the observations and factorises it in each iteration, and
    subtracts to get posterior variances. The model is
    ``y = X w + e``, ``w_j ~ N(0, g_j)``.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), or Kronecker
        Dictionary; a product is formed.
    y : array-like of shape (n_samples,) or (n_samples, n_snapshots)
        Observations; snapshots share the variances.
    noise : "learn" or float, default="learn"
        Variance of the noise.
    coupling : float, default=0.0
        In [0, 1]. If positive, precisions are coupled to those of the coefficients
        before and after, ``1 / g_j = a_j + coupling (a_{j-1} + a_{j+1})``, by the
        heuristic update of [2]_: the evidence may fall. For real data, see
        :class:`PatternCoupledSBL` as well.
    prune : float, default=1e-3
        Variances below this share of the largest are removed.
    max_iter : int, default=150
        Largest number of iterations.
    tol : float, default=1e-4
        Relative change of the variances at which to stop.

    Returns
    -------
    result : KroneckerResult
        Coefficients, variances and evidence.

    Raises
    ------
    ValueError
        If data or parameters are invalid: NaN, infinity, shapes, ranges.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached.

    See Also
    --------
    kronecker_sbl : With a Kronecker dictionary and prior.

    Notes
    -----
    An iteration costs O(n_samples^2 n_features).

    References
    ----------
    .. [1] D. P. Wipf, B. D. Rao, "Sparse Bayesian learning for basis selection", IEEE
       Trans. Signal Processing 52, 2004.
    .. [2] J. Fang, Y. Shen, H. Li, P. Wang, "Pattern-coupled sparse Bayesian learning
       for recovery of block-sparse signals", IEEE Trans. Signal Processing 63, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import classical_sbl
    >>> X = np.random.default_rng(0).standard_normal((20, 40))
    >>> result = classical_sbl(X, 3 * X[:, 5], noise=1e-4, max_iter=500)
    >>> np.flatnonzero(abs(result.coef) > 0.1)
    array([5])
    """
    factors = check_factors([X.to_dense() if isinstance(X, Kronecker) else X])
    Y, single = check_observations(y, factors)
    variance = check_noise(noise)
    prune = check_real("prune", prune, low=0, high=1, open_high=True)
    coupling = check_real("coupling", coupling, low=0, high=1)
    control = check_control(tol, max_iter)
    run = _Dense(factors[0], Y, variance, prune, coupling)
    run.iterate(control)
    warn_if_unfinished(control, run.change)
    return run.result(control, single)


class _Dense:
    """State of the classical algorithm, on observations of mean square 1."""

    def __init__(
        self,
        X: Array,
        Y: Array,
        noise: float | None,
        prune: float,
        coupling: float = 0.0,
    ) -> None:
        self.scale = root_mean_square(Y)
        self.Y = Y / self.scale
        self.learns, self.prune, self.coupling = noise is None, prune, coupling
        self.noise = 0.1 if noise is None else noise / self.scale / self.scale
        (self.kept,) = usable_columns([X])
        self.n_features, self.X = X.shape[1], X[:, self.kept]
        self.complex_valued = np.iscomplexobj(X) or np.iscomplexobj(Y)
        level = energy(self.Y) / len(Y) / energy(self.X)
        self.gamma = np.full(self.kept.size, 100 * level)
        # Against the square of a coefficient that alone explains the observations.
        self.rate = 1e-8 * level * self.kept.size
        self.evidence_path: list[float] = []
        self.change = math.inf

    def iterate(self, control: Control) -> None:
        while True:
            mean, variance = self._estep()
            if self.change <= control.tol:
                control.status = "converged"
            if control.status or control.exhausted():
                self.mean = mean
                return
            self._mstep(mean, variance)
            control.n_iter += 1

    def _estep(self) -> tuple[Array, Array]:
        X, gamma, size = self.X, self.gamma, self.Y.shape[1]
        covariance = (X * gamma) @ X.conj().T
        covariance[np.diag_indices(size)] += self.noise
        factor = cho_factor(covariance, lower=True)
        solved = cho_solve(factor, self.Y.T)
        mean = gamma[:, None] * (X.conj().T @ solved)
        half = solve_triangular(factor[0], X, lower=True)
        variance = gamma * (1 - gamma * squares(half).sum(axis=0))
        log_det = 2 * float(np.log(np.diag(factor[0]).real).sum())
        unit = math.log(math.pi if self.complex_valued else 2 * math.pi)
        unit += 2 * math.log(self.scale)
        fit = float(np.vdot(self.Y.T, solved).real)
        value = -len(self.Y) * (log_det + size * unit) - fit
        self.evidence_path.append(value if self.complex_valued else value / 2)
        return mean, np.maximum(variance, 0.0)

    def _mstep(self, mean: Array, variance: Array) -> None:
        gamma = self._variances(squares(mean).mean(axis=1) + variance)
        if self.learns:
            residual = energy(self.Y.T - self.X @ mean) / len(self.Y)
            share = float((1 - variance / self.gamma).sum())
            noise = (residual + self.noise * share) / self.Y.shape[1]
            self.noise = max(noise, 1e-12)
        self.change = float(
            np.linalg.norm(gamma - self.gamma) / np.linalg.norm(self.gamma)
        )
        stays = gamma >= self.prune * gamma.max()
        if not stays.all():
            self.kept, self.X = self.kept[stays], self.X[:, stays]
        self.gamma = gamma[stays]

    def _variances(self, moments: Array) -> Array:
        """EM's variances are the second moments."""
        if not self.coupling:
            return moments
        everywhere = np.zeros(self.n_features)
        everywhere[self.kept] = moments
        return coupled_variances(everywhere, self.coupling, self.rate)[self.kept]

    def result(self, control: Control, single: bool) -> KroneckerResult:
        coef = np.zeros((self.n_features, len(self.Y)), dtype=self.mean.dtype)
        coef[self.kept] = self.scale * self.mean
        gamma = np.zeros(self.n_features)
        gamma[self.kept] = self.scale**2 * self.gamma
        residual = self.scale * (self.Y - (self.X @ self.mean).T)
        return KroneckerResult(
            coef=coef[:, 0] if single else coef,
            intercept=0.0,
            objective=-self.evidence_path[-1],
            dual_gap=math.inf,
            dual_point=(residual[0] if single else residual) / residual.shape[1],
            violation=self.change,
            n_iter=round(control.n_iter),
            status=control.status,
            target=0.0,
            gammas=[gamma],
            noise_variance=self.noise * self.scale**2,
            evidence_path=np.array(self.evidence_path),
        )
