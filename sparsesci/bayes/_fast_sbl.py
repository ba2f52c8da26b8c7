"""Fast sparse Bayesian learning with a price for each column."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci.bayes._ascent import Rule, climb
from sparsesci.bayes._base import (
    Solution,
    WeightedBayesianRegressor,
    fixed_noise,
    warn_of_collapse,
    warn_unconverged,
)
from sparsesci.bayes._data import Standardized
from sparsesci.utils.validation import check_integer, check_real

# No gain can be told from rounding errors below.
_ROUNDING = 1e-11


def check_penalty(penalty: Any) -> None:
    """Refuse what is no price of a column."""
    if isinstance(penalty, str):
        if penalty != "ebic":
            raise ValueError(
                f'penalty must be "ebic" or a number in [0, inf), got {penalty!r}.'
            )
        return
    check_real("penalty", penalty, low=0)


def price(penalty: Any, n_features: int) -> float:
    """The price of a column in nats."""
    if penalty == "ebic":
        return float(np.log(max(n_features, 1)))
    return float(penalty)


def make_rule(estimator: Any, data: Standardized, noise: float) -> Rule:
    """The rule of an estimator with the parameters of `FastSBL`."""
    max_active = estimator.max_active
    return Rule(
        price(estimator.penalty, data.n_varying),
        noise,
        data.n_features if max_active is None else max_active,
        max(estimator.tol, _ROUNDING),
        estimator.max_iter,
    )


def check_ascent_options(estimator: Any) -> None:
    """Check the parameters that `make_rule` reads."""
    check_penalty(estimator.penalty)
    if estimator.max_active is not None:
        check_integer("max_active", estimator.max_active)
    check_real("tol", estimator.tol, low=0)
    check_integer("max_iter", estimator.max_iter)


class FastSBL(WeightedBayesianRegressor):
    r"""Sparse Bayesian regression by sequential maximisation of a penalised evidence.

    The model is ::

        y = b + X beta + noise,   noise ~ N(0, sigma^2),   beta_j ~ N(0, gamma_j)

    with a flat prior on the intercept b. The variances gamma and sigma^2 maximise ::

        log p(y | gamma, sigma^2) - penalty * #{j: gamma_j > 0}

    and the coefficients are the posterior mean given these, exactly 0 where gamma_j is.
    Columns are added, re-estimated and deleted one at a time, each move the one that
    gains most [1]_, with the noise at its best value for every move. This is done
    twice, from the empty model and from a denser one, and the better end counts.

    ``penalty=0`` is the textbook algorithm. It lets in about a third of all columns
    that have nothing to do with y. With about as many features as samples or more and
    learned noise it is not reliable: it interpolates the data, and a warning says so.

    Parameters
    ----------
    penalty : "ebic" or float, default="ebic"
        Price of a non-zero coefficient, in nats (natural units of log evidence).
        "ebic" is log(n_features), constant columns not counted: what the extended
        Bayesian information criterion charges for the choice among so many.
    noise_variance : float, default=None
        Known variance of the noise, in squared units of y. None learns it.
    max_active : int, default=None
        Largest number of non-zero coefficients; None for no limit.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    tol : float, default=1e-6
        Moves that gain at most this, in nats, are not made.
    max_iter : int, default=10000
        Largest number of moves of an ascent.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    noise_variance_ : float
        Variance of the noise.
    gammas_ : ndarray of shape (n_features,)
        Prior variances of the coefficients, 0 for those that are out.
    active_ : ndarray of shape (n_active,)
        Indices of the non-zero coefficients, in increasing order.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, computed when asked for; 0 outside of the active rows and
        columns.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    evidence_ : float
        Log evidence, without the penalty.
    evidence_path_ : ndarray of shape (n_steps + 1,)
        Log evidence less all penalties, from the start of the better ascent on. It
        never falls.
    n_iter_ : int
        Number of moves of that ascent.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    SpikeSlabVB : Also averages over models: probabilities of inclusion.
    SBLRegressor : The classical batch updates.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies results accordingly; sparse X
    is centred without becoming dense. Intervals are conditional on the chosen columns
    and variances: they do not know that a selection took place.

    A move costs O(n_active n_features), and an addition one product with X' more.

    References
    ----------
    .. [1] M. E. Tipping and A. C. Faul (2003). Fast marginal likelihood maximisation
       for sparse Bayesian models. AISTATS.
    .. [2] J. Chen and Z. Chen (2008). Extended Bayesian information criteria for model
       selection with large model spaces. Biometrika, 95(3), 759-771.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.bayes import FastSBL
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = FastSBL().fit(X, y)
    >>> model.active_
    array([1, 2, 3, 6, 8])
    """

    _takes_sparse = True

    def __init__(
        self,
        penalty="ebic",
        *,
        noise_variance=None,
        max_active=None,
        fit_intercept=True,
        tol=1e-6,
        max_iter=10_000,
    ):
        self.penalty = penalty
        self.noise_variance = noise_variance
        self.max_active = max_active
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_ascent_options(self)
        if self.noise_variance is not None:
            check_real("noise_variance", self.noise_variance, low=0, open_low=True)

    def _solve(self, data: Standardized) -> Solution:
        rule = make_rule(self, data, fixed_noise(data, self.noise_variance))
        model = climb(data, rule)
        if not model.converged:
            warn_unconverged("FastSBL", model.n_moves, model.gains[-1], self.tol)
        if not rule.noise:
            warn_of_collapse(model.noise, data.dof, model.n_active)
        path = model.start + np.cumsum([0.0, *model.gains])
        return Solution(
            model.coef,
            model.posterior,
            model.noise,
            model.evidence,
            path.tolist(),
            model.n_moves,
            extra={
                "gammas_": model.gammas * (data.y_norms[0] * data.inverse_norms) ** 2,
                "active_": np.sort(model.columns),
            },
        )
