"""SuSiE beside a port of its authors' package, where that is installed."""

from __future__ import annotations

import numpy as np
import pytest

from sparsesci.bayes import SuSiE
from sparsesci.bayes._data import standardize
from sparsesci.bayes._susie import SingleEffects, inclusion

pysusie = pytest.importorskip("pysusie")


@pytest.mark.parametrize("seed", range(6))
def test_the_same_posterior(seed):
    """From the same start; ours begins elsewhere, and ends no lower."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((100, 60)) + 0.7 * rng.standard_normal((100, 1))
    y = X[:, [5, 30]] @ [1.0, -1.0] + rng.standard_normal(100)
    X, y = X - X.mean(axis=0), y - y.mean()
    known = {"residual_variance": 1.1, "estimate_residual_variance": False}
    known |= {"estimate_prior_variance": False, "tol": 1e-10, "max_iter": 1000}
    theirs = pysusie.susie(X, y, L=4, scaled_prior_variance=0.2, **known)
    prior = 0.2 * y.var(ddof=1) * 99 / 1.1
    data = standardize(np.asfortranarray(X), y[None], None, fit_intercept=False)
    ours = SingleEffects(data, 4, 1.1 / data.unit, prior)
    path, _ = ours.run(1e-10, 1000)
    np.testing.assert_allclose(inclusion(ours.alpha), np.asarray(theirs.pip), atol=1e-6)
    scales = data.y_norms[0] * data.inverse_norms
    coef = np.asarray(pysusie.coef_susie(theirs))[1:]
    found = (ours.alpha * ours.mean).sum(axis=0) * scales
    np.testing.assert_allclose(found, coef, atol=1e-6)
    # They add the root of the rounding unit to the weights 1 / p.
    bound = path[-1] - 0.5 * data.dof * np.log(data.unit)
    assert bound == pytest.approx(theirs.elbo[-1], abs=1e-5)
    options = {"noise_variance": 1.1, "prior_variance": prior, "tol": 1e-10}
    model = SuSiE(4, fit_intercept=False, max_iter=1000, **options).fit(X, y)
    assert model.evidence_ >= bound - 1e-5
