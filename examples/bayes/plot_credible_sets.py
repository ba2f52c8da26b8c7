"""
Columns that cannot be told apart
=================================

The first picture shows inclusion probabilities of two methods on 500 columns in blocks
of strongly correlated neighbours, three of which have an effect. The spike and slab
picks one column of a block and is sure of it, sometimes the wrong one. SuSiE names all
that could be it: its credible sets are coloured. The second counts, over 40 problems,
how often the answers hold the truth.
"""

# %%
# Blocks of neighbours
# --------------------
# Within a block, columns a step apart have correlation 0.98.

import matplotlib.pyplot as plt
import numpy as np

from sparsesci.bayes import FastSBL, SpikeSlabVB, SuSiE
from sparsesci.plotting import CredibleSetDisplay


def make_blocks(seed, n=300, p=500, size=25):
    """Data with three effects, and where these are."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    for j in range(p):
        if j % size:
            X[:, j] = 0.98 * X[:, j - 1] + np.sqrt(1 - 0.98**2) * X[:, j]
    true = 25 * rng.permutation(p // size)[:3] + rng.integers(0, size, 3)
    return X, X[:, true] @ [0.6, -0.5, 0.4] + rng.standard_normal(n), np.sort(true)


X, y, true = make_blocks(0)
susie = SuSiE().fit(X, y)
fig, axes = plt.subplots(2, 1, figsize=(8, 5.5), sharex=True, layout="constrained")
CredibleSetDisplay.from_estimator(susie, ax=axes[0])
CredibleSetDisplay.from_estimator(
    SpikeSlabVB().fit(X, y), ax=axes[1], point_kw={"color": "0.35"}
)
for ax, title in zip(axes, ("SuSiE", "SpikeSlabVB")):
    for place in true:
        ax.axvline(place, color="0.7", lw=0.8, ls=":", zorder=0)
    ax.set_title(f"{title} (dotted: the truth)")
axes[0].set_xlabel("")
plt.show()
for found, pure in zip(susie.credible_sets_, susie.purity_):
    print(f"set {found.tolist()}: smallest correlation {pure:.2f}")

# %%
# How often it is right
# ---------------------
# A credible set of 95 % should hold an effect 95 times in 100. Methods that name single
# columns are wrong much more often here, and cannot know it.

hits = {"SuSiE, sets": [], "SpikeSlabVB": [], "FastSBL": []}
sizes = []
for seed in range(40):
    X, y, true = make_blocks(seed)
    sets = SuSiE().fit(X, y).credible_sets_
    sizes += [len(found) for found in sets]
    hits["SuSiE, sets"] += [bool(np.isin(true, found).any()) for found in sets]
    named = np.flatnonzero(SpikeSlabVB().fit(X, y).pip_ > 0.5)
    hits["SpikeSlabVB"] += np.isin(named, true).tolist()
    hits["FastSBL"] += np.isin(FastSBL().fit(X, y).active_, true).tolist()

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
shares = [np.mean(found) for found in hits.values()]
bars = ax.barh(list(hits), shares, color=["#0072B2", "#D55E00", "#009E73"])
labels = [f"{100 * s:.0f} % of {len(h)}" for s, h in zip(shares, hits.values())]
ax.bar_label(bars, labels, padding=4)
ax.axvline(0.95, color="0.3", lw=0.8, ls=":")
ax.invert_yaxis()
ax.set(xlim=(0, 1.35), xlabel="share of answers that hold a true effect")
ax.set_title(f"Sets of {np.median(sizes):.0f} columns, in the median")
plt.show()
