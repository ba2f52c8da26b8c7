"""gOMP, CoSaMP, subspace pursuit, IHT, NIHT, HTP, splicing: what must hold of each."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from sparsesci.greedy import (
    cosamp,
    gomp,
    htp,
    iht,
    niht,
    orthogonal_mp,
    splicing,
    splicing_path,
    subspace_pursuit,
)
from sparsesci.greedy._recovery import top_k
from sparsesci.solvers import SolverResult

FUNCTIONS = {f.__name__: f for f in (gomp, cosamp, subspace_pursuit, iht, niht, htp)}
FUNCTIONS["splicing"] = splicing
ITERATIVE = [name for name in FUNCTIONS if name != "splicing"]
FORMS = {
    "dense": np.ascontiguousarray,
    "float32": lambda X: X.astype(np.float32).astype(X.dtype),
    "csc": sparse.csc_array,
    "csr": sparse.csr_matrix,
    "operator": aslinearoperator,
}

every_function = pytest.mark.parametrize("name", FUNCTIONS)


def make(seed=0, n=60, p=90, k=4, noise=0.0, complex_valued=False):
    rng = np.random.default_rng(seed)
    X, w = rng.standard_normal((n, p)), np.zeros(p)
    places = np.sort(rng.choice(p, k, replace=False))
    w[places] = rng.choice([-1, 1], k) * rng.uniform(1, 2, k)
    if complex_valued:
        X, w = X + 1j * rng.standard_normal(X.shape), w * np.exp(1j * np.arange(p))
    X *= rng.uniform(0.5, 2.0, p)
    return X, X @ w + noise * rng.standard_normal(n), w, places


def error(X, y, coef):
    return float(np.sum(np.abs(y - X @ coef) ** 2))


@pytest.mark.parametrize("complex_valued", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("form", FORMS)
@every_function
def test_recovers_a_sparse_signal(backend, name, form, complex_valued):
    # Steps of one length ask for many more samples than the others.
    n_samples = 180 if name == "iht" else 60
    X, _, w, places = make(n=n_samples, complex_valued=complex_valued)
    if form == "float32":
        X = X.astype(np.complex64 if complex_valued else np.float32)
        y = X.astype(w.dtype) @ w
        data = X
    else:
        y, data = X @ w, FORMS[form](X)
    result = FUNCTIONS[name](data, y, n_nonzero_coefs=4)
    assert isinstance(result, SolverResult)
    assert result.converged
    assert_array_equal(result.support, places)
    assert_allclose(result.coef, w, atol=1e-5 if form == "float32" else 1e-9)
    assert result.coef.dtype == (np.complex128 if complex_valued else np.float64)


@pytest.mark.parametrize("normalize", [True, False])
@every_function
def test_coefficients_are_least_squares_on_their_support(
    backend, global_random_seed, name, normalize
):
    X, y, _, _ = make(global_random_seed, noise=1.0)
    options = {} if name == "splicing" else {"normalize": normalize}
    result = FUNCTIONS[name](X, y, n_nonzero_coefs=7, **options)
    assert 1 <= result.support.size <= 7
    A = X[:, result.support]
    exact = np.linalg.lstsq(A, y, rcond=None)[0]
    assert_allclose(result.coef[result.support], exact, rtol=1e-8)
    assert result.objective == pytest.approx(error(X, y, result.coef) / 120, rel=1e-10)
    assert result.dual_gap == np.inf
    assert_allclose(result.dual_point, (y - X @ result.coef) / 60, atol=1e-12)
    assert result.violation < 1e-8


@every_function
def test_a_tenth_of_the_atoms_by_default(name):
    X, y, _, _ = make(noise=1.0)
    assert FUNCTIONS[name](X, y).support.size == 9


@pytest.mark.parametrize("scale", [1e-12, 1e12])
@every_function
def test_scales_of_signals_and_atoms(backend, name, scale):
    X, y, _, _ = make(noise=0.3)
    expected = FUNCTIONS[name](X, y, n_nonzero_coefs=4)
    for X_scale, y_scale in ((1.0, scale), (scale, 1.0)):
        found = FUNCTIONS[name](X * X_scale, y * y_scale, n_nonzero_coefs=4)
        assert_array_equal(found.support, expected.support)
        assert_allclose(found.coef * X_scale / y_scale, expected.coef, rtol=1e-6)


@every_function
def test_scales_of_single_atoms_do_not_matter(name):
    X, y, _, _ = make(noise=0.3)
    scale = 10.0 ** np.random.default_rng(0).integers(-3, 4, X.shape[1])
    expected = FUNCTIONS[name](X, y, n_nonzero_coefs=4)
    found = FUNCTIONS[name](X * scale, y, n_nonzero_coefs=4)
    assert_allclose(found.coef * scale, expected.coef, rtol=1e-6, atol=1e-9)


# ---- edges ---------------------------------------------------------------------------
@every_function
def test_a_signal_of_zeros(backend, name):
    X, y, _, _ = make()
    for signal in (0 * y, 0 * y.astype(complex)):
        result = FUNCTIONS[name](X, signal, n_nonzero_coefs=3)
        assert not result.coef.any()
        assert result.objective == 0.0
        assert result.converged


@every_function
def test_atoms_of_zeros(backend, name):
    y = np.arange(5.0)
    assert not FUNCTIONS[name](np.zeros((5, 8)), y, n_nonzero_coefs=3).coef.any()
    X, y, w, _ = make(n=180)
    X = np.c_[np.zeros((180, 3)), X]
    result = FUNCTIONS[name](X, y, n_nonzero_coefs=4)
    assert_allclose(result.coef, np.r_[0, 0, 0, w], atol=1e-8)


@every_function
def test_duplicated_atoms(backend, name):
    X, y, _, _ = make()
    result = FUNCTIONS[name](np.c_[X, X], y, n_nonzero_coefs=8)
    assert np.isfinite(result.coef).all()
    assert np.count_nonzero(result.coef) <= 8
    if name not in ("iht", "niht"):  # these cannot tell twins apart
        assert error(np.c_[X, X], y, result.coef) <= 1e-12 * (y @ y)


@pytest.mark.parametrize("k", [5, 12])
@every_function
def test_more_atoms_than_samples_or_rank(backend, name, k):
    rng = np.random.default_rng(0)
    for X in (
        rng.standard_normal((5, 12)),
        rng.standard_normal((10, 3)) @ rng.standard_normal((3, 12)),
    ):
        y = rng.standard_normal(len(X))
        result = FUNCTIONS[name](X, y, n_nonzero_coefs=k)
        assert np.isfinite(result.coef).all()
        assert np.count_nonzero(result.coef) <= k
        assert error(X, y, result.coef) <= y @ y


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
@every_function
def test_the_smallest_shapes(backend, name, shape):
    X = np.arange(1.0, 6.0)[: max(shape)].reshape(shape)
    result = FUNCTIONS[name](X, X[:, -1], n_nonzero_coefs=1)
    assert_allclose(X @ result.coef, X[:, -1])


# ---- rules of their own --------------------------------------------------------------
def test_gomp_with_one_atom_at_a_time_is_omp(backend, global_random_seed):
    X, y, _, _ = make(global_random_seed, noise=1.0)
    X /= np.linalg.norm(X, axis=0)
    expected = orthogonal_mp(X, y, n_nonzero_coefs=6)
    found = gomp(X, y, n_nonzero_coefs=6, n_select=1)
    assert_allclose(found.coef, expected, rtol=1e-9, atol=1e-12)


def test_gomp_stops_at_a_tolerance():
    X, y, _, _ = make(noise=1.0)
    result = gomp(X, y, n_nonzero_coefs=9, tol=0.99 * (y @ y))
    assert result.support.size == 3


@pytest.mark.filterwarnings("ignore:max_iter=2 ended")
def test_a_step_of_iht_by_hand(backend):
    X, y, _, _ = make(noise=0.5)
    length = 0.5 / np.linalg.norm(X, 2) ** 2
    with_fit = iht(
        X, y, n_nonzero_coefs=5, step=length, max_iter=2, tol=0, normalize=False
    )
    w = np.zeros(X.shape[1])
    for _ in range(2):
        target = w + length * X.T @ (y - X @ w)
        w = np.where(np.abs(target) >= np.sort(np.abs(target))[-5], target, 0)
    assert_array_equal(with_fit.support, np.flatnonzero(w))
    assert with_fit.status == "max_iter"


def test_too_long_a_step_of_iht_is_shortened():
    X, y, w, _ = make()
    assert_allclose(iht(X, y, n_nonzero_coefs=4, step=100.0).coef, w, atol=1e-8)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize(("k", "common"), [(20, 1.0), (40, 0.0)])
def test_htp_recovers_where_the_gradient_of_the_fit_is_noise(k, common, normalize):
    """Atoms that have much in common, or many of them: the length of steps matters."""
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((128, 256)) + common * rng.standard_normal((128, 1))
        X *= 1e3 / np.linalg.norm(X, axis=0)
        w, places = np.zeros(256), rng.choice(256, k, replace=False)
        w[places] = rng.standard_normal(k)
        result = htp(X, X @ w, n_nonzero_coefs=k, normalize=normalize)
        found += np.allclose(result.coef, w, atol=1e-9)
    assert found == 10


@pytest.mark.parametrize("normalize", [True, False])
def test_errors_of_htp_fall(backend, global_random_seed, normalize):
    X, y, _, _ = make(global_random_seed, noise=2.0, k=12)
    options = {"n_nonzero_coefs": 15, "normalize": normalize, "keep_history": True}
    result = htp(X, y, **options)
    objectives = [p.objective for p in result.history]
    assert len(objectives) > 1
    assert (np.diff(objectives) < 0).all()
    assert result.objective == objectives[-1]


def test_steps_of_htp_by_hand(backend):
    X, y, _, _ = make(noise=2.0, k=12)
    w, k, seen = np.zeros(X.shape[1]), 9, []
    length = 1 / np.mean((X**2).sum(axis=0))
    while True:
        target = np.abs(w + length * X.T @ (y - X @ w))
        places = np.sort(np.argsort(-target)[:k])
        if places.tolist() in seen:
            break
        seen.append(places.tolist())
        w = np.zeros(X.shape[1])
        w[places] = np.linalg.lstsq(X[:, places], y, rcond=None)[0]
    options = {"n_nonzero_coefs": k, "step": length, "normalize": False}
    result = htp(X, y, **options, keep_history=True)
    assert result.n_iter == len(seen) > 2
    best = min(p.objective for p in result.history)
    assert result.objective == best


def test_fast_operators_need_no_matrix():
    """Rows of an orthonormal transform, by matvec and rmatvec alone."""
    from scipy.fft import dct, idct

    rng = np.random.default_rng(0)
    rows, size = np.sort(rng.choice(256, 100, replace=False)), 256

    def adjoint(r):
        full = np.zeros(size)
        full[rows] = np.ravel(r)
        return idct(full, norm="ortho")

    def forward(w):
        return dct(np.ravel(w), norm="ortho")[rows]

    A = LinearOperator((100, size), matvec=forward, rmatvec=adjoint, dtype=float)
    w = np.zeros(size)
    w[[3, 70, 200, 201]] = [1.0, -2.0, 1.5, 1.0]
    y = A.matvec(w)
    for function in FUNCTIONS.values():
        assert_allclose(function(A, y, n_nonzero_coefs=4).coef, w, atol=1e-6)
    assert_allclose(orthogonal_mp(A, y, n_nonzero_coefs=4), w, atol=1e-8)


# ---- reports -------------------------------------------------------------------------
@pytest.mark.parametrize("name", ITERATIVE)
def test_history_and_callback(name):
    X, y, _, _ = make(noise=1.0)
    seen = []
    result = FUNCTIONS[name](
        X, y, n_nonzero_coefs=6, callback=seen.append, keep_history=True
    )
    assert result.history == seen
    assert len(seen) == result.n_iter
    assert all(np.isfinite(p.objective) for p in seen)
    stopped = FUNCTIONS[name](X, y, n_nonzero_coefs=6, callback=lambda p: True)
    assert stopped.status == "callback"
    assert stopped.n_iter == 1


# ---- splicing ------------------------------------------------------------------------
def exhaustive(X, y, k):
    return min(
        (
            error(X[:, S], y, np.linalg.lstsq(X[:, S], y, rcond=None)[0])
            for S in map(list, combinations(range(X.shape[1]), k))
        ),
        default=y @ y,
    )


@pytest.mark.parametrize("seed", range(60))
def test_best_subsets_equal_enumeration(seed):
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((40, 1))
    X = rng.standard_normal((40, 10)) + 0.7 * base
    y = X[:, :4] @ [1.0, -1.0, 0.5, 2.0] + rng.standard_normal(40)
    path = splicing_path(X, y, max_nonzero_coefs=6)
    assert_array_equal(path.sizes, np.arange(7))
    for k in range(7):
        best = exhaustive(X, y, k)
        assert 80 * path.objectives[k] == pytest.approx(best, rel=1e-10)
    found = splicing(X, y, n_nonzero_coefs=6)
    assert found.objective == pytest.approx(path.objectives[6], rel=1e-12)


def test_best_subsets_are_no_worse_than_forward_selection(backend, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    X = rng.standard_normal((100, 60)) + 2 * rng.standard_normal((100, 1))
    y = X[:, :12] @ rng.standard_normal(12) + rng.standard_normal(100)
    X -= X.mean(axis=0)
    y -= y.mean()
    path = splicing_path(X, y, max_nonzero_coefs=15)
    forward = orthogonal_mp(
        X, y, n_nonzero_coefs=15, rule="ols", return_path=True, precompute=False
    )
    errors = ((y[:, None] - X @ forward) ** 2).sum(axis=0)
    assert (200 * path.objectives[1:] <= errors * (1 + 1e-10)).all()


def test_a_path_falls_and_its_best_has_the_smallest_criterion(backend):
    X, y, _, _places = make(n=200, noise=0.5)
    for criterion in ("aic", "bic", "ebic", "sic"):
        path = splicing_path(X, y, max_nonzero_coefs=12, criterion=criterion)
        assert (np.diff(path.objectives) < 0).all()
        assert path.best == np.argmin(path.criteria)
        n, p, s = 200, 90, path.sizes
        prices = {
            "aic": 2,
            "bic": np.log(n),
            "ebic": np.log(n) + 2 * np.log(p),
            "sic": np.log(p) * np.log(np.log(n)),
        }
        expected = n * np.log(2 * path.objectives) + prices[criterion] * s
        assert_allclose(path.criteria, expected, rtol=1e-10)
    assert_array_equal(splicing_path(X, y).supports[4], _places)
    assert splicing_path(X, y).best == 4


def test_a_path_ends_where_all_is_explained():
    X, y, w, places = make()
    path = splicing_path(X, y, max_nonzero_coefs=12)
    assert path.sizes[-1] == path.best == 4
    assert_array_equal(path.supports[4], places)
    assert_allclose(path.coefs[4], w, atol=1e-10)


def test_top_k_of_complex_values(backend):
    assert_array_equal(top_k(np.array([1j, -3, 2 + 2j, 0.5, -1]), 3), [0, 1, 2])


# ---- bad input -----------------------------------------------------------------------
COMMON = [
    ({"n_nonzero_coefs": 0}, "n_nonzero_coefs must be an integer >= 1, got 0"),
    ({"n_nonzero_coefs": 91}, "n_nonzero_coefs must be at most .* 90, got 91"),
    ({"n_nonzero_coefs": 1.5}, "n_nonzero_coefs must be an integer"),
    ({"y": np.ones(59)}, "same number of samples, got 60 and 59"),
    ({"y": np.ones((60, 1))}, r"y must have shape \(n_samples,\), got \(60, 1\)"),
    ({"y": np.full(60, np.nan)}, "y contains NaN or infinity"),
    ({"X": np.full((60, 90), np.inf)}, "X contains inf"),
    ({"X": sparse.csc_array(np.full((60, 2), 1j * np.inf))}, "X contains NaN or inf"),
]
OF_ITERATIVE = [
    ({"normalize": 1}, "normalize must be True or False"),
    ({"callback": 1}, "callback must be callable or None"),
]
OWN = {
    "gomp": [({"n_select": 0}, "n_select must be"), ({"tol": -1.0}, "tol must be")],
    "cosamp": [({"max_iter": 0}, "max_iter must be an integer >= 1, got 0")],
    "subspace_pursuit": [({"max_iter": 1.5}, "max_iter must be an integer")],
    "iht": [
        ({"step": 0.0}, r"step must be a number in \(0, inf\)"),
        ({"step": "a"}, "step must be"),
        ({"tol": np.nan}, "tol must be"),
    ],
    "niht": [({"tol": -1.0}, "tol must be"), ({"max_iter": 0}, "max_iter must be")],
    "htp": [({"step": -1.0}, "step must be"), ({"max_iter": 0}, "max_iter must be")],
    "splicing": [
        ({"start": "omp"}, r"start must be one of \('path', 'correlation'\)"),
        ({"exchange_max": 0}, "exchange_max must be"),
        ({"max_iter": 0}, "max_iter must be"),
    ],
}
CASES = [
    (name, *case)
    for name in FUNCTIONS
    for case in COMMON + (OF_ITERATIVE if name != "splicing" else []) + OWN[name]
]


@pytest.mark.parametrize(("name", "bad", "text"), CASES)
def test_bad_input(name, bad, text):
    X, y, _, _ = make()
    call = {"X": X, "y": y, **bad}
    with pytest.raises((ValueError, TypeError), match=text):
        FUNCTIONS[name](call.pop("X"), call.pop("y"), **call)


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({"criterion": "cp"}, "criterion must be one of"),
        ({"max_nonzero_coefs": 91}, "max_nonzero_coefs must be at most"),
        ({"exchange_max": -1}, "exchange_max must be"),
        ({"max_iter": "a"}, "max_iter must be"),
    ],
)
def test_bad_input_of_the_path(bad, text):
    X, y, _, _ = make()
    with pytest.raises((ValueError, TypeError), match=text):
        splicing_path(X, y, **bad)
