"""Dictionaries answer as the matrix they stand for; operators too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.fft import dct
from scipy.sparse.linalg import aslinearoperator

from sparsesci.greedy import cosamp, gomp, htp, niht, orthogonal_mp, subspace_pursuit
from sparsesci.operators import (
    Convolution,
    Kronecker,
    PartialDCT,
    ScaledDictionary,
    as_dictionary,
)
from sparsesci.operators.dictionary import GramColumns


def make(complex_valued=False):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((12, 150)) + 3.0
    X[rng.random(X.shape) < 0.5] = 0.0
    X[:, 7] = 0.0
    if complex_valued:
        X = X + 1j * X[::-1]
    return X


FORMS = {"dense": np.asarray, "csc": sparse.csc_array, "operator": aslinearoperator}
CASES = [(form, False, False) for form in FORMS]
CASES += [(form, True, False) for form in FORMS]
CASES += [("dense", False, True), ("csc", False, True)]


@pytest.mark.parametrize(("form", "complex_valued", "center"), CASES)
@pytest.mark.parametrize("scaled", [False, True])
def test_answers_are_those_of_the_matrix(backend, form, complex_valued, center, scaled):
    X = make(complex_valued)
    dictionary = as_dictionary(FORMS[form](X), center=center)
    if center:
        assert_allclose(dictionary.means, X.mean(axis=0), rtol=1e-12, atol=1e-14)
        X = X - X.mean(axis=0)
    norms = np.linalg.norm(X, axis=0)
    if scaled:
        dictionary = ScaledDictionary(dictionary)
        X = np.divide(X, norms, out=np.zeros_like(X), where=norms > 1e-9)
        norms = np.linalg.norm(X, axis=0)
    rng = np.random.default_rng(1)
    R, w = rng.standard_normal((12, 3)), rng.standard_normal(150)
    if complex_valued:
        R = R + 1j * rng.standard_normal(R.shape)
    tight = {"rtol": 1e-10, "atol": 1e-12}
    assert_allclose(dictionary.columns([5, 140, 7]), X[:, [5, 140, 7]], **tight)
    assert_allclose(dictionary.correlate(R), X.conj().T @ R, **tight)
    assert_allclose(dictionary.correlate(R[:, 0]), X.conj().T @ R[:, 0], **tight)
    assert_allclose(dictionary.apply(w), X @ w, **tight)
    assert_allclose(dictionary.squares, norms**2, **tight)


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array])
def test_centred_constants_are_exact_zeros(form):
    X = make()
    X[:, 3] = 0.1
    dictionary = as_dictionary(form(X), center=True)
    assert not dictionary.columns([3]).any()
    assert dictionary.squares[3] == 0.0
    assert dictionary.correlate(np.arange(12.0))[3] == pytest.approx(0.0, abs=1e-14)


def test_gram_columns_are_computed_for_the_best_rivals():
    X = make()
    gram = GramColumns(as_dictionary(X), ahead=4)
    scores = np.arange(150.0)
    gram.provide([2], scores)
    assert_allclose(gram[2], X.T @ X[:, 2])
    assert sorted(gram._known) == [2, 147, 148, 149]
    gram.provide([148], -scores)  # known: no pass
    assert len(gram._known) == 4
    assert_array_equal(gram.rows([149, 2])[1], gram[2])


# ---- structured operators ------------------------------------------------------------
def dense(operator):
    return operator @ np.eye(operator.shape[1])


RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((3, 4)), RNG.standard_normal((5, 2))
OPERATORS = {
    "dct": (
        PartialDCT(16, [3, 0, 15]),
        dct(np.eye(16), axis=0, norm="ortho")[[3, 0, 15]],
    ),
    "short kernel": (
        Convolution([1.0, -2.0, 0.5], 40),
        np.stack([np.convolve(e, [1.0, -2.0, 0.5]) for e in np.eye(40)], axis=1),
    ),
    "complex kernel": (
        Convolution([1.0, 2j], 3),
        np.stack([np.convolve(e, [1.0, 2j]) for e in np.eye(3)], axis=1),
    ),
    "kronecker": (Kronecker(A, B), np.kron(A, B)),
    "one factor": (Kronecker(A), A),
    "four factors": (
        Kronecker(A, B, 1j * A[:2], B[:1]),
        np.kron(np.kron(A, B), np.kron(1j * A[:2], B[:1])),
    ),
    "sparse kronecker": (Kronecker(sparse.csr_array(A), B), np.kron(A, B)),
    "nested": (
        Kronecker(PartialDCT(4, [1, 2]), Kronecker(A, B + 1j)),
        np.kron(dct(np.eye(4), axis=0, norm="ortho")[[1, 2]], np.kron(A, B + 1j)),
    ),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_their_matrices(name):
    operator, matrix = OPERATORS[name]
    rng = np.random.default_rng(0)
    assert operator.shape == matrix.shape
    assert_allclose(dense(operator), matrix, atol=1e-12)
    W = rng.standard_normal((matrix.shape[1], 3))
    R = rng.standard_normal((matrix.shape[0], 3)) + 1j
    assert_allclose(operator @ W, matrix @ W, atol=1e-11)
    assert_allclose(operator @ W[:, 0], matrix @ W[:, 0], atol=1e-11)
    adjoint = matrix.conj().T
    assert_allclose(operator.rmatmat(R), adjoint @ R, atol=1e-11)
    assert_allclose(operator.rmatvec(R[:, 0]), adjoint @ R[:, 0], atol=1e-11)


@pytest.mark.parametrize(
    "method", [orthogonal_mp, gomp, cosamp, subspace_pursuit, niht, htp]
)
@pytest.mark.parametrize("kind", ["dct", "convolution", "kronecker"])
def test_sparse_signals_are_recovered(method, kind):
    rng = np.random.default_rng(0)
    X = {
        "dct": PartialDCT(128, rng.choice(128, 60, replace=False)),
        "convolution": Convolution(rng.standard_normal(30), 60),
        "kronecker": Kronecker(*rng.standard_normal((2, 9, 12))),
    }[kind]
    w = np.zeros(X.shape[1])
    w[[10, 40]] = [1.0, -2.0]
    found = method(X, X @ w, n_nonzero_coefs=2)
    assert_allclose(getattr(found, "coef", found), w, atol=1e-8)


@pytest.mark.parametrize(
    ("make_operator", "text"),
    [
        (lambda: PartialDCT(0, [0]), "size must be an integer >= 1, got 0"),
        (lambda: PartialDCT(8, [8]), r"rows must hold different integers in \[0, 8\)"),
        (lambda: PartialDCT(8, [1, 1]), "rows must hold different integers"),
        (lambda: PartialDCT(8, []), "rows must be a vector of integers"),
        (lambda: PartialDCT(8, [0.5]), "rows must be a vector of integers"),
        (lambda: Convolution([], 3), "kernel must be a vector of finite numbers"),
        (lambda: Convolution([np.nan], 3), "kernel must be a vector of finite"),
        (lambda: Convolution([1.0], 1.5), "size must be an integer"),
        (lambda: Kronecker(), "factors must hold at least one matrix"),
        (lambda: Kronecker(np.ones(3), B), r"factors\[0\] must be a finite .*\(3,\)"),
        (lambda: Kronecker(A, B * np.inf), r"factors\[1\] must be a finite matrix"),
        (lambda: Kronecker(A, B[:, :0]), r"factors\[1\] must be a finite .*\(5, 0\)"),
        (lambda: Kronecker(A, B).select_columns([0]), "one entry for each of the 2"),
        (lambda: Kronecker(B @ B.T, A).eigh(), r"factors\[1\] must be Hermitian"),
    ],
)
def test_bad_parameters(make_operator, text):
    with pytest.raises((ValueError, TypeError), match=text):
        make_operator()
