"""
Recovery from grossly wrong observations
========================================

A fifth of the observations is off by a hundred. The first picture compares the
coefficients that orthogonal matching pursuit finds, with squares and with absolute
values as its loss: only the latter are the true ones. The second shows how the error
depends on the strength of the penalty, which is also what ends the pursuit.

The pursuit with absolute values descends on

.. math:: \\frac1n \\|y - Xw\\|_1 + \\alpha \\sum_j s_j |w_j|

with :math:`s_j` the root mean square of column :math:`j`.
"""

# %%
# The problem
# -----------
# 150 observations of 10 out of 300 coefficients, with little noise and 30 gross errors.

import matplotlib.pyplot as plt
import numpy as np

from sparsesci.datasets import make_sparse_problem
from sparsesci.greedy import WeightedOMP
from sparsesci.metrics import nmse, support_f1

problem = {"n_samples": 150, "n_features": 300, "n_nonzero": 10, "snr": 60}
X, y, truth = make_sparse_problem(**problem, corruption=0.2, random_state=1)

# %%
# Squares and absolute values
# ---------------------------
# Least squares spread the gross errors over the coefficients: even when it is told to
# take ten, the pursuit takes the wrong ones. The sum of absolute values is least where
# some observations fit exactly, and those are the good ones. This pursuit stops by
# itself.

squares = WeightedOMP(0.0, loss="lasso", max_iter=10, fit_intercept=False).fit(X, y)
absolute = WeightedOMP(0.145, loss="lad_lasso", fit_intercept=False).fit(X, y)

figure, axes = plt.subplots(
    2, 1, figsize=(8, 5), sharex=True, layout="constrained", squeeze=True
)
for ax, model, name in (
    (axes[0], squares, "Squares"),
    (axes[1], absolute, "Absolute values"),
):
    f1 = support_f1(truth, model.coef_)
    taken = np.flatnonzero(model.coef_)
    true = np.flatnonzero(truth)
    ax.axhline(0, color="0.8", lw=0.8)
    ax.plot(true, truth[true], "o", ms=9, mfc="none", color="0.25", label="truth")
    ax.plot(taken, model.coef_[taken], "x", color="#D55E00", label="found")
    ax.set_title(f"{name}: {taken.size} taken, F1 of the support {f1:.2f}")
    ax.set_ylabel("Coefficient")
axes[0].legend()
axes[1].set_xlabel("Feature")
plt.show()

# %%
# The strength of the penalty
# ---------------------------
# Median errors of seven problems. Without gross errors both losses work. The best
# strength for absolute values hardly depends on how many observations are wrong. If it
# is too small, the pursuit goes on to fit the noise; if it is too large, it stops too
# early.

alphas = np.geomspace(0.03, 0.5, 9)
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
options = {"fit_intercept": False, "max_iter": 30}
for loss, colour, name in (
    ("sqrt_lasso", "#0072B2", "squares"),
    ("lad_lasso", "#D55E00", "absolute values"),
):
    for share, dash in ((0.0, ":"), (0.2, "-")):
        drawn = [
            make_sparse_problem(**problem, corruption=share, random_state=seed)
            for seed in range(7)
        ]
        errors = [
            [
                nmse(w, WeightedOMP(a, loss=loss, **options).fit(A, b).coef_)
                for A, b, w in drawn
            ]
            for a in alphas
        ]
        label = f"{name}, {share:.0%} wrong"
        medians = np.sqrt(np.median(errors, axis=1))
        ax.plot(alphas, medians, dash, color=colour, marker="o", ms=4, label=label)
ax.set_xscale("log")
ticks = [0.03, 0.05, 0.1, 0.2, 0.5]
ax.set_xticks(ticks, labels=ticks)
ax.set_xticks([], minor=True)
ax.set_yscale("log")
ax.set_xlabel("alpha, the strength of the penalty (log scale)")
ax.set_ylabel("Median relative error")
ax.set_title("Absolute values bear gross errors at the same alpha")
ax.legend(fontsize="small")
plt.show()
