"""SuSiE: exact for one effect, monotone, and its credible sets."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from bayes.reference import regression, response_of_the_mean
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from sparsesci.bayes import SuSiE
from sparsesci.bayes._susie import best_prior, credible_set, log_bayes_factors
from sparsesci.exceptions import ConvergenceWarning

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


def test_one_effect_is_exact(rng):
    """Enumeration of all places of the effect."""
    X, y, _ = regression(rng, 30, 12, n_nonzero=1, noise=1.5)
    known = {"noise_variance": 2.0, "prior_variance": 6.0}
    model = SuSiE(1, **known, fit_intercept=False).fit(X, y)
    logs, means = [], []
    for x in X.T:
        prior = 12.0 / (x @ x)
        cov = 2.0 * np.eye(30) + prior * np.outer(x, x)
        logs.append(multivariate_normal(np.zeros(30), cov).logpdf(y) - np.log(12))
        means.append(x @ y / 2.0 / (1 / prior + x @ x / 2.0))
    weights = np.exp(logs - logsumexp(logs))
    assert_allclose(model.pip_, weights, rtol=1e-10, atol=1e-14)
    assert_allclose(model.coef_, weights * means, rtol=1e-10)
    assert model.evidence_ == pytest.approx(logsumexp(logs), rel=1e-10)
    spread = np.diag(weights * (np.square(means) + 2 / (np.sum(X**2, 0) * 7 / 6)))
    covariance = spread - np.outer(weights * means, weights * means)
    assert_allclose(model.sigma_, covariance, rtol=1e-8, atol=1e-14)


def test_the_prior_is_the_best(rng):
    weights = np.full(50, -np.log(50))
    for largest in (4.0, 12.0, 60.0):
        squares = rng.chisquare(1, 50)
        squares[0] = largest
        prior = best_prior(squares)
        grid = np.r_[0.0, np.geomspace(1e-4, 1e4, 2000)]
        values = [logsumexp(weights + log_bayes_factors(squares, v)) for v in grid]
        found = logsumexp(weights + log_bayes_factors(squares, prior))
        assert found >= max(values) - 1e-9
    assert best_prior(np.full(50, 0.5)) == 0.0
    assert best_prior(np.zeros(0)) == 0.0


@pytest.mark.parametrize("given", [{}, {"noise_variance": 0.25}])
@pytest.mark.parametrize("mix", [0.0, 2.0])
def test_bound_never_falls(rng, given, mix):
    X, y, _ = regression(rng, 60, 80, mix=mix)
    with warnings.catch_warnings():  # correlated columns take many passes
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = SuSiE(8, **given, max_iter=50).fit(X, y, rng.uniform(0.5, 2, 60))
    assert len(model.evidence_path_) == model.n_iter_
    slack = 1e-9 * np.abs(model.evidence_path_).max()
    assert np.all(np.diff(model.evidence_path_) >= -slack)


def test_covariance_is_the_response_of_the_mean(rng):
    """A small change t of X'y / noise moves the mean by the covariance times t."""
    X, _, _ = regression(rng, 60, 6, mix=1.0)
    X[:, 3] = X[:, 1] + 0.4 * rng.standard_normal(60)
    y = X[:, [0, 1]] @ [1.0, -1.2] + rng.standard_normal(60)
    known = {"noise_variance": 1.0, "prior_variance": 20.0, "fit_intercept": False}
    model = SuSiE(2, **known, tol=1e-13).fit(X, y)
    response = response_of_the_mean(lambda: SuSiE(2, **known, tol=1e-13), X, y, 1.0)
    largest = np.abs(model.sigma_).max()
    assert_allclose(model.sigma_, response, atol=0.005 * largest)


def test_nothing_but_constant_columns(rng):
    y = rng.standard_normal(20)
    for given in ({}, {"prior_variance": 2.0}):
        model = SuSiE(**given).fit(np.ones((20, 3)), y)
        assert not model.pip_.any()
        assert model.credible_sets_ == []
        assert model.noise_variance_ == pytest.approx(y.var(ddof=1))


def test_intervals_of_columns_that_are_surely_out(rng):
    """Probabilities below the rounding unit: moments given inclusion stay moderate."""
    X = rng.standard_normal((200, 60))
    y = 1.6 * X[:, 7] + rng.standard_normal(200)
    model = SuSiE(1, prior_variance=200.0).fit(X, y)
    assert 0 < np.delete(model.pip_, 7).max() < 1e-30
    assert_allclose(model.pip_, model.alpha_[0], rtol=1e-12)
    low, high = model.credible_interval(0.9).T
    assert low[7] < 1.6 + 0.5
    assert high[7] > 1.6 - 0.5
    assert not np.delete([low, high], 7, axis=1).any()
    several = SuSiE(3, prior_variance=200.0).fit(X, y)
    product = 1 - np.prod(1 - several.alpha_, axis=0)
    assert_allclose(several.pip_, product, rtol=1e-9, atol=1e-14)
    assert np.isfinite(several.credible_interval(0.9)).all()


def test_twins_share(rng):
    X = rng.standard_normal((80, 20))
    X[:, 11] = X[:, 4] * -3
    y = X[:, 4] * 2 + X[:, 15] + rng.standard_normal(80)
    model = SuSiE(5).fit(X, y)
    sets = [s.tolist() for s in model.credible_sets_]
    assert [4, 11] in sets
    assert [15] in sets
    assert_allclose(model.pip_[[4, 11]], 0.5, atol=0.2)  # other effects add a little
    assert model.pip_[4] == pytest.approx(model.pip_[11], abs=1e-8)
    assert_allclose(model.purity_, 1.0)
    assert model.pip_[15] > 0.99
    row = model.alpha_[model.effect_of_set_[sets.index([4, 11])]]
    assert_allclose(row[[4, 11]], 0.5, atol=1e-6)
    used = model.prior_variance_ > 0
    product = 1 - np.prod(1 - model.alpha_[used], axis=0)
    assert_allclose(model.pip_, product, rtol=1e-9, atol=1e-14)


def test_impure_sets_are_left_out(rng):
    X, y = rng.standard_normal((100, 30)), rng.standard_normal(100)
    known = {"noise_variance": 1.0, "prior_variance": 10.0}
    assert SuSiE(2, **known).fit(X, y).credible_sets_ == []
    loose = SuSiE(1, min_abs_corr=0.0, **known).fit(X, y)
    (found,) = loose.credible_sets_
    probability = loose.alpha_[0][found].sum()
    assert probability >= 0.95
    assert probability - loose.alpha_[0][found].min() < 0.95


def test_credible_set():
    alpha = np.array([0.1, 0.6, 0.05, 0.25])
    assert_array_equal(credible_set(alpha, 0.6), [1])
    assert_array_equal(credible_set(alpha, 0.86), [1, 3, 0])


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scales(rng, scale):
    X, y, _ = regression(rng, 60, 30)
    columns = 10.0 ** rng.integers(-6, 7, 30)
    model, other = SuSiE().fit(X, y), SuSiE().fit(X * columns, y * scale)
    assert_allclose(other.pip_, model.pip_, atol=1e-8)
    assert_allclose(other.coef_ * columns, model.coef_ * scale, rtol=1e-7, atol=1e-12)
    sets = [s.tolist() for s in model.credible_sets_]
    assert [s.tolist() for s in other.credible_sets_] == sets


def test_sparse_data(rng):
    X, y, _ = regression(rng, 60, 30)
    X[rng.random(X.shape) < 0.6] = 0.0
    weights = rng.uniform(0.5, 2, 60)
    dense, other = (
        SuSiE().fit(X, y, weights),
        SuSiE().fit(sparse.csc_array(X), y, weights),
    )
    assert_allclose(other.pip_, dense.pip_, atol=1e-8)
    assert len(other.credible_sets_) == len(dense.credible_sets_)


def test_noise_only(rng):
    X, y = rng.standard_normal((60, 200)), rng.standard_normal(60)
    model = SuSiE().fit(np.c_[np.ones(60), X], y)
    assert model.pip_[0] == 0.0
    assert model.pip_.max() < 0.9
    low, high = model.credible_interval().T
    assert np.all(low <= high)


def test_a_limit_of_passes_is_said(rng):
    X, y, _ = regression(rng, 60, 30)
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 iterations"):
        SuSiE(max_iter=1).fit(X, y)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"n_effects": 0}, "n_effects must be an integer >= 1"),
        ({"coverage": 1.0}, "coverage must be a number in"),
        ({"min_abs_corr": 1.5}, "min_abs_corr must be a number in"),
        ({"prior_variance": 0.0}, "prior_variance must be a number in"),
    ],
)
def test_bad_parameters(options, text):
    with pytest.raises(ValueError, match=text):
        SuSiE(**options).fit(np.eye(3), np.arange(3.0))
