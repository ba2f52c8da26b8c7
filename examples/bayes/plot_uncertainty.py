"""
Sparse regression with uncertainty
==================================

The first picture shows the largest coefficients of a sparse Bayesian fit with their
intervals, on the expression of 4088 genes of a bacterium and its production of
riboflavin, 71 samples. The second compares predictions on samples that were left out,
with their error bars. Where the data are not at hand, a generated twin of the same size
takes their place: correlated columns, four of them with an effect.

The model and its evidence are those of the guide, :ref:`bayes`.
"""

# %%
# The data
# --------

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sparsesci.bayes import FastSBL, SpikeSlabVB
from sparsesci.plotting import EvidencePathDisplay, PosteriorIntervalDisplay


def load_riboflavin():
    """The data set, from SPARSESCI_DATA or a folder shared/data above; or its twin."""
    places = [Path(os.environ.get("SPARSESCI_DATA", "."))]
    places += [parent / "shared" / "data" for parent in Path.cwd().parents]
    for place in places:
        if (place / "riboflavin.npz").exists():
            with np.load(place / "riboflavin.npz") as archive:
                return archive["X"], archive["y"], "riboflavin"
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((71, 60))
    X = factors @ rng.standard_normal((60, 4088)) / 8 + rng.standard_normal((71, 4088))
    coef = np.zeros(4088)
    coef[rng.permutation(4088)[:4]] = rng.choice([-1.0, 1.0], 4)
    return X, X @ coef + 0.5 * rng.standard_normal(71), "a generated twin"


X, y, name = load_riboflavin()
X = np.asfortranarray(X, dtype=np.float64)
print(f"{name}: {X.shape[0]} samples, {X.shape[1]} columns")

# %%
# Coefficients and intervals
# --------------------------
# With 58 times as many columns as samples, only a handful can be named. The spike and
# slab spreads probability over columns that could replace each other; the interval of
# a column that is more probably out than in holds 0.

models = {"FastSBL": FastSBL().fit(X, y), "SpikeSlabVB": SpikeSlabVB().fit(X, y)}
fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, (title, model) in zip(axes, models.items()):
    PosteriorIntervalDisplay.from_estimator(model, ax=ax, max_features=10)
    ax.set_title(title)
plt.show()

# %%
# The evidence rises with every move
# ----------------------------------

EvidencePathDisplay.from_estimator(models["FastSBL"])
plt.show()

# %%
# Predictions with errors
# -----------------------
# Each sample is predicted by a fit to the samples of the other folds. Nine of ten
# should lie within bars of 1.64 standard deviations; the title says how many do. With
# so few samples it is fewer: the bars do not know that columns were selected.

folds = np.arange(len(y)) % 10
fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharey=True)
for ax, model in zip(axes, (FastSBL(), SpikeSlabVB())):
    mean, std = np.empty(len(y)), np.empty(len(y))
    for fold in range(10):
        out = folds == fold
        fitted = model.fit(X[~out], y[~out])
        mean[out], std[out] = fitted.predict(X[out], return_std=True)
    inside = np.abs(y - mean) <= 1.64 * std
    r2 = 1 - np.sum((y - mean) ** 2) / np.sum((y - y.mean()) ** 2)
    ax.errorbar(y, mean, 1.64 * std, fmt="o", ms=4, lw=0.8, alpha=0.7)
    ax.axline((y.mean(), y.mean()), slope=1, color="0.3", lw=0.8)
    ax.set_title(
        f"{type(model).__name__}: R2 = {r2:.2f}, {100 * inside.mean():.0f} % inside"
    )
    ax.set_xlabel("observed")
axes[0].set_ylabel("predicted, with 90 % bars")
plt.show()
