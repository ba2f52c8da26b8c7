"""The surface problem is the physics it claims to be."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sparsesci.datasets import make_irs_mimo, qpsk_error_rate
from sparsesci.datasets._irs import _steering
from sparsesci.operators import Kronecker


def test_shapes_and_sparsity(global_random_seed):
    problem = make_irs_mimo(300, random_state=global_random_seed)
    assert [factor.shape for factor in problem.factors] == [(6, 18), (3, 18), (16, 18)]
    assert [np.unique(w).size for w in np.nonzero(problem.coef)] == [3, 1, 3]
    clean = Kronecker(*problem.factors) @ problem.coef.ravel()
    assert_allclose(problem.y, clean, rtol=1e-10, atol=1e-10 * abs(clean).max())


def test_channels_are_products_of_arrays_and_patterns(global_random_seed):
    """The dictionary, against arrays multiplied one after the other."""
    problem = make_irs_mimo(0, random_state=global_random_seed)
    rng = np.random.RandomState(global_random_seed)
    signs = (2 * rng.randint(2, size=(2, 6, 3)) - 1) / np.sqrt(12)
    pilots = signs[0] + 1j * signs[1]
    patterns = (2.0 * rng.randint(2, size=(256, 6)) - 1) / 16
    departure_ms, departure_irs = rng.randint(18, size=2)
    arrival_irs, arrival_bs = rng.randint(16, size=2)
    first = rng.standard_normal((2, 3)) / np.sqrt(2)
    second = rng.standard_normal((2, 3)) / np.sqrt(2)
    ms, irs, bs = _steering(6, 18), _steering(256, 18), _steering(16, 18)
    to_irs = irs[:, arrival_irs : arrival_irs + 3] @ (first[0] + 1j * first[1])
    to_irs = np.sqrt(6 * 256 / 3) * np.outer(to_irs, ms[:, departure_ms].conj())
    to_bs = bs[:, arrival_bs : arrival_bs + 3] @ (second[0] + 1j * second[1])
    to_bs = np.sqrt(16 * 256 / 3) * np.outer(to_bs, irs[:, departure_irs].conj())
    expected = np.stack([to_bs @ np.diag(theta) @ to_irs for theta in patterns.T])
    found = problem.channels()
    assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * abs(expected).max())
    received = np.transpose(expected @ pilots, (0, 2, 1)).ravel()
    clean = Kronecker(*problem.factors) @ problem.coef.ravel()
    assert_allclose(clean, received, rtol=1e-9, atol=1e-9 * abs(received).max())


def test_noise_and_states():
    first = make_irs_mimo(10, design_state=0, random_state=1)
    second = make_irs_mimo(10, design_state=0, random_state=2)
    again = make_irs_mimo(10, design_state=0, random_state=1)
    assert_array_equal(first.factors[0], second.factors[0])
    assert (first.coef != second.coef).any()
    assert_array_equal(first.y, again.y)
    clean = Kronecker(*first.factors) @ first.coef.ravel()
    power = np.mean(abs(clean) ** 2)
    assert first.noise_variance == pytest.approx(0.1 * power)
    ratio = np.mean(abs(first.y - clean) ** 2) / first.noise_variance
    assert 0.7 < ratio < 1.4


def test_error_rate_is_that_of_simulated_symbols():
    rng = np.random.default_rng(0)
    H = make_irs_mimo(0, random_state=0).channels()[:1]
    E = H + 3.0 * abs(H).mean() * (rng.standard_normal(H.shape) + 1j)
    rate = qpsk_error_rate(H, E, snr=3)
    U, _, Vh = np.linalg.svd(E[0])
    w, f = U[:, 0], Vh[0].conj()
    gain, known = w.conj() @ H[0] @ f, w.conj() @ E[0] @ f
    symbols = np.exp(1j * np.pi * (np.arange(4) / 2 + 0.25))
    sent = rng.integers(4, size=100_000)
    noise = rng.standard_normal((2, sent.size)) * abs(gain) * 10 ** (-3 / 20)
    received = gain * symbols[sent] + (noise[0] + 1j * noise[1]) / np.sqrt(2)
    decided = np.argmin(abs(received[:, None] - known * symbols), axis=1)
    assert rate == pytest.approx(np.mean(decided != sent), abs=0.006)
    assert rate > 1.05 * qpsk_error_rate(H, H, snr=3)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: make_irs_mimo(np.nan), "snr must be a finite number"),
        (lambda: make_irs_mimo(0, n_bs=0), "n_bs must be an integer >= 1"),
        (lambda: make_irs_mimo(0, spread=19), "spread must be at most n_grid = 18"),
        (
            lambda: qpsk_error_rate(np.ones((1, 2, 2)), np.ones((2, 2, 2)), 3),
            "must have the same shape",
        ),
    ],
)
def test_bad_parameters(call, text):
    with pytest.raises(ValueError, match=text):
        call()
