"""Problems, and formulas that share nothing with the library."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal


def orthogonal(rng, n, p):
    """Columns of norm 1, orthogonal to each other."""
    return np.linalg.qr(rng.standard_normal((n, p)))[0]


def regression(rng, n, p, *, n_nonzero=4, noise=0.5, mix=0.4):
    """Correlated columns away from zero, few of which have an effect."""
    X = rng.standard_normal((n, p)) + mix * rng.standard_normal((n, 1)) + 0.3
    coef = np.zeros(p)
    where = rng.permutation(p)[:n_nonzero]
    coef[where] = rng.choice([-1, 1], n_nonzero) * rng.uniform(0.7, 2.0, n_nonzero)
    return X, X @ coef + 1.0 + noise * rng.standard_normal(n), coef


def log_evidence(X, y, gammas, noise, *, intercept):
    """Log density of y, or of its contrasts, those orthogonal to a constant."""
    cov = noise * np.eye(len(y)) + (X * gammas) @ X.T
    if intercept:
        ones = np.ones((len(y), 1))
        basis = np.linalg.qr(np.c_[ones, np.eye(len(y))[:, 1:]])[0][:, 1:]
        y, cov = basis.T @ y, basis.T @ cov @ basis
    return multivariate_normal(np.zeros(len(y)), cov).logpdf(y)


def response_of_the_mean(make, X, y, noise):
    """How the mean of a fit moves with a change t of X'y / noise, by differences."""
    step = 1e-3 * np.linalg.pinv(X).T * noise
    up, down = (
        np.array([make().fit(X, y + sign * s).coef_ for s in step.T])
        for sign in (1, -1)
    )
    return (up - down) / 2e-3


def enumerate_models(X, y, noise, slab, inclusion):
    """Exact spike and slab, with an intercept: PIPs, mean and log evidence.

    The slab is that of columns of norm 1, in units of the noise.
    """
    X, y = X - X.mean(axis=0), y - y.mean()
    p, scale = X.shape[1], np.linalg.norm(X, axis=0)
    values, means, sets = [], [], np.array(list(product([False, True], repeat=p)))
    for inside in sets:
        Z = X[:, inside] / scale[inside]
        precision = Z.T @ Z + np.eye(Z.shape[1]) / slab
        mean = np.linalg.solve(precision, Z.T @ y)
        logdet = np.linalg.slogdet(slab * precision)[1]
        fit = (y @ y - y @ Z @ mean) / noise + (len(y) - 1) * np.log(2 * np.pi * noise)
        k = inside.sum()
        prior = k * np.log(inclusion) + (p - k) * np.log1p(-inclusion)
        values.append(prior - 0.5 * (logdet + fit))
        coef = np.zeros(p)
        coef[inside] = mean / scale[inside]
        means.append(coef)
    weights = np.exp(values - logsumexp(values))
    return weights @ sets, weights @ np.array(means), logsumexp(values)
