"""Designs, coefficients, noise and corruption are what their docstrings say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import fft

from sparsesci.datasets import (
    add_corruption,
    add_noise,
    make_bernoulli_design,
    make_gaussian_design,
    make_partial_dct_design,
    make_sparse_coef,
    make_sparse_problem,
    make_toeplitz_design,
)

DESIGNS = (
    make_gaussian_design,
    make_bernoulli_design,
    make_toeplitz_design,
    make_partial_dct_design,
)


@pytest.mark.parametrize("make", DESIGNS, ids=lambda f: f.__name__)
def test_designs(make, global_random_seed):
    X = make(20, 50, random_state=global_random_seed)
    assert X.shape == (20, 50)
    assert X.flags.f_contiguous
    assert_allclose(np.linalg.norm(X, axis=0), 1)
    assert_array_equal(X, make(20, 50, random_state=global_random_seed))
    assert np.any(make(20, 50, random_state=global_random_seed + 1) != X)
    raw = make(20, 50, unit_norm=False, random_state=global_random_seed)
    assert_allclose(raw / np.linalg.norm(raw, axis=0), X)


def test_entries():
    raw = {"unit_norm": False, "random_state": 0}
    gauss = make_gaussian_design(200, 100, **raw)
    assert abs(gauss.mean()) < 0.03
    assert abs(gauss.std() - 1) < 0.03
    assert_array_equal(np.unique(make_bernoulli_design(10, 10, **raw)), [-1, 1])
    covariance = np.cov(make_toeplitz_design(20_000, 5, -0.8, **raw), rowvar=False)
    distance = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    assert_allclose(covariance, (-0.8) ** distance, atol=0.05)


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (5, 16), (7, 15), (16, 16)])
def test_partial_dct(shape, global_random_seed):
    options = {"random_state": global_random_seed}
    raw = make_partial_dct_design(*shape, unit_norm=False, **options)
    assert_allclose(raw @ raw.T, np.eye(shape[0]), atol=1e-12)
    transform = fft.dct(np.eye(shape[1]), norm="ortho", axis=0)
    rows = [np.flatnonzero(np.isclose(transform, r).all(axis=1))[0] for r in raw]
    assert_array_equal(rows, np.unique(rows))
    X = make_partial_dct_design(*shape, **options)
    norms = np.linalg.norm(X, axis=0)
    assert np.all(np.isclose(norms, 1) | (norms < 1e-7))
    A = make_partial_dct_design(*shape, as_operator=True, **options)
    rng = np.random.default_rng(global_random_seed)
    W, R = rng.standard_normal((shape[1], 3)), rng.standard_normal((shape[0], 2))
    assert_allclose(A @ W, X @ W, atol=1e-12)
    assert_allclose(A @ W[:, 0], X @ W[:, 0], atol=1e-12)
    assert_allclose(A.T @ R, X.T @ R, atol=1e-12)
    assert_allclose(A.rmatvec(R[:, 0]), X.T @ R[:, 0], atol=1e-12)


@pytest.mark.parametrize("values", ["gaussian", "ones", "signs", "uniform"])
def test_coefficients(values, global_random_seed):
    options = {"values": values, "random_state": global_random_seed}
    coef = make_sparse_coef(20, 6, **options)
    assert coef.shape == (20,)
    assert np.count_nonzero(coef) == 6
    several = make_sparse_coef(20, 6, n_signals=50, **options)
    assert_array_equal(np.count_nonzero(several, axis=1), np.full(50, 6))
    assert np.count_nonzero(several, axis=0).min() > 0
    chosen = several[several != 0]
    expected = {"ones": {1.0}, "signs": {-1.0, 1.0}}.get(values)
    if expected:
        assert set(chosen) == expected
    else:
        assert len(set(chosen)) == 300
    assert not make_sparse_coef(5, 0).any()


def test_noise_has_the_ratio_asked_for(global_random_seed):
    y = np.random.default_rng(global_random_seed).standard_normal((30, 4)) * [
        1,
        2,
        3,
        9,
    ]
    error = add_noise(y, 13.0, random_state=global_random_seed) - y
    ratio = (y**2).sum(axis=0) / (error**2).sum(axis=0)
    assert_allclose(10 * np.log10(ratio), 13.0)
    assert_array_equal(add_noise(y, np.inf), y)
    assert_array_equal(add_noise(np.zeros(3), 10.0), np.zeros(3))


def test_corruption_hits_a_share_of_each_column():
    y = np.arange(40.0).reshape(20, 2)
    bad = add_corruption(y, 0.25, scale=10.0, random_state=0)
    assert_array_equal(np.count_nonzero(bad != y, axis=0), [5, 5])
    assert_array_equal(y, np.arange(40.0).reshape(20, 2))
    assert_array_equal(add_corruption(y, 0.0), y)
    assert 3 < np.std((bad - y)[bad != y]) < 30


@pytest.mark.parametrize(
    "design",
    ["gaussian", "bernoulli", "toeplitz", "partial_dct", "partial_dct_operator"],
)
def test_problem(design):
    X, y, coef = make_sparse_problem(15, 30, 3, design=design, random_state=0)
    assert X.shape == (15, 30)
    assert_allclose(X @ coef, y)
    X, Y, coefs = make_sparse_problem(
        15, 30, 3, design=design, n_signals=4, random_state=0
    )
    assert_allclose(X @ coefs.T, Y)
    assert Y.shape == (15, 4)


def test_problem_passes_options_on():
    options = {"values": "ones", "snr": 20, "corruption": 0.2, "unit_norm": False}
    problem = make_sparse_problem(50, 30, 3, random_state=1, **options)
    assert_array_equal(np.unique(problem.coef), [0, 1])
    assert np.linalg.norm(problem.X[:, 0]) > 2
    errors = np.abs(problem.y - problem.X @ problem.coef)
    assert np.sum(errors > 3) > 5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: make_gaussian_design(0, 3), ValueError, "n_samples must be"),
        (lambda: make_gaussian_design(3, 2.0), TypeError, "n_features must be"),
        (lambda: make_gaussian_design(3, 2, unit_norm=1), TypeError, "unit_norm must"),
        (lambda: make_toeplitz_design(3, 2, 1.0), ValueError, "correlation must be"),
        (lambda: make_partial_dct_design(3, 2), ValueError, "n_samples must be at"),
        (
            lambda: make_partial_dct_design(2, 3, as_operator="yes"),
            TypeError,
            "as_operator must",
        ),
        (lambda: make_sparse_coef(3, 4), ValueError, "n_nonzero must be at most"),
        (lambda: make_sparse_coef(3, -1), ValueError, "n_nonzero must be"),
        (lambda: make_sparse_coef(3, 1, values="two"), ValueError, "values must be"),
        (lambda: make_sparse_coef(3, 1, n_signals=0), ValueError, "n_signals must be"),
        (lambda: add_noise([1.0], -np.inf), ValueError, "snr must be"),
        (lambda: add_noise([1.0, np.nan], 1), ValueError, "y must be finite"),
        (lambda: add_noise(1.0, 1), ValueError, "y must have shape"),
        (lambda: add_corruption([1.0], 1.1), ValueError, "fraction must be"),
        (lambda: add_corruption([1.0], 0.1, scale=-1), ValueError, "scale must be"),
        (lambda: make_sparse_problem(3, 3, 1, design=2), ValueError, "design must be"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
