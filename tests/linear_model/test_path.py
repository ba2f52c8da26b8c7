"""Paths: each point is as good as its gap says, and equals scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from problems import (
    FORMATS,
    centred,
    dual_value,
    make_data,
    objective,
)
from sklearn import linear_model as sk

from sparsesci.linear_model import enet_path, lasso_path
from sparsesci.penalties import ElasticNet


def _tasks(coefs, k):
    """Coefficients (n_features, n_targets) at the k-th alpha."""
    return np.atleast_2d(coefs[..., k]).T if coefs.ndim == 3 else coefs[:, k]


@pytest.mark.parametrize("precompute", [False, True, "auto"])
@pytest.mark.parametrize("n_targets", [0, 3])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("l1_ratio", [0.6, 1.0])
def test_gaps_along_a_path_are_true(
    backend, global_random_seed, l1_ratio, form, n_targets, precompute
):
    data = make_data(global_random_seed, 30, 150, n_targets)
    X, y = data.X - data.X.mean(axis=0), data.y - data.y.mean(axis=0)
    options = {"l1_ratio": l1_ratio, "alphas": 8, "eps": 0.02, "precompute": precompute}
    alphas, loose, gaps = enet_path(FORMATS[form](X), y, **options)
    _, tight, tight_gaps = enet_path(
        FORMATS[form](X), y, **{**options, "alphas": alphas}, tol=1e-10, max_iter=10**5
    )
    scale = centred(X, y, None, False).scale
    assert (gaps <= 1e-4 * scale).all()
    assert (tight_gaps <= 1e-10 * scale).all()
    for k, alpha in enumerate(alphas):
        penalty = ElasticNet(alpha, l1_ratio)
        reached = objective(X, y, _tasks(loose, k), 0.0, penalty)
        best = objective(X, y, _tasks(tight, k), 0.0, penalty)
        assert reached - gaps[k] <= best + 1e-12 * scale
