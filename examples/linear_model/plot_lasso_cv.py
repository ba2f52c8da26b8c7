"""
The choice of alpha by cross-validation
=======================================

The first picture shows the mean test error over ten folds along alpha, with its
standard error, and the alpha that :class:`~sparsesci.linear_model.LassoCV` chooses. The
second lets the elastic net choose its ``l1_ratio`` as well.
"""

# %%
# Test errors along alpha
# -----------------------
# Of 200 features only ten carry a signal. On the left the penalty is so strong that all
# coefficients are zero; on the right it is so weak that the model follows the noise.
# Thin curves are single folds: they differ far more than the shape of their mean.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_regression
from sklearn.model_selection import KFold

from sparsesci.linear_model import ElasticNetCV, LassoCV
from sparsesci.plotting import CoefficientPathDisplay, CVPathDisplay

X, y, truth = make_regression(
    n_samples=120,
    n_features=200,
    n_informative=10,
    noise=40.0,
    coef=True,
    random_state=0,
)
folds = KFold(10, shuffle=True, random_state=0)
model = LassoCV(cv=folds, eps=1e-2).fit(X, y)
display = CVPathDisplay.from_estimator(model, show_folds=True)
display.ax_.set_title(f"LassoCV chooses alpha = {model.alpha_:.3g}")
plt.show()

# %%
# Cross-validation aims at prediction. It keeps all ten true features here, and others
# beside them:

chosen = model.coef_ != 0
print(f"true features that were selected:  {np.sum(chosen & (truth != 0))} of 10")
print(f"other features that were selected: {np.sum(chosen & (truth == 0))} of 190")

# %%
# The coefficients at the same alphas
# -----------------------------------
# The numbers above the second panel are counted along the path in the first one, where
# the ten largest coefficients are named.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
path = CoefficientPathDisplay.from_estimator(model, X, y, ax=left, n_labels=10)
CVPathDisplay.from_estimator(model, coefs=path.coefs, ax=right)
plt.show()

# %%
# How much L1?
# ------------
# ``l1_ratio`` mixes the L1 norm (1) with the squared L2 norm (towards 0). Each value
# has its own alphas; the pair with the smallest mean error is chosen.

mixed = ElasticNetCV(l1_ratio=[0.3, 0.7, 0.95, 1.0], cv=folds, eps=1e-2).fit(X, y)
display = CVPathDisplay.from_estimator(mixed)
display.ax_.set_title(f"ElasticNetCV chooses l1_ratio = {mixed.l1_ratio_:g}")
plt.show()
