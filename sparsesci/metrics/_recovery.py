"""Distances of an estimate from the truth: of its support and of its values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sparsesci.utils.validation import check_flag, check_real


class _Counts(NamedTuple):
    """Numbers of coefficients, along `axis`."""

    hits: Any
    selected: Any
    true: Any


def support_precision(
    coef_true: Any, coef: Any, *, tol: float = 0.0, axis: int | None = None
) -> Any:
    """Share of the selected coefficients that are truly non-zero.

    ``|S ∩ T| / |S|`` for the supports T of the truth and S of the estimate; 1 where
    nothing is selected, since nothing selected is false.

    Parameters
    ----------
    coef_true : array-like
        True coefficients, of any shape; real or complex.
    coef : array-like of the same shape
        Estimated coefficients.
    tol : float, default=0.0
        Estimates of magnitude at most `tol`, in the units of the coefficients, count as
        zero. The truth is taken as it is.
    axis : int, default=None
        Axis of the coefficients: one score for each signal. By default the
        coefficients of all signals are counted together.

    Returns
    -------
    score : float or ndarray
        In [0, 1]; an array over the other axes where `axis` is given.

    Raises
    ------
    ValueError
        If the shapes differ, or there is no coefficient, or NaN or inf.

    See Also
    --------
    support_recall : Share of the true coefficients that are selected.
    support_f1 : Harmonic mean of the two.

    Examples
    --------
    >>> from sparsesci.metrics import support_precision
    >>> support_precision([1.0, 0.0, 0.0, 2.0], [0.9, 0.1, 0.0, 0.0])
    0.5
    """
    counts = _counts(coef_true, coef, tol, axis)
    return _ratio(counts.hits, counts.selected)


def support_recall(
    coef_true: Any, coef: Any, *, tol: float = 0.0, axis: int | None = None
) -> Any:
    """Share of the truly non-zero coefficients that are selected.

    ``|S ∩ T| / |T|`` for the supports T of the truth and S of the estimate; 1 where the
    truth is zero, since nothing is missed.

    Parameters
    ----------
    coef_true : array-like
        True coefficients, of any shape; real or complex.
    coef : array-like of the same shape
        Estimated coefficients.
    tol : float, default=0.0
        Estimates of magnitude at most `tol` count as zero.
    axis : int, default=None
        Axis of the coefficients, for one score for each signal; by default all
        together.

    Returns
    -------
    score : float or ndarray
        In [0, 1].

    Raises
    ------
    ValueError
        If the shapes differ, or there is no coefficient, or NaN or inf.

    See Also
    --------
    support_precision : Share of the selected coefficients that are true.

    Examples
    --------
    >>> from sparsesci.metrics import support_recall
    >>> support_recall([[1.0, 0.0], [1.0, 2.0]], [[3.0, 0.0], [1.0, 0.0]], axis=1)
    array([1. , 0.5])
    """
    counts = _counts(coef_true, coef, tol, axis)
    return _ratio(counts.hits, counts.true)


def support_f1(
    coef_true: Any, coef: Any, *, tol: float = 0.0, axis: int | None = None
) -> Any:
    """Harmonic mean of precision and recall of the support.

    ``2 |S ∩ T| / (|S| + |T|)`` for the supports T of the truth and S of the estimate;
    1 where both are empty.

    Parameters
    ----------
    coef_true : array-like
        True coefficients, of any shape; real or complex.
    coef : array-like of the same shape
        Estimated coefficients.
    tol : float, default=0.0
        Estimates of magnitude at most `tol` count as zero.
    axis : int, default=None
        Axis of the coefficients, for one score for each signal; by default all
        together.

    Returns
    -------
    score : float or ndarray
        In [0, 1].

    Raises
    ------
    ValueError
        If the shapes differ, or there is no coefficient, or NaN or inf.

    Examples
    --------
    >>> from sparsesci.metrics import support_f1
    >>> support_f1([1.0, 0.0, 0.0, 2.0], [0.9, 0.1, 0.0, 0.0])
    0.5
    """
    counts = _counts(coef_true, coef, tol, axis)
    return _ratio(2 * counts.hits, counts.selected + counts.true)


def exact_support(
    coef_true: Any, coef: Any, *, tol: float = 0.0, axis: int | None = None
) -> Any:
    """Whether the support is the true one: nothing missed, nothing false.

    Parameters
    ----------
    coef_true : array-like
        True coefficients, of any shape; real or complex.
    coef : array-like of the same shape
        Estimated coefficients.
    tol : float, default=0.0
        Estimates of magnitude at most `tol` count as zero.
    axis : int, default=None
        Axis of the coefficients, for one answer for each signal; by default all
        together.

    Returns
    -------
    exact : bool or ndarray of bool
        Answer, or answers over the other axes.

    Raises
    ------
    ValueError
        If the shapes differ, or there is no coefficient, or NaN or inf.

    Examples
    --------
    >>> from sparsesci.metrics import exact_support
    >>> exact_support([1.0, 0.0, 2.0], [0.5, 1e-9, 3.0], tol=1e-6)
    True
    """
    counts = _counts(coef_true, coef, tol, axis)
    exact = (counts.hits == counts.selected) & (counts.hits == counts.true)
    return exact if np.ndim(exact) else bool(exact)


def nmse(
    coef_true: Any, coef: Any, *, decibel: bool = False, axis: int | None = None
) -> Any:
    """Squared error relative to the squared norm of the truth.

    ``||coef - coef_true||^2 / ||coef_true||^2``, or ten times its decimal logarithm.
    By default sums run over all signals, so that this is a ratio of sums; the mean of
    ratios, which weak signals dominate, is ``nmse(..., axis=-1).mean()``.

    Parameters
    ----------
    coef_true : array-like
        True coefficients, of any shape; real or complex.
    coef : array-like of the same shape
        Estimated coefficients.
    decibel : bool, default=False
        Return ``10 log10`` of the ratio; a perfect estimate has ``-inf``.
    axis : int, default=None
        Axis of the coefficients, for one ratio for each signal.

    Returns
    -------
    error : float or ndarray
        Non-negative unless in decibels. Where the truth is zero: 0 for a zero estimate,
        else inf.

    Raises
    ------
    ValueError
        If the shapes differ, or there is no coefficient, or NaN or inf.

    Examples
    --------
    >>> from sparsesci.metrics import nmse
    >>> round(nmse([3.0, 4.0], [3.0, 3.5]), 6)
    0.01
    >>> round(nmse([3.0, 4.0], [3.0, 3.5], decibel=True), 6)
    -20.0
    """
    check_flag("decibel", decibel)
    coef_true, coef = _checked(coef_true, coef, axis)
    # Norms of numbers of ordinary size: squares of 1e-200 or 1e200 are not.
    scale = max(np.abs(coef_true).max(), np.abs(coef).max()) or 1.0
    error = (np.abs(coef / scale - coef_true / scale) ** 2).sum(axis=axis)
    power = (np.abs(coef_true / scale) ** 2).sum(axis=axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error == 0, 0.0, error / power)
        ratio = 10 * np.log10(ratio) if decibel else ratio
    return ratio if np.ndim(ratio) else float(ratio)


def _counts(coef_true: Any, coef: Any, tol: Any, axis: int | None) -> _Counts:
    tol = check_real("tol", tol, low=0)
    coef_true, coef = _checked(coef_true, coef, axis)
    true, selected = coef_true != 0, np.abs(coef) > tol
    return _Counts(
        (true & selected).sum(axis=axis), selected.sum(axis=axis), true.sum(axis=axis)
    )


def _checked(coef_true: Any, coef: Any, axis: int | None) -> tuple[Any, Any]:
    coef_true, coef = np.asarray(coef_true), np.asarray(coef)
    if coef_true.shape != coef.shape:
        raise ValueError(
            f"coef must have the shape of coef_true, {coef_true.shape}, got "
            f"{coef.shape}."
        )
    if coef.size == 0:
        raise ValueError("coef_true and coef must not be empty.")
    for name, values in (("coef_true", coef_true), ("coef", coef)):
        if values.dtype.kind not in "biufc":
            raise TypeError(f"{name} must hold numbers, got dtype {values.dtype}.")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite, got NaN or inf.")
    if axis is not None and not -coef.ndim <= axis < coef.ndim:
        raise ValueError(
            f"axis must be None or an axis of an array of {coef.ndim}D, got {axis}."
        )
    # Differences of unsigned integers wrap around.
    return coef_true.astype(np.result_type(coef_true, float)), coef.astype(
        np.result_type(coef, float)
    )


def _ratio(part: Any, whole: Any) -> Any:
    ratio = np.where(whole == 0, 1.0, part / np.maximum(whole, 1))
    return ratio if np.ndim(ratio) else float(ratio)
