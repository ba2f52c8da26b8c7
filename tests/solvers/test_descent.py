"""Descent on Gram matrices: their entries, and that it matters not when they come.

Whatever the prices are, the solution is the same; they only decide how it is found.
"""

from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import FORMATS, PENALTIES, make_data, objective

from sparsesci.operators.design import as_design
from sparsesci.penalties import L1
from sparsesci.solvers import _descent, coordinate_descent
from sparsesci.solvers._control import Control
from sparsesci.solvers._gram import gram_problem
from sparsesci.solvers._inputs import check_design_matrix
from sparsesci.solvers._path import alpha_grid, walk
from sparsesci.solvers._prediction import Solution, extrapolate, likely_rows
from sparsesci.solvers._problem import LeastSquares
from sparsesci.solvers._subgram import SubGram
from sparsesci.solvers._working_set import WorkingSetSolver


def _problem(form="F", dtype=np.float64, weighted=True, **shape):
    X, y, weights = make_data(0, weighted=weighted, **shape)
    X = check_design_matrix(FORMATS[form](X.astype(dtype)))
    if weights is not None:
        weights = weights * (len(y) / weights.sum())
    design = as_design(X, weights, True)
    return LeastSquares(design, design.center_targets(y[None])[0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("form", ["F", "CSC"])
def test_a_gram_matrix_grows_with_its_columns(backend, form, dtype):
    problem = _problem(form, dtype)
    gram = SubGram(problem)
    for ws in ([5, 7, 30], [7, 2], [5], [119, 0, 2, 64, 63, 62, 61, 60, 59]):
        gram.admit(np.array(ws))
    assert gram.columns.tolist() == [5, 7, 30, 2, 119, 0, 64, 63, 62, 61, 60, 59]
    assert_array_equal(gram.columns[gram.position[gram.columns]], gram.columns)
    A = problem.design.dense_columns(gram.columns)
    m = len(gram.columns)
    assert_allclose(gram.gram[:m, :m], A.T @ A, atol=1e-12 * len(A))


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_single_precision_reaches_any_gap(monkeypatch, backend, weighted):
    """Each look at the data corrects what products in single precision have left."""
    monkeypatch.setattr(_descent, "_LONG", 100)
    monkeypatch.setattr(_descent, "_CHEAP", np.inf)  # bought at once
    X, y, weights = make_data(3, 300, 40, weighted=weighted)
    made, admit = [], SubGram.admit

    def spy(self, ws):
        made.append(self)
        admit(self, ws)

    monkeypatch.setattr(SubGram, "admit", spy)
    result = coordinate_descent(
        X, y, L1(0.01), sample_weight=weights, fit_intercept=True, tol=1e-14
    )
    assert made[0].single
    assert result.converged
    exact = made[0].problem.design.dense_columns(made[0].columns)
    size = len(made[0].columns)
    errors = np.abs(made[0].gram[:size, :size] - exact.T @ exact).max()
    assert 1e-10 < errors < 1e-2
    assert result.dual_gap <= 1e-14 * made[0].problem.null_objective


def test_a_gram_matrix_in_chunks(monkeypatch):
    monkeypatch.setattr("sparsesci.operators.design._GRAM_WORK", 1000)
    problem = _problem(n_samples=70, n_features=30)
    gram = SubGram(problem)
    gram.admit(np.arange(3, 12))
    gram.admit(np.arange(20))
    A = problem.design.dense_columns(gram.columns)
    m = len(gram.columns)
    assert_allclose(gram.gram[:m, :m], A.T @ A, atol=1e-12 * len(A))


@pytest.mark.parametrize("case", PENALTIES, ids=str)
@pytest.mark.parametrize("form", ["F", "CSC"])
@pytest.mark.parametrize("cheap", [0, np.inf], ids=["rented", "bought"])
def test_prices_do_not_change_the_solution(monkeypatch, backend, form, case, cheap):
    X, y, weights = make_data(3, weighted=True)
    options = {"fit_intercept": True, "sample_weight": weights, "tol": 1e-12}
    X = FORMATS[form](X)
    expected = coordinate_descent(X, y, case.penalty, **options)
    monkeypatch.setattr(_descent, "_CHEAP", cheap)
    result = coordinate_descent(X, y, case.penalty, max_iter=50_000, **options)
    assert result.converged
    values = [
        objective(X, y, r.coef, r.intercept, case.penalty, weights)
        for r in (result, expected)
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-10)


@pytest.mark.parametrize("n_targets", [1, 3])
def test_descent_buys_what_it_has_paid_for_in_steps(monkeypatch, n_targets):
    """Columns on which descent crawls; the Gram matrix is dear, but not too dear."""
    monkeypatch.setattr(_descent, "_CHEAP", 0)
    X, y, _ = make_data(0, 200, 150, n_targets if n_targets > 1 else 0)
    X = np.asfortranarray(np.cumsum(X - X.mean(axis=0), axis=1))
    design = as_design(X, None, False)
    problem = LeastSquares(design, np.ascontiguousarray(np.atleast_2d(y.T)))
    solver = WorkingSetSolver(problem, Control(tol=1e-10, max_iter=10**6))
    state = problem.start(np.zeros((150, n_targets)))
    point = solver.solve(L1(1e-3), state)
    assert solver.control.status == "converged"
    assert solver.descent.subgram is not None
    assert solver.descent.paid > 0
    assert point.gap <= 1e-10 * problem.null_objective


def test_more_columns_than_a_gram_matrix_may_hold(monkeypatch):
    monkeypatch.setattr(SubGram, "MAX_COLUMNS", 5)
    X, y, _ = make_data(1)
    result = coordinate_descent(X, y, L1(0.05), tol=1e-9, max_iter=10**5)
    assert result.converged
    assert np.count_nonzero(result.coef) > 5


@pytest.mark.parametrize("most", [4000, 5])
@pytest.mark.parametrize("n_targets", [1, 3])
def test_a_path_on_a_gram_matrix_works_on_parts_of_it(
    backend, monkeypatch, n_targets, most
):
    """Parts while the support is small; every solution certified on the data."""
    monkeypatch.setattr(SubGram, "MAX_COLUMNS", most)
    X, y, _ = make_data(3, 120, 150, n_targets if n_targets > 1 else 0)
    Y = np.ascontiguousarray(np.atleast_2d(y.T))
    problem = LeastSquares(as_design(np.asfortranarray(X), None, False), Y)
    form = gram_problem(problem)
    alphas = alpha_grid(problem, L1(1.0), n_targets, 20, 0.02)
    control = Control(tol=1e-10, max_iter=10**5)
    parts = []
    for state, _, solver in walk(
        form, L1(1.0), alphas, control, np.zeros((150, n_targets))
    ):
        assert solver.control.status == "converged"
        parts.append(len(solver.descent.subgram.columns))
        fresh = problem.start(state.W.copy())
        point = WorkingSetSolver(problem, control)
        point.solve(solver.penalty, fresh)
        assert_allclose(fresh.W, state.W, atol=1e-8)
    assert max(parts) <= min(most, 75)
    assert max(parts) > 10 or most == 5


def test_the_last_digits_cost_little():
    """A gap of 1e-12 takes at most twice the passes over all columns of one of 1e-4."""
    for seed in range(5):
        X, y, _ = make_data(seed, 100, 400)
        looks = [
            len(
                coordinate_descent(
                    X, y, L1(0.02), tol=tol, max_iter=10**5, keep_history=True
                ).history
            )
            for tol in (1e-4, 1e-12)
        ]
        assert looks[1] <= 2 * looks[0]


# ---- the predictor of a path ---------------------------------------------------------
def test_extrapolation_continues_a_line():
    older, W = (
        np.array([[1.0], [2.0], [0.0], [0.5]]),
        np.array([[2.0], [1.0], [3], [0]]),
    )
    past = [Solution(3.0, older, older), Solution(2.0, W, W)]
    guess = extrapolate(past, 1.5)
    # The second is on its way to zero, the others entered or left.
    assert_allclose(guess[:, 0], [2.5, 0.5, 3.0, 0.0])
    guess = extrapolate(past, 0.5)
    assert_allclose(guess[:, 0], [3.5, 0.0, 3.0, 0.0])


@pytest.mark.parametrize("alphas", [(1.0, 1.0, 1.0), (1.0, 2.0, 0.5), (2.0, 1.0, 1.0)])
def test_no_line_without_two_steps_down(alphas):
    W = np.ones((2, 1))
    past = [Solution(alpha, W, W) for alpha in alphas[:2]]
    assert extrapolate(past, alphas[2]) is None
    assert extrapolate(past[:1], 0.5) is None


def test_on_a_line_the_guess_is_the_solution():
    """Orthogonal columns: no change of the support, so that the path is a line."""
    X = np.linalg.qr(np.random.default_rng(0).standard_normal((50, 20)))[0] * 7
    y = X @ np.full(20, 3.0)
    W = [
        coordinate_descent(X, y, L1(a), tol=1e-14).coef[:, None]
        for a in (0.3, 0.2, 0.1)
    ]
    past = [Solution(0.3, W[0], W[0]), Solution(0.2, W[1], W[1])]
    assert_allclose(extrapolate(past, 0.1), W[2], rtol=1e-10)


def test_rows_whose_correlation_comes_near_the_bound_are_likely():
    W = np.array([[1.0], [0.0], [0.0], [0.0]])
    older = Solution(3.0, W, np.array([[3.0], [1.0], [1.8], [-1.0]]))
    last = Solution(2.5, W, np.array([[2.5], [1.5], [1.8], [-1.4]]))
    # At 2.0 they come to 2.0, 2.0, 1.8 and -1.8; a fifth of the step is left open.
    assert_array_equal(likely_rows(L1(1.0), [older, last], 2.0), [0, 1])
    assert_array_equal(
        likely_rows(L1(1.0), [last], 2.0), [0, 2]
    )  # strong rule: above 1.5
    assert likely_rows(L1(1.0), [], 2.0) is None
    assert likely_rows(L1(1.0), [last], 1.0) is None  # too far away to say


@pytest.mark.parametrize("n_samples", [60, 200])
def test_a_path_looks_at_all_columns_about_once_for_each_alpha(backend, n_samples):
    problem = _problem(n_samples=n_samples, n_features=600)
    alphas = alpha_grid(problem, L1(1.0), 1, 50, 1e-2)
    looks = Mock(return_value=None)
    control = Control(1e-4, 1000, callback=looks)
    for _ in walk(problem, L1(1.0), alphas, control, np.zeros((600, 1))):
        pass
    assert 50 <= looks.call_count <= 75


def _neighbours_of(problem, penalty, ws, U):
    solver = WorkingSetSolver(problem, Control(tol=1e-4))
    state = problem.start(np.zeros((problem.n_features, 1)))
    solver._adopt(penalty, state)
    state.U[:, 0] = U
    return solver._with_neighbours(np.array(ws), state).tolist()


def test_neighbours_of_a_working_set_are_near_their_bound(backend):
    problem = _problem(n_samples=20, n_features=60)
    U = np.zeros(60)
    U[[3, 8, 20, 33, 50]] = 0.89, 0.91, -0.95, 0.99, 2.0
    ws = [50, 51, 52, 53, 54, 55, 56, 57]
    assert _neighbours_of(problem, L1(1.0), ws, U) == [8, 20, 33, *ws]
    # The nearest, where there are many for so few.
    assert _neighbours_of(problem, L1(1.0), ws[:3], U) == [20, 33, *ws[:3]]
    assert _neighbours_of(problem, L1(1.0, positive=True), ws, U) == [8, 33, *ws]


@pytest.mark.parametrize(
    ("price", "expected"), [(np.inf, []), (2.0, [33]), (0.5, [20, 33])]
)
def test_neighbours_cost_no_more_than_a_look(monkeypatch, price, expected):
    problem = _problem(n_samples=20, n_features=60)
    look = _descent._DENSE_LOOK * 20 * 60
    monkeypatch.setattr(
        _descent.Descent,
        "_price",
        lambda self, ws: price * look if ws.size > 4 else 0.0,
    )
    U = np.zeros(60)
    U[[20, 33]] = -0.95, 0.99
    ws = [50, 51, 52, 53]
    assert _neighbours_of(problem, L1(1.0), ws, U) == [*expected, *ws]


@pytest.mark.parametrize("case", PENALTIES, ids=str)
def test_neighbours_change_nothing_but_the_way(backend, case, monkeypatch):
    X, y, weights = make_data(7, weighted=True)
    found = []
    for near in (0.0, 0.1, 0.9):
        monkeypatch.setattr("sparsesci.solvers._working_set._NEAR", near)
        result = coordinate_descent(
            X, y, case.penalty, sample_weight=weights, tol=1e-13
        )
        found.append(result.objective)
    assert_allclose(found, found[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("rho", "sizes"), [(0.0, []), (0.95, [150])], ids=["fast", "slow"]
)
def test_two_sweeps_tell_whether_to_buy(monkeypatch, rho, sizes):
    """Tall data: nothing is bought where a few sweeps do, else it is at once."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 150))
    for j in range(1, 150):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    y = X.sum(axis=1) + rng.standard_normal(3000)
    bought, swept, admit, burst = [], [], SubGram.admit, _descent.Descent._burst

    def spy_on_burst(self, where, *args):
        if isinstance(where, LeastSquares):
            swept.append(args[1].size)
        return burst(self, where, *args)

    def spy_on_admit(self, ws):
        if self.missing(ws).size:
            bought.append(ws.size)
            assert len(swept) == 2
        admit(self, ws)

    monkeypatch.setattr(_descent.Descent, "_burst", spy_on_burst)
    monkeypatch.setattr(SubGram, "admit", spy_on_admit)
    monkeypatch.setattr(_descent, "_CHEAP", 0)
    result = coordinate_descent(X, y, L1(0.01), tol=1e-8)
    assert bought == sizes
    assert result.converged


def test_columns_far_from_zero_go_over_to_double_precision(monkeypatch, backend):
    """Without an intercept, single precision holds nothing but their means."""
    monkeypatch.setattr(_descent, "_LONG", 100)
    monkeypatch.setattr(_descent, "_CHEAP", np.inf)
    X, y, _ = make_data(5, 300, 40)
    precisions, admit = [], SubGram.admit

    def spy(self, ws):
        precisions.append(self.single)
        admit(self, ws)

    monkeypatch.setattr(SubGram, "admit", spy)
    result = coordinate_descent(X + 1e3, y, L1(1e-3), tol=1e-6)
    assert precisions[0]
    assert not precisions[-1]
    assert result.converged


@pytest.mark.parametrize("n_samples", [250, 4000])
@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_scales_that_single_precision_has_no_room_for(backend, n_samples, scale):
    """With a support beyond the small ones that are solved directly."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, 200))
    y = X[:, :150].sum(axis=1) + rng.standard_normal(n_samples)
    results = [
        coordinate_descent(X * c, y, L1(0.01 * c), tol=1e-8) for c in (1.0, scale)
    ]
    assert results[1].converged
    assert np.count_nonzero(results[1].coef) > 100
    assert_allclose(results[1].coef * scale, results[0].coef, atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_columns_much_alike_need_few_looks(backend, seed):
    # A sweep leaves far more behind than it has met, and supports are large.
    rng = np.random.default_rng(seed)
    X = 0.5 * rng.standard_normal((5000, 1)) + rng.standard_normal((5000, 450))
    y = X[:, :40] @ rng.standard_normal(40)
    y += rng.standard_normal(len(y)) * y.std() / 3
    penalty = L1(np.abs(X.T @ y).max() / len(y) / 2000)
    result = coordinate_descent(X, y, penalty, tol=1e-8, keep_history=True)
    assert result.converged
    assert len(result.history) <= 10
