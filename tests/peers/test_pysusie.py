"""SuSiE beside a port of its authors' package, where that is installed."""

from __future__ import annotations

import numpy as np
import pytest

from sparsesci.bayes import SuSiE

pysusie = pytest.importorskip("pysusie")


@pytest.mark.parametrize("seed", range(3))
def test_the_same_posterior(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((100, 60)) + 0.7 * rng.standard_normal((100, 1))
    y = X[:, [5, 30]] @ [1.0, -1.0] + rng.standard_normal(100)
    X, y = X - X.mean(axis=0), y - y.mean()
    known = {"residual_variance": 1.1, "estimate_residual_variance": False}
    known |= {"estimate_prior_variance": False, "tol": 1e-10, "max_iter": 1000}
    theirs = pysusie.susie(X, y, L=4, scaled_prior_variance=0.2, **known)
    prior = 0.2 * y.var(ddof=1) * 99 / 1.1
    options = {"noise_variance": 1.1, "prior_variance": prior, "tol": 1e-10}
    ours = SuSiE(4, fit_intercept=False, max_iter=1000, **options).fit(X, y)
    np.testing.assert_allclose(ours.pip_, np.asarray(theirs.pip), atol=1e-6)
    # They add the root of the rounding unit to the weights 1 / p.
    assert ours.evidence_ == pytest.approx(theirs.elbo[-1], abs=1e-5)
    coef = np.asarray(pysusie.coef_susie(theirs))[1:]
    np.testing.assert_allclose(ours.coef_, coef, atol=1e-6)
