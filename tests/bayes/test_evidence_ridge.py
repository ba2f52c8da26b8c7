"""EvidenceRidge against a grid, dense formulas and scikit-learn's fixed point."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from bayes.reference import log_evidence, regression
from numpy.testing import assert_allclose
from sklearn.linear_model import BayesianRidge

from sparsesci.bayes import EvidenceRidge

may_collapse = pytest.mark.filterwarnings("ignore:The noise estimate collapsed")


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


def dense(rng, n, p):
    X = rng.standard_normal((n, p)) * rng.uniform(0.5, 2, p) + 1
    return X, X @ rng.standard_normal(p) / np.sqrt(p) + rng.standard_normal(n)


@may_collapse
@pytest.mark.parametrize("shape", [(40, 12), (20, 50)])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_no_better_pair_on_a_grid(rng, shape, fit_intercept):
    X, y = dense(rng, *shape)
    model = EvidenceRidge(fit_intercept=fit_intercept).fit(X, y)

    def evidence(prior, noise):
        gammas, sigma2 = model.gammas_ * prior, model.noise_variance_ * noise
        return log_evidence(X, y, gammas, sigma2, intercept=fit_intercept)

    # The floor of the noise shows where there is none.
    assert model.evidence_ == pytest.approx(evidence(1, 1), rel=1e-6)
    factors = np.r_[np.geomspace(1e-3, 1e3, 7), 0.97, 1.03]
    best = max(evidence(a, b) for a in factors for b in factors)
    assert model.evidence_ >= best - 1e-6 * abs(best)


@pytest.mark.parametrize("shape", [(60, 10), (30, 50)])
def test_fixed_point_of_scikit_learn(rng, shape):
    X, y = dense(rng, *shape)
    X /= np.linalg.norm(X, axis=0)  # columns are not scaled there
    priors = dict.fromkeys(["alpha_1", "alpha_2", "lambda_1", "lambda_2"], 0.0)
    theirs = BayesianRidge(
        max_iter=100_000, tol=1e-14, fit_intercept=False, **priors
    ).fit(X, y)
    model = EvidenceRidge(fit_intercept=False).fit(X, y)
    assert model.noise_variance_ == pytest.approx(1 / theirs.alpha_, rel=1e-6)
    # Where nothing is best, they stop a little above 0.
    assert_allclose(model.gammas_, 1 / theirs.lambda_, rtol=1e-6, atol=1e-10)
    assert_allclose(model.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
    # Not their sigma_: in older versions it lacks the null space of wide X.
    precision = theirs.lambda_ * np.eye(shape[1]) + theirs.alpha_ * X.T @ X
    assert_allclose(model.sigma_, np.linalg.inv(precision), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("shape", [(40, 12), (20, 50)])
@pytest.mark.parametrize("kappa", [1.0, 3.0])
def test_posterior(rng, shape, kappa):
    X, y = dense(rng, *shape)
    weights = rng.integers(1, 3, len(y))
    model = EvidenceRidge(kappa=kappa, noise_variance=0.8).fit(X, y, weights)
    X, y = np.repeat(X, weights, axis=0), np.repeat(y, weights)
    Z = X - X.mean(axis=0)
    precision = kappa * Z.T @ Z / model.noise_variance_ + np.diag(1 / model.gammas_)
    sigma = np.linalg.inv(precision)
    assert_allclose(model.sigma_, sigma, rtol=1e-6, atol=1e-9)
    mean = kappa * sigma @ Z.T @ (y - y.mean()) / model.noise_variance_
    assert_allclose(model.coef_, mean, rtol=1e-6, atol=1e-9)
    assert_allclose(model.coef_std_, np.sqrt(np.diag(sigma)), rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scales(rng, scale):
    X, y = dense(rng, 40, 12)
    columns = 10.0 ** rng.integers(-6, 7, 12)
    model, other = (
        EvidenceRidge().fit(X, y),
        EvidenceRidge().fit(X * columns, y * scale),
    )
    assert_allclose(other.coef_ * columns, model.coef_ * scale, rtol=1e-8)
    assert_allclose(other.coef_std_ * columns, model.coef_std_ * scale, rtol=1e-8)


def test_nothing_to_find(rng):
    """Residuals of a fit have no correlation with X at all."""
    X, y, _ = regression(rng, 30, 5)
    Z = np.c_[np.ones(30), X]
    y = y - Z @ np.linalg.lstsq(Z, y, rcond=None)[0]
    model = EvidenceRidge().fit(X, y)
    assert not model.coef_.any()
    assert not model.coef_std_.any()
    zeros = EvidenceRidge().fit(np.zeros((30, 2)), y)
    assert not zeros.coef_.any()
    assert zeros.noise_variance_ == pytest.approx(y @ y / 29)


def test_collapse_is_said(rng):
    X = rng.standard_normal((20, 40))
    y = X @ rng.standard_normal(40)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = EvidenceRidge().fit(X, y)
    told = any("noise estimate collapsed" in str(w.message) for w in caught)
    assert told == (model.noise_variance_ < 1e-3 * y.var(ddof=1))
    assert np.isfinite(model.coef_std_).all()


def test_bad_parameters():
    with pytest.raises(ValueError, match="kappa must be a number in"):
        EvidenceRidge(kappa=0).fit(np.eye(3), np.arange(3.0))


def test_one_degree_of_freedom(rng):
    """The evidence is flat: no coefficients are as good as any."""
    X, y = rng.standard_normal((2, 4)), rng.standard_normal(2)
    model = EvidenceRidge().fit(X, y)
    assert not model.coef_.any()
    assert model.noise_variance_ > 0
