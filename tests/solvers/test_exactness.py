"""Coordinate descent meets its gap, and the gap is true."""

from __future__ import annotations

import numpy as np
import pytest
from problems import (
    FORMATS,
    PENALTIES,
    centred,
    dual_excess,
    dual_value,
    make_data,
    objective,
)

from sparsesci.penalties import L1
from sparsesci.solvers import coordinate_descent

TOL = 1e-8


# Constraints on signs are for one target.
CASES = [
    pytest.param(case, n_targets, id=f"{case}-{n_targets}")
    for case in PENALTIES
    for n_targets in (0, 3)
    if not (n_targets and getattr(case.penalty, "positive", False))
]


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("case", "n_targets"), CASES)
def test_certificate(
    backend, global_random_seed, case, n_targets, form, dtype, weighted, fit_intercept
):
    data = make_data(global_random_seed, n_targets=n_targets, weighted=weighted)
    X, y, sample_weight = data
    result = coordinate_descent(
        FORMATS[form](X.astype(dtype)),
        y,
        case.penalty,
        fit_intercept=fit_intercept,
        sample_weight=sample_weight,
        tol=TOL,
        max_iter=20_000,
    )
    problem = centred(X, y, sample_weight, fit_intercept)
    scale = problem.scale
    assert result.coef.shape == (X.shape[1], *y.shape[1:])
    assert result.converged
    assert 0 <= result.dual_gap <= TOL * scale == pytest.approx(result.target, 1e-12)

    args = (case.penalty, sample_weight)
    primal = objective(X, y, result.coef, result.intercept, *args)
    assert primal == pytest.approx(result.objective, abs=1e-13 * scale)
    if not fit_intercept:
        assert not np.any(result.intercept)

    # The dual point is feasible, and proves what the result says.
    theta = result.dual_point
    assert theta.shape == y.T.shape
    norms = np.linalg.norm(problem.X, axis=0) * np.linalg.norm(problem.Y) / len(X)
    if not case.penalty.curvature:
        excess = dual_excess(problem, theta, case.penalty)
        assert (excess <= 1e-12 * norms).all()
    proven = primal - dual_value(problem, theta, case.penalty)
    assert proven == pytest.approx(result.dual_gap, abs=1e-12 * scale)


@pytest.mark.parametrize("ratio", [2, 10, 100])
@pytest.mark.parametrize("n", [256, 1024])
@pytest.mark.parametrize("form", ["F", "CSC"])
def test_orthogonal_columns(backend, global_random_seed, form, n, ratio):
    # On every working set, the last sweep of a burst moves nothing at all.
    y = np.random.default_rng(global_random_seed).standard_normal(n)
    bound = np.abs(y).max() / ratio
    result = coordinate_descent(FORMATS[form](np.eye(n)), y, L1(bound / n), tol=TOL)
    assert result.converged
    expected = np.sign(y) * np.maximum(np.abs(y) - bound, 0)
    allowed = np.sqrt(2 * n * result.dual_gap)  # strong convexity
    assert np.linalg.norm(result.coef - expected) <= allowed + 1e-12
