"""Coordinate descent against a conic solver of tight tolerances."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pytest
from problems import centred, make_data, objective, terms_of

from sparsesci.penalties import L1, ElasticNet, Penalty, WeightedL1
from sparsesci.solvers import coordinate_descent

cvxpy = pytest.importorskip("cvxpy")

N_PROBLEMS = 50
TIGHT = {"tol_gap_abs": 1e-14, "tol_gap_rel": 1e-13, "tol_feas": 1e-13}


class Problem(NamedTuple):
    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None
    penalty: Penalty
    fit_intercept: bool


def random_problem(seed: int) -> Problem:
    """A problem whose shape, penalty, weights and intercept follow from the seed."""
    rng = np.random.default_rng(seed)
    n_samples, n_features = [(15, 40), (50, 12), (25, 25), (30, 130)][seed % 4]
    n_targets = 3 if seed % 3 == 2 else 0
    data = make_data(seed, n_samples, n_features, n_targets, weighted=seed % 5 < 2)
    fit_intercept = bool(seed % 2)
    Xc, Yc, s = centred(*data, fit_intercept)
    largest = np.linalg.norm(Xc.T @ (s[:, None] * Yc), axis=1).max() / n_samples
    alpha = largest * 10 ** rng.uniform(-2.5, -0.1)
    positive = not n_targets and rng.random() < 0.4
    weights = rng.uniform(0.2, 2.0, n_features)
    weights[rng.integers(n_features, size=3)] = np.inf
    weights[rng.integers(n_features, size=2)] = 0.0
    penalty = [
        L1(alpha, positive),
        ElasticNet(alpha, rng.choice([0.05, 0.5, 0.95]), positive),
        WeightedL1(alpha, positive, weights),
    ][(seed // 4) % 3]
    return Problem(*data, penalty, fit_intercept)


def conic_solution(problem: Problem):
    """Coefficients and intercept by cvxpy and Clarabel."""
    X, y, sample_weight, penalty, fit_intercept = problem
    n_samples, n_features = X.shape
    terms = terms_of(penalty, n_features)
    Y = y.reshape(n_samples, -1)
    s = np.ones(n_samples) if sample_weight is None else sample_weight
    roots = np.sqrt(s / s.sum())[:, None]
    W = cvxpy.Variable((n_features, Y.shape[1]))
    b = cvxpy.Variable((1, Y.shape[1]))
    free = np.isfinite(terms.thresholds)
    errors = cvxpy.multiply(roots @ np.ones((1, Y.shape[1])), Y - X @ W)
    constraints = [W[free] >= 0] if terms.positive else []
    if not free.all():  # the oldest cvxpy takes no empty selection
        constraints.append(W[~free] == 0)
    if fit_intercept:
        errors = errors - roots @ b
    cost = cvxpy.sum_squares(errors) / 2 + terms.curvature / 2 * cvxpy.sum_squares(W)
    cost = cost + terms.thresholds[free] @ cvxpy.norm(W[free], 2, axis=1)
    with warnings.catch_warnings():
        # Tolerances beyond what the solver can promise: how far it came is tested.
        warnings.simplefilter("ignore")
        cvxpy.Problem(cvxpy.Minimize(cost), constraints).solve("CLARABEL", **TIGHT)
    coef = W.value.copy()
    coef[~free] = 0.0
    if terms.positive:
        coef = np.maximum(coef, 0.0)
    intercept = b.value[0] if fit_intercept else np.zeros(Y.shape[1])
    return coef, intercept


@pytest.mark.parametrize("seed", range(N_PROBLEMS))
def test_objective_equals_the_conic_one(seed):
    problem = random_problem(seed)
    X, y, sample_weight, penalty, fit_intercept = problem
    result = coordinate_descent(
        X,
        y,
        penalty,
        fit_intercept=fit_intercept,
        sample_weight=sample_weight,
        tol=1e-10,
        max_iter=10**5,
    )
    scale = centred(X, y, sample_weight, fit_intercept).scale
    ours = objective(X, y, result.coef, result.intercept, penalty, sample_weight)
    theirs = objective(X, y, *conic_solution(problem), penalty, sample_weight)
    assert ours == pytest.approx(theirs, rel=1e-8)
    # Their objective is above the minimum, and the gap a bound on it.
    assert ours - result.dual_gap <= theirs + 1e-13 * scale
    assert ours <= theirs + 1e-10 * scale
