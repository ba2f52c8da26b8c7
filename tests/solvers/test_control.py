"""Stopping, reporting and interrupting."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

import numpy as np
import pytest
from problems import make_data

from sparsesci.exceptions import ConvergenceWarning
from sparsesci.penalties import L1
from sparsesci.solvers import coordinate_descent, fista, regularization_path

SOLVERS = [coordinate_descent, fista]


def _hard(n_samples=300, n_features=600):
    """Strongly correlated columns and a tiny alpha: far more work than 0.5 s."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features))
    X = np.asfortranarray(np.cumsum(X, axis=1))
    return X, rng.standard_normal(n_samples), L1(1e-7)


@pytest.mark.parametrize("solver", SOLVERS)
def test_callback_sees_progress_and_can_stop(solver):
    X, y, _ = make_data(0)
    seen = []
    full = solver(X, y, L1(0.01), tol=1e-8, callback=seen.append, max_iter=10_000)
    assert full.converged
    assert [p.n_iter for p in seen] == sorted(p.n_iter for p in seen)
    assert seen[-1].dual_gap == full.dual_gap
    assert seen[-1].objective == full.objective
    assert seen[-1].n_active == np.count_nonzero(full.coef)
    assert seen[-1].alpha == 0.01

    stopped = solver(
        X, y, L1(0.01), tol=1e-8, callback=lambda p: p.n_iter > 0, max_iter=10_000
    )
    assert stopped.status == "callback"
    assert stopped.n_iter < full.n_iter
    assert stopped.dual_gap > full.target


@pytest.mark.parametrize("solver", SOLVERS)
def test_time_limit_zero_stops_at_once_and_says_so(solver):
    X, y, _ = make_data(0)
    with pytest.warns(ConvergenceWarning, match="time limit was reached"):
        result = solver(X, y, L1(0.01), tol=1e-8, time_limit=0)
    assert result.status == "time_limit"
    assert result.objective <= y @ y / (2 * len(y)) * (1 + 1e-12)


def test_time_limit_holds_for_a_whole_path():
    X, y, _ = _hard()
    with pytest.warns(ConvergenceWarning, match="time limit"):
        path = regularization_path(
            X, y, L1(1), alphas=50, tol=1e-9, max_iter=10**6, time_limit=0.003
        )
    assert len(path) < 50
    assert path[-1][1].status == "time_limit"


@pytest.mark.filterwarnings("ignore:Objective did not converge")
def test_time_that_runs_out_within_a_descent_is_no_stall():
    X, y, _ = _hard()
    for limit in np.linspace(0.001, 0.02, 40):
        path = regularization_path(
            X, y, L1(1), alphas=50, tol=1e-9, max_iter=10**6, time_limit=limit
        )
        assert {result.status for _, result in path} <= {"converged", "time_limit"}


def test_history_only_on_demand():
    X, y, _ = make_data(0)
    assert coordinate_descent(X, y, L1(0.01)).history == []
    history = coordinate_descent(X, y, L1(0.01), keep_history=True, tol=1e-9).history
    gaps = [p.dual_gap for p in history]
    assert len(gaps) > 1
    assert gaps[-1] <= 1e-9 * y @ y / (2 * len(y))


def test_verbose_writes_one_line_per_outer_iteration(caplog):
    X, y, _ = make_data(0)
    with caplog.at_level(logging.INFO, logger="sparsesci"):
        result = coordinate_descent(X, y, L1(0.01), verbose=1, keep_history=True)
    lines = [r.getMessage() for r in caplog.records if r.name == "sparsesci"]
    assert len(lines) == len(result.history)
    assert all("gap" in line and "active" in line for line in lines)
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="sparsesci"):
        coordinate_descent(X, y, L1(0.01))
    assert not caplog.records


@pytest.fixture
def sigint():
    """The usual meaning of SIGINT: a shell starts background jobs deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.SIGINT
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to oneself on Windows")
@pytest.mark.parametrize("solver", SOLVERS)
def test_interrupt_is_heard_while_kernels_run(solver, sigint):
    """SIGINT arrives between bursts; what ends the wait is the signal, not the fit."""
    X, y, penalty = _hard()
    sent = []

    def interrupt():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), sigint)

    timer = threading.Timer(0.2, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solver(X, y, penalty, tol=1e-15, max_iter=10**9, time_limit=60)
    timer.join()
    assert sent


def test_rounding_floor_is_reported_instead_of_running_on():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 200)), rng.standard_normal(30)
    with pytest.warns(ConvergenceWarning, match="rounding errors allow no further"):
        result = coordinate_descent(X, y, L1(0.01), tol=1e-30, max_iter=10**6)
    assert result.status == "stalled"
    assert result.n_iter < 10**4
    assert result.dual_gap <= 1e-14


def test_solutions_keep_moving_at_the_end_of_a_path():
    """The objective is far below that at zero: a gap relative to the latter is met.

    Each solution must belong to its own alpha all the same.
    """
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 200))
    y = X[:, :10] @ rng.standard_normal(10)
    path = regularization_path(X, y, L1(1), tol=1e-4, max_iter=10_000)
    for alpha, result in path[1:]:
        assert result.converged
        correlation = X.T @ (y - X @ result.coef) / len(y)
        active = result.coef != 0
        violation = np.where(
            active,
            abs(correlation - alpha * np.sign(result.coef)),
            np.maximum(abs(correlation) - alpha, 0),
        )
        assert violation.max() <= 1e-2 * alpha * (1 + 1e-9)
        np.testing.assert_allclose(result.violation, violation.max(), atol=1e-12)


def test_zero_iterations_wasted_beyond_alpha_max():
    X, y, _ = make_data(0)
    alpha_max = np.abs(X.T @ y).max() / len(y)
    result = coordinate_descent(X, y, L1(1.0001 * alpha_max), keep_history=True)
    assert len(result.history) == 1
    assert not result.coef.any()
    assert result.dual_gap <= 1e-14 * result.objective


@pytest.mark.parametrize(
    ("change", "error", "name"),
    [
        ({"time_limit": -1}, ValueError, "time_limit"),
        ({"time_limit": "soon"}, TypeError, "time_limit"),
        ({"callback": 3}, TypeError, "callback"),
        ({"max_iter": 2.5}, TypeError, "max_iter"),
        ({"max_iter": True}, TypeError, "max_iter"),
        ({"tol": np.nan}, ValueError, "tol"),
        ({"tol": "tight"}, TypeError, "tol"),
    ],
)
@pytest.mark.parametrize("solver", [*SOLVERS, regularization_path])
def test_bad_controls(solver, change, error, name):
    X, y, _ = make_data(0)
    with pytest.raises(error, match=name):
        solver(X, y, L1(0.1), **change)
