"""The Gibbs sampler against integration over its prior, and its diagnostics."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from bayes.reference import regression
from numpy.testing import assert_allclose, assert_array_equal

from sparsesci.bayes import HorseshoeRegressor
from sparsesci.bayes._horseshoe import effective_sample_size, split_r_hat
from sparsesci.exceptions import ConvergenceWarning


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


def by_importance(rng, X, y, n_draws=60_000):
    """Posterior mean and noise: variances from the prior, the rest in closed form."""
    Z, t = X - X.mean(axis=0), y - y.mean()
    unit = np.sqrt(np.mean(Z**2, axis=0))
    Z, dof, p = Z / unit, len(y) - 1, X.shape[1]
    cauchy = np.abs(rng.standard_cauchy((n_draws, p + 1)))
    prior = (cauchy[:, :p] * cauchy[:, p:]) ** 2
    precision = Z.T @ Z + np.eye(p) / prior[:, None]
    means = np.linalg.solve(precision, (Z.T @ t)[None, :, None])[..., 0]
    energy = t @ t - means @ (Z.T @ t)
    logdet = np.linalg.slogdet(precision)[1] + np.log(prior).sum(axis=1)
    logs = -0.5 * (logdet + dof * np.log(energy))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    return weights @ means / unit, weights @ energy / (dof - 2)


@pytest.mark.parametrize("shape", [(25, 3), (6, 8)])
def test_posterior_mean_and_noise(rng, shape):
    """Both samplers: fewer columns than rows, and more."""
    X = rng.standard_normal(shape) * rng.uniform(0.5, 3, shape[1])
    y = X[:, 0] + 0.7 * rng.standard_normal(shape[0])
    mean, noise = by_importance(rng, X, y)
    model = HorseshoeRegressor(4000, n_warmup=500, n_chains=2, random_state=1).fit(X, y)
    error = model.coef_std_ / np.sqrt(model.ess_)
    assert np.all(np.abs(model.coef_ - mean) <= 5 * error + 0.02 * np.abs(mean).max())
    # With fewer rows than columns the noise has long tails, and many draws are alike.
    draws = model.noise_samples_
    (size,) = effective_sample_size(draws[..., None])
    error = draws.std() / np.sqrt(size)
    assert model.noise_variance_ == pytest.approx(noise, abs=5 * error + 0.02 * noise)


def test_repeated_with_a_seed(rng):
    X, y, _ = regression(rng, 30, 6)
    options = {"n_samples": 50, "n_warmup": 20, "n_chains": 2}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        first, second, other = (
            HorseshoeRegressor(**options, random_state=s).fit(X, y) for s in (0, 0, 1)
        )
    assert_array_equal(first.coef_samples_, second.coef_samples_)
    assert (first.coef_ != other.coef_).all()


def test_summaries_are_those_of_the_draws(rng):
    X, y, _ = regression(rng, 40, 5)
    model = HorseshoeRegressor(200, n_warmup=100, random_state=0).fit(X, y)
    flat = model.coef_samples_.reshape(-1, 5)
    assert_allclose(model.coef_, flat.mean(axis=0), rtol=1e-10)
    assert_allclose(model.sigma_, np.cov(flat.T), rtol=1e-8)
    assert_allclose(
        model.credible_interval(0.5), np.quantile(flat, [0.25, 0.75], axis=0).T
    )
    assert not hasattr(model, "evidence_")


@pytest.mark.parametrize("shape", [(30, 6), (15, 25)])
def test_scales(rng, shape):
    X, y, _ = regression(rng, *shape)
    columns = 2.0 ** rng.integers(-20, 20, shape[1])  # exact in floating point
    options = {"n_samples": 40, "n_warmup": 40, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = HorseshoeRegressor(**options).fit(X, y)
        other = HorseshoeRegressor(**options).fit(X * columns, y * 2.0**-20)
    assert_allclose(
        other.coef_samples_ * columns, model.coef_samples_ * 2.0**-20, rtol=1e-6
    )


def test_diagnostics_of_known_processes(rng):
    n = 4000
    noise = rng.standard_normal((4, n, 2))
    draws = noise.copy()
    for t in range(1, n):  # the second is autoregressive: n (1 - rho) / (1 + rho)
        draws[:, t, 1] = 0.8 * draws[:, t - 1, 1] + noise[:, t, 1]
    ess = effective_sample_size(draws)
    assert ess[0] == pytest.approx(4 * n, rel=0.15)
    assert ess[1] == pytest.approx(4 * n / 9, rel=0.25)
    assert_allclose(split_r_hat(draws), 1.0, atol=0.02)
    draws[0] += 3.0
    assert split_r_hat(draws).min() > 1.2
    assert effective_sample_size(np.ones((2, 10, 1))) == 20
    assert split_r_hat(np.ones((2, 10, 1))) < 1.0


def test_disagreement_is_said(rng):
    X, y, _ = regression(rng, 12, 30)
    with pytest.warns(ConvergenceWarning, match="chains disagree"):
        HorseshoeRegressor(8, n_warmup=0, random_state=0).fit(X, y)


def test_degenerate_data(rng):
    X, y, _ = regression(rng, 30, 3, n_nonzero=2)
    options = {"n_samples": 100, "random_state": 0}
    wide = np.c_[np.zeros(30), X, X[:, 0]]
    model = HorseshoeRegressor(400, random_state=0).fit(wide, y)
    assert not model.coef_samples_[..., 0].any()
    assert np.isfinite(model.coef_samples_).all()
    exact = HorseshoeRegressor(**options).fit(X, X[:, 0])
    assert_allclose(exact.coef_, [1, 0, 0], atol=1e-4)
    with pytest.warns(UserWarning, match="y is constant"):
        model = HorseshoeRegressor(**options).fit(X, np.ones(30))
    assert_array_equal(model.predict(X, return_std=True)[1], 0.0)
    assert not model.credible_interval().any()
    with pytest.raises(ValueError, match="n_samples must be an integer >= 4"):
        HorseshoeRegressor(3).fit(X, y)
    with pytest.raises(TypeError, match="sample_weight"):
        HorseshoeRegressor().fit(X, y, sample_weight=np.ones(30))
