"""The classical updates: common fixed points, monotone evidence, closed forms."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from bayes.reference import log_evidence, orthogonal, regression
from numpy.testing import assert_allclose

from sparsesci.bayes import FastSBL, SBLRegressor
from sparsesci.exceptions import ConvergenceWarning

UPDATES = ("em", "mackay", "mm", "reweighted_l1")
every_update = pytest.mark.parametrize("update", UPDATES)


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


@every_update
def test_closed_form_for_orthogonal_columns(rng, update):
    X = orthogonal(rng, 30, 6) * rng.uniform(0.1, 10, 6)
    y = X @ (np.sign(rng.standard_normal(6)) * 3 / np.linalg.norm(X, axis=0))
    y += 0.3 * rng.standard_normal(30)
    options = {"noise_variance": 0.1, "fit_intercept": False}
    model = SBLRegressor(update, tol=1e-13, max_iter=20_000, **options).fit(X, y)
    squares = (X**2).sum(axis=0)
    expected = (X.T @ y) ** 2 / squares**2 - 0.1 / squares
    assert expected.min() > 0
    assert_allclose(model.gammas_, expected, rtol=1e-8)
    assert_allclose(
        model.coef_, expected / (expected + 0.1 / squares) * (X.T @ y) / squares
    )


# Learned noise on wide data is left out: there the evidence has no maximum.
@pytest.mark.parametrize(
    ("shape", "noise"), [((40, 15), "learn"), ((40, 15), 0.3), ((15, 30), 0.3)]
)
@pytest.mark.parametrize("update", ["em", "mm", "reweighted_l1"])
def test_evidence_never_falls(rng, update, shape, noise):
    X, y, _ = regression(rng, *shape)
    options = {"noise_variance": noise, "prune": 0.0, "tol": 0.0, "max_iter": 60}
    with warnings.catch_warnings():  # a Lasso may repeat itself to the last digit
        warnings.filterwarnings("ignore", ".*in 60 iterations", ConvergenceWarning)
        model = SBLRegressor(update, **options).fit(X, y)
    path = model.evidence_path_
    assert len(path) == model.n_iter_ + 1 <= 61
    assert np.diff(path).min() >= -1e-9 * np.abs(path).max()
    assert path[-1] > path[0]


@pytest.mark.parametrize("learn", [False, True])
@every_update
def test_fixed_points(rng, update, learn):
    """Q_j^2 = S_j where gamma_j > 0, at most S_j elsewhere.

    In nats by relative change of gamma_j: those that go to 0 do so slowly.
    """
    X, y, _ = regression(rng, 60, 12, noise=0.3)
    options = {"noise_variance": "learn" if learn else 0.1, "fit_intercept": False}
    if update == "em":  # spurious variances fall like 1 / t: leave them out early
        X, options = X[:, :5], {**options, "prune": 1e-3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # EM may need more
        model = SBLRegressor(update, tol=1e-8, max_iter=20_000, **options).fit(X, y)
    V = model.noise_variance_ * np.eye(60) + (X * model.gammas_) @ X.T
    Q, S = X.T @ np.linalg.solve(V, y), np.sum(X * np.linalg.solve(V, X), axis=0)
    active = model.gammas_ > 0
    assert_allclose(model.gammas_[active] * (Q**2 - S)[active], 0, atol=2e-4)
    if update != "em":
        assert np.all(Q[~active] ** 2 <= S[~active] * (1 + 1e-3))
    inverse = np.linalg.inv(V)
    if learn:
        slope = np.trace(inverse) - y @ inverse @ inverse @ y
        assert abs(slope) <= 1e-4 * np.trace(inverse)


def test_evidences_agree(rng):
    X, y, _ = regression(rng, 200, 50)
    options = {"noise_variance": 0.25}
    best = FastSBL(0, **options).fit(X, y).evidence_
    for update in ("mackay", "mm", "reweighted_l1"):
        model = SBLRegressor(update, **options).fit(X, y)
        assert model.evidence_ == pytest.approx(best, abs=1e-3 * 200)


@pytest.mark.parametrize("shape", [(40, 15), (15, 30)])
@every_update
def test_posterior_and_evidence(rng, update, shape):
    X, y, _ = regression(rng, *shape)
    weights = rng.integers(1, 3, len(y))
    model = SBLRegressor(update, noise_variance=0.4, max_iter=5000, prune=1e-3)
    model.fit(X, y, weights)
    X, y = np.repeat(X, weights, axis=0), np.repeat(y, weights)
    Z, gammas = X - X.mean(axis=0), model.gammas_
    V = 0.4 * np.eye(len(y)) + (Z * gammas) @ Z.T
    gain = gammas[:, None] * np.linalg.solve(V, Z).T
    assert_allclose(model.coef_, gain @ (y - y.mean()), rtol=1e-6, atol=1e-8)
    assert_allclose(model.sigma_, np.diag(gammas) - gain @ (Z * gammas), atol=1e-8)
    expected = log_evidence(X, y, gammas, 0.4, intercept=True)
    assert model.evidence_ == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
@every_update
def test_scales(rng, update, scale):
    X, y, _ = regression(rng, 50, 12)
    columns = 10.0 ** rng.integers(-6, 7, 12)
    options = {"max_iter": 5000}
    model = SBLRegressor(update, **options).fit(X, y)
    other = SBLRegressor(update, **options).fit(X * columns, y * scale)
    assert_allclose(other.coef_ * columns, model.coef_ * scale, rtol=1e-7, atol=1e-300)
    spread = other.coef_std_ * columns
    assert_allclose(spread, model.coef_std_ * scale, rtol=1e-7, atol=1e-300)


def test_wide_data_keep_the_noise_of_the_penalised_evidence(rng):
    X, y, _ = regression(rng, 40, 80)
    fast = FastSBL().fit(X, y)
    model = SBLRegressor().fit(X, y)
    assert model.noise_variance_ == pytest.approx(fast.noise_variance_, rel=1e-10)
    with pytest.warns(UserWarning, match="noise estimate collapsed"):
        SBLRegressor(noise_variance="learn", max_iter=3000).fit(X, y)


@every_update
def test_degenerate_columns(rng, update):
    X, y, _ = regression(rng, 30, 5)
    model = SBLRegressor(update, max_iter=5000)
    model.fit(np.c_[np.zeros(30), X, X[:, 0], np.ones(30)], y)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.sigma_).all()
    assert not model.coef_[[0, 7]].any()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"update": "newton"}, "update must be one of"),
        ({"noise_variance": "none"}, "noise_variance must be one of"),
        ({"noise_variance": 0.0}, "noise_variance must be a number in"),
        ({"prune": 1.0}, "prune must be a number in"),
        ({"tol": -1}, "tol must be"),
    ],
)
def test_bad_parameters(options, text):
    with pytest.raises(ValueError, match=text):
        SBLRegressor(**options).fit(np.eye(3), np.arange(3.0))
