"""Cross-validation: curves equal scikit-learn's, and plain refits on each fold."""

from __future__ import annotations

import numpy as np
import pytest
from problems import FORMATS, make_data
from scipy import sparse
from sklearn import linear_model as sk
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import KFold, LeaveOneOut, ShuffleSplit
from threadpoolctl import threadpool_info, threadpool_limits

from sparsesci.linear_model import (
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskElasticNetCV,
    MultiTaskLassoCV,
    WeightedLasso,
    WeightedLassoCV,
    _cv_base,
    _fold_grams,
)
from sparsesci.linear_model._fold_grams import fold_grams
from sparsesci.solvers._coordinate_descent import make_setting
from sparsesci.solvers._gram import gram_of

TIGHT = {"tol": 1e-12, "max_iter": 100_000}
GRID = {"alphas": 6, "eps": 0.02, "cv": 3}
MODELS = [
    (LassoCV, sk.LassoCV, {}),
    (LassoCV, sk.LassoCV, {"positive": True}),
    (LassoCV, sk.LassoCV, {"fit_intercept": False}),
    (ElasticNetCV, sk.ElasticNetCV, {"l1_ratio": 0.5}),
    (ElasticNetCV, sk.ElasticNetCV, {"l1_ratio": [0.2, 0.9]}),
    (MultiTaskLassoCV, sk.MultiTaskLassoCV, {}),
    (MultiTaskElasticNetCV, sk.MultiTaskElasticNetCV, {"l1_ratio": [0.2, 0.9]}),
]
every_model = pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    MODELS,
    ids=[f"{m[0].__name__}-{m[2]}" for m in MODELS],
)


def _n_targets(model):
    return 3 if "MultiTask" in model.__name__ else 0


@pytest.mark.parametrize("form", ["F", "CSC"])
@pytest.mark.parametrize("shape", [(60, 15), (30, 40)])
@every_model
def test_equals_scikit_learn(global_random_seed, ours, theirs, options, shape, form):
    X, y, _ = make_data(global_random_seed, *shape, _n_targets(ours))
    model = ours(**GRID, **options, **TIGHT).fit(FORMATS[form](X), y)
    # scikit-learn 1.6 does not know an integer `alphas`, nor sparse X of several
    # targets.
    grid = {**GRID, "alphas": model.alphas_}
    if np.ndim(options.get("l1_ratio")) == 1:
        curves = [
            theirs(**{**grid, **options, "alphas": a, "l1_ratio": r}, **TIGHT).fit(X, y)
            for a, r in zip(model.alphas_, options["l1_ratio"])
        ]
        mse = np.stack([curve.mse_path_ for curve in curves])
        best = min(curves, key=lambda curve: curve.mse_path_.mean(axis=1).min())
        assert model.l1_ratio_ == best.l1_ratio_
    else:
        best = theirs(**grid, **options, **TIGHT).fit(X, y)
        mse = best.mse_path_
    np.testing.assert_allclose(model.mse_path_, mse, rtol=1e-5)
    assert model.alpha_ == best.alpha_
    scale = np.abs(best.coef_).max()
    np.testing.assert_allclose(model.coef_, best.coef_, atol=2e-6 * scale)
    np.testing.assert_allclose(model.intercept_, best.intercept_, atol=1e-5)


@every_model
def test_the_grid_ends_where_all_is_zero(ours, theirs, options):
    X, y, _ = make_data(0, 40, 15, _n_targets(ours))
    model = ours(**GRID, **options).fit(X, y)
    grids = np.atleast_2d(model.alphas_)
    assert grids.shape[1] == 6
    np.testing.assert_allclose(grids[:, -1], 0.02 * grids[:, 0], rtol=1e-12)
    np.testing.assert_allclose(
        np.diff(np.log(grids), axis=1), np.log(0.02) / 5, rtol=1e-10
    )
    Xc, yc = X, y
    if options.get("fit_intercept", True):
        Xc, yc = X - X.mean(axis=0), y - y.mean(axis=0)
    correlation = Xc.T @ yc / 40
    if options.get("positive"):
        correlation = np.maximum(correlation, 0)
    largest = np.linalg.norm(correlation.reshape(15, -1), axis=1).max()
    ratios = np.atleast_1d(options.get("l1_ratio", 1.0))
    np.testing.assert_allclose(grids[:, 0], largest / ratios, rtol=1e-12)


@pytest.mark.parametrize("precompute", [False, True, "auto"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shape", [(60, 15), (30, 120)])
def test_folds_are_plain_fits(backend, shape, form, weighted, precompute):
    X, y, weights = make_data(5, *shape, weighted=weighted)
    folds = list(ShuffleSplit(2, random_state=0).split(X))
    alphas = [0.5, 0.2]
    model = LassoCV(alphas=alphas, cv=folds, precompute=precompute, **TIGHT)
    model.fit(FORMATS[form](X), y, weights)
    s = np.ones(len(y)) if weights is None else weights
    for k, (train, test) in enumerate(folds):
        for j, alpha in enumerate(alphas):
            plain = Lasso(alpha, **TIGHT).fit(X[train], y[train], s[train])
            errors = (y[test] - plain.predict(X[test])) ** 2
            expected = np.average(errors, weights=s[test])
            assert model.mse_path_[j, k] == pytest.approx(expected, rel=1e-5)
    refit = Lasso(model.alpha_, precompute=precompute is True, **TIGHT)
    refit.fit(FORMATS[form](X), y, weights)
    np.testing.assert_array_equal(model.coef_, refit.coef_)
    assert model.alpha_ == alphas[np.argmin(model.mse_path_.mean(axis=1))]


# The fit on all data, where these zeros count, may end at its rounding; no fold may.
@pytest.mark.filterwarnings("ignore:Objective did not converge. You might")
@pytest.mark.parametrize("precompute", [False, True])
@pytest.mark.parametrize("mean", [1e2, 1e4, 1e8])
def test_sparse_columns_that_a_fold_fills(backend, mean, precompute):
    """Far from zero in all rows but those that a fold tests, or leaves out."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 10))
    y = X @ rng.standard_normal(10) + 0.1 * rng.standard_normal(60)
    X[:, ::2] += mean
    X[[3, 17, 41], [0, 0, 4]] = 0.0
    rows = np.arange(60)
    empty, other = np.array([3, 17, 41]), np.array([5, 6, 50])
    rest = np.setdiff1d(rows, np.r_[empty, other])
    folds = [(np.r_[other, rest], empty), (rest, other)]
    options = {"alphas": [0.3, 0.05], "cv": folds, "precompute": precompute}
    dense = LassoCV(**options, tol=1e-10, max_iter=100_000).fit(X, y)
    model = LassoCV(**options, tol=1e-10, max_iter=100_000)
    model.fit(sparse.csc_array(X), y)
    np.testing.assert_allclose(model.mse_path_, dense.mse_path_, rtol=1e-6)
    for k, (train, test) in enumerate(folds):
        means = X[train].mean(axis=0)
        plain = Lasso(0.05, **TIGHT).fit(X[train] - means, y[train])
        expected = np.mean((y[test] - plain.predict(X[test] - means)) ** 2)
        assert model.mse_path_[1, k] == pytest.approx(expected, rel=1e-6)


def test_weights_of_coefficients_hold_on_folds():
    X, y, _ = make_data(5, 60, 15)
    weights = np.r_[0.0, np.inf, np.linspace(0.5, 2.0, 13)]
    model = WeightedLassoCV(weights=weights, **GRID, **TIGHT).fit(X, y)
    for k, (train, test) in enumerate(KFold(3).split(X)):
        plain = WeightedLasso(model.alphas_[3], weights=weights, **TIGHT)
        errors = y[test] - plain.fit(X[train], y[train]).predict(X[test])
        assert model.mse_path_[3, k] == pytest.approx((errors**2).mean(), rel=1e-5)
    assert model.coef_[1] == 0.0
    first = WeightedLasso(model.alphas_[0] * (1 + 1e-9), weights=weights).fit(X, y)
    assert np.flatnonzero(first.coef_).tolist() == [0]


def test_repetitions_across_folds_equal_weights():
    X, y, _ = make_data(6, 30, 10)
    weights = np.arange(30) % 3 + 1
    labels = np.arange(30) % 2
    rows = np.arange(30).repeat(weights)

    def folds(of):
        return [(np.flatnonzero(of != k), np.flatnonzero(of == k)) for k in (0, 1)]

    options = {"alphas": 4, "eps": 0.05, **TIGHT}
    model = LassoCV(cv=folds(labels), **options).fit(X, y, weights)
    expected = LassoCV(cv=folds(labels[rows]), **options).fit(X[rows], y[rows])
    np.testing.assert_allclose(model.alphas_, expected.alphas_, rtol=1e-12)
    np.testing.assert_allclose(model.mse_path_, expected.mse_path_, rtol=1e-6)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)


def test_kinds_of_folds():
    X, y, _ = make_data(6, 30, 10)
    default = LassoCV(alphas=4).fit(X, y)
    for cv in (5, KFold(5), list(KFold(5).split(X)), KFold(5).split(X)):
        model = LassoCV(alphas=4, cv=cv).fit(X, y)
        np.testing.assert_array_equal(model.mse_path_, default.mse_path_)
    assert LassoCV(alphas=4, cv=LeaveOneOut()).fit(X, y).mse_path_.shape == (4, 30)


@pytest.mark.parametrize("precompute", [False, True])
def test_folds_may_repeat_samples(precompute):
    """As bootstraps do: each repetition counts."""
    X, y, weights = make_data(6, 30, 10, weighted=True)
    rng = np.random.default_rng(0)
    train = rng.integers(0, 20, 30)
    test = np.r_[20:30, 25, 25]
    model = LassoCV(alphas=[0.2], cv=[(train, test)], precompute=precompute, **TIGHT)
    model.fit(X, y, weights)
    plain = Lasso(0.2, **TIGHT).fit(X[train], y[train], weights[train])
    errors = (y[test] - plain.predict(X[test])) ** 2
    expected = np.average(errors, weights=weights[test])
    assert model.mse_path_.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("where", ["training", "test"])
def test_a_fold_without_weight_is_refused(where):
    X, y, _ = make_data(6, 30, 10)
    weights = np.r_[np.zeros(10), np.ones(20)]
    folds = [(np.arange(10, 30), np.arange(10))]
    text = "test fold"
    if where == "training":
        folds, text = [folds[0][::-1]], "fold"
    with pytest.raises(ValueError, match=rf"sample_weight .* in each {text}\.$"):
        LassoCV(alphas=4, cv=folds).fit(X, y, weights)


def test_alphas_are_kept_from_large_to_small():
    X, y, _ = make_data(6, 30, 10)
    model = LassoCV(alphas=(0.1, 1.0, 0.3)).fit(X, y)
    np.testing.assert_array_equal(model.alphas_, [1.0, 0.3, 0.1])


def test_a_column_of_targets_is_taken_with_a_warning():
    X, y, _ = make_data(6, 30, 10)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = LassoCV(alphas=4).fit(X, y[:, None])
    np.testing.assert_array_equal(model.coef_, LassoCV(alphas=4).fit(X, y).coef_)


def test_no_folds():
    X, y, _ = make_data(0)
    with pytest.raises(ValueError, match=r"cv must give at least one fold, got \[\]"):
        LassoCV(cv=[]).fit(X, y)


# ---- Gram matrices of folds ----------------------------------------------------------
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("parts", [0, 3])
def test_the_gram_matrix_of_a_fold(monkeypatch, parts, weighted, fit_intercept):
    monkeypatch.setattr(_fold_grams, "MAX_PARTS", parts * 8 * 30**2)
    X, y, weights = make_data(0, 60, 30, weighted=weighted)
    X = np.asfortranarray(X + 100.0)
    X[:, 4] = np.arange(60) < 20  # constant but for the first fold
    weights = None if weights is None else weights * (60 / weights.sum())
    whole = make_setting(X, y[None], weights, fit_intercept, True)
    splits = list(KFold(3).split(X))
    shared = fold_grams(whole.design, "auto", [test for _, test in splits], None)
    assert len(shared.parts) == parts
    for number, (train, test) in enumerate(splits):
        ones = np.ones(60) if weights is None else weights
        left = np.where(np.isin(np.arange(60), train), ones, 0.0)
        left *= 60 / left.sum()
        fold = make_setting(X, y[None], left, fit_intercept, True).design
        found = shared.of_fold(number, fold, train, test)
        np.testing.assert_allclose(found, gram_of(fold), rtol=1e-7, atol=1e-9)
    some = np.arange(50)  # samples in neither part
    left = np.where(np.arange(60) < 40, 1.5, 0.0)
    fold = make_setting(X, y[None], left, fit_intercept, True).design
    found = shared.of_fold(0, fold, some[:40], some[40:])
    np.testing.assert_array_equal(found, gram_of(fold))


@pytest.mark.parametrize(
    ("shape", "precompute", "made"),
    [
        ((60, 30), "auto", True),
        ((60, 120), "auto", True),
        ((60, 121), "auto", False),
        ((600, 1000), "auto", True),
        ((600, 1001), "auto", False),
        ((60, 121), True, True),
        ((60, 30), False, False),
    ],
)
def test_when_folds_share_a_gram_matrix(shape, precompute, made):
    X, y, _ = make_data(0, *shape)
    whole = make_setting(np.asfortranarray(X), y[None], None, True, True)
    tests = np.array_split(np.arange(len(y)), 3)
    assert (fold_grams(whole.design, precompute, tests, None) is not None) == made


@pytest.mark.parametrize("n_features", [30, 110])
def test_gram_matrices_do_not_change_the_curve(backend, n_features):
    X, y, weights = make_data(2, 60, n_features, weighted=True)
    options = {"alphas": 12, "eps": 0.02, "tol": 1e-10, "cv": 4}
    curves = [
        LassoCV(precompute=p, **options).fit(X, y, sample_weight=weights).mse_path_
        for p in ("auto", False)
    ]
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-6)


@pytest.mark.parametrize(("n_jobs", "shared"), [(None, False), (1, False), (2, True)])
def test_folds_that_run_at_once_share_the_cores(monkeypatch, n_jobs, shared):
    """Threads of BLAS beside threads of folds would wait for each other."""
    seen = []
    run = _cv_base.fold_curves

    def spy(*arguments):
        pools = [i for i in threadpool_info() if i["user_api"] == "blas"]
        seen.append(max((pool["num_threads"] for pool in pools), default=1))
        return run(*arguments)

    monkeypatch.setattr(_cv_base, "fold_curves", spy)
    monkeypatch.setattr(_cv_base, "cpu_count", lambda: 2)
    X, y, _ = make_data(0)
    with threadpool_limits(limits=2, user_api="blas"):
        before = threadpool_info()
        LassoCV(cv=3, n_jobs=n_jobs).fit(X, y)
        assert threadpool_info() == before
    most = max(i["num_threads"] for i in before if i["user_api"] == "blas")
    assert seen == [1 if shared else most] * 3
