"""orthogonal_mp and orthogonal_mp_gram: selections, layouts, routes, edges."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator
from sklearn.linear_model import orthogonal_mp as reference

from sparsesci.greedy import orthogonal_mp, orthogonal_mp_gram
from sparsesci.operators.dictionary import ArrayDictionary

RULES = pytest.mark.parametrize("rule", ["omp", "ols"])
FORMS = {
    "gram": np.asfortranarray,
    "dense": np.ascontiguousarray,
    "csc": sparse.csc_array,
    "csr": sparse.csr_matrix,
    "operator": aslinearoperator,
}


def make(seed=0, n=20, p=45, n_targets=6, complex_valued=False):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((n, p)), rng.standard_normal((n, n_targets))
    X[rng.random(X.shape) < 0.3] = 0.0
    if complex_valued:
        X = X + 1j * rng.standard_normal(X.shape)
        Y = Y + 1j * rng.standard_normal(Y.shape)
    return X, Y


def fit(X, y, support):
    return np.linalg.lstsq(X[:, support], y, rcond=None)[0]


def scores(X, y, chosen, rule):
    """Scores of all atoms from their definition; chosen ones have none."""
    off = X.copy()
    residual = y
    if chosen:
        Q = np.linalg.qr(X[:, chosen])[0]
        off, residual = X - Q @ (Q.conj().T @ X), y - Q @ (Q.conj().T @ y)
    out = np.abs(X.conj().T @ residual)
    if rule == "ols":
        out = out / np.linalg.norm(off, axis=0)
    out[chosen] = 0.0
    return out


def choices(X, y, k, rule, **options):
    """Atoms in the order of choice."""
    path = orthogonal_mp(
        X, y, n_nonzero_coefs=k, rule=rule, return_path=True, **options
    )
    order = []
    for t in range(path.shape[-1]):
        new = set(np.flatnonzero(path[:, t])) - set(order)
        assert len(new) == 1
        order.extend(int(j) for j in new)
    return order, path


@pytest.mark.parametrize("complex_valued", [False, True], ids=["real", "complex"])
@RULES
@pytest.mark.parametrize("form", FORMS)
def test_every_choice_has_the_best_score(
    backend, global_random_seed, form, rule, complex_valued
):
    X, Y = make(global_random_seed, complex_valued=complex_valued)
    precompute = form == "gram"
    for y in Y.T[:3]:
        order, path = choices(FORMS[form](X), y, 8, rule, precompute=precompute)
        for t, j in enumerate(order):
            values = scores(X, y, order[:t], rule)
            assert values[j] == pytest.approx(values.max(), rel=1e-8)
            exact = fit(X, y, order[: t + 1])
            assert_allclose(path[order[: t + 1], t], exact, rtol=1e-8)


@RULES
@pytest.mark.parametrize("ahead", [1, 3, 16])
def test_gram_columns_on_demand_give_the_same(backend, monkeypatch, rule, ahead):
    X, Y = make(1, n=40, p=120)
    expected = orthogonal_mp(X, Y, n_nonzero_coefs=15, rule=rule, precompute=False)
    monkeypatch.setattr(ArrayDictionary, "remembers_gram", True)
    monkeypatch.setattr("sparsesci.greedy._pursuit._AHEAD", ahead)
    found = orthogonal_mp(X, Y, n_nonzero_coefs=15, rule=rule, precompute=False)
    assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("precompute", [True, False, "auto"])
def test_equals_scikit_learn(backend, global_random_seed, precompute):
    X, Y = make(global_random_seed)
    for y in (Y, Y[:, :1], Y[:, 0]):
        for options in ({"n_nonzero_coefs": 7}, {"tol": 2.0}, {}):
            ours = orthogonal_mp(X, y, precompute=precompute, **options)
            theirs = reference(X, y, **options)
            assert ours.shape == theirs.shape
            assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
            ours, counts = orthogonal_mp(
                X, y, precompute=precompute, return_n_iter=True, **options
            )
            assert counts == reference(X, y, return_n_iter=True, **options)[1]


@RULES
def test_gram_form_equals_the_other(backend, rule):
    X, Y = make()
    for options in ({"n_nonzero_coefs": 7}, {"tol": 2.0}):
        squares = {"norms_squared": (Y**2).sum(axis=0)} if "tol" in options else {}
        expected = orthogonal_mp(X, Y, rule=rule, **options)
        found = orthogonal_mp_gram(X.T @ X, X.T @ Y, rule=rule, **options, **squares)
        assert_allclose(found, expected, rtol=1e-8, atol=1e-12)
    path = orthogonal_mp_gram(
        X.T @ X, X.T @ Y, n_nonzero_coefs=7, rule=rule, return_path=True
    )
    assert path.shape == (45, 6, 7)
    expected = orthogonal_mp(X, Y, n_nonzero_coefs=7, rule=rule, return_path=True)
    assert_allclose(path, expected, rtol=1e-8, atol=1e-12)


def test_few_signals_are_coded_without_squares_of_condition_numbers(backend):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 1)) + 1e-6 * rng.standard_normal((30, 5))
    w = np.array([1.0, -1.0, 2.0, 0.5, -2.0])
    for rule in ("omp", "ols"):
        coef = orthogonal_mp(X, X @ w, n_nonzero_coefs=5, rule=rule)
        assert_allclose(coef, w, rtol=1e-4)
        path = orthogonal_mp(X, X @ w, n_nonzero_coefs=5, rule=rule, return_path=True)
        assert_allclose(path[:, -1], w, rtol=1e-4)


# ---- output --------------------------------------------------------------------------
@pytest.mark.parametrize("precompute", [True, False])
def test_sparse_output(precompute):
    X, Y = make()
    options = {"n_nonzero_coefs": 5, "precompute": precompute}
    codes = orthogonal_mp(X, Y, sparse_output=True, **options)
    assert codes.format == "csc"
    assert codes.T.format == "csr"
    assert_array_equal(codes.toarray(), orthogonal_mp(X, Y, **options))
    moments = X.T @ X, X.T @ Y
    codes = orthogonal_mp_gram(*moments, n_nonzero_coefs=5, sparse_output=True)
    expected = orthogonal_mp_gram(*moments, n_nonzero_coefs=5)
    assert_array_equal(codes.toarray(), expected)


@RULES
@pytest.mark.parametrize("precompute", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_do_not_change_a_bit(backend, dtype, precompute, rule):
    X, Y = make(n_targets=1500 if precompute else 20)
    X, Y = X.astype(dtype), Y.astype(dtype)
    options = {"n_nonzero_coefs": 5, "rule": rule, "precompute": precompute}
    expected = orthogonal_mp(X, Y, **options)
    assert expected.dtype == dtype
    for n_jobs in (1, 2, 3):
        found = orthogonal_mp(X, Y, n_jobs=n_jobs, **options)
        assert_array_equal(found, expected, strict=True)


@RULES
def test_float32_is_as_good_as_it_can_be(backend, rule):
    X, Y = make()
    for precompute in (True, False):
        options = {"n_nonzero_coefs": 6, "rule": rule, "precompute": precompute}
        wide = orthogonal_mp(X, Y, **options)
        single = orthogonal_mp(X.astype(np.float32), Y.astype(np.float32), **options)
        assert single.dtype == np.float32
        assert_allclose(single, wide, atol=1e-4)


# ---- tolerances ----------------------------------------------------------------------
@RULES
@pytest.mark.parametrize("precompute", [True, False])
def test_a_tolerance_is_met_with_as_few_atoms_as_it_takes(backend, rule, precompute):
    X, Y = make()
    for tol in (5.0, 0.5, 1e-3, 1e-16):
        coef = orthogonal_mp(X, Y, tol=tol, rule=rule, precompute=precompute)
        errors = ((Y - X @ coef) ** 2).sum(axis=0)
        assert (errors <= tol * (1 + 1e-6) + 1e-26).all()
        assert (np.count_nonzero(coef, axis=0) <= 20).all()
    assert not orthogonal_mp(X, Y, tol=1e9, rule=rule, precompute=precompute).any()


def test_a_tolerance_takes_precedence():
    X, Y = make()
    expected = orthogonal_mp(X, Y, tol=1.0)
    assert_array_equal(orthogonal_mp(X, Y, n_nonzero_coefs=2, tol=1.0), expected)


def test_a_tenth_of_the_atoms_by_default():
    X, Y = make()
    assert (np.count_nonzero(orthogonal_mp(X, Y), axis=0) == 4).all()


# ---- edges ---------------------------------------------------------------------------
@RULES
@pytest.mark.parametrize("form", FORMS)
def test_more_atoms_than_the_rank(backend, form, rule):
    rng = np.random.default_rng(0)
    base = rng.standard_normal((10, 3))
    X, y = base @ rng.standard_normal((3, 8)), rng.standard_normal((10, 1))
    with pytest.warns(RuntimeWarning, match="1 of 1 signals got fewer atoms"):
        coef = orthogonal_mp(
            FORMS[form](X), y, n_nonzero_coefs=8, rule=rule, precompute=form == "gram"
        )
    assert np.count_nonzero(coef) == 3
    assert_allclose(X.T @ (y[:, 0] - X @ coef), 0, atol=1e-8)


@RULES
@pytest.mark.parametrize("form", FORMS)
def test_more_atoms_than_samples(backend, form, rule):
    X, Y = make(n=5, p=12)
    coef = orthogonal_mp(
        FORMS[form](X), Y, n_nonzero_coefs=12, rule=rule, precompute=form == "gram"
    )
    assert np.isfinite(coef).all()
    assert (np.count_nonzero(coef, axis=0) <= 5).all()
    assert_allclose(X @ coef, Y, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*fewer atoms:RuntimeWarning")
@RULES
@pytest.mark.parametrize("form", FORMS)
def test_zero_and_duplicated_atoms(backend, form, rule):
    X, Y = make(n=15, p=10)
    X = np.c_[X, np.zeros((15, 3)), X, -2 * X]
    coef = orthogonal_mp(
        FORMS[form](X), Y, n_nonzero_coefs=15, rule=rule, precompute=form == "gram"
    )
    assert not coef[10:13].any()
    assert (np.count_nonzero(coef, axis=0) == 10).all()
    assert_allclose(X.T @ (Y - X @ coef), 0, atol=1e-7)


@RULES
@pytest.mark.parametrize("form", FORMS)
def test_signals_of_zeros(backend, form, rule):
    X, Y = make()
    Y[:, 2] = 0.0
    coef = orthogonal_mp(FORMS[form](X), Y, rule=rule, precompute=form == "gram")
    assert not coef[:, 2].any()
    assert coef[:, [0, 1, 3, 4, 5]].any(axis=0).all()
    assert not orthogonal_mp(FORMS[form](X), np.zeros(20), rule=rule, tol=0.0).any()


@RULES
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_scales_of_signals_and_atoms(backend, form, rule, scale):
    X, Y = make()
    options = {"n_nonzero_coefs": 6, "rule": rule, "precompute": form == "gram"}
    expected = orthogonal_mp(X, Y, **options)
    for X_scale, Y_scale in ((1.0, scale), (scale, 1.0), (scale, 1 / scale)):
        found = orthogonal_mp(FORMS[form](X * X_scale), Y * Y_scale, **options)
        assert_allclose(found * X_scale / Y_scale, expected, rtol=1e-8, atol=1e-12)


@RULES
@pytest.mark.parametrize("precompute", [True, False])
def test_exact_signals_are_recovered_and_no_more(backend, rule, precompute):
    X, _ = make(n=60, p=90)
    y = X[:, 3] - 2 * X[:, 50] + X[:, 88]
    coef = orthogonal_mp(X, y, n_nonzero_coefs=20, rule=rule, precompute=precompute)
    assert set(np.flatnonzero(coef)) == {3, 50, 88}
    assert_allclose(coef[[3, 50, 88]], [1, -2, 1], rtol=1e-10)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
@RULES
def test_the_smallest_shapes(backend, rule, shape):
    X = np.arange(1.0, 6.0)[: max(shape)].reshape(shape)
    for precompute in (True, False):
        coef = orthogonal_mp(X, X[:, -1], rule=rule, precompute=precompute)
        assert coef.shape == (shape[1],)
        assert_allclose(X @ coef, X[:, -1])


def test_arguments_are_never_written_to(backend):
    X, Y = make()
    moments = X.T @ X, X.T @ Y
    for array in (X, Y, *moments):
        array.flags.writeable = False
    for copy in (True, False):
        orthogonal_mp(X, Y, copy_X=copy)
        orthogonal_mp_gram(*moments, copy_Gram=copy, copy_Xy=copy)


def test_any_container_and_integers():
    X, Y = make()
    X, Y = np.round(3 * X).astype(int), np.round(3 * Y).astype(int)
    expected = orthogonal_mp(X.astype(float), Y.astype(float))
    assert_allclose(orthogonal_mp(X.tolist(), Y.tolist()), expected)
    assert_allclose(orthogonal_mp(X[::-1][::-1], Y), expected)


# ---- bad input -----------------------------------------------------------------------
GOOD = make()
BAD = [
    ({"n_nonzero_coefs": 0}, r"n_nonzero_coefs must be an integer >= 1, got 0"),
    ({"n_nonzero_coefs": 46}, r"n_nonzero_coefs must be at most .* 45, got 46"),
    ({"n_nonzero_coefs": 2.0}, r"n_nonzero_coefs must be an integer"),
    ({"tol": -1.0}, r"tol must be a number in \[0, inf\), got -1.0"),
    ({"tol": np.nan}, "tol must be"),
    ({"tol": "a"}, "tol must be"),
    ({"rule": "best"}, r"rule must be one of \('omp', 'ols'\), got 'best'"),
    ({"precompute": "yes"}, "precompute must be 'auto', True or False, got 'yes'"),
    ({"copy_X": 1}, "copy_X must be True or False"),
    ({"return_path": 1}, "return_path must be True or False"),
    ({"return_n_iter": None}, "return_n_iter must be True or False"),
    ({"sparse_output": "csr"}, "sparse_output must be True or False"),
    ({"sparse_output": True, "return_path": True}, "sparse_output must be False"),
    ({"y": np.ones(19)}, "same number of samples, got 20 and 19"),
    ({"y": np.ones((20, 2, 2))}, r"y must have shape .*, got \(20, 2, 2\)"),
    ({"y": np.full(20, np.nan)}, "y contains NaN or infinity"),
    ({"y": np.full(20, 1j * np.inf)}, "y contains NaN or infinity"),
    ({"y": ["a"] * 20}, "y must hold numbers"),
    ({"y": None}, "y must"),
    ({"X": np.full((20, 45), np.nan)}, "X contains NaN"),
    ({"X": np.full((20, 45), np.inf)}, "X contains inf"),
    ({"X": np.full((20, 45), 1j * np.nan)}, "X contains NaN or infinity"),
    ({"X": np.ones(20)}, "Expected 2D array"),
    ({"X": np.ones((0, 5))}, r"0 sample\(s\)"),
    ({"X": np.ones((20, 0))}, r"0 feature\(s\)"),
    ({"X": np.ones((20, 0), complex)}, "X must have rows and columns"),
    ({"X": aslinearoperator(np.ones((19, 45)))}, "same number of samples"),
]


@pytest.mark.parametrize(("bad", "text"), BAD)
def test_bad_input(bad, text):
    call = {"X": GOOD[0], "y": GOOD[1], **bad}
    with pytest.raises((ValueError, TypeError), match=text):
        orthogonal_mp(call.pop("X"), call.pop("y"), **call)


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({"tol": 1.0}, "norms_squared must be given with tol"),
        ({"tol": 1.0, "norms_squared": [1.0]}, "norms_squared must hold 6"),
        ({"tol": 1.0, "norms_squared": [-1.0] * 6}, "norms_squared must hold 6"),
        ({"n_nonzero_coefs": 46}, "n_nonzero_coefs must be at most"),
        ({"Gram": np.ones((3, 4))}, r"Gram must be square, got shape \(3, 4\)"),
        ({"Gram": np.full((45, 45), np.nan)}, "Gram contains NaN"),
        ({"Xy": np.ones(44)}, "Xy must have a row for each of the 45 atoms"),
        ({"Xy": np.full(45, np.inf)}, "Xy contains inf"),
        ({"copy_Gram": 1}, "copy_Gram must be True or False"),
        ({"copy_Xy": 1}, "copy_Xy must be True or False"),
    ],
)
def test_bad_input_of_the_gram_form(bad, text):
    X, Y = GOOD
    call = {"Gram": X.T @ X, "Xy": X.T @ Y, **bad}
    with pytest.raises((ValueError, TypeError), match=text):
        orthogonal_mp_gram(call.pop("Gram"), call.pop("Xy"), **call)
