"""Selectors of features, against their definitions."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, orthogonal_mp
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsesci.datasets import make_sparse_problem
from sparsesci.greedy import (
    BestSubset,
    BestSubsetSelector,
    ForwardSelector,
    SequentialAttentionSelector,
)
from sparsesci.penalties import WeightedL1
from sparsesci.solvers import coordinate_descent

BOTH = [ForwardSelector, SequentialAttentionSelector]
both = pytest.mark.parametrize("selector", BOTH, ids=lambda s: s.__name__)

# The defaults are tried together with all other estimators.
_checks = parametrize_with_checks([s(1, task="classification") for s in BOTH])


@pytest.mark.parametrize(
    _checks.args[0],
    list(_checks.args[1]),
    **_checks.kwargs,
)
def test_scikit_learn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Only . of . features were selected")
        check(estimator)


def _standardised(X):
    X = X - X.mean(axis=0)
    norms = np.linalg.norm(X, axis=0)
    return X / np.where(norms > 1e-12, norms, 1.0)


def _naive_omp(X, y, k):
    """Largest correlation, the first of those that rounding cannot tell apart."""
    X, order = _standardised(X), []
    r = y = y - y.mean()
    while len(order) < k and np.linalg.norm(r) > 1e-10 * np.linalg.norm(y):
        score = np.abs(X.T @ r)
        free = X - X[:, order] @ np.linalg.pinv(X[:, order]) @ X if order else X
        score[np.linalg.norm(free, axis=0) < 1e-5] = 0.0
        if score.max() < 1e-10 * np.linalg.norm(y):
            break
        order.append(int(np.argmax(score >= score.max() * (1 - 1e-9))))
        r = y - X[:, order] @ np.linalg.lstsq(X[:, order], y, rcond=None)[0]
    return order


def _problem(seed, kind):
    rng = np.random.default_rng(seed)
    n, p = (30, 20) if kind != "wide" else (12, 25)
    X = rng.standard_normal((n, p)) * 10.0 ** rng.uniform(-3, 3, p)
    if kind == "ties":
        X[:, 10:] = X[:, :10] * rng.choice([-2.0, 1.0, 0.5], 10)
    elif kind == "rank":
        X = X[:, :6] @ rng.standard_normal((6, p))
    y = X[:, :3] @ (rng.standard_normal(3) / X[:, :3].std(axis=0))
    return X, y + 0.5 * y.std() * rng.standard_normal(n)


@pytest.mark.parametrize("kind", ["plain", "wide", "ties", "rank"])
def test_sequential_attention_takes_what_omp_takes(kind):
    for seed in range(30):
        X, y = _problem(seed, kind)
        selector = SequentialAttentionSelector(8)
        with warnings.catch_warnings():
            if kind == "rank":
                warnings.simplefilter("ignore")
            selector.fit(X, y)
        expected = _naive_omp(X, y, 8)
        assert selector.selected_.tolist() == expected
        assert len(set(expected)) == (6 if kind == "rank" else 8)


@pytest.mark.parametrize("kind", ["plain", "wide"])
def test_sequential_attention_takes_what_the_omp_of_scikit_learn_takes(kind):
    for seed in range(20):
        X, y = _problem(seed, kind)
        path = orthogonal_mp(
            _standardised(X), y - y.mean(), n_nonzero_coefs=6, return_path=True
        )
        n_zero = np.sum(path == 0, axis=1)
        expected = np.argsort(n_zero, kind="stable")[:6]
        selector = SequentialAttentionSelector(6).fit(X, y)
        assert_array_equal(selector.selected_, expected)


def test_sequential_attention_is_the_sequential_lasso():
    for seed in range(10):
        X, y = _problem(seed, "plain")
        X, y = np.asfortranarray(_standardised(X)), y - y.mean()
        selected = SequentialAttentionSelector(5).fit(X, y).selected_
        for k in range(5):
            weights = np.ones(X.shape[1])
            weights[selected[:k]] = 0.0
            r = y
            if k:
                r = y - LinearRegression().fit(X[:, selected[:k]], y).predict(
                    X[:, selected[:k]]
                )
            alpha = 0.9999 * np.abs(X.T @ r).max() / len(y)
            result = coordinate_descent(
                X, y, WeightedL1(alpha, weights=weights), tol=1e-14
            )
            entered = np.flatnonzero((result.coef != 0) & (weights > 0))
            assert_array_equal(entered, selected[k])


@pytest.mark.parametrize("kind", ["plain", "wide", "ties"])
@pytest.mark.parametrize("n_targets", [1, 3])
def test_forward_selection_lowers_the_error_most(kind, n_targets):
    for seed in range(10):
        X, y = _problem(seed, kind)
        Y = y[:, None]
        if n_targets > 1:
            noise = np.random.default_rng(seed).standard_normal((len(y), 2))
            Y = np.column_stack([y, y.std() * noise])
        centred = Y - Y.mean(axis=0)
        selector = ForwardSelector(6).fit(X, Y if n_targets > 1 else y)
        order = selector.selected_.tolist()
        for k in range(6):
            r2 = []
            for j in set(range(X.shape[1])) - set(order[:k]):
                Z = _standardised(X[:, [*order[:k], j]])
                R = centred - Z @ (np.linalg.pinv(Z) @ centred)
                r2.append(1 - (R**2).sum() / (centred**2).sum())
            assert_allclose(selector.r2_[k], max(r2), atol=1e-9)


def test_forward_selection_beats_attention_on_correlated_columns():
    wins = []
    for seed in range(20):
        X, y, coef = make_sparse_problem(
            100, 60, 6, design="toeplitz", correlation=0.9, random_state=seed
        )
        truth = set(np.flatnonzero(coef))
        found = [len(truth & set(s(6).fit(X, y).selected_)) for s in BOTH]
        wins.append(np.sign(found[0] - found[1]))
    assert sum(wins) > 0


@both
def test_classes(selector):
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((150, 3)), X])
    by_label = selector(2, task="classification").fit(X, y.astype(str))
    by_indicator = selector(2).fit(X, np.eye(3)[y])
    assert_array_equal(by_label.selected_, by_indicator.selected_)
    assert set(by_label.selected_) <= {3, 4, 5, 6}
    assert_array_equal(by_label.transform(X), X[:, np.sort(by_label.selected_)])


@both
def test_formats_and_units_do_not_matter(selector, backend):
    X, y = _problem(0, "plain")
    X = np.where(np.abs(X) > 0.3 * X.std(axis=0), X, 0.0)
    model = selector(7).fit(X, y)
    for form in (sparse.csc_matrix, sparse.csr_array, np.asfortranarray):
        other = selector(7).fit(form(X), y)
        assert_array_equal(other.selected_, model.selected_)
        assert_allclose(other.r2_, model.r2_)
    for unit in (1e-12, 1e12):
        other = selector(7).fit(unit * X + 3 * unit, unit * y)
        assert_array_equal(other.selected_, model.selected_)
    single = selector(5).fit(X.astype(np.float32), y)
    assert_array_equal(single.selected_, model.selected_[:5])


@both
def test_number_of_features(selector):
    X, y = _problem(1, "plain")
    assert selector().fit(X, y).n_features_ == 10
    assert selector(0.25).fit(X, y).n_features_ == 5
    assert selector(0.01).fit(X, y).n_features_ == 1
    model = selector(np.int64(20)).fit(X, y)
    assert sorted(model.selected_) == list(range(20))
    assert model.get_support().all()
    assert np.all(np.diff(model.r2_) >= 0)
    assert_allclose(model.r2_[-1], LinearRegression().fit(X, y).score(X, y))


@both
def test_nothing_left_to_explain(selector):
    X, _ = _problem(0, "plain")
    with pytest.warns(UserWarning, match="Only 1 of 4 features were selected"):
        model = selector(4).fit(X, X[:, 2])
    assert_array_equal(model.selected_, [2])
    with pytest.warns(UserWarning, match="Only 0 of 4 features were selected"):
        assert not selector(4).fit(X, np.ones(30)).get_support().any()


@both
def test_in_scikit_learn(selector):
    pandas = pytest.importorskip("pandas")
    X, y = _problem(2, "plain")
    frame = pandas.DataFrame(X, columns=[f"c{j}" for j in range(20)])
    model = selector(3).fit(frame, y)
    names = [f"c{j}" for j in np.sort(model.selected_)]
    assert model.get_feature_names_out().tolist() == names
    model.set_output(transform="pandas")
    assert model.transform(frame).columns.tolist() == names
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.selected_, model.selected_)
    piped = make_pipeline(selector(3), LinearRegression()).fit(X, y)
    assert_allclose(piped.score(X, y), model.r2_[-1])
    assert not hasattr(clone(model), "selected_")


@both
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_features_to_select": 0}, ValueError, "an integer >= 1, got 0"),
        ({"n_features_to_select": 21}, ValueError, "at most n_features = 20, got 21"),
        ({"n_features_to_select": 1.5}, ValueError, r"a number in \(0, 1\), got 1.5"),
        ({"n_features_to_select": "all"}, TypeError, "n_features_to_select must be"),
        ({"task": "ranking"}, ValueError, "task must be one of"),
    ],
)
def test_bad_options(selector, options, error, message):
    with pytest.raises(error, match=message):
        selector(**options).fit(*_problem(0, "plain"))


@both
def test_bad_data(selector):
    X, y = _problem(0, "plain")
    with pytest.raises(ValueError, match="NaN"):
        selector().fit(np.where(X > 0, X, np.nan), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        selector().fit(X, y[:-1])
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        selector(task="classification").fit(X, y)


# ---- best subsets --------------------------------------------------------------------
def test_best_subsets_are_those_of_the_regression():
    X, y = _problem(0, "plain")
    for k, size in ((None, 10), (4, 4), (0.2, 4), ("auto", None)):
        selector = BestSubsetSelector(k).fit(X, y)
        model = BestSubset(n_nonzero_coefs=size).fit(X, y)
        assert_array_equal(selector.get_support(), model.coef_ != 0)
        assert selector.n_features_ == selector.transform(X).shape[1]
        assert selector.n_iter_ == model.n_iter_
        assert_array_equal(selector.estimator_.coef_, model.coef_)


def test_best_subsets_beat_forward_selection():
    r2 = []
    for seed in range(10):
        X, y, _ = make_sparse_problem(
            60, 30, 5, design="toeplitz", correlation=0.9, snr=10, random_state=seed
        )
        reduced = BestSubsetSelector(5).fit_transform(X, y)
        best = LinearRegression().fit(reduced, y).score(reduced, y)
        r2.append((best, ForwardSelector(5).fit(X, y).r2_[-1]))
    better, forward = np.mean(r2, axis=0)
    assert better > forward


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_features_to_select": 21}, ValueError, "at most n_features = 20, got 21"),
        ({"n_features_to_select": -1}, ValueError, "n_features_to_select must be"),
        ({"criterion": "cv"}, ValueError, "criterion must be one of"),
        ({"exchange_max": 0}, ValueError, "exchange_max must be"),
        ({"max_iter": 0.5}, TypeError, "max_iter must be"),
    ],
)
def test_bad_options_of_best_subsets(options, error, message):
    with pytest.raises(error, match=message):
        BestSubsetSelector(**options).fit(*_problem(0, "plain"))
