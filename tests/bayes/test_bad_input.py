"""What data can be like at worst: an answer or a clear refusal, and never NaN."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import sparsesci

ESTIMATORS = {
    name: estimator
    for name, estimator in sparsesci.all_estimators()
    if estimator.__module__.startswith("sparsesci.bayes") and name != "KroneckerSBL"
}
REGRESSORS = [name for name in ESTIMATORS if "Classifier" not in name]
LEARN = {"noise_variance": "learn"}
SHORT = {"n_samples": 40, "n_warmup": 20, "n_chains": 2, "random_state": 0}

every_estimator = pytest.mark.parametrize("name", ESTIMATORS)
every_regressor = pytest.mark.parametrize("name", REGRESSORS)


def make(name, **options):
    short = SHORT if name == "HorseshoeRegressor" else {}
    return ESTIMATORS[name](**short, **options)


def problem(name, n=30, p=8):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    y = 2 * X[:, 0] - X[:, 1] + 0.5 * rng.standard_normal(n)
    return X, (y > 0).astype(int) if "Classifier" in name else y


def fit(model, X, y):
    """Fit; whatever it warns of, nothing may be NaN."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # ConvergenceWarning is one
        model.fit(X, y)
        predicted = model.predict(X)
    for attribute in ("coef_", "intercept_", "coef_std_", "sigma_", "evidence_"):
        assert not np.isnan(getattr(model, attribute, 0.0)).any(), attribute
    assert np.isfinite(predicted).all()
    intervals = model.credible_interval()
    assert intervals.shape == (*model.coef_.shape, 2)
    assert np.all(intervals[..., 0] <= intervals[..., 1])
    if hasattr(model, "noise_variance_"):
        assert model.noise_variance_ >= 0
        mean, std = model.predict(X, return_std=True)
        assert np.isfinite(mean).all()
        assert np.isfinite(std).all()
    return model


def degenerate(X, kind):
    X = X.copy()
    if kind == "zero":
        X[:, 3] = 0.0
    elif kind == "constant":
        X[:, 3] = 7.0
    elif kind == "repeated":
        X[:, 3] = X[:, 0]
    elif kind == "opposite":
        X[:, 3] = -1e3 * X[:, 0]
    else:
        X[:] = 1.0
    return X


@every_estimator
@pytest.mark.parametrize(
    "kind", ["zero", "constant", "repeated", "opposite", "all constant"]
)
def test_degenerate_columns(name, kind):
    X, y = problem(name)
    X = degenerate(X, kind)
    model = fit(make(name), X, y)
    coef = np.atleast_2d(model.coef_)
    if kind in ("zero", "constant"):
        assert not coef[:, 3].any()
    elif kind == "all constant":
        assert not coef.any()
    elif name in REGRESSORS:  # the effect is there, whoever carries it
        weight = 1.0 if kind == "repeated" else -1e3
        assert coef[0, 0] + weight * coef[0, 3] == pytest.approx(2.0, abs=0.4)


@every_estimator
@pytest.mark.parametrize("n", [2, 3])
def test_few_samples(name, n):
    X, y = problem(name)
    y = y[:n] if name in REGRESSORS else np.arange(n) % 2
    fit(make(name), X[:n], y)


@every_regressor
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("p", [8, 60])
def test_exact_fits(name, fit_intercept, p):
    X, _ = problem(name, p=p)
    y = 2 * X[:, 0] - X[:, 1] + (1.0 if fit_intercept else 0.0)
    model = fit(make(name, fit_intercept=fit_intercept), X, y)
    missed = y - model.predict(X)
    assert np.abs(missed).max() < 0.2 * np.abs(y).max()


@every_regressor
def test_constant_targets(name):
    X, _ = problem(name)
    with pytest.warns(UserWarning, match="y is constant"):
        model = make(name).fit(X, np.full(len(X), 3.0))
    assert not model.coef_.any()
    mean, std = model.predict(X, return_std=True)
    assert np.all(mean == 3.0)
    assert not std.any()


@every_regressor
def test_learned_noise_does_not_collapse_in_silence(name):
    """Many more columns than samples, and pure noise."""
    if make(name).get_params().get("noise_variance") is None:
        options = {}
    else:
        options = LEARN
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((25, 200)), rng.standard_normal(25)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = make(name, **options).fit(X, y)
    told = any("collapsed" in str(warning.message) for warning in caught)
    assert told or model.noise_variance_ > 1e-3 * y.var()


@every_estimator
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1j])
def test_what_is_no_real_number(name, bad):
    X, y = problem(name)
    wrong = X.astype(np.result_type(bad, float))
    wrong[2, 3] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity|[Cc]omplex"):
        make(name).fit(wrong, y)
    wrong = y.astype(np.result_type(bad, float))
    wrong[2] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity|[Cc]omplex"):
        make(name).fit(X, wrong)


@every_regressor
@pytest.mark.parametrize("noise", [-1.0, 0.0, np.nan, np.inf])
def test_noise_that_is_none(name, noise):
    if "noise_variance" not in make(name).get_params():
        return
    X, y = problem(name)
    with pytest.raises(
        ValueError, match=r"noise_variance must be a number in \(0, inf"
    ):
        make(name, noise_variance=noise).fit(X, y)


@every_regressor
def test_squares_out_of_range(name):
    X, y = problem(name)
    with pytest.raises(ValueError, match="y is too large"):
        make(name).fit(X, 1e200 * y)
    with pytest.raises(ValueError, match="y is too small"):
        make(name).fit(X, 1e-200 * y)
