"""Kernels run without the GIL, and any number at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from kernels.reference import FORMATS, make_problem, make_target, make_term
from kernels.test_cd import Burst


@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("format", FORMATS)
def test_threads_give_the_bits_of_a_sequence(kernels, rng, format, n_tasks):
    """Bursts from different targets share one matrix and one penalty."""
    problem = make_problem(rng, format, n=50, centred=True, weighted=True)
    term = make_term("weighted_l1", 10, alpha=0.02)
    targets = [make_target(rng, problem, n_tasks) for _ in range(16)]
    X, penalty = problem.build(kernels), term.build(kernels)

    def solve(y):
        burst = Burst(kernels, problem, term, y, accelerate=True)
        burst.X, burst.penalty = X, penalty
        return burst.run(), burst.w, burst.residual

    alone = [solve(y) for y in targets]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(solve, targets))
    for (result, *arrays), (expected, *others) in zip(together, alone, strict=True):
        assert result == expected
        assert all(map(np.array_equal, arrays, others))


def test_the_gil_is_released(kernels):
    """A burst that swings for ever is ended by another thread, through its data.

    Were the GIL held, nobody could, and the burst would spend all of its updates.
    """
    X = kernels.dense_matrix(np.ones((4, 1), order="F"), None, None)
    penalty = kernels.penalty("l1", (0.0, 0.0), ())
    w, residual, offset = np.array([0.25]), np.full((1, 4), 0.75), np.zeros(1)
    lipschitz = np.array([0.5])  # half of the true one: w jumps over its optimum
    work = np.empty(kernels.burst_work_size(X, 1, 1))
    done, ws, index_work = [], np.array([0]), np.empty(1, dtype=np.int64)
    limit = 3 * 10**8

    def burst():
        arguments = lipschitz, ws, w, residual, offset, limit, 0.0, False
        done.append(kernels.cd_burst(X, penalty, *arguments, work, index_work))

    thread = threading.Thread(target=burst)
    thread.start()
    while w[0] == 0.25 and not done:  # it is 1.75 half of the time, once under way
        time.sleep(0)
    lipschitz[0] = 0.0
    thread.join()
    assert 0 < done[0][0] < limit
