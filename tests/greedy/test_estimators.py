"""The greedy estimators: what they share, and what each promises."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sklearn
import sklearn.linear_model
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import nnls
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sparsesci
from sparsesci.exceptions import NotFittedError
from sparsesci.greedy import (
    BestSubset,
    BestSubsetCV,
    CoSaMP,
    GeneralizedOMP,
    HardThresholdingPursuit,
    IterativeHardThresholding,
    OLSPursuit,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    SubspacePursuit,
)

REGRESSORS = [
    OrthogonalMatchingPursuit,
    OLSPursuit,
    GeneralizedOMP,
    CoSaMP,
    SubspacePursuit,
    IterativeHardThresholding,
    HardThresholdingPursuit,
    BestSubset,
]
CHOOSING = [OrthogonalMatchingPursuitCV, BestSubsetCV]
every_regressor = pytest.mark.parametrize("estimator", REGRESSORS)
every_choice = pytest.mark.parametrize("estimator", CHOOSING)
FORMS = {"dense": np.asarray, "csc": sparse.csc_array, "csr": sparse.csr_matrix}
TRUTH = np.zeros(20)
TRUTH[[2, 7, 11]] = [2.0, -1.5, 1.0]


def make(seed=0, n=80, n_targets=0, noise=0.3):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 20)) * rng.uniform(0.5, 2.0, 20)
    X[rng.random(X.shape) < 0.3] = 0.0
    W = np.stack([np.roll(TRUTH, t) for t in range(max(n_targets, 1))], axis=1)
    Y = (X + 0.5) @ W + 3.0 + noise * rng.standard_normal((n, W.shape[1]))
    return X + 0.5, Y if n_targets else Y[:, 0]


def least_squares(X, y, support):
    A = np.c_[X[:, support], np.ones(len(X))]
    w = np.linalg.lstsq(A, y, rcond=None)[0]
    return w[:-1], w[-1]


@every_regressor
@pytest.mark.parametrize("form", FORMS)
def test_finds_the_truth_beside_an_intercept(
    backend, global_random_seed, estimator, form
):
    X, y = make(global_random_seed)
    model = estimator(n_nonzero_coefs=3).fit(FORMS[form](X), y)
    support = np.flatnonzero(model.coef_)
    assert_array_equal(support, [2, 7, 11])
    coef, intercept = least_squares(X, y, support)
    assert_allclose(model.coef_[support], coef, rtol=1e-8)
    assert model.intercept_ == pytest.approx(intercept, rel=1e-8)
    residual = y - model.predict(FORMS[form](X))
    assert model.objective_ == pytest.approx(residual @ residual / 160, rel=1e-8)
    assert_allclose(model.sparse_coef_.toarray()[0], model.coef_)
    assert model.n_nonzero_coefs_ == 3


@every_regressor
def test_several_targets_are_independent(backend, estimator):
    X, Y = make(n_targets=3)
    model = estimator(n_nonzero_coefs=3).fit(X, Y)
    assert model.coef_.shape == (3, 20)
    assert model.intercept_.shape == model.objective_.shape == (3,)
    for t in range(3):
        single = estimator(n_nonzero_coefs=3).fit(X, Y[:, t])
        assert_allclose(model.coef_[t], single.coef_, rtol=1e-9, atol=1e-12)
        assert model.intercept_[t] == pytest.approx(single.intercept_)
    assert model.predict(X).shape == Y.shape


@every_regressor
def test_without_an_intercept(estimator):
    X, y = make()
    model = estimator(n_nonzero_coefs=3, fit_intercept=False).fit(X, y)
    assert model.intercept_ == 0.0
    support = np.flatnonzero(model.coef_)
    exact = np.linalg.lstsq(X[:, support], y, rcond=None)[0]
    assert_allclose(model.coef_[support], exact, rtol=1e-8)


@every_regressor
def test_columns_far_from_zero_and_constant_ones(backend, estimator):
    X, y = make()
    near = estimator(n_nonzero_coefs=3).fit(X, y)
    for form in FORMS.values():
        far = estimator(n_nonzero_coefs=3).fit(form(X + 1e5), y)
        assert_allclose(far.coef_, near.coef_, rtol=1e-6, atol=1e-8)
        assert_allclose(far.predict(form(X + 1e5)), near.predict(X), atol=1e-5)
        constant = np.c_[np.full((80, 2), 0.1), X]
        found = estimator(n_nonzero_coefs=3).fit(form(constant), y).coef_
        assert_allclose(found, np.r_[0, 0, near.coef_], rtol=1e-8, atol=1e-10)


@every_regressor
def test_a_constant_target_is_its_intercept(estimator):
    X, _ = make()
    model = estimator(n_nonzero_coefs=3).fit(X, np.full(80, 0.1))
    assert not model.coef_.any()
    assert model.intercept_ == 0.1
    assert model.objective_ == 0.0


@every_regressor
def test_float32_in_float32_out(estimator):
    X, y = make()
    X32 = X.astype(np.float32)
    model = estimator(n_nonzero_coefs=3).fit(X32, y)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    expected = estimator(n_nonzero_coefs=3).fit(X32.astype(float), y)
    assert_allclose(model.coef_, expected.coef_, rtol=1e-6)


@pytest.mark.parametrize("estimator", REGRESSORS[2:7])
def test_scaling_columns_is_undone(estimator):
    X, y = make()
    scale = 10.0 ** np.arange(-9.5, 10)
    plain = estimator(n_nonzero_coefs=3).fit(X, y)
    model = estimator(n_nonzero_coefs=3).fit(X * scale, y)
    assert_allclose(model.coef_ * scale, plain.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CHOOSING])
def test_arguments_are_never_written_to(estimator):
    X, y = make()
    X.flags.writeable = y.flags.writeable = False
    estimator().fit(X, y)
    estimator(fit_intercept=False).fit(np.asfortranarray(X), y)


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CHOOSING])
def test_clone_pickle_pipeline_search(estimator):
    X, y = make()
    model = estimator().fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.predict(X), model.predict(X))
    assert clone(model).get_params() == model.get_params()
    make_pipeline(StandardScaler(), estimator()).fit(X, y)
    search = GridSearchCV(estimator(), {"fit_intercept": [True, False]}, cv=2)
    assert search.fit(X, y).best_params_["fit_intercept"]
    with pytest.raises(NotFittedError):
        estimator().predict(X)
    with pytest.raises(NotFittedError):
        _ = estimator().sparse_coef_
    assert sparsesci.all_estimators("regressor").count((estimator.__name__, estimator))


# ---- OMP and OLS ---------------------------------------------------------------------
@pytest.mark.parametrize("precompute", ["auto", True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_equals_scikit_learn(backend, global_random_seed, precompute, fit_intercept):
    for n_targets in (0, 3):
        X, Y = make(global_random_seed, n_targets=n_targets)
        for options in ({}, {"n_nonzero_coefs": 4}, {"tol": 400.0}):
            options = {**options, "fit_intercept": fit_intercept}
            ours = OrthogonalMatchingPursuit(precompute=precompute, **options)
            theirs = sklearn.linear_model.OrthogonalMatchingPursuit(**options)
            ours.fit(X, Y), theirs.fit(X, Y)
            for name in ("coef_", "intercept_"):
                mine, other = getattr(ours, name), getattr(theirs, name)
                assert_allclose(mine, other, rtol=1e-8, atol=1e-10)
            assert ours.n_nonzero_coefs_ == theirs.n_nonzero_coefs_
            assert ours.n_iter_ == theirs.n_iter_


@pytest.mark.parametrize("estimator", [OrthogonalMatchingPursuit, OLSPursuit])
def test_non_negative_coefficients(backend, global_random_seed, estimator):
    X, Y = make(global_random_seed, n_targets=2)
    model = estimator(n_nonzero_coefs=6, positive=True).fit(X, Y)
    assert (model.coef_ >= 0).all()
    centred = X - X.mean(axis=0)
    for t, coef in enumerate(model.coef_):
        y = Y[:, t] - Y[:, t].mean()
        support = np.flatnonzero(coef)
        assert support.size <= 6
        assert_allclose(coef[support], nnls(centred[:, support], y)[0], rtol=1e-8)
    full = estimator(n_nonzero_coefs=20, positive=True).fit(X, Y[:, 0])
    everything = nnls(centred, Y[:, 0] - Y[:, 0].mean())[0]
    assert_allclose(full.coef_, everything, atol=1e-9)
    error = 2 * 80 * full.objective_
    met = estimator(tol=1.5 * error, positive=True).fit(X, Y[:, 0])
    assert met.n_iter_ <= full.n_iter_
    assert 160 * met.objective_ <= 1.5 * error


def test_ols_lowers_the_error_more_on_correlated_columns(backend):
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(20):
        X = rng.standard_normal((60, 30)) + 2 * rng.standard_normal((60, 1))
        y = X[:, :5] @ rng.standard_normal(5) + 0.1 * rng.standard_normal(60)
        models = OrthogonalMatchingPursuit, OLSPursuit, BestSubset
        errors.append([m(n_nonzero_coefs=5).fit(X, y).objective_ for m in models])
    omp, ols, best = np.mean(errors, axis=0)
    assert best <= ols < omp


@pytest.mark.parametrize("estimator", [OrthogonalMatchingPursuit, OLSPursuit])
def test_jobs_do_not_change_a_bit(estimator):
    X, Y = make(n_targets=8)
    for options in ({"positive": True}, {"precompute": False}, {}):
        one = estimator(n_nonzero_coefs=3, n_jobs=1, **options).fit(X, Y)
        two = estimator(n_nonzero_coefs=3, n_jobs=2, **options).fit(X, Y)
        assert_array_equal(one.coef_, two.coef_)


# ---- best subset ---------------------------------------------------------------------
def test_a_criterion_chooses_the_size(backend):
    X, Y = make(n=200, n_targets=2)
    model = BestSubset().fit(X, Y)
    assert model.n_nonzero_coefs_ == [3, 3]
    assert [int(np.argmin(path)) for path in model.criterion_path_] == [3, 3]
    single = BestSubset(criterion="bic", max_nonzero_coefs=2).fit(X, Y[:, 0])
    assert single.n_nonzero_coefs_ == 2
    assert single.criterion_path_.shape == (3,)


# ---- cross-validation ----------------------------------------------------------------
@every_choice
@pytest.mark.parametrize("form", FORMS)
def test_chooses_the_size_with_the_smallest_error(backend, estimator, form):
    X, y = make(n=100)
    model = estimator(cv=4).fit(FORMS[form](X), y)
    assert model.mse_path_.shape == (5, 4)
    assert model.n_nonzero_coefs_ == np.argmin(model.mse_path_.mean(axis=1)) + 1
    assert 3 <= model.n_nonzero_coefs_ <= 5
    single = OrthogonalMatchingPursuit if "OMP" in str(estimator) else BestSubset
    best = single(n_nonzero_coefs=model.n_nonzero_coefs_).fit(FORMS[form](X), y)
    assert_allclose(model.predict(X), best.predict(X), rtol=1e-8)


@every_choice
def test_folds_by_hand(backend, estimator):
    X, y = make(n=60)
    model = estimator(cv=3).fit(X, y)
    one = OrthogonalMatchingPursuit if "Orthogonal" in str(estimator) else BestSubset
    for k, fold in enumerate(np.split(np.arange(60), 3)):
        train = np.setdiff1d(np.arange(60), fold)
        # A size alone goes no way back: only OMP's paths are nested in it.
        for size in (1, 5):
            fitted = one(n_nonzero_coefs=size).fit(X[train], y[train]).predict(X[fold])
            mse = np.mean((y[fold] - fitted) ** 2)
            assert model.mse_path_[size - 1, k] == pytest.approx(mse, rel=1e-6)


def test_cv_equals_scikit_learn():
    X, y = make(n=60, noise=2.0)
    ours = OrthogonalMatchingPursuitCV(max_iter=12).fit(X, y)
    theirs = sklearn.linear_model.OrthogonalMatchingPursuitCV(max_iter=12).fit(X, y)
    assert ours.n_nonzero_coefs_ == theirs.n_nonzero_coefs_
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-10)


@every_choice
def test_jobs_of_folds_do_not_change_a_bit(estimator):
    X, y = make()
    one, two = (estimator(n_jobs=n).fit(X, y) for n in (1, 2))
    assert_array_equal(one.mse_path_, two.mse_path_)
    assert_array_equal(one.coef_, two.coef_)


@every_choice
def test_groups_are_routed_to_the_splitter(estimator):
    X, y = make()
    groups = np.arange(80) % 7
    with pytest.raises(ValueError, match=r"Passing \[groups\] to fit is only supp"):
        estimator(cv=GroupKFold(3)).fit(X, y, groups=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        model = estimator(cv=GroupKFold(3)).fit(X, y, groups=groups)
    folds = list(GroupKFold(3).split(X, y, groups))
    assert_array_equal(model.coef_, estimator(cv=folds).fit(X, y).coef_)


@every_choice
def test_one_target_is_asked_for(estimator):
    X, Y = make(n_targets=2)
    with pytest.raises(ValueError, match=r"y must be one target, got shape \(80, 2\)"):
        estimator().fit(X, Y)


# ---- bad input -----------------------------------------------------------------------
COUNTS = [(0, ">= 1"), (-1, ">= 1"), (1.5, "integer"), ("a", "integer"), (21, "20")]
BAD = {
    "n_nonzero_coefs": COUNTS,
    "max_nonzero_coefs": COUNTS,
    "fit_intercept": [(1, "True or False"), ("yes", "True or False")],
    "normalize": [(1, "True or False")],
    "positive": [(None, "True or False")],
    "precompute": [("yes", "auto"), (None, "auto")],
    "max_iter": [(0, ">= 1"), (1.5, "integer")],
    "n_select": [(0, ">= 1")],
    "exchange_max": [(0, ">= 1")],
    "criterion": [("cp", "ebic")],
    "step": [(0.0, "(0, inf)"), (-1.0, "(0, inf)"), (np.nan, "(0, inf)")],
    "tol": [(-1.0, "[0, inf)"), (np.nan, "[0, inf)"), ("a", "number")],
    "copy": [(1, "True or False")],
}
CASES = [
    (estimator, option, value, text)
    for estimator in (*REGRESSORS, *CHOOSING)
    for option in sorted(estimator().get_params().keys() & BAD.keys())
    for value, text in BAD[option]
]


@pytest.mark.parametrize(("estimator", "option", "value", "text"), CASES)
def test_bad_options(estimator, option, value, text):
    with pytest.raises((ValueError, TypeError)) as caught:
        estimator(**{option: value}).fit(*make())
    assert option in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CHOOSING])
def test_bad_data(estimator):
    X, y = make()
    for bad_X, bad_y, text in (
        (np.where(X > 2, np.nan, X), y, "NaN"),
        (np.where(X > 2, np.inf, X), y, "infinity"),
        (sparse.csc_array(np.where(X > 2, np.nan, X)), y, "NaN"),
        (X, np.where(y > y.mean(), np.nan, y), "NaN"),
        (X * 1j, y, "Complex data not supported"),
        (X, y[:-1], "inconsistent numbers of samples"),
        (X[0], y, "Expected 2D array"),
        (X[:0], y[:0], r"0 sample\(s\)"),
        (X, None, "y"),
    ):
        with pytest.raises(ValueError, match=text):
            estimator().fit(bad_X, bad_y)
