"""Passes over a matrix: statistics of columns, correlations, products."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.reference import FORMATS, Problem, make_problem, make_residual
from numpy.testing import assert_allclose, assert_array_equal

DATA_FORMATS = [f for f in FORMATS if f != "gram"]
pytestmark = [
    pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"]),
    pytest.mark.parametrize("centred", [False, True], ids=["", "centred"]),
]


def column_stats(kernels, problem, center):
    p = problem.X.shape[1]
    means, lipschitz = np.full(p, np.nan), np.full(p, np.nan)
    X, none = problem.build(kernels, bare=True), np.empty((0, problem.X.shape[0]))
    kernels.column_stats(X, center, none, means, lipschitz, np.empty((p, 0)))
    return means, lipschitz


@pytest.mark.parametrize("format", DATA_FORMATS)
def test_column_stats_are_weighted_moments(kernels, rng, format, centred, weighted):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    means, lipschitz = column_stats(kernels, problem, centred)
    expected = problem.means if centred else np.zeros(len(means))
    assert_allclose(means, expected, rtol=1e-12, atol=1e-14)
    assert_allclose(lipschitz, problem.lipschitz, rtol=1e-12)


@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("format", DATA_FORMATS)
def test_column_stats_correlate(kernels, rng, format, n_targets, centred, weighted):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    n, p = problem.X.shape
    Y = rng.standard_normal((n_targets, n))
    if centred:
        Y -= (Y @ problem.s / n)[:, None]
    means, lipschitz, out = np.empty(p), np.empty(p), np.full((p, n_targets), np.nan)
    X = problem.build(kernels, bare=True)
    kernels.column_stats(X, centred, Y, means, lipschitz, out)
    expected = problem.columns.T @ (problem.s * Y).T / n
    assert_allclose(out, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 33, 1000])
@pytest.mark.parametrize("format", DATA_FORMATS)
def test_any_number_of_rows(kernels, rng, format, centred, weighted, n):
    """All remainders of the SIMD lanes."""
    problem = make_problem(rng, format, n=n, centred=centred, weighted=weighted)
    _, lipschitz = column_stats(kernels, problem, centred)
    assert_allclose(lipschitz, problem.lipschitz, rtol=1e-11, atol=1e-12)
    residual = make_residual(rng, problem, 1)
    out = np.empty(problem.X.shape[1])
    kernels.correlation(problem.build(kernels), *problem.pack(residual), None, out)
    expected = problem.correlation(residual)[:, 0]
    assert_allclose(out, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("format", DATA_FORMATS)
def test_constant_columns_have_no_variance(kernels, rng, format, centred, weighted):
    constants = np.array([1e8, -1e8, 0.1, 1e-8, 0.0, 3.0])
    if format.endswith("32"):
        constants = constants.astype(np.float32).astype(np.float64)
    base = make_problem(rng, format, n=57, centred=centred, weighted=weighted)
    problem = Problem(np.tile(constants, (57, 1)), format, centred, base.weights)
    means, lipschitz = column_stats(kernels, problem, centred)
    if centred:
        assert_allclose(means, constants, rtol=1e-14)
        assert_array_equal(lipschitz, 0.0)
    else:
        assert_array_equal(means, 0.0)
        assert_allclose(lipschitz, constants**2, rtol=1e-13)


@pytest.mark.parametrize("format", DATA_FORMATS)
def test_columns_of_any_scale(kernels, rng, format, centred, weighted):
    problem = make_problem(rng, format, p=17, centred=centred, weighted=weighted)
    X = problem.X * 10.0 ** np.arange(-8, 9)
    if format.endswith("32"):
        X = X.astype(np.float32).astype(np.float64)
    problem = Problem(X, format, centred, problem.weights)
    _, lipschitz = column_stats(kernels, problem, centred)
    assert_allclose(lipschitz, problem.lipschitz, rtol=1e-12)


@pytest.mark.parametrize("format", DATA_FORMATS)
def test_variance_survives_a_distant_mean(kernels, rng, format, centred, weighted):
    """Values 1e8 + {0, 8}: float32 holds them, and 1e16 + 16 is lost in a square."""
    problem = make_problem(rng, format, n=40, centred=centred, weighted=weighted)
    steps = 8.0 * rng.integers(0, 2, problem.X.shape)
    steps[0], steps[1] = 0.0, 8.0
    far = Problem(1e8 + steps, format, centred, problem.weights)
    near = Problem(steps, format, centred, problem.weights)
    _, lipschitz = column_stats(kernels, far, centred)
    expected = near.lipschitz if centred else far.lipschitz
    assert_allclose(lipschitz, expected, rtol=1e-7)


@pytest.mark.parametrize("format", DATA_FORMATS)
def test_zeros_in_rows_of_weight_zero_do_not_count(
    kernels, rng, format, centred, weighted
):
    """Columns 1e8 and 1e8 + {0, 8} where the weight is positive, and 0 elsewhere."""
    n = 57
    weights = rng.uniform(0.3, 2.0, n) if weighted else np.ones(n)
    weights[::4] = 0.0
    weights *= n / weights.sum()
    steps = 8.0 * rng.integers(0, 2, (n, 10))
    steps[1], steps[2] = 0.0, 8.0
    steps[:, 0] = 0.0
    far = np.where(weights[:, None] > 0, 1e8 + steps, 0.0)
    problem = Problem(far, format, centred, weights)
    _, lipschitz = column_stats(kernels, problem, centred)
    expected = Problem(steps, format, True, weights) if centred else problem
    assert_allclose(lipschitz, expected.lipschitz, rtol=1e-12)


@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("format", FORMATS)
def test_correlation(kernels, rng, format, centred, weighted, n_tasks):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    residual = make_residual(rng, problem, n_tasks)
    expected = problem.correlation(residual)
    handle, state = problem.build(kernels), problem.pack(residual)
    out = np.full_like(expected, np.nan)
    kernels.correlation(handle, *state, None, out)
    assert_allclose(out, expected, rtol=1e-10, atol=1e-12)

    listed = np.array([7, 0, 3])
    out = np.full_like(expected, np.nan)
    kernels.correlation(handle, *state, listed, out)
    assert_allclose(out[listed], expected[listed], rtol=1e-10, atol=1e-12)
    assert np.isnan(np.delete(out, listed, axis=0)).all()


@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("format", FORMATS)
def test_subtract_product(kernels, rng, format, centred, weighted, n_tasks):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    residual = make_residual(rng, problem, n_tasks)
    w = rng.standard_normal((problem.X.shape[1], n_tasks))
    w[::3] = 0.0
    state = problem.pack(residual)
    handle = problem.build(kernels)
    kernels.subtract_product(handle, None, w, *state)
    expected = problem.state_of(residual - problem.columns @ w)
    assert_allclose(problem.unpack(*state), expected, rtol=1e-10, atol=1e-10)
    listed = np.array([7, 1, 4])
    kernels.subtract_product(handle, listed, w[listed], *state)
    w[listed] *= 2
    expected = problem.state_of(residual - problem.columns @ w)
    assert_allclose(problem.unpack(*state), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n_targets", [2, 5])
@pytest.mark.parametrize("zeros", [[(0, 300)], [(0, 120), (260, 300)], [(3, 4)]])
def test_correlation_of_residuals_with_rows_of_zeros(
    kernels, rng, centred, weighted, n_targets, zeros
):
    X = np.asfortranarray(rng.standard_normal((300, 11)))
    residual, s = rng.standard_normal((n_targets, 300)), np.ones(300)
    for start, stop in zeros:
        residual[:, start:stop] = 0.0
    s[130:255] = 0.0 if weighted else 1.0
    means = rng.standard_normal(11) if centred else np.zeros(11)
    out, offset = np.full((11, n_targets), np.nan), np.zeros(n_targets)
    handle = kernels.dense_matrix(
        X, means if centred else None, s if weighted else None
    )
    kernels.correlation(handle, residual, offset, None, out)
    assert_allclose(out, (X - means).T @ (residual * s).T / 300, atol=1e-13)


@pytest.mark.parametrize("format", ["dense", "dense32"])
@pytest.mark.parametrize("rows", [slice(0, None), slice(3, 11), slice(5, 5)])
def test_copy_columns(kernels, rng, format, centred, weighted, rows):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    columns = np.array([6, 4, 9, 6])
    scaled = np.sqrt(problem.s)[:, None] * problem.columns
    expected = scaled[rows][:, columns].T
    out = np.full(expected.shape, np.nan)
    kernels.copy_columns(problem.build(kernels), columns, rows.start, out)
    assert_allclose(out, expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("format", ["dense", "dense32"])
@pytest.mark.parametrize("known", [0, 2, 3, 5])
@pytest.mark.parametrize("columns", [[6, 4, 9, 0, 7], [2, 3, 4, 5, 6]], ids=str)
@pytest.mark.parametrize("single", [False, True], ids=["double", "single"])
def test_dense_gram(kernels, rng, format, centred, weighted, known, columns, single):
    """In two parts; columns that lie together may be multiplied where they are."""
    problem = make_problem(rng, format, n=300, centred=centred, weighted=weighted)
    columns = np.array(columns)
    A = problem.columns[:, columns]
    expected = A.T @ (problem.s[:, None] * A)
    gram = np.full((8, 8), np.nan)
    gram[:5, :5] = 0.0
    handle = problem.build(kernels)
    for start, stop in ((0, 123), (123, 123), (123, 300)):
        kernels.dense_gram(handle, columns, known, start, stop, single, gram)
    expected[:known, :known] = 0.0
    accuracy = {"rtol": 1e-12, "atol": 1e-11} if not single else {"atol": 1e-3}
    assert_allclose(gram[:5, :5], expected, **accuracy)
    rounded = np.abs(gram[:5, :5] - expected).max() > 1e-10
    assert rounded == single or known > 0
    assert_array_equal(gram[:5, :5], gram[:5, :5].T)
    assert np.isnan(gram[5:]).all()
    assert np.isnan(gram[:, 5:]).all()


@pytest.mark.parametrize("size", [33, 100])
def test_dense_gram_of_many_columns_is_symmetric(kernels, rng, size, centred, weighted):
    problem = make_problem(rng, "dense", p=size, centred=centred, weighted=weighted)
    gram, columns = np.zeros((size, size)), np.arange(size)
    X = problem.build(kernels)
    kernels.dense_gram(X, columns, 40 % size, 0, 23, False, gram)
    A = problem.columns
    expected = A.T @ (problem.s[:, None] * A)
    expected[: 40 % size, : 40 % size] = 0.0
    assert_allclose(gram, expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("format", ["csc", "csc32"])
@pytest.mark.parametrize("known", [0, 2, 5])
def test_sparse_gram(kernels, rng, format, centred, weighted, known):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    problem.X[:, 4] = 0.0
    columns = np.array([6, 4, 9, 0, 7])
    A = problem.columns[:, columns]
    expected = A.T @ (problem.s[:, None] * A)
    gram = np.full((8, 8), np.nan)
    handle = problem.build(kernels)
    kernels.sparse_gram(handle, columns[:known], 0, gram)
    assert_allclose(gram[:known, :known], expected[:known, :known], atol=1e-11)
    gram[:known, :known] = -1.0
    kernels.sparse_gram(handle, columns, known, gram)
    expected[:known, :known] = -1.0
    assert_allclose(gram[:5, :5], expected, atol=1e-11)
    assert np.isnan(gram[5:]).all()
    assert np.isnan(gram[:, 5:]).all()


@pytest.mark.parametrize("format", DATA_FORMATS)
def test_recentred_columns_are_those_of_a_handle_with_means(
    kernels, rng, format, centred, weighted
):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    residual, offset = problem.pack(make_residual(rng, problem, 2))
    means = rng.standard_normal(problem.X.shape[1])

    def correlations(X):
        out = np.empty((problem.X.shape[1], 2))
        kernels.correlation(X, residual, offset, None, out)
        return out

    bare, known = problem.build(kernels, bare=True), problem.build(kernels)
    moved = kernels.recentred(bare, means)
    assert_array_equal(
        correlations(kernels.recentred(moved, problem.means)), correlations(known)
    )
    assert_array_equal(correlations(kernels.recentred(moved, None)), correlations(bare))
