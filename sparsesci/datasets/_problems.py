"""Sparse coefficients, noise and gross errors, and whole problems made of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sparsesci.datasets._designs import (
    make_bernoulli_design,
    make_gaussian_design,
    make_partial_dct_design,
    make_toeplitz_design,
)
from sparsesci.utils.validation import check_choice, check_integer, check_real

_DESIGNS: dict[str, Callable[..., Any]] = {
    "gaussian": make_gaussian_design,
    "bernoulli": make_bernoulli_design,
    "toeplitz": make_toeplitz_design,
    "partial_dct": make_partial_dct_design,
    "partial_dct_operator": partial(make_partial_dct_design, as_operator=True),
}
_VALUES: dict[str, Callable[..., Any]] = {
    "gaussian": lambda rng, size: rng.standard_normal(size),
    "ones": lambda rng, size: np.ones(size),
    "signs": lambda rng, size: 2.0 * rng.randint(2, size=size) - 1,
    "uniform": lambda rng, size: rng.uniform(-1.0, 1.0, size),
}


class SparseProblem(NamedTuple):
    """A sparse regression problem and its answer.

    Attributes
    ----------
    X : ndarray or LinearOperator of shape (n_samples, n_features)
        Design.
    y : ndarray of shape (n_samples,) or (n_samples, n_signals)
        Observations.
    coef : ndarray of shape (n_features,) or (n_signals, n_features)
        True coefficients, in the layout of scikit-learn's ``coef_``.
    """

    X: Any
    y: NDArray[np.float64]
    coef: NDArray[np.float64]


def make_sparse_coef(
    n_features: int,
    n_nonzero: int,
    *,
    values: str = "gaussian",
    n_signals: int | None = None,
    random_state: Any = None,
) -> NDArray[np.float64]:
    """Coefficients with exactly `n_nonzero` entries at random positions.

    Parameters
    ----------
    n_features : int
        Number of coefficients.
    n_nonzero : int
        Number of non-zero ones, from 0 to `n_features`.
    values : {"gaussian", "ones", "signs", "uniform"}, default="gaussian"
        Non-zero values: standard normal; all 1; -1 or 1; uniform in (-1, 1). Greedy
        methods find equal magnitudes hardest.
    n_signals : int, default=None
        Number of independent signals; None for a vector.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    coef : ndarray of shape (n_features,) or (n_signals, n_features)
        The coefficients.

    Examples
    --------
    >>> from sparsesci.datasets import make_sparse_coef
    >>> make_sparse_coef(8, 3, values="signs", random_state=0)
    array([ 0., -1., -1.,  0.,  0.,  0.,  1.,  0.])
    """
    check_integer("n_features", n_features)
    check_integer("n_nonzero", n_nonzero, low=0)
    check_choice("values", values, tuple(_VALUES))
    if n_nonzero > n_features:
        raise ValueError(
            f"n_nonzero must be at most n_features = {n_features}, got {n_nonzero}."
        )
    n_rows = 1 if n_signals is None else check_integer("n_signals", n_signals)
    rng = check_random_state(random_state)
    coef = np.zeros((n_rows, n_features))
    for row in coef:
        support = rng.permutation(n_features)[:n_nonzero]
        row[support] = _VALUES[values](rng, n_nonzero)
    return coef[0] if n_signals is None else coef


def add_noise(y: Any, snr: float, *, random_state: Any = None) -> NDArray[np.float64]:
    """Add Gaussian noise of a given strength relative to the signal.

    The noise e is scaled so that ``10 log10(||y||^2 / ||e||^2)`` equals `snr` exactly,
    for each column of y.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_signals)
        Clean observations.
    snr : float
        Signal-to-noise ratio in decibels; inf for no noise.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    noisy : ndarray of the shape of y
        A new array.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.datasets import add_noise
    >>> y = np.ones(100)
    >>> error = add_noise(y, 20, random_state=0) - y
    >>> round(float((error**2).sum()), 9)
    1.0
    """
    y = _observations(y)
    snr = check_real("snr", snr, allow_inf=True)
    if snr == -np.inf:
        raise ValueError("snr must be a number of decibels or inf, got -inf.")
    noise = check_random_state(random_state).standard_normal(y.shape)
    size = np.linalg.norm(y, axis=0) * 10 ** (-snr / 20)
    return y + noise * (size / np.linalg.norm(noise, axis=0))


def add_corruption(
    y: Any, fraction: float, *, scale: float = 100.0, random_state: Any = None
) -> NDArray[np.float64]:
    """Add gross errors to a fraction of the observations.

    ``round(fraction * n_samples)`` different observations of each column get
    ``scale`` times a standard normal number added.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_signals)
        Observations.
    fraction : float
        Share of corrupted observations, in [0, 1].
    scale : float, default=100.0
        Standard deviation of the errors, in the units of y.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    corrupted : ndarray of the shape of y
        A new array.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.datasets import add_corruption
    >>> int(np.count_nonzero(add_corruption(np.zeros(50), 0.2, random_state=0)))
    10
    """
    y = _observations(y).copy()
    check_real("fraction", fraction, low=0, high=1)
    check_real("scale", scale, low=0)
    rng = check_random_state(random_state)
    n_samples = len(y)
    n_bad = round(fraction * n_samples)
    for column in y.reshape(n_samples, -1).T:
        where = rng.permutation(n_samples)[:n_bad]
        column[where] += scale * rng.standard_normal(n_bad)
    return y


def make_sparse_problem(
    n_samples: int,
    n_features: int,
    n_nonzero: int,
    *,
    design: str = "gaussian",
    values: str = "gaussian",
    snr: float = np.inf,
    corruption: float = 0.0,
    n_signals: int | None = None,
    random_state: Any = None,
    **design_options: Any,
) -> SparseProblem:
    """Observations ``y = X w + noise + gross errors`` of a sparse vector w.

    Parameters
    ----------
    n_samples, n_features : int
        Shape of the design.
    n_nonzero : int
        Number of non-zero coefficients of each signal.
    design : {"gaussian", "bernoulli", "toeplitz", "partial_dct", \
            "partial_dct_operator"}, default="gaussian"
        Kind of design: see the functions ``make_..._design``.
    values : {"gaussian", "ones", "signs", "uniform"}, default="gaussian"
        Non-zero values: see :func:`make_sparse_coef`.
    snr : float, default=inf
        Signal-to-noise ratio in decibels: see :func:`add_noise`.
    corruption : float, default=0.0
        Share of grossly wrong observations: see :func:`add_corruption`.
    n_signals : int, default=None
        Number of independent signals; None for vectors.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.
    **design_options : dict
        Further arguments of the design, such as ``unit_norm`` or ``correlation``.

    Returns
    -------
    problem : SparseProblem
        ``(X, y, coef)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.datasets import make_sparse_problem
    >>> X, y, coef = make_sparse_problem(30, 60, 4, random_state=0)
    >>> int(np.count_nonzero(coef)), np.allclose(X @ coef, y)
    (4, True)
    """
    check_choice("design", design, tuple(_DESIGNS))
    rng = check_random_state(random_state)
    coef = make_sparse_coef(
        n_features, n_nonzero, values=values, n_signals=n_signals, random_state=rng
    )
    X = _DESIGNS[design](n_samples, n_features, random_state=rng, **design_options)
    y = X @ coef.T
    y = add_noise(y, snr, random_state=rng)
    return SparseProblem(X, add_corruption(y, corruption, random_state=rng), coef)


def _observations(y: Any) -> NDArray[np.float64]:
    y = np.asarray(y, dtype=np.float64)
    if y.ndim not in (1, 2) or y.size == 0:
        raise ValueError(
            "y must have shape (n_samples,) or (n_samples, n_signals) and not be "
            f"empty, got {y.shape}."
        )
    if not np.isfinite(y).all():
        raise ValueError("y must be finite, got NaN or inf.")
    return y
