"""Greedy pursuit against the formulas, naively."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

RULES = pytest.mark.parametrize("ols", [False, True], ids=["omp", "ols"])
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def pursue(kernels, D, Y, ols, k, tol=-np.inf):
    """Codes of the rows of Y: lists of (support, coefficients), and errors."""
    dtype, B, p = D.dtype, len(Y), D.shape[1]
    eps = np.finfo(dtype).eps
    support, coef = np.full((B, k), -1), np.zeros((B, k), dtype)
    count, error = np.zeros(B, int), np.zeros(B)
    kernels.omp_gram(
        np.ascontiguousarray(D.T @ D),
        np.ascontiguousarray(Y @ D),
        np.sum(Y.astype(float) ** 2, axis=1),
        *(ols, k, tol, 512 * eps, (64 * eps) ** 2),
        *(support, coef, count, error),
        np.empty(kernels.omp_work_size(p, k), dtype),
    )
    return [(s[:n], c[:n]) for s, c, n in zip(support, coef, count)], error


def scores(D, y, chosen, ols):
    """Scores of all atoms from their definition, chosen ones 0."""
    A = D[:, chosen]
    out = np.zeros(D.shape[1])
    residual = y - A @ np.linalg.lstsq(A, y, rcond=None)[0] if len(chosen) else y
    for j in set(range(D.shape[1])) - set(chosen):
        d = D[:, j]
        off = d - A @ np.linalg.lstsq(A, d, rcond=None)[0] if len(chosen) else d
        norm = np.linalg.norm(off) if ols else 1.0
        out[j] = abs(d @ residual) / norm
    return out


@pytest.mark.parametrize("p", [1, 5, 31, 32, 33, 64, 70])
@RULES
def test_every_choice_has_the_best_score(kernels, rng, ols, p):
    D, Y = rng.standard_normal((20, p)), rng.standard_normal((7, 20))
    k = min(p, 12)
    codes, errors = pursue(kernels, D, Y, ols, k)
    for y, (support, coef), error in zip(Y, codes, errors):
        assert len(set(support)) == len(support) == k
        for t, j in enumerate(support):
            values = scores(D, y, support[:t].tolist(), ols)
            assert values[j] == pytest.approx(values.max(), rel=1e-8)
        exact = np.linalg.lstsq(D[:, support], y, rcond=None)[0]
        assert_allclose(coef, exact, rtol=1e-8, atol=1e-10)
        assert error == pytest.approx(
            np.sum((y - D[:, support] @ exact) ** 2), rel=1e-8
        )


@DTYPES
@RULES
def test_an_error_is_met_with_as_few_atoms_as_it_takes(kernels, rng, ols, dtype):
    D = rng.standard_normal((20, 50)).astype(dtype)
    Y = rng.standard_normal((30, 20)).astype(dtype)
    tol = 4.0
    codes, errors = pursue(kernels, D, Y, ols, 20, tol)
    for y, (support, coef), error in zip(Y, codes, errors):
        assert error <= tol
        residual = y - D[:, support] @ coef
        assert residual @ residual == pytest.approx(error, rel=1e-3)
        less = np.linalg.lstsq(D[:, support[:-1]], y, rcond=None)[0]
        assert np.sum((y - D[:, support[:-1]] @ less) ** 2) > tol


@DTYPES
@RULES
def test_equal_scores_go_to_the_first_atom(kernels, ols, dtype):
    D = np.tile(np.eye(4, dtype=dtype), 20)
    codes, _ = pursue(kernels, D, np.array([[1, 4, 2, 3]], dtype), ols, 6)
    assert_array_equal(codes[0][0], [1, 3, 2, 0])
    assert_allclose(codes[0][1], [4, 3, 2, 1])


@DTYPES
@RULES
def test_dependent_and_zero_atoms_are_passed_over(kernels, rng, ols, dtype):
    base = rng.standard_normal((10, 4))
    D = np.c_[np.zeros(10), base, base @ rng.standard_normal((4, 60)), base]
    Y = rng.standard_normal((20, 10))
    codes, _ = pursue(kernels, D.astype(dtype), Y.astype(dtype), ols, 40)
    for support, coef in codes:
        # The last direction of a badly conditioned choice may be noise in float32.
        assert len(support) == 4 or (dtype is np.float32 and len(support) == 3)
        assert np.linalg.matrix_rank(D[:, support]) == len(support)
        assert np.isfinite(coef).all()


@RULES
def test_signals_without_anything_to_find(kernels, ols):
    D, Y = np.eye(6)[:, :4], np.zeros((3, 6))
    Y[1, 5] = 1.0  # orthogonal to all atoms
    codes, errors = pursue(kernels, D, Y, ols, 3)
    assert [len(support) for support, _ in codes] == [0, 0, 0]
    assert_array_equal(errors, [0, 1, 0])
    assert pursue(kernels, D, Y, ols, 0)[0][0][0].size == 0


@pytest.mark.parametrize("scale", [1e-12, 1e12])
@DTYPES
@RULES
def test_scales_of_signals(kernels, rng, ols, dtype, scale):
    D = rng.standard_normal((20, 50)).astype(dtype)
    Y = rng.standard_normal((5, 20)).astype(dtype)
    codes, _ = pursue(kernels, D, Y, ols, 6)
    scaled, _ = pursue(kernels, D, Y * dtype(scale), ols, 6)
    for (support, coef), (other, far) in zip(codes, scaled):
        assert_array_equal(support, other)
        assert_allclose(far / scale, coef, rtol=1e-3 if dtype is np.float32 else 1e-9)


# ---- the k largest -------------------------------------------------------------------
@pytest.mark.parametrize("k", [0, 1, 2, 7, 39, 40])
def test_top_k_are_the_first_of_a_stable_sort(kernels, rng, k):
    values = rng.integers(0, 9, (30, 40)).astype(float)  # many are equal
    out = np.empty((30, k), int)
    kernels.top_k(values, k, out)
    expected = np.argsort(-values, axis=1, kind="stable")[:, :k]
    assert_array_equal(out, np.sort(expected, axis=1))


# ---- least absolute deviations along a column ----------------------------------------
def line_search(kernels, X, residual, shift, slope):
    p = X.shape[1]
    if sparse.issparse(X):
        arrays = X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32)
        handle = kernels.csc_matrix(*arrays, X.shape[0], None, None)
    else:
        handle = kernels.dense_matrix(np.asfortranarray(X), None, None)
    steps, gains = np.full(p, np.nan), np.full(p, np.nan)
    work = np.empty(2 * (len(residual) + 1))
    kernels.lad_line_search(handle, residual, shift, slope, steps, gains, work)
    return steps, gains


@pytest.mark.parametrize("n", [1, 2, 3, 30, 31])
@pytest.mark.parametrize("form", [np.asfortranarray, sparse.csc_array])
@DTYPES
def test_line_search_is_the_best_of_all_ratios(kernels, rng, form, n, dtype):
    X = rng.standard_normal((n, 12)).astype(dtype)
    X[rng.random(X.shape) < 0.4] = 0.0
    X[:, 5] = 0.0
    residual = rng.integers(-3, 4, n).astype(float)
    shift, slope = rng.standard_normal(12), rng.standard_normal(12)
    slope[::3] = 0.0
    steps, gains = line_search(kernels, form(X), residual, shift, slope)
    for j in range(12):
        x, r = np.r_[X[:, j].astype(float), slope[j]], np.r_[residual, shift[j]]
        ratios = np.sort(r[x != 0] / x[x != 0])
        start = np.abs(r).sum()
        values = [np.abs(r - t * x).sum() for t in ratios] or [start]
        assert start - min(values) == pytest.approx(gains[j], abs=1e-12)
        assert np.abs(r - steps[j] * x).sum() == pytest.approx(min(values), abs=1e-12)
    if not slope[5]:
        assert steps[5] == gains[5] == 0.0


def test_line_search_takes_the_lower_of_two_medians(kernels):
    steps, _ = line_search(
        kernels, np.ones((4, 1)), np.array([4.0, 1, 3, 2]), np.zeros(1), np.zeros(1)
    )
    assert steps[0] == 2.0


def test_line_search_with_many_equal_ratios(kernels):
    n = 20_000
    residual = np.repeat([1.0, 2.0], n // 2)
    zero = np.zeros(1)
    steps, gains = line_search(kernels, np.ones((n, 1)), residual, zero, zero)
    assert steps[0] == 1.0
    assert gains[0] == n


def test_line_search_has_no_gram(kernels):
    gram, p = kernels.gram_matrix(np.eye(3), 3, 5), np.zeros(3)
    arrays = np.zeros(3), p, p, p.copy(), p.copy(), np.zeros(8)
    with pytest.raises(ValueError, match="a Gram matrix has no rows"):
        kernels.lad_line_search(gram, *arrays)
