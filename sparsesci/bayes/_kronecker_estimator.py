"""Sparse Bayesian learning with a Kronecker prior, as an estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sparsesci.bayes._kronecker import make_result
from sparsesci.bayes._kronecker_fit import Fit, check_options
from sparsesci.bayes._kronecker_inputs import check_factors, check_observations
from sparsesci.operators import Kronecker
from sparsesci.solvers._coordinate_descent import check_control
from sparsesci.utils.validation import check_integer, check_real


class KroneckerSBL(BaseEstimator):
    """Sparse Bayesian learning with a Kronecker dictionary and a Kronecker prior.

    Observations are ``y = (H_1 x ... x H_K) w + e``, real or complex, with noise e of
    variance `noise` and coefficients that are normal with the variances
    ``g_1 x ... x g_K``. These maximise the evidence of y; most tend to zero. All is
    done on the factors: nothing of the size of the product is formed. See
    :func:`kronecker_sbl` for the objective.

    The dictionary is known beforehand and observations come in whole, so that `fit`
    takes observations only.

    Parameters
    ----------
    factors : sequence of K array-like of shape (m_k, n_k), or Kronecker
        Factors of the dictionary, the slowest index first.
    mstep : {"svd", "am", "mm"}, default="svd"
        How the variances are updated: see :func:`kronecker_sbl`. "svd" is the fastest;
        with "am" and "mm" the evidence never falls, but for pruning.
    noise : "learn" or float, default="learn"
        Variance of the noise.
    coupling : float or sequence of K floats, default=None
        Coupling of the variances of neighbours, in [0, 1], for "mm" and "am".
    prune : float or sequence of K floats, default=3e-4
        Entries of a factor of the variances below this share of its largest are
        removed.
    support_tol : float, default=1e-3
        Coefficients larger than this share of the largest are in `support_`.
    max_iter : int, default=150
        Largest number of iterations.
    tol : float, default=1e-4
        Relative change of the variances at which to stop.
    verbose : int or bool, default=0
        Log a line for each iteration, to the logger "sparsesci".

    Attributes
    ----------
    coef_ : ndarray of shape (n_1, ..., n_K) or (n_1, ..., n_K, n_snapshots)
        Posterior mean of the coefficients.
    flat_coef_ : ndarray of shape (n_1 ... n_K,) or (n_1 ... n_K, n_snapshots)
        The same, in C order: what `dictionary_` multiplies.
    posterior_variance_ : ndarray of shape (n_1, ..., n_K)
        Posterior variances, computed when first asked for; 0 where pruned.
    gammas_ : list of K ndarrays of shape (n_k,)
        Factors of the prior variances, 0 where pruned. The last has their scale.
    noise_variance_ : float
        Variance of the noise, given or learned.
    evidence_ : float
        Log-evidence, in nats.
    evidence_path_ : ndarray of shape (n_iterations + 1,)
        Log-evidence before each iteration and at the end.
    support_ : tuple of K ndarrays
        Places of the coefficients that are not small: ``coef_[support_]``.
    dictionary_ : Kronecker
        The dictionary.
    n_iter_ : int
        Number of iterations.

    See Also
    --------
    kronecker_sbl : The same as a function.
    kronecker_omp : Pursuit with the same structure.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import KroneckerSBL
    >>> rng = np.random.default_rng(0)
    >>> factors = rng.standard_normal((3, 6, 10))
    >>> truth = np.zeros((10, 10, 10))
    >>> truth[np.ix_([1, 4], [2, 8], [5])] = [[[1.0], [2.0]], [[-1.0], [-2.0]]]
    >>> model = KroneckerSBL(factors)
    >>> y = np.einsum("ai,bj,ck,ijk", *factors, truth).ravel()
    >>> model = model.fit(y + 0.01 * rng.standard_normal(216))
    >>> np.transpose(model.support_).tolist()
    [[1, 2, 5], [1, 8, 5], [4, 2, 5], [4, 8, 5]]
    >>> bool(abs(model.coef_ - truth).max() < 0.01)
    True
    """

    def __init__(
        self,
        factors,
        *,
        mstep="svd",
        noise="learn",
        coupling=None,
        prune=3e-4,
        support_tol=1e-3,
        max_iter=150,
        tol=1e-4,
        verbose=0,
    ):
        self.factors = factors
        self.mstep = mstep
        self.noise = noise
        self.coupling = coupling
        self.prune = prune
        self.support_tol = support_tol
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose

    def fit(self, y: Any) -> Any:
        """Learn the variances, and with them the coefficients.

        Parameters
        ----------
        y : array-like of shape (m_1 ... m_K,) or (m_1 ... m_K, n_snapshots)
            One observation, or several that share the variances.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        factors = check_factors(self.factors)
        Y, single = check_observations(y, factors)
        options = check_options(
            len(factors), self.mstep, self.noise, self.coupling, self.prune
        )
        support_tol = check_real("support_tol", self.support_tol, low=0, high=1)
        control = check_control(self.tol, self.max_iter, verbose=self.verbose)
        fit = Fit(factors, Y, options)
        posterior = fit.run(control)
        fit.warn(control)
        result = make_result(fit, posterior, control, single)
        self._fit, self._posterior, self._single = fit, posterior, single
        self.dictionary_ = Kronecker(*factors)
        shape = self.dictionary_.column_shape
        self.coef_ = result.coef.reshape(shape if single else (*shape, len(Y)))
        sizes = np.abs(self.coef_) if single else np.linalg.norm(self.coef_, axis=-1)
        self.support_ = np.nonzero(sizes > support_tol * sizes.max())
        self.gammas_ = result.gammas
        self.noise_variance_ = result.noise_variance
        self.evidence_path_ = result.evidence_path
        self.evidence_ = float(result.evidence_path[-1])
        self.n_iter_ = result.n_iter
        return self

    @property
    def flat_coef_(self) -> Any:
        """Coefficients in C order."""
        check_is_fitted(self)
        size = self.dictionary_.shape[1]
        return self.coef_.reshape(size if self._single else (size, -1))

    @property
    def posterior_variance_(self) -> Any:
        """Posterior variances of the coefficients."""
        check_is_fitted(self)
        return self._fit.scale**2 * self._fit.full(self._posterior.variance[None])[0]

    def sample_posterior(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Draw coefficients from their posterior.

        Parameters
        ----------
        n_samples : int, default=1
            Number of draws.
        random_state : int, RandomState instance or None, default=None
            Source of randomness.

        Returns
        -------
        samples : ndarray of shape (n_samples, n_1, ..., n_K) or \
                (n_samples, n_1, ..., n_K, n_snapshots)
            Independent draws; complex ones are circular. Each costs as much as the
            posterior mean.
        """
        check_is_fitted(self)
        n_samples = check_integer("n_samples", n_samples)
        rng = check_random_state(random_state)
        fit, posterior = self._fit, self._posterior
        shape = (n_samples * len(fit.Y), *posterior.mean.shape[1:])
        noise = rng.standard_normal(shape)
        if fit.complex_valued:
            noise = (noise + 1j * rng.standard_normal(shape)) / np.sqrt(2)
        draws = fit.scale * fit.full(posterior.sample(noise))
        draws = draws.reshape(n_samples, len(fit.Y), *draws.shape[1:])
        out = self._fit.scale * fit.full(posterior.mean) + draws
        return out[:, 0] if self._single else np.moveaxis(out, 1, -1)
