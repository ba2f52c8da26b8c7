"""Data and parameters at the edges of what makes sense."""

from __future__ import annotations

import re

import numpy as np
import pytest
from problems import FORMATS, centred, dual_value, make_data, objective
from scipy import sparse
from scipy.optimize import nnls

from sparsesci import penalties
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.linear_model import (
    ElasticNet,
    Lasso,
    LassoCV,
    MultiTaskElasticNet,
    MultiTaskLasso,
    WeightedLasso,
    enet_path,
    lasso_path,
)
from sparsesci.solvers import _free_block

TIGHT = {"tol": 1e-12, "max_iter": 100_000}


def _alpha_max(X, y):
    return np.max(np.abs((X - X.mean(axis=0)).T @ (y - y.mean()))) / len(X)


def _assert_certified(model, X, y, penalty, tol=1e-8):
    """The model is optimal: judged by the formulas alone, from `coef_`."""
    problem = centred(X, y, None, model.fit_intercept)
    primal = objective(X, y, model.coef_, model.intercept_, penalty)
    theta = (problem.Y[:, 0] - problem.X @ model.coef_) / len(X)
    largest = np.max(np.abs(problem.X.T @ theta))
    if largest > penalty.alpha:
        theta *= penalty.alpha / largest
    assert primal - dual_value(problem, theta, penalty) <= tol * problem.scale


# ---- columns -------------------------------------------------------------------------
@pytest.mark.parametrize("form", FORMATS)
def test_columns_of_zeros(form):
    X, y, _ = make_data(0, 30, 10)
    X[:, [2, 7]] = 0.0
    model = Lasso(0.05, **TIGHT).fit(FORMATS[form](X), y)
    kept = np.delete(np.arange(10), [2, 7])
    expected = Lasso(0.05, **TIGHT).fit(FORMATS[form](X[:, kept]), y)
    assert not model.coef_[[2, 7]].any()
    np.testing.assert_allclose(model.coef_[kept], expected.coef_, atol=1e-9)


@pytest.mark.parametrize("constant", [1.0, -3e7, 0.1, 1e-9])
@pytest.mark.parametrize("form", FORMATS)
def test_a_constant_column_has_no_effect_beside_an_intercept(form, constant):
    X, y, _ = make_data(0, 30, 10)
    X[:, 4] = constant
    model = Lasso(0.05, **TIGHT).fit(FORMATS[form](X), y)
    assert model.coef_[4] == 0.0
    kept = np.delete(np.arange(10), 4)
    expected = Lasso(0.05, **TIGHT).fit(X[:, kept], y)
    np.testing.assert_allclose(model.coef_[kept], expected.coef_, atol=1e-9)
    assert model.intercept_ == pytest.approx(expected.intercept_, abs=1e-9)


def test_a_constant_column_counts_without_an_intercept():
    X, y, _ = make_data(0, 30, 10)
    X[:, 4] = 1.0
    model = Lasso(0.05, fit_intercept=False, **TIGHT).fit(X, y)
    assert model.coef_[4] > 0.5  # the mean of y is 2


@pytest.mark.parametrize("n_copies", [2, 150])
def test_duplicated_columns_share_one_coefficient(n_copies):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(30)
    y = 2 * x + 0.1 * rng.standard_normal(30)
    X = np.repeat(x[:, None], n_copies, axis=1)
    model = Lasso(0.1, **TIGHT).fit(X, y)
    single = Lasso(0.1, **TIGHT).fit(x[:, None], y)
    assert model.coef_.sum() == pytest.approx(single.coef_[0], rel=1e-9)
    assert model.objective_ == pytest.approx(single.objective_, rel=1e-9)


# ---- shapes --------------------------------------------------------------------------
def test_one_feature_by_soft_thresholding():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 30))
    xc, yc = x - x.mean(), y - y.mean()
    correlation, square = xc @ yc / 30, xc @ xc / 30
    alpha = 0.5 * abs(correlation)
    model = Lasso(alpha, **TIGHT).fit(x[:, None], y)
    expected = np.sign(correlation) * (abs(correlation) - alpha) / square
    assert model.coef_[0] == pytest.approx(expected, rel=1e-12)
    assert model.intercept_ == pytest.approx(y.mean() - expected * x.mean(), rel=1e-12)


def test_one_sample():
    X, y = np.array([[1.0, -2.0, 0.5]]), np.array([3.0])
    model = Lasso(0.1).fit(X, y)
    np.testing.assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == 3.0
    free = Lasso(0.1, fit_intercept=False, **TIGHT).fit(X, y)
    # The longest column takes all: soft-thresholding.
    np.testing.assert_allclose(free.coef_, [0, -(6 - 0.1) / 4, 0], atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -7e11])
@pytest.mark.parametrize("form", FORMATS)
def test_a_constant_target_is_its_intercept(form, value):
    X, _, _ = make_data(0, 30, 10)
    model = Lasso(1e-6).fit(FORMATS[form](X), np.full(30, value))
    np.testing.assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == value
    assert model.dual_gap_ == 0.0


# ---- the ends of the path ------------------------------------------------------------
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("factor", [1.0 + 1e-12, 2.0, 1e12])
def test_from_alpha_max_on_all_is_zero_at_once(form, factor):
    X, y, _ = make_data(0, 30, 150)
    model = Lasso(_alpha_max(X, y) * factor).fit(FORMATS[form](X), y)
    np.testing.assert_array_equal(model.coef_, 0.0)
    assert model.n_iter_ == 1
    assert model.intercept_ == pytest.approx(y.mean(), rel=1e-14)


def test_below_alpha_max_not_all_is_zero():
    X, y, _ = make_data(0, 30, 150)
    alpha = _alpha_max(X, y) * (1 - 1e-3)
    assert np.count_nonzero(Lasso(alpha, tol=1e-10).fit(X, y).coef_) == 1


unpenalised = pytest.mark.filterwarnings("ignore:With alpha=0:UserWarning")


@unpenalised
@pytest.mark.parametrize("precompute", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("form", ["F", "CSC"])
@pytest.mark.parametrize("shape", [(40, 10), (10, 40), (30, 120), (20, 20)])
def test_alpha_0_is_least_squares(backend, shape, form, fit_intercept, precompute):
    X, y, _ = make_data(0, *shape)
    model = Lasso(0.0, fit_intercept=fit_intercept, precompute=precompute)
    model.fit(FORMATS[form](X), y)
    X1 = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    expected = X1 @ np.linalg.lstsq(X1, y, rcond=None)[0]
    np.testing.assert_allclose(model.predict(X), expected, atol=1e-9)
    assert model.dual_gap_ <= 1e-4 * centred(X, y, None, fit_intercept).scale


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_free", [2, 12])
@pytest.mark.parametrize("form", ["F", "CSC"])
def test_large_blocks_of_free_columns(monkeypatch, form, n_free, weighted):
    """Too large to be gathered, they are solved by products alone."""
    X, y, sample_weight = make_data(0, 30, 20, weighted=weighted)
    weights = np.r_[np.zeros(n_free), np.ones(20 - n_free)]
    model = WeightedLasso(0.05, weights=weights, **TIGHT)
    expected = model.fit(FORMATS[form](X), y, sample_weight).coef_
    monkeypatch.setattr(_free_block, "_DENSE_ENTRIES", 0)
    monkeypatch.delattr(_free_block.FreeBlock, "_factors")
    coef = model.fit(FORMATS[form](X), y, sample_weight).coef_
    np.testing.assert_allclose(coef, expected, atol=1e-8)


@unpenalised
@pytest.mark.parametrize("shape", [(40, 10), (10, 40)])
def test_alpha_0_with_several_targets_is_least_squares(shape):
    X, Y, _ = make_data(0, *shape, 3)
    model = MultiTaskLasso(0.0).fit(X, Y)
    X1 = np.column_stack([X, np.ones(len(X))])
    expected = X1 @ np.linalg.lstsq(X1, Y, rcond=None)[0]
    np.testing.assert_allclose(model.predict(X), expected, atol=1e-9)


@unpenalised
@pytest.mark.parametrize("shape", [(40, 10), (60, 30)])
def test_positive_alpha_0_is_nnls(backend, shape):
    X, y, _ = make_data(0, *shape)
    y = y - 2.0
    model = Lasso(0.0, fit_intercept=False, positive=True, **TIGHT).fit(X, y)
    expected, _ = nnls(X, y)
    assert model.coef_.min() >= 0
    np.testing.assert_allclose(model.coef_, expected, atol=1e-5)
    np.testing.assert_allclose(model.predict(X), X @ expected, atol=1e-5)


@pytest.mark.parametrize("estimator", [Lasso, ElasticNet, WeightedLasso])
def test_alpha_0_warns(estimator):
    with pytest.warns(UserWarning, match="With alpha=0 there is no penalty"):
        estimator(0.0).fit(*make_data(0, 30, 5)[:2])


@pytest.mark.parametrize("precompute", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("shape", [(40, 10), (10, 40)])
def test_l1_ratio_0_is_ridge(shape, fit_intercept, precompute):
    X, y, _ = make_data(0, *shape)
    alpha = 0.3
    model = ElasticNet(
        alpha, l1_ratio=0.0, fit_intercept=fit_intercept, precompute=precompute, **TIGHT
    ).fit(X, y)
    Xc, Yc, _ = centred(X, y, None, fit_intercept)
    gram = Xc.T @ Xc + len(X) * alpha * np.eye(X.shape[1])
    expected = np.linalg.solve(gram, Xc.T @ Yc[:, 0])
    np.testing.assert_allclose(model.coef_, expected, atol=1e-6)


def test_l1_ratio_0_with_several_targets_is_ridge():
    X, Y, _ = make_data(0, 30, 10, 3)
    model = MultiTaskElasticNet(0.3, l1_ratio=0.0, **TIGHT).fit(X, Y)
    Xc, Yc, _ = centred(X, Y, None, True)
    expected = np.linalg.solve(Xc.T @ Xc + 9 * np.eye(10), Xc.T @ Yc)
    np.testing.assert_allclose(model.coef_, expected.T, atol=1e-6)


# ---- weights of coefficients ---------------------------------------------------------
@pytest.mark.parametrize("form", ["F", "CSC"])
def test_an_infinite_weight_removes_a_column(backend, form):
    X, y, _ = make_data(0, 30, 10)
    weights = np.ones(10)
    weights[[1, 8]] = np.inf
    kept = np.flatnonzero(np.isfinite(weights))
    model = WeightedLasso(0.05, weights=weights, **TIGHT).fit(FORMATS[form](X), y)
    expected = Lasso(0.05, **TIGHT).fit(X[:, kept], y)
    np.testing.assert_array_equal(model.coef_[[1, 8]], 0.0)
    np.testing.assert_allclose(model.coef_[kept], expected.coef_, atol=1e-9)


def test_all_weights_infinite():
    X, y, _ = make_data(0, 30, 4)
    model = WeightedLasso(0.05, weights=np.full(4, np.inf)).fit(X, y)
    np.testing.assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == pytest.approx(y.mean(), rel=1e-14)


@pytest.mark.parametrize("form", ["F", "CSC"])
def test_columns_of_weight_0_are_projected_out(backend, form):
    X, y, _ = make_data(0, 30, 10)
    weights = np.ones(10)
    weights[[0, 5]] = 0.0
    model = WeightedLasso(0.05, weights=weights, **TIGHT).fit(FORMATS[form](X), y)
    free = np.column_stack([np.ones(30), X[:, [0, 5]]])
    held = X[:, weights > 0]
    project = np.eye(30) - free @ np.linalg.pinv(free)
    expected = Lasso(0.05, fit_intercept=False, **TIGHT).fit(
        project @ held, project @ y
    )
    np.testing.assert_allclose(model.coef_[weights > 0], expected.coef_, atol=1e-6)


def test_weights_scale_columns():
    X, y, _ = make_data(0, 30, 10)
    weights = np.linspace(0.5, 3.0, 10)
    model = WeightedLasso(0.05, weights=weights, **TIGHT).fit(X, y)
    scaled = Lasso(0.05, **TIGHT).fit(X / weights, y)
    np.testing.assert_allclose(model.coef_, scaled.coef_ / weights, atol=1e-6)


def test_equal_weights_are_the_lasso():
    X, y, _ = make_data(0, 30, 10)
    model = WeightedLasso(0.05, **TIGHT).fit(X, y)
    np.testing.assert_array_equal(model.coef_, Lasso(0.05, **TIGHT).fit(X, y).coef_)


# ---- stopping ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "estimator",
    [Lasso(0.01), ElasticNet(0.01), MultiTaskLasso(0.01), Lasso(0.01, precompute=True)],
    ids=repr,
)
def test_too_few_iterations_warn_with_the_gap(estimator):
    n_targets = 2 if isinstance(estimator, MultiTaskElasticNet) else 0
    X, y, _ = make_data(0, 30, 150, n_targets)
    with pytest.warns(ConvergenceWarning) as caught:
        estimator.set_params(max_iter=1, tol=1e-10).fit(X, y)
    text = str(caught[0].message)
    assert f"Duality gap: {estimator.dual_gap_:.3e}" in text
    assert "max_iter was reached" in text
    assert estimator.dual_gap_ > 0
    assert caught[0].filename == __file__


def test_defaults_suffice_for_many_more_features_than_samples(backend):
    """Sweeps over a small working set are cheap: they do not use up `max_iter`."""
    rng = np.random.default_rng(0)
    X = np.empty((100, 5000))
    X[:, 0] = rng.standard_normal(100)
    for j in range(1, 5000):
        X[:, j] = 0.8 * X[:, j - 1] + 0.6 * rng.standard_normal(100)
    y = X[:, ::170].sum(axis=1) + 2 * rng.standard_normal(100)
    alpha = 0.01 * np.abs(X.T @ (y - y.mean())).max() / 100
    model = Lasso(alpha).fit(X, y)  # a warning is an error here
    assert model.n_iter_ < 100


def test_too_few_iterations_on_folds_warn_once():
    X, y, _ = make_data(0, 30, 20)
    with pytest.warns(ConvergenceWarning) as caught:
        LassoCV(alphas=5, max_iter=1, tol=1e-10).fit(X, y)
    text = str(caught[0].message)
    told = re.search(r"for (\d+) of the 25 fits on folds.* gap: (\S+), tol", text)
    assert int(told[1]) > 0
    assert float(told[2]) > 1e-10
    assert len(caught) == 2  # the folds, and the fit on all data


def test_too_few_iterations_on_a_path_warn_for_each_alpha():
    X, y, _ = make_data(0, 60, 120)
    with pytest.warns(ConvergenceWarning, match="Duality gap") as caught:
        enet_path(X, y, alphas=[1e-2, 1e-4], max_iter=1, tol=1e-10)
    assert len(caught) == 2
    assert {warning.filename for warning in caught} == {__file__}


# ---- scales --------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["F", "CSC"])
@pytest.mark.parametrize("factor", [1e-12, 1e-150, 1e12, 1e100])
def test_units_of_the_target_do_not_matter(backend, form, factor):
    X, y, _ = make_data(0, 30, 20)
    X = FORMATS[form](X)
    expected = Lasso(0.05, **TIGHT).fit(X, y)
    model = Lasso(0.05 * factor, **TIGHT).fit(X, y * factor)
    np.testing.assert_allclose(model.coef_ / factor, expected.coef_, atol=1e-6)
    assert model.intercept_ / factor == pytest.approx(expected.intercept_, rel=1e-6)


@pytest.mark.parametrize("form", ["F", "CSC"])
@pytest.mark.parametrize("factor", [1e-12, 1e-100, 1e12, 1e100])
def test_units_of_the_data_do_not_matter(backend, form, factor):
    X, y, _ = make_data(0, 30, 20)
    expected = Lasso(0.05, **TIGHT).fit(X, y)
    model = Lasso(0.05 * factor, **TIGHT).fit(FORMATS[form](X * factor), y)
    np.testing.assert_allclose(model.coef_ * factor, expected.coef_, atol=1e-6)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("form", ["F", "CSC"])
def test_columns_of_very_different_scales(backend, form, fit_intercept):
    X, y, _ = make_data(0, 40, 17)
    X = X * 10.0 ** np.arange(-8, 9)
    # Correlations of 1e8 are known to 1e-8, which alpha sets the measure for.
    model = Lasso(1e-3, fit_intercept=fit_intercept, tol=1e-6).fit(FORMATS[form](X), y)
    _assert_certified(model, X, y, penalties.L1(1e-3), tol=1e-6)


@pytest.mark.parametrize(
    ("form", "mean"),
    [
        ("F", 1e8),
        ("C", 1e8),
        ("CSC", 1e2),
        ("CSC", 1e8),
    ],
)
def test_columns_far_from_zero(backend, form, mean):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 10))
    y = X @ rng.standard_normal(10) + 0.1 * rng.standard_normal(60)
    far = X + mean
    near = far - far.mean(axis=0)
    expected = Lasso(0.05, **TIGHT).fit(near, y)
    model = Lasso(0.05, tol=1e-10).fit(FORMATS[form](far), y)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-7)
    np.testing.assert_allclose(model.predict(far), expected.predict(near), atol=1e-5)


def test_sparse_columns_far_from_zero_keep_the_digits_of_the_gap(backend):
    rng = np.random.default_rng(0)
    near = rng.standard_normal((3000, 40))
    y = near @ rng.standard_normal(40) + rng.standard_normal(3000)
    far = near + 2e3 * rng.standard_normal(40)
    best = Lasso(1e-3, tol=1e-14).fit(far - far.mean(axis=0), y)
    model = Lasso(1e-3, tol=1e-12).fit(sparse.csc_array(far), y)
    assert model.objective_ == pytest.approx(best.objective_, rel=1e-11)
    residual = y - y.mean() - (far - far.mean(axis=0)) @ model.coef_
    objective = residual @ residual / 6000 + 1e-3 * np.abs(model.coef_).sum()
    assert objective == pytest.approx(best.objective_, rel=1e-11)


@pytest.mark.parametrize("precompute", [False, True])
@pytest.mark.parametrize("mean", [1e2, 1e4, 1e8])
def test_sparse_columns_far_from_zero_with_zeros_of_no_weight(
    backend, mean, precompute
):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 10))
    y = X @ rng.standard_normal(10) + 0.1 * rng.standard_normal(60)
    X += mean
    weights = rng.uniform(0.5, 2.0, 60)
    weights[::4] = 0.0
    X[::4][rng.random((15, 10)) < 0.6] = 0.0
    options = {"precompute": precompute, "tol": 1e-10, "max_iter": 100_000}
    dense = Lasso(0.05, **options).fit(X, y, weights)
    model = Lasso(0.05, **options).fit(sparse.csc_array(X), y, weights)
    np.testing.assert_allclose(model.coef_, dense.coef_, atol=1e-7)
    assert model.intercept_ == pytest.approx(dense.intercept_, abs=1e-7 * mean)
    kept = weights > 0
    near = X[kept] - np.average(X[kept], axis=0, weights=weights[kept])
    expected = Lasso(0.05, **TIGHT).fit(near, y[kept], weights[kept])
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-7)


def test_nearly_opposite_columns_without_penalty_or_sign(backend):
    """Coordinates would creep along the valley and look finished."""
    u, e = np.eye(3)[:2]
    X = np.c_[u, -u + 1e-6 * e]
    with pytest.warns(UserWarning, match="alpha=0"):
        model = Lasso(0.0, positive=True, fit_intercept=False).fit(X, e)
    assert model.objective_ <= 1e-12
    assert model.dual_gap_ >= model.objective_ * (1 - 1e-9)


# ---- containers ----------------------------------------------------------------------
def _untidy(X):
    """Sparse twins of X: other indices, order, duplicates, stored zeros."""
    clean = sparse.csc_array(X)
    wide = clean.copy()
    wide.indices = wide.indices.astype(np.int64)
    wide.indptr = wide.indptr.astype(np.int64)
    backwards = clean.copy()
    for start, stop in zip(clean.indptr[:-1], clean.indptr[1:]):
        backwards.indices[start:stop] = clean.indices[start:stop][::-1]
        backwards.data[start:stop] = clean.data[start:stop][::-1]
    parts = clean.data / 4, 3 * clean.data / 4  # both exact
    duplicated = sparse.csc_array(
        (np.stack(parts, 1).ravel(), clean.indices.repeat(2), 2 * clean.indptr), X.shape
    )
    filled = sparse.csc_array(np.where(X == 0, 1.0, X))
    filled.data[filled.data == 1.0] = 0.0
    return {
        "int64": wide,
        "unsorted": backwards,
        "duplicates": duplicated,
        "stored zeros": filled,
        "coo": sparse.coo_array(X),
        "csr": sparse.csr_array(X),
        "lil": sparse.lil_array(X),
        "dok": sparse.dok_array(X),
        "matrix": sparse.csc_matrix(X),
    }


@pytest.mark.parametrize("kind", _untidy(make_data(0, 30, 20).X))
def test_untidy_sparse_matrices_equal_their_clean_twin(backend, kind):
    X, y, _ = make_data(0, 30, 20)
    untidy = _untidy(X)[kind]
    np.testing.assert_array_equal(untidy.toarray(), X)
    clean = Lasso(0.05, **TIGHT).fit(sparse.csc_array(X), y)
    model = Lasso(0.05, **TIGHT).fit(untidy, y)
    np.testing.assert_allclose(model.coef_, clean.coef_, rtol=1e-9, atol=1e-12)
    dense = Lasso(0.05, **TIGHT).fit(X, y)
    np.testing.assert_allclose(model.coef_, dense.coef_, atol=1e-6)


def test_views_of_any_layout_equal_a_copy():
    X, y, weights = make_data(0, 30, 20, weighted=True)
    expected = Lasso(0.05).fit(X, y, weights)
    wide = np.zeros((60, 40))
    wide[::2, ::2] = X
    views = {
        "strided": wide[::2, ::2],
        "reversed": X[::-1, ::-1].copy()[::-1, ::-1],
        "fortran": np.asfortranarray(X),
        "transposed": X.T.copy().T,
        "big-endian": X.astype(">f8"),
        "list": X.tolist(),
    }
    for name, view in views.items():
        coef = Lasso(0.05).fit(view, y, weights).coef_
        np.testing.assert_array_equal(coef, expected.coef_, err_msg=name)
    targets = np.zeros((30, 3))
    targets[:, 1] = y
    scaled = np.repeat(weights, 2)[::2]
    coef = Lasso(0.05).fit(X, targets[:, 1], scaled).coef_
    np.testing.assert_array_equal(coef, expected.coef_)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int64, np.uint16, bool])
def test_other_dtypes_are_converted(dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2 if dtype is bool else 9, (30, 10)).astype(dtype)
    y = rng.integers(0, 9, 30)
    model = Lasso(0.05).fit(X, y)
    assert model.coef_.dtype == np.float64
    expected = Lasso(0.05).fit(X.astype(np.float64), y.astype(np.float64))
    np.testing.assert_array_equal(model.coef_, expected.coef_)


@pytest.mark.parametrize("form", FORMATS)
def test_float32_in_float32_out(form):
    X, y, _ = make_data(0, 30, 10)
    wide = Lasso(0.05, **TIGHT).fit(FORMATS[form](X), y)
    single = Lasso(0.05, **TIGHT).fit(FORMATS[form](X.astype(np.float32)), y)
    assert single.coef_.dtype == np.float32
    assert single.intercept_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, wide.coef_.astype(np.float32), atol=1e-6)
    _, coefs, _ = lasso_path(FORMATS[form](X.astype(np.float32)), y, alphas=3)
    assert coefs.dtype == np.float32


def _arrays(X):
    return [X.data, X.indices, X.indptr] if sparse.issparse(X) else [X]


@pytest.mark.parametrize("precompute", [False, True])
@pytest.mark.parametrize("copy_X", [False, True])
@pytest.mark.parametrize("form", FORMATS)
def test_arguments_are_never_written_to(backend, form, copy_X, precompute):
    X, y, sample_weight = make_data(0, 30, 20, weighted=True)
    X = FORMATS[form](X)
    arrays = [*_arrays(X), y, sample_weight]
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    Lasso(0.05, copy_X=copy_X, precompute=precompute).fit(X, y, sample_weight)
    LassoCV(alphas=3, copy_X=copy_X).fit(X, y, sample_weight)
    lasso_path(X, y, alphas=3, copy_X=copy_X, precompute=precompute)
    for array, old in zip(arrays, before):
        np.testing.assert_array_equal(array, old, strict=True)


def test_untidy_sparse_arguments_are_not_tidied():
    X, y, _ = make_data(0, 30, 20)
    for kind, untidy in _untidy(X).items():
        if untidy.format != "csc":
            continue
        before = [array.copy() for array in _arrays(untidy)]
        Lasso(0.05).fit(untidy, y)
        for array, old in zip(_arrays(untidy), before):
            np.testing.assert_array_equal(array, old, err_msg=kind, strict=True)


def test_memory_maps(tmp_path):
    X, y, _ = make_data(0, 30, 20)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    coef = Lasso(0.05).fit(mapped, y).coef_
    np.testing.assert_array_equal(coef, Lasso(0.05).fit(X, y).coef_)


# ---- warm starts ---------------------------------------------------------------------
@pytest.mark.parametrize("form", FORMATS)
def test_a_warm_start_from_the_solution_is_over_at_once(form):
    X, y, _ = make_data(0, 40, 150)
    model = Lasso(0.05, warm_start=True, tol=1e-8, max_iter=10_000)
    first = model.fit(FORMATS[form](X), y).coef_.copy()
    assert model.n_iter_ > 1
    model.fit(FORMATS[form](X), y)
    assert model.n_iter_ == 1
    np.testing.assert_array_equal(model.coef_, first)


@pytest.mark.parametrize(
    "estimator", [Lasso, ElasticNet, MultiTaskLasso, WeightedLasso]
)
def test_a_warm_start_is_faster_and_reaches_the_same(estimator):
    n_targets = 2 if estimator is MultiTaskLasso else 0
    X, y, _ = make_data(0, 40, 60, n_targets)
    options = {"tol": 1e-10, "max_iter": 10_000}
    cold = estimator(0.05, **options).fit(X, y)
    warm = estimator(0.052, warm_start=True, **options).fit(X, y)
    warm.set_params(alpha=0.05).fit(X, y)
    assert warm.objective_ == pytest.approx(cold.objective_, rel=1e-9)
    assert warm.n_iter_ < cold.n_iter_


def test_a_warm_start_needs_the_same_features():
    X, y, _ = make_data(0, 40, 60)
    model = Lasso(0.05, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"must have shape \(59, 1\)"):
        model.fit(X[:, 1:], y)


def test_a_warm_start_may_be_infeasible():
    X, y, _ = make_data(0, 40, 20)
    model = Lasso(0.05, warm_start=True, **TIGHT).fit(X, y)
    assert model.coef_.min() < 0
    model.set_params(positive=True).fit(X, y)
    expected = Lasso(0.05, positive=True, **TIGHT).fit(X, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
