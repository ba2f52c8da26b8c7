"""Studies of phase transitions."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.linear_model import OrthogonalMatchingPursuit

from sparsesci.exceptions import ConvergenceWarning
from sparsesci.metrics import phase_transition

SIZES = {"n_samples": [10, 30], "n_nonzero": [1, 4, 20], "n_features": 40}


def _fail(X, y, n_nonzero):
    return np.zeros(X.shape[1])


def _study(methods, **options):
    return phase_transition(methods, **{**SIZES, "random_state": 0, **options})


def test_rates_by_size():
    omp = OrthogonalMatchingPursuit(fit_intercept=False)
    study = _study({"OMP": omp, "zero": _fail}, n_trials=10)
    assert study.names == ("OMP", "zero")
    assert study.success_rate.shape == (2, 2, 3)
    assert np.isnan(study.success_rate[:, 0, 2]).all()  # 20 of 10 samples
    assert_array_equal(study.success_rate[0, :, 0], 1)
    assert study.success_rate[0, 1, 1] == 1
    assert study.success_rate[0, 1, 2] < 0.5
    assert np.nansum(study.success_rate[1]) == 0


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_iterations_that_run_out_are_no_news_but_other_warnings_are(n_jobs):
    def method(X, y, n_nonzero, category):
        warnings.warn("cut short", category, stacklevel=1)
        return np.zeros(X.shape[1])

    _study({"m": partial(method, category=ConvergenceWarning)}, n_jobs=n_jobs)
    with pytest.warns(UserWarning, match="cut short"):
        _study({"m": partial(method, category=UserWarning)}, n_jobs=n_jobs)


def test_all_methods_see_the_same_problems_whatever_the_others_are():
    seen = {}

    def recorder(name):
        def method(X, y, n_nonzero):
            seen.setdefault(name, []).append((X, y, n_nonzero))
            return np.zeros(X.shape[1])

        return method

    _study({"a": recorder("a"), "b": recorder("b")}, n_trials=2)
    _study({"c": recorder("c")}, n_trials=2)
    assert len(seen["a"]) == 10
    for first, *others in zip(seen["a"], seen["b"], seen["c"]):
        for other in others:
            assert_array_equal(first[0], other[0])
            assert_array_equal(first[1], other[1])
            assert first[2] == other[2]


def test_problem_options_and_jobs():
    omp = {"OMP": OrthogonalMatchingPursuit(fit_intercept=False)}
    options = {"design": "toeplitz", "correlation": 0.9, "values": "ones"}
    rates = [_study(omp, n_jobs=jobs, **options).success_rate for jobs in (1, 2)]
    assert_array_equal(*rates)
    assert np.nansum(rates[0]) < np.nansum(_study(omp).success_rate)


def test_noise_needs_a_larger_tol():
    omp = {"OMP": OrthogonalMatchingPursuit(fit_intercept=False)}
    strict, lenient = (
        _study(omp, n_nonzero=2, snr=40, tol=tol).success_rate for tol in (1e-6, 0.1)
    )
    assert_allclose(strict, 0)
    assert_allclose(lenient[0, 1], 1)


def test_estimators_are_told_the_sparsity_and_not_touched():
    class Oracle(BaseEstimator):
        def __init__(self, k=None):
            self.k = k

        def fit(self, X, y):
            self.coef_ = np.full(X.shape[1], float(self.k))
            return self

    oracle = Oracle()
    study = _study({"oracle": oracle}, sparsity_param="k", n_nonzero=40, n_samples=40)
    assert study.success_rate.shape == (1, 1, 1)
    assert vars(oracle) == {"k": None}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_samples": [0, 3]}, ValueError, "n_samples must be an integer >= 1"),
        ({"n_samples": []}, ValueError, "n_samples must not be empty"),
        ({"n_nonzero": [3, 2]}, ValueError, r"n_nonzero must ascend, got \[3, 2\]"),
        ({"n_nonzero": 2.5}, TypeError, "n_nonzero must be an integer"),
        ({"n_nonzero": 41}, ValueError, "n_nonzero must be at most n_features = 40"),
        ({"n_trials": 0}, ValueError, "n_trials"),
        ({"tol": 0}, ValueError, "tol"),
        ({"sparsity_param": 3}, TypeError, "sparsity_param"),
        ({"methods": {}}, TypeError, "methods must be a dict"),
        ({"methods": [_fail]}, TypeError, "methods must be a dict"),
        ({"methods": {"a": 1}}, TypeError, r"methods\['a'\] must be an estimator"),
        ({"design": "cubic"}, ValueError, "design must be one of"),
    ],
)
def test_bad_arguments(options, error, message):
    options = {"methods": {"zero": _fail}, **options}
    with pytest.raises(error, match=message):
        _study(options.pop("methods"), **options)
