"""FastSBL: closed forms, exhaustive search, scales, and what it says of bad input."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from bayes.reference import log_evidence, orthogonal, regression
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sparsesci.bayes import FastSBL
from sparsesci.bayes._ascent import EvidenceAscent, Rule, climb
from sparsesci.bayes._data import standardize
from sparsesci.exceptions import ConvergenceWarning

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


@pytest.mark.parametrize("noise", [0.01, 1.0, 30.0])
def test_closed_form_for_orthogonal_columns(rng, noise):
    X = orthogonal(rng, 30, 8) * rng.uniform(0.1, 10, 8)
    y = rng.standard_normal(30) * 3
    model = FastSBL(0, noise_variance=noise, fit_intercept=False).fit(X, y)
    squares = (X**2).sum(axis=0)
    expected = (X.T @ y) ** 2 / squares**2 - noise / squares
    assert_allclose(model.gammas_, np.maximum(expected, 0), rtol=1e-8, atol=1e-12)
    shrunk = model.gammas_ / (model.gammas_ + noise / squares)
    assert_allclose(model.coef_, shrunk * (X.T @ y) / squares, rtol=1e-8, atol=1e-12)
    assert_allclose(np.diag(model.sigma_), shrunk * noise / squares, rtol=1e-8)


@pytest.mark.parametrize("noise", [None, 0.1])
def test_stationary_where_it_stops(rng, noise):
    """Q_j^2 = S_j for active columns, Q_j^2 <= S_j for the others."""
    X, y, _ = regression(rng, 60, 20, noise=0.3)
    options = {"noise_variance": noise, "fit_intercept": False, "tol": 1e-12}
    model = FastSBL(0, **options).fit(X, y)
    C = model.noise_variance_ * np.eye(60) + (X * model.gammas_) @ X.T
    Q, S = X.T @ np.linalg.solve(C, y), np.sum(X * np.linalg.solve(C, X), axis=0)
    active = model.gammas_ > 0
    assert 3 < active.sum() < 20
    assert_allclose(Q[active] ** 2, S[active], rtol=1e-5)
    assert np.all(Q[~active] ** 2 <= S[~active] * (1 + 1e-6))
    if noise is None:  # the derivative with respect to the noise
        inverse = np.linalg.inv(C)
        assert np.trace(inverse) == pytest.approx(y @ inverse @ inverse @ y, rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_posterior_is_the_gaussian_one(rng, weighted):
    X, y, _ = regression(rng, 40, 15)
    weights = rng.integers(1, 4, 40) if weighted else np.ones(40, int)
    model = FastSBL(1.0).fit(X, y, sample_weight=weights)
    X, y = np.repeat(X, weights, axis=0), np.repeat(y, weights)
    centred, a = X - X.mean(axis=0), model.active_
    precision = centred[:, a].T @ centred[:, a] / model.noise_variance_
    sigma = np.linalg.inv(precision + np.diag(1 / model.gammas_[a]))
    assert_allclose(model.sigma_[np.ix_(a, a)], sigma, rtol=1e-7)
    mean = sigma @ centred[:, a].T @ (y - y.mean()) / model.noise_variance_
    assert_allclose(model.coef_[a], mean, rtol=1e-7)
    assert not model.coef_[np.setdiff1d(np.arange(15), a)].any()
    new = rng.standard_normal((5, 15))
    mean, std = model.predict(new, return_std=True)
    assert_array_equal(mean, model.predict(new))
    away = (new - X.mean(axis=0))[:, a]
    variance = np.sum(away @ sigma * away, axis=1)
    variance += model.noise_variance_ * (1 + 1 / len(y))
    assert_allclose(std, np.sqrt(variance), rtol=1e-7)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("noise", [None, 0.5])
def test_evidence(rng, fit_intercept, noise):
    X, y, _ = regression(rng, 30, 10)
    model = FastSBL(fit_intercept=fit_intercept, noise_variance=noise).fit(X, y)
    expected = log_evidence(
        X, y, model.gammas_, model.noise_variance_, intercept=fit_intercept
    )
    assert model.evidence_ == pytest.approx(expected, rel=1e-9)
    path = model.evidence_path_
    assert len(path) == model.n_iter_ + 1
    assert np.all(np.diff(path) >= 0)
    price = np.log(10) * len(model.active_)
    assert path[-1] == pytest.approx(model.evidence_ - price, rel=1e-8)


def test_finds_the_best_of_all_subsets(rng):
    """With a cap of 3 on up to 12 columns: nearly always the best evidence."""
    equal = 0
    for _ in range(20):
        X, y, _ = regression(rng, 40, 12, n_nonzero=3, noise=0.5)
        options = {"noise_variance": 0.25, "fit_intercept": False, "max_active": 3}
        model = FastSBL(1.0, **options).fit(X, y)
        best = max(
            (FastSBL(0, **options).fit(X[:, list(s)], y).evidence_ - len(s))
            for k in (1, 2, 3)
            for s in combinations(range(12), k)
        )
        equal += model.evidence_ - len(model.active_) >= best - 1e-6
    assert equal >= 19


@pytest.mark.parametrize("penalty", ["ebic", 0.0])
@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e6])
def test_scales(rng, scale, penalty):
    X, y, _ = regression(rng, 60, 30)
    model, columns = FastSBL(penalty).fit(X, y), 10.0 ** rng.integers(-6, 7, 30)
    other = FastSBL(penalty).fit(X * columns, y * scale)
    assert model.active_.size
    assert_array_equal(other.active_, model.active_)
    assert_allclose(other.coef_ * columns, model.coef_ * scale, rtol=1e-8)
    spread = other.coef_std_ * columns
    assert_allclose(spread, model.coef_std_ * scale, rtol=1e-8)
    noise = model.noise_variance_ * scale**2
    assert other.noise_variance_ == pytest.approx(noise, rel=1e-8)
    shifted = model.evidence_ - 59 * np.log(scale)
    assert other.evidence_ == pytest.approx(shifted, rel=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_formats_give_the_same_model(rng, dtype, weighted):
    X, y, _ = regression(rng, 60, 30)
    X[rng.random(X.shape) < 0.5] = 0.0
    X = X.astype(dtype)
    weights = rng.uniform(0.5, 2, 60) if weighted else None
    dense = FastSBL().fit(X, y, weights)
    assert dense.coef_.dtype == dtype
    for convert in (sparse.csc_array, sparse.csr_matrix, np.ascontiguousarray):
        other = FastSBL().fit(convert(X), y, weights)
        assert_array_equal(other.active_, dense.active_)
        assert_allclose(
            other.coef_, dense.coef_, rtol=1e-5 if dtype is np.float32 else 1e-9
        )
        std = other.predict(convert(X), return_std=True)[1]
        assert_allclose(std, dense.predict(X, return_std=True)[1], rtol=1e-5)


def test_zero_constant_and_repeated_columns(rng):
    X, y, _ = regression(rng, 50, 10)
    wide = np.c_[np.zeros(50), X, np.full(50, 7.0), X[:, :4]]
    model = FastSBL().fit(wide, y)
    assert not model.coef_[[0, 11]].any()
    assert np.isfinite(model.sigma_).all()
    twice = (model.coef_[1:5] != 0) & (model.coef_[12:] != 0)
    assert not twice.any()


def test_exact_fit(rng):
    X = rng.standard_normal((40, 80))
    coef = np.zeros(80)
    coef[[3, 20, 50]] = [1.0, -2.0, 0.5]
    model = FastSBL().fit(X, X @ coef + 5)
    assert_array_equal(model.active_, [3, 20, 50])
    assert_allclose(model.coef_, coef, atol=1e-8)
    assert 0 < model.noise_variance_ < 1e-10


def test_collapse_is_said(rng):
    X, y = rng.standard_normal((30, 60)), rng.standard_normal(30)
    with pytest.warns(UserWarning, match="noise estimate collapsed"):
        model = FastSBL(0, tol=1e-3).fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert FastSBL().fit(X, y).noise_variance_ > 0.1


def test_constant_target(rng):
    X = rng.standard_normal((10, 3))
    with pytest.warns(UserWarning, match="y is constant"):
        model = FastSBL().fit(X, np.full(10, 2.5))
    assert not model.coef_.any()
    mean, std = model.predict(X, return_std=True)
    assert_array_equal(mean, 2.5)
    assert_array_equal(std, 0.0)


def test_a_limit_of_moves_is_said(rng):
    X, y, _ = regression(rng, 50, 10)
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 iterations"):
        model = FastSBL(max_iter=2).fit(X, y)
    assert model.n_iter_ == 2


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"penalty": "bic"}, ValueError, 'penalty must be "ebic" or a number'),
        ({"penalty": -1.0}, ValueError, "penalty must be a number in"),
        ({"penalty": None}, TypeError, "penalty must be a number in"),
        ({"noise_variance": 0.0}, ValueError, "noise_variance must be a number in"),
        ({"max_active": 0}, ValueError, "max_active must be an integer >= 1"),
        ({"tol": -1.0}, ValueError, "tol must be"),
        ({"max_iter": 0}, ValueError, "max_iter must be"),
        ({"fit_intercept": 1}, TypeError, "fit_intercept must be True or False"),
    ],
)
def test_bad_parameters(options, error, text):
    with pytest.raises(error, match=text):
        FastSBL(**options).fit(np.eye(3), np.arange(3.0))


def test_bad_data():
    X, y = np.eye(3), np.arange(3.0)
    with pytest.raises(ValueError, match="NaN"):
        FastSBL().fit(X, [1.0, np.nan, 2.0])
    with pytest.raises(ValueError, match="Complex data not supported"):
        FastSBL().fit(X * 1j, y)
    with pytest.raises(ValueError, match="y should be a 1d array"):
        FastSBL().fit(X, np.eye(3))
    with pytest.raises(ValueError, match="overflows"):
        FastSBL().fit(X, y * 1e200)
    with pytest.raises(ValueError, match="level must be a number in"):
        FastSBL().fit(X, y).credible_interval(1.0)


def test_a_second_ascent_goes_further(rng):
    """Ten strong effects in 40 samples hide each other from the empty model."""
    higher = 0
    for _ in range(6):
        X = rng.standard_normal((40, 60))
        coef = np.zeros(60)
        coef[rng.permutation(60)[:10]] = rng.choice([-1.0, 1.0], 10)
        y = X @ coef + 0.3 * rng.standard_normal(40)
        data = standardize(np.asfortranarray(X), y[None], None, True)
        rule = Rule(np.log(60), 0.0, 60, 1e-6, 10_000)
        alone = EvidenceAscent(data, rule)
        alone.run()
        both = climb(data, rule)
        assert both.objective >= alone.objective
        higher += both.objective > alone.objective + 5
        model = FastSBL().fit(X, y)
        expected = log_evidence(
            X, y, model.gammas_, model.noise_variance_, intercept=True
        )
        assert model.evidence_ == pytest.approx(expected, rel=1e-8)
    assert higher >= 1
