"""Which alpha the CV estimators choose, and what they keep of the way there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from problems import FORMATS, make_data
from sklearn.model_selection import KFold, ShuffleSplit

from sparsesci.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLassoCV,
    WeightedLassoCV,
)

CV_ESTIMATORS = [
    LassoCV,
    ElasticNetCV,
    WeightedLassoCV,
    MultiTaskLassoCV,
    MultiTaskElasticNetCV,
]
PRICES = {
    "aic": lambda n, p: 2,
    "bic": lambda n, p: np.log(n),
    "ebic": lambda n, p: np.log(n) + 2 * np.log(p),
    "sic": lambda n, p: np.log(p) * np.log(np.log(n)),
}


def _data(estimator, **shape):
    n_targets = 2 if estimator.__name__.startswith("MultiTask") else 0
    return make_data(0, n_targets=n_targets, **shape)[:2]


# ---- one standard error --------------------------------------------------------------
@pytest.mark.parametrize("estimator", CV_ESTIMATORS)
def test_one_standard_error(estimator):
    X, y = _data(estimator, n_samples=60, n_features=30)
    least, rule = estimator(), estimator(selection_rule="1se")
    least.fit(X, y)
    rule.fit(X, y)
    mse = least.mse_path_
    mean = mse.mean(axis=1)
    best = int(np.argmin(mean))
    limit = mean[best] + mse[best].std(ddof=1) / np.sqrt(5)
    assert least.alpha_ == least.alphas_[best]
    assert rule.alpha_ == max(rule.alphas_[mean <= limit])
    assert rule.alpha_ > least.alpha_


def test_one_standard_error_keeps_the_l1_ratio():
    X, y = _data(ElasticNetCV, n_samples=60, n_features=30)
    least = ElasticNetCV(l1_ratio=[0.3, 0.9]).fit(X, y)
    rule = ElasticNetCV(l1_ratio=[0.3, 0.9], selection_rule="1se").fit(X, y)
    assert rule.l1_ratio_ == least.l1_ratio_
    assert rule.alpha_ > least.alpha_


def test_one_fold_has_no_standard_error():
    X, y = _data(LassoCV)
    one = ShuffleSplit(n_splits=1, random_state=0)
    with pytest.raises(ValueError, match="at least two folds"):
        LassoCV(cv=one, selection_rule="1se").fit(X, y)
    LassoCV(cv=one).fit(X, y)


# ---- information criteria ------------------------------------------------------------
def _naive_criterion(model, X, y, name, weights=None):
    """From fits at each alpha, hat matrices included."""
    weights = np.ones(len(y)) if weights is None else weights * len(y) / weights.sum()
    Xc = X - np.average(X, axis=0, weights=weights)
    rows = np.sqrt(weights)[:, None] * Xc
    y = y.reshape(len(y), -1)
    n, T = y.shape
    ratio = getattr(model, "l1_ratio", 1.0)
    single = MultiTaskElasticNet if T > 1 else ElasticNet
    values = []
    for alpha in model.alphas_:
        fit = single(alpha=alpha, l1_ratio=ratio, tol=1e-12, max_iter=10000)
        if T > 1:
            fit.fit(X, y)
        else:
            fit.fit(X, y[:, 0], sample_weight=weights)
        errors = y - fit.predict(X).reshape(n, T)
        A = rows[:, np.atleast_2d(fit.coef_).any(axis=0)]
        ridge = n * alpha * (1 - ratio) * np.eye(A.shape[1])
        hat = A @ np.linalg.solve(A.T @ A + ridge, A.T) if A.size else np.zeros((1, 1))
        df = T * (np.trace(hat) + 1)
        rss = float((weights[:, None] * errors**2).sum())
        value = n * T * np.log(rss / (n * T)) + df * PRICES[name](n * T, X.shape[1])
        values.append(value if df <= n * T / 2 + 1e-6 else np.inf)
    return np.array(values)


@pytest.mark.parametrize("name", PRICES)
@pytest.mark.parametrize(
    ("estimator", "options"),
    [
        (LassoCV, {}),
        (LassoCV, {"precompute": True}),
        (ElasticNetCV, {"l1_ratio": 0.7}),
        (MultiTaskLassoCV, {}),
        (MultiTaskElasticNetCV, {"l1_ratio": 0.7}),
    ],
)
def test_criteria(backend, estimator, options, name):
    X, y = _data(estimator, n_samples=60, n_features=30)
    model = estimator(criterion=name, tol=1e-12, max_iter=10000, alphas=20, **options)
    model.fit(X, y)
    naive = _naive_criterion(model, X, y, name)
    assert_allclose(model.criterion_path_, naive, rtol=1e-6)
    assert model.alpha_ == model.alphas_[np.argmin(naive)]
    assert not hasattr(model, "mse_path_")


@pytest.mark.parametrize("form", ["F", "CSC"])
def test_criteria_count_weights_and_wide_data(form):
    X, y, weights = make_data(1, n_samples=40, n_features=80, weighted=True)
    model = LassoCV(criterion="bic", tol=1e-12, max_iter=10000, alphas=20, eps=1e-2)
    model.fit(FORMATS[form](X), y, sample_weight=weights)
    naive = _naive_criterion(model, X, y, "bic", weights)
    assert_allclose(model.criterion_path_, naive, rtol=1e-5)
    assert np.isinf(model.criterion_path_).any()  # more terms than half the samples


def test_a_criterion_chooses_the_l1_ratio_as_well():
    X, y = _data(ElasticNetCV, n_samples=60, n_features=30)
    model = ElasticNetCV(l1_ratio=[0.2, 0.9], criterion="bic", alphas=30).fit(X, y)
    assert model.criterion_path_.shape == (2, 30)
    which, where = np.unravel_index(np.argmin(model.criterion_path_), (2, 30))
    assert model.l1_ratio_ == [0.2, 0.9][which]
    assert model.alpha_ == model.alphas_[which, where]


def test_without_noise_a_criterion_goes_all_the_way():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 10))
    model = LassoCV(criterion="bic", eps=1e-6).fit(X, X[:, 0])
    assert model.alpha_ == model.alphas_[-1]
    assert np.isfinite(model.criterion_path_).all()


def test_a_constant_target_has_no_criterion_to_speak_of():
    X = np.random.default_rng(0).standard_normal((20, 3))
    model = LassoCV(criterion="ebic").fit(X, np.ones(20))
    assert not model.coef_.any()
    assert model.intercept_ == 1


# ---- coefficients of the folds -------------------------------------------------------
@pytest.mark.parametrize("precompute", [True, False])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_coefficients_of_the_folds(backend, precompute, n_jobs):
    X, y = _data(LassoCV)
    options = {"alphas": [0.5, 0.1], "tol": 1e-12, "max_iter": 10000}
    model = LassoCV(
        cv=3, keep_coefs=True, precompute=precompute, n_jobs=n_jobs, **options
    ).fit(X, y)
    assert model.coefs_path_.shape == (3, 2, X.shape[1])
    assert model.intercepts_path_.shape == (3, 2)
    for k, (train, _) in enumerate(KFold(3).split(X)):
        for i, alpha in enumerate(model.alphas_):
            fit = Lasso(alpha=alpha, tol=1e-12, max_iter=10000)
            fit.fit(X[train], y[train])
            assert_allclose(model.coefs_path_[k, i], fit.coef_, atol=1e-7)
            assert_allclose(model.intercepts_path_[k, i], fit.intercept_, atol=1e-7)


def test_shapes_of_the_coefficients_of_the_folds():
    X, y = _data(MultiTaskElasticNetCV, n_features=7)
    model = MultiTaskElasticNetCV(l1_ratio=[0.3, 0.9], alphas=4, keep_coefs=True)
    model.fit(X, y)
    assert model.coefs_path_.shape == (5, 2, 4, 2, 7)
    assert model.intercepts_path_.shape == (5, 2, 4, 2)
    model = ElasticNetCV(l1_ratio=0.3, alphas=4, keep_coefs=True).fit(X, y[:, 0])
    assert model.coefs_path_.shape == (5, 4, 7)
    assert not hasattr(ElasticNetCV(alphas=4).fit(X, y[:, 0]), "coefs_path_")


# ---- bad input -----------------------------------------------------------------------
@pytest.mark.parametrize("estimator", CV_ESTIMATORS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selection_rule": "2se"}, "selection_rule.*'min'.*'1se'.*'2se'"),
        ({"criterion": "BIC"}, "criterion.*'BIC'"),
        ({"criterion": "bic", "selection_rule": "1se"}, "needs errors on folds"),
    ],
)
def test_bad_choices(estimator, options, message):
    X, y = _data(estimator)
    with pytest.raises(ValueError, match=message):
        estimator(**options).fit(X, y)
