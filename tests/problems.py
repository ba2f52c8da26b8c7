"""Small problems, one case for each kind of penalty, and the formulas, naively.

Nothing here calls a solver or a kernel: the formulas are those of the docstrings,
written with numpy, and judge what the library returns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from sparsesci.penalties import L1, ElasticNet, Penalty, WeightedL1

N_FEATURES = 120  # more than the solvers take for small: working sets and screening


class PenaltyCase(NamedTuple):
    """A penalty for data with `N_FEATURES` columns, by a name."""

    name: str
    penalty: Penalty

    def __str__(self) -> str:
        return self.name


def _weights() -> np.ndarray:
    weights = np.tile([1.0, 0.5, 2.0, 1.5], N_FEATURES // 4)
    weights[[3, 40]] = 0.0
    weights[[0, 7, 100]] = np.inf
    return weights


PENALTIES = [
    PenaltyCase("l1", L1(0.05)),
    PenaltyCase("l1_positive", L1(0.05, positive=True)),
    PenaltyCase("weighted", WeightedL1(0.05, weights=_weights())),
    PenaltyCase(
        "weighted_positive",
        WeightedL1(0.05, positive=True, weights=np.maximum(_weights(), 0.1)),
    ),
    PenaltyCase("elastic_net", ElasticNet(0.05, 0.7)),
    PenaltyCase("elastic_net_positive", ElasticNet(0.05, 0.7, positive=True)),
    PenaltyCase("ridge", ElasticNet(0.05, 0.0)),
]


class Data(NamedTuple):
    """Data of one problem."""

    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None = None


def make_data(
    seed: int,
    n_samples: int = 40,
    n_features: int = N_FEATURES,
    n_targets: int = 0,
    *,
    weighted: bool = False,
) -> Data:
    """Correlated columns away from zero, a sparse truth, noise; 0 targets: 1D y.

    About half of the entries are zero, so that sparse formats mean something.
    """
    rng = np.random.default_rng(seed)
    shape = (n_features, max(n_targets, 1))
    X = rng.standard_normal((n_samples, n_features)) + 0.5
    X += 0.5 * rng.standard_normal((n_samples, 1))
    X[rng.random(X.shape) < 0.5] = 0.0
    truth = rng.standard_normal(shape) * (rng.random(n_features) < 0.2)[:, None]
    y = X @ truth + 0.3 * rng.standard_normal((n_samples, shape[1])) + 2.0
    weights = rng.uniform(0.2, 3.0, n_samples) if weighted else None
    # float32 holds these values too: both dtypes then pose the same problem.
    X = X.astype(np.float32).astype(np.float64)
    return Data(X, y if n_targets else y[:, 0], weights)


FORMATS = {
    "F": np.asfortranarray,
    "C": np.ascontiguousarray,
    "CSC": sparse.csc_array,
    "CSR": sparse.csr_matrix,
}


# ---- the objective and its dual, from the docstrings ---------------------------------
class Terms(NamedTuple):
    """``sum_j threshold_j ||w_j|| + curvature / 2 ||w||^2``, maybe with w >= 0."""

    thresholds: np.ndarray
    curvature: float
    positive: bool


def terms_of(penalty: Penalty, n_features: int) -> Terms:
    """Numbers in the formula of a penalty."""
    ones = np.ones(n_features)
    if isinstance(penalty, L1):
        return Terms(penalty.alpha * ones, 0.0, penalty.positive)
    if isinstance(penalty, WeightedL1):
        weights = np.asarray(penalty.weights)
        finite = np.where(np.isinf(weights), 0.0, weights)
        thresholds = np.where(np.isinf(weights), np.inf, penalty.alpha * finite)
        return Terms(thresholds, 0.0, penalty.positive)
    if isinstance(penalty, ElasticNet):
        thresholds = penalty.alpha * penalty.l1_ratio * ones
        return Terms(
            thresholds, penalty.alpha * (1 - penalty.l1_ratio), penalty.positive
        )
    raise NotImplementedError(f"no formula for {penalty!r}")


def _columns(y: Any) -> np.ndarray:
    y = np.asarray(y, dtype=np.float64)
    return y[:, None] if y.ndim == 1 else y


def _dense(X: Any) -> np.ndarray:
    X = X.toarray() if sparse.issparse(X) else X
    return np.asarray(X, dtype=np.float64)


def _scaled_weights(sample_weight: Any, n_samples: int) -> np.ndarray:
    s = np.ones(n_samples) if sample_weight is None else np.asarray(sample_weight)
    return s * (n_samples / s.sum())


def penalty_value(penalty: Penalty, coef: Any) -> float:
    """The penalty at coefficients of shape (n_features,) or (n_features, n_targets)."""
    W = _columns(coef)
    terms = terms_of(penalty, len(W))
    if terms.positive and W.min() < 0:
        return np.inf
    norms = np.linalg.norm(W, axis=1)
    if np.any(norms[np.isinf(terms.thresholds)]):
        return np.inf
    finite = np.where(np.isinf(terms.thresholds), 0.0, terms.thresholds)
    return float(finite @ norms + terms.curvature / 2 * norms @ norms)


def objective(
    X: Any,
    y: Any,
    coef: Any,
    intercept: Any,
    penalty: Penalty,
    sample_weight: Any = None,
) -> float:
    """Value of the penalised least-squares objective."""
    X, Y, W = _dense(X), _columns(y), _columns(coef)
    s = _scaled_weights(sample_weight, len(X))
    errors = Y - X @ W - intercept
    return float(s @ (errors**2).sum(axis=1)) / (2 * len(X)) + penalty_value(penalty, W)


class Centred(NamedTuple):
    """Columns and targets less their weighted means, and the weights."""

    X: np.ndarray
    Y: np.ndarray
    s: np.ndarray

    @property
    def scale(self) -> float:
        """Objective of zero coefficients."""
        return float(self.s @ (self.Y**2).sum(axis=1)) / (2 * len(self.X))


def centred(X: Any, y: Any, sample_weight: Any, fit_intercept: bool) -> Centred:
    """The problem with its intercept eliminated."""
    X, Y = _dense(X), _columns(y)
    s = _scaled_weights(sample_weight, len(X))
    if fit_intercept:
        X = X - s @ X / len(X)
        Y = Y - s @ Y / len(Y)
    return Centred(X, Y, s)


def dual_excess(data: Centred, theta: Any, penalty: Penalty) -> np.ndarray:
    """By how much each column leaves its dual constraint."""
    U = data.X.T @ (data.s[:, None] * np.atleast_2d(theta).T)
    terms = terms_of(penalty, len(U))
    size = np.linalg.norm(U, axis=1)
    if terms.positive:
        size = np.maximum(U[:, 0], 0.0)
    return np.maximum(size - terms.thresholds, 0.0)


def dual_value(data: Centred, theta: Any, penalty: Penalty) -> float:
    """The dual objective at a feasible `theta`: see `dual_excess`."""
    T = np.atleast_2d(theta).T
    curvature = terms_of(penalty, data.X.shape[1]).curvature
    conjugate = 0.0
    if curvature:
        conjugate = (dual_excess(data, theta, penalty) ** 2).sum() / (2 * curvature)
    linear = data.s @ (T * data.Y).sum(axis=1)
    square = data.s @ (T**2).sum(axis=1)
    return float(linear - len(T) / 2 * square - conjugate)
