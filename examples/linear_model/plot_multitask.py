"""
Features for several targets at once
====================================

The picture shows where the coefficients of 20 targets are non-zero: in truth, by a
Lasso for each target, and by the multi-task Lasso, which selects a feature for all
targets or for none. The second picture is its path: norms of the features' coefficients
over all targets.

The multi-task Lasso minimises :math:`\\frac{1}{2n} \\|Y - XW\\|_F^2 + \\alpha \\sum_j
\\|W_j\\|_2`, where :math:`W_j` holds the coefficients of feature :math:`j`.
"""

# %%
# One selection for all targets
# -----------------------------
# Think of measurements at 20 instants: their few causes are the same at each of them,
# with effects that change over time.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from sparsesci.linear_model import Lasso, LassoCV, MultiTaskLasso, MultiTaskLassoCV
from sparsesci.plotting import CoefficientPathDisplay

rng = np.random.default_rng(0)
n_samples, n_features, n_targets = 80, 40, 20
instants = np.linspace(0, 2 * np.pi, n_targets)
truth = np.zeros((n_targets, n_features))
for feature in range(5):
    truth[:, feature] = np.sin(rng.uniform(0.5, 1.5) * instants + rng.uniform(0, 6))
X = rng.normal(size=(n_samples, n_features))
Y = X @ truth.T + 1.5 * rng.normal(size=(n_samples, n_targets))

# %%
# The strength of the penalty is chosen by the same rule on both sides: the largest
# alpha whose test error is within one standard error of the smallest. The alpha of the
# smallest error predicts best, but keeps more features than needed.


def one_standard_error(search):
    """Return the largest alpha with an error that is nearly the smallest."""
    mean = search.mse_path_.mean(axis=1)
    error = search.mse_path_.std(axis=1, ddof=1) / np.sqrt(search.mse_path_.shape[1])
    best = np.argmin(mean)
    return search.alphas_[mean <= mean[best] + error[best]].max()


separate = np.array(
    [
        Lasso(one_standard_error(LassoCV(alphas=40).fit(X, y))).fit(X, y).coef_
        for y in Y.T
    ]
)
joint = MultiTaskLasso(one_standard_error(MultiTaskLassoCV(alphas=40).fit(X, Y))).fit(
    X, Y
)

# %%
# Rows are targets, columns are features; a dark cell is a non-zero coefficient. Fitted
# one by one, many targets miss a cause. Together they agree on all causes, with a
# smaller error; the price is that a false feature, too, is in for all of them.

figure, axes = plt.subplots(
    3, 1, figsize=(8, 7.5), sharex=True, sharey=True, layout="constrained"
)
panels = {
    "Truth": truth,
    "A Lasso for each target": separate,
    "Multi-task Lasso": joint.coef_,
}
for ax, (title, coef) in zip(axes, panels.items()):
    error = np.linalg.norm(coef - truth) / np.linalg.norm(truth)
    suffix = "" if coef is truth else f" (relative error of coefficients: {error:.2f})"
    ax.imshow(coef != 0, cmap=ListedColormap(["0.95", "#0072B2"]), aspect="auto")
    ax.set_title(title + suffix)
    ax.set_ylabel("Target")
axes[-1].set_xlabel("Feature; the first five are the causes")
plt.show()

# %%
# The path of norms
# -----------------
# The five causes come in first, and long before any other feature.

names = [f"cause {j}" if j < 5 else f"feature {j}" for j in range(n_features)]
display = CoefficientPathDisplay.from_estimator(
    joint, X, Y, feature_names=names, n_labels=5
)
display.ax_.set_title("Multi-task Lasso: one curve for each feature")
plt.show()
