"""The structured posterior is the dense one."""

from __future__ import annotations

import numpy as np
import pytest
from bayes.kronecker_problems import SHAPES, DensePosterior, make_factors, normal
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from sparsesci.bayes._kronecker_estep import Posterior

every_shape = pytest.mark.parametrize("shapes", SHAPES, ids=len)
every_field = pytest.mark.parametrize("complex_valued", [False, True])


def case(seed, shapes, complex_valued, n_snapshots=1, pruned=False):
    rng = np.random.default_rng(seed)
    factors = make_factors(rng, shapes, complex_valued)
    gammas = [10.0 ** rng.uniform(-2, 1, size) for _, size in shapes]
    if pruned:  # columns away: an index set for each factor
        kept = [np.flatnonzero(rng.random(size) < 0.6) for _, size in shapes]
        kept = [where if where.size else np.array([0]) for where in kept]
        factors = [factor[:, where] for factor, where in zip(factors, kept)]
        gammas = [gamma[where] for gamma, where in zip(gammas, kept)]
    Y = normal(rng, (n_snapshots, *(m for m, _ in shapes)), complex_valued)
    return factors, gammas, Y


@every_shape
@every_field
@pytest.mark.parametrize("n_snapshots", [1, 3])
@pytest.mark.parametrize("pruned", [False, True])
@pytest.mark.parametrize("noise", [1.0, 1e-2])
def test_posterior(
    global_random_seed, shapes, complex_valued, n_snapshots, pruned, noise
):
    factors, gammas, Y = case(
        global_random_seed, shapes, complex_valued, n_snapshots, pruned
    )
    ours = Posterior(factors, gammas, noise, Y)
    dense = DensePosterior(factors, gammas, noise, Y)
    tight = {"rtol": 1e-10}
    mean = ours.mean.reshape(n_snapshots, -1)
    assert_allclose(mean, dense.mean, rtol=1e-10, atol=1e-10 * abs(dense.mean).max())
    assert_allclose(ours.variance.ravel(), dense.variance, **tight)
    expected = dense.variance + dense.power.mean(axis=0)
    assert_allclose(ours.second_moment.ravel(), expected, **tight)
    assert_allclose(ours.residual_energy, dense.residual_energy, rtol=1e-9)
    assert_allclose(ours.n_effective, dense.n_effective, **tight)
    assert_allclose(ours.inverse_trace, dense.inverse_trace, **tight)
    evidence = dense.log_evidence(Y, complex_valued)
    assert_allclose(ours.log_evidence(complex_valued), evidence, **tight)


@every_shape
@every_field
def test_sums_over_slices(global_random_seed, shapes, complex_valued):
    factors, gammas, Y = case(global_random_seed, shapes, complex_valued, 2)
    ours = Posterior(factors, gammas, 0.1, Y)
    dense = DensePosterior(factors, gammas, 0.1, Y)
    sizes = [size for _, size in shapes]
    power = (dense.power.mean(axis=0) / dense.gamma).reshape(sizes)
    explained = (1 - dense.variance / dense.gamma).reshape(sizes)
    for axis in range(len(shapes)):
        others = tuple(k for k in range(len(shapes)) if k != axis)
        found = ours.slice_sums(axis)
        assert_allclose(found[0], power.sum(axis=others), rtol=1e-10)
        assert_allclose(found[1], explained.sum(axis=others), rtol=1e-10)


def test_evidence_is_the_density_of_scipy():
    factors, gammas, Y = case(0, SHAPES[1], False)
    dense = DensePosterior(factors, gammas, 0.3, Y)
    density = multivariate_normal(np.zeros(Y.size), dense.covariance)
    ours = Posterior(factors, gammas, 0.3, Y).log_evidence(False)
    assert ours == pytest.approx(density.logpdf(Y.ravel()), rel=1e-12)


@every_shape
@every_field
def test_variances_are_never_negative(global_random_seed, shapes, complex_valued):
    """Where the textbook's formula cancels: little noise, variances over decades."""
    factors, _, Y = case(global_random_seed, shapes, complex_valued)
    rng = np.random.default_rng(global_random_seed)
    gammas = [10.0 ** rng.uniform(-6, 2, size) for _, size in shapes]
    prior = DensePosterior(factors, gammas, 1.0, Y).gamma
    for noise in 10.0 ** np.arange(-12, 1):
        variance = Posterior(factors, gammas, noise, Y).variance.ravel()
        assert np.all(variance > 0)
        assert np.all(variance <= prior * (1 + 1e-12))


def test_variances_with_little_noise_keep_their_digits():
    """Of a tall factor, in closed form: noise times the inverse Gram matrix."""
    rng = np.random.default_rng(0)
    factors = make_factors(rng, [(9, 4), (7, 3)])
    gammas = [np.ones(4), np.ones(3)]
    inverses = [np.diag(np.linalg.inv(factor.T @ factor)) for factor in factors]
    noise = 1e-12
    found = Posterior(factors, gammas, noise, np.ones((1, 9, 7))).variance
    assert_allclose(found, noise * np.outer(*inverses), rtol=1e-9)


@every_shape
@every_field
def test_zero_variances_are_zero(shapes, complex_valued):
    factors, gammas, Y = case(0, shapes, complex_valued)
    for gamma in gammas:
        gamma[0] = 0.0
    posterior = Posterior(factors, gammas, 0.1, Y)
    assert not posterior.mean[0][0].any()
    assert not posterior.variance[0].any()
    assert np.isfinite(posterior.mean).all()


@every_field
def test_draws_have_the_moments_of_the_posterior(complex_valued):
    factors, gammas, Y = case(0, SHAPES[1], complex_valued)
    posterior = Posterior(factors, gammas, 0.1, Y)
    size = posterior.variance.size
    unit = np.eye(size).reshape(size, *posterior.variance.shape)
    root = posterior.sample(unit).reshape(size, size).T
    H = np.kron(*factors)
    gamma = np.kron(*gammas)
    inverse = H.conj().T @ H / 0.1 + np.diag(1 / gamma)
    assert_allclose(root @ root.conj().T, np.linalg.inv(inverse), atol=1e-10)
