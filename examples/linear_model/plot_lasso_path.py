"""
The path of the Lasso
=====================

The first picture shows the coefficients of the Lasso on the diabetes data while the
penalty weakens from left to right: at first all are zero, then one feature after the
other comes in. The second draws the same path over the L1 norm of the coefficients,
where it is a sequence of straight lines. The third compares with the elastic net.

The Lasso minimises, over the coefficients :math:`w`,

.. math:: \\frac{1}{2 n} \\|y - X w\\|_2^2 + \\alpha \\|w\\|_1 .

"""

# %%
# Coefficients over alpha
# -----------------------
# The data ship with scikit-learn: ten measurements of 442 patients, and the progression
# of their disease. All columns have the same scale, so that the penalty treats them
# alike. Each curve is a feature, named where it ends.

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes

from sparsesci.linear_model import ElasticNet, Lasso
from sparsesci.plotting import CoefficientPathDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True)
display = CoefficientPathDisplay.from_estimator(Lasso(tol=1e-6), X, y, n_labels=10)
display.ax_.set_title("Lasso: the body mass index comes first")
plt.show()

# %%
# The serum measurements s1 to s5 are strongly correlated: once s2 has come in, it takes
# s1 with it in the opposite direction. A single fit cannot show that; a path does.

# %%
# Straight lines
# --------------
# Between two events (a feature comes in or leaves) the solution moves along a straight
# line. The L1 norm as the horizontal axis makes that visible.

display.plot(x_scale="l1_norm", n_labels=10)
display.ax_.set_title("The path of the Lasso is piecewise linear")
plt.show()

# %%
# The elastic net shares
# ----------------------
# With a squared L2 term beside the L1 norm, correlated features share their effect
# instead of excluding each other, and large coefficients shrink.

figure, axes = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True, layout="constrained")
alphas = [10 ** (-k / 20) for k in range(-6, 61)]
for ax, model in zip(axes, (Lasso(), ElasticNet(l1_ratio=0.95))):
    CoefficientPathDisplay.from_estimator(
        model, X, y, alphas=alphas, ax=ax, n_labels=10
    )
    ax.set_title(type(model).__name__)
axes[1].set_title("ElasticNet, l1_ratio = 0.95")
axes[1].set_ylabel("")
plt.show()
