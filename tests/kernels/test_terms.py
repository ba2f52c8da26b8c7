"""A penalty on arrays: prox, value, subdifferential, dual point, screening."""

from __future__ import annotations

import numpy as np
import pytest
from kernels import reference
from kernels.reference import TERMS, make_problem, make_target, make_term
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar

P = 10
each_term = pytest.mark.parametrize(
    ("kind", "positive"), TERMS, ids=lambda x: x if isinstance(x, str) else "+" * x
)
each_task = pytest.mark.parametrize("n_tasks", [1, 3])


def make_rows(rng, n_tasks, positive=False):
    rows = rng.standard_normal((P, n_tasks))
    rows[[0, 6]] = 0.0
    return np.abs(rows) if positive else rows


@each_term
def test_prox_is_the_formula(kernels, rng, kind, positive):
    term = make_term(kind, P, positive=positive)
    x, steps = 2 * rng.standard_normal((4, P)), np.array([0.0, 0.3, 1.0, 2.5])
    out = np.full_like(x, np.nan)
    kernels.prox(term.build(kernels), x, steps, out)
    expected = [[term.prox(x[b, j], steps[b], j) for j in range(P)] for b in range(4)]
    # A zero step projects onto the domain: the threshold 0 * inf does not count.
    finite = np.isfinite(term.thresholds) | (steps[:, None] > 0)
    assert_allclose(out[finite], np.array(expected)[finite], rtol=1e-14)


@each_term
def test_prox_minimises_by_brute_force(kernels, kind, positive):
    term, steps = make_term(kind, P, positive=positive), np.array([0.4, 3.0])
    for x in (-1.7, -0.2, 0.0, 0.05, 2.3):
        out = np.empty((2, P))
        kernels.prox(term.build(kernels), np.full((2, P), x), steps, out)
        grid = np.union1d(np.linspace(-3, 3, 20001), 0.0)
        for b, j in np.ndindex(2, P):
            objective = (grid - x) ** 2 / 2 + steps[b] * term.value(grid, j)
            best = (out[b, j] - x) ** 2 / 2 + steps[b] * term.value(out[b, j], j)
            assert best <= objective.min() + 1e-12
            assert abs(out[b, j] - grid[objective.argmin()]) < 1e-3


@each_term
def test_prox_obeys_moreau_and_fenchel(kernels, rng, kind, positive):
    """With z = prox(x) and u = (x - z) / step: u in dphi(z), phi(z) + phi*(u) = u z."""
    term, step = make_term(kind, P, positive=positive), 0.7
    x = rng.standard_normal((1, P))
    z, gaps = np.empty_like(x), np.empty(P)
    penalty = term.build(kernels)
    kernels.prox(penalty, x, np.array([step]), z)
    u = (x - z) / step
    kernels.subdiff(penalty, z[0].copy(), -u[0], gaps)
    assert_allclose(gaps, 0.0, atol=1e-13)
    for j in range(P):
        dual = term.conjugate(u[0, j], j)
        assert_allclose(term.value(z[0, j], j) + dual, u[0, j] * z[0, j], atol=1e-13)


@each_term
@each_task
def test_prox_rows_is_radial_and_nonexpansive(kernels, rng, kind, positive, n_tasks):
    term, step = make_term(kind, P, positive=positive), 0.6
    a, b = make_rows(rng, n_tasks), make_rows(rng, n_tasks)
    moved = [np.full_like(a, np.nan) for _ in range(2)]
    for rows, out in zip((a, b), moved, strict=True):
        kernels.prox_rows(term.build(kernels), rows, step, out)
        expected = [
            reference.prox_row(term, row, step, j) for j, row in enumerate(rows)
        ]
        assert_allclose(out, expected, rtol=1e-13)
    before, after = (np.linalg.norm(x - y, axis=1) for x, y in ((a, b), moved))
    assert np.all(after <= before * (1 + 1e-12))


@each_term
@each_task
def test_value(kernels, rng, kind, positive, n_tasks):
    term = make_term(kind, P, positive=positive)
    penalty = term.build(kernels)
    rows = make_rows(rng, n_tasks, positive)
    assert kernels.value(penalty, rows) == pytest.approx(reference.value(term, rows))
    rows[np.isinf(term.thresholds)] = 0.0
    finite = reference.value(term, rows)
    assert np.isfinite(finite)
    assert kernels.value(penalty, rows) == pytest.approx(finite, rel=1e-13)
    if n_tasks == 1 and positive:
        assert kernels.value(penalty, -rows) == np.inf


@each_term
@each_task
def test_subdiff_is_the_distance(kernels, rng, kind, positive, n_tasks):
    term = make_term(kind, P, positive=positive)
    rows, grad = make_rows(rng, n_tasks), rng.standard_normal((P, n_tasks))
    out = np.full(P, np.nan)
    kernels.subdiff(term.build(kernels), rows, grad, out)
    expected = [reference.distance(term, rows[j], grad[j], j) for j in range(P)]
    assert_allclose(out, expected, rtol=1e-12, atol=1e-14)


@each_term
def test_subdiff_is_the_slope_of_the_value(kernels, rng, kind, positive):
    """At differentiable points: |grad + phi'|, phi' by finite differences."""
    term, h = make_term(kind, P, positive=positive), 1e-6
    rows, grad = make_rows(rng, 1, positive), rng.standard_normal((P, 1))
    out = np.empty(P)
    kernels.subdiff(term.build(kernels), rows, grad, out)
    for j in np.flatnonzero((rows[:, 0] != 0) & np.isfinite(term.thresholds)):
        x = rows[j, 0]
        slope = (term.value(x + h, j) - term.value(x - h, j)) / (2 * h)
        assert_allclose(out[j], abs(grad[j, 0] + slope), atol=1e-8)


@each_term
def test_subdiff_at_zero_by_brute_force(kernels, kind, positive):
    """Distance of -grad to {g: phi(z) >= g z for all z}."""
    term, z = make_term(kind, P, positive=positive), np.linspace(-1e-3, 1e-3, 41)
    candidates = np.linspace(-3, 3, 6001)
    for slope in (-1.4, -0.1, 0.0, 0.2, 2.0):
        out = np.empty(P)
        grad = np.full(P, slope)
        kernels.subdiff(term.build(kernels), np.zeros(P), grad, out)
        for j in range(P):
            below = np.multiply.outer(candidates, z) <= term.value(z, j) + 1e-9
            inside = candidates[below.all(axis=1)]
            assert_allclose(out[j], np.abs(inside + slope).min(), atol=2.1e-3)


@each_term
@each_task
@pytest.mark.parametrize(("quadratic", "linear"), [(0.5, 0.8), (2.0, 0.1), (0.0, 0.3)])
def test_dual_point_is_the_best_multiple(
    kernels, rng, kind, positive, n_tasks, quadratic, linear
):
    term = make_term(kind, P, positive=positive)
    u = rng.standard_normal((P, n_tasks))
    u[term.thresholds == 0] = 0.0  # rows the caller answers for
    norms = reference.sizes(u)

    def dual(c):
        conjugates = [term.conjugate(c * size, j) for j, size in enumerate(norms)]
        return linear * c - quadratic * c * c - sum(conjugates)

    scale, best = kernels.dual_point(term.build(kernels), u, quadratic, linear)
    high = linear / (2 * quadratic) if quadratic else 1.0
    assert 0 < scale <= high
    assert best == pytest.approx(dual(scale), rel=1e-12)
    assert best >= max(dual(c) for c in np.linspace(0, high, 2001)) - 1e-12
    if term.l2 > 0:  # otherwise the dual ends at the border of its domain
        search = minimize_scalar(lambda c: -dual(c), bounds=(0, high), method="bounded")
        assert best >= -search.fun - 1e-12


@each_term
def test_rows_without_penalty_do_not_bound_the_dual_point(kernels, kind, positive):
    term = make_term(kind, P, alpha=0.0, positive=positive)
    best = kernels.dual_point(term.build(kernels), np.ones(P), 1.0, 1.0)
    assert best == (0.5, 0.25)


def test_no_positive_multiple(kernels):
    term = make_term("l1", P)
    assert kernels.dual_point(term.build(kernels), np.ones(P), 1.0, -1.0) == (0.0, 0.0)


@each_term
@each_task
def test_screening_keeps_what_is_active(kernels, rng, kind, positive, n_tasks):
    problem = make_problem(rng, "dense", n=40, p=P, centred=True, weighted=True)
    term = make_term(kind, P, alpha=0.4, positive=positive and n_tasks == 1, free=False)
    penalty, y = term.build(kernels), make_target(rng, problem, n_tasks)
    w, kept, gap = np.zeros((P, n_tasks)), [], np.inf
    while gap > 1e-10:  # of order one; later its sign is lost to rounding
        reference.sweep(problem, term, y, w, range(P))
        r = y - problem.columns @ w
        u, linear = problem.correlation(r), problem.s @ (r * y).sum(axis=1) / 40
        scale, dual = kernels.dual_point(penalty, u, problem.loss(r), float(linear))
        gap = problem.loss(r) + reference.value(term, w) - dual
        keep = np.zeros(P, dtype=bool)
        kernels.screen(penalty, u, problem.lipschitz, scale, gap, keep)
        kept.append(keep)
    active = np.any(w != 0, axis=1)
    assert active.any()
    assert np.all([keep[active] for keep in kept])
    assert not kept[-1].all()


def test_screening_discards(kernels):
    term = make_term("l1", 3)  # threshold 0.3
    keep = np.zeros(3, dtype=bool)
    u, lipschitz = np.array([0.1, 0.29, 0.31]), np.ones(3)
    kernels.screen(term.build(kernels), u, lipschitz, 1.0, 0.01**2, keep)
    assert_array_equal(keep, [False, True, True])
    kernels.screen(term.build(kernels), u, lipschitz, 1.0, 0.0, keep)
    assert_array_equal(keep, [False, False, True])


@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize(("kind", "positive"), TERMS)
def test_certify_is_the_sum_of_its_parts(kernels, rng, kind, positive, n_tasks):
    p = 12
    penalty = make_term(kind, p, positive=positive).build(kernels)
    w, u = rng.standard_normal((2, p, n_tasks))
    w[::2] = 0.0
    w[2] = 0.0  # an infinite weight
    w = np.abs(w) if positive else w
    out, expected = np.empty(p), np.empty(p)
    found = kernels.certify(penalty, w, u, 0.7, 1.3, out)
    kernels.subdiff(penalty, w, -u, expected)
    np.testing.assert_array_equal(out, expected)
    parts = kernels.value(penalty, w), *kernels.dual_point(penalty, u, 0.7, 1.3)
    assert found[:3] == pytest.approx(parts, rel=1e-14)
    active = np.count_nonzero(w.any(axis=1))
    assert found[3:] == (expected.max(), active, np.abs(w).max())


def test_nothing_is_certified_by_nan(kernels):
    penalty = kernels.penalty("l1", (1.0, 0.0), ())
    for where in range(3):
        u = np.full(3, 0.5)
        u[where] = np.nan
        violation = kernels.certify(penalty, np.zeros(3), u, 1.0, 1.0, np.empty(3))[3]
        assert np.isnan(violation)
