"""Fits equal scikit-learn's, in all formats, and weights mean repetition."""

from __future__ import annotations

import numpy as np
import pytest
from problems import FORMATS, centred, make_data, objective
from sklearn import linear_model as sk

from sparsesci import penalties
from sparsesci.linear_model import (
    ElasticNet,
    Lasso,
    MultiTaskElasticNet,
    MultiTaskLasso,
    WeightedLasso,
)
from sparsesci.solvers import _gram

TIGHT = {"tol": 1e-13, "max_iter": 100_000}
ALPHA = 0.1
MODELS = [
    (Lasso, sk.Lasso, {}),
    (Lasso, sk.Lasso, {"positive": True}),
    (ElasticNet, sk.ElasticNet, {"l1_ratio": 0.3}),
    (ElasticNet, sk.ElasticNet, {"l1_ratio": 0.9, "positive": True}),
    (MultiTaskLasso, sk.MultiTaskLasso, {}),
    (MultiTaskElasticNet, sk.MultiTaskElasticNet, {"l1_ratio": 0.3}),
]
every_model = pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    MODELS,
    ids=[f"{m[0].__name__}-{m[2]}" for m in MODELS],
)


def _n_targets(model):
    return 3 if issubclass(model, MultiTaskElasticNet) else 0


@every_model
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("form", ["F", "CSR"])
@pytest.mark.parametrize("shape", [(60, 20), (25, 40)])
def test_equals_scikit_learn(
    global_random_seed, ours, theirs, options, shape, form, weighted, fit_intercept
):
    n_targets = _n_targets(ours)
    data = make_data(global_random_seed, *shape, n_targets, weighted=weighted)
    X, y, weights = data
    model = ours(ALPHA, fit_intercept=fit_intercept, **options, **TIGHT)
    model.fit(FORMATS[form](X), y, weights)
    expected = theirs(ALPHA, fit_intercept=fit_intercept, **options, **TIGHT)
    if n_targets:  # scikit-learn's take neither weights nor sparse X: centre, weigh
        Xc, Yc, s = centred(X, y, weights, fit_intercept)
        root = np.sqrt(s)[:, None]
        coef = expected.set_params(fit_intercept=False).fit(root * Xc, root * Yc).coef_
        weighted_means = s @ y / s.sum(), s @ X / s.sum()
        intercept = weighted_means[0] - coef @ weighted_means[1] if fit_intercept else 0
    else:
        expected.fit(FORMATS[form](X), y, weights)
        coef, intercept = expected.coef_, expected.intercept_
    scale = np.abs(coef).max()
    np.testing.assert_allclose(model.coef_, coef, atol=1e-6 * scale)
    np.testing.assert_allclose(model.intercept_, intercept, atol=1e-6)
    np.testing.assert_array_equal(model.coef_ != 0, np.abs(coef) > 1e-9 * scale)


@pytest.mark.parametrize("precompute", [True, "gram"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("form", FORMATS)
def test_a_gram_matrix_does_not_change_the_solution(
    backend, form, weighted, precompute
):
    X, y, weights = make_data(0, 60, 20, weighted=weighted)
    Xc, _, s = centred(X, y, weights, precompute is True)
    gram = precompute if precompute is True else Xc.T @ (s[:, None] * Xc)
    options = {"fit_intercept": precompute is True, **TIGHT}
    expected = Lasso(ALPHA, **options).fit(FORMATS[form](X), y, weights)
    model = Lasso(ALPHA, precompute=gram, **options).fit(FORMATS[form](X), y, weights)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
    assert model.objective_ == pytest.approx(expected.objective_, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_gram_matrix_is_gathered_in_chunks(monkeypatch, weighted):
    X, y, weights = make_data(0, 60, 20, weighted=weighted)
    expected = Lasso(ALPHA, precompute=True, **TIGHT).fit(X, y, weights)
    monkeypatch.setattr(_gram, "_CHUNK_ENTRIES", 140)  # 7 rows, and 4 at the end
    model = Lasso(ALPHA, precompute=True, **TIGHT).fit(X, y, weights)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-9)


def test_a_gram_matrix_of_other_data_is_refused():
    X, y, _ = make_data(0, 60, 20)
    gram = X.T @ X
    gram[3, 3] *= 2
    with pytest.raises(ValueError, match="'precompute'"):
        Lasso(ALPHA, precompute=gram, fit_intercept=False).fit(X, y)
    holed = X.T @ X
    holed[3, 4] = holed[4, 3] = np.nan
    with pytest.raises(ValueError, match="precompute must be finite"):
        Lasso(ALPHA, precompute=holed, fit_intercept=False).fit(X, y)
    with pytest.warns(UserWarning, match="recomputing Gram matrix"):
        Lasso(ALPHA, precompute=gram).fit(X, y)


@pytest.mark.parametrize("form", FORMATS)
def test_a_gram_matrix_of_data_that_an_intercept_moves_is_computed_anew(form):
    X, y, _ = make_data(0, 60, 20)
    X -= X.mean(axis=0)
    X[:, 4] = 5.0
    model = Lasso(ALPHA, precompute=X.T @ X, **TIGHT)
    with pytest.warns(UserWarning, match="recomputing Gram matrix"):
        model.fit(FORMATS[form](X), y)
    expected = Lasso(ALPHA, **TIGHT).fit(X, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)


@every_model
def test_integer_weights_are_repetitions(ours, theirs, options):
    X, y, _ = make_data(1, 30, 20, _n_targets(ours))
    weights = np.arange(30) % 4  # with zeros: rows that are not there
    model = ours(ALPHA, **options, **TIGHT).fit(X, y, weights)
    repeated = X.repeat(weights, axis=0), y.repeat(weights, axis=0)
    expected = ours(ALPHA, **options, **TIGHT).fit(*repeated)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
    np.testing.assert_allclose(model.intercept_, expected.intercept_, atol=1e-6)
    assert model.objective_ == pytest.approx(expected.objective_, rel=1e-10)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("weights", [None, 3.0, np.full(30, 1e-8)], ids=str)
def test_only_ratios_of_weights_count(form, weights):
    X, y, _ = make_data(1, 30, 20)
    model = Lasso(ALPHA).fit(FORMATS[form](X), y, weights)
    expected = Lasso(ALPHA).fit(FORMATS[form](X), y)
    np.testing.assert_array_equal(model.coef_, expected.coef_)


def test_wild_rows_of_weight_zero_do_not_matter():
    X, y, _ = make_data(1, 30, 20)
    weights = np.ones(30)
    weights[[4, 11]] = 0.0
    expected = Lasso(ALPHA, **TIGHT).fit(X[weights > 0], y[weights > 0])
    X[4], y[11] = 1e3, -1e3
    for form in FORMATS.values():
        model = Lasso(ALPHA, **TIGHT).fit(form(X), y, weights)
        np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
        assert model.dual_gap_ <= 1e-12 * expected.objective_ + 1e-13 * y.var()


@pytest.mark.parametrize("estimator", [Lasso, ElasticNet, WeightedLasso])
def test_several_targets_are_separate_fits(estimator):
    X, Y, weights = make_data(2, 30, 20, 3, weighted=True)
    model = estimator(ALPHA, tol=1e-8).fit(X, Y, weights)
    assert model.coef_.shape == (3, 20)
    assert (
        model.intercept_.shape == model.dual_gap_.shape == model.n_iter_.shape == (3,)
    )
    for k, y in enumerate(Y.T):
        single = estimator(ALPHA, tol=1e-8).fit(X, y, weights)
        np.testing.assert_array_equal(model.coef_[k], single.coef_)
        np.testing.assert_allclose(model.intercept_[k], single.intercept_, rtol=1e-14)


@every_model
def test_attributes_describe_the_fit(ours, theirs, options):
    n_targets = _n_targets(ours)
    X, y, _ = make_data(3, 30, 20, n_targets)
    model = ours(ALPHA, **options, tol=1e-6).fit(X, y)
    penalty = penalties.ElasticNet(
        ALPHA, options.get("l1_ratio", 1.0), options.get("positive", False)
    )
    value = objective(X, y, model.coef_.T, model.intercept_, penalty)
    assert model.objective_ == pytest.approx(value, rel=1e-12)
    assert 0 <= model.dual_gap_ <= 1e-6 * centred(X, y, None, True).scale
    assert model.sparse_coef_.shape == (n_targets or 1, 20)
    np.testing.assert_array_equal(
        model.sparse_coef_.toarray(), np.atleast_2d(model.coef_)
    )
    assert model.n_features_in_ == 20
    assert model.n_iter_ >= 1
    prediction = X @ model.coef_.T + model.intercept_
    for form in FORMATS.values():
        np.testing.assert_allclose(model.predict(form(X)), prediction, rtol=1e-12)


def test_one_column_of_targets_is_a_vector():
    X, y, _ = make_data(3, 30, 20)
    model, column = Lasso(ALPHA).fit(X, y), Lasso(ALPHA).fit(X, y[:, None])
    np.testing.assert_array_equal(column.coef_, model.coef_, strict=True)
    np.testing.assert_array_equal(column.intercept_, model.intercept_)
