"""
How far from the optimum?
=========================

The picture shows two distances along the iterations of coordinate descent: the true one
of the objective from its minimum, which nobody knows while a solver runs, and the
duality gap, which the solver computes. The gap always lies above: it is a certificate.

For the Lasso objective :math:`P(w) = \\frac{1}{2n} \\|y - Xw\\|^2 + \\alpha \\|w\\|_1`
the dual is

.. math::

    D(\\theta) = y^\\top \\theta - \\frac{n}{2} \\|\\theta\\|^2
    \\quad \\text{where} \\quad \\|X^\\top \\theta\\|_\\infty \\leq \\alpha ,

and :math:`D(\\theta) \\leq \\min P \\leq P(w)` for every :math:`w` and every feasible
:math:`\\theta`. The gap :math:`P(w) - D(\\theta)` therefore bounds the distance from
the minimum, whatever the data.
"""

# %%
# One run, and its minimum
# ------------------------
# ``keep_history=True`` keeps a report for each outer iteration. A second run to a very
# small gap stands in for the exact minimum.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_low_rank_matrix

from sparsesci.penalties import L1
from sparsesci.solvers import coordinate_descent

rng = np.random.default_rng(0)
X = make_low_rank_matrix(150, 1000, effective_rank=60, random_state=0)
X *= np.sqrt(len(X)) / np.linalg.norm(X, axis=0)
coef = np.zeros(1000)
coef[rng.choice(1000, 15, replace=False)] = rng.normal(size=15)
y = X @ coef + 0.3 * rng.normal(size=150)

alpha = 0.02 * np.abs(X.T @ y).max() / len(y)
run = coordinate_descent(X, y, L1(alpha), tol=1e-9, keep_history=True)
best = coordinate_descent(X, y, L1(alpha), tol=1e-13, max_iter=100_000)
lower_bound = best.objective - best.dual_gap

# %%
# The gap stays above the truth
# -----------------------------
# Both are divided by the objective of zero coefficients, as ``tol`` is.

scale = np.mean(y**2) / 2
passes = [report.n_iter for report in run.history]
gaps = np.array([report.dual_gap for report in run.history]) / scale
truths = np.array([report.objective for report in run.history]) - lower_bound
truths = np.maximum(truths / scale, 1e-16)

figure, ax = plt.subplots(layout="constrained")
ax.semilogy(passes, gaps, "o-", ms=4, color="#0072B2", label="duality gap (computed)")
ax.semilogy(
    passes, truths, "s--", ms=4, color="#D55E00", label="true distance (unknown)"
)
ax.axhline(1e-4, color="0.25", ls=":", label="default tol")
ax.set_xlabel("Passes over the working set")
ax.set_ylabel("Distance from the minimum, relative to zero's objective")
ax.set_title("The duality gap never promises too much")
ax.legend()
plt.show()

# %%
# The certificate of an estimator
# -------------------------------
# Estimators keep the last gap as ``dual_gap_``, in the units of ``objective_``: the
# minimum lies between ``objective_ - dual_gap_`` and ``objective_``.

print(f"objective           {run.objective:.10f}")
print(f"minimum is at least {run.objective - run.dual_gap:.10f}")
print(f"status              {run.status} after {run.n_iter} passes")
