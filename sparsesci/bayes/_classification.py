"""Sparse Bayesian classification, by regressions with a bound of the likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesci.bayes._ascent import EvidenceAscent, Rule
from sparsesci.bayes._data import Standardized
from sparsesci.bayes._fast_sbl import check_penalty, price
from sparsesci.bayes._logistic import BayesianClassifier
from sparsesci.bayes._posterior import Posterior
from sparsesci.bayes._spike_slab import (
    SpikeSlab,
    check_spike_slab_options,
    matched_quantile,
)
from sparsesci.utils.validation import check_integer

Array = NDArray[Any]


class FastSBLClassifier(BayesianClassifier):
    r"""Sparse Bayesian classification with a price for each column.

    The model is, for two classes 0 and 1 ::

        p(y = 1 | x) = 1 / (1 + exp(-(b + x' beta))),   beta_j ~ N(0, gamma_j)

    with a flat prior on the intercept b. gamma maximises a Gaussian lower bound of the
    log evidence [1]_ less ``penalty * #{j: gamma_j > 0}``, by the moves of
    :class:`FastSBL`. More than two classes are fitted one against the rest.

    Parameters
    ----------
    penalty : "ebic" or float, default="ebic"
        Price of a non-zero coefficient, in nats; "ebic" is log(n_features).
    max_active : int, default=None
        Largest number of non-zero coefficients of a class; None for no limit.
    fit_intercept : bool, default=True
        Whether to fit intercepts.
    tol : float, default=1e-2
        Stop when the bound changes by at most this, in nats.
    max_iter : int, default=500
        Largest number of regressions for each class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Posterior means; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    gammas_ : ndarray of the shape of `coef_`
        Prior variances, 0 for coefficients that are out.
    coef_std_ : ndarray of the shape of `coef_`
        Posterior standard deviations.
    sigma_ : ndarray of shape (n_rows, n_features, n_features)
        Posterior covariances, with the curvature of the likelihood at the mean;
        computed when asked for.
    evidence_ : float
        Lower bound of the log evidence less the penalties, summed over fits.
    evidence_path_ : list of ndarray
        The bound of each fit after each regression.
    n_iter_ : ndarray of shape (1,) or (n_classes,)
        Numbers of regressions.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    SpikeSlabVBClassifier : Probabilities of inclusion.

    Notes
    -----
    Multiplying a column of X by a number divides its coefficient by it. Where a plane
    separates the classes, prior variances keep growing, ever more slowly: `tol` decides
    how far they come.

    References
    ----------
    .. [1] T. S. Jaakkola and M. I. Jordan (2000). Bayesian parameter estimation via
       variational methods. Statistics and Computing, 10, 25-37.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsesci.bayes import FastSBLClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = FastSBLClassifier().fit(X, y)
    >>> int((model.coef_ != 0).sum()), round(model.score(X, y), 2)
    (3, 0.97)
    """

    def __init__(
        self,
        penalty="ebic",
        *,
        max_active=None,
        fit_intercept=True,
        tol=1e-2,
        max_iter=500,
    ):
        self.penalty = penalty
        self.max_active = max_active
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_penalty(self.penalty)
        if self.max_active is not None:
            check_integer("max_active", self.max_active)

    def _ascent(self, data: Standardized, gammas: Any) -> EvidenceAscent:
        """A model with these variances, or none, in the units of the user."""
        noise = 1 / data.unit
        cap = data.n_features if self.max_active is None else self.max_active
        rule = Rule(price(self.penalty, data.n_varying), noise, cap, 1e-8, 10_000)
        model = EvidenceAscent(data, rule)
        if gammas is not None:
            columns = np.flatnonzero(gammas)
            scales = data.y_norms[0] * data.inverse_norms[columns]
            model.load(columns, gammas[columns] / (noise * scales**2))
        return model

    def _posterior(self, data: Standardized, plain: Standardized, state: Any) -> Any:
        return self._ascent(data, state).posterior

    def _regress(self, data: Standardized, plain: Standardized, before: Any) -> Any:
        model = self._ascent(data, before)
        model.run()
        energy = model.energy / model.rule.noise
        value = -0.5 * (model.log_determinant + energy)
        gammas = model.gammas * (data.y_norms[0] * data.inverse_norms) ** 2
        value -= model.rule.penalty * model.n_active
        return model.coef, model.posterior, value, {"gammas_": gammas}, gammas


class SpikeSlabVBClassifier(BayesianClassifier):
    r"""Spike-and-slab logistic regression by variational inference.

    The model is, for two classes 0 and 1 ::

        p(y = 1 | x) = 1 / (1 + exp(-(b + x' beta))),
        beta_j ~ pi N(0, n s / ||x_j||^2) + (1 - pi) delta_0

    with x_j the centred columns and a flat prior on the intercept b. The posterior is
    approximated as in :class:`SpikeSlabVB`, under a Gaussian lower bound of the
    likelihood [1]_. More than two classes are fitted one against the rest.

    Parameters
    ----------
    slab_variance : float, default=1.0
        The s above: variance of a non-zero coefficient of a column of variance 1. None
        learns it.
    prior_inclusion : float, default=None
        The pi above, in (0, 1). None learns it.
    fit_intercept : bool, default=True
        Whether to fit intercepts.
    tol : float, default=1e-2
        Stop when the bound changes by at most this, in nats.
    max_iter : int, default=500
        Largest number of regressions for each class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Posterior means; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    pip_ : ndarray of the shape of `coef_`
        Posterior inclusion probabilities.
    coef_std_ : ndarray of the shape of `coef_`
        Posterior standard deviations.
    sigma_ : ndarray of shape (n_rows, n_features, n_features)
        Posterior covariances, with the curvature of the likelihood at the mean and
        correlations by linear response, see :class:`SpikeSlabVB`; computed when asked
        for.
    evidence_ : float
        Lower bound of the log evidence, summed over fits.
    evidence_path_ : list of ndarray
        The bound of each fit after each regression.
    n_iter_ : ndarray of shape (1,) or (n_classes,)
        Numbers of regressions.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    FastSBLClassifier : One sparse model.

    Notes
    -----
    Multiplying a column of X by a number divides its coefficient by it.

    References
    ----------
    .. [1] P. Carbonetto and M. Stephens (2012). Scalable variational inference for
       Bayesian variable selection in regression. Bayesian Analysis, 7(1), 73-108.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsesci.bayes import SpikeSlabVBClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = SpikeSlabVBClassifier().fit(X, y)
    >>> int((model.pip_ > 0.5).sum()), round(model.score(X, y), 2)
    (4, 0.97)
    """

    def __init__(
        self,
        *,
        slab_variance=1.0,
        prior_inclusion=None,
        fit_intercept=True,
        tol=1e-2,
        max_iter=500,
    ):
        self.slab_variance = slab_variance
        self.prior_inclusion = prior_inclusion
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_spike_slab_options(self)

    def _model(self, data: Standardized, plain: Standardized, state: Any) -> SpikeSlab:
        """A model that begins with this state, if any."""
        # The prior means norms without the weights of the bound, the data those with.
        noise, norms = 1 / data.unit, plain.norms**2 * plain.weight
        ratio = np.ones_like(norms)
        np.divide(data.norms**2 * data.weight, norms, out=ratio, where=norms > 0)
        slab = self.slab_variance
        slab = None if slab is None else slab * plain.weight
        model = SpikeSlab(data, noise, slab, self.prior_inclusion, data.dof, ratio)
        if state is not None:
            scales = data.y_norms[0] * data.inverse_norms
            alpha, mean, model.slab, model.inclusion = state
            moved = np.divide(mean, scales, out=np.zeros_like(mean), where=scales > 0)
            model.start(alpha, moved)
        return model

    def _posterior(self, data: Standardized, plain: Standardized, state: Any) -> Any:
        return self._model(data, plain, state).posterior()

    def _regress(self, data: Standardized, plain: Standardized, before: Any) -> Any:
        model = self._model(data, plain, before)
        scales = data.y_norms[0] * data.inverse_norms
        path, _ = model.run(0.1 * self.tol, 1000)
        # Without the normalisation of the noise.
        value = path[-1] + 0.5 * model.dof * np.log(2 * np.pi * model.noise)
        p = data.n_features
        posterior = Posterior(p, np.arange(p), model.coef_variance, np.zeros((p, 0)))
        state = model.alpha, model.mean * scales, model.slab, model.inclusion
        return model.coef, posterior, value, {"pip_": model.alpha}, state

    def _quantile(self, probability: float) -> Array:
        moments = self.pip_, self.coef_, self.coef_std_
        return matched_quantile(probability, *moments)
