"""
Best subsets of the diabetes data
=================================

The first picture shows the best subsets of the ten measurements and their pairwise
products on the diabetes data, by splicing: which columns are in the best subset of each
size. Subsets of neighbouring sizes need not be nested. The second compares the errors
with those of forward selection and of the Lasso, and shows where an information
criterion stops.

Best-subset regression solves

.. math:: \\min_{w, b} \\|y - X w - b\\|_2^2
          \\quad \\text{subject to} \\quad \\|w\\|_0 \\le k .

"""

# %%
# A path over the size
# --------------------
# 65 columns: measurements, squares and products. Columns and target are centred, which
# takes the place of an intercept.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import SymLogNorm
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sparsesci.greedy import orthogonal_mp, splicing_path
from sparsesci.linear_model import lasso_path

data = load_diabetes(as_frame=True)
products = PolynomialFeatures(degree=2, include_bias=False).set_output(
    transform="pandas"
)
frame = products.fit_transform(data.data)
frame = frame.loc[:, frame.columns != "sex^2"]  # two values: it repeats "sex"
X = StandardScaler().fit_transform(frame)
y = (data.target - data.target.mean()).to_numpy()

path = splicing_path(X, y, max_nonzero_coefs=15, criterion="bic")
used = np.flatnonzero(path.coefs.any(axis=0))
used = used[np.argsort(-(path.coefs[:, used] != 0).sum(axis=0), kind="stable")]
shown = path.coefs[:, used].T
fig, ax = plt.subplots(figsize=(7, 6), layout="constrained")
largest = np.abs(shown).max()
# Colours in proportion up to 5, then to the logarithm: small coefficients show as well.
norm = SymLogNorm(linthresh=5, vmin=-largest, vmax=largest)
picture = ax.imshow(shown, cmap="RdBu_r", norm=norm, aspect="auto")
ax.set_yticks(range(len(used)), frame.columns[used])
ax.axvline(path.best, color="black", linewidth=1, linestyle=":")
ax.set(xlabel="size of the subset", title="Columns come, and some leave again")
fig.colorbar(picture, label="coefficient")
plt.show()

# %%
# Errors and the size
# -------------------
# The best subset lies on or a little below forward selection, far below the Lasso: the
# Lasso shrinks its coefficients. How the error falls says nothing about new data; the
# Bayesian information criterion puts a price on each column, and its minimum is the
# dotted line.

sizes = path.sizes
forward = orthogonal_mp(X, y, n_nonzero_coefs=15, rule="ols", return_path=True)
_, coefs, _ = lasso_path(X, y, alphas=200, eps=1e-2, tol=1e-6)
counts = np.count_nonzero(coefs, axis=0)
n = len(y)


def errors(W):
    """Mean squared errors of the columns of W."""
    return ((y[:, None] - X @ W) ** 2).mean(axis=0)


along_lasso = errors(coefs)
lasso = [along_lasso[counts <= k].min() for k in sizes]
fig, ax = plt.subplots(layout="constrained")
ax.plot(sizes, lasso, "s-", label="Lasso", color="tab:green")
start = errors(np.zeros((X.shape[1], 1)))
ax.plot(sizes, np.r_[start, errors(forward)], "^-", label="forward (OLS)")
ax.plot(sizes, 2 * path.objectives, "o-", label="best subset (splicing)")
ax.axvline(path.best, color="black", linewidth=1, linestyle=":")
ax.set(xlabel="non-zero coefficients", ylabel="mean squared error")
ax.set_title(f"The criterion stops at {sizes[path.best]} columns")
ax.legend()
plt.show()
