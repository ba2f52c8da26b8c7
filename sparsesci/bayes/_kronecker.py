"""Sparse Bayesian learning with a Kronecker prior, on plain arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci.bayes._kronecker_estep import Posterior
from sparsesci.bayes._kronecker_fit import Fit, check_options
from sparsesci.bayes._kronecker_inputs import check_factors, check_observations
from sparsesci.operators.kronecker import mode_products
from sparsesci.solvers._control import Callback, Control
from sparsesci.solvers._coordinate_descent import check_control
from sparsesci.solvers._result import SolverResult

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class KroneckerResult(SolverResult):
    """Solution of :func:`kronecker_sbl`.

    Attributes
    ----------
    coef : ndarray of shape (n_1 ... n_K,) or (n_1 ... n_K, n_snapshots)
        Posterior mean, in C order of the factors' columns.
    objective : float
        Negative log-evidence of the final variances, in nats.
    violation : float
        Last relative change of the variances.
    gammas : list of K ndarrays of shape (n_k,)
        Factors of the prior variances; 0 where they were pruned.
    noise_variance : float
        Variance of the noise, given or learned.
    evidence_path : ndarray of shape (n_iterations + 1,)
        Log-evidence before each iteration and at the end.
    """

    gammas: list[Array]
    noise_variance: float
    evidence_path: NDArray[np.float64]


def kronecker_sbl(
    factors: Any,
    y: Any,
    *,
    mstep: str = "svd",
    noise: str | float = "learn",
    coupling: Any = None,
    prune: Any = 3e-4,
    max_iter: int = 150,
    tol: float = 1e-4,
    time_limit: float | None = None,
    callback: Callback | None = None,
    verbose: int | bool = 0,
    keep_history: bool = False,
) -> KroneckerResult:
    """Sparse coefficients on a Kronecker dictionary, by type-II maximum likelihood.

    The model is, for each of the observations y, with everything real or complex::

        y = (H_1 x ... x H_K) w + e,    e ~ N(0, noise I),
        w ~ N(0, diag(g_1 x ... x g_K)),    g_k >= 0,

    where x is the Kronecker product. The variances g_k, and the noise if it is to be
    learned, minimise the negative log-evidence, which is up to constants, and up to
    the factor 1/2 for real data::

        log |C| + y^H C^-1 y,    C = noise I + H diag(g_1 x ... x g_K) H^H.

    Most g_k then tend to zero. The coefficients are the posterior mean.

    Parameters
    ----------
    factors : sequence of K array-like of shape (m_k, n_k), or Kronecker
        Factors of the dictionary, the slowest index first.
    y : array-like of shape (m_1 ... m_K,) or (m_1 ... m_K, n_snapshots)
        Observations. Snapshots, its columns, share the variances.
    mstep : {"svd", "am", "mm"}, default="svd"
        How the variances are updated:

        - "svd": a nested rank-one approximation of the second moments; needs fewest
          iterations and is most often closest to the truth, but the evidence may fall;
        - "am": EM, with alternating minimisation in the M-step and over-relaxed steps
          wherever they raise the evidence, which cannot fall;
        - "mm": descent of the negative log-evidence itself by a majoriser, one factor
          after the other; the evidence cannot fall.

        Pruning may lower the evidence in all three.
    noise : "learn" or float, default="learn"
        Variance of the noise, ``E |e_i|^2``, in the square of the units of y; positive.
    coupling : float or sequence of K floats, default=None
        In [0, 1]. With a positive number b for a factor, its variances are ``C s``
        for some s >= 0, with C tridiagonal, 1 on the diagonal and b beside it:
        neighbours are non-zero together. With ``mstep="mm"`` the evidence cannot fall;
        "am" projects what it would do without coupling, a heuristic; "svd" has none.
        None and 0 stand for no coupling.
    prune : float or sequence of K floats, default=3e-4
        In [0, 1): entries of g_k below this share of the largest are removed; 0 for
        never.
    max_iter : int, default=150
        Largest number of iterations.
    tol : float, default=1e-4
        Relative change of the prior variances, in norm, and of learned noise at which
        to stop.
    time_limit : float, default=None
        In seconds.
    callback : callable, default=None
        Called with a :class:`~sparsesci.solvers.Progress` at each iteration, whose
        objective is the negative log-evidence; return True to stop.
    verbose : int or bool, default=0
        Log a line for each iteration, to the logger "sparsesci".
    keep_history : bool, default=False
        Keep these reports in the result.

    Returns
    -------
    result : KroneckerResult
        Coefficients, variances and evidence.

    Raises
    ------
    TypeError
        If factors or options have a wrong type.
    ValueError
        If data or parameters are invalid: NaN, infinity, shapes, ranges; if y is zero.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached; the message holds the change reached.
    RuntimeWarning
        If learned noise falls to zero.
    UserWarning
        If a factor has zero columns, or columns that are multiples of each other.

    See Also
    --------
    KroneckerSBL : The estimator, with variances and draws of the posterior.
    kronecker_omp : A pursuit with the same structure, as a baseline.

    Notes
    -----
    An iteration costs O(sum_k m_k n_k^2 + P sum_k n_k) for P = n_1 ... n_K
    coefficients, and O(M + P) memory: nothing of size M x P is formed. float32 data are
    computed in double.

    The result is equivariant to the scale of y. The M-steps "svd" and "am", their
    pruning and the coupling follow the code published with [1]_; see the user guide
    for the differences.

    References
    ----------
    .. [1] Y. He, G. Joseph, "Bayesian algorithms for Kronecker-structured sparse vector
       recovery with application to IRS-MIMO channel estimation", IEEE Trans. Signal
       Processing, 2024, arXiv:2307.14719.
    .. [2] D. P. Wipf, B. D. Rao, "Sparse Bayesian learning for basis selection", IEEE
       Trans. Signal Processing 52, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import kronecker_sbl
    >>> from sparsesci.operators import Kronecker
    >>> rng = np.random.default_rng(0)
    >>> H = Kronecker(*rng.standard_normal((2, 8, 12)))
    >>> W = np.zeros((12, 12))
    >>> W[np.ix_([2, 7], [3, 4])] = [[1.0, -2.0], [0.5, -1.0]]
    >>> y = H @ W.ravel() + 0.01 * rng.standard_normal(64)
    >>> result = kronecker_sbl(H, y)
    >>> np.argwhere(abs(result.coef.reshape(12, 12)) > 0.05).tolist()
    [[2, 3], [2, 4], [7, 3], [7, 4]]
    """
    checked = check_factors(factors)
    Y, single = check_observations(y, checked)
    options = check_options(len(checked), mstep, noise, coupling, prune)
    control = check_control(tol, max_iter, time_limit, callback, verbose, keep_history)
    fit = Fit(checked, Y, options)
    posterior = fit.run(control)
    fit.warn(control)
    return make_result(fit, posterior, control, single)


def make_result(
    fit: Fit, posterior: Posterior, control: Control, single: bool
) -> KroneckerResult:
    """Wrap up a run in the caller's shapes: one observation or several."""
    n_snapshots = len(fit.Y)
    coef = fit.scale * fit.full(posterior.mean).reshape(n_snapshots, -1)
    fitted = mode_products(fit.factors, posterior.mean)
    residual = fit.scale * (fit.Y - fitted).reshape(n_snapshots, -1)
    return KroneckerResult(
        coef=coef[0] if single else coef.T,
        intercept=0.0,
        objective=-fit.evidence_path[-1],
        dual_gap=math.inf,
        dual_point=(residual[0] if single else residual) / residual.shape[1],
        violation=fit.change,
        n_iter=round(control.n_iter),
        status=control.status,
        target=0.0,
        history=control.history,
        gammas=fit.full_gammas(),
        noise_variance=fit.noise_variance,
        evidence_path=np.array(fit.evidence_path),
    )
