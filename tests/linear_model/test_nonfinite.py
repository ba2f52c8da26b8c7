"""NaN and infinity in X are found while the norms of its columns are computed."""

import numpy as np
import pytest
from scipy import sparse

from sparsesci.linear_model import (
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    lasso_path,
)
from sparsesci.operators.design import as_design
from sparsesci.penalties import L1
from sparsesci.solvers import coordinate_descent, fista, regularization_path

CALLS = {
    "Lasso": lambda X, y, b: Lasso(0.1, fit_intercept=b).fit(X, y),
    "Lasso with a Gram matrix": lambda X, y, b: Lasso(
        0.1, fit_intercept=b, precompute=True
    ).fit(X, y),
    "LassoCV": lambda X, y, b: LassoCV(alphas=3, fit_intercept=b).fit(X, y),
    "ElasticNetCV by BIC": lambda X, y, b: ElasticNetCV(
        alphas=3, fit_intercept=b, criterion="bic"
    ).fit(X, y),
    "MultiTaskLasso": lambda X, y, b: MultiTaskLasso(0.1, fit_intercept=b).fit(
        X, np.stack([y, -y], axis=1)
    ),
    "MultiTaskLassoCV": lambda X, y, b: MultiTaskLassoCV(alphas=3, fit_intercept=b).fit(
        X, np.stack([y, -y], axis=1)
    ),
    "lasso_path": lambda X, y, b: lasso_path(X, y, alphas=3),
    "coordinate_descent": lambda X, y, b: coordinate_descent(
        X, y, L1(0.1), fit_intercept=b
    ),
    "regularization_path": lambda X, y, b: regularization_path(
        X, y, L1(0.1), alphas=3, fit_intercept=b
    ),
    "fista": lambda X, y, b: fista(X, y, L1(0.1), fit_intercept=b),
}


def spoiled(bad, dtype, layout, n_features):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, n_features)).astype(dtype)
    y = X[:, 0].astype(float)
    X[7, 3] = bad
    return layout(X), y


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("layout", [np.asfortranarray, np.array, sparse.csc_matrix])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_single_bad_entry_is_refused(backend, call, bad, layout, fit_intercept):
    X, y = spoiled(bad, np.float64, layout, 50)
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        call(X, y, fit_intercept)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", [np.asfortranarray, sparse.csc_matrix])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_design_takes_a_bad_entry(backend, bad, layout, dtype, center, weighted):
    """Not even in a row of weight 0."""
    X, _ = spoiled(bad, dtype, layout, 5)
    weights = None
    if weighted:
        weights = np.full(30, 30 / 29)
        weights[7] = 0.0
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        as_design(X, weights, center)


def test_finite_but_too_large(backend):
    X = np.asfortranarray(np.full((20, 3), 1e200))
    with pytest.raises(ValueError, match="column 0 of X is too large"):
        as_design(X, None, False)
