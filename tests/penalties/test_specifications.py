"""Penalties as values: parameters, traits, equality, and the handles they build."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from problems import N_FEATURES, PENALTIES, penalty_value, terms_of

from sparsesci._kernels import get_backend
from sparsesci.penalties import L1, ElasticNet, Penalty, WeightedL1

every_penalty = pytest.mark.parametrize(
    "penalty", [case.penalty for case in PENALTIES], ids=[str(c) for c in PENALTIES]
)


@every_penalty
def test_slope_and_curvature_are_those_of_the_formula(penalty):
    thresholds, curvature, _ = terms_of(penalty, N_FEATURES)
    slope = np.broadcast_to(penalty.slope, N_FEATURES)
    np.testing.assert_allclose(penalty.alpha * slope, thresholds, rtol=1e-15)
    assert penalty.curvature == pytest.approx(curvature, rel=1e-15)


@every_penalty
def test_value_is_the_formula(backend, penalty):
    rng = np.random.default_rng(0)
    w = np.abs(rng.standard_normal(N_FEATURES)) * (rng.random(N_FEATURES) < 0.5)
    w[np.isinf(terms_of(penalty, N_FEATURES).thresholds)] = 0.0
    value = get_backend().value(penalty.build(), w[:, None])
    assert value == pytest.approx(penalty_value(penalty, w), rel=1e-14)


@pytest.mark.parametrize(
    "penalty",
    [L1(0.1, positive=True), WeightedL1(0.1, weights=[1.0, np.inf])],
    ids=repr,
)
def test_value_is_infinite_outside_the_domain(backend, penalty):
    w = np.array([[1.0], [-1.0]])
    assert get_backend().value(penalty.build(), w) == np.inf
    assert penalty_value(penalty, w) == np.inf


@every_penalty
def test_with_alpha_changes_nothing_else(penalty):
    stronger = penalty.with_alpha(3.0)
    assert stronger.alpha == 3.0
    assert stronger != penalty
    assert stronger.with_alpha(penalty.alpha) == penalty


@every_penalty
def test_equal_penalties_are_one(penalty):
    twin = pickle.loads(pickle.dumps(penalty))
    assert twin == penalty
    assert hash(twin) == hash(penalty)
    assert len({twin, penalty}) == 1
    assert penalty != "l1"


def test_kinds_with_the_same_numbers_differ():
    assert L1(0.1) != L1(0.1, positive=True)
    assert L1(0.1) != ElasticNet(0.1, 1.0)
    assert WeightedL1(0.1, weights=[1, 2]) != WeightedL1(0.1, weights=[2, 1])


@every_penalty
def test_all_are_convex_and_have_a_dual(penalty):
    assert penalty.is_convex
    assert penalty.has_dual


def test_weights_are_a_private_copy():
    weights = np.array([1.0, 2.0])
    penalty = WeightedL1(0.1, weights=weights)
    weights[0] = 5.0
    np.testing.assert_array_equal(penalty.weights, [1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        penalty.weights[0] = 5.0


def test_weights_fit_the_features():
    penalty = WeightedL1(0.1, weights=[1.0, 2.0])
    penalty.check_n_features(2)
    with pytest.raises(ValueError, match=r"weights .* 3 features, got 2"):
        penalty.check_n_features(3)


NOT_NUMBERS = ["1", None, [1.0], True, 1j]
BAD = [
    *[(L1, {"alpha": value}, "alpha") for value in NOT_NUMBERS],
    *[(kind, {"alpha": -1.0}, "alpha") for kind in (L1, WeightedL1, ElasticNet)],
    *[(kind, {"alpha": np.nan}, "alpha") for kind in (L1, WeightedL1, ElasticNet)],
    (L1, {"alpha": np.inf}, "alpha"),
    (L1, {"alpha": 1.0, "positive": 1}, "positive"),
    (L1, {"alpha": 1.0, "positive": None}, "positive"),
    *[
        (ElasticNet, {"alpha": 1.0, "l1_ratio": value}, "l1_ratio")
        for value in (-0.1, 1.1, np.nan, *NOT_NUMBERS)
    ],
    *[
        (WeightedL1, {"alpha": 1.0, "weights": value}, "weights")
        for value in ([-1.0], [np.nan], [[1.0]], "a", ["a"], [1j], [-np.inf])
    ],
]


@pytest.mark.parametrize(("kind", "parameters", "name"), BAD)
def test_bad_parameters_are_named(kind, parameters, name):
    with pytest.raises((ValueError, TypeError), match=rf"^{name} must "):
        kind(**parameters)


def test_an_unfinished_penalty_says_what_is_missing():
    class Slopeless(Penalty):
        kernel = "slopeless"

    try:
        with pytest.raises(TypeError, match="Slopeless does not define its slope"):
            _ = Slopeless(1.0).slope
    finally:
        from sparsesci.penalties import REGISTRY

        del REGISTRY["slopeless"]
