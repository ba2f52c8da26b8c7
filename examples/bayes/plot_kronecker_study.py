"""
A sparse tensor from few observations
=====================================

Three non-zero entries in each of three sparse vectors; their product, a tensor with 27
non-zero entries of 3375, is observed through a Kronecker dictionary with 1440 rows, in
noise. The first picture shows, as the noise fades, the error of several methods that
know the structure: when they succeed, they come close to an oracle that is told the
support; pursuit fails more often. The second shows how the evidence rises,
the third what has been found, the last how certain it is.
"""

# %%
# The problem
# -----------
# All methods are told the variance of the noise. Learning it makes little difference
# here.

import warnings

import matplotlib.pyplot as plt
import numpy as np

from sparsesci.bayes import (
    KroneckerSBL,
    kronecker_omp,
    kronecker_sbl,
    oracle_least_squares,
)
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.metrics import nmse
from sparsesci.operators import Kronecker
from sparsesci.plotting import EvidencePathDisplay, SupportMapDisplay


def problem(snr, seed):
    rng = np.random.default_rng(seed)
    factors = [rng.standard_normal((m, 15)) for m in (8, 12, 15)]
    parts = np.zeros((3, 15))
    for part in parts:
        part[rng.permutation(15)[:3]] = rng.standard_normal(3)
    truth = np.einsum("i,j,k", *parts)
    clean = Kronecker(*factors) @ truth.ravel()
    noise = np.mean(clean**2) * 10 ** (-snr / 10)
    return factors, clean + np.sqrt(noise) * rng.standard_normal(1440), noise, truth


# %%
# Errors
# ------
# Of 25 problems each, the median of the error, and how often it exceeds a tenth. There
# are three ways to update the variances: by singular vectors of the second moments
# ("svd"), by alternating minimisation ("am"), by a majoriser of the evidence ("mm").
# Pursuit stops at the level of the noise, and is stuck with its early mistakes. All of
# them can end in the wrong place, even without much noise: the problem is not convex.


def errors(snr, seed):
    factors, y, noise, truth = problem(snr, seed)
    found = {
        name: kronecker_sbl(factors, y, mstep=name, noise=noise).coef
        for name in ("svd", "am", "mm")
    }
    found["pursuit"] = kronecker_omp(factors, y, noise=noise).coef
    support = [np.unique(where) for where in np.nonzero(truth)]
    found["oracle"] = oracle_least_squares(factors, y, support).coef
    return {name: nmse(truth.ravel(), coef) for name, coef in found.items()}


levels = [5, 10, 15, 20, 25]
with warnings.catch_warnings():
    # At high noise, 150 iterations are not always enough to reach the tolerance.
    warnings.simplefilter("ignore", ConvergenceWarning)
    study = [[errors(snr, seed) for seed in range(25)] for snr in levels]
figure, (ax, below) = plt.subplots(
    2, 1, figsize=(8, 6.5), sharex=True, height_ratios=(2, 1), layout="constrained"
)
for name, colour, mark in (
    ("pursuit", "#E69F00", "^"),
    ("am", "#D55E00", "s"),
    ("mm", "#009E73", "D"),
    ("svd", "#0072B2", "o"),
    ("oracle", "0.25", "x"),
):
    medians = [np.median([trial[name] for trial in trials]) for trials in study]
    dash = "--" if name == "oracle" else "-"
    ax.semilogy(levels, medians, dash, color=colour, marker=mark, label=name)
    failed = [np.mean([trial[name] > 0.1 for trial in trials]) for trials in study]
    below.plot(levels, failed, dash, color=colour, marker=mark)
ax.set_xticks(levels)
below.set_xlabel("Signal-to-noise ratio (dB)")
below.set_ylabel("Share of failures")
ax.set_ylabel("Median of the squared relative error")
ax.set_title("Close to the oracle, and failing less often than pursuit")
ax.legend()
plt.show()

# %%
# Evidence
# --------
# Without pruning, the evidence never falls with "am" and "mm"; with "svd" it may. "svd"
# takes the fewest iterations. Where runs end on different levels, the evidence is what
# there is to choose by.

factors, y, noise, truth = problem(15, seed=4)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    models = {
        name: KroneckerSBL(factors, mstep=name, noise=noise, prune=0).fit(y)
        for name in ("svd", "am", "mm")
    }
display = EvidencePathDisplay.from_estimators(models)
display.ax_.set_title("How much evidence is missing, by iteration")
plt.show()

# %%
# What was found
# --------------
# Largest magnitudes over the third axis, in decibels below the largest of all; rings
# are the truth.

model = KroneckerSBL(factors, noise=noise).fit(y)
display = SupportMapDisplay.from_estimator(model, axes=(0, 1), coef_true=truth)
display.ax_.set_title(f"Squared relative error {nmse(truth, model.coef_):.1e}")
plt.show()

# %%
# Uncertainty
# -----------
# Draws from the posterior cost as little as its mean. The band holds nine draws in ten
# for the coefficients along one line of the tensor. It takes the learned variances for
# granted, so it knows nothing of a coefficient that should not have been pruned.

row, column, _ = np.unravel_index(abs(model.coef_).argmax(), model.coef_.shape)
draws = model.sample_posterior(500, random_state=0)[:, row, column]
low, high = np.quantile(draws, [0.05, 0.95], axis=0)
figure, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
ax.vlines(np.arange(15), low, high, color="#0072B2", lw=6, alpha=0.5, label="90 %")
ax.plot(np.arange(15), truth[row, column], "o", mfc="none", color="0.25", label="truth")
ax.axhline(0, color="0.8", lw=0.8)
ax.set_xlabel("Index of factor 3")
ax.set_ylabel("Coefficient")
ax.set_title("Posterior intervals along a line of the tensor")
ax.legend()
plt.show()
