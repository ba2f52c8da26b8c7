"""Checks of factors, observations and options, made before any work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator

from sparsesci._logging import warn_caller
from sparsesci.operators import Kronecker
from sparsesci.utils.validation import check_real

Array = NDArray[Any]

# Columns whose cosine is 1 up to this are multiples of each other.
_PARALLEL = 1e-12
# Numbers that are larger, or smaller than 1 / it, have no squares.
_LARGEST = 1e153


def check_factors(factors: Any) -> list[Array]:
    """Return the factors of a dictionary as float64 or complex128 arrays."""
    if isinstance(factors, Kronecker):
        factors = factors.factors
    if isinstance(factors, (str, LinearOperator)) or not isinstance(
        factors, (Sequence, np.ndarray)
    ):
        raise TypeError(
            "factors must be a sequence of matrices or a sparsesci.operators."
            f"Kronecker, got {type(factors).__name__}."
        )
    if isinstance(factors, np.ndarray) and factors.ndim != 3:
        raise TypeError(
            "factors must be a sequence of matrices, got a single array of shape "
            f"{factors.shape}; for one factor write [X]."
        )
    product = Kronecker(*factors)
    return [
        f @ np.eye(f.shape[1]) if isinstance(f, LinearOperator) else f
        for f in product.factors
    ]


def check_observations(y: Any, factors: Sequence[Array]) -> tuple[Array, bool]:
    """Return y as (n_snapshots, m_1, ..., m_K), and whether it was one vector."""
    try:
        y = np.asarray(y)
        y = y.astype(np.result_type(y.dtype, np.float64), copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers: {error}.") from None
    if y.dtype.kind not in "fc":
        raise ValueError(f"y must hold numbers, got dtype {y.dtype}.")
    rows = [factor.shape[0] for factor in factors]
    if y.ndim not in (1, 2) or len(y) != math.prod(rows) or y.size == 0:
        product = " x ".join(map(str, rows))
        raise ValueError(
            f"y must have shape ({math.prod(rows)},) or ({math.prod(rows)}, "
            f"n_snapshots), one row for each of the {product} rows of the factors, "
            f"got {y.shape}."
        )
    if not np.isfinite(y).all():
        raise ValueError("y contains NaN or infinity.")
    if not y.any():
        raise ValueError("y must not be all zeros: no variance can be learned from it.")
    if not 1 / _LARGEST < (largest := float(np.abs(y).max())) < _LARGEST:
        raise ValueError(
            "y is out of the range of squares: its largest magnitude is "
            f"{largest:.0e}; rescale it."
        )
    snapshots = np.ascontiguousarray(np.atleast_2d(y.T))
    return snapshots.reshape(-1, *rows), y.ndim == 1


def check_noise(noise: Any) -> float | None:
    """Return the variance of the noise, None if it is to be learned."""
    if isinstance(noise, str):
        if noise != "learn":
            raise ValueError(f"noise must be 'learn' or a number, got {noise!r}.")
        return None
    return check_real("noise", noise, low=0, open_low=True)


def check_per_factor(
    name: str, value: Any, n_factors: int, high: float, *, open_high: bool = False
) -> list[float]:
    """Return one number in [0, high] for each factor, from one for all or a list."""
    if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, str):
        value = [value] * n_factors
    if len(value) != n_factors:
        raise ValueError(
            f"{name} must have one entry for each of the {n_factors} factors, got "
            f"{len(value)}."
        )
    return [
        check_real(
            f"{name}[{k}]", 0.0 if v is None else v, 0, high, open_high=open_high
        )
        for k, v in enumerate(value)
    ]


def usable_columns(factors: Sequence[Array]) -> list[NDArray[np.intp]]:
    """Columns of each factor that are not zero; warn of those, and of repeated ones."""
    kept = []
    for k, factor in enumerate(factors):
        norms = np.linalg.norm(factor, axis=0)
        usable = np.flatnonzero(norms > 0)
        if usable.size == 0:
            raise ValueError(f"factors[{k}] must have a non-zero column, got none.")
        if usable.size < norms.size:
            warn_caller(
                f"factors[{k}] has {norms.size - usable.size} zero columns: their "
                "coefficients are set to 0.",
                UserWarning,
            )
        _warn_of_repeated(k, factor[:, usable] / norms[usable], usable)
        kept.append(usable)
    return kept


def _warn_of_repeated(k: int, directions: Array, usable: Array) -> None:
    """Warn of parallel columns: without all their inner products.

    Their inner products with a probe are of the same size, so that they are neighbours
    in that order.
    """
    probe = np.cos(np.arange(len(directions)))
    sizes = np.abs(probe @ directions) / np.linalg.norm(probe)
    order = np.argsort(sizes, kind="stable")
    near = np.flatnonzero(np.diff(sizes[order]) <= math.sqrt(2 * _PARALLEL))
    first, second = np.sort([order[near], order[near + 1]], axis=0)
    inner = np.sum(directions[:, first].conj() * directions[:, second], axis=0)
    parallel = np.flatnonzero(np.abs(inner) > 1 - _PARALLEL)
    if parallel.size:
        pair = int(usable[first[parallel[0]]]), int(usable[second[parallel[0]]])
        warn_caller(
            f"factors[{k}] has {parallel.size} pairs of columns that are multiples of "
            f"each other, such as {pair}: the data cannot tell their coefficients "
            "apart.",
            UserWarning,
        )
