"""Coordinate descent: one naive round for every case, then what any burst promises."""

from __future__ import annotations

import numpy as np
import pytest
from kernels import reference
from kernels.reference import (
    FORMATS,
    TERMS,
    Problem,
    make_problem,
    make_target,
    make_term,
)
from numpy.testing import assert_allclose, assert_array_equal

P = 10
each_format = pytest.mark.parametrize("format", FORMATS)
each_term = pytest.mark.parametrize(
    ("kind", "positive"), TERMS, ids=lambda x: x if isinstance(x, str) else "+" * x
)
each_task = pytest.mark.parametrize("n_tasks", [1, 3])


class Burst:
    """A burst and its arrays, started at zero."""

    def __init__(self, kernels, problem, term, y, **options):
        self.kernels, self.problem = kernels, problem
        self.X, self.penalty = problem.build(kernels), term.build(kernels)
        p, n_tasks = problem.X.shape[1], y.shape[1]
        self.w = np.zeros((p, n_tasks))
        self.residual, self.offset = problem.pack(y)
        self.lipschitz, self.ws = problem.lipschitz, options.pop("ws", np.arange(p))
        self.options = {"max_updates": 10**6, "tol": 1e-11, "accelerate": False}
        self.options |= options
        size = kernels.burst_work_size(self.X, len(self.ws), n_tasks)
        self.work = np.full(size, np.nan)
        self.index_work = np.full(len(self.ws), -1)

    def run(self, **options):
        limits = self.options | options
        return self.kernels.cd_burst(
            self.X,
            self.penalty,
            self.lipschitz,
            self.ws,
            self.w,
            self.residual,
            self.offset,
            work=self.work,
            index_work=self.index_work,
            **limits,
        )


def objective(problem, term, y, w):
    return problem.loss(y - problem.columns @ w) + reference.value(term, w)


def violation(problem, term, y, w):
    grad = -problem.correlation(y - problem.columns @ w)
    return max(reference.distance(term, w[j], grad[j], j) for j in range(len(w)))


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("centred", [False, True], ids=["", "centred"])
@each_task
@each_term
@each_format
def test_one_round_is_the_naive_one(
    kernels, rng, format, kind, positive, n_tasks, centred, weighted
):
    problem = make_problem(rng, format, centred=centred, weighted=weighted)
    term = make_term(kind, P, positive=positive)
    assert_one_naive_round(kernels, rng, problem, term, n_tasks)


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("centred", [False, True], ids=["", "centred"])
@pytest.mark.parametrize("format", ["dense", "dense32"])
@each_term
def test_so_it_is_on_long_columns(
    kernels, rng, format, kind, positive, centred, weighted
):
    """Several of which are visited at a time."""
    problem = make_problem(rng, format, n=4003, centred=centred, weighted=weighted)
    term = make_term(kind, P, alpha=0.02, positive=positive)
    assert_one_naive_round(kernels, rng, problem, term, 1)


def assert_one_naive_round(kernels, rng, problem, term, n_tasks):
    y, ws = make_target(rng, problem, n_tasks), np.array([5, 1, 9, 2, 7, 0, 3])
    burst = Burst(kernels, problem, term, y, ws=ws, max_updates=1, tol=-1.0)
    n_updates, _ = burst.run()
    expected = np.zeros_like(burst.w)
    assert n_updates == reference.burst(problem, term, y, expected, ws)
    assert np.any(expected)
    assert_allclose(burst.w, expected, rtol=1e-10, atol=1e-12)
    state = problem.unpack(burst.residual, burst.offset)
    left = problem.state_of(y - problem.columns @ expected)
    assert_allclose(state, left, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("accelerate", [False, True], ids=["", "accelerate"])
@each_task
@each_term
@each_format
def test_reaches_the_optimum(kernels, rng, format, kind, positive, n_tasks, accelerate):
    problem = make_problem(rng, format, n=60, centred=True, weighted=False)
    term = make_term(kind, P, alpha=0.1, positive=positive)
    y = make_target(rng, problem, n_tasks)
    burst = Burst(kernels, problem, term, y, accelerate=accelerate)
    n_updates, left = burst.run()
    assert left <= burst.options["tol"]
    assert 0 < n_updates < burst.options["max_updates"]
    positive_rows = positive and n_tasks > 1  # norms are never negative
    assert positive_rows or violation(problem, term, y, burst.w) < 1e-9
    gaps = np.empty(P)
    grad = -problem.correlation(y - problem.columns @ burst.w)
    kernels.subdiff(burst.penalty, burst.w, grad, gaps)
    assert gaps.max() < 1e-9


@each_task
@each_format
def test_acceleration_reaches_the_same_point_sooner(kernels, rng, format, n_tasks):
    """Nearly parallel columns, on which plain coordinate descent crawls."""
    base = make_problem(rng, format, n=30, centred=True, weighted=False)
    X = base.X[:, :1] + 0.05 * base.X
    problem = Problem(X.astype(np.float32).astype(np.float64), format, True, None)
    term, y = make_term("l1", P, alpha=1e-4), make_target(rng, problem, n_tasks)
    bursts, updates = [], []
    for accelerate in (False, True):
        burst = Burst(kernels, problem, term, y, accelerate=accelerate)
        updates.append(burst.run(max_updates=10**7, tol=1e-12)[0])
        bursts.append(burst)
    assert_allclose(bursts[1].w, bursts[0].w, atol=1e-5)
    values = [objective(problem, term, y, burst.w) for burst in bursts]
    assert values[1] == pytest.approx(values[0], rel=1e-8)
    assert updates[1] < updates[0] / 2


@pytest.mark.parametrize("accelerate", [False, True], ids=["", "accelerate"])
@each_task
@each_term
@each_format
def test_objective_never_rises(
    kernels, rng, format, kind, positive, n_tasks, accelerate
):
    problem = make_problem(rng, format, n=12, centred=True, weighted=False)
    term = make_term(kind, P, alpha=0.02, positive=positive)
    y = make_target(rng, problem, n_tasks)
    burst = Burst(kernels, problem, term, y, accelerate=accelerate)
    values = [objective(problem, term, y, burst.w)]
    for _ in range(15):
        burst.run(max_updates=1)
        values.append(objective(problem, term, y, burst.w))
    assert np.all(np.diff(values) <= 1e-13)
    assert values[-1] < values[0]
    state = problem.unpack(burst.residual, burst.offset)
    left = problem.state_of(y - problem.columns @ burst.w)
    assert_allclose(state, left, atol=1e-10)


@pytest.mark.parametrize("accelerate", [False, True], ids=["", "accelerate"])
def test_bursts_are_bounded(kernels, rng, accelerate):
    problem = make_problem(rng, "dense", centred=True, weighted=False)
    term, y = make_term("l1", P, alpha=1e-3), make_target(rng, problem, 1)
    for limit in (1, 7, 150, 1000):
        burst = Burst(kernels, problem, term, y, tol=-1.0, accelerate=accelerate)
        n_updates, _ = burst.run(max_updates=limit)
        assert limit <= n_updates < limit + 11 * P  # at most one round too many


@each_format
def test_rows_without_variance_are_left_alone(kernels, rng, format):
    problem = make_problem(rng, format, centred=True, weighted=False)
    term, y = make_term("l1", P, alpha=0.01), make_target(rng, problem, 3)
    burst = Burst(kernels, problem, term, y)
    burst.lipschitz = problem.lipschitz
    burst.lipschitz[[2, 4]] = 0.0
    burst.w[2] = 7.0
    _, left = burst.run()
    assert left <= burst.options["tol"]
    assert_array_equal(burst.w[2], 7.0)
    assert_array_equal(burst.w[4], 0.0)
    assert np.all(np.any(np.delete(burst.w, [2, 4], axis=0) != 0, axis=1))


@pytest.mark.parametrize("accelerate", [False, True], ids=["", "accelerate"])
@each_task
def test_empty_working_set(kernels, rng, n_tasks, accelerate):
    problem = make_problem(rng, "dense", centred=True, weighted=False)
    term, y = make_term("l1", P), make_target(rng, problem, n_tasks)
    ws = np.empty(0, dtype=np.int64)
    burst = Burst(kernels, problem, term, y, ws=ws, accelerate=accelerate)
    assert burst.run() == (0, 0.0)
    assert_array_equal(burst.w, 0.0)
    assert_array_equal(burst.residual, y.T)


def test_one_dimensional_arrays_are_one_task(kernels, rng):
    problem = make_problem(rng, "csc", centred=True, weighted=False)
    term, y = make_term("l1", P, alpha=0.05), make_target(rng, problem, 1)
    flat, rows = (Burst(kernels, problem, term, y) for _ in range(2))
    flat.w, flat.residual = flat.w[:, 0].copy(), flat.residual[0].copy()
    assert flat.run() == rows.run()
    assert_array_equal(flat.w, rows.w[:, 0])
    assert_array_equal(flat.residual, rows.residual[0])


# ---- minima on faces: what acceleration means for a Gram matrix ----------------------
@each_task
@each_term
def test_a_gram_burst_ends_at_the_minimum(kernels, rng, kind, positive, n_tasks):
    """Columns so alike that descent alone would take 100,000 sweeps."""
    base = make_problem(rng, "gram", n=30, centred=True, weighted=True)
    X = base.X[:, :1] + 0.01 * base.X
    problem = Problem(X, "gram", True, base.weights)
    term = make_term(kind, P, alpha=1e-4, positive=positive and n_tasks == 1)
    y = make_target(rng, problem, n_tasks)
    burst = Burst(kernels, problem, term, y, accelerate=True)
    n_updates, left = burst.run(tol=1e-13)
    assert left <= 1e-13
    assert n_updates < 1000 * P
    assert burst.w.any()
    assert violation(problem, term, y, burst.w) < 1e-12


@pytest.mark.parametrize("alpha", [0.3, 1e-2, 1e-4])
def test_duplicated_columns(kernels, rng, alpha):
    """Their Gram matrix is singular, and so is that of more columns than rows."""
    base = make_problem(rng, "gram", n=9, p=8, centred=True, weighted=False)
    X = np.hstack([base.X, -base.X, base.X, 2 * base.X[:, :2]])
    problem = Problem(X, "gram", True, None)
    term = make_term("l1", X.shape[1], alpha=alpha)
    y = make_target(rng, problem, 1)
    burst = Burst(kernels, problem, term, y, accelerate=True)
    _, left = burst.run(max_updates=10**7, tol=1e-13)
    assert left <= 1e-13
    assert violation(problem, term, y, burst.w) < 1e-11
    assert np.abs(burst.w).max() < 1e3


@each_task
def test_supports_change_on_the_way_to_a_minimum(kernels, rng, n_tasks):
    """From a start with all signs wrong, on random problems of all shapes."""
    for p in (2, 5, 10, 40):
        problem = make_problem(rng, "gram", n=20, p=p, centred=True, weighted=False)
        term, y = make_term("l1", p, alpha=0.05), make_target(rng, problem, n_tasks)
        burst = Burst(kernels, problem, term, y, accelerate=True)
        burst.w[:] = -10 * problem.correlation(y)
        burst.residual[:] = problem.pack(y - problem.columns @ burst.w)[0]
        before = objective(problem, term, y, burst.w)
        _, left = burst.run(max_updates=10**6, tol=1e-12)
        assert left <= 1e-12
        assert violation(problem, term, y, burst.w) < 1e-10
        assert objective(problem, term, y, burst.w) < before


# ---- paths ---------------------------------------------------------------------------
class Path(Burst):
    """A few steps of a path on a Gram matrix, from the line through two solutions."""

    ALPHAS = (0.4, 0.3, 0.2, 0.15, 0.12)

    def __init__(self, kernels, rng, kind, positive, n_tasks):
        problem = make_problem(rng, "gram", centred=False, weighted=False)
        y = make_target(rng, problem, n_tasks)
        largest = np.linalg.norm(problem.correlation(y), axis=1).max()
        self.terms = [
            make_term(kind, P, positive=positive, alpha=a * largest)
            for a in self.ALPHAS
        ]
        super().__init__(kernels, problem, self.terms[0], y, accelerate=True)
        self.run()
        self.before, self.penalty = self.w.copy(), self.terms[1].build(kernels)
        self.run()
        self.y = y

    @property
    def slopes(self):
        a = np.array(self.ALPHAS)
        return (a[1:-1] - a[2:]) / (a[:-2] - a[1:-1])

    def walk(self, max_updates=10**6, tol=1e-11):
        terms = self.terms[2:]
        self.out = np.full((len(terms), *self.w.shape), np.nan)
        self.n_updates = np.full(len(terms), -1)
        return self.kernels.cd_path(
            self.X,
            [term.build(self.kernels) for term in terms],
            self.slopes,
            np.full(len(terms), tol),
            self.lipschitz,
            self.ws,
            self.w,
            self.before,
            self.residual,
            self.offset,
            max_updates,
            self.out,
            self.n_updates,
            self.work,
            self.index_work,
        )

    def extrapolate(self, slope):
        """The same start of a step, naively."""
        line = self.w + slope * (self.w - self.before)
        for j, (old, now) in enumerate(zip(self.before, self.w)):
            if not old.any():
                line[j] = now
            elif line[j] @ now <= 0:
                line[j] = 0.0
        self.before, change = self.w.copy(), line - self.w
        self.w = line
        columns = self.problem.columns
        self.residual -= (columns.T @ (columns @ change)).T


@each_task
@each_term
def test_a_path_ends_at_the_minimum_of_each_step(kernels, rng, kind, positive, n_tasks):
    path = Path(kernels, rng, kind, positive, n_tasks)
    assert path.walk() == 3
    for term, w in zip(path.terms[2:], path.out):
        assert violation(path.problem, term, path.y, w) < 1e-9
    assert_array_equal(path.out[2], path.w)
    fresh = path.problem.correlation(path.y - path.problem.columns @ path.w)
    assert_allclose(path.residual / len(path.problem.X), fresh.T, atol=1e-11)


@each_task
def test_a_path_is_a_burst_from_each_line(kernels, rng, n_tasks):
    path, other = (
        Path(kernels, np.random.default_rng(s), "l1", False, n_tasks) for s in (3, 3)
    )
    path.walk()
    for k, term in enumerate(other.terms[2:]):
        other.extrapolate(other.slopes[k])
        other.penalty = term.build(kernels)
        n_updates, _ = other.run()
        assert n_updates == path.n_updates[k]
        assert_allclose(other.w, path.out[k], rtol=1e-9, atol=1e-12)


def test_a_path_ends_with_its_updates(kernels, global_random_seed):
    def path():
        rng = np.random.default_rng(global_random_seed)
        return Path(kernels, rng, "l1", False, 1)

    none, whole, first = path(), path(), path()
    assert none.walk(max_updates=1, tol=-1.0) == 0
    assert np.isnan(none.out).all()
    assert none.walk(max_updates=0) == 0
    assert whole.walk() == 3
    assert first.walk(max_updates=int(whole.n_updates[0])) == 1
    assert_array_equal(first.out[0], whole.out[0])
    assert np.isnan(first.out[1:]).all()
