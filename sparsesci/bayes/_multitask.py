"""Sparse Bayesian learning of several targets with the same non-zero coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.utils.validation import check_is_fitted

from sparsesci._logging import warn_caller
from sparsesci.bayes._base import (
    CredibleIntervals,
    predict_with_std,
    warn_of_collapse,
    warn_unconverged,
)
from sparsesci.bayes._batch import BatchSBL, check_batch_options
from sparsesci.bayes._data import Standardized, standardize
from sparsesci.bayes._engine import compress, default_noise
from sparsesci.bayes._posterior import gaussian
from sparsesci.solvers._inputs import checked_data, target_rows
from sparsesci.utils.regressor import LinearRegressor
from sparsesci.utils.validation import check_choice, check_flag


class MultitaskSBL(CredibleIntervals, MultiOutputMixin, LinearRegressor):
    r"""Sparse Bayesian learning for several targets: M-SBL.

    The model is, for each of the targets y_l ::

        y_l = b_l + X beta_l + noise,   noise ~ N(0, sigma^2),
        beta_lj ~ N(0, gamma_j)

    with flat priors on the intercepts b_l. Variances are shared by all targets, and so
    is the set of coefficients that are not 0: a column is in for all targets or for
    none. gamma and sigma^2 maximise the evidence of all targets together.

    Parameters
    ----------
    update : {"em", "mackay", "mm"}, default="mm"
        Rule of update, see :class:`SBLRegressor`.
    noise_variance : "auto", "learn" or float, default="auto"
        Variance of the noise of all targets, in squared units of y. "auto" learns it
        where there are fewer columns than samples, and else takes the mean of the
        estimates of :class:`FastSBL` for the single targets.
    prune : float, default=1e-6
        Columns whose variance, for norm 1, is at most this part of the largest are left
        out; 0 keeps all that are positive.
    fit_intercept : bool, default=True
        Whether to fit intercepts.
    tol : float, default=1e-4
        Stop when no variance changes by more than this part of the largest one, and the
        noise by no more than this part of itself.
    max_iter : int, default=1000
        Largest number of updates.

    Attributes
    ----------
    coef_ : ndarray of shape (n_targets, n_features) or (n_features,)
        Posterior means; of one dimension if y has one.
    intercept_ : ndarray of shape (n_targets,) or float
        Intercepts.
    noise_variance_ : float
        Variance of the noise.
    gammas_ : ndarray of shape (n_features,)
        Prior variances.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance of the coefficients of each target, the same for all;
        computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    evidence_ : float
        Log evidence of all targets.
    evidence_path_ : ndarray of shape (n_steps + 1,)
        Log evidence at the start and after each update.
    n_iter_ : int
        Number of updates.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X has them.

    See Also
    --------
    SBLRegressor : One target.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies results accordingly. Targets
    share their noise: bring them to one scale first if theirs differ. The cost of an
    update hardly depends on the number of targets.

    References
    ----------
    .. [1] D. P. Wipf and B. D. Rao (2007). An empirical Bayesian strategy for solving
       the simultaneous sparse approximation problem. IEEE Transactions on Signal
       Processing, 55(7), 3704-3716.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import MultitaskSBL
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 20))
    >>> Y = X[:, [3, 8]] @ rng.standard_normal((2, 4))
    >>> Y += 0.1 * rng.standard_normal((50, 4))
    >>> gammas = MultitaskSBL().fit(X, Y).gammas_
    >>> np.flatnonzero(gammas > 0.01).tolist()
    [3, 8]
    """

    def __init__(
        self,
        update="mm",
        *,
        noise_variance="auto",
        prune=1e-6,
        fit_intercept=True,
        tol=1e-4,
        max_iter=1000,
    ):
        self.update = update
        self.noise_variance = noise_variance
        self.prune = prune
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data. Never written to.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        check_flag("fit_intercept", self.fit_intercept)
        check_choice("update", self.update, ("em", "mackay", "mm"))
        check_batch_options(self)
        X, y = checked_data(self, X, y, True, finite=False, accept_sparse=False)
        data = standardize(X, target_rows(y), None, self.fit_intercept, joint=True)
        if data.y_norms[0] == 0:
            warn_caller("y is constant: all coefficients are 0.", UserWarning)
        self._solve(data)
        self._shape(data, X.dtype, np.ndim(y) == 1)
        return self

    def _solve(self, data: Standardized) -> None:
        """Set what describes the posterior, coefficients one row for each target."""
        p, n_targets = data.n_features, len(data.Y)
        self.coef_, self.gammas_ = np.zeros((n_targets, p)), np.zeros(p)
        if data.y_norms[0] == 0:
            none = np.zeros(0, dtype=np.intp)
            self._posterior = gaussian(none, np.zeros((0, 0)), p)
            self.noise_variance_ = 0.0
            self.evidence_, self.evidence_path_, self.n_iter_ = np.inf, np.zeros(0), 0
            return
        noise, learn = default_noise(data, self.noise_variance)
        model = BatchSBL(compress(data), data.norms > 0, noise, learn, self.prune)
        path, change = model.run(self.update, self.tol, self.max_iter)
        if change > self.tol:
            warn_unconverged("MultitaskSBL", len(path) - 1, change, self.tol)
        moments, scales = model.moments, data.y_norms[0] * data.inverse_norms
        if learn:
            warn_of_collapse(model.noise, data.dof, float(moments.shares.sum()))
        self.coef_[:, model.columns] = moments.mean.T
        self.coef_ *= scales
        self.gammas_[model.columns] = model.gamma
        self.gammas_ *= scales**2
        self._posterior = moments.posterior(model.columns, p).rescale(scales)
        self.noise_variance_ = model.noise * data.unit
        shift = 0.5 * data.dof * n_targets * np.log(data.unit)
        self.evidence_path_ = np.array(path) - shift
        self.evidence_, self.n_iter_ = float(self.evidence_path_[-1]), len(path) - 1

    def _shape(self, data: Standardized, dtype: Any, single: bool) -> None:
        """Give coefficients and intercepts their shape and type."""
        means = data.design.means
        intercept = data.design.intercept(self.coef_.T, data.y_means).astype(dtype)
        self._center = np.zeros(data.n_features) if means is None else means
        fitted = self.fit_intercept
        self._mean_variance = self.noise_variance_ / data.weight if fitted else 0.0
        self.coef_ = self.coef_.astype(dtype)
        self.intercept_: Any = intercept if fitted else 0.0
        if single:
            self.coef_ = self.coef_[0]
            self.intercept_ = intercept[0] if fitted else 0.0

    @property
    def sigma_(self) -> Any:
        """Posterior covariance of the coefficients, computed when asked for."""
        check_is_fitted(self)
        return self._posterior.covariance

    @property
    def coef_std_(self) -> Any:
        """Posterior standard deviations of the coefficients."""
        check_is_fitted(self)
        return np.sqrt(self._posterior.variance)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict targets, with the standard deviation of new observations.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        return_std : bool, default=False
            Whether to return standard deviations as well.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Posterior means.
        y_std : ndarray of shape (n_samples,)
            Only with `return_std`: the same for all targets.
        """
        return predict_with_std(self, X) if return_std else super().predict(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
