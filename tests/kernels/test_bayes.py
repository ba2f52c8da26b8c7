"""Sequential updates of sparse Bayesian learning against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.reference import FORMATS, make_problem, make_residual
from numpy.testing import assert_allclose, assert_array_equal

FLOOR = 1e-12


# ---- the evidence --------------------------------------------------------------------
class Model:
    """The kernel's state, and what it stands for, computed anew."""

    def __init__(self, kernels, rng, *, noise=0.0, penalty=0.0, n=30, p=12):
        mixed = rng.standard_normal((n, p)) + 0.8 * rng.standard_normal((n, 1))
        self.X = mixed / np.linalg.norm(mixed, axis=0)
        self.y = self.X[:, :3] @ [3.0, -2.0, 1.0] + 0.2 * rng.standard_normal(n)
        self.kernels, self.noise, self.penalty, self.dof = kernels, noise, penalty, n
        self.gram, self.active = np.zeros((p, p)), np.zeros(p, int)
        self.slots = np.full(p, -1)
        self.rho, self.mean, self.sigma = np.zeros(p), np.zeros(p), np.zeros((p, p))
        self.S, self.Q = np.ones(p), self.X.T @ self.y
        self.n_active, self.energy, self.max_active = 0, self.y @ self.y + FLOOR, p
        self.all_gains = []

    def burst(self, n_moves=1, tol=1e-9):
        join, gains = -1, np.full(n_moves, np.nan)
        while True:
            self.n_active, self.energy, made, wanted = self.kernels.evidence_burst(
                *(self.gram, self.active, self.slots, self.rho, self.mean, self.sigma),
                *(self.S, self.Q, self.n_active, self.energy, join, self.dof),
                *(self.noise, self.penalty, self.max_active, tol, gains),
                np.empty(len(self.S) + len(self.rho)),
            )
            self.all_gains += gains[:made].tolist()
            if wanted < 0:
                return wanted
            self.gram[self.n_active] = self.X.T @ self.X[:, wanted]
            join = wanted

    @property
    def all_rho(self):
        rho = np.zeros(len(self.S))
        rho[self.active[: self.n_active]] = self.rho[: self.n_active]
        return rho

    def objective(self, rho):
        C = np.eye(len(self.y)) + (self.X * rho) @ self.X.T
        energy = self.y @ np.linalg.solve(C, self.y) + FLOOR
        fit = energy / self.noise if self.noise else self.dof * np.log(energy)
        value = -0.5 * (np.linalg.slogdet(C)[1] + fit)
        return value - self.penalty * np.count_nonzero(rho)

    def check(self):
        """All of the state follows from rho."""
        k = self.n_active
        columns = self.active[:k]
        assert len(set(columns.tolist())) == k
        slots = np.full(len(self.S), -1)
        slots[columns] = np.arange(k)
        assert_array_equal(self.slots, slots)
        assert_allclose(self.gram[:k], self.X[:, columns].T @ self.X, atol=1e-12)
        inverse = np.linalg.inv(
            np.eye(len(self.y)) + (self.X * self.all_rho) @ self.X.T
        )
        S = np.einsum("ij,ik,kj->j", self.X, inverse, self.X)
        assert_allclose(self.S, S, rtol=1e-7, atol=1e-10)
        assert_allclose(self.Q, self.X.T @ inverse @ self.y, rtol=1e-7, atol=1e-9)
        assert self.energy == pytest.approx(self.y @ inverse @ self.y, rel=1e-7)
        Z = self.X[:, columns]
        sigma = np.linalg.inv(Z.T @ Z + np.diag(1 / self.rho[:k]))
        assert_allclose(self.sigma[:k, :k], sigma, rtol=1e-7, atol=1e-9)
        assert_allclose(self.mean[:k], sigma @ Z.T @ self.y, rtol=1e-7, atol=1e-9)

    def best_single_change(self):
        """The largest objective that changing one rho reaches, on a grid."""
        best, grid = -np.inf, np.r_[0.0, np.geomspace(1e-3, 1e6, 200)]
        for j in range(len(self.S)):
            rho = self.all_rho
            for rho[j] in grid:
                best = max(best, self.objective(rho))
        return best


RULES = pytest.mark.parametrize("noise", [0.0, 0.04], ids=["learned", "known"])


@RULES
@pytest.mark.parametrize("penalty", [0.0, 2.0])
def test_each_move_is_the_best_and_keeps_the_state(kernels, rng, noise, penalty):
    model = Model(kernels, rng, noise=noise, penalty=penalty)
    for _ in range(25):
        before = model.objective(model.all_rho)
        best = model.best_single_change()
        if model.burst() == -1:
            break
        model.check()
        after = model.objective(model.all_rho)
        assert after - before == pytest.approx(model.all_gains[-1], abs=1e-8)
        assert after >= best - 1e-8
    assert len(model.all_gains) > 3
    assert model.burst(1000) == -1
    assert model.best_single_change() <= model.objective(model.all_rho) + 1e-8


@RULES
def test_a_long_burst_is_many_short_ones(kernels, rng, noise):
    state = rng.bit_generator.state
    short = Model(kernels, rng, noise=noise)
    while short.burst() != -1:
        pass
    rng.bit_generator.state = state
    long = Model(kernels, rng, noise=noise)
    assert long.burst(1000) == -1
    assert_allclose(long.all_rho, short.all_rho, rtol=1e-12)
    assert min(long.all_gains) >= 0


def test_deletions_happen_and_leave_a_valid_state(kernels, rng):
    model = Model(kernels, rng, penalty=0.0)
    model.burst(1000)
    crowded = model.n_active
    model.penalty = 8.0
    model.burst(1000)
    assert model.n_active < crowded
    model.check()


def test_no_more_than_max_active(kernels, rng):
    model = Model(kernels, rng)
    model.max_active = 2
    assert model.burst(1000) == -1
    assert model.n_active == 2
    model.check()


@pytest.mark.parametrize("dof", [0.0, 0.5, 1.0])
def test_nothing_is_learned_from_one_observation(kernels, rng, dof):
    model = Model(kernels, rng)
    model.dof = dof
    assert model.burst(10) == -1
    assert model.n_active == 0


# ---- spike and slab ------------------------------------------------------------------
def sweep(problem, prior, order, noise, logit, alpha, mean, y):
    """One sweep, with the residual computed anew for each column."""
    Z, s, n = problem.columns, problem.s, len(problem.X)
    largest = 0.0
    for j in order:
        L = problem.lipschitz[j]
        if L == 0:
            continue
        rest = alpha * mean
        rest[j] = 0.0
        m = (Z[:, j] @ (s * (y - Z @ rest)) / n) / (L + prior[j])
        v = noise / (L + prior[j])
        odds = logit + 0.5 * np.log(v * prior[j] / noise) + m**2 / (2 * v)
        a = 1 / (1 + np.exp(-odds))
        largest = max(largest, abs(a - alpha[j]))
        alpha[j], mean[j] = a, m
    return largest


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("format", FORMATS)
def test_sweep_equals_the_naive_one(kernels, rng, format, weighted):
    problem = make_problem(rng, format, centred=True, weighted=weighted)
    p = problem.X.shape[1]
    y = make_residual(rng, problem, 1)
    prior, order = rng.uniform(0.01, 1.0, p), rng.permutation(p)[:-2]
    lipschitz = problem.lipschitz
    lipschitz[order[0]] = 0.0
    alpha, mean = rng.random(p), rng.standard_normal(p)
    mine = alpha.copy(), mean.copy()
    residual, offset = problem.pack(y - problem.columns @ (alpha * mean)[:, None])
    X, args = problem.build(kernels), (prior, order, 0.01, -1.5)
    largest = kernels.spike_slab_sweep(X, lipschitz, *args, *mine, residual, offset)
    expected = sweep(problem, prior, order[1:], *args[2:], alpha, mean, y[:, 0])
    assert largest == pytest.approx(expected, rel=1e-8)
    assert_allclose(mine[0], alpha, rtol=1e-7, atol=1e-12)
    assert_allclose(mine[1], mean, rtol=1e-8)
    left = y - problem.columns @ (alpha * mean)[:, None]
    assert_allclose(problem.unpack(residual, offset), problem.state_of(left), atol=1e-8)


def test_sweep_with_hopeless_odds(kernels):
    X = kernels.dense_matrix(np.ones((4, 1), order="F"), None, None)
    alpha, mean = np.full(1, 0.5), np.zeros(1)
    arrays = alpha, mean, np.zeros((1, 4)), np.zeros(1)
    kernels.spike_slab_sweep(
        X, np.ones(1), np.ones(1), np.arange(1), 1.0, -1e4, *arrays
    )
    assert alpha[0] == 0.0
