"""Random designs of compressed sensing and of sparse regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator
from sklearn.utils import check_random_state

from sparsesci.operators import PartialDCT
from sparsesci.utils.validation import check_flag, check_integer, check_real


def make_gaussian_design(
    n_samples: int,
    n_features: int,
    *,
    unit_norm: bool = True,
    random_state: Any = None,
) -> NDArray[np.float64]:
    """Independent standard normal entries.

    Parameters
    ----------
    n_samples, n_features : int
        Shape.
    unit_norm : bool, default=True
        Scale each column to Euclidean norm 1.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The design, Fortran-ordered.

    See Also
    --------
    make_toeplitz_design : Correlated columns.

    Examples
    --------
    >>> from sparsesci.datasets import make_gaussian_design
    >>> X = make_gaussian_design(20, 50, random_state=0)
    >>> X.shape, round(float((X[:, 7] ** 2).sum()), 6)
    ((20, 50), 1.0)
    """
    rng = _checked(n_samples, n_features, unit_norm, random_state)
    return _finish(rng.standard_normal((n_samples, n_features)), unit_norm)


def make_bernoulli_design(
    n_samples: int,
    n_features: int,
    *,
    unit_norm: bool = True,
    random_state: Any = None,
) -> NDArray[np.float64]:
    """Independent entries that are -1 or 1 with equal probability.

    Parameters
    ----------
    n_samples, n_features : int
        Shape.
    unit_norm : bool, default=True
        Divide by ``sqrt(n_samples)``, so that each column has Euclidean norm 1.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The design, Fortran-ordered.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.datasets import make_bernoulli_design
    >>> X = make_bernoulli_design(4, 9, unit_norm=False, random_state=0)
    >>> np.unique(X)
    array([-1.,  1.])
    """
    rng = _checked(n_samples, n_features, unit_norm, random_state)
    return _finish(2.0 * rng.randint(2, size=(n_samples, n_features)) - 1, unit_norm)


def make_toeplitz_design(
    n_samples: int,
    n_features: int,
    correlation: float = 0.5,
    *,
    unit_norm: bool = True,
    random_state: Any = None,
) -> NDArray[np.float64]:
    """Rows drawn from a normal distribution with correlation decaying by distance.

    Entries have mean 0 and variance 1, and columns i and j have covariance
    ``correlation ** |i - j|``. Each row is an autoregressive process, drawn in
    O(n_features), without a factorisation of the covariance.

    Parameters
    ----------
    n_samples, n_features : int
        Shape.
    correlation : float, default=0.5
        Of neighbouring columns, in (-1, 1).
    unit_norm : bool, default=True
        Scale each column to Euclidean norm 1.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The design, Fortran-ordered.

    Examples
    --------
    >>> from sparsesci.datasets import make_toeplitz_design
    >>> X = make_toeplitz_design(10_000, 3, 0.9, random_state=0)
    >>> (X.T @ X).round(1)
    array([[1. , 0.9, 0.8],
           [0.9, 1. , 0.9],
           [0.8, 0.9, 1. ]])
    """
    rng = _checked(n_samples, n_features, unit_norm, random_state)
    rho = check_real(
        "correlation", correlation, low=-1, high=1, open_low=True, open_high=True
    )
    X = np.asfortranarray(rng.standard_normal((n_samples, n_features)))
    for j in range(1, n_features):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return _finish(X, unit_norm)


def make_partial_dct_design(
    n_samples: int,
    n_features: int,
    *,
    as_operator: bool = False,
    unit_norm: bool = True,
    random_state: Any = None,
) -> Any:
    """Randomly chosen rows of the orthonormal discrete cosine transform.

    Parameters
    ----------
    n_samples : int
        Number of rows, drawn without replacement and sorted; at most `n_features`.
    n_features : int
        Size of the transform.
    as_operator : bool, default=False
        Return a LinearOperator, whose products are fast transforms: O(n_features log
        n_features) operations, O(n_features) memory.
    unit_norm : bool, default=True
        Scale each column to Euclidean norm 1. The rows are then no longer orthogonal.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    X : ndarray or LinearOperator of shape (n_samples, n_features)
        The design; the same matrix either way.

    Raises
    ------
    ValueError
        If there are more rows than the transform has.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.datasets import make_partial_dct_design
    >>> options = {"unit_norm": False, "random_state": 0}
    >>> X = make_partial_dct_design(3, 16, **options)
    >>> np.allclose(X @ X.T, np.eye(3))
    True
    >>> A = make_partial_dct_design(3, 16, as_operator=True, **options)
    >>> np.allclose(A @ np.ones(16), X @ np.ones(16))
    True
    """
    rng = _checked(n_samples, n_features, unit_norm, random_state)
    check_flag("as_operator", as_operator)
    if n_samples > n_features:
        raise ValueError(
            f"n_samples must be at most n_features = {n_features}, the rows of the "
            f"transform, got {n_samples}."
        )
    rows = np.sort(rng.permutation(n_features)[:n_samples])
    X: LinearOperator = PartialDCT(n_features, rows)
    if unit_norm:
        X = X @ aslinearoperator(sparse.diags(1 / _dct_norms(rows, n_features)))
    return X if as_operator else (X.T @ np.eye(n_samples)).T


def _checked(n_samples: Any, n_features: Any, unit_norm: Any, random_state: Any) -> Any:
    check_integer("n_samples", n_samples)
    check_integer("n_features", n_features)
    check_flag("unit_norm", unit_norm)
    return check_random_state(random_state)


def _finish(X: Any, unit_norm: bool) -> NDArray[np.float64]:
    if unit_norm:
        X /= np.linalg.norm(X, axis=0)
    return np.asfortranarray(X)


def _dct_norms(rows: Any, n_features: int) -> Any:
    """Norms of the columns of the chosen rows, by one transform.

    Entry (k, j) is ``sqrt(2/N) cos(k t_j)`` with ``t_j = pi (2j + 1) / 2N``, its square
    ``(1 + cos(2k t_j)) / N``: a sum over k is a cosine transform. Beyond N,
    ``cos((2N - m) t_j) = -cos(m t_j)`` folds the frequencies back.
    """
    weights = np.zeros(n_features)
    weights[2 * rows[2 * rows < n_features]] += 1
    weights[2 * (n_features - rows[2 * rows > n_features])] -= 1
    cosines = (fft.dct(weights, type=3) + weights[0]) / 2
    # Row 0 is 1 / sqrt(N) throughout, without the factor sqrt(2).
    squares = (rows.size + cosines - (rows[0] == 0)) / n_features
    # A column of the chosen rows may vanish, up to rounding: it is left as it is.
    return np.sqrt(np.where(squares > 1e-14, squares, 1.0))
