"""FISTA: its certificate, coordinate descent's solutions, and linear operators."""

from __future__ import annotations

import numpy as np
import pytest
from problems import FORMATS, N_FEATURES, PENALTIES, make_data
from scipy import sparse
from scipy.fft import dct, idct
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from sparsesci.exceptions import ConvergenceWarning
from sparsesci.penalties import L1, ElasticNet, WeightedL1
from sparsesci.solvers import coordinate_descent, fista

# One target with each penalty, several with those that act on norms of rows.
COMBINATIONS = [(case, 0) for case in PENALTIES] + [
    (case, 3) for case in PENALTIES if not getattr(case.penalty, "positive", False)
]
TIGHT = {"tol": 1e-10, "max_iter": 100_000}


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize("fit_intercept", [False, True], ids=["raw", "centred"])
@pytest.mark.parametrize(("case", "n_targets"), COMBINATIONS, ids=str)
def test_agrees_with_coordinate_descent(
    case, n_targets, fit_intercept, weighted, global_random_seed
):
    X, y, s = make_data(global_random_seed, n_targets=n_targets, weighted=weighted)
    options = {**TIGHT, "fit_intercept": fit_intercept, "sample_weight": s}
    first = fista(X, y, case.penalty, **options)
    second = coordinate_descent(X, y, case.penalty, **options)
    assert first.converged
    assert 0 <= first.dual_gap <= first.target
    assert abs(first.objective - second.objective) <= first.target + second.target
    # The objective is flat around a minimum: coefficients agree to its square root.
    np.testing.assert_allclose(first.coef, second.coef, atol=2e-4)
    np.testing.assert_allclose(first.intercept, second.intercept, atol=2e-4)


@pytest.mark.parametrize("convert", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_formats_and_operators_give_the_same(
    convert, dtype, backend, global_random_seed
):
    X, y, s = make_data(global_random_seed, weighted=True)
    options = {**TIGHT, "fit_intercept": True, "sample_weight": s}
    expected = fista(aslinearoperator(X), y, L1(0.05), **options)
    result = fista(convert(X.astype(dtype)), y, L1(0.05), **options)
    assert result.converged
    np.testing.assert_allclose(result.coef, expected.coef, atol=1e-8)
    np.testing.assert_allclose(result.intercept, expected.intercept, atol=1e-8)


def test_partial_cosine_transform_recovers_a_sparse_signal(global_random_seed):
    """An operator that is never a matrix: 60 % of the rows of a cosine transform."""
    rng = np.random.default_rng(global_random_seed)
    n_features = 256
    rows = np.sort(rng.choice(n_features, 150, replace=False))

    def rmatvec(r):
        full = np.zeros(n_features)
        full[rows] = r
        return idct(full, norm="ortho")

    X = LinearOperator(
        (rows.size, n_features),
        matvec=lambda w: dct(np.ravel(w), norm="ortho")[rows],
        rmatvec=rmatvec,
        dtype=np.float64,
    )
    truth = np.zeros(n_features)
    truth[rng.choice(n_features, 8, replace=False)] = rng.choice([-3.0, 3.0], 8)
    result = fista(X, X.matvec(truth), L1(1e-4), **TIGHT)
    assert result.converged
    np.testing.assert_array_equal(np.abs(result.coef) > 0.1, truth != 0)
    np.testing.assert_allclose(result.coef, truth, atol=0.1)


def test_dual_point_is_feasible_and_proves_the_gap(global_random_seed):
    X, y, _ = make_data(global_random_seed)
    result = fista(X, y, L1(0.05), **TIGHT)
    theta = result.dual_point
    assert np.abs(X.T @ theta).max() <= 0.05 * (1 + 1e-12)
    dual = theta @ y - len(y) / 2 * theta @ theta
    assert result.objective - dual <= result.target + 1e-15


def test_objective_never_exceeds_the_start(global_random_seed):
    X, y, _ = make_data(global_random_seed)
    history = fista(X, y, ElasticNet(0.05, 0.5), keep_history=True).history
    assert len(history) > 2
    gaps = [progress.dual_gap for progress in history]
    assert gaps[-1] < 1e-3 * gaps[0]
    assert all(p.objective <= history[0].objective * (1 + 1e-12) for p in history)


def test_free_and_excluded_columns():
    X, y, _ = make_data(0, n_samples=60, n_features=6)
    weights = [0.0, 1.0, np.inf, 0.0, 1.0, 2.0]
    penalty = WeightedL1(0.1, weights=weights)
    first = fista(aslinearoperator(X), y, penalty, **TIGHT)
    second = coordinate_descent(X, y, penalty, tol=1e-12)
    np.testing.assert_allclose(first.coef, second.coef, atol=1e-5)
    assert first.coef[2] == 0
    assert first.dual_gap <= first.target


def test_zero_data_and_constant_target():
    assert not fista(np.zeros((5, 3)), np.zeros(5), L1(0.1)).coef.any()
    result = fista(np.eye(4), np.full(4, 7.0), L1(0.1), fit_intercept=True)
    assert result.converged
    assert result.intercept == 7.0
    assert not result.coef.any()


def test_max_iter_warns_with_the_gap():
    X, y, _ = make_data(0)
    with pytest.warns(ConvergenceWarning, match=r"Duality gap: \d\.\d{3}e"):
        result = fista(X, y, L1(0.001), max_iter=3, tol=1e-12)
    assert result.status == "max_iter"
    assert result.n_iter == 3


def test_start_outside_the_domain_is_projected():
    X, y, _ = make_data(0)
    start = -np.ones(N_FEATURES)
    result = fista(X, y, L1(0.05, positive=True), coef_init=start, **TIGHT)
    assert result.converged
    assert (result.coef >= 0).all()


@pytest.mark.parametrize(
    ("change", "error", "name"),
    [
        ({"tol": 0}, ValueError, "tol"),
        ({"max_iter": 0}, ValueError, "max_iter"),
        ({"check_every": 0}, ValueError, "check_every"),
        ({"check_every": "often"}, TypeError, "check_every"),
        ({"penalty": "l1"}, TypeError, "penalty"),
        ({"datafit": None}, TypeError, "datafit"),
        ({"fit_intercept": 1}, TypeError, "fit_intercept"),
        ({"coef_init": np.ones(2)}, ValueError, "coef_init"),
        ({"sample_weight": -np.ones(40)}, ValueError, "sample_weight"),
        ({"y": np.full(40, np.nan)}, ValueError, "y"),
        ({"y": np.ones(3)}, ValueError, "number of samples"),
        (
            {"y": np.ones((40, 2)), "penalty": L1(0.1, positive=True)},
            ValueError,
            "positive",
        ),
        ({"X": 1j * np.ones((40, 2))}, ValueError, "omplex"),
        ({"X": aslinearoperator(1j * np.ones((40, 2)))}, ValueError, "X"),
        ({"X": sparse.csc_array((40, 0))}, ValueError, "feature"),
    ],
)
def test_bad_input(change, error, name):
    X, y, _ = make_data(0)
    arguments = {"X": X, "y": y, "penalty": L1(0.1), **change}
    with pytest.raises(error, match=name):
        fista(**arguments)
