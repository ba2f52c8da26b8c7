"""
How many non-zero coefficients each pursuit recovers
====================================================

A sparse vector is to be found from a few noiseless observations :math:`y = Xw`. The
first picture shows, for six methods, how often they succeed as the vector fills up:
each works always up to a point, and soon after that never. The second repeats this with
equal non-zero values, where plain greedy selection has nothing to hold on to. The third
adds the number of observations.
"""

# %%
# The methods
# -----------
# Each is told the true number of non-zero coefficients. A trial succeeds if the
# relative error is below :math:`10^{-4}`; all methods see the same problems. There is
# no intercept in the problems, so none is fitted.

import matplotlib.pyplot as plt

from sparsesci.greedy import (
    BestSubset,
    CoSaMP,
    GeneralizedOMP,
    HardThresholdingPursuit,
    OrthogonalMatchingPursuit,
    SubspacePursuit,
)
from sparsesci.metrics import phase_transition
from sparsesci.plotting import PhaseTransitionDisplay

methods = {
    "OMP": OrthogonalMatchingPursuit(fit_intercept=False),
    "generalised OMP": GeneralizedOMP(fit_intercept=False),
    "CoSaMP": CoSaMP(fit_intercept=False),
    "subspace pursuit": SubspacePursuit(fit_intercept=False),
    "hard thresholding pursuit": HardThresholdingPursuit(fit_intercept=False),
    "best subset": BestSubset(fit_intercept=False),
}
size = {"n_samples": 64, "n_features": 128, "n_trials": 25, "random_state": 0}

# %%
# Normal values
# -------------
# With 25 trials, a rate of one half has a standard error of 0.1. Methods that can take
# back a choice last longer than OMP, which cannot. CoSaMP works with up to three times
# as many columns as there are non-zero coefficients, and breaks down when these exceed
# the observations.

normal = phase_transition(methods, n_nonzero=range(8, 37, 4), **size)
display = PhaseTransitionDisplay.from_results(normal, confidence=False)
display.ax_.set_title("Normal values: methods that revise their choices last longer")
plt.show()

# %%
# Equal values
# ------------
# With normal values the largest coefficients are found first, and what is left is an
# easier problem. With equal values OMP errs early.

equal = phase_transition(methods, n_nonzero=range(4, 26, 3), values="ones", **size)
display = PhaseTransitionDisplay.from_results(equal, confidence=False)
display.ax_.set_title("Equal values: OMP fails first")
plt.show()

# %%
# By number of observations
# -------------------------
# White lines mark a rate of one half; grey cells have fewer observations than
# coefficients. The boundary of subspace pursuit is higher throughout.

few = {name: methods[name] for name in ("OMP", "subspace pursuit")}
PhaseTransitionDisplay.from_estimators(
    few,
    n_samples=range(8, 65, 8),
    n_nonzero=range(2, 33, 3),
    n_features=128,
    n_trials=15,
    random_state=0,
    kind="map",
)
plt.show()
