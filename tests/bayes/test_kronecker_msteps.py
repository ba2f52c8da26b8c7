"""Updates of the variances: their optimality, their monotony."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from sparsesci.bayes._kronecker_msteps import (
    am_step,
    balanced,
    couple,
    coupling_matrix,
    relative_change,
    svd_step,
)

SIZES = [(7,), (4, 5), (5, 3, 4), (3, 2, 4, 3)]


def product(gammas):
    return reduce(np.multiply.outer, gammas)


def objective(moments, gammas):
    gamma = product(gammas)
    return float((np.log(gamma) + moments / gamma).sum())


def positive(rng, sizes):
    return [rng.uniform(0.1, 3, size) for size in sizes]


@pytest.mark.parametrize("sizes", SIZES, ids=len)
def test_alternating_minimisation_reaches_the_minimum(global_random_seed, sizes):
    """The minimum of a convex function of the logarithms, by a general optimiser."""
    rng = np.random.default_rng(global_random_seed)
    moments = rng.gamma(1.0, size=sizes)
    splits = np.cumsum(sizes)[:-1]

    def of_logs(logs):
        gammas = np.split(np.exp(logs), splits)
        gamma = product(gammas)
        slope = 1 - moments / gamma
        axes = range(len(sizes))
        slopes = [slope.sum(axis=tuple(b for b in axes if b != a)) for a in axes]
        return objective(moments, gammas), np.concatenate(slopes)

    best = minimize(of_logs, np.zeros(sum(sizes)), jac=True, tol=1e-14).fun
    starts = [positive(rng, sizes) for _ in range(3)]
    ends = [am_step(moments, start, max_sweeps=200, tol=1e-14) for start in starts]
    for end in ends:
        assert objective(moments, end) == pytest.approx(best, rel=1e-12)
        assert_allclose(product(end), product(ends[0]), rtol=1e-7)


@pytest.mark.parametrize("sizes", SIZES, ids=len)
def test_sweeps_never_raise_the_objective(global_random_seed, sizes):
    rng = np.random.default_rng(global_random_seed)
    moments = rng.gamma(0.3, size=sizes) + 1e-6
    gammas = positive(rng, sizes)
    value = objective(moments, gammas)
    for _ in range(6):
        gammas = am_step(moments, gammas, max_sweeps=1)
        after = objective(moments, gammas)
        assert after <= value + 1e-12 * abs(value)
        value = after


def test_one_factor_is_classical():
    moments = np.array([3.0, 0.5, 2.0])
    assert_allclose(am_step(moments, [np.ones(3)])[0], moments, rtol=1e-15)
    assert_allclose(svd_step(moments)[0], moments)


@pytest.mark.parametrize("sizes", SIZES[1:], ids=len)
def test_products_are_found_again(global_random_seed, sizes):
    rng = np.random.default_rng(global_random_seed)
    # Entries of 1e-12 have digits of their own.
    gammas = [
        gamma * 10.0 ** -rng.integers(0, 12, gamma.size)
        for gamma in positive(rng, sizes)
    ]
    moments = product(gammas)
    assert_allclose(product(svd_step(moments)), moments, rtol=1e-9)
    found = am_step(moments, positive(rng, sizes), max_sweeps=50, tol=1e-13)
    assert_allclose(product(found), moments, rtol=1e-9)


def test_svd_step_is_the_best_rank_one_matrix():
    moments = np.random.default_rng(0).gamma(1.0, size=(5, 7))
    U, s, Vh = np.linalg.svd(moments)
    best = s[0] * np.outer(U[:, 0], Vh[0])
    assert_allclose(np.outer(*svd_step(moments)), best, rtol=1e-10)


def test_balanced_factors_are_the_same_product():
    gammas = positive(np.random.default_rng(0), (3, 4, 5))
    even = balanced(gammas)
    assert_allclose(product(even), product(gammas), rtol=1e-14)
    assert_allclose([np.linalg.norm(gamma) for gamma in even[:-1]], 1.0)
    assert relative_change(even, gammas) < 1e-14
    twice = [2 * gammas[0], *gammas[1:]]
    assert relative_change(twice, gammas) == pytest.approx(1.0)


def test_coupling():
    C = coupling_matrix(4, 0.5)
    expected = [[1, 0.5, 0, 0], [0.5, 1, 0.5, 0], [0, 0.5, 1, 0.5], [0, 0, 0.5, 1]]
    assert_allclose(C, expected)
    reachable = C @ [0.0, 2.0, 0.0, 1.0]
    assert_allclose(couple(C, reachable, floor=0.0), reachable)
    # A single peak is not reachable: its neighbours get a share.
    shared = couple(C, np.array([0.0, 0.0, 1.0, 0.0]))
    assert np.all(shared > 0)
    assert shared[1] > 0.1
    scaled = couple(C, 1e-9 * np.array([0.0, 0.0, 1.0, 0.0]))
    assert_allclose(scaled, 1e-9 * shared, rtol=1e-12)
