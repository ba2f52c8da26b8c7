"""Batches of a path: the same solutions, whatever was foreseen."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import FORMATS, N_FEATURES, PENALTIES, make_data

from sparsesci.operators.design import as_design
from sparsesci.penalties import L1, ElasticNet, WeightedL1
from sparsesci.solvers import _lookahead
from sparsesci.solvers._control import Control
from sparsesci.solvers._gram import gram_problem
from sparsesci.solvers._inputs import check_design_matrix
from sparsesci.solvers._lookahead import Lookahead
from sparsesci.solvers._path import alpha_grid, alpha_max, walk
from sparsesci.solvers._problem import LeastSquares, states_at

TIGHT = Control(tol=1e-12, max_iter=10**5)


def _problem(n_targets=1, form="F", weighted=True, shape=(80, 300), dead=()):
    X, y, weights = make_data(
        5, *shape, n_targets if n_targets > 1 else 0, weighted=weighted
    )
    X[:, list(dead)] = 2.0
    if weights is not None:
        weights = weights * (len(y) / weights.sum())
    design = as_design(check_design_matrix(FORMATS[form](X)), weights, True)
    Y = np.ascontiguousarray(np.atleast_2d(y.T))
    return LeastSquares(design, design.center_targets(Y)[0])


class Batches:
    """Sizes of the batches that were asked for and of those that were accepted."""

    def __init__(self, monkeypatch):
        self.asked, self.accepted = [], []
        solve = Lookahead._solve

        def spy(ahead, batch, *args):
            self.asked.append(len(batch))
            return solve(ahead, batch, *args)

        def count(ahead, *args, original=Lookahead.solutions):
            found = 0
            for solution in original(ahead, *args):
                found += 1
                yield solution
            self.accepted.append(found)

        monkeypatch.setattr(Lookahead, "_solve", spy)
        monkeypatch.setattr(Lookahead, "solutions", count)


@pytest.fixture
def batches(monkeypatch):
    return Batches(monkeypatch)


def _walk(problem, penalty, alphas, control=TIGHT, rng=None):
    n_targets = len(problem.origin)
    start = np.zeros((problem.n_features, n_targets))
    return [
        (state.W.copy(), point, solver.control)
        for state, point, solver in walk(
            problem, penalty, alphas, control.restarted(), start, rng
        )
    ]


def _assert_solves(problem, penalty, alphas, **options):
    """Every solution of the walk is that of a fit from zero."""
    solved = _walk(problem, penalty, alphas, **options)
    assert len(solved) == len(alphas)
    for alpha, (W, point, control) in zip(alphas, solved):
        assert control.status == "converged"
        assert control.n_iter >= 0
        alone = _walk(problem, penalty, np.array([alpha]))[0]
        assert_allclose(W, alone[0], atol=1e-6)
        assert point.objective == pytest.approx(alone[1].objective, rel=1e-10)


def _assert_batches(batches, alphas):
    """Most of the alphas came in batches."""
    assert sum(batches.accepted) >= 0.6 * len(alphas)
    assert max(batches.accepted) >= 3


PLAIN = [case for case in PENALTIES if not case.penalty.unbound(N_FEATURES).size]
# Rows of several targets have no sign.
JOINT = [case for case in PLAIN if not getattr(case.penalty, "positive", False)]
TASKS = [(case, 1) for case in PLAIN] + [(case, 3) for case in JOINT]


@pytest.mark.parametrize(("case", "n_targets"), TASKS, ids=str)
@pytest.mark.parametrize("gram", [False, True], ids=["data", "gram"])
@pytest.mark.parametrize("n_samples", [60, 300])
def test_each_solution_is_that_of_a_fit_alone(
    backend, batches, case, n_targets, gram, n_samples
):
    problem = _problem(n_targets, shape=(n_samples, N_FEATURES), dead=(3, 50))
    form = gram_problem(problem) if gram else problem
    largest = alpha_max(problem, L1(1.0), n_targets)
    alphas = np.geomspace(largest, largest / 10, 20)
    _assert_solves(form, case.penalty, alphas)
    _assert_batches(batches, alphas)


@pytest.mark.parametrize("penalty", [L1(1.0), ElasticNet(1.0, 0.5)], ids=["l1", "en"])
@pytest.mark.parametrize("n_targets", [1, 3])
def test_few_features_are_one_batch(backend, batches, penalty, n_targets):
    """All columns are known: nothing can be missed, from the third alpha on."""
    form = gram_problem(_problem(n_targets, shape=(100, 40), dead=(5,)))
    alphas = alpha_grid(form, penalty, n_targets, 30, 1e-3)
    _assert_solves(form, penalty, alphas)
    assert batches.asked == [28]


@pytest.mark.parametrize("gram", [False, True], ids=["data", "gram"])
def test_rows_that_were_not_foreseen(backend, batches, gram):
    """Only the support is taken along: each batch ends where something enters."""
    problem = _problem()
    form = gram_problem(problem) if gram else problem
    alphas = alpha_grid(form, L1(1.0), 1, 30, 0.05)
    nothing = np.empty(0, dtype=np.int64)
    with patch.object(_lookahead, "likely_rows", lambda *_: nothing):
        _assert_solves(form, L1(1.0), alphas)
    tried = [size for size in batches.accepted if size]
    assert sum(batches.asked) > sum(tried)


def test_what_a_batch_missed_is_in_the_next(batches):
    """Two batches in a row never end for the same row."""
    problem, missed = _problem(), []
    violators, choose = Lookahead._violators, Lookahead._choose

    def end(ahead, *args):
        missed.append(violators(ahead, *args))
        return missed[-1]

    def begin(ahead, *args):
        batch, ws = choose(ahead, *args)
        if missed and batch:
            assert np.isin(missed.pop(), ws).all()
        return batch, ws

    alphas = alpha_grid(problem, L1(1.0), 1, 30, 0.05)
    nothing = np.empty(0, dtype=np.int64)
    with (
        patch.object(_lookahead, "likely_rows", lambda *_: nothing),
        patch.object(Lookahead, "_violators", end),
        patch.object(Lookahead, "_choose", begin),
    ):
        _walk(problem, L1(1.0), alphas)
    assert len(batches.asked) >= 5


def test_fewer_looks_than_alphas(backend):
    problem = _problem(shape=(100, 600))
    alphas = alpha_grid(problem, L1(1.0), 1, 50, 0.05)
    with patch.object(problem, "correlate", side_effect=problem.correlate) as looks:
        solved = _walk(problem, L1(1.0), alphas, Control(tol=1e-4))
    assert all(control.status == "converged" for _, _, control in solved)
    assert looks.call_count < 40


# ---- where each alpha comes by itself ------------------------------------------------
@pytest.mark.parametrize(
    "alphas",
    [(0.3, 0.3, 0.2, 0.2, 0.1), (0.1, 0.2, 0.3, 0.25, 0.2, 0.2), (0.3,), ()],
    ids=str,
)
def test_alphas_that_do_not_fall(batches, alphas):
    problem = _problem()
    _assert_solves(problem, L1(1.0), np.array(alphas))
    assert all(size < 3 for size in batches.accepted)


@pytest.mark.parametrize("gram", [False, True], ids=["data", "gram"])
def test_no_batch_without_a_penalty(batches, gram):
    """Alpha 0, and columns of weight 0, are solved as a block."""
    problem = _problem(shape=(80, 30))
    form = gram_problem(problem) if gram else problem
    alphas = np.array([0.3, 0.25, 0.2, 0.15, 0.0])
    solved = _walk(form, L1(1.0), alphas, Control(tol=1e-10, max_iter=10**5))
    assert solved[-1][2].status == "converged"
    assert sum(batches.accepted) == 2
    batches.asked.clear()
    weights = np.ones(30)
    weights[4] = 0.0
    _walk(form, WeightedL1(1.0, weights=weights), alphas[:-1])
    assert not batches.asked


def test_no_batch_that_somebody_watches_or_in_random_order(batches):
    problem = _problem()
    alphas = alpha_grid(problem, L1(1.0), 1, 10, 0.1)
    _walk(problem, L1(1.0), alphas, Control(callback=lambda _: None))
    _walk(problem, L1(1.0), alphas, rng=np.random.RandomState(0))
    _walk(_problem(form="CSC"), L1(1.0), alphas)
    assert not batches.asked


@pytest.mark.parametrize("gram", [False, True], ids=["data", "gram"])
def test_limits_hold_in_batches(backend, gram):
    problem = _problem(shape=(80, 60) if gram else (80, 300))
    form = gram_problem(problem) if gram else problem
    alphas = alpha_grid(form, L1(1.0), 1, 30, 1e-3)
    few = _walk(form, L1(1.0), alphas, Control(tol=1e-12, max_iter=1))
    assert [control.status for *_, control in few].count("max_iter") > 10
    none = _walk(form, L1(1.0), alphas, Control(tol=1e-12, time_limit=1e-9))
    assert [control.status for *_, control in none] == ["converged"] * (
        len(none) - 1
    ) + ["time_limit"]


# ---- states --------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["F", "CSC", "gram"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_states_are_those_of_their_coefficients(backend, form, n_targets):
    problem = _problem(n_targets, "F" if form == "gram" else form)
    problem = gram_problem(problem) if form == "gram" else problem
    columns = np.array([7, 3, 200, 12])
    coefs = np.random.default_rng(0).standard_normal((3, 4, n_targets))
    coefs[:, 2], coefs[1, 0] = 0.0, 0.0
    for state, values in zip(states_at(problem, columns, coefs), coefs):
        W = np.zeros((problem.n_features, n_targets))
        W[columns] = values
        expected = problem.start(W.copy())
        problem.correlate(expected)
        assert_array_equal(state.W, W)
        assert state.fresh
        assert_allclose(state.U, expected.U, atol=1e-12)
        assert_allclose(state.residual.plain(), expected.residual.plain(), atol=1e-9)
        assert problem.moments(state) == pytest.approx(problem.moments(expected))
