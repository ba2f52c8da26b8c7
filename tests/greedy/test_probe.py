"""Probes, against exhaustive search and scikit-learn's logistic regression."""

from __future__ import annotations

import pickle
from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsesci.exceptions import ConvergenceWarning
from sparsesci.greedy import SparseProbe
from sparsesci.greedy._sparse_logistic import LogisticProblem, evaluate

METHODS = ("mean_difference", "adaptive", "optimal")
every_method = pytest.mark.parametrize("method", METHODS)

# The defaults are tried together with all other estimators.
_checks = parametrize_with_checks([SparseProbe(1, method="optimal")])


@pytest.mark.parametrize(
    _checks.args[0],
    list(_checks.args[1]),
    **_checks.kwargs,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def _data(seed, n=60, p=10, k=3, shift=0.7, correlation=0.5):
    """Correlated features, k of which are shifted in the second class."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.35
    y[:2] = False, True
    X = rng.standard_normal((n, p))
    X += correlation * rng.standard_normal((n, 1))
    X[:, :k] += shift * y[:, None]
    return X * 10.0 ** rng.uniform(-2, 2, p) + 1.0, y


def _objective(X, y, coef, intercept, alpha, weights):
    """The objective of the docstring, in the units of X."""
    margins = np.where(y, 1, -1) * (X @ coef + intercept)
    penalty = alpha / 2 * np.sum((coef * X.std(axis=0)) ** 2)
    return np.mean(weights * np.logaddexp(0, -margins)) + penalty


def _weights(y, balanced):
    share = np.where(y, y.mean(), 1 - y.mean())
    return 0.5 / share if balanced else np.ones(len(y))


def _least(X, y, alpha, weights):
    """Minimum for given features, by scikit-learn."""
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    model = LogisticRegression(
        C=1 / (alpha * len(y)), solver="newton-cholesky", tol=1e-10
    )
    model.fit(Z, y, sample_weight=weights)
    return _objective(
        X,
        y,
        model.coef_[0] / X.std(axis=0),
        model.intercept_[0] - model.coef_[0] @ (X.mean(axis=0) / X.std(axis=0)),
        alpha,
        weights,
    )


def test_optimal_probe_equals_exhaustive_search():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        p, k = int(rng.integers(5, 13)), int(rng.integers(1, 4))
        X, y = _data(seed, n=40, p=p, k=k, shift=rng.uniform(0.1, 1.5))
        alpha = 10.0 ** rng.uniform(-1.5, 0)
        probe = SparseProbe(k, method="optimal", alpha=alpha, tol=1e-9).fit(X, y)
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        problem = LogisticProblem(Z, np.where(y, 1.0, -1.0), _weights(y, True), alpha)
        every = {
            subset: evaluate(problem.part(np.array(subset)), np.ones(k)).objective
            for subset in combinations(range(p), k)
        }
        assert_allclose(probe.objective_, min(every.values()), rtol=1e-8)
        assert tuple(np.flatnonzero(probe.support_)) == min(every, key=every.get)
        assert probe.gap_ <= 1e-6


@every_method
@pytest.mark.parametrize("class_weight", ["balanced", None, {False: 1, True: 3}])
@pytest.mark.parametrize("alpha", [1e-2, 1.0])
def test_coefficients_minimise_the_objective(method, class_weight, alpha):
    X, y = _data(0)
    weights = _weights(y, class_weight == "balanced")
    if isinstance(class_weight, dict):
        weights = np.where(y, 3.0, 1.0)
        weights /= weights.mean()
    probe = SparseProbe(3, method=method, alpha=alpha, class_weight=class_weight)
    probe.fit(X, y)
    assert np.count_nonzero(probe.coef_) == probe.get_support().sum() == 3
    value = _objective(X, y, probe.coef_[0], probe.intercept_[0], alpha, weights)
    assert_allclose(probe.objective_, value)
    least = _least(X[:, probe.support_], y, alpha, weights)
    assert_allclose(probe.objective_, least, rtol=1e-9)


def test_cuts_bound_every_subset():
    X, y = _data(1, p=7)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    problem = LogisticProblem(Z, np.where(y, 1.0, -1.0), _weights(y, True), 0.1)
    rng = np.random.default_rng(0)
    points = [*rng.random((5, 7)), *(rng.random((10, 7)) < 0.5).astype(float)]
    found = [evaluate(problem, s) for s in points]
    for cut, there in zip(found, points):
        assert_allclose(cut.constant - cut.slopes @ there, cut.objective, rtol=1e-10)
        for other, s in zip(found, points):
            assert cut.constant - cut.slopes @ s <= other.objective + 1e-12


def test_optimal_is_no_worse_than_the_heuristics():
    for seed in range(5):
        X, y = _data(seed, n=100, p=15, correlation=1.0)
        found = {m: SparseProbe(3, method=m, tol=1e-3).fit(X, y) for m in METHODS}
        best = found.pop("optimal")
        assert best.gap_ <= 1e-3
        for heuristic in found.values():
            assert best.objective_ <= heuristic.objective_ * (1 + 1e-12)
            assert heuristic.gap_ == 1


def test_mean_differences():
    X, y = _data(3, p=20)
    difference = np.abs(X[y].mean(axis=0) - X[~y].mean(axis=0)) / X.std(axis=0)
    probe = SparseProbe(4, method="mean_difference").fit(X, y)
    assert set(np.flatnonzero(probe.support_)) == set(np.argsort(-difference)[:4])


def test_adaptive_drops_what_others_replace():
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.5
    noise = rng.standard_normal((400, 3))
    signal = y + 0.8 * noise[:, 0]
    copies = signal[:, None] + 0.3 * noise[:, 1:]
    X = np.column_stack([signal, copies, noise[:, 0] + 0.1 * noise[:, 1]])
    marginal = SparseProbe(2, method="mean_difference").fit(X, y)
    adaptive = SparseProbe(2, method="adaptive").fit(X, y)
    assert not marginal.support_[3]
    assert adaptive.support_[3]  # explains the noise of the first
    assert adaptive.score(X, y) > marginal.score(X, y) + 0.05


def test_a_budget_that_is_met_is_reported():
    X, y = _data(0, n=200, p=40, shift=0.1)
    with pytest.warns(ConvergenceWarning, match=r"max_iter after 5 cuts"):
        probe = SparseProbe(5, method="optimal", max_iter=5).fit(X, y)
    assert 1e-4 < probe.gap_ < 1
    assert probe.n_iter_ == 5
    with pytest.warns(ConvergenceWarning, match="time_limit"):
        probe = SparseProbe(5, method="optimal", time_limit=0.0).fit(X, y)
    assert probe.get_support().sum() == 5


@every_method
def test_candidates(method):
    X, y = _data(0, p=20)
    probe = SparseProbe(2, method=method, n_candidates=2).fit(X, y)
    marginal = SparseProbe(2, method="mean_difference").fit(X, y)
    assert_array_equal(probe.support_, marginal.support_)
    with pytest.raises(ValueError, match=r"n_candidates must be at least .* 3, got 2"):
        SparseProbe(3, method=method, n_candidates=2).fit(X, y)


@every_method
def test_formats_agree(method):
    X, y = _data(0, p=15)
    X = np.where(np.median(X, axis=0) < X, X, 0.0)
    probe = SparseProbe(2, method=method).fit(X, y)
    for form in (sparse.csc_matrix, sparse.csr_array, np.asfortranarray):
        other = SparseProbe(2, method=method).fit(form(X), y)
        assert_allclose(other.coef_, probe.coef_, rtol=1e-6)
        assert_allclose(other.decision_function(form(X)), probe.decision_function(X))
    single = SparseProbe(2, method=method).fit(X.astype(np.float32), y)
    assert_allclose(single.coef_, probe.coef_, rtol=1e-3)


@every_method
def test_predictions(method):
    X, y = _data(0, shift=3.0)
    labels = np.where(y, "yes", "no")
    probe = SparseProbe(3, method=method).fit(X, labels)
    scores = X @ probe.coef_[0] + probe.intercept_[0]
    assert_allclose(probe.decision_function(X), scores)
    assert_array_equal(probe.predict(X), np.where(scores > 0, "yes", "no"))
    assert_allclose(probe.predict_proba(X)[:, 1], expit(scores))
    assert_allclose(probe.predict_proba(X).sum(axis=1), 1)
    assert probe.score(X, labels) > 0.9
    assert_array_equal(probe.transform(X), X[:, probe.support_])
    copy = pickle.loads(pickle.dumps(probe))
    assert_array_equal(copy.predict(X), probe.predict(X))
    assert_array_equal(clone(probe).fit(X, labels).coef_, probe.coef_)


@every_method
@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_do_not_matter(method, unit):
    X, y = _data(0)
    first, second = (SparseProbe(3, method=method).fit(u * X, y) for u in (1, unit))
    assert_allclose(second.coef_ * unit, first.coef_, rtol=1e-6)
    assert_allclose(second.objective_, first.objective_)


@every_method
def test_degenerate_features(method):
    X, y = _data(0, p=4)
    X = np.column_stack([np.zeros(60), X, X[:, 0], np.full(60, 0.1)])
    probe = SparseProbe(7, method=method).fit(X, y)
    assert np.isfinite(probe.coef_).all()
    assert probe.coef_[0, 0] == probe.coef_[0, 6] == 0
    assert probe.get_support().sum() == 7


def test_separable_classes_have_a_solution():
    X = np.r_[-1.0, -1.0, 1.0][:, None]
    for alpha in (1e-8, 1.0, 1e8):
        probe = SparseProbe(1, alpha=alpha).fit(X, [0, 0, 1])
        assert np.isfinite(probe.coef_).all()
        weights = np.array([0.75, 0.75, 1.5])
        least = _least(X, np.array([False, False, True]), alpha, weights)
        assert probe.objective_ <= least * (1 + 1e-6) + 1e-12


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_features_to_select": 11}, ValueError, "at most n_features = 10, got 11"),
        ({"n_features_to_select": True}, TypeError, "n_features_to_select must be"),
        ({"method": "exact"}, ValueError, "method must be one of"),
        ({"alpha": 0.0}, ValueError, r"alpha must be a number in \(0, inf\)"),
        ({"alpha": "a"}, TypeError, "alpha must be"),
        ({"class_weight": "equal"}, ValueError, "class_weight must be one of"),
        ({"class_weight": {False: -1.0}}, ValueError, "class_weight must be positive"),
        ({"n_candidates": 0}, ValueError, "n_candidates must be an integer >= 1"),
        ({"tol": -1.0}, ValueError, "tol must be"),
        ({"max_iter": 0}, ValueError, "max_iter must be"),
        ({"time_limit": -1}, ValueError, "time_limit must be"),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=message):
        SparseProbe(**options).fit(*_data(0))


def test_bad_data():
    X, y = _data(0)
    with pytest.raises(ValueError, match="NaN"):
        SparseProbe().fit(X * np.nan, y)
    with pytest.raises(ValueError, match="Only binary classification is supported"):
        SparseProbe().fit(X, np.arange(60) % 3)
    with pytest.raises(ValueError, match="y must hold two classes"):
        SparseProbe().fit(X, np.ones(60))
    with pytest.raises(ValueError, match="Unknown label type"):
        SparseProbe().fit(X, X[:, 0])
