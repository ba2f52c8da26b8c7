"""Scores of supports and of errors, against sets and plain sums."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import f1_score, precision_score, recall_score

from sparsesci.metrics import (
    exact_support,
    nmse,
    support_f1,
    support_precision,
    support_recall,
)

SCORES = {
    support_precision: precision_score,
    support_recall: recall_score,
    support_f1: f1_score,
}


@pytest.fixture
def pair(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    truth = rng.standard_normal((5, 30)) * (rng.random((5, 30)) < 0.3)
    return truth, truth + rng.standard_normal((5, 30)) * (rng.random((5, 30)) < 0.2)


@pytest.mark.parametrize("score", SCORES, ids=lambda f: f.__name__)
def test_scores_are_those_of_a_classifier_of_coefficients(score, pair):
    truth, coef = pair
    expected = SCORES[score](truth.ravel() != 0, coef.ravel() != 0)
    assert_allclose(score(truth, coef), expected)
    assert isinstance(score(truth, coef), float)
    rows = [SCORES[score](t != 0, c != 0) for t, c in zip(truth, coef)]
    assert_allclose(score(truth, coef, axis=1), rows)
    assert_allclose(score(truth.T, coef.T, axis=0), rows)


@pytest.mark.parametrize(
    ("truth", "coef", "expected"),
    [
        ([0.0, 0.0], [0.0, 0.0], (1, 1, 1, True)),
        ([0.0, 1.0], [0.0, 0.0], (1, 0, 0, False)),
        ([0.0, 0.0], [2.0, 0.0], (0, 1, 0, False)),
        ([1.0, 1.0], [2.0, -1.0], (1, 1, 1, True)),
        ([1j, 0.0], [2.0, 0.0], (1, 1, 1, True)),
    ],
)
def test_empty_supports(truth, coef, expected):
    scores = (support_precision, support_recall, support_f1, exact_support)
    assert tuple(score(truth, coef) for score in scores) == expected


def test_small_estimates_count_as_zero():
    truth, coef = [1e-9, 0.0, 1.0], [1.0, 1e-7, 1e-7]
    assert not exact_support(truth, coef)
    assert support_recall(truth, coef, tol=1e-6) == 0.5
    assert support_precision(truth, coef, tol=1e-6) == 1.0


def test_exact_support_of_each_signal(pair):
    truth, coef = pair
    coef[2] = 3 * truth[2]
    expected = [set(np.flatnonzero(t)) == set(np.flatnonzero(c)) for t, c in zip(*pair)]
    assert_array_equal(exact_support(truth, coef, axis=1), expected)
    assert expected[2]


def test_nmse_is_a_ratio_of_sums(pair):
    truth, coef = pair
    ratio = ((coef - truth) ** 2).sum() / (truth**2).sum()
    assert_allclose(nmse(truth, coef), ratio)
    assert_allclose(nmse(truth, coef, decibel=True), 10 * np.log10(ratio))
    rows = ((coef - truth) ** 2).sum(axis=1) / (truth**2).sum(axis=1)
    assert_allclose(nmse(truth, coef, axis=-1), rows)
    assert_allclose(nmse(1j * truth, 1j * coef), ratio)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_nmse_of_tiny_and_huge_signals(scale, pair):
    truth, coef = pair
    assert_allclose(nmse(scale * truth, scale * coef), nmse(truth, coef))


def test_nmse_without_error_or_truth():
    assert nmse([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert nmse([1.0, 2.0], [1.0, 2.0], decibel=True) == -np.inf
    assert nmse([0.0], [0.0]) == 0.0
    assert nmse([0.0], [1.0]) == np.inf
    unsigned = np.array([1, 2], dtype=np.uint8)
    assert_allclose(nmse(unsigned, unsigned[::-1]), 0.4)


ALL = (*SCORES, exact_support, nmse)


@pytest.mark.parametrize("score", ALL, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1.0]), r"coef must have the shape of coef_true, \(2,\)"),
        (([], []), "must not be empty"),
        (([1.0, np.nan], [1.0, 2.0]), "coef_true must be finite"),
        (([1.0, 2.0], [1.0, np.inf]), "coef must be finite"),
    ],
)
def test_bad_coefficients(score, arguments, message):
    with pytest.raises(ValueError, match=message):
        score(*arguments)


@pytest.mark.parametrize("score", ALL, ids=lambda f: f.__name__)
def test_bad_options(score):
    with pytest.raises(TypeError, match="coef must hold numbers"):
        score([1.0], ["a"])
    with pytest.raises(ValueError, match="axis must be None or an axis"):
        score([1.0], [1.0], axis=1)
    name, value = ("decibel", 1) if score is nmse else ("tol", "a")
    with pytest.raises(TypeError, match=f"{name} must be"):
        score([1.0], [1.0], **{name: value})
