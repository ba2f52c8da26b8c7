"""
Recovery with prior knowledge
=============================

Half of the true features are suspected beforehand and get a small weight. The first
picture shows how many observations the pursuit then needs: fewer than without. The
second shows the price of a wrong suspicion.

The pursuit descends on

.. math:: \\frac{1}{\\sqrt n} \\|y - Xw\\|_2 + \\alpha \\sum_j \\omega_j s_j |w_j|

with weights :math:`\\omega_j` and :math:`s_j` the root mean square of column :math:`j`.
With this loss a good :math:`\\alpha` does not depend on the noise.
"""

# %%
# Suspected features
# ------------------
# Of 10 true features among 500, 5 have weight 0.001 and so come in first. They are not
# forced in: a feature enters only if the objective falls.

import matplotlib.pyplot as plt
import numpy as np

from sparsesci.datasets import make_sparse_problem
from sparsesci.greedy import WeightedOMP


def median_error(n_samples, n_right, n_wrong, n_trials=20):
    """Median relative error with so many true and false features suspected."""
    errors = []
    for seed in range(n_trials):
        X, y, truth = make_sparse_problem(n_samples, 500, 10, snr=60, random_state=seed)
        rng = np.random.default_rng(seed)
        weights = np.ones(500)
        weights[rng.permutation(np.flatnonzero(truth))[:n_right]] = 1e-3
        weights[rng.permutation(np.flatnonzero(truth == 0))[:n_wrong]] = 1e-3
        model = WeightedOMP(0.2, weights=weights, fit_intercept=False).fit(X, y)
        errors.append(np.linalg.norm(model.coef_ - truth) / np.linalg.norm(truth))
    return np.median(errors)


samples = np.arange(20, 101, 8)
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
for n_right, n_wrong, colour, dash in (
    (0, 0, "#0072B2", "-"),
    (5, 0, "#D55E00", "-"),
    (5, 5, "#009E73", "--"),
):
    errors = [median_error(n, n_right, n_wrong) for n in samples]
    label = f"{n_right} true and {n_wrong} false features suspected"
    ax.plot(samples, errors, dash, color=colour, marker="o", label=label)
ax.set_yscale("log")
ax.set_xlabel("Number of observations")
ax.set_ylabel("Median relative error")
ax.set_title("Prior knowledge replaces observations")
ax.legend()
plt.show()

# %%
# Wrong suspicions
# ----------------
# At 36 observations, too few for the plain pursuit, five true features are suspected
# together with more and more false ones. A false one that is taken costs little
# accuracy, since its coefficient is fitted and not forced; with many of them the
# advantage is lost, and more than that.

wrong = np.array([0, 5, 10, 20, 40, 80, 160])
figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
errors = [median_error(36, 5, n_wrong) for n_wrong in wrong]
ax.plot(np.arange(len(wrong)), errors, "o-", color="#D55E00", label="5 true suspected")
plain = median_error(36, 0, 0)
ax.axhline(plain, color="#0072B2", ls="--", label="nothing suspected")
ax.set_xticks(np.arange(len(wrong)), labels=wrong)
ax.set_yscale("log")
ax.set_xlabel("Number of false features suspected")
ax.set_ylabel("Median relative error")
ax.set_title("Some wrong suspicions do little harm")
ax.legend()
plt.show()
