"""Classifiers: a bound that never falls, posteriors, and what they find."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from sparsesci.bayes import FastSBLClassifier, SpikeSlabVBClassifier
from sparsesci.exceptions import ConvergenceWarning

pytestmark = pytest.mark.usefixtures("backend")
KINDS = [FastSBLClassifier, SpikeSlabVBClassifier]
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


def problem(rng, n=200, p=20):
    X = rng.standard_normal((n, p)) + 0.5
    coef = np.zeros(p)
    coef[[2, 9]] = [2.0, -1.5]
    return X, (rng.random(n) < expit(X @ coef - 0.5)).astype(int), coef


@every_kind
def test_finds_the_columns(rng, kind):
    X, y, _ = problem(rng)
    model = kind().fit(X, y)
    chosen = getattr(model, "pip_", model.coef_ != 0) > 0.5
    assert chosen[0, [2, 9]].all()
    assert chosen.sum() <= 3
    assert_allclose(model.coef_[0, [2, 9]], [2.0, -1.5], atol=0.8)
    assert model.score(X, y) > 0.75
    scores = model.decision_function(X)
    assert_allclose(model.predict_proba(X)[:, 1], expit(scores))
    assert_array_equal(model.predict(X), (scores > 0).astype(int))
    # Between the mean, which knows everything, and 0.
    plain = X @ model.coef_[0] + model.intercept_[0]
    assert np.all(np.abs(scores) <= np.abs(plain) + 1e-12)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_covariance_has_the_curvature_of_the_likelihood(rng, fit_intercept):
    X, y, _ = problem(rng)
    counts = rng.integers(1, 3, len(y))
    model = FastSBLClassifier(fit_intercept=fit_intercept).fit(X, y, counts)
    (active,) = np.nonzero(model.coef_[0])
    chances = expit(X @ model.coef_[0] + model.intercept_[0])
    Z = np.c_[X[:, active], np.ones(len(y))] if fit_intercept else X[:, active]
    hessian = (Z.T * (counts * chances * (1 - chances))) @ Z
    hessian[np.arange(active.size), np.arange(active.size)] += (
        1 / model.gammas_[0, active]
    )
    inverse = np.linalg.inv(hessian)[: active.size, : active.size]
    assert_allclose(model.sigma_[0][np.ix_(active, active)], inverse, rtol=1e-6)


@every_kind
def test_intervals_cover_the_truth(kind):
    """Two coefficients in 40 problems: at 90 %, 72 of 80; 3 standard errors are 8."""
    inside = []
    for seed in range(40):
        X, y, coef = problem(np.random.default_rng(seed))
        low, high = np.moveaxis(kind().fit(X, y).credible_interval(0.9)[0], -1, 0)
        inside += ((low <= coef) & (coef <= high))[[2, 9]].tolist()
    assert 62 <= sum(inside) <= 80


@every_kind
def test_bound_never_falls(rng, kind):
    X, y, _ = problem(rng)
    weights = rng.uniform(0.5, 2, len(y))
    model = kind(tol=1e-6).fit(X, y, weights)
    (path,) = model.evidence_path_
    assert len(path) == model.n_iter_[0] > 3
    assert np.diff(path).min() >= -1e-8 * np.abs(path).max()
    assert model.evidence_ == path[-1]


def test_bound_is_below_the_evidence(rng):
    """One column, no intercept: the evidence is a one-dimensional integral."""
    x, y = rng.standard_normal(30) + 0.3, rng.integers(0, 2, 30)
    y = np.where(rng.random(30) < 0.8, x > 0, y).astype(int)
    y[np.argmax(x)] = 0  # else x may separate the classes
    signs = 2 * y - 1
    for kind in KINDS:
        options = (
            {"prior_inclusion": 1 - 1e-12} if kind is SpikeSlabVBClassifier else {}
        )
        with warnings.catch_warnings():  # a variance that goes to 0 does so slowly
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = kind(fit_intercept=False, tol=1e-9, **options).fit(x[:, None], y)
        if kind is FastSBLClassifier:
            prior = np.sqrt(model.gammas_[0, 0])
        else:
            prior = np.sqrt(30 / (x @ x))

        def integral(likelihood, prior=prior):
            def density(b):
                return np.prod(likelihood(signs * x * b)) * norm.pdf(b, scale=prior)

            return np.log(quad(density, -20, 20, points=[0, 2])[0])

        # The Gaussian bound of each factor, at the second moments of the posterior.
        variance = model.coef_std_[0, 0] ** 2  # that of the bound is smaller
        for _ in range(100):
            xi = np.abs(x) * np.sqrt(model.coef_[0, 0] ** 2 + variance)
            curve = np.tanh(xi / 2) / (4 * xi)
            variance = 1 / (1 / prior**2 + 2 * curve @ x**2) if prior else 0.0

        def bound(t, xi=xi, curve=curve):
            return expit(xi) * np.exp((t - xi) / 2 - curve * (t**2 - xi**2))

        assert model.evidence_ == pytest.approx(integral(bound), abs=1e-3)
        assert model.evidence_ <= integral(expit) + 1e-5


@every_kind
def test_scales_of_columns(rng, kind):
    X, y, _ = problem(rng)
    columns = 10.0 ** rng.integers(-6, 7, 20)
    model, other = kind().fit(X, y), kind().fit(X * columns, y)
    assert_allclose(other.coef_ * columns, model.coef_, rtol=1e-7, atol=1e-300)
    assert_allclose(other.predict_proba(X * columns), model.predict_proba(X), rtol=1e-7)


@every_kind
def test_weights_count(rng, kind):
    X, y, _ = problem(rng, n=60)
    counts = rng.integers(0, 3, 60)
    model = kind().fit(X, y, counts)
    repeated = kind().fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_allclose(model.coef_, repeated.coef_, rtol=1e-6, atol=1e-9)
    assert_allclose(model.coef_std_, repeated.coef_std_, rtol=1e-6, atol=1e-9)


@every_kind
def test_several_classes_and_sparse_data(rng, kind):
    X, y, _ = problem(rng)
    X[rng.random(X.shape) < 0.4] = 0.0
    labels = np.array(["a", "b", "c"])[y + (X[:, 5] > 1)]
    model, other = kind().fit(X, labels), kind().fit(sparse.csr_array(X), labels)
    assert model.coef_.shape == (3, 20)
    assert model.sigma_.shape == (3, 20, 20)
    assert_allclose(other.coef_, model.coef_, rtol=1e-6, atol=1e-9)
    proba = model.predict_proba(sparse.csr_array(X))
    assert_allclose(proba.sum(axis=1), 1.0)
    assert_array_equal(model.classes_[proba.argmax(axis=1)], model.predict(X))


@every_kind
def test_separable_and_useless_data(rng, kind):
    X = rng.standard_normal((60, 5))
    model = kind().fit(X, X[:, 1] > 0)
    assert np.isfinite(model.coef_).all()
    assert model.score(X, X[:, 1] > 0) > 0.95
    labels = rng.integers(0, 2, 60)
    none = kind().fit(np.c_[np.zeros(60), np.ones(60)], labels)
    assert not none.coef_.any()
    assert_allclose(none.predict_proba([[0.0, 1.0]])[0, 1], labels.mean(), atol=0.05)


@every_kind
def test_bad_input(rng, kind):
    X, y, _ = problem(rng, n=30)
    with pytest.raises(ValueError, match="y must hold at least 2 classes, got 1 class"):
        kind().fit(X, np.ones(30, int))
    with pytest.raises(ValueError, match="sample_weight must hold non-negative"):
        kind().fit(X, y, -np.ones(30))
    with pytest.raises(ValueError, match="max_iter must be"):
        kind(max_iter=0).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 iterations"):
        kind(max_iter=1).fit(X, y)
