"""SpikeSlabVB: exact where it must be, and monotone everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from bayes.reference import (
    enumerate_models,
    orthogonal,
    regression,
    response_of_the_mean,
)
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.stats import norm

from sparsesci.bayes import SpikeSlabVB
from sparsesci.bayes._data import standardize
from sparsesci.bayes._spike_slab import SpikeSlab, mixture_quantile
from sparsesci.exceptions import ConvergenceWarning

pytestmark = pytest.mark.usefixtures("backend")
KNOWN = {"noise_variance": 0.7, "slab_variance": 12.0, "prior_inclusion": 0.2}


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


def test_exact_for_orthogonal_columns(rng):
    X = orthogonal(rng, 25, 9)
    X = np.linalg.qr(np.c_[np.ones(25), X])[0][:, 1:] * rng.uniform(0.1, 9, 9) + 2
    y = X[:, :3].sum(axis=1) + rng.standard_normal(25)
    model = SpikeSlabVB(**KNOWN, tol=1e-12).fit(X, y)
    pip, mean, evidence = enumerate_models(X, y, *KNOWN.values())
    assert np.any((pip > 0.05) & (pip < 0.95))
    assert_allclose(model.pip_, pip, atol=1e-10)
    assert_allclose(model.coef_, mean, atol=1e-10)
    assert model.evidence_ == pytest.approx(evidence, rel=1e-10)


def test_close_and_below_for_correlated_columns(rng):
    X, y, _ = regression(rng, 60, 10, noise=0.8, mix=0.5)
    known = {**KNOWN, "noise_variance": 0.64}
    model = SpikeSlabVB(**known, tol=1e-10).fit(X, y)
    pip, mean, evidence = enumerate_models(X, y, *known.values())
    assert_allclose(model.pip_, pip, atol=0.15)
    assert_allclose(model.coef_, mean, atol=0.15)
    assert model.evidence_ <= evidence


def test_covariance_is_exact_where_all_columns_are_in(rng):
    """A Gaussian posterior, of which the approximation only has the right mean."""
    X, y, _ = regression(rng, 60, 8, mix=1.0)
    known = {**KNOWN, "prior_inclusion": 1 - 1e-13}
    model = SpikeSlabVB(**known, fit_intercept=False, tol=1e-13).fit(X, y)
    prior = np.diag(np.sum(X**2, axis=0) / KNOWN["slab_variance"])
    expected = KNOWN["noise_variance"] * np.linalg.inv(X.T @ X + prior)
    assert_allclose(model.sigma_, expected, rtol=1e-6, atol=1e-9)
    assert_allclose(model.slab_std_, np.sqrt(np.diag(expected)), rtol=1e-6)
    _, std = model.predict(X, return_std=True)
    variance = KNOWN["noise_variance"] + np.einsum("ij,jk,ik->i", X, expected, X)
    assert_allclose(std, np.sqrt(variance), rtol=1e-6)


def test_covariance_is_the_response_of_the_mean(rng):
    """A small change t of X'y / noise moves the mean by the covariance times t."""
    X, y, _ = regression(rng, 60, 6, noise=1.0, mix=1.0)
    options = {**KNOWN, "fit_intercept": False, "tol": 1e-13}
    model = SpikeSlabVB(**options).fit(X, y)
    response = response_of_the_mean(
        lambda: SpikeSlabVB(**options), X, y, KNOWN["noise_variance"]
    )
    assert_allclose(model.sigma_, response, atol=0.005 * np.abs(model.sigma_).max())


def test_intervals_cover_the_truth_for_correlated_columns():
    """Where neighbours have correlation 0.7, as often as they say, or nearly."""
    rng, inside = np.random.default_rng(0), []
    for _ in range(40):
        X = rng.standard_normal((200, 40))
        for j in range(1, 40):
            X[:, j] = 0.7 * X[:, j - 1] + np.sqrt(0.51) * X[:, j]
        coef = np.zeros(40)
        coef[10:18] = rng.choice([-1, 1], 8) * rng.uniform(0.6, 2, 8)
        model = SpikeSlabVB().fit(X, X @ coef + rng.standard_normal(200))
        low, high = model.credible_interval(0.9).T
        inside.append(((low <= coef) & (coef <= high))[10:18])
    assert 0.86 <= np.mean(inside) <= 0.94


@pytest.mark.parametrize("given", [{}, {"noise_variance": 0.2}, {"slab_variance": 9.0}])
@pytest.mark.parametrize("mix", [0.0, 2.0])
def test_bound_never_falls(rng, given, mix):
    X, y, _ = regression(rng, 50, 80, mix=mix)
    weights = rng.uniform(0.5, 2, 50)
    model = SpikeSlabVB(**given, tol=1e-9).fit(X, y, weights)
    assert len(model.evidence_path_) == model.n_iter_ > 3
    slack = 1e-10 * np.abs(model.evidence_path_).max()
    assert np.all(np.diff(model.evidence_path_) >= -slack)


def test_learned_parameters_are_at_their_best(rng):
    """A converged fit with any of them a little off has a lower bound."""
    X, y, _ = regression(rng, 60, 30)
    data = standardize(np.asfortranarray(X), y[None], None, True)
    model = SpikeSlab(data, None, None, None, data.dof)
    model.run(1e-11, 1000)
    best = model.bound()
    for name in ("noise", "slab", "inclusion"):
        value = getattr(model, name)
        for factor in (0.9, 1.1):
            setattr(model, name, value * factor)
            assert model.bound() < best
        setattr(model, name, value)


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e6])
def test_scales(rng, scale):
    X, y, _ = regression(rng, 60, 30)
    model, columns = SpikeSlabVB().fit(X, y), 10.0 ** rng.integers(-6, 7, 30)
    other = SpikeSlabVB().fit(X * columns, y * scale)
    assert other.n_iter_ == model.n_iter_
    assert_allclose(other.coef_ * columns, model.coef_ * scale, rtol=1e-8, atol=1e-300)
    assert_allclose(other.pip_, model.pip_, rtol=1e-8)
    assert_allclose(other.coef_std_ * columns, model.coef_std_ * scale, rtol=1e-8)
    assert other.noise_variance_ == pytest.approx(
        model.noise_variance_ * scale**2, rel=1e-8
    )
    shifted = model.evidence_ - 59 * np.log(scale)
    assert other.evidence_ == pytest.approx(shifted, rel=1e-8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_formats_give_the_same_model(rng, dtype):
    X, y, _ = regression(rng, 60, 30)
    X[rng.random(X.shape) < 0.5] = 0.0
    X, weights = X.astype(dtype), rng.uniform(0.5, 2, 60)
    dense = SpikeSlabVB().fit(X, y, weights)
    for convert in (sparse.csc_array, sparse.csr_matrix, np.ascontiguousarray):
        other = SpikeSlabVB().fit(convert(X), y, weights)
        assert_allclose(other.pip_, dense.pip_, atol=1e-6)
        assert_allclose(other.coef_, dense.coef_, rtol=1e-5, atol=1e-6)


def test_quantiles_of_the_mixture(rng):
    alpha, mean, std = rng.random(200), rng.standard_normal(200), rng.random(200)
    alpha[:5], alpha[5:9] = 0.0, 1.0
    for q in (0.01, 0.3, 0.5, 0.95):
        at = mixture_quantile(q, alpha, mean, std)
        cdf = alpha * norm.cdf(at, mean, std) + (1 - alpha) * (at >= 0)
        left = alpha * norm.cdf(at, mean, std) + (1 - alpha) * (at > 0)
        assert np.all(cdf >= q - 1e-9)
        assert np.all(left <= q + 1e-9)
    none = mixture_quantile(0.3, np.zeros(1), np.zeros(1), np.zeros(1))
    assert none[0] == 0.0


def test_noise_only_finds_nothing(rng):
    X, y = rng.standard_normal((60, 300)), rng.standard_normal(60)
    model = SpikeSlabVB().fit(X, y)
    assert model.pip_.max() < 0.5
    assert model.noise_variance_ == pytest.approx(y.var(), rel=0.3)


def test_degenerate_columns_and_targets(rng):
    X, y, _ = regression(rng, 30, 5)
    model = SpikeSlabVB().fit(np.c_[np.zeros(30), X, np.ones(30), X], y)
    assert model.pip_[0] == model.pip_[6] == 0.0
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.sigma_).all()
    exact = SpikeSlabVB().fit(X, X[:, 0] - X[:, 1])
    assert_allclose(exact.coef_, [1, -1, 0, 0, 0], atol=1e-6)
    with pytest.warns(UserWarning, match="y is constant"):
        assert not SpikeSlabVB().fit(X, np.ones(30)).pip_.any()


def test_a_limit_of_sweeps_is_said(rng):
    X, y, _ = regression(rng, 50, 10)
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 iterations"):
        SpikeSlabVB(max_iter=2).fit(X, y)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"prior_inclusion": 1.0}, "prior_inclusion must be a number in"),
        ({"prior_inclusion": 0.0}, "prior_inclusion must be a number in"),
        ({"slab_variance": 0.0}, "slab_variance must be a number in"),
        ({"noise_variance": -1.0}, "noise_variance must be a number in"),
        ({"tol": -1.0}, "tol must be"),
        ({"max_iter": 0}, "max_iter must be"),
    ],
)
def test_bad_parameters(options, text):
    with pytest.raises(ValueError, match=text):
        SpikeSlabVB(**options).fit(np.eye(3), np.arange(3.0))
