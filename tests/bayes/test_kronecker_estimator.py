"""The estimator: attributes, posterior, scikit-learn's habits."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from bayes.kronecker_problems import DensePosterior, make_problem
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import sparsesci
from sparsesci.bayes import KroneckerSBL, kronecker_sbl
from sparsesci.operators import Kronecker

every_field = pytest.mark.parametrize("complex_valued", [False, True])


@every_field
@pytest.mark.parametrize("prune", [0.0, 1e-3])
@pytest.mark.filterwarnings("ignore:The prior variances did not")
def test_attributes(complex_valued, prune):
    factors, y, coef = make_problem(3, complex_valued=complex_valued)
    model = KroneckerSBL(factors, prune=prune).fit(y)
    result = kronecker_sbl(factors, y, prune=prune)
    assert_array_equal(model.flat_coef_, result.coef)
    assert_array_equal(model.coef_, result.coef.reshape(coef.shape))
    assert_array_equal(model.evidence_path_, result.evidence_path)
    assert model.evidence_ == -result.objective
    assert model.noise_variance_ == result.noise_variance
    assert model.n_iter_ == result.n_iter == len(model.evidence_path_) - 1
    assert isinstance(model.dictionary_, Kronecker)
    left = y - model.dictionary_ @ model.flat_coef_
    assert_allclose(result.dual_point, left / y.size, atol=1e-12)
    if prune:
        assert_array_equal(model.support_, np.nonzero(coef))
    dense = DensePosterior(factors, model.gammas_, model.noise_variance_, y[None])
    assert_allclose(
        model.posterior_variance_.ravel(), dense.variance, rtol=1e-9, atol=1e-20
    )
    assert_allclose(model.flat_coef_, dense.mean[0], rtol=1e-7, atol=1e-9)
    evidence = dense.log_evidence(y[None], complex_valued)
    assert model.evidence_ == pytest.approx(evidence, rel=1e-9)


def test_snapshots():
    factors, y, coef = make_problem(3)
    Y = np.stack([y, 0.5 * y], axis=1)
    model = KroneckerSBL(factors, noise=1e-4).fit(Y)
    assert model.coef_.shape == (*coef.shape, 2)
    assert model.flat_coef_.shape == (coef.size, 2)
    assert_array_equal(model.coef_[..., 1].ravel(), model.flat_coef_[:, 1])
    assert len(model.support_) == 3
    assert_array_equal(model.support_, np.nonzero(coef))
    assert model.posterior_variance_.shape == coef.shape
    draws = model.sample_posterior(5, random_state=0)
    assert draws.shape == (5, *coef.shape, 2)
    error = np.linalg.norm(draws - model.coef_) / np.linalg.norm(model.coef_)
    assert 0 < error < 0.1


@every_field
@pytest.mark.filterwarnings("ignore:The prior variances did not")
def test_draws(complex_valued):
    factors, y, _ = make_problem(
        0, ((3, 4), (3, 5)), noise=0.1, complex_valued=complex_valued
    )
    model = KroneckerSBL(factors, noise=0.1, prune=0, max_iter=3).fit(y)
    draws = model.sample_posterior(20_000, random_state=0)
    assert np.iscomplexobj(draws) == complex_valued
    spread = np.sqrt(model.posterior_variance_)
    assert np.all(abs(draws.mean(axis=0) - model.coef_) < 0.04 * spread)
    assert_allclose(draws.var(axis=0), spread**2, rtol=0.06)
    assert_array_equal(draws, model.sample_posterior(20_000, random_state=0))


def test_pruned_coefficients_are_certain():
    factors, y, _ = make_problem(3)
    model = KroneckerSBL(factors).fit(y)
    prior = np.einsum("i,j,k", *model.gammas_)
    assert np.any(prior == 0)
    assert not model.posterior_variance_[prior == 0].any()
    assert not model.sample_posterior(2, random_state=0)[:, prior == 0].any()


def test_habits_of_scikit_learn():
    factors, y, _ = make_problem(3)
    model = KroneckerSBL(factors, mstep="mm", noise=1e-4)
    copy = clone(model)
    assert copy.get_params()["mstep"] == "mm"
    with pytest.raises(NotFittedError):
        _ = copy.posterior_variance_
    with pytest.raises(NotFittedError):
        copy.sample_posterior()
    model.fit(y)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.coef_, model.coef_)
    assert_array_equal(again.posterior_variance_, model.posterior_variance_)
    assert_array_equal(
        again.sample_posterior(random_state=1), model.sample_posterior(random_state=1)
    )
    assert_array_equal(copy.set_params(mstep="mm").fit(y).coef_, model.coef_)
    assert "KroneckerSBL" in dict(sparsesci.all_estimators())


def test_bad_parameters():
    factors, y, _ = make_problem(3)
    with pytest.raises(ValueError, match="support_tol must be a number"):
        KroneckerSBL(factors, support_tol=2).fit(y)
    with pytest.raises(ValueError, match="mstep must be one of"):
        KroneckerSBL(factors, mstep="no").fit(y)
    with pytest.raises(ValueError, match="n_samples must be an integer"):
        KroneckerSBL(factors).fit(y).sample_posterior(0)
