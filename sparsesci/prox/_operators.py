"""Proximal operators: thin wrappers of the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsesci._kernels import get_backend
from sparsesci.penalties import L1, Penalty
from sparsesci.utils.validation import check_real


def prox(penalty: Penalty, x: ArrayLike, step: ArrayLike = 1.0) -> NDArray[Any]:
    """Proximal operator of ``step * penalty``, elementwise.

    Parameters
    ----------
    penalty : Penalty
        One of `sparsesci.penalties`.
    x : array-like of shape (n_features,) or (n_vectors, n_features)
        Vector, or a batch of them.
    step : float or array-like of shape (n_vectors,), default=1.0
        Positive; one for all vectors or one for each.

    Returns
    -------
    z : ndarray of the shape of x
        ``argmin_z ||z - x||^2 / 2 + step * phi(z)``, float32 for float32 input, else
        float64.

    Raises
    ------
    ValueError
        If x has NaN or infinite entries or does not fit the penalty's weights, or a
        step is not positive.

    Examples
    --------
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.prox import prox
    >>> prox(L1(1.0), [3.0, -0.5, -2.0], step=0.5)
    array([ 2.5,  0. , -1.5])
    """
    values, dtype = _checked("x", x)
    batch = np.ascontiguousarray(np.atleast_2d(values))
    if batch.ndim != 2:
        raise ValueError(f"x must have 1 or 2 dimensions, got {values.ndim}.")
    penalty.check_n_features(batch.shape[1])
    out = np.empty_like(batch)
    get_backend().prox(penalty.build(), batch, _checked_steps(step, len(batch)), out)
    return out.reshape(values.shape).astype(dtype, copy=False)


def prox_rows(penalty: Penalty, rows: ArrayLike, step: float = 1.0) -> NDArray[Any]:
    """Proximal operator of a penalty on the norms of rows.

    Parameters
    ----------
    penalty : Penalty
        One of `sparsesci.penalties`; ``phi_j`` is applied to ``||rows_j||_2``. With
        ``L1`` this is block soft-thresholding.
    rows : array-like of shape (n_features, n_targets)
        One row for each feature.
    step : float, default=1.0
        Positive.

    Returns
    -------
    Z : ndarray of shape (n_features, n_targets)
        ``argmin_Z ||Z - rows||_F^2 / 2 + step * sum_j phi_j(||Z_j||_2)``.

    Examples
    --------
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.prox import prox_rows
    >>> prox_rows(L1(1.0), [[3.0, 4.0], [0.3, 0.4]])
    array([[2.4, 3.2],
           [0. , 0. ]])
    """
    values, dtype = _checked("rows", rows)
    if values.ndim != 2:
        raise ValueError(f"rows must have 2 dimensions, got {values.ndim}.")
    penalty.check_n_features(len(values))
    out = np.empty_like(values)
    step = check_real("step", step, low=0, open_low=True)
    get_backend().prox_rows(penalty.build(), values, step, out)
    return out.astype(dtype, copy=False)


def conjugate_prox(
    penalty: Penalty, x: ArrayLike, step: ArrayLike = 1.0
) -> NDArray[Any]:
    """Proximal operator of ``step * phi*``, the convex conjugate of the penalty.

    By Moreau's identity: ``prox_{step phi*}(x) = x - step prox_{phi/step}(x/step)``.

    Parameters
    ----------
    penalty : Penalty
        A convex one of `sparsesci.penalties`.
    x : array-like of shape (n_features,) or (n_vectors, n_features)
        Vector, or a batch of them.
    step : float or array-like of shape (n_vectors,), default=1.0
        Positive.

    Returns
    -------
    z : ndarray of the shape of x
        The proximal point.

    Examples
    --------
    The conjugate of the L1 norm confines to a box:

    >>> from sparsesci.penalties import L1
    >>> from sparsesci.prox import conjugate_prox
    >>> conjugate_prox(L1(1.0), [3.0, -0.5, -2.0])
    array([ 1. , -0.5, -1. ])
    """
    if not penalty.is_convex:
        raise ValueError(f"{type(penalty).__name__} is not convex.")
    values, dtype = _checked("x", x)
    steps = _checked_steps(step, len(np.atleast_2d(values)))
    factor = steps[:, None] if values.ndim == 2 else steps[0]
    inner = prox(penalty, values / factor, 1 / steps)
    return np.asarray(values - factor * inner).astype(dtype, copy=False)


def moreau_envelope(penalty: Penalty, x: ArrayLike, step: float = 1.0) -> float:
    """Smallest value of ``||z - x||^2 / (2 step) + phi(z)``.

    Parameters
    ----------
    penalty : Penalty
        One of `sparsesci.penalties`.
    x : array-like of shape (n_features,)
        Where to evaluate.
    step : float, default=1.0
        Positive.

    Returns
    -------
    envelope : float
        A smooth lower bound of ``phi(x)``.

    Examples
    --------
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.prox import moreau_envelope
    >>> moreau_envelope(L1(1.0), [3.0])
    2.5
    """
    values, _ = _checked("x", x)
    if values.ndim != 1:
        raise ValueError(f"x must have 1 dimension, got {values.ndim}.")
    step = check_real("step", step, low=0, open_low=True)
    z = prox(penalty, values, step)
    return float(np.sum((z - values) ** 2) / (2 * step)) + value(penalty, z)


def value(penalty: Penalty, w: ArrayLike) -> float:
    """Value of a penalty, infinite outside its domain.

    Parameters
    ----------
    penalty : Penalty
        One of `sparsesci.penalties`.
    w : array-like of shape (n_features,) or (n_features, n_targets)
        Coefficients; rows are penalised through their norms.

    Returns
    -------
    value : float
        ``sum_j phi_j(||w_j||)``.

    Examples
    --------
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.prox import value
    >>> value(L1(0.5), [1.0, -2.0])
    1.5
    """
    rows, _ = _checked_rows("w", w)
    penalty.check_n_features(len(rows))
    return float(get_backend().value(penalty.build(), rows))


def subdiff_distance(
    penalty: Penalty, w: ArrayLike, grad: ArrayLike
) -> NDArray[np.float64]:
    """Distance of ``-grad`` from the subdifferential of a penalty at `w`.

    All zeros, for grad the gradient of a convex data-fitting term, exactly where w is
    optimal.

    Parameters
    ----------
    penalty : Penalty
        One of `sparsesci.penalties`.
    w : array-like of shape (n_features,) or (n_features, n_targets)
        Coefficients.
    grad : array-like of the shape of w
        Gradient.

    Returns
    -------
    distance : ndarray of shape (n_features,)
        One distance for each coefficient or row.

    Examples
    --------
    >>> from sparsesci.penalties import L1
    >>> from sparsesci.prox import subdiff_distance
    >>> subdiff_distance(L1(1.0), [0.0, 0.0, 2.0], [0.5, 1.5, -1.0])
    array([0. , 0.5, 0. ])
    """
    rows, _ = _checked_rows("w", w)
    slopes, _ = _checked_rows("grad", grad)
    if rows.shape != slopes.shape:
        raise ValueError(
            f"w and grad must have the same shape, got {rows.shape} and {slopes.shape}."
        )
    penalty.check_n_features(len(rows))
    out = np.empty(len(rows))
    get_backend().subdiff(penalty.build(), rows, slopes, out)
    return out


def soft_threshold(x: ArrayLike, threshold: float) -> NDArray[Any]:
    """Shrink towards zero by `threshold`: the proximal operator of the L1 norm.

    Parameters
    ----------
    x : array-like of shape (n_features,) or (n_vectors, n_features)
        Values.
    threshold : float
        Non-negative.

    Returns
    -------
    z : ndarray of the shape of x
        ``sign(x) * max(|x| - threshold, 0)``.

    Examples
    --------
    >>> from sparsesci.prox import soft_threshold
    >>> soft_threshold([3.0, -0.5, -2.0], 1.0)
    array([ 2.,  0., -1.])
    """
    return prox(L1(check_real("threshold", threshold, low=0)), x)


def _checked(name: str, x: ArrayLike) -> tuple[NDArray[np.float64], Any]:
    """Return x as contiguous float64, and the dtype of the answer."""
    array = np.asarray(x)
    if np.iscomplexobj(array):
        raise ValueError(f"{name} must be real, got dtype {array.dtype}.")
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    try:
        values = np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must hold numbers: {error}.") from None
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite, got NaN or inf.")
    return values.reshape(array.shape), dtype


def _checked_rows(name: str, x: ArrayLike) -> tuple[NDArray[np.float64], Any]:
    values, dtype = _checked(name, x)
    if values.ndim not in (1, 2):
        raise ValueError(f"{name} must have 1 or 2 dimensions, got {values.ndim}.")
    return values, dtype


def _checked_steps(step: ArrayLike, n_vectors: int) -> NDArray[np.float64]:
    steps = np.asarray(step, dtype=np.float64)
    if not (np.isfinite(steps).all() and (steps > 0).all()):
        raise ValueError(f"step must be positive and finite, got {step!r}.")
    if steps.ndim > 1 or (steps.ndim == 1 and steps.size != n_vectors):
        raise ValueError(
            f"step must be a number or one for each of the {n_vectors} vectors, got "
            f"shape {steps.shape}."
        )
    return np.ascontiguousarray(np.broadcast_to(steps, n_vectors))
