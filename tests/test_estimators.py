"""What scikit-learn and its users ask of every estimator."""

from __future__ import annotations

import inspect
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sklearn
from problems import make_data
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sparsesci
from sparsesci._config import get_config


def _has_defaults(estimator):
    """Whether it can be made without arguments, as scikit-learn's checks do."""
    parameters = inspect.signature(estimator).parameters.values()
    return all(p.default is not p.empty for p in parameters)


# Those that need a dictionary first do not take (X, y), and have tests of their own.
ALL = {n: e for n, e in sparsesci.all_estimators() if _has_defaults(e)}
# What follows scikit-learn's checks is about penalised models; other families have
# their own tests.
ESTIMATORS = {
    name: estimator
    for name, estimator in ALL.items()
    if estimator.__module__.startswith("sparsesci.linear_model")
}
FITTED = (
    "alpha_",
    "alphas_",
    "coef_",
    "dual_gap_",
    "intercept_",
    "l1_ratio_",
    "mse_path_",
    "n_iter_",
    "objective_",
)


def _chooses(estimator):
    return estimator.__name__.endswith("CV")


def _several_targets(estimator):
    return estimator.__name__.startswith("MultiTask")


def _small(estimator, **params):
    if _chooses(estimator):
        params = {"alphas": 8, "cv": 3, **params}
    elif "alpha" not in params:
        params = {"alpha": 0.1, **params}
    return estimator(**params)


def _data(estimator, seed=0, n_features=6):
    n_targets = 2 if _several_targets(estimator) else 0
    return make_data(seed, 30, n_features, n_targets)[:2]


def _state(model):
    return {name: getattr(model, name) for name in FITTED if hasattr(model, name)}


def _assert_same_bits(first, second):
    first, second = _state(first), _state(second)
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name, strict=True)


every_estimator = pytest.mark.parametrize(
    "estimator", ESTIMATORS.values(), ids=ESTIMATORS.keys()
)
every_choice = pytest.mark.parametrize(
    "estimator",
    [e for e in ESTIMATORS.values() if _chooses(e)],
    ids=[n for n, e in ESTIMATORS.items() if _chooses(e)],
)


_checks = parametrize_with_checks([estimator() for estimator in ALL.values()])


# Up to 1.7, scikit-learn hands over a generator, which pytest no longer takes.
@pytest.mark.parametrize(_checks.args[0], list(_checks.args[1]), **_checks.kwargs)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@every_estimator
def test_clone_forgets_the_fit(estimator):
    model = _small(estimator, tol=1e-5).fit(*_data(estimator))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not _state(copy)


@every_estimator
def test_pickle_keeps_the_fit(estimator):
    X, y = _data(estimator)
    model = _small(estimator).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    _assert_same_bits(model, copy)
    np.testing.assert_array_equal(model.predict(X), copy.predict(X))


@every_estimator
def test_in_a_pipeline(estimator):
    X, y = _data(estimator)
    model = _small(estimator, tol=1e-10)
    piped = make_pipeline(StandardScaler(), model).fit(X, y)
    scaled = StandardScaler().fit_transform(X)
    by_hand = clone(model).fit(scaled, y)
    np.testing.assert_array_equal(piped.predict(X), by_hand.predict(scaled))


@every_estimator
def test_in_a_grid_search(estimator):
    X, y = _data(estimator)
    grid = {"tol": [1e-3, 1e-8], "fit_intercept": [True, False]}
    search = GridSearchCV(_small(estimator), grid, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["fit_intercept"]  # the mean of y is 2


# ---- names of columns ----------------------------------------------------------------
@pytest.mark.parametrize("library", ["pandas", "polars"])
@every_estimator
def test_names_of_columns(estimator, library):
    frames = pytest.importorskip(library)
    X, y = _data(estimator)
    names = [f"column {j}" for j in range(X.shape[1])]
    frame = frames.DataFrame(dict(zip(names, X.T)))
    model = _small(estimator).fit(frame, y)
    assert model.feature_names_in_.tolist() == names
    _assert_same_bits(model, _small(estimator).fit(X, y))
    by_hand = X @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.predict(frame), by_hand, rtol=1e-13)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[names[::-1]])
    model.fit(np.asfortranarray(X), y)
    assert not hasattr(model, "feature_names_in_")
    assert model.n_features_in_ == X.shape[1]


@every_estimator
def test_number_of_columns(estimator):
    X, y = _data(estimator)
    model = _small(estimator).fit(X, y)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* expecting 6"):
        model.predict(X[:, :5])


# ---- metadata ------------------------------------------------------------------------
@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
@every_estimator
def test_sample_weight_is_routed(estimator):
    X, y = _data(estimator)
    weights = np.random.default_rng(1).uniform(0.1, 2.0, len(X))
    model = _small(estimator).set_fit_request(sample_weight=True)
    piped = make_pipeline(model).fit(X, y, sample_weight=weights)
    if _chooses(estimator):
        # Folds of integers do not ask for weights: the estimator alone uses them.
        assert not hasattr(model.cv, "get_metadata_routing")
    expected = _small(estimator).set_fit_request(sample_weight=True)
    _assert_same_bits(piped[-1], expected.fit(X, y, sample_weight=weights))


@pytest.mark.usefixtures("routing")
@every_choice
def test_groups_are_routed_to_the_splitter(estimator):
    X, y = _data(estimator)
    groups = np.random.default_rng(2).integers(0, 5, len(X))
    model = _small(estimator, cv=GroupKFold(3)).fit(X, y, groups=groups)
    folds = list(GroupKFold(3).split(X, y, groups))
    _assert_same_bits(model, _small(estimator, cv=folds).fit(X, y))


@every_choice
def test_metadata_without_routing_is_refused(estimator):
    X, y = _data(estimator)
    with pytest.raises(
        ValueError, match=r"Passing \[groups\] to fit is only supported"
    ):
        _small(estimator, cv=GroupKFold(3)).fit(X, y, groups=np.zeros(len(X)))


# ---- threads and randomness ----------------------------------------------------------
@pytest.mark.parametrize("selection", ["cyclic", "random"])
@every_choice
def test_jobs_do_not_change_a_bit(estimator, selection):
    X, y = _data(estimator, n_features=40)
    models = [
        _small(estimator, n_jobs=jobs, selection=selection, random_state=0).fit(X, y)
        for jobs in (1, 2)
    ]
    _assert_same_bits(*models)


@every_estimator
def test_fits_at_the_same_time_do_not_change_a_bit(estimator):
    problems = [_data(estimator, seed, n_features=150) for seed in range(4)]
    alone = [_small(estimator).fit(X, y) for X, y in problems]
    backend = get_config()["backend"]

    def fit(problem):
        with sparsesci.config_context(backend=backend):
            return _small(estimator).fit(*problem)

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(fit, problems))
    for first, second in zip(alone, together):
        _assert_same_bits(first, second)


@every_estimator
def test_random_selection_is_reproducible(estimator):
    X, y = _data(estimator, n_features=40)
    options = {"selection": "random", "tol": 1e-6, "max_iter": 10_000}
    fits = [
        _small(estimator, random_state=state, **options).fit(X, y)
        for state in (0, 0, np.random.RandomState(0), 1)
    ]
    _assert_same_bits(fits[0], fits[1])
    _assert_same_bits(fits[0], fits[2])
    assert (fits[0].coef_ != fits[3].coef_).any()
    cyclic = _small(estimator, **{**options, "selection": "cyclic"}).fit(X, y)
    np.testing.assert_allclose(fits[0].objective_, cyclic.objective_, rtol=1e-5)
