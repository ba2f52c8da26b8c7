"""How often methods recover sparse vectors, by sparsity and number of samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from sparsesci.datasets import make_sparse_problem
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.utils.validation import check_integer, check_real


@dataclass(frozen=True)
class PhaseTransition:
    """Rates of success of several methods on a grid of problem sizes.

    Attributes
    ----------
    names : tuple of str
        Names of the methods.
    n_samples : ndarray of shape (n_rows,)
        Numbers of samples.
    n_nonzero : ndarray of shape (n_columns,)
        Numbers of non-zero coefficients.
    n_features : int
        Number of features.
    n_trials : int
        Number of problems for each size.
    success_rate : ndarray of shape (n_methods, n_rows, n_columns)
        Share of the problems that each method has solved; NaN where there are more
        non-zero coefficients than samples.
    """

    names: tuple[str, ...]
    n_samples: NDArray[np.intp]
    n_nonzero: NDArray[np.intp]
    n_features: int
    n_trials: int
    success_rate: NDArray[np.float64]


def phase_transition(
    methods: Mapping[str, Any],
    *,
    n_samples: Any,
    n_nonzero: Any,
    n_features: int,
    n_trials: int = 20,
    tol: float = 1e-4,
    sparsity_param: str = "n_nonzero_coefs",
    random_state: Any = None,
    n_jobs: int | None = None,
    **problem_options: Any,
) -> PhaseTransition:
    """Measure how often methods recover sparse vectors from few observations.

    For each pair of a number of samples and a number of non-zero coefficients,
    `n_trials` problems ``y = X w`` are drawn. All methods see the same problems. A
    trial succeeds if ``||w_hat - w|| <= tol ||w||``, whether or not a method's own
    iterations have converged: its ConvergenceWarning is not shown.

    Parameters
    ----------
    methods : dict of str to estimator or callable
        What is compared, by name. An estimator is cloned, told the true sparsity
        through `sparsity_param` (if it has this parameter) and fitted; its ``coef_``
        is judged. A callable is called as ``method(X, y, n_nonzero)`` and returns the
        coefficients.
    n_samples : int or sequence of int
        Numbers of samples.
    n_nonzero : int or sequence of int
        Numbers of non-zero coefficients. Pairs with more of them than samples are
        left out.
    n_features : int
        Number of features.
    n_trials : int, default=20
        Number of problems for each pair. A rate p has a standard error of
        ``sqrt(p (1 - p) / n_trials)``.
    tol : float, default=1e-4
        Largest relative error of a success. With noise, it must be above the noise.
    sparsity_param : str, default="n_nonzero_coefs"
        Name of the estimators' parameter for the sparsity.
    random_state : int, RandomState instance or None, default=None
        Source of the problems. A problem depends on nothing but this and its place in
        the grid.
    n_jobs : int, default=None
        Number of threads, over pairs of sizes.
    **problem_options : dict
        Further arguments of :func:`sparsesci.datasets.make_sparse_problem`: design,
        values, snr, corruption...

    Returns
    -------
    study : PhaseTransition
        Rates of success.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, before any method runs.

    See Also
    --------
    sparsesci.plotting.PhaseTransitionDisplay : A picture of the rates.

    References
    ----------
    .. [1] D. L. Donoho and J. Tanner (2009). Observed universality of phase
       transitions in high-dimensional geometry, with implications for modern data
       analysis and signal processing. Philosophical Transactions of the Royal Society
       A, 367, 4273-4293.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.metrics import phase_transition
    >>> def largest(X, y, k):
    ...     scores = np.abs(X.T @ y)
    ...     support = np.argsort(scores)[-k:]
    ...     coef = np.zeros(X.shape[1])
    ...     coef[support] = np.linalg.lstsq(X[:, support], y, rcond=None)[0]
    ...     return coef
    >>> study = phase_transition(
    ...     {"thresholding": largest},
    ...     n_samples=50, n_nonzero=[1, 10], n_features=60, random_state=0,
    ... )
    >>> study.success_rate[0]
    array([[1., 0.]])
    """
    solvers = _checked_methods(methods, sparsity_param)
    rows = _checked_sizes("n_samples", n_samples, low=1)
    columns = _checked_sizes("n_nonzero", n_nonzero, low=1)
    check_integer("n_features", n_features)
    check_integer("n_trials", n_trials)
    check_real("tol", tol, low=0, open_low=True)
    if columns.max() > n_features:
        raise ValueError(
            f"n_nonzero must be at most n_features = {n_features}, got {columns.max()}."
        )
    rng = check_random_state(random_state)
    seeds = rng.randint(2**31 - 1, size=(rows.size, columns.size, n_trials))
    cells = [
        (i, j) for i, m in enumerate(rows) for j, k in enumerate(columns) if k <= m
    ]

    def rate(i: int, j: int) -> Any:
        size = (int(rows[i]), n_features, int(columns[j]))
        trials = [
            _successes(solvers, size, problem_options, int(seed), tol)
            for seed in seeds[i, j]
        ]
        return np.mean(trials, axis=0)

    with warnings.catch_warnings():
        # Where methods fail, iterations run out: the rates say so.
        warnings.simplefilter("ignore", ConvergenceWarning)
        rates = Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(rate)(*cell) for cell in cells
        )
    success = np.full((len(solvers), rows.size, columns.size), np.nan)
    for (i, j), value in zip(cells, rates):
        success[:, i, j] = value
    return PhaseTransition(tuple(methods), rows, columns, n_features, n_trials, success)


def _successes(
    solvers: list[Callable[..., Any]], size: Any, options: Any, seed: int, tol: float
) -> list[bool]:
    """Which methods solve the problem of this seed."""
    X, y, truth = make_sparse_problem(*size, random_state=seed, **options)
    allowed = tol * np.linalg.norm(truth)
    coefs = [np.ravel(solver(X, y, size[2])) for solver in solvers]
    return [bool(np.linalg.norm(coef - truth) <= allowed) for coef in coefs]


def _checked_methods(methods: Any, sparsity_param: Any) -> list[Callable[..., Any]]:
    if not isinstance(methods, Mapping) or not methods:
        raise TypeError(
            f"methods must be a dict of names to estimators or callables, got "
            f"{methods!r}."
        )
    if not isinstance(sparsity_param, str):
        raise TypeError(f"sparsity_param must be a str, got {sparsity_param!r}.")
    return [_solver(name, m, sparsity_param) for name, m in methods.items()]


def _solver(name: Any, method: Any, sparsity_param: str) -> Callable[..., Any]:
    """Return ``(X, y, n_nonzero) -> coef``."""
    if not isinstance(method, BaseEstimator):
        if not callable(method):
            raise TypeError(
                f"methods[{name!r}] must be an estimator or a callable, got {method!r}."
            )
        return method
    told = sparsity_param in method.get_params()

    def fitted_coef(X: Any, y: Any, n_nonzero: int) -> Any:
        estimator = clone(method)
        if told:
            estimator.set_params(**{sparsity_param: n_nonzero})
        return estimator.fit(X, y).coef_

    return fitted_coef


def _checked_sizes(name: str, sizes: Any, low: int) -> NDArray[np.intp]:
    listed = np.atleast_1d(np.asarray(sizes)).tolist()
    if not listed:
        raise ValueError(f"{name} must not be empty.")
    checked = np.array([check_integer(name, size, low) for size in listed])
    if np.any(np.diff(checked) <= 0):
        raise ValueError(f"{name} must ascend, got {listed}.")
    return checked.astype(np.intp)
