"""
A penalty for each feature
==========================

The first picture compares the Lasso, which shrinks the true features and keeps many
false ones, with the adaptive Lasso, a weighted Lasso with weights from a first fit. The
second shows the two extreme weights: 0, which never penalises a feature, and infinity,
which excludes it.

The weighted Lasso minimises :math:`\\frac{1}{2n} \\|y - Xw\\|^2 + \\alpha \\sum_j
\\omega_j |w_j|`.
"""

# %%
# The adaptive Lasso
# ------------------
# A feature with a large coefficient in a first fit is penalised less in the second, and
# one with a small coefficient more: :math:`\omega_j = 1 / (|w_j| + \epsilon)`.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, make_regression

from sparsesci.linear_model import LassoCV, WeightedLasso, WeightedLassoCV
from sparsesci.plotting import CoefficientPathDisplay

X, y, truth = make_regression(
    n_samples=100,
    n_features=200,
    n_informative=8,
    noise=20.0,
    coef=True,
    random_state=0,
)
first = LassoCV(cv=5).fit(X, y)
weights = 1 / (np.abs(first.coef_) + 1e-2 * np.abs(first.coef_).max())
weights /= weights.min()
second = WeightedLassoCV(weights=weights, cv=5).fit(X, y)

# %%
# The picture shows the true features, the largest first, and the others that one of the
# two selects; coefficients that are zero are not drawn. The second fit shrinks the true
# ones less, and most of the others are gone.

shown = np.flatnonzero((truth != 0) | (first.coef_ != 0) | (second.coef_ != 0))
shown = shown[np.lexsort((-np.abs(first.coef_[shown]), -np.abs(truth[shown])))]
at = np.arange(len(shown))
n_true = np.count_nonzero(truth)
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
ax.bar(at, truth[shown], color="0.85", width=0.9, label="truth")
for model, name, marker, colour in (
    (first, "Lasso", "o", "#0072B2"),
    (second, "adaptive Lasso", "x", "#D55E00"),
):
    n_false = np.count_nonzero(model.coef_[truth == 0])
    label = f"{name}: {n_false} false features"
    kept = model.coef_[shown] != 0
    ax.plot(at[kept], model.coef_[shown][kept], marker, color=colour, label=label)
ax.axvline(n_true - 0.5, color="0.25", ls=":")
ax.set_xticks([])
ax.set_xlabel(f"{n_true} true features, and {len(shown) - n_true} of the 192 others")
ax.set_ylabel("Coefficient")
ax.set_title("Weights from a first fit remove most of the false features")
ax.legend()
plt.show()

# %%
# Weight zero and weight infinity
# -------------------------------
# On the diabetes data, we know that age and sex belong in the model, and we do not want
# the measurement s1: weights 0 and infinity say so. From the strongest penalty on, age
# and sex are there; s1 stays at zero throughout.

X, y = load_diabetes(return_X_y=True, as_frame=True)
weights = np.ones(X.shape[1])
weights[X.columns.get_indexer(["age", "sex"])] = 0.0
weights[X.columns.get_loc("s1")] = np.inf

figure, (left, right) = plt.subplots(
    1, 2, figsize=(11, 4.5), sharey=True, layout="constrained"
)
for ax, model in (left, WeightedLasso()), (right, WeightedLasso(weights=weights)):
    CoefficientPathDisplay.from_estimator(model, X, y, ax=ax, n_labels=10)
left.set_title("All weights 1: the Lasso")
right.set_title("Weight 0 for age and sex, infinity for s1")
right.set_ylabel("")
plt.show()
