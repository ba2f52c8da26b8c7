"""Data that no method can use, and scales that every method must bear."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse.linalg import LinearOperator

from sparsesci import greedy

FUNCTIONS = {
    name: getattr(greedy, name)
    for name in (
        "orthogonal_mp",
        "gomp",
        "cosamp",
        "subspace_pursuit",
        "iht",
        "niht",
        "htp",
        "splicing",
    )
}
ESTIMATORS = [
    greedy.OrthogonalMatchingPursuit,
    greedy.OLSPursuit,
    greedy.OrthogonalMatchingPursuitCV,
    greedy.GeneralizedOMP,
    greedy.CoSaMP,
    greedy.SubspacePursuit,
    greedy.IterativeHardThresholding,
    greedy.HardThresholdingPursuit,
    greedy.BestSubset,
    greedy.BestSubsetCV,
    greedy.BestSubsetSelector,
    greedy.WeightedOMP,
]
N, P = 30, 50


def make():
    rng = np.random.default_rng(0)
    X, w = rng.standard_normal((N, P)), np.zeros(P)
    w[[3, 7, 20]] = 1.0, -2.0, 1.5
    return X, X @ w + 0.05 * rng.standard_normal(N)


class Operator(LinearOperator):
    """X, spoilt by functions of what the products return."""

    def __init__(self, X, forth=lambda v: v, back=lambda v: v):
        super().__init__(np.float64, X.shape)
        self.X, self.forth, self.back = X, forth, back

    def _matvec(self, v):
        return self.forth(self.X @ v)

    def _rmatvec(self, v):
        return self.back(self.X.T @ v)


def _none(v):
    raise NotImplementedError


SPOILT = {
    "too long": ({"forth": lambda v: np.append(v, 0)}, r"X\.matvec failed on a vector"),
    "too short": ({"back": lambda v: v[1:]}, r"X\.rmatvec failed on a vector"),
    "NaN": ({"forth": lambda v: v * np.nan}, r"X\.matvec returned NaN"),
    "infinite": ({"back": lambda v: v + np.inf}, r"X\.rmatvec returned NaN or inf"),
    "no adjoint": ({"back": _none}, "X must have rmatvec"),
    "another adjoint": ({"back": lambda v: 2 * v}, "must be the adjoint of X.matvec"),
    "zero adjoint": ({"back": lambda v: 0 * v}, "must be the adjoint of X.matvec"),
}


@pytest.mark.parametrize("name", [*FUNCTIONS, "weighted_omp"])
@pytest.mark.parametrize("spoilt", SPOILT)
def test_operators_are_tried_before_any_work(name, spoilt):
    X, y = make()
    parts, message = SPOILT[spoilt]
    options = {"alpha": 0.1} if name == "weighted_omp" else {"n_nonzero_coefs": 3}
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(greedy, name)(Operator(X, **parts), y, **options)


def test_an_operator_may_be_complex_rough_or_zero_somewhere():
    X, y = make()
    spectrum = X + 1j * np.roll(X, 1, axis=0)
    found = greedy.cosamp(
        LinearOperator(
            X.shape,
            matvec=lambda v: (spectrum @ v).astype(np.complex64),
            rmatvec=lambda v: (spectrum.conj().T @ v).astype(np.complex64),
            dtype=np.complex128,
        ),
        y,
        n_nonzero_coefs=3,
    )
    expected = greedy.cosamp(spectrum, y, n_nonzero_coefs=3)
    assert_allclose(found.coef, expected.coef, atol=1e-5)
    nothing = greedy.niht(Operator(0 * X), y, n_nonzero_coefs=3)
    assert not nothing.coef.any()


@pytest.mark.parametrize("scale", [1e-200, 1e200])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_refuse_squares_that_are_no_numbers(name, scale):
    X, y = make()
    with pytest.raises(ValueError, match="y must have a squared norm between 1e-270"):
        FUNCTIONS[name](X, scale * y, n_nonzero_coefs=3)
    with pytest.raises(ValueError, match="rescale"):
        FUNCTIONS[name](X * 1e200, y, n_nonzero_coefs=3)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.__name__)
def test_estimators_refuse_squares_that_are_no_numbers(estimator):
    X, y = make()
    for scale in (1e-200, 1e200):
        with pytest.raises(ValueError, match="rescale"):
            estimator().fit(X, scale * y)
    with pytest.raises(ValueError, match="rescale"):
        estimator().fit(X * 1e200, y)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_coefficients_scale_with_the_signal(name, scale):
    X, y = make()

    def solve(X, y):
        found = FUNCTIONS[name](X, y, n_nonzero_coefs=3)
        return getattr(found, "coef", found)

    expected = solve(X, y)
    assert_allclose(solve(X, scale * y) / scale, expected, rtol=1e-7)
    assert_allclose(solve(scale * X, y) * scale, expected, rtol=1e-7)


@pytest.mark.parametrize("rule", ["omp", "ols"])
@pytest.mark.parametrize(
    ("of_x", "of_y"),
    [
        (of_x, of_y)
        for of_x in (1e-9, 1e-5, 1.0, 1e5, 1e9)
        for of_y in (1e-30, 1e-20, 1e-12, 1.0, 1e12, 1e20, 1e30)
        if 1e-33 < of_y / of_x < 1e33  # else coefficients are beyond float32
    ],
)
def test_single_precision_has_no_fewer_scales(rule, of_y, of_x, backend):
    """Scores are products of squares: most of these are beyond float32."""
    X, _ = make()
    rng = np.random.default_rng(1)
    W = np.zeros((P, 20))
    for signal in W.T:
        signal[rng.choice(P, 3, replace=False)] = rng.standard_normal(3) + 2.0
    Y = X @ W
    single, options = np.float32, {"n_nonzero_coefs": 3, "rule": rule}
    found = greedy.orthogonal_mp(
        (of_x * X).astype(single), (of_y * Y).astype(single), **options
    )
    assert found.dtype == single
    expected = greedy.orthogonal_mp(X.astype(single), Y.astype(single), **options)
    assert_allclose(found.astype(float) * of_x / of_y, expected, atol=1e-4)


def test_a_gram_matrix_is_checked():
    X, y = make()
    gram, moments = X.T @ X, X.T @ y
    skewed = gram.copy()
    skewed[0, 1] += 1.0
    for wrong in (-gram, skewed):
        with pytest.raises(ValueError, match="Gram must be X' X"):
            greedy.orthogonal_mp_gram(wrong, moments, n_nonzero_coefs=3)
    for scale, dtype in ((1e200, np.float64), (1e-20, np.float32)):
        with pytest.raises(ValueError, match="Xy must have a squared norm"):
            greedy.orthogonal_mp_gram(
                gram.astype(dtype), (scale * moments).astype(dtype), n_nonzero_coefs=3
            )


def test_norms_tell_whether_a_gram_matrix_ran_out_of_atoms():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4)) @ rng.standard_normal((4, 20))
    y = rng.standard_normal(30)
    parts = X.T @ X, X.T @ y
    with pytest.warns(RuntimeWarning, match="got fewer atoms than asked for"):
        greedy.orthogonal_mp_gram(*parts, n_nonzero_coefs=9, norms_squared=y @ y)
    fitted = X @ np.linalg.lstsq(X, y, rcond=None)[0]
    codes = greedy.orthogonal_mp_gram(
        *parts, n_nonzero_coefs=9, norms_squared=fitted @ fitted
    )
    assert np.count_nonzero(codes) == 4
