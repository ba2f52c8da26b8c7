"""Decompositions and parts of a Kronecker product are those of the matrix."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sparsesci.operators import Kronecker, PartialDCT
from sparsesci.operators.kronecker import mode_products, outer

every_field = pytest.mark.parametrize("complex_valued", [False, True])


def make_factors(complex_valued):
    rng = np.random.default_rng(0)
    factors = [rng.standard_normal(shape) for shape in ((3, 4), (5, 2), (2, 2))]
    return [f + 1j * f[::-1] for f in factors] if complex_valued else factors


@every_field
def test_dense_and_columns(complex_valued):
    factors = make_factors(complex_valued)
    operator = Kronecker(*factors)
    matrix = reduce(np.kron, factors)
    assert_array_equal(operator.to_dense(), matrix)
    assert operator.row_shape == (3, 5, 2)
    assert operator.column_shape == (4, 2, 2)
    part = operator.select_columns([3, 1], slice(None), np.array([False, True]))
    places = np.ravel_multi_index(np.ix_([3, 1], [0, 1], [1]), (4, 2, 2)).ravel()
    assert_array_equal(part.to_dense(), matrix[:, places])


@every_field
def test_singular_value_decomposition(complex_valued):
    operator = Kronecker(*make_factors(complex_valued))
    U, s, V = operator.svd()
    assert s.shape == (3, 2, 2)
    rebuilt = (U.to_dense() * s.ravel()) @ V.to_dense().conj().T
    assert_allclose(rebuilt, operator.to_dense(), atol=1e-12)
    assert_allclose(U.H @ (U @ np.eye(12)), np.eye(12), atol=1e-12)
    exact = np.linalg.svd(operator.to_dense(), compute_uv=False)[:12]
    assert_allclose(np.sort(s.ravel())[::-1], exact, rtol=1e-10)


@every_field
def test_eigenvalues(complex_valued):
    squares = [f @ f.conj().T for f in make_factors(complex_valued)]
    operator = Kronecker(*squares)
    values, vectors = operator.eigh()
    V = vectors.to_dense()
    assert_allclose((V * values.ravel()) @ V.conj().T, operator.to_dense(), atol=1e-10)


def test_operators_and_sparse_matrices_have_parts_too():
    left, right = PartialDCT(6, [0, 2, 3]), sparse.eye(4, format="csr")
    operator = Kronecker(left, right)
    dense = np.kron(left @ np.eye(6), np.eye(4))
    assert_allclose(operator.to_dense(), dense, atol=1e-14)
    part = operator.select_columns([5], [1, 2])
    assert_allclose(part.to_dense(), dense[:, [21, 22]], atol=1e-14)
    U, s, V = operator.svd()
    rebuilt = (U.to_dense() * s.ravel()) @ V.to_dense().T
    assert_allclose(rebuilt, dense, atol=1e-12)


def test_mode_products_keep_the_batch_first():
    rng = np.random.default_rng(0)
    matrices = [rng.standard_normal((2, 3)), rng.standard_normal((4, 5))]
    tensors = rng.standard_normal((7, 3, 5))
    expected = np.einsum("ai,bj,nij->nab", *matrices, tensors)
    assert_allclose(mode_products(matrices, tensors), expected, atol=1e-12)
    assert_array_equal(outer([[1, 2], [3]]), [[3], [6]])


def test_integers_are_numbers():
    assert_array_equal(Kronecker([[1, 2]], [[True], [False]]) @ [1, 1], [3.0, 0.0])
