"""Several targets, blocks and clusters."""

from __future__ import annotations

import numpy as np
import pytest
from bayes.reference import regression
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from sparsesci.bayes import BlockSBL, MultitaskSBL, PatternCoupledSBL, SBLRegressor
from sparsesci.exceptions import ConvergenceWarning


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


def tasks(rng, n=40, p=15, n_targets=5):
    X = rng.standard_normal((n, p)) + 1.0
    W = np.zeros((n_targets, p))
    W[:, [2, 7]] = rng.standard_normal((n_targets, 2))
    return X, X @ W.T + 0.2 * rng.standard_normal((n, n_targets))


def blocks(rng, n=50, p=60, size=5, noise=0.2):
    X, coef = rng.standard_normal((n, p)), np.zeros(p)
    for start in (10, 40):
        cov = toeplitz(0.9 ** np.arange(size))
        coef[start : start + size] = rng.multivariate_normal(np.ones(size), cov)
    return X, X @ coef + noise * rng.standard_normal(n), coef


# ---- several targets -----------------------------------------------------------------
@pytest.mark.parametrize("update", ["em", "mackay", "mm"])
def test_one_target_is_the_single_problem(rng, update):
    X, y, _ = regression(rng, 40, 12)
    options = {"noise_variance": 0.3, "prune": 1e-3}
    single = SBLRegressor(update, **options).fit(X, y)
    multi = MultitaskSBL(update, **options).fit(X, y)
    assert_allclose(multi.coef_, single.coef_, rtol=1e-10)
    column = MultitaskSBL(update, **options).fit(X, y[:, None])
    assert column.coef_.shape == (1, 12)
    assert_allclose(column.coef_[0], single.coef_, rtol=1e-10)
    twice = MultitaskSBL(update, **options).fit(X, np.c_[y, y])
    assert_allclose(twice.coef_, [single.coef_] * 2, rtol=1e-8)
    assert twice.evidence_ == pytest.approx(2 * single.evidence_, rel=1e-8)


def test_columns_are_shared_and_noise_is_learned(rng):
    X, Y = tasks(rng)
    model = MultitaskSBL().fit(X, Y)
    strong = model.gammas_ > 1e-2 * model.gammas_.max()
    assert_array_equal(np.flatnonzero(strong), [2, 7])
    assert model.noise_variance_ == pytest.approx(0.04, rel=0.3)
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == Y.shape
    assert std.shape == (40,)
    assert std.min() > np.sqrt(model.noise_variance_)


def test_intervals_of_several_targets(rng):
    X, Y = tasks(rng)
    model = MultitaskSBL().fit(X, Y)
    intervals = model.credible_interval(0.9)
    assert intervals.shape == (5, 15, 2)
    width = 2 * 1.6448536 * model.coef_std_
    assert_allclose(np.diff(intervals)[..., 0], np.tile(width, (5, 1)), rtol=1e-6)
    assert_allclose(intervals.mean(axis=-1), model.coef_, atol=1e-12)


@pytest.mark.parametrize("update", ["em", "mm"])
def test_joint_evidence_never_falls(rng, update):
    X, Y = tasks(rng)
    with pytest.warns(ConvergenceWarning):
        model = MultitaskSBL(update, prune=0.0, tol=0.0, max_iter=40).fit(X, Y)
    path = model.evidence_path_
    assert np.diff(path).min() >= -1e-9 * np.abs(path).max()
    Z, V = X - X.mean(axis=0), np.zeros(0)
    V = model.noise_variance_ * np.eye(40) + (Z * model.gammas_) @ Z.T
    basis = np.linalg.qr(np.c_[np.ones(40), np.eye(40)[:, 1:]])[0][:, 1:]
    density = multivariate_normal(np.zeros(39), basis.T @ V @ basis)
    assert model.evidence_ == pytest.approx(density.logpdf(Y.T @ basis).sum(), rel=1e-8)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scales_of_targets(rng, scale):
    X, Y = tasks(rng)
    columns = 10.0 ** rng.integers(-6, 7, 15)
    model, other = MultitaskSBL().fit(X, Y), MultitaskSBL().fit(X * columns, Y * scale)
    assert_allclose(other.coef_ * columns, model.coef_ * scale, rtol=1e-7, atol=1e-300)
    assert_allclose(other.intercept_, model.intercept_ * scale, rtol=1e-7)


def test_constant_targets(rng):
    X, Y = tasks(rng)
    Y[:, 1] = 3.0
    model = MultitaskSBL().fit(X, Y)
    assert_allclose(model.coef_[1], 0.0, atol=1e-12)
    with pytest.warns(UserWarning, match="y is constant"):
        model = MultitaskSBL().fit(X, np.ones((40, 2)))
    assert_array_equal(model.predict(X), 1.0)
    with pytest.raises(ValueError, match="update must be one of"):
        MultitaskSBL("reweighted_l1").fit(X, Y)


# ---- blocks --------------------------------------------------------------------------
def dense_step(X, y, groups, gamma, noise, r, update):
    """One update by the formulas of the literature, for given columns and r."""
    B = [toeplitz(r ** np.arange(len(g))) for g in groups]
    V = noise * np.eye(len(y))
    for g, b, v in zip(groups, B, gamma):
        V += v * X[:, g] @ b @ X[:, g].T
    new = []
    for g, b, v in zip(groups, B, gamma):
        Q = X[:, g].T @ np.linalg.solve(V, y)
        S = X[:, g].T @ np.linalg.solve(V, X[:, g])
        mean, cov = v * b @ Q, v * b - v * v * b @ S @ b
        if update == "em":
            second = cov + np.outer(mean, mean)
            new.append(np.trace(np.linalg.solve(b, second)) / len(g))
        else:
            new.append(v * np.sqrt(Q @ b @ Q / np.trace(b @ S)))
    return np.array(new), V


@pytest.mark.parametrize("update", ["bo", "em"])
@pytest.mark.parametrize("shape", [(30, 12), (10, 20)])
def test_first_step_of_blocks(rng, update, shape):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    X /= np.linalg.norm(X, axis=0)
    y /= np.linalg.norm(y)
    groups = [[0, 3, 1], [2], *np.arange(4, shape[1]).reshape(-1, 2).tolist()]
    options = {"noise_variance": 0.05, "fit_intercept": False, "max_iter": 1}
    options |= {"learn_correlation": False, "prune": 0.0}
    with pytest.warns(ConvergenceWarning):
        model = BlockSBL(groups, update=update, **options).fit(X, y)
    start = np.full(len(groups), 1 / shape[1])
    expected, _ = dense_step(X, y, groups, start, 0.05, 0.0, update)
    assert_allclose(model.block_variances_, expected, rtol=1e-8)


@pytest.mark.parametrize("shape", [(30, 12), (10, 20)])
def test_posterior_of_blocks(rng, shape):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    y += X[:, :2] @ [2.0, 2.0]
    norms = np.linalg.norm(X, axis=0)
    options = {"noise_variance": 0.5, "fit_intercept": False, "max_iter": 3000}
    model = BlockSBL(2, **options).fit(X, y)
    assert -0.99 <= model.correlation_ <= 0.99
    prior = np.kron(
        np.diag(model.block_variances_), toeplitz(model.correlation_ ** np.arange(2))
    )
    prior /= np.outer(norms, norms)
    V = 0.5 * np.eye(shape[0]) + X @ prior @ X.T
    gain = prior @ X.T @ np.linalg.inv(V)
    assert_allclose(model.coef_, gain @ y, atol=1e-8)
    assert_allclose(model.sigma_, prior - gain @ X @ prior, atol=1e-8)
    density = multivariate_normal(np.zeros(shape[0]), V).logpdf(y)
    assert model.evidence_ == pytest.approx(density, rel=1e-8)


@pytest.mark.parametrize("update", ["bo", "em"])
@pytest.mark.parametrize("noise", ["learn", 0.04])
def test_evidence_of_blocks_never_falls(rng, update, noise):
    X, y, _ = blocks(rng, n=80)
    options = {"learn_correlation": False, "prune": 0.0, "tol": 0.0, "max_iter": 40}
    with pytest.warns(ConvergenceWarning):
        model = BlockSBL(5, update=update, noise_variance=noise, **options).fit(X, y)
    path = model.evidence_path_
    assert np.diff(path).min() >= -1e-9 * np.abs(path).max()


def test_single_columns_are_the_plain_problem(rng):
    X, y, _ = regression(rng, 40, 12)
    options = {"noise_variance": 0.3, "prune": 1e-3}
    plain = SBLRegressor("mm", **options).fit(X, y)
    assert_allclose(BlockSBL(**options).fit(X, y).coef_, plain.coef_, rtol=1e-10)


def test_blocks_are_found_and_correlation_helps(rng):
    X, y, coef = blocks(rng)
    model = BlockSBL(5).fit(X, y)
    strong = model.block_variances_ > 1e-2 * model.block_variances_.max()
    assert_array_equal(np.flatnonzero(strong), [2, 8])
    assert model.correlation_ > 0.3
    assert np.linalg.norm(model.coef_ - coef) < 0.2 * np.linalg.norm(coef)


@pytest.mark.parametrize(
    ("groups", "error", "text"),
    [
        (5, ValueError, "groups as a size must divide n_features = 6, got 5"),
        (0, ValueError, "groups as a size must divide"),
        ([[0, 1], [2, 3, 4]], ValueError, "do not partition"),
        ([[0, 1], [1, 2, 3, 4, 5]], ValueError, "do not partition"),
        ([[0, 1, 2], [3, 4, 6]], ValueError, "do not partition"),
        ([], ValueError, "do not partition"),
        ([[0, 1.5], [2]], TypeError, "groups must be None, a size, or a list"),
        ([[], [0, 1, 2, 3, 4, 5]], TypeError, "groups must be None"),
        ("abc", TypeError, "groups must be None"),
        (2.0, TypeError, "groups must be None"),
    ],
)
def test_bad_groups(rng, groups, error, text):
    with pytest.raises(error, match=text):
        BlockSBL(groups).fit(rng.standard_normal((8, 6)), np.arange(8.0))


# ---- clusters ------------------------------------------------------------------------
def test_clusters_are_found(rng):
    X, y, coef = blocks(rng, n=40)
    model = PatternCoupledSBL().fit(X, y)
    assert np.linalg.norm(model.coef_ - coef) < 0.2 * np.linalg.norm(coef)
    Z, gammas = X - X.mean(axis=0), model.gammas_
    V = model.noise_variance_ * np.eye(40) + (Z * gammas) @ Z.T
    mean = gammas * (Z.T @ np.linalg.solve(V, y - y.mean()))
    assert_allclose(model.coef_, mean, atol=1e-7)


def test_first_step_of_clusters(rng):
    X, y = rng.standard_normal((30, 8)), rng.standard_normal(30)
    X /= np.linalg.norm(X, axis=0)
    y /= np.linalg.norm(y)
    options = {"noise_variance": 0.1, "fit_intercept": False, "max_iter": 1}
    with pytest.warns(ConvergenceWarning):
        model = PatternCoupledSBL(0.7, prune=0.0, **options).fit(X, y)
    V = 0.1 * np.eye(30) + X @ X.T / 8
    gain = X.T @ np.linalg.inv(V) / 8
    squares = (gain @ y) ** 2 + np.diag(np.eye(8) / 8 - gain @ X / 8)
    couple = np.eye(8) + 0.7 * (np.eye(8, k=1) + np.eye(8, k=-1))
    alpha = 1 / (couple @ squares / 2 + 1e-8)
    assert_allclose(model.gammas_, 1 / (couple @ alpha), rtol=1e-8)
    with pytest.raises(ValueError, match="coupling must be a number in"):
        PatternCoupledSBL(1.5).fit(X, y)


@pytest.mark.parametrize("kind", [BlockSBL, PatternCoupledSBL])
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scales(rng, kind, scale):
    X, y, _ = blocks(rng, n=100)
    columns = 10.0 ** rng.integers(-6, 7, 60)
    model, other = kind().fit(X, y), kind().fit(X * columns, y * scale)
    assert_allclose(other.coef_ * columns, model.coef_ * scale, rtol=1e-6, atol=1e-12)
    assert other.noise_variance_ == pytest.approx(
        model.noise_variance_ * scale**2, rel=1e-7
    )


@pytest.mark.parametrize("kind", [BlockSBL, PatternCoupledSBL, MultitaskSBL])
def test_degenerate_columns(rng, kind):
    X, y, _ = regression(rng, 30, 6)
    model = kind(max_iter=5000).fit(np.c_[np.zeros(30), X, X[:, 0], np.ones(30)], y)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.sigma_).all()
    assert not model.coef_[[0, 8]].any()
