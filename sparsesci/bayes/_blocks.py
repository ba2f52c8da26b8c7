"""Sparse Bayesian learning of blocks and of neighbouring coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, toeplitz

from sparsesci.bayes._base import (
    Solution,
    UnweightedBayesianRegressor,
    warn_of_collapse,
    warn_unconverged,
)
from sparsesci.bayes._batch import BatchSBL, check_batch_options
from sparsesci.bayes._data import Standardized
from sparsesci.bayes._engine import (
    Compressed,
    Moments,
    compress,
    coupled_variances,
    default_noise,
    noise_step,
)
from sparsesci.bayes._posterior import Posterior
from sparsesci.utils.validation import check_choice, check_flag, check_real

Array = NDArray[Any]

_LARGEST_CORRELATION = 0.99


def check_groups(groups: Any, n_features: int) -> list[Array]:
    """Return groups as lists of columns, which partition all of them."""
    if groups is None:
        return [np.array([j]) for j in range(n_features)]
    if isinstance(groups, (int, np.integer)) and not isinstance(groups, bool):
        if groups < 1 or n_features % groups:
            raise ValueError(
                f"groups as a size must divide n_features = {n_features}, got {groups}."
            )
        return list(np.arange(n_features).reshape(-1, groups))
    try:
        lists = [np.asarray(group).ravel() for group in groups]
        whole = all(group.dtype.kind in "iu" and group.size for group in lists)
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise TypeError(
            "groups must be None, a size, or a list of non-empty lists of columns, got "
            f"{groups!r}."
        )
    listed = np.concatenate(lists) if lists else np.zeros(0, int)
    if not np.array_equal(np.sort(listed), np.arange(n_features)):
        raise ValueError(
            f"groups must hold each of the columns 0 to {n_features - 1} exactly once: "
            "they do not partition the features."
        )
    return lists


class BlockModel:
    """``x_i ~ N(0, gamma_i B_i)`` for the blocks i, with B_i Toeplitz of r^|a - b|."""

    def __init__(
        self,
        data: Compressed,
        blocks: list[Array],
        noise: float,
        learn: bool,
        prune: float,
        correlated: bool,
    ) -> None:
        self.data, self.blocks, self.noise, self.learn = data, blocks, noise, learn
        self.prune, self.correlated, self.r = prune, correlated, 0.0
        total = sum(block.size for block in blocks)
        self.gamma = np.full(len(blocks), 1 / max(total, 1))

    def refresh(self) -> Moments:
        """Moments of whitened coefficients: x_i = gamma_i^(1/2) B_i^(1/2) u_i."""
        self.roots = [self._root(block.size) for block in self.blocks]
        self.columns = np.concatenate([*self.blocks, np.zeros(0, int)]).astype(int)
        parts = [self.data.Z[:, b] @ R for b, R in zip(self.blocks, self.roots)]
        Z = np.hstack(parts) if parts else self.data.Z[:, :0]
        sizes = [block.size for block in self.blocks]
        self.starts = np.r_[0, np.cumsum(sizes)].astype(int)
        self.moments = Moments(self.data, Z, np.repeat(self.gamma, sizes), self.noise)
        return self.moments

    def _root(self, size: int) -> Array:
        """A root of B: B = R R'."""
        return cholesky(toeplitz(self.r ** np.arange(size)), lower=True)

    def step(self, rule: str) -> float:
        """One update of everything; return the relative change."""
        moments, before = self.moments, self.gamma
        sizes = np.diff(self.starts)
        squares = np.add.reduceat(moments.squares, self.starts[:-1])
        shares = np.add.reduceat(moments.shares, self.starts[:-1])
        if rule == "em":
            self.gamma = squares / sizes + before * np.maximum(1 - shares / sizes, 0.0)
        else:
            tiny = np.finfo(float).tiny
            self.gamma = np.sqrt(before * squares / np.maximum(shares, tiny))
        largest = max(self.gamma.max(initial=0.0), np.finfo(float).tiny)
        change = float(np.abs(self.gamma - before).max(initial=0.0) / largest)
        if self.correlated:
            r = self._correlation(before)
            change, self.r = max(change, abs(r - self.r)), r
        if self.learn:
            noise = noise_step(moments, "em" if rule == "em" else "mm")
            change = max(change, abs(noise / self.noise - 1))
            self.noise = noise
        kept = self.gamma > max(self.prune * largest, np.finfo(float).tiny)
        self.blocks = [block for block, k in zip(self.blocks, kept) if k]
        self.gamma = self.gamma[kept]
        return change

    def _correlation(self, gamma: Array) -> float:
        """Ratio of the mean first off-diagonal and diagonal of the second moments."""
        posterior = self.moments.posterior(np.arange(self.starts[-1]), self.starts[-1])
        near, own, n_near, n_own = 0.0, 0.0, 0, 0
        for i, root in enumerate(self.roots):
            part = slice(self.starts[i], self.starts[i + 1])
            u, F = self.moments.mean[part], posterior.factor[part]
            second = np.diag(posterior.diagonal[part]) + posterior.sign * (F @ F.T)
            second += u @ u.T
            second = root @ (second / gamma[i]) @ root.T
            own, n_own = own + np.trace(second), n_own + len(second)
            near, n_near = near + np.trace(second, 1), n_near + len(second) - 1
        if n_near == 0 or own <= 0:
            return 0.0
        r = (near / n_near) / (own / n_own)
        return float(np.clip(r, -_LARGEST_CORRELATION, _LARGEST_CORRELATION))

    def run(self, rule: str, tol: float, max_iter: int) -> tuple[list[float], float]:
        """Update until nothing changes; return the evidence before each step."""
        path, change = [self.refresh().evidence], np.inf
        for _ in range(max_iter):
            change = self.step(rule)
            path.append(self.refresh().evidence)
            if change <= tol or not self.blocks:
                break
        return path, change if self.blocks else 0.0

    def unwhiten(self, p: int) -> tuple[Array, Posterior]:
        """Mean and covariance of the coefficients."""
        coef, moments = np.zeros(p), self.moments
        inner = moments.posterior(self.columns, p)
        factor, root = np.zeros_like(inner.factor), np.zeros((len(self.columns),) * 2)
        for i, R in enumerate(self.roots):
            part = slice(self.starts[i], self.starts[i + 1])
            coef[self.blocks[i]] = R @ moments.mean[part, 0]
            factor[part] = R @ inner.factor[part]
            root[part, part] = R
        if inner.sign > 0:
            return coef, Posterior(p, self.columns, inner.diagonal, factor)
        # diag(g) - F F' becomes R (diag(g) - F F') R', one factor.
        middle = np.diag(inner.diagonal) - inner.factor @ inner.factor.T
        values, vectors = np.linalg.eigh(middle)
        half = root @ (vectors * np.sqrt(np.maximum(values, 0.0)))
        return coef, Posterior(p, self.columns, np.zeros(len(self.columns)), half)


class BlockSBL(UnweightedBayesianRegressor):
    r"""Sparse Bayesian learning of blocks of coefficients: BSBL.

    The model is, for blocks of columns X_i ::

        y = b + sum_i X_i beta_i + noise,   noise ~ N(0, sigma^2),
        beta_i ~ N(0, gamma_i B),           B_ab = r^|a - b|

    for columns of norm 1, with a flat prior on the intercept b. A block is in or out as
    a whole; within it, neighbours have correlation r, the same for all blocks. gamma
    and, where it is learned, sigma^2 maximise the evidence for the present r.

    Parameters
    ----------
    groups : int or list of array-like of int, default=None
        Blocks: their common size, if neighbouring columns form them, or the columns of
        each block, in an order in which neighbours are alike. They must partition the
        columns. None makes each column its own block.
    update : {"bo", "em"}, default="bo"
        Rule of update: bound optimisation, or expectation-maximisation, the slower one.
    learn_correlation : bool, default=True
        Whether to estimate r, at each update from the second moments; else it is 0.
        The estimate is no maximum of the evidence: with it, the evidence may fall.
    noise_variance : "auto", "learn" or float, default="auto"
        Variance of the noise, in squared units of y. "auto" learns it where there are
        fewer columns than samples, and else takes the estimate of :class:`FastSBL`; see
        :class:`SBLRegressor`. "learn" maximises the evidence over it in any case: with
        more columns than samples it mostly collapses, and a warning says where it did.
    prune : float, default=1e-6
        Blocks whose variance is at most this part of the largest are left out.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    tol : float, default=1e-4
        Stop when no variance changes by more than this part of the largest one, r by no
        more than this, and the noise by no more than this part of itself.
    max_iter : int, default=1000
        Largest number of updates.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    noise_variance_ : float
        Variance of the noise.
    block_variances_ : ndarray of shape (n_blocks,)
        gamma for columns of norm 1, in squared units of y.
    correlation_ : float
        r.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    evidence_ : float
        Log evidence.
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
    PatternCoupledSBL : Clusters whose borders are unknown.

    Notes
    -----
    Multiplying y or a column of X by a positive number multiplies results accordingly;
    a negative one changes what r means.

    References
    ----------
    .. [1] Z. Zhang and B. D. Rao (2013). Extension of SBL algorithms for the recovery
       of block sparse signals with intra-block correlation. IEEE Transactions on Signal
       Processing, 61(8), 2009-2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import BlockSBL
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((40, 60))
    >>> y = X[:, 12:16] @ [1.0, 1.2, 1.1, 0.9] + 0.1 * rng.standard_normal(40)
    >>> model = BlockSBL(4).fit(X, y)
    >>> np.flatnonzero(model.block_variances_ > 1e-3 * model.block_variances_.max())
    array([3])
    """

    def __init__(
        self,
        groups=None,
        *,
        update="bo",
        learn_correlation=True,
        noise_variance="auto",
        prune=1e-6,
        fit_intercept=True,
        tol=1e-4,
        max_iter=1000,
    ):
        self.groups = groups
        self.update = update
        self.learn_correlation = learn_correlation
        self.noise_variance = noise_variance
        self.prune = prune
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_choice("update", self.update, ("bo", "em"))
        check_flag("learn_correlation", self.learn_correlation)
        check_batch_options(self)

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        X, y = super()._checked(X, y)
        check_groups(self.groups, X.shape[1])
        return X, y

    def _solve(self, data: Standardized) -> Solution:
        p, varies = data.n_features, data.norms > 0
        groups = check_groups(self.groups, p)
        blocks = [group[varies[group]] for group in groups]
        used = [i for i, block in enumerate(blocks) if block.size]
        noise, learn = default_noise(data, self.noise_variance)
        start = [blocks[i] for i in used]
        model = BlockModel(
            compress(data), start, noise, learn, self.prune, self.learn_correlation
        )
        path, change = model.run(self.update, self.tol, self.max_iter)
        if change > self.tol:
            warn_unconverged("BlockSBL", len(path) - 1, change, self.tol)
        if learn:
            shares = float(model.moments.shares.sum())
            warn_of_collapse(model.noise, data.dof, shares)
        coef, posterior = model.unwhiten(p)
        variances = np.zeros(len(groups))
        place = {int(block[0]): i for i, block in enumerate(blocks) if block.size}
        for block, gamma in zip(model.blocks, model.gamma):
            variances[place[int(block[0])]] = gamma
        return Solution(
            coef,
            posterior,
            model.noise,
            path[-1],
            path,
            len(path) - 1,
            extra={
                "block_variances_": variances * data.y_norms[0] ** 2,
                "correlation_": model.r,
            },
        )


class PatternCoupled(BatchSBL):
    """Precisions of neighbours are coupled: those that are left keep their places."""

    coupling = 0.0
    rate = 1e-8

    def step(self, rule: str) -> float:
        """One update; return the relative change."""
        moments, p = self.moments, self.data.Z.shape[1]
        squares = np.zeros(p)
        leftover = self.gamma * np.maximum(1 - moments.shares, 0.0)
        squares[self.columns] = moments.squares + leftover
        gamma = coupled_variances(squares, self.coupling, self.rate)[self.columns]
        change = np.abs(gamma - self.gamma).max(initial=0.0) / gamma.max(initial=1e-300)
        self.gamma = gamma
        if self.learn:
            noise = noise_step(moments, "em")
            change = max(change, abs(noise / self.noise - 1))
            self.noise = noise
        return self._prune(float(change))


class PatternCoupledSBL(UnweightedBayesianRegressor):
    r"""Sparse Bayesian learning of clusters of coefficients with unknown borders.

    The model is ::

        y = b + X beta + noise,   noise ~ N(0, sigma^2),
        beta_j ~ N(0, 1 / (alpha_j + coupling (alpha_{j-1} + alpha_{j+1})))

    for columns of norm 1 in their order, with a flat prior on the intercept b and a
    nearly flat Gamma prior on the hyperparameters alpha. A column whose neighbours are
    out tends to be out as well. The update of alpha is a heuristic one [1]_: nothing is
    claimed to be monotone.

    Parameters
    ----------
    coupling : float, default=0.5
        Strength of the coupling, in [0, 1]; 0 makes columns independent.
    noise_variance : "auto", "learn" or float, default="learn"
        Variance of the noise, in squared units of y. "learn" maximises the evidence
        over it as well: what holds coefficients together keeps it from collapsing, and
        a warning says where it did. "auto" is explained in :class:`SBLRegressor`.
    prune : float, default=1e-4
        Columns whose variance, for norm 1, is at most this part of the largest are left
        out.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    tol : float, default=1e-3
        Stop when no variance changes by more than this part of the largest one, and the
        noise by no more than this part of itself.
    max_iter : int, default=2000
        Largest number of updates.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Posterior mean of the coefficients.
    intercept_ : float
        Intercept.
    noise_variance_ : float
        Variance of the noise.
    gammas_ : ndarray of shape (n_features,)
        Prior variances of the coefficients, with all couplings.
    sigma_ : ndarray of shape (n_features, n_features)
        Posterior covariance, computed when asked for.
    coef_std_ : ndarray of shape (n_features,)
        Posterior standard deviations.
    evidence_ : float
        Log evidence of the variances.
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
    BlockSBL : Blocks that are known.

    Notes
    -----
    Multiplying y or a column of X by a number multiplies results accordingly.

    References
    ----------
    .. [1] J. Fang, Y. Shen, H. Li and P. Wang (2015). Pattern-coupled sparse Bayesian
       learning for recovery of block-sparse signals. IEEE Transactions on Signal
       Processing, 63(2), 360-372.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import PatternCoupledSBL
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((40, 60))
    >>> y = X[:, 10:16] @ np.ones(6) + 0.1 * rng.standard_normal(40)
    >>> model = PatternCoupledSBL().fit(X, y)
    >>> np.flatnonzero(np.abs(model.coef_) > 0.5)
    array([10, 11, 12, 13, 14, 15])
    """

    def __init__(
        self,
        coupling=0.5,
        *,
        noise_variance="learn",
        prune=1e-4,
        fit_intercept=True,
        tol=1e-3,
        max_iter=2000,
    ):
        self.coupling = coupling
        self.noise_variance = noise_variance
        self.prune = prune
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _check_options(self) -> None:
        check_real("coupling", self.coupling, 0, 1)
        check_batch_options(self)

    def _solve(self, data: Standardized) -> Solution:
        p = data.n_features
        noise, learn = default_noise(data, self.noise_variance)
        model = PatternCoupled(compress(data), data.norms > 0, noise, learn, self.prune)
        model.coupling = self.coupling
        path, change = model.run("em", self.tol, self.max_iter)
        if change > self.tol:
            warn_unconverged("PatternCoupledSBL", len(path) - 1, change, self.tol)
        moments = model.moments
        if learn:
            warn_of_collapse(model.noise, data.dof, float(moments.shares.sum()))
        coef, gammas = np.zeros(p), np.zeros(p)
        coef[model.columns] = moments.mean[:, 0]
        gammas[model.columns] = model.gamma
        scales = data.y_norms[0] * data.inverse_norms
        return Solution(
            coef,
            moments.posterior(model.columns, p),
            model.noise,
            path[-1],
            path,
            len(path) - 1,
            extra={"gammas_": gammas * scales**2},
        )
