"""From data to the Gram form of a problem."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci._kernels._contract import Backend, Doubles, Indices
from sparsesci.operators.design import ColumnDesign
from sparsesci.solvers._problem import GramLeastSquares, LeastSquares

_CHUNK_ENTRIES = 4_000_000


def gram_of(design: ColumnDesign) -> Doubles:
    """Return ``X~' S X~`` in float64."""
    gram = np.empty((design.n_features, design.n_features))
    design.extend_gram(gram, np.arange(design.n_features), 0)
    return gram


def gram_of_rows(
    backend: Backend,
    X: NDArray[Any],
    means: Doubles | None,
    weights: Doubles | None,
    rows: Indices,
) -> Doubles:
    """Return what the listed rows have of ``X~' S X~``. They are copied in chunks."""
    p = X.shape[1]
    gram, columns = np.zeros((p, p)), np.arange(p)
    step = max(1, _CHUNK_ENTRIES // p)
    for start in range(0, len(rows), step):
        taken = rows[start : start + step]
        part = np.asfortranarray(X[taken])
        s = None if weights is None else weights[taken]
        handle = backend.dense_matrix(part, means, s)
        backend.dense_gram(handle, columns, 0, 0, len(taken), False, gram)
    return gram


def gram_problem(
    problem: LeastSquares, gram: Doubles | None = None, Xy: Doubles | None = None
) -> GramLeastSquares:
    """Return the same least-squares problem in Gram form."""
    design = problem.design
    assert isinstance(design, ColumnDesign)
    n = design.n_samples
    if gram is None:
        gram = gram_of(design)
    if Xy is None:
        Xy = np.ascontiguousarray(n * problem.correlations.T)
    yy = 2 * n * problem.null_objective
    form = GramLeastSquares(gram, Xy, yy, n)
    form.lipschitz = design.lipschitz  # constant columns are exactly 0 there
    return form


def check_gram(gram: Any, design: ColumnDesign) -> Doubles:
    """Return a Gram matrix from outside as float64 if it can belong to the data."""
    gram = np.ascontiguousarray(gram, dtype=np.float64)
    p = design.n_features
    if gram.shape != (p, p):
        raise ValueError(
            f"precompute must have shape ({p}, {p}) when it is a Gram matrix, got "
            f"{gram.shape}."
        )
    if not np.isfinite(gram).all():
        raise ValueError("precompute must be finite, got NaN or inf.")
    expected = design.n_samples * design.lipschitz
    rtol = 1e-3 if design.dtype == np.float32 else 1e-5
    scale = expected.max(initial=0.0)
    if not np.allclose(np.diag(gram), expected, rtol=rtol, atol=rtol * scale):
        where = int(np.argmax(np.abs(np.diag(gram) - expected)))
        raise ValueError(
            "Gram matrix passed in via 'precompute' parameter did not pass "
            f"validation: its entry [{where}, {where}] is {gram[where, where]:.6g}, "
            f"the centred and weighted column has {expected[where]:.6g}."
        )
    return gram
