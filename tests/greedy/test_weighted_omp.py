"""Pursuit on penalised losses, against brute force and the publication's formulas."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.linalg import aslinearoperator
from sklearn.base import clone
from sklearn.linear_model import orthogonal_mp
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsesci.datasets import make_sparse_problem
from sparsesci.greedy import WeightedOMP, weighted_omp
from sparsesci.greedy._columns import ScaledColumns
from sparsesci.greedy._fits import FITS
from sparsesci.greedy._gains import CoordinatePenalty
from sparsesci.greedy._lad import lad_line_search, lad_regression
from sparsesci.operators import as_design

LOSSES = {
    "lasso": lambda r: np.mean(r**2) / 2,
    "sqrt_lasso": lambda r: np.sqrt(np.mean(r**2)),
    "lad_lasso": lambda r: np.mean(np.abs(r)),
}
every_loss = pytest.mark.parametrize("loss", LOSSES)
every_norm = pytest.mark.parametrize("norm", ["l0", "l1"])
# A good alpha for the problems of `_problem`.
ALPHA = {
    ("lasso", "l0"): 1e-5,
    ("lasso", "l1"): 0.01,
    ("sqrt_lasso", "l0"): 1e-3,
    ("sqrt_lasso", "l1"): 0.2,
    ("lad_lasso", "l0"): 1e-3,
    ("lad_lasso", "l1"): 0.18,
}


def _problem(seed=0, **options):
    options = {"snr": 40.0, "values": "signs", **options}
    return make_sparse_problem(120, 90, 4, random_state=seed, **options)


def _objective(X, y, coef, intercept, alpha, loss, norm, weights, fit_intercept):
    s = np.std(X, axis=0) if fit_intercept else np.sqrt(np.mean(X**2, axis=0))
    penalty = weights * s * np.abs(coef) if norm == "l1" else weights**2 * (coef != 0)
    return LOSSES[loss](y - X @ coef - intercept) + alpha * penalty.sum()


# ---- gains of single coordinates -----------------------------------------------------
def _least_along(function, kinks):
    """Minimum of a convex function of one number: by its kinks and golden sections."""
    low, high = kinks.min() - 1, kinks.max() + 1
    ratio = (np.sqrt(5) - 1) / 2
    best = min(function(v) for v in kinks)
    for _ in range(90):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        fa, fb = function(a), function(b)
        best = min(best, fa, fb)
        low, high = (low, b) if fa <= fb else (a, high)
    return best


@every_loss
@every_norm
@pytest.mark.parametrize("level", [0.0, 0.02, 0.3, 1.5])
@pytest.mark.parametrize("n_taken", [0, 1, 4])
def test_gains_equal_brute_force(loss, norm, level, n_taken, backend):
    rng = np.random.default_rng(n_taken)
    X = np.asfortranarray(rng.standard_normal((12, 7)))
    X /= np.sqrt(np.mean(X**2, axis=0))
    X[3, 2] = 0.0
    X[:, 2] /= np.sqrt(np.mean(X[:, 2] ** 2))
    y = X[:, 0] + 0.3 * X[:, 1] + 0.2 * rng.standard_normal(12)
    strength = level * rng.uniform(0.3, 2.0, 7)
    fit = FITS[loss](ScaledColumns(as_design(X, None, False)), y)
    for j in (5, 1, 0, 3)[:n_taken]:
        assert fit.refit(j)
    gains = fit.gains(CoordinatePenalty(norm, strength))
    u = fit.full_coef
    for j in range(7):
        rest = y - X @ u + u[j] * X[:, j]

        def smooth(v, rest=rest, j=j):
            lasso = strength[j] * abs(v) if norm == "l1" else 0.0
            return LOSSES[loss](rest - v * X[:, j]) + lasso

        nonzero = X[:, j] != 0
        kinks = np.r_[rest[nonzero] / X[nonzero, j], 0.0, u[j]]
        least, now = _least_along(smooth, kinks), smooth(u[j])
        if norm == "l0":
            least = min(least + strength[j], smooth(0.0))
            now += strength[j] * (u[j] != 0)
        assert_allclose(gains[j], max(now - least, 0), atol=1e-9)


def test_line_search_is_a_minimum_whatever_the_ties(backend):
    rng = np.random.default_rng(0)
    for trial in range(50):
        columns = np.asfortranarray(rng.integers(-2, 3, (7, 5)).astype(float))
        residual = rng.integers(-3, 4, 7).astype(float)
        at, weight = rng.integers(-1, 2, 5).astype(float), rng.random(5) * (trial % 2)
        found = lad_line_search(residual, columns, at, weight)
        for x, a, w, t, fall in zip(columns.T, at, weight, *found):
            kinks = np.r_[residual[x != 0] / x[x != 0], a, 0.0, t]
            values = np.abs(residual - kinks[:, None] * x).sum(axis=1)
            values += w * np.abs(kinks - a)
            assert_allclose(values[-1], values.min(), atol=1e-12)
            assert_allclose(values[-2] - values[-1], fall, atol=1e-12)


def _primal_lad(A, y):
    """min 1'(p + m) with A z + p - m = y."""
    n, k = A.shape
    identity = np.eye(n)
    result = linprog(
        np.r_[np.zeros(k), np.ones(2 * n)],
        A_eq=np.hstack([A, identity, -identity]),
        b_eq=y,
        bounds=[(None, None)] * k + [(0, None)] * (2 * n),
    )
    return result.x[:k]


@pytest.mark.parametrize("shape", [(20, 1), (30, 6), (8, 8)])
def test_lad_regression_is_exact(shape, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    A, y = rng.standard_normal(shape), rng.standard_cauchy(shape[0])
    coef = lad_regression(A, y)
    reference = _primal_lad(A, y)
    losses = [np.abs(y - A @ z).sum() for z in (coef, reference)]
    assert_allclose(*losses, atol=1e-12)
    assert np.sum(np.abs(y - A @ coef) < 1e-9) >= shape[1]


# ---- the publication's algorithm, naively --------------------------------------------
def _published_gain(loss, norm, c, x, R, lam, w):
    """Formulas for squares of the publication, with a guard for the root."""
    tau = lam * w
    if loss == "lasso" and norm == "l0":
        return max(lam * w**2 - x**2, 0) if x else max(c**2 - lam * w**2, 0)
    if loss == "lasso":
        if not x:
            return max(c - tau / 2, 0) ** 2
        return tau**2 / 4 if abs(x) >= tau / 2 else abs(x) * (tau - abs(x))
    if norm == "l0":
        if x:
            return max(R + lam * w**2 - np.hypot(R, x), 0)
        return max(R - np.sqrt(R**2 - c**2) - lam * w**2, 0)
    if x:
        if tau < 1 and abs(x) > tau * R / np.sqrt(1 - tau**2):
            return R * (1 - np.sqrt(1 - tau**2))
        return R + tau * abs(x) - np.hypot(R, x)
    if c <= tau * R:
        return 0.0
    return R - tau * c - np.sqrt(1 - tau**2) * np.sqrt(R**2 - c**2)


def _published(A, y, lam, loss, norm, w):
    support, x = [], np.zeros(A.shape[1])
    while True:
        r = y - A @ x
        R = np.linalg.norm(r)
        gains = [
            _published_gain(loss, norm, abs(a @ r), x[j], R, lam, w[j])
            for j, a in enumerate(A.T)
        ]
        j = int(np.argmax(gains))
        if gains[j] <= 0 or j in support:
            return x
        support.append(j)
        x[support] = np.linalg.lstsq(A[:, support], y, rcond=None)[0]


@pytest.mark.parametrize("loss", ["lasso", "sqrt_lasso"])
@every_norm
def test_scalings_of_the_publication(loss, norm, global_random_seed):
    X, y, _ = _problem(global_random_seed)
    n = len(y)
    w = np.random.default_rng(0).uniform(0.5, 2.0, X.shape[1])
    root = np.sqrt(n)
    factor = {
        ("lasso", "l0"): 2 * n,
        ("lasso", "l1"): 2 * root,
        ("sqrt_lasso", "l0"): root,
        ("sqrt_lasso", "l1"): 1.0,
    }[loss, norm]
    alpha = ALPHA[loss, norm]
    result = weighted_omp(X, y, alpha, loss=loss, norm=norm, weights=w)
    expected = _published(X, y, factor * alpha, loss, norm, w)
    assert_allclose(result.coef, expected, atol=1e-10)
    assert result.n_iter == np.count_nonzero(expected) > 0


# ---- the whole -----------------------------------------------------------------------
@every_loss
@every_norm
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_finds_the_support_and_stops_there(loss, norm, fit_intercept, backend):
    for seed in range(5):
        X, y, truth = _problem(seed)
        y = y + 7.0 * fit_intercept
        options = {"loss": loss, "norm": norm, "fit_intercept": fit_intercept}
        result = weighted_omp(X, y, ALPHA[loss, norm], **options)
        assert result.status == "converged"
        assert result.n_iter == 4
        assert_array_equal(np.flatnonzero(result.coef), np.flatnonzero(truth))
        assert_allclose(result.coef, truth, atol=0.05)
        assert_allclose(result.intercept, 7.0 * fit_intercept, atol=0.05)
        weights = np.ones(90)
        assert_allclose(
            result.objective,
            _objective(
                X,
                y,
                result.coef,
                result.intercept,
                ALPHA[loss, norm],
                weights=weights,
                **options,
            ),
            rtol=1e-9,
        )


@pytest.mark.parametrize("loss", ["lasso", "sqrt_lasso"])
def test_without_penalty_it_is_omp(loss, global_random_seed):
    X, y, _ = _problem(global_random_seed, snr=5.0)
    result = weighted_omp(X, y, 0.0, loss=loss, max_iter=20)
    assert result.status == "max_iter"
    assert_allclose(result.coef, orthogonal_mp(X, y, n_nonzero_coefs=20), atol=1e-9)


def test_gross_errors_hurt_squares_only():
    X, y, truth = _problem(corruption=0.2)
    robust = weighted_omp(X, y, 0.18, loss="lad_lasso")
    assert np.linalg.norm(robust.coef - truth) < 0.1
    squares = weighted_omp(X, y, 0.0, max_iter=4)
    assert np.linalg.norm(squares.coef - truth) > 1


def test_alpha_of_the_root_does_not_depend_on_the_noise():
    for snr in (60.0, 40.0, 20.0):
        X, y, truth = _problem(snr=snr)
        result = weighted_omp(X, y, 0.2, loss="sqrt_lasso")
        assert_array_equal(np.flatnonzero(result.coef), np.flatnonzero(truth))


def test_strong_root_penalty_takes_nothing():
    X, y, _ = _problem()
    for alpha in (1.0, 5.0):
        result = weighted_omp(X, y, alpha, loss="sqrt_lasso")
        assert result.n_iter == 0
        assert not result.coef.any()


@every_loss
@every_norm
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_units_of_columns_and_target_do_not_matter(loss, norm, fit_intercept):
    X, y, _ = _problem()
    rng = np.random.default_rng(1)
    units = 10.0 ** rng.uniform(-6, 6, 90)
    options = {"loss": loss, "norm": norm, "fit_intercept": fit_intercept}
    alpha = ALPHA[loss, norm]
    expected = weighted_omp(X, y, alpha, **options)
    scaled = weighted_omp(X * units, y, alpha, **options)
    assert_allclose(scaled.coef * units, expected.coef, atol=1e-9)
    for unit in (1e-12, 1e12):
        power = (loss == "lasso") + (norm == "l0")
        result = weighted_omp(X, unit * y, alpha * unit**power, **options)
        assert_allclose(result.coef, unit * expected.coef, rtol=1e-6)
        degree = 2 if loss == "lasso" else 1
        assert_allclose(result.objective, unit**degree * expected.objective, rtol=1e-6)


@every_loss
def test_an_intercept_absorbs_shifts(loss):
    X, y, _ = _problem()
    options = {"loss": loss, "fit_intercept": True}
    first = weighted_omp(X, y, ALPHA[loss, "l1"], **options)
    shifted = weighted_omp(X + 3.0, y - 2.0, ALPHA[loss, "l1"], **options)
    assert_allclose(shifted.coef, first.coef, atol=1e-9)
    expected = first.intercept - 2.0 - 3.0 * first.coef.sum()
    assert_allclose(shifted.intercept, expected, atol=1e-9)


@every_loss
def test_small_weights_bring_columns_in(loss):
    X, y, truth = _problem(snr=60.0)
    norm = "l1"
    strong = 0.6 if loss != "lasso" else 0.15
    weights = np.where(truth != 0, 1e-3, 1.0)
    assert weighted_omp(X, y, strong, loss=loss, norm=norm).n_iter < 4
    result = weighted_omp(X, y, strong, loss=loss, norm=norm, weights=weights)
    assert_array_equal(np.flatnonzero(result.coef), np.flatnonzero(truth))


@every_loss
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_formats_agree(loss, fit_intercept):
    X, y, _ = _problem()
    X = np.where(np.abs(X) > 0.05, X, 0.0)
    options = {"loss": loss, "fit_intercept": fit_intercept}
    expected = weighted_omp(X, y, ALPHA[loss, "l1"], **options)
    formats = [sparse.csc_matrix, sparse.csr_array, np.ascontiguousarray]
    if loss != "lad_lasso":
        formats.append(aslinearoperator)
    for form in formats:
        result = weighted_omp(form(X), y, ALPHA[loss, "l1"], **options)
        assert_allclose(result.coef, expected.coef, atol=1e-9)
        assert_allclose(result.intercept, expected.intercept, atol=1e-9)
    single = weighted_omp(X.astype(np.float32), y, ALPHA[loss, "l1"], **options)
    assert_allclose(single.coef, expected.coef, atol=1e-5)


@every_loss
@every_norm
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_degenerate_columns(loss, norm, fit_intercept):
    """Zero, constant and repeated columns, and more columns than the rank."""
    X, y, _ = _problem()
    X = np.column_stack([np.zeros(120), X[:, :5], np.full(120, 0.1), X[:, :5], X[:, 0]])
    options = {"loss": loss, "norm": norm, "fit_intercept": fit_intercept}
    result = weighted_omp(X, y, 0.0, **options)
    taken = np.flatnonzero(result.coef)
    assert result.status in ("converged", "stalled")
    assert np.isfinite(result.coef).all()
    assert taken.size == np.linalg.matrix_rank(X[:, taken]) <= 6
    assert not result.coef[7:].any()  # ties go to the first
    assert result.coef[0] == 0
    assert not (fit_intercept and result.coef[6])


@every_loss
def test_trivial_targets(loss):
    X = _problem().X
    for y, fit_intercept in ((np.zeros(120), False), (np.full(120, 3.1), True)):
        result = weighted_omp(X, y, 0.0, loss=loss, fit_intercept=fit_intercept)
        assert (result.status, result.n_iter) == ("converged", 0)
        assert not result.coef.any()
        assert result.intercept == y[0]


@every_loss
def test_exact_data_end_the_pursuit(loss):
    X, y, truth = _problem(snr=np.inf)
    result = weighted_omp(X, y, 0.0, loss=loss)
    assert result.status == "converged"
    assert_allclose(result.coef, truth, atol=1e-8)
    assert np.count_nonzero(result.coef) <= 8


@every_loss
@every_norm
def test_reports_of_steps(loss, norm):
    X, y, _ = _problem()
    seen = []
    options = {"loss": loss, "norm": norm, "keep_history": True}
    result = weighted_omp(X, y, ALPHA[loss, norm], callback=seen.append, **options)
    assert result.history == seen
    assert [report.n_iter for report in seen] == [1, 2, 3, 4]
    assert [report.n_active for report in seen] == [1, 2, 3, 4]
    assert seen[-1].objective == result.objective
    falls = -np.diff([report.objective for report in seen])
    gains = [report.violation for report in seen[1:]]
    if norm == "l0":  # a refit can only add to what the step alone gains
        assert np.all(falls >= np.array(gains) - 1e-12)
    stopped = weighted_omp(
        X, y, ALPHA[loss, norm], callback=lambda r: r.n_iter == 2, **options
    )
    assert (stopped.status, stopped.n_iter) == ("callback", 2)


def test_data_are_not_touched():
    X, y, _ = _problem()
    before = X.copy(), y.copy()
    for loss in LOSSES:
        weighted_omp(X, y, 0.01, loss=loss, fit_intercept=True)
    assert_array_equal(X, before[0])
    assert_array_equal(y, before[1])


# ---- the estimator -------------------------------------------------------------------
# The defaults are tried together with all other estimators.
_checks = parametrize_with_checks([WeightedOMP(0.01, loss="lad_lasso", norm="l0")])


@pytest.mark.parametrize(_checks.args[0], list(_checks.args[1]), **_checks.kwargs)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@every_loss
@every_norm
def test_estimator_is_the_function(loss, norm):
    X, y, _ = _problem()
    options = {"loss": loss, "norm": norm, "weights": np.linspace(1, 2, 90)}
    model = WeightedOMP(ALPHA[loss, norm], **options).fit(X, y)
    result = weighted_omp(X, y, ALPHA[loss, norm], fit_intercept=True, **options)
    assert_array_equal(model.coef_, result.coef)
    assert model.intercept_ == result.intercept
    assert model.objective_ == result.objective
    assert (model.n_iter_, model.status_) == (result.n_iter, result.status)
    assert_allclose(model.predict(X), X @ result.coef + result.intercept)
    sparse_model = clone(model).fit(sparse.csr_matrix(X), y)
    assert_allclose(sparse_model.coef_, model.coef_, atol=1e-9)
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.predict(X), model.predict(X))


# ---- bad input -----------------------------------------------------------------------
BAD = [
    ({"alpha": -1.0}, ValueError, r"alpha must be a number in \[0, inf\), got -1.0"),
    ({"alpha": "a"}, TypeError, "alpha must be a number"),
    ({"alpha": np.nan}, ValueError, "alpha must be"),
    ({"loss": "ridge"}, ValueError, "loss must be one of .*'lad_lasso'.*got 'ridge'"),
    ({"norm": "l2"}, ValueError, "norm must be one of"),
    ({"fit_intercept": 1}, TypeError, "fit_intercept must be True or False"),
    ({"max_iter": 0}, ValueError, "max_iter must be an integer >= 1, got 0"),
    ({"max_iter": 1.5}, TypeError, "max_iter must be an integer"),
    ({"tol": 1.0}, ValueError, r"tol must be a number in \[0, 1\), got 1.0"),
    ({"weights": np.ones(3)}, ValueError, "weights must have 90 entries, got 3"),
    ({"weights": np.r_[0.0, np.ones(89)]}, ValueError, "weights must be positive"),
    ({"weights": np.r_[1.0, -np.ones(89)]}, ValueError, "weights must hold non-neg"),
    ({"weights": np.full(90, np.inf)}, ValueError, "weights must hold .* finite"),
    ({"weights": ["a"] * 90}, TypeError, "weights must hold"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD)
def test_bad_options(options, error, message):
    X, y, _ = _problem()
    options = {"alpha": 0.1, **options}
    with pytest.raises(error, match=message):
        WeightedOMP(**options).fit(X, y)
    with pytest.raises(error, match=message):
        weighted_omp(X, y, **options)


def test_bad_callback():
    X, y, _ = _problem()
    with pytest.raises(TypeError, match="callback must be callable or None, got 1"):
        weighted_omp(X, y, 0.1, callback=1)


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda X, y: (X * np.nan, y), ValueError, "X contains NaN"),
        (lambda X, y: (X, np.r_[y[1:], np.inf]), ValueError, "y contains"),
        (
            lambda X, y: (X, y[:-1]),
            ValueError,
            "same number of samples, got 120 and 119",
        ),
        (lambda X, y: (X[0], y), ValueError, "2D array"),
        (lambda X, y: (X, np.c_[y, y]), ValueError, "y must be a single target, got 2"),
        (lambda X, y: (aslinearoperator(X), y), TypeError, "X must show its columns"),
    ],
)
def test_bad_data(spoil, error, message):
    X, y, _ = _problem()
    with pytest.raises(error, match=message):
        weighted_omp(*spoil(X, y), 0.1, loss="lad_lasso")
