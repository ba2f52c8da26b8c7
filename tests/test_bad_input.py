"""Bad input is refused before any work, in words that name the argument."""

from __future__ import annotations

import re

import numpy as np
import pytest
from problems import make_data
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator

import sparsesci
from sparsesci import penalties
from sparsesci.linear_model import enet_path, lasso_path
from sparsesci.operators import design
from sparsesci.penalties import L1
from sparsesci.solvers import coordinate_descent
from sparsesci.solvers._working_set import WorkingSetSolver

ESTIMATORS = {
    name: estimator
    for name, estimator in sparsesci.all_estimators()
    if estimator.__module__.startswith("sparsesci.linear_model")
}
FUNCTIONS = {
    "coordinate_descent": lambda X, y, **options: coordinate_descent(
        X, y, L1(0.1), **options
    ),
    "enet_path": enet_path,
    "lasso_path": lasso_path,
}


def _fitter(estimator):
    """The fit of an estimator as a function of data and of all options."""

    def fit(X, y, sample_weight=None, **options):
        return estimator(**options).fit(X, y, sample_weight=sample_weight)

    return fit


CALLS = {**{name: _fitter(e) for name, e in ESTIMATORS.items()}, **FUNCTIONS}


def _options_of(name):
    if name in ESTIMATORS:
        return {*ESTIMATORS[name]().get_params(), "sample_weight"}
    common = {"sample_weight", "tol", "max_iter", "selection", "coef_init", "callback"}
    if name == "coordinate_descent":
        return common | {"fit_intercept", "time_limit", "penalty"}
    path = {"alphas", "eps", "positive", "precompute", "n_alphas", "check_input", "Xy"}
    return (common | path | {"l1_ratio"} if name == "enet_path" else common | path) - {
        "callback"
    }


def _good(name):
    return make_data(0, 12, 4, 2 if name.startswith("MultiTask") else 0)[:2]


@pytest.fixture
def _no_work(monkeypatch):
    """A design is the first thing that costs: none may be made."""

    def refuse(*_):
        raise AssertionError("work began before the arguments were checked")

    for kind in (design.DenseDesign, design.SparseDesign):
        monkeypatch.setattr(kind, "_prepare", refuse)


# Option -> values, and what the message must hold besides the option's name.
BAD_OPTIONS = {
    "alpha": [(-1.0, "[0, inf)"), (np.nan, "[0, inf)"), (np.inf, ""), ("1", "number")],
    "l1_ratio": [
        (-0.1, "[0, 1]"),
        (1.1, "[0, 1]"),
        (np.nan, "[0, 1]"),
        ("a", "[0, 1]"),
    ],
    "tol": [
        (0, "(0, inf)"),
        (-1e-3, "(0, inf)"),
        (np.nan, "(0, inf)"),
        ("a", "number"),
    ],
    "max_iter": [(0, ">= 1"), (-1, ">= 1"), (1.5, "integer"), ("a", "integer")],
    "selection": [("both", "cyclic"), (None, "cyclic"), (1, "cyclic")],
    "fit_intercept": [("yes", "True or False"), (1, "True or False")],
    "positive": [("yes", "True or False"), (None, "True or False")],
    "copy_X": [("yes", "True or False")],
    "warm_start": [(2, "True or False")],
    "eps": [(0, "(0, "), (-1e-3, "(0, "), (np.nan, "(0, "), ("a", "number")],
    "n_alphas": [(0, ">= 1"), (2.5, "integer")],
    "alphas": [
        (0, ">= 1"),
        (-3, ">= 1"),
        (2.5, "integer"),
        ("a", "integer"),
        ([], "empty"),
        ([1.0, -1.0], "-1"),
        ([1.0, np.nan], "nan"),
        ([1.0, "a"], "'a'"),
    ],
    "weights": [
        (np.array([1.0, -1.0, 1.0, 1.0]), "-1"),
        (np.array([1.0, np.nan, 1.0, 1.0]), "nan"),
        (np.ones(3), "3"),
        (np.ones((2, 2)), "2"),
        ("a", ""),
    ],
    "sample_weight": [
        (np.r_[-1.0, np.ones(11)], "-1"),
        (np.r_[np.nan, np.ones(11)], "nan"),
        (np.r_[np.inf, np.ones(11)], "inf"),
        (np.zeros(12), "positive"),
        (np.ones(11), "11"),
        (np.ones((12, 1)), "2"),
        (["a"] * 12, ""),
        (np.ones(12, dtype=complex), ""),
    ],
    "time_limit": [(-1.0, "[0"), ("a", "number")],
    "callback": [(1, "callable")],
    "check_input": [("yes", "True or False")],
    "coef_init": [
        (np.ones(3), "3"),
        (np.full(4, np.nan), "NaN"),
        (np.ones((3, 2)), "2"),
    ],
    "precompute": [
        ("yes", "yes"),
        (np.eye(4)[:3], "shape"),
        (1.5, "1.5"),
        (None, "None"),
    ],
}
OPTION_CASES = [
    pytest.param(name, option, value, text, id=f"{name}-{option}-{k}")
    for name in CALLS
    for option in sorted(_options_of(name) & BAD_OPTIONS.keys())
    for k, (value, text) in enumerate(BAD_OPTIONS[option])
]


@pytest.mark.usefixtures("_no_work")
@pytest.mark.parametrize(("name", "option", "value", "text"), OPTION_CASES)
def test_bad_options(name, option, value, text):
    with pytest.raises((ValueError, TypeError)) as caught:
        CALLS[name](*_good(name), **{option: value})
    message = str(caught.value)
    assert re.search(rf"\b{option}\b", message), message
    assert text in message


def _spoiled(array, value):
    array = array.astype(type(value) if isinstance(value, complex) else float)
    array[1, ...] = value
    return array


NOT_FINITE = {
    "nan in X": (lambda X, y: (_spoiled(X, np.nan), y), "X.*NaN"),
    "inf in X": (lambda X, y: (_spoiled(X, np.inf), y), "X.*infinity"),
    "nan in sparse X": (
        lambda X, y: (sparse.csc_array(_spoiled(X, np.nan)), y),
        "X.*NaN",
    ),
}
BAD_DATA = {
    "nan in y": (lambda X, y: (X, _spoiled(y, np.nan)), "y.*NaN"),
    "inf in y": (lambda X, y: (X, _spoiled(y, np.inf)), "y.*infinity"),
    "X of one dimension": (lambda X, y: (X[:, 0], y), "Expected 2D array, got 1D"),
    "X of three dimensions": (lambda X, y: (X[None], y), "dim 3|3D|3 dim"),
    "no samples": (lambda X, y: (X[:0], y[:0]), r"0 sample\(s\)"),
    "no features": (lambda X, y: (X[:, :0], y), r"0 feature\(s\)"),
    "fewer targets": (lambda X, y: (X, y[:-1]), "samples.*12.*11"),
    "y of three dimensions": (lambda X, y: (X, y.reshape(12, -1, 1)[..., None]), "dim"),
    "strings in X": (lambda X, y: (np.full(X.shape, "a"), y), "convert|dtype|strings"),
    "strings in y": (lambda X, y: (X, np.full(y.shape, "a")), "convert|dtype|strings"),
    "complex X": (lambda X, y: (_spoiled(X, 1j), y), "Complex data not supported"),
    "complex sparse X": (
        lambda X, y: (sparse.csc_array(_spoiled(X, 1j)), y),
        "Complex data not supported",
    ),
    "complex y": (lambda X, y: (X, _spoiled(y, 1j)), "Complex data not supported"),
    "no y": (lambda X, y: (X, None), "y"),
}


@pytest.mark.usefixtures("_no_work")
@pytest.mark.parametrize("kind", BAD_DATA)
@pytest.mark.parametrize("name", CALLS)
def test_bad_data(name, kind):
    spoil, text = BAD_DATA[kind]
    with pytest.raises((ValueError, TypeError), match=f"(?s){text}"):
        CALLS[name](*spoil(*_good(name)))


@pytest.mark.parametrize("kind", NOT_FINITE)
@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_finite_is_found_with_the_norms(monkeypatch, name, kind):
    """A look of its own would cost as much as they do."""

    def refuse(*_):
        raise AssertionError("a solver began to work")

    monkeypatch.setattr(WorkingSetSolver, "solve", refuse)
    spoil, text = NOT_FINITE[kind]
    with pytest.raises(ValueError, match=f"(?s){text}"):
        CALLS[name](*spoil(*_good(name)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_bad_data_at_prediction(name, value):
    X, y = _good(name)
    model = ESTIMATORS[name](**({"cv": 2} if name.endswith("CV") else {})).fit(X, y)
    with pytest.raises(ValueError, match="X contains"):
        model.predict(_spoiled(X, value))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_prediction_before_fit(name):
    with pytest.raises(sparsesci.exceptions.NotFittedError):
        ESTIMATORS[name]().predict(_good(name)[0])
    with pytest.raises(sparsesci.exceptions.NotFittedError):
        _ = ESTIMATORS[name]().sparse_coef_


@pytest.mark.parametrize("cv", [0, 1, -2, 13, "five", 2.5])
@pytest.mark.parametrize("name", [name for name in ESTIMATORS if name.endswith("CV")])
def test_bad_folds(name, cv):
    with pytest.raises((ValueError, TypeError), match=r"cv|n_splits|folds"):
        ESTIMATORS[name](cv=cv).fit(*_good(name))


@pytest.mark.parametrize("ratio", [0.0, [0.0], [0.5, 0.0]])
@pytest.mark.parametrize("name", ["ElasticNetCV", "MultiTaskElasticNetCV"])
def test_no_automatic_alphas_for_ridge(name, ratio):
    with pytest.raises(ValueError, match=r"l1_ratio=0.*alphas"):
        CALLS[name](*_good(name), l1_ratio=ratio)


@pytest.mark.parametrize("ratios", [[], [[0.5]], [0.5, 2.0], [0.5, "a"]])
@pytest.mark.parametrize("name", ["ElasticNetCV", "MultiTaskElasticNetCV"])
def test_bad_lists_of_ratios(name, ratios):
    with pytest.raises((ValueError, TypeError), match="l1_ratio"):
        CALLS[name](*_good(name), l1_ratio=ratios)


@pytest.mark.parametrize("name", [n for n in ESTIMATORS if n.startswith("MultiTask")])
def test_several_targets_are_asked_for(name):
    X, y = _good(name)
    with pytest.raises(ValueError, match=f"use {name[len('MultiTask') :]}"):
        ESTIMATORS[name]().fit(X, y[:, 0])


@pytest.mark.parametrize("name", ["LassoCV", "ElasticNetCV"])
def test_one_target_is_asked_for(name):
    X, y, _ = make_data(0, 12, 4, 2)
    with pytest.raises(ValueError, match=f"use MultiTask{name}"):
        ESTIMATORS[name]().fit(X, y)


# ---- the functional interface --------------------------------------------------------
def test_columns_of_an_operator_cannot_be_had():
    X, y = _good("")
    with pytest.raises(TypeError, match=r"LinearOperator; use .*fista"):
        coordinate_descent(aslinearoperator(X), y, L1(0.1))


@pytest.mark.parametrize("penalty", [0.1, "l1", None, L1])
def test_penalties_come_from_the_registry(penalty):
    with pytest.raises(TypeError, match="penalty must"):
        coordinate_descent(*_good(""), penalty)


def test_weights_of_a_penalty_fit_the_data():
    penalty = penalties.WeightedL1(0.1, weights=np.ones(3))
    with pytest.raises(ValueError, match=r"weights .* 4 features, got 3"):
        coordinate_descent(*_good(""), penalty)


def test_datafit_is_quadratic():
    with pytest.raises(TypeError, match="datafit must be Quadratic"):
        coordinate_descent(*_good(""), L1(0.1), datafit="quadratic")


def test_columns_whose_squares_overflow():
    X, y = _good("")
    with pytest.raises(ValueError, match="column 2 of X is too large"):
        coordinate_descent(X * [1, 1, 1e200, 1], y, L1(0.1))
