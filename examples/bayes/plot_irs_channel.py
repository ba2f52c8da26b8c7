"""
Channels through a reflecting surface
=====================================

A mobile station reaches a base station by way of an intelligent reflecting surface. Its
channel is to be learned from few pilots: 288 complex numbers for 5832 possible paths, 9
of which exist, in 3 x 3 neighbouring angles. The first picture has the error of the
channel, the second the rate of wrong symbols that follows from it, the third a map of
the angles found.
"""

# %%
# The problem
# -----------
# The generator draws angles and gains of paths, pilots and patterns of the surface. Two
# of its three factors have neighbouring angles in use: there, variances are coupled, so
# that neighbours vanish or stay together.

import warnings

import matplotlib.pyplot as plt
import numpy as np

from sparsesci.bayes import KroneckerSBL, kronecker_omp, oracle_least_squares
from sparsesci.datasets import make_irs_mimo, qpsk_error_rate
from sparsesci.exceptions import ConvergenceWarning
from sparsesci.metrics import nmse
from sparsesci.plotting import SupportMapDisplay

problem = make_irs_mimo(12, random_state=0)
print([factor.shape for factor in problem.factors], problem.y.shape)


def sbl(problem, **options):
    model = KroneckerSBL(problem.factors, noise=problem.noise_variance, **options)
    return model.fit(problem.y).coef_


def oracle(problem):
    support = [np.unique(where) for where in np.nonzero(problem.coef)]
    return oracle_least_squares(problem.factors, problem.y, support).coef


methods = {
    "pursuit": lambda p: kronecker_omp(p.factors, p.y, noise=p.noise_variance).coef,
    "svd": lambda p: sbl(p, mstep="svd"),
    "am": lambda p: sbl(p, mstep="am"),
    "mm": lambda p: sbl(p, mstep="mm"),
    "mm, coupled": lambda p: sbl(p, mstep="mm", coupling=[0.8, 0, 0.8], prune=1e-2),
    "oracle": oracle,
}

# %%
# Errors of channels and of symbols
# ---------------------------------
# Ten channels at each level. Links are set up by the leading singular vectors of the
# estimate, and use symbols of QPSK. Rates below 1e-5 are drawn there. Differences in
# the error of the channel hardly show in the symbols once the phase is right.

levels = [4, 8, 12, 16, 20]
errors = {name: [] for name in methods}
rates = {name: [] for name in methods}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    for snr in levels:
        trials = [make_irs_mimo(snr, random_state=seed) for seed in range(10)]
        for name, method in methods.items():
            pairs = [(p.channels(), p.channels(method(p))) for p in trials]
            errors[name].append(np.mean([nmse(true, found) for true, found in pairs]))
            rates[name].append(
                np.mean([qpsk_error_rate(true, found, snr) for true, found in pairs])
            )

styles = dict(
    zip(
        methods,
        (
            ("#E69F00", "^", "-"),
            ("#0072B2", "o", "-"),
            ("#D55E00", "s", "-"),
            ("#009E73", "D", "-"),
            ("#CC79A7", "v", "-"),
            ("0.25", "x", "--"),
        ),
    )
)
figure, axes = plt.subplots(2, 1, figsize=(8, 8), sharex=True, layout="constrained")
for ax, values, label in (
    (axes[0], errors, "Mean squared relative error"),
    (axes[1], rates, "Rate of wrong symbols"),
):
    for name, (colour, mark, dash) in styles.items():
        y = np.maximum(values[name], 1e-5)
        ax.semilogy(levels, y, dash, color=colour, marker=mark, label=name)
    ax.set_xticks(levels)
    ax.set_ylabel(label)
axes[1].set_xlabel("Signal-to-noise ratio (dB)")
axes[0].set_title("Neighbours that stay together help")
axes[0].legend()
plt.show()

# %%
# Angles
# ------
# Gains by angle at the surface and at the base station, for one channel at 4 dB; rings
# are the true paths. Without coupling, false angles at the surface take the place of
# true ones: six patterns can hardly tell them apart.

problem = make_irs_mimo(4, random_state=3)
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, title, options in (
    (axes[0], "Not coupled", {}),
    (axes[1], "Coupled", {"coupling": [0.8, 0, 0.8], "prune": 1e-2}),
):
    model = KroneckerSBL(
        problem.factors, mstep="mm", noise=problem.noise_variance, **options
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(problem.y)
    SupportMapDisplay.from_estimator(
        model,
        axes=(0, 2),
        coef_true=problem.coef,
        ax=ax,
        labels=("Angle at the surface", "Angle at the base station"),
        colorbar=ax is axes[1],
    )
    true, found = problem.channels(), problem.channels(model.coef_)
    ax.set_title(f"{title}: squared error {nmse(true, found):.3f}")
plt.show()
