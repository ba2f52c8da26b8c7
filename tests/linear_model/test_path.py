"""Paths: each point is as good as its gap says, and equals scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from problems import (
    FORMATS,
    centred,
    make_data,
    objective,
)
from sklearn import linear_model as sk

from sparsesci.linear_model import enet_path, lasso_path
from sparsesci.penalties import ElasticNet


def _tasks(coefs, k):
    """Coefficients (n_features, n_targets) at the k-th alpha."""
    return np.atleast_2d(coefs[..., k]).T if coefs.ndim == 3 else coefs[:, k]


@pytest.mark.parametrize("precompute", [False, True, "auto"])
@pytest.mark.parametrize("n_targets", [0, 3])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("l1_ratio", [0.6, 1.0])
def test_gaps_along_a_path_are_true(
    backend, global_random_seed, l1_ratio, form, n_targets, precompute
):
    data = make_data(global_random_seed, 30, 150, n_targets)
    X, y = data.X - data.X.mean(axis=0), data.y - data.y.mean(axis=0)
    # From below alpha_max on: the first solution is not zero, and columns are screened.
    largest = enet_path(X, y, l1_ratio=l1_ratio, alphas=1)[0][0]
    options = {
        "l1_ratio": l1_ratio,
        "alphas": largest * np.geomspace(0.9, 0.01, 6),
        "precompute": precompute,
    }
    X = FORMATS[form](X)
    alphas, loose, gaps = enet_path(X, y, **options)
    _, tight, tight_gaps = enet_path(X, y, **options, tol=1e-10, max_iter=10**5)
    scale = centred(X, y, None, False).scale
    assert (gaps <= 1e-4 * scale).all()
    assert (tight_gaps <= 1e-10 * scale).all()
    for k, alpha in enumerate(alphas):
        penalty = ElasticNet(alpha, l1_ratio)
        reached = objective(X, y, _tasks(loose, k), 0.0, penalty)
        best = objective(X, y, _tasks(tight, k), 0.0, penalty)
        assert reached - gaps[k] <= best + 1e-12 * scale


@pytest.mark.parametrize("seed", range(6))
def test_screening_at_one_alpha_is_forgotten_at_the_next(seed):
    X, y, _ = make_data(seed, 30, 150)
    X, y = X - X.mean(axis=0), y - y.mean()
    alphas = np.max(np.abs(X.T @ y)) / len(X) * np.geomspace(0.9, 0.05, 5)
    _, coefs, gaps = lasso_path(X, y, alphas=alphas, precompute=False)
    _, expected, _ = sk.lasso_path(X, y, alphas=alphas, tol=1e-10, max_iter=10**5)
    scale = centred(X, y, None, False).scale
    assert (gaps <= 1e-4 * scale).all()
    for k, alpha in enumerate(alphas):
        penalty = ElasticNet(alpha, 1.0)
        best = objective(X, y, expected[:, k], 0.0, penalty)
        reached = objective(X, y, coefs[:, k], 0.0, penalty)
        assert reached - gaps[k] <= best + 1e-12 * scale


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("n_targets", [0, 3])
@pytest.mark.parametrize("form", ["F", "CSC"])
@pytest.mark.parametrize("shape", [(60, 20), (20, 40)])
def test_equals_scikit_learn(global_random_seed, shape, form, n_targets, positive):
    if positive and n_targets:
        with pytest.raises(ValueError, match="positive=True is not allowed"):
            lasso_path(*make_data(0, *shape, n_targets)[:2], positive=True)
        return
    X, y, _ = make_data(global_random_seed, *shape, n_targets)
    options = {"alphas": 7, "eps": 0.05, "positive": positive, "max_iter": 10**5}
    # The oldest scikit-learn takes no sparse X for several targets.
    theirs_X = X if n_targets else FORMATS[form](X)
    for ours, theirs, extra in (
        (lasso_path, sk.lasso_path, {}),
        (enet_path, sk.enet_path, {"l1_ratio": 0.4}),
    ):
        alphas, coefs, _ = ours(FORMATS[form](X), y, **options, **extra, tol=1e-13)
        grid = {**options, "alphas": alphas}
        expected = theirs(theirs_X, y, **grid, **extra, tol=1e-13)[1]
        np.testing.assert_allclose(coefs, expected, atol=2e-6 * np.abs(expected).max())
        largest = np.max(np.linalg.norm(np.atleast_2d((X.T @ y).T), axis=0) / len(y))
        if not positive:
            np.testing.assert_allclose(
                alphas[0], largest / extra.get("l1_ratio", 1.0), rtol=1e-13
            )
        np.testing.assert_allclose(alphas[-1], 0.05 * alphas[0], rtol=1e-13)


def test_iterations_are_returned_on_demand():
    X, y, _ = make_data(0, 30, 10)
    assert len(lasso_path(X, y, alphas=4)) == 3
    *_, n_iters = lasso_path(X, y, alphas=4, return_n_iter=True)
    assert len(n_iters) == 4
    assert min(n_iters) >= 1


def test_alphas_come_back_from_large_to_small():
    X, y, _ = make_data(0, 30, 10)
    alphas, coefs, _ = lasso_path(X, y, alphas=[0.1, 1.0, 0.3], tol=1e-10)
    np.testing.assert_array_equal(alphas, [1.0, 0.3, 0.1])
    last = lasso_path(X, y, alphas=[0.1], tol=1e-10)[1][:, 0]
    np.testing.assert_allclose(coefs[:, -1], last, atol=1e-6)


def test_start_from_coefficients():
    X, y, _ = make_data(0, 30, 10)
    _, coefs, _ = lasso_path(X, y, alphas=[0.1], tol=1e-12)
    *_, n_iters = lasso_path(
        X, y, alphas=[0.1], coef_init=coefs[:, 0], tol=1e-8, return_n_iter=True
    )
    assert n_iters == [1]


@pytest.mark.parametrize("n_targets", [0, 3])
def test_products_with_the_target_may_be_given(n_targets):
    X, y, _ = make_data(0, 30, 10, n_targets)
    options = {"alphas": 4, "precompute": X.T @ X, "tol": 1e-12}
    expected = lasso_path(X, y, **options)
    for ours, theirs in zip(lasso_path(X, y, Xy=X.T @ y, **options), expected):
        np.testing.assert_allclose(ours, theirs, atol=1e-8)
    with pytest.raises(ValueError, match="Xy must have one entry for each feature"):
        lasso_path(X, y, Xy=(X.T @ y)[1:], **options)
    with pytest.raises(ValueError, match="Xy must be finite"):
        lasso_path(X, y, Xy=np.nan * (X.T @ y), **options)


def test_sample_weight_equals_repetition():
    X, y, _ = make_data(0, 30, 10)
    weights = np.arange(30) % 3
    options = {"alphas": [1.0, 0.3, 0.1], "tol": 1e-12}
    _, weighted, _ = lasso_path(X, y, sample_weight=weights, **options)
    _, repeated, _ = lasso_path(X.repeat(weights, axis=0), y.repeat(weights), **options)
    np.testing.assert_allclose(weighted, repeated, atol=1e-6)
