"""Proximal operators for outside callers: by definition, not by stored numbers."""

from __future__ import annotations

import numpy as np
import pytest
from problems import PENALTIES

from sparsesci.penalties import L1, ElasticNet, WeightedL1
from sparsesci.prox import (
    conjugate_prox,
    moreau_envelope,
    prox,
    prox_rows,
    soft_threshold,
    subdiff_distance,
    value,
)

CASES = [
    L1(0.7),
    L1(0.7, positive=True),
    L1(0.0),
    ElasticNet(0.9, 0.6),
    ElasticNet(0.9, 0.6, positive=True),
    ElasticNet(0.9, 0.0),
    ElasticNet(0.9, 1.0),
    WeightedL1(0.7, weights=[0.0, 1.0, np.inf, 0.5, 2.0]),
    WeightedL1(0.7, positive=True, weights=[0.0, 1.0, np.inf, 0.5, 2.0]),
]
cases = pytest.mark.parametrize("penalty", CASES, ids=repr)
GRID = np.linspace(-6, 6, 24_001)


@pytest.fixture
def x(global_random_seed):
    return 2 * np.random.default_rng(global_random_seed).standard_normal(5)


@cases
@pytest.mark.parametrize("step", [0.3, 1.0, 2.5])
def test_minimises_on_a_grid(penalty, step, x, backend):
    z = prox(penalty, x, step)
    for j in range(x.size):
        terms = np.array([_value_at(penalty, g, j) for g in GRID[::20]])
        objective = (GRID[::20] - x[j]) ** 2 / 2 + step * terms
        best = GRID[::20][np.argmin(objective)]
        at_z = (z[j] - x[j]) ** 2 / 2 + step * _value_at(penalty, z[j], j)
        assert abs(z[j] - best) <= GRID[20] - GRID[0]
        assert at_z <= objective.min() + 1e-12


def _value_at(penalty, number, j):
    w = np.zeros(5)
    w[j] = number
    return value(penalty, w)


@cases
def test_moreau_identity_and_firm_non_expansiveness(penalty, x, backend):
    for step in (0.3, 1.0, 2.5):
        primal, dual = prox(penalty, x, step), conjugate_prox(penalty, x, step)
        again = step * prox(penalty, x / step, 1 / step)
        np.testing.assert_allclose(dual + again, x, atol=1e-14)
        other = prox(penalty, x[::-1], step)
        d, e = primal - other, x - x[::-1]
        assert d @ d <= d @ e + 1e-12


@cases
def test_result_satisfies_optimality(penalty, x, backend):
    """x - z is in step times the subdifferential at z."""
    z = prox(penalty, x, 0.8)
    distance = subdiff_distance(penalty, z, (z - x) / 0.8)
    held = np.isfinite(np.broadcast_to(penalty.slope, 5))
    np.testing.assert_allclose(distance[held], 0, atol=1e-14)
    assert (z[~held] == 0).all()


@cases
def test_batches_take_one_step_each(penalty, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    batch, steps = rng.standard_normal((4, 5)), np.array([0.1, 0.5, 1.0, 3.0])
    one_by_one = [prox(penalty, row, step) for row, step in zip(batch, steps)]
    np.testing.assert_array_equal(prox(penalty, batch, steps), one_by_one)
    np.testing.assert_array_equal(prox(penalty, batch), prox(penalty, batch, 1.0))


@pytest.mark.parametrize("penalty", [L1(0.7), ElasticNet(0.9, 0.6)], ids=repr)
def test_rows_are_shrunk_along_themselves(penalty, global_random_seed, backend):
    rng = np.random.default_rng(global_random_seed)
    rows = rng.standard_normal((6, 3))
    rows[2] = 0.0
    out = prox_rows(penalty, rows, 0.5)
    norms = np.linalg.norm(rows, axis=1)
    expected = prox(penalty, norms, 0.5)
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), expected, atol=1e-15)
    np.testing.assert_allclose(out * norms[:, None], rows * expected[:, None])
    distance = subdiff_distance(penalty, out, (out - rows) / 0.5)
    np.testing.assert_allclose(distance, 0, atol=1e-13)


def test_envelope_is_smooth_and_below(x):
    penalty = L1(0.7)
    assert moreau_envelope(penalty, x, 0.5) <= value(penalty, x)
    huber = np.where(abs(x) <= 0.35, x**2, 0.7 * abs(x) - 0.7**2 / 4)
    np.testing.assert_allclose(moreau_envelope(penalty, x, 0.5), huber.sum())


def test_dtype_shape_and_layout_are_kept():
    x = np.arange(-4.0, 4.0)
    assert prox(L1(1.0), x.astype(np.float32)).dtype == np.float32
    assert prox(L1(1.0), x.astype(np.int8)).dtype == np.float64
    assert prox(L1(1.0), list(x)).shape == x.shape
    np.testing.assert_array_equal(prox(L1(1.0), x[::-2]), soft_threshold(x[::-2], 1.0))
    fixed = x.copy()
    fixed.flags.writeable = False
    prox(L1(1.0), fixed)
    np.testing.assert_array_equal(fixed, x)


@pytest.mark.parametrize("case", PENALTIES, ids=str)
def test_value_is_the_formula(case, global_random_seed):
    w = np.random.default_rng(global_random_seed).uniform(0.1, 2, 120)
    w[np.broadcast_to(case.penalty.slope, 120) == np.inf] = 0.0
    slope = np.where(w == 0, 0.0, case.penalty.slope)
    expected = case.penalty.alpha * slope @ w + case.penalty.curvature * w @ w / 2
    np.testing.assert_allclose(value(case.penalty, w), expected, rtol=1e-13)


def test_value_outside_the_domain_is_infinite():
    assert value(L1(1.0, positive=True), [-1e-300]) == np.inf
    assert value(WeightedL1(1.0, weights=[np.inf]), [1e-300]) == np.inf
    assert value(WeightedL1(1.0, weights=[np.inf]), [0.0]) == 0.0


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda: prox(L1(1.0), [np.nan]), ValueError, "x"),
        (lambda: prox(L1(1.0), ["a"]), TypeError, "x"),
        (lambda: prox(L1(1.0), [1j]), ValueError, "x"),
        (lambda: prox(L1(1.0), np.ones((2, 2, 2))), ValueError, "x"),
        (lambda: prox(L1(1.0), [1.0], step=0.0), ValueError, "step"),
        (lambda: prox(L1(1.0), [1.0], step=[1.0, 2.0]), ValueError, "step"),
        (lambda: prox(WeightedL1(1.0, weights=[1.0]), [1, 2]), ValueError, "weights"),
        (lambda: prox_rows(L1(1.0), [1.0]), ValueError, "rows"),
        (lambda: prox_rows(L1(1.0), [[1.0]], -1), ValueError, "step"),
        (lambda: soft_threshold([1.0], -1.0), ValueError, "threshold"),
        (lambda: subdiff_distance(L1(1.0), [1.0], [1.0, 2.0]), ValueError, "grad"),
        (lambda: moreau_envelope(L1(1.0), [[1.0]]), ValueError, "x"),
        (lambda: L1(-1.0), ValueError, "alpha"),
        (lambda: L1("a"), TypeError, "alpha"),
        (lambda: L1(np.inf), ValueError, "alpha"),
        (lambda: L1(1.0, positive=2), TypeError, "positive"),
        (lambda: ElasticNet(1.0, 1.5), ValueError, "l1_ratio"),
        (lambda: WeightedL1(1.0, weights=[-1.0]), ValueError, "weights"),
        (lambda: WeightedL1(1.0, weights=[[1.0]]), ValueError, "weights"),
        (lambda: WeightedL1(1.0, weights="ab"), TypeError, "weights"),
    ],
)
def test_bad_input(call, error, name):
    with pytest.raises(error, match=name):
        call()
