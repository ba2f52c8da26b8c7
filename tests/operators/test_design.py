"""Designs answer as the centred and weighted matrix would, and copy nothing."""

from __future__ import annotations

import numpy as np
import pytest
from problems import FORMATS, centred, make_data
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator

from sparsesci.operators import ColumnDesign, OperatorDesign, as_design, design
from sparsesci.operators.design import Residual

KINDS = {**{k: FORMATS[k] for k in ("F", "CSC")}, "operator": aslinearoperator}
every_kind = pytest.mark.parametrize("kind", KINDS)
centring = pytest.mark.parametrize("center", [False, True])
weighing = pytest.mark.parametrize("weighted", [False, True])


def _problem(kind, center, weighted, n_features=20):
    """A design, and the same as plain arrays."""
    X, Y, weights = make_data(0, 30, n_features, 3, weighted=weighted)
    plain = centred(X, Y, weights, center)
    scaled = None if weights is None else plain.s
    X = KINDS[kind](X)
    if kind == "CSC":
        X = sparse.csc_matrix(
            (X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32)), X.shape
        )
    return as_design(X, scaled, center), plain


@every_kind
@centring
@weighing
def test_correlate(backend, kind, center, weighted):
    made, plain = _problem(kind, center, weighted)
    # Residuals have weighted mean 0 where there is an intercept.
    R = np.ascontiguousarray(plain.Y.T)
    expected = plain.X.T @ (plain.s[:, None] * plain.Y) / 30
    np.testing.assert_allclose(
        made.correlate(Residual(R, np.zeros(3))), expected, atol=1e-13
    )
    if isinstance(made, ColumnDesign):
        out = np.full((20, 3), 7.0)
        columns = np.array([2, 11])
        made.correlate(Residual(R, np.zeros(3)), columns, out)
        np.testing.assert_allclose(out[columns], expected[columns], atol=1e-13)
        assert (np.delete(out, columns, axis=0) == 7.0).all()


@every_kind
@centring
@weighing
def test_fresh_residual(backend, kind, center, weighted):
    made, plain = _problem(kind, center, weighted)
    Y = np.ascontiguousarray(plain.Y.T)
    for W in (np.zeros((20, 3)), np.random.default_rng(1).standard_normal((20, 3))):
        residual = made.fresh_residual(Y, W)
        expected = (plain.Y - plain.X @ W).T
        np.testing.assert_allclose(residual.plain(), expected, atol=1e-12)
        assert not np.shares_memory(residual.values, Y)


@pytest.mark.parametrize("kind", ["F", "CSC"])
@centring
@weighing
def test_columns(backend, kind, center, weighted):
    made, plain = _problem(kind, center, weighted)
    squares = plain.s @ plain.X**2 / 30
    np.testing.assert_allclose(made.lipschitz, squares, rtol=1e-12)
    columns = np.array([0, 3, 19])
    expected = np.sqrt(plain.s)[:, None] * plain.X[:, columns]
    gathered = made.dense_columns(columns)
    np.testing.assert_allclose(gathered, expected, atol=1e-13)
    assert gathered.flags.f_contiguous
    assert 1 <= made.update_cost <= 30


@every_kind
@centring
@weighing
def test_targets_and_intercepts(kind, center, weighted):
    made, plain = _problem(kind, center, weighted)
    X, Y, _ = make_data(0, 30, 20, 3, weighted=weighted)
    rows, means = made.center_targets(np.ascontiguousarray(Y.T))
    np.testing.assert_allclose(rows, plain.Y.T, atol=1e-14)
    W = np.random.default_rng(1).standard_normal((20, 3))
    fitted = plain.X @ W + means if center else X @ W
    np.testing.assert_allclose(X @ W + made.intercept(W, means), fitted, atol=1e-12)
    assert made.inner(rows, rows) == pytest.approx(plain.s @ (plain.Y**2).sum(1))


@pytest.mark.parametrize("value", [0.1, 1e-300, -7e11, 1 / 3])
def test_a_constant_target_is_exactly_zero(value):
    made, _ = _problem("F", center=True, weighted=True)
    rows, means = made.center_targets(np.full((1, 30), value))
    assert not rows.any()
    assert means[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("kind", ["F", "CSC"])
@centring
def test_blocks_of_columns_change_nothing(backend, kind, center, monkeypatch):
    whole, plain = _problem(kind, center, True)
    monkeypatch.setattr(design, "_BLOCK_ENTRIES", 70)
    blocks, _ = _problem(kind, center, True)
    assert len(blocks._blocks) > 3
    np.testing.assert_array_equal(blocks.lipschitz, whole.lipschitz)
    residual = Residual(np.ascontiguousarray(plain.Y.T), np.zeros(3))
    np.testing.assert_array_equal(blocks.correlate(residual), whole.correlate(residual))


def _with_holes(dtype, n_samples=30, n_features=20):
    """Columns far from zero, with zeros in rows of weight 0; their weights."""
    X, Y, weights = make_data(0, n_samples, n_features, 3, weighted=True)
    weights[::3] = 0.0
    weights *= n_samples / weights.sum()
    X[:, ::2] = 1e5 + np.round(8 * X[:, ::2]) / 8  # exact in float32 as well
    X[:, 4] = 1e5
    rng = np.random.default_rng(1)
    X[(weights == 0)[:, None] & (rng.random(X.shape) < 0.6)] = 0.0
    return X.astype(dtype), Y, weights


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zeros_in_rows_of_weight_zero(backend, dtype):
    """Such columns lose no digits, and these rows have their right residuals."""
    X, Y, weights = _with_holes(dtype)
    dense = as_design(np.asfortranarray(X), weights, True)
    csc = sparse.csc_matrix(X)
    before = [array.copy() for array in (csc.data, csc.indices, csc.indptr)]
    made = as_design(csc, weights, True)
    for array, old in zip((csc.data, csc.indices, csc.indptr), before):
        np.testing.assert_array_equal(array, old, strict=True)
    assert made.dtype == made.X.dtype == dtype
    np.testing.assert_allclose(made.lipschitz, dense.lipschitz, rtol=1e-10)
    assert made.lipschitz[4] == 0.0
    np.testing.assert_allclose(made.means + made.shift, dense.means, rtol=1e-14)

    alive = np.flatnonzero(made.lipschitz)
    W = np.zeros((20, 3))
    W[alive] = np.random.default_rng(1).standard_normal((alive.size, 3))
    rows, mean = dense.center_targets(np.ascontiguousarray(Y.T))
    residual, expected = made.fresh_residual(rows, W), dense.fresh_residual(rows, W)
    np.testing.assert_allclose(
        residual.plain(), expected.plain(), rtol=1e-10, atol=1e-9
    )
    np.testing.assert_allclose(
        made.correlate(residual), dense.correlate(expected), atol=1e-9
    )
    np.testing.assert_allclose(
        made.dense_columns(alive), dense.dense_columns(alive), atol=1e-9
    )
    np.testing.assert_allclose(
        made.intercept(W, mean), dense.intercept(W, mean), rtol=1e-12
    )


def test_zeros_are_stored_for_a_few_columns_only(monkeypatch):
    """Where that would more than double the matrix, digits are lost instead."""
    X, _, weights = _with_holes(np.float64)
    csc = sparse.csc_matrix(X)
    made = as_design(csc, weights, True)
    filled = np.flatnonzero(np.diff(made.X.indptr) > np.diff(csc.indptr))
    assert filled.tolist() == [0, 2, *range(6, 20, 2)]  # not the constant one
    assert (np.diff(made.X.indptr)[filled] == 30).all()
    monkeypatch.setattr(design, "_BLOCK_ENTRIES", 70)
    few = csc[weights > 0][:1]
    rows = sparse.vstack([few, few + few.sign(), sparse.csc_matrix((500, 20))])
    made = as_design(rows.tocsc(), np.r_[251.0, 251.0, np.zeros(500)], True)
    assert made.X.nnz == rows.nnz


@pytest.mark.parametrize("kind", ["F", "CSC"])
def test_data_are_not_copied(kind):
    X = KINDS[kind](make_data(0, 30, 20).X)
    made = as_design(X, None, True)
    assert made.X is X


def test_float32_keeps_its_dtype_and_counts_in_double(backend):
    X = np.asfortranarray(make_data(0, 30, 20).X)
    single = as_design(X.astype(np.float32, order="F"), None, True)
    double = as_design(X, None, True)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single.lipschitz, double.lipschitz, rtol=1e-14)


@pytest.mark.parametrize("kind", ["F", "CSC"])
@pytest.mark.parametrize("center", [False, True])
def test_columns_too_large_to_square_are_named(backend, kind, center):
    X, _, _ = make_data(0, 30, 20)
    X[:, 4] *= 1e200
    with pytest.raises(ValueError, match="column 4 of X is too large"):
        as_design(KINDS[kind](X), None, center)


def test_an_operator_is_a_design_without_columns():
    made, _ = _problem("operator", center=True, weighted=False)
    assert isinstance(made, OperatorDesign)
    assert not isinstance(made, ColumnDesign)


@pytest.mark.parametrize("shortest_run", [1, 100])
@pytest.mark.parametrize("work", [2_000_000_000, 24])
@centring
def test_extended_gram_leaves_out_runs_of_weight_zero(
    backend, center, work, shortest_run, monkeypatch
):
    """Also in chunks, and where the runs are too short to be told apart."""
    monkeypatch.setattr(design, "_GRAM_WORK", work)
    monkeypatch.setattr(design, "_SHORTEST_RUN", shortest_run)
    X, _, weights = make_data(0, 30, 20, 3, weighted=True)
    weights[[0, 1, 7, 8, 9, 20, 29]] = 0.0
    weights *= 30 / weights.sum()
    X[weights == 0] = 1e300  # never multiplied
    made = as_design(np.asfortranarray(X), weights, center)
    n_rows = [len(range(*rows.indices(30))) for rows in made._counted_rows(4)]
    assert sum(n_rows) == (30 if shortest_run == 100 else 23)
    columns = np.array([5, 2, 19, 0, 7])
    A = X[:, columns] - (weights @ X[:, columns] / 30 if center else 0.0)
    A[weights == 0] = 0.0
    expected = A.T @ (weights[:, None] * A)
    gram = np.full((6, 6), np.nan)
    for known, size in ((0, 2), (2, 5)):
        made.extend_gram(gram, columns[:size], known)
    np.testing.assert_allclose(gram[:5, :5], expected, atol=1e-12)
    assert np.isnan(gram[5:]).all()
    assert np.isnan(gram[:, 5:]).all()


@pytest.mark.parametrize("columns", [np.array([3, 1], np.int32), np.arange(9)[::3]])
@pytest.mark.parametrize("kind", ["F", "CSC"])
def test_dense_columns_take_any_list(backend, kind, columns):
    made, plain = _problem(kind, True, True)
    expected = np.sqrt(plain.s)[:, None] * plain.X[:, columns]
    np.testing.assert_allclose(made.dense_columns(columns), expected, atol=1e-13)
