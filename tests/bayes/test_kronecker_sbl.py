"""The loop: monotone where it says so, equivariant, and never NaN."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from bayes.kronecker_problems import DensePosterior, make_problem
from numpy.testing import assert_allclose, assert_array_equal

from sparsesci.bayes import kronecker_sbl
from sparsesci.bayes._kronecker_fit import _FIRST_LEVEL
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.operators import Kronecker

MSTEPS = ["svd", "am", "mm"]
every_mstep = pytest.mark.parametrize("mstep", MSTEPS)
every_field = pytest.mark.parametrize("complex_valued", [False, True])
unfinished = pytest.mark.filterwarnings("ignore:The prior variances did not")


@every_mstep
@every_field
@pytest.mark.parametrize("noise", [1e-4, "learn"])
@pytest.mark.parametrize("n_factors", [2, 3])
@unfinished
def test_recovers(mstep, complex_valued, noise, n_factors):
    shapes = ((6, 10), (8, 9), (9, 8))[-n_factors:]
    factors, y, coef = make_problem(3, shapes, complex_valued=complex_valued)
    result = kronecker_sbl(factors, y, mstep=mstep, noise=noise, max_iter=300)
    found = result.coef.reshape(coef.shape)
    assert np.linalg.norm(found - coef) < 0.02 * np.linalg.norm(coef)
    assert_array_equal(abs(found) > 0.05, coef != 0)
    assert result.coef.dtype == (complex if complex_valued else float)
    assert 0.3e-4 < result.noise_variance < 3e-4


@unfinished
def test_one_factor_is_classical_sparse_bayesian_learning():
    """One iteration of "am", without over-relaxation yet, is one of EM."""
    factors, y, _ = make_problem(0, ((12, 20),))
    noise = 0.01
    first = kronecker_sbl(factors, y, mstep="am", noise=noise, prune=0, max_iter=1)
    level = _FIRST_LEVEL * (y @ y) / np.sum(factors[0] ** 2)
    dense = DensePosterior(factors, [np.full(20, level)], noise, y[None])
    gammas = dense.power[0] + dense.variance
    assert_allclose(first.gammas[0], gammas, rtol=1e-10)
    second = kronecker_sbl(factors, y, mstep="svd", noise=noise, prune=0, max_iter=2)
    dense = DensePosterior(factors, [gammas], noise, y[None])
    assert_allclose(second.gammas[0], dense.power[0] + dense.variance, rtol=1e-10)
    dense = DensePosterior(factors, second.gammas, noise, y[None])
    assert_allclose(second.coef, dense.mean[0], rtol=1e-9, atol=1e-12)
    expected = dense.log_evidence(y[None], False)
    assert second.evidence_path[-1] == pytest.approx(expected, rel=1e-10)
    assert second.objective == -second.evidence_path[-1]


@pytest.mark.parametrize("mstep", ["am", "mm"])
@pytest.mark.parametrize("noise", [1e-2, "learn"])
@every_field
@pytest.mark.parametrize("n_snapshots", [1, 3])
@unfinished
def test_evidence_never_falls(
    global_random_seed, mstep, noise, complex_valued, n_snapshots
):
    shapes = ((4, 7), (6, 5), (5, 8))
    ys = [
        make_problem(
            global_random_seed, shapes, noise=0.01, complex_valued=complex_valued
        )[1]
        for _ in range(n_snapshots)
    ]
    factors, _, _ = make_problem(
        global_random_seed, shapes, noise=0.01, complex_valued=complex_valued
    )
    Y = np.stack(ys, axis=1) * np.arange(1, n_snapshots + 1)
    path = kronecker_sbl(
        factors, Y, mstep=mstep, noise=noise, prune=0, max_iter=120, tol=1e-12
    ).evidence_path
    assert len(path) > 20
    assert np.all(np.diff(path) >= -1e-9 * np.abs(path).max())


@pytest.mark.parametrize("coupling", [0.8, [0.3, 0, 1.0]])
@pytest.mark.parametrize("noise", [1e-2, "learn"])
@unfinished
def test_evidence_never_falls_with_coupling(global_random_seed, coupling, noise):
    factors, y, _ = make_problem(
        global_random_seed, ((4, 7), (6, 5), (5, 8)), noise=0.01
    )
    path = kronecker_sbl(
        factors, y, mstep="mm", noise=noise, coupling=coupling, prune=0, tol=1e-12
    ).evidence_path
    assert np.all(np.diff(path) >= -1e-9 * np.abs(path).max())


@every_mstep
@unfinished
def test_scale_of_y(mstep):
    factors, y, _ = make_problem(1, noise=1e-2)
    options = {"mstep": mstep, "max_iter": 60}
    plain = kronecker_sbl(factors, y, **options)
    for scale in (1e-6, 1e-3, 7.0, 1e6, 1e-150, 1e150):
        scaled = kronecker_sbl(factors, scale * y, **options)
        assert_allclose(scaled.coef, scale * plain.coef, rtol=1e-8, atol=1e-12 * scale)
        assert scaled.n_iter == plain.n_iter
        if 1e-100 < scale < 1e100:
            expected = scale**2 * plain.noise_variance
            assert scaled.noise_variance == pytest.approx(expected, rel=1e-8)
        shift = plain.evidence_path - y.size * np.log(scale)
        assert_allclose(scaled.evidence_path, shift, rtol=1e-8)
    known = kronecker_sbl(factors, y, noise=1e-2, **options)
    scaled = kronecker_sbl(factors, 1e3 * y, noise=1e4, **options)
    assert_allclose(scaled.coef, 1e3 * known.coef, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("mstep", ["am", "mm"])
@unfinished
def test_order_of_the_factors(mstep):
    """ "am" and "mm" go through the factors in turn: the same end, by other steps."""
    factors, y, coef = make_problem(3, noise=1e-4)
    options = {"mstep": mstep, "tol": 1e-9, "max_iter": 3000}
    result = kronecker_sbl(factors, y, **options)
    rows = [len(factor) for factor in factors]
    turned = np.transpose(y.reshape(rows), (2, 0, 1)).ravel()
    other = kronecker_sbl([factors[k] for k in (2, 0, 1)], turned, **options)
    found = np.transpose(result.coef.reshape(coef.shape), (2, 0, 1))
    assert_allclose(other.coef.reshape(found.shape), found, atol=1e-5)


@every_mstep
def test_snapshots_share_variances(mstep):
    factors, y, coef = make_problem(3)
    Y = np.stack([y, -0.5 * y, 2 * y], axis=1)
    result = kronecker_sbl(factors, Y, mstep=mstep, noise=1e-4, tol=1e-3)
    assert result.coef.shape == (coef.size, 3)
    assert_allclose(result.coef[:, 0], coef.ravel(), atol=0.05)
    assert_allclose(result.coef[:, 2], 2 * result.coef[:, 0], rtol=1e-6, atol=1e-12)
    alone = kronecker_sbl(factors, y[:, None], mstep=mstep, noise=1e-4, tol=1e-3)
    single = kronecker_sbl(factors, y, mstep=mstep, noise=1e-4, tol=1e-3)
    assert_array_equal(alone.coef[:, 0], single.coef)
    assert alone.evidence_path[-1] == single.evidence_path[-1]


@pytest.mark.parametrize("mstep", ["mm", "am"])
def test_coupling_prefers_blocks(mstep):
    rng = np.random.default_rng(5)
    factors = [rng.standard_normal((m, 18)) for m in (6, 6)]
    coef = np.zeros((18, 18))
    coef[4:8, 10:14] = rng.standard_normal((4, 4))
    y = Kronecker(*factors) @ coef.ravel() + 0.1 * rng.standard_normal(36)

    def error(coupling):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            result = kronecker_sbl(
                factors, y, mstep=mstep, noise=0.01, coupling=coupling, prune=1e-2
            )
        assert np.isfinite(result.coef).all()
        return np.linalg.norm(result.coef - coef.ravel())

    assert error(0.8) < 0.8 * error(None)
    assert error(0.0) == error(None) == error([0, None])


def test_callback_and_history():
    factors, y, _ = make_problem(0)
    seen = []

    def stop(progress):
        seen.append(progress)
        return progress.n_iter == 3

    result = kronecker_sbl(factors, y, callback=stop, keep_history=True)
    assert result.status == "callback"
    assert result.history == seen
    objectives = [progress.objective for progress in seen]
    assert_array_equal(objectives, -result.evidence_path)
    assert seen[0].n_active == 720 >= seen[-1].n_active


@pytest.mark.parametrize(
    ("mstep", "ratio"), [("svd", 1e30), ("am", 1e30), ("mm", 1e30), ("mm", 1e3)]
)
def test_nothing_but_noise(mstep, ratio):
    factors, y, _ = make_problem(0)
    result = kronecker_sbl(factors, y, mstep=mstep, noise=ratio * np.mean(y**2))
    assert result.status == "converged"
    assert np.linalg.norm(result.coef) < 0.1 * np.linalg.norm(y)
    assert np.isfinite(result.evidence_path).all()


# ---- bad input -----------------------------------------------------------------------
FACTORS, Y, _ = make_problem(0)
BAD = [
    ({"y": Y[:-1]}, "432 rows|431"),
    ({"y": Y.reshape(6, -1)}, r"y must have shape \(432,\)"),
    ({"y": np.r_[Y[:-1], np.nan]}, "y contains NaN or infinity"),
    ({"y": np.r_[Y[:-1], np.inf]}, "y contains NaN or infinity"),
    ({"y": 0 * Y}, "y must not be all zeros"),
    ({"y": 1e200 * Y}, "y is out of the range of squares"),
    ({"y": 1e-200 * Y}, "y is out of the range of squares"),
    ({"y": ["a"] * 432}, "y must hold numbers"),
    ({"factors": []}, "at least one matrix"),
    ({"factors": FACTORS[0]}, "sequence of matrices"),
    (
        {"factors": [*FACTORS[:2], np.nan * FACTORS[2]]},
        r"factors\[2\] must be a finite",
    ),
    ({"factors": [*FACTORS[:2], 0 * FACTORS[2]]}, r"factors\[2\] must have a non-zero"),
    ({"mstep": "em"}, "mstep must be one of"),
    ({"noise": -1.0}, r"noise must be a number in \(0, inf\)"),
    ({"noise": 0.0}, r"noise must be a number in \(0, inf\)"),
    ({"noise": np.nan}, "noise must be"),
    ({"noise": "guess"}, "noise must be 'learn' or a number"),
    ({"coupling": [0.5, 0.5], "mstep": "am"}, "coupling must have one entry for each"),
    ({"coupling": [0.5, 0, 2.0], "mstep": "am"}, r"coupling\[2\] must be a number in"),
    ({"coupling": 0.5}, "coupling needs mstep='mm' or 'am'"),
    ({"prune": 1.0}, r"prune\[0\] must be a number in \[0, 1\)"),
    ({"prune": [0.1, 0.1]}, "prune must have one entry"),
    ({"prune": "auto"}, r"prune\[0\] must be"),
    ({"max_iter": 0}, "max_iter must be an integer >= 1"),
    ({"tol": 0}, "tol must be a number"),
    ({"callback": 1}, "callback must be callable"),
]


@pytest.mark.parametrize(("change", "text"), BAD, ids=lambda value: str(value)[:25])
def test_bad_input(change, text):
    given = {"factors": FACTORS, "y": Y, **change}
    with pytest.raises((ValueError, TypeError), match=text):
        kronecker_sbl(given.pop("factors"), given.pop("y"), **given)


@every_mstep
@unfinished
def test_zero_and_repeated_columns(mstep):
    factors = [factor.copy() for factor in FACTORS]
    factors[0][:, 3] = 0.0
    with pytest.warns(UserWarning, match=r"factors\[0\] has 1 zero columns"):
        result = kronecker_sbl(factors, Y, mstep=mstep)
    assert not result.coef.reshape(10, 9, 8)[3].any()
    assert result.gammas[0][3] == 0
    assert np.isfinite(result.coef).all()
    factors = [*FACTORS[:2], FACTORS[2].copy()]
    factors[2][:, 1] = -2 * factors[2][:, 6]
    with pytest.warns(UserWarning, match=r"multiples of each other, such as \(1, 6\)"):
        result = kronecker_sbl(factors, Y, mstep=mstep)
    assert np.isfinite(result.coef).all()


@every_mstep
@pytest.mark.filterwarnings("ignore:The (learned noise|prior variances)")
def test_extreme_observations(mstep):
    """Constant, a single one, and one factor of one column."""
    constant = kronecker_sbl(FACTORS, np.ones(432), mstep=mstep)
    assert np.isfinite(constant.coef).all()
    tiny = kronecker_sbl([[[2.0]], np.eye(2)], [4.0, 0.0], mstep=mstep)
    assert np.isfinite(tiny.coef).all()
    one = kronecker_sbl([FACTORS[0]], FACTORS[0][:, 2], mstep=mstep)
    assert np.isfinite(one.coef).all()


@every_mstep
@pytest.mark.filterwarnings("ignore:The prior variances did not")
def test_perfect_fit_warns(mstep):
    factors, y, coef = make_problem(3, noise=0.0)
    with pytest.warns(
        RuntimeWarning, match="noise variance has fallen to .* perfectly"
    ):
        result = kronecker_sbl(factors, y, mstep=mstep, max_iter=3000, tol=1e-15)
    assert_allclose(result.coef, coef.ravel(), atol=1e-5)


@every_mstep
@pytest.mark.filterwarnings("ignore:The prior variances did not")
def test_collapse_of_the_noise_warns(mstep):
    """Many more coefficients than observations, and noise to be learned."""
    factors = np.random.default_rng(0).standard_normal((3, 3, 20))
    with pytest.warns(RuntimeWarning, match="there are too many coefficients for it"):
        result = kronecker_sbl(factors, np.ones(27), mstep=mstep, max_iter=1500)
    assert np.isfinite(result.coef).all()
    assert result.noise_variance > 0


def test_time_limit():
    with pytest.warns(ConvergenceWarning, match="time_limit was reached after 0 iter"):
        result = kronecker_sbl(FACTORS, Y, time_limit=0)
    assert np.isfinite(result.coef).all()


def test_unfinished_runs_warn():
    with pytest.warns(ConvergenceWarning, match=r"max_iter was reached after 2 iter"):
        result = kronecker_sbl(FACTORS, Y, max_iter=2)
    assert result.status == "max_iter"
    assert not result.converged
    assert len(result.evidence_path) == 3


def test_inputs_are_never_written_to():
    factors, y = [factor.copy() for factor in FACTORS], Y.copy()
    for array in (*factors, y):
        array.flags.writeable = False
    kronecker_sbl(factors, y, mstep="svd")
    assert_array_equal(y, Y)


def test_kinds_of_factors():
    expected = kronecker_sbl(FACTORS, Y).coef
    operator = Kronecker(*FACTORS)
    assert_array_equal(kronecker_sbl(operator, Y).coef, expected)
    lists = [factor.tolist() for factor in FACTORS]
    assert_array_equal(kronecker_sbl(lists, Y.tolist()).coef, expected)
    single = [factor.astype(np.float32) for factor in FACTORS]
    coef = kronecker_sbl(single, Y.astype(np.float32)).coef
    assert coef.dtype == np.float64
    assert_allclose(coef, expected, atol=1e-4)
    mixed = kronecker_sbl([FACTORS[0] + 0j, *FACTORS[1:]], Y).coef
    assert np.iscomplexobj(mixed)
