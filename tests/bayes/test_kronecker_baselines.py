"""Pursuit, oracle and the classical algorithm, against plain linear algebra."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from bayes.kronecker_problems import DensePosterior, make_problem
from numpy.testing import assert_allclose, assert_array_equal

from sparsesci.bayes import classical_sbl, kronecker_omp, oracle_least_squares
from sparsesci.greedy import orthogonal_mp
from sparsesci.operators import Kronecker
from sparsesci.penalties import L1
from sparsesci.solvers import fista

every_field = pytest.mark.parametrize("complex_valued", [False, True])
unfinished = pytest.mark.filterwarnings("ignore:The prior variances did not")


EASY = ((16, 10), (15, 9), (14, 8))  # columns that are nearly orthogonal


def supports(coef):
    return [np.unique(where) for where in np.nonzero(coef)]


@every_field
def test_oracle_is_least_squares(complex_valued):
    factors, y, coef = make_problem(1, noise=0.01, complex_valued=complex_valued)
    result = oracle_least_squares(factors, y, supports(coef))
    H = reduce(np.kron, factors)
    true = np.flatnonzero(coef)
    expected = np.linalg.lstsq(H[:, true], y, rcond=None)[0]
    assert_allclose(result.coef[true], expected, rtol=1e-10)
    assert_array_equal(result.support, true)
    left = y - H @ result.coef
    assert result.objective == pytest.approx(np.vdot(left, left).real / (2 * y.size))
    several = oracle_least_squares(factors, np.stack([y, 2 * y], 1), supports(coef))
    assert_allclose(several.coef[:, 1], 2 * result.coef, rtol=1e-10)


@every_field
def test_pursuit_finds_the_support_and_stops(complex_valued):
    factors, y, coef = make_problem(3, EASY, noise=1e-4, complex_valued=complex_valued)
    result = kronecker_omp(factors, y, noise=1.1e-4)
    assert_array_equal(result.support, np.flatnonzero(coef))
    oracle = oracle_least_squares(factors, y, supports(coef))
    assert_allclose(result.coef, oracle.coef, rtol=1e-9, atol=1e-12)
    greedy = kronecker_omp(factors, y, noise=0.0)
    assert len(greedy.support) > len(result.support)
    assert greedy.objective < result.objective
    scaled = kronecker_omp(factors, 1e-6 * y, noise=1.1e-16)
    assert_allclose(scaled.coef, 1e-6 * result.coef, rtol=1e-9)
    capped = kronecker_omp(factors, y, noise=0.0, max_per_factor=[1, 2, 3])
    assert [len(s) for s in supports(capped.coef.reshape(coef.shape))] == [1, 2, 3]


@pytest.mark.parametrize("seed", range(3))
def test_length_of_columns_does_not_count(seed):
    factors, y, _ = make_problem(seed)
    lengths = [np.linspace(1, 50, factor.shape[1]) for factor in factors]
    longer = [factor * length for factor, length in zip(factors, lengths)]
    plain = kronecker_omp(factors, y, noise=1e-4)
    scaled = kronecker_omp(longer, y, noise=1e-4)
    assert_allclose(scaled.coef * reduce(np.kron, lengths), plain.coef, atol=1e-9)


@every_field
@unfinished
def test_classical_iterations(complex_valued):
    factors, y, _ = make_problem(
        0, ((4, 6), (5, 4)), noise=0.01, complex_valued=complex_valued
    )
    H = np.kron(*factors)
    options = {"noise": 0.01, "prune": 0.0}
    first = classical_sbl(Kronecker(*factors), y, max_iter=1, **options)
    second = classical_sbl(H, y, max_iter=2, **options)
    dense = DensePosterior([H], first.gammas, 0.01, y[None])
    expected = dense.power[0] + dense.variance
    assert_allclose(second.gammas[0], expected, rtol=1e-8)
    dense = DensePosterior([H], second.gammas, 0.01, y[None])
    assert_allclose(second.coef, dense.mean[0], rtol=1e-7, atol=1e-12)
    evidence = dense.log_evidence(y[None], complex_valued)
    assert second.evidence_path[-1] == pytest.approx(evidence, rel=1e-10)


@pytest.mark.parametrize("noise", [1e-3, "learn"])
@unfinished
def test_classical_evidence_never_falls(global_random_seed, noise):
    rng = np.random.default_rng(global_random_seed)
    X = rng.standard_normal((30, 50))
    Y = X[:, :3] @ rng.standard_normal((3, 2)) + 0.03 * rng.standard_normal((30, 2))
    result = classical_sbl(X, Y, noise=noise, prune=0.0, max_iter=100)
    path = result.evidence_path
    assert np.all(np.diff(path) >= -1e-9 * abs(path).max())
    assert result.coef.shape == (50, 2)
    scaled = classical_sbl(
        X,
        100 * Y,
        noise=noise if noise == "learn" else 1e4 * noise,
        prune=0.0,
        max_iter=100,
    )
    assert_allclose(scaled.coef, 100 * result.coef, rtol=1e-6, atol=1e-8)


@every_field
def test_neighbours_of_a_vector(complex_valued):
    """One block of six in a vector of 60, from 30 observations."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 60)) + complex_valued * 1j * rng.standard_normal(
        (30, 60)
    )
    coef = np.zeros(60, dtype=X.dtype)
    coef[10:16] = [1.0, -2.0, 1.5, 1.0, -1.0, 2.0]
    if complex_valued:
        coef *= np.exp(1j * rng.uniform(0, 6, 60))
    y = X @ coef + 0.05 * rng.standard_normal(30)
    options = {"noise": 0.0025, "max_iter": 500}
    found = classical_sbl(X, y, coupling=0.9, **options)
    assert_array_equal(np.flatnonzero(abs(found.coef) > 0.3), np.arange(10, 16))
    assert_allclose(found.coef, coef, atol=0.1)
    for scale in (1e-6, 1e6):
        given = {**options, "noise": 0.0025 * scale**2}
        scaled = classical_sbl(X, scale * y, coupling=0.9, **given)
        assert_allclose(scaled.coef, scale * found.coef, rtol=1e-7, atol=1e-9 * scale)


@unfinished
def test_a_step_of_coupled_variances():
    factors, y, _ = make_problem(0, ((4, 6),), noise=0.01)
    X, options = factors[0], {"noise": 0.01, "prune": 0.0}
    first = classical_sbl(X, y, coupling=0.5, max_iter=1, **options)
    second = classical_sbl(X, y, coupling=0.5, max_iter=2, **options)
    dense = DensePosterior([X], first.gammas, 0.01, y[None])
    moments = np.r_[0, dense.power[0] + dense.variance, 0]
    pulled = 0.5 * (moments[1:-1] + 0.5 * (moments[:-2] + moments[2:]))
    shares = np.r_[0, 1 / pulled, 0]
    precisions = shares[1:-1] + 0.5 * (shares[:-2] + shares[2:])
    assert_allclose(second.gammas[0], 1 / precisions, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda f, y: oracle_least_squares(f, y, [[0], [0]]), "one entry for each"),
        (
            lambda f, y: oracle_least_squares(f, y, [[0], [0], [8]]),
            r"support\[2\] must",
        ),
        (lambda f, y: oracle_least_squares(f, y, [[0], [], [1]]), r"support\[1\] must"),
        (lambda f, y: kronecker_omp(f, y, noise=-1.0), "noise must be a number"),
        (lambda f, y: kronecker_omp(f, y[1:], noise=1.0), "y must have shape"),
        (
            lambda f, y: kronecker_omp(f, y, noise=1.0, max_per_factor=[1]),
            "max_per_factor must have one entry",
        ),
        (lambda f, y: classical_sbl(f[0], y), "y must have shape"),
        (lambda f, y: classical_sbl(f[0], y[:6], noise=-1.0), "noise must be"),
        (lambda f, y: classical_sbl(f[0], y[:6], coupling=2), "coupling must be"),
    ],
)
def test_bad_input(call, text):
    factors, y, _ = make_problem(0)
    with pytest.raises((ValueError, TypeError), match=text):
        call(factors, y)


# ---- the operator as a dictionary of other methods -----------------------------------
def test_pursuit_and_fista_take_the_operator():
    factors, y, coef = make_problem(3, EASY)
    X, H = Kronecker(*factors), reduce(np.kron, factors)
    found = orthogonal_mp(X, y, n_nonzero_coefs=8)
    assert_allclose(found, orthogonal_mp(H, y, n_nonzero_coefs=8), atol=1e-10)
    assert_array_equal(np.flatnonzero(found), np.flatnonzero(coef))
    alpha = 0.05 * np.abs(H.T @ y).max() / y.size
    structured = fista(X, y, L1(alpha), tol=1e-8)
    dense = fista(H, y, L1(alpha), tol=1e-8)
    assert_allclose(structured.coef, dense.coef, atol=1e-5)
    assert structured.dual_gap <= structured.target


def test_complex_operator_as_a_dictionary():
    factors, y, coef = make_problem(3, EASY, complex_valued=True)
    found = orthogonal_mp(Kronecker(*factors), y, n_nonzero_coefs=8)
    assert_array_equal(np.flatnonzero(found), np.flatnonzero(coef))
