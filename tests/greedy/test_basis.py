"""The growing orthonormal basis."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sparsesci.greedy._basis import GrowingBasis


@pytest.mark.parametrize("n_columns", [1, 8, 25])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_it_is_a_qr_decomposition(n_columns, dtype, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    A = rng.standard_normal((30, n_columns)).astype(dtype)
    if dtype == np.complex128:
        A = A + 1j * rng.standard_normal(A.shape)
    A[:, -1] += 1e6 * A[:, 0]  # nearly dependent
    basis = GrowingBasis(30, dtype)
    for column in A.T:
        assert basis.append(column) is not None
    assert basis.size == n_columns
    identity = basis.vectors.conj().T @ basis.vectors
    assert_allclose(identity, np.eye(n_columns), atol=1e-13)
    assert_allclose(basis.vectors @ basis.factor, A, atol=1e-9)
    for y in (rng.standard_normal(30), rng.standard_normal((30, 2))):
        expected = np.linalg.lstsq(A, y, rcond=None)[0]
        assert_allclose(basis.solve(y), expected, atol=1e-8)


def test_dependent_columns_are_refused():
    A = np.random.default_rng(0).standard_normal((10, 3))
    basis = GrowingBasis(10)
    assert basis.solve(A[:, 0]).shape == (0,)
    for column in A.T:
        assert basis.append(column) is not None
    for column in (A @ [1.0, -2.0, 0.5], np.zeros(10)):
        assert basis.append(column) is None
    assert basis.size == 3
