"""Pursuit and least squares on a Kronecker dictionary: what SBL is compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci.bayes._kronecker_estep import energy, root_mean_square, squares
from sparsesci.bayes._kronecker_inputs import (
    check_factors,
    check_observations,
    check_per_factor,
    usable_columns,
)
from sparsesci.operators.kronecker import mode_products
from sparsesci.solvers._control import Control
from sparsesci.solvers._result import SolverResult
from sparsesci.utils.validation import check_real

Array = NDArray[Any]


def _least_squares(
    factors: Sequence[Array], support: Sequence[Array], Y: Array
) -> tuple[Array, Array]:
    """Coefficients on the product of supports, and the residual.

    The pseudo-inverse of a Kronecker product is that of its factors.
    """
    chosen = [factor[:, where] for factor, where in zip(factors, support)]
    coef = mode_products([np.linalg.pinv(part) for part in chosen], Y)
    return coef, Y - mode_products(chosen, coef)


def _on_support(
    factors: Sequence[Array],
    support: Sequence[Array],
    coef: Array,
    residual: Array,
    single: bool,
    control: Control,
) -> SolverResult:
    sizes = [factor.shape[1] for factor in factors]
    full = np.zeros((len(coef), *sizes), dtype=coef.dtype)
    for one, values in zip(full, coef):
        one[np.ix_(*support)] = values
    flat, rest = full.reshape(len(full), -1), residual.reshape(len(full), -1)
    return SolverResult(
        coef=flat[0] if single else flat.T,
        intercept=0.0,
        objective=energy(residual) / (2 * rest.shape[1]),
        dual_gap=math.inf,
        dual_point=(rest[0] if single else rest) / rest.shape[1],
        violation=0.0,
        n_iter=max(1, round(control.n_iter)),
        status="converged",
        target=0.0,
    )


def oracle_least_squares(factors: Any, y: Any, support: Any) -> SolverResult:
    """Least squares on a Kronecker dictionary, with the true support given.

    Minimises ``||y - (H_1 x ... x H_K) w||^2`` over w that vanish outside of
    ``support_1 x ... x support_K``: what nobody who looks for the support can be
    expected to beat by much.

    Parameters
    ----------
    factors : sequence of K array-like of shape (m_k, n_k), or Kronecker
        Factors of the dictionary.
    y : array-like of shape (m_1 ... m_K,) or (m_1 ... m_K, n_snapshots)
        Observations.
    support : sequence of K array-like of int
        Columns of each factor.

    Returns
    -------
    result : SolverResult
        Coefficients, in C order; the objective is ``||y - H w||^2 / (2 n_samples)``.

    Raises
    ------
    ValueError
        If data are invalid, or an index is out of range.

    See Also
    --------
    kronecker_omp : Pursuit, which looks for the support.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import oracle_least_squares
    >>> factors = [np.eye(2), np.array([[1.0, 1.0], [1.0, -1.0]])]
    >>> oracle_least_squares(factors, [3.0, 1.0, 0.0, 0.0], [[0], [0, 1]]).coef
    array([2., 1., 0., 0.])
    """
    checked = check_factors(factors)
    Y, single = check_observations(y, checked)
    if len(support) != len(checked):
        raise ValueError(
            f"support must have one entry for each of the {len(checked)} factors, got "
            f"{len(support)}."
        )
    sizes = [factor.shape[1] for factor in checked]
    sets = [_check_support(k, s, n) for k, (s, n) in enumerate(zip(support, sizes))]
    coef, residual = _least_squares(checked, sets, Y)
    return _on_support(checked, sets, coef, residual, single, Control())


def _check_support(k: int, support: Any, size: int) -> Array:
    where = np.unique(np.asarray(support))
    if (
        where.ndim != 1
        or where.size == 0
        or where.dtype.kind not in "iu"
        or where[0] < 0
        or where[-1] >= size
    ):
        raise ValueError(
            f"support[{k}] must hold integers in [0, {size}), got {support!r}."
        )
    return where


# ---- pursuit -------------------------------------------------------------------------
def kronecker_omp(
    factors: Any, y: Any, *, noise: float, max_per_factor: Any = None
) -> SolverResult:
    """Orthogonal matching pursuit on a Kronecker dictionary, support by support.

    Looks for small sets of columns of the factors such that y is in the span of their
    products: the largest correlation of the residual with an atom, of norm 1, names
    one column of each factor; these join the sets, and all coefficients on the product
    of the sets are fitted. The pursuit ends when the residual is as small as noise,
    ``||y - H w||^2 <= n_samples * noise``, for each snapshot on average, or when the
    sets cannot grow.

    Parameters
    ----------
    factors : sequence of K array-like of shape (m_k, n_k), or Kronecker
        Factors of the dictionary.
    y : array-like of shape (m_1 ... m_K,) or (m_1 ... m_K, n_snapshots)
        Observations; snapshots share the support.
    noise : float
        Variance of the noise, >= 0. Below the true one, the pursuit goes on and fits
        noise.
    max_per_factor : int or sequence of K ints, default=None
        Largest number of columns of each factor; ``min(m_k, n_k)`` by default.

    Returns
    -------
    result : SolverResult
        Coefficients, in C order; the objective is ``||y - H w||^2 / (2 n_samples)``.

    Raises
    ------
    ValueError
        If data or parameters are invalid: NaN, infinity, shapes, ranges.

    See Also
    --------
    kronecker_sbl : Weighs columns instead of choosing them.
    sparsesci.greedy.orthogonal_mp : Pursuit blind to the structure, on operators too.

    Notes
    -----
    An iteration costs O(P sum_k m_k) for P coefficients; the fit uses the
    pseudo-inverses of the factors.

    References
    ----------
    .. [1] C. F. Caiafa, A. Cichocki, "Computing sparse representations of
       multidimensional signals using Kronecker bases", Neural Computation 25, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import kronecker_omp
    >>> factors = [np.eye(2), np.array([[1.0, 1.0, 2.0], [1.0, -1.0, 0.0]])]
    >>> kronecker_omp(factors, [3.0, -3.0, 0.0, 0.0], noise=1e-6).coef
    array([0., 3., 0., 0., 0., 0.])
    """
    checked = check_factors(factors)
    Y, single = check_observations(y, checked)
    noise = check_real("noise", noise, low=0)
    caps = [min(factor.shape) for factor in checked]
    if max_per_factor is not None:
        n_factors = len(checked)
        wanted = check_per_factor("max_per_factor", max_per_factor, n_factors, 1e9)
        caps = [max(1, min(int(w), cap)) for w, cap in zip(wanted, caps)]
    control = Control(max_iter=sum(caps))
    support, coef, residual = _pursue(checked, Y, noise, caps, control)
    return _on_support(checked, support, coef, residual, single, control)


def _best_atom(
    scores: Array, sets: Sequence[list[int]], caps: Sequence[int]
) -> list[int]:
    """Columns of the factors with the largest score, of full sets one that is in."""
    open_to = [
        chosen if len(chosen) == cap else range(size)
        for chosen, cap, size in zip(sets, caps, scores.shape)
    ]
    part = scores[np.ix_(*open_to)]
    best = np.unravel_index(int(np.argmax(part)), part.shape)
    return [int(columns[j]) for columns, j in zip(open_to, best)]


def _pursue(
    factors: Sequence[Array],
    Y: Array,
    noise: float,
    caps: Sequence[int],
    control: Control,
) -> tuple[list[Array], Array, Array]:
    scale = root_mean_square(Y)
    usable_columns(factors)  # warns of zero and of repeated ones
    norms = [np.linalg.norm(factor, axis=0) for factor in factors]
    units = [
        np.divide(factor, norm, out=np.zeros_like(factor), where=norm > 0)
        for factor, norm in zip(factors, norms)
    ]
    adjoints = [unit.conj().T for unit in units]
    sets: list[list[int]] = [[] for _ in factors]
    Y = Y / scale
    goal = max(Y.size * (noise / scale / scale), 1e-28 * energy(Y))
    residual, coef = Y, np.zeros(0)
    while True:
        best = _best_atom(squares(mode_products(adjoints, residual)).sum(0), sets, caps)
        if all(j in chosen for chosen, j in zip(sets, best)):
            break
        for chosen, j in zip(sets, best):
            if j not in chosen:
                chosen.append(j)
        support = [np.sort(chosen) for chosen in sets]
        coef, residual = _least_squares(factors, support, Y)
        control.n_iter += 1
        if energy(residual) <= goal:
            break
    return support, scale * coef, scale * residual
