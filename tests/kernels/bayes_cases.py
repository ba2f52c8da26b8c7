"""Calls of the kernels of sparse Bayesian learning, for the tests of the contract."""

from __future__ import annotations

import numpy as np

P, CAPACITY = 4, 3


def bayes_calls(X):
    """Valid arguments, by the names of the kernels; X has P columns and 6 rows."""
    gram = np.zeros((CAPACITY, P))
    gram[0, 1] = 1.0
    return {
        "evidence_burst": {
            "gram": gram,
            "active": np.array([1, 0, 0]),
            "slots": np.array([-1, 0, -1, -1]),
            **{"rho": np.ones(CAPACITY), "mean": np.full(CAPACITY, 0.4)},
            "sigma": np.diag([0.5, 0.0, 0.0]),
            **{"S": np.array([1.0, 0.5, 1.0, 1.0]), "Q": np.full(P, 0.4)},
            **{"n_active": 1, "energy": 0.6, "join": -1, "dof": 10.0, "noise": 0.0},
            **{"penalty": 1.0, "max_active": 3, "tol": 0.0},
            **{"gains": np.zeros(2), "work": np.zeros(P + CAPACITY)},
        },
        "spike_slab_sweep": {
            "X": X,
            **{"lipschitz": np.ones(P), "prior": np.ones(P)},
            **{"order": np.array([2, 0]), "noise": 0.1, "logit": -1.0},
            **{"alpha": np.zeros(P), "mean": np.zeros(P)},
            **{"residual": np.arange(6.0), "offset": np.zeros(1)},
        },
    }


INPUTS = {"spike_slab_sweep": ("lipschitz", "prior", "order")}
OUTPUTS = {
    "evidence_burst": (
        *("gram", "active", "slots", "rho", "mean", "sigma", "S", "Q"),
        *("gains", "work"),
    ),
    "spike_slab_sweep": ("alpha", "mean", "residual", "offset"),
}


def _sizes(kernel, **sizes):
    """Wrong arrays and what is said of them."""
    whole = {"active", "slots", "order"}
    return [
        (
            kernel,
            {name: np.zeros(size + 1, int if name in whole else float)},
            f"{name} must have {size} entries, got {size + 1}",
        )
        for name, size in sizes.items()
    ]


BAD_SIZES = [
    ("evidence_burst", {"gram": np.ones(3)}, "gram must have 2 dimensions"),
    *_sizes("evidence_burst", active=3, slots=4, rho=3, mean=3, sigma=9, S=4, Q=4),
    ("evidence_burst", {"n_active": 4}, "n_active must fit into gram"),
    ("evidence_burst", {"n_active": -1}, "n_active must fit into gram"),
    ("evidence_burst", {"work": np.zeros(6)}, "work arrays are too small"),
    (
        "evidence_burst",
        {"active": np.array([4, 0, 0])},
        "active holds an index outside the matrix",
    ),
    *_sizes("spike_slab_sweep", lipschitz=4, prior=4, alpha=4, mean=4, residual=6),
    *_sizes("spike_slab_sweep", offset=1),
    (
        "spike_slab_sweep",
        {"order": np.array([0, 4])},
        "order holds an index outside the matrix",
    ),
    (
        "spike_slab_sweep",
        {"order": np.array([-1])},
        "order holds an index outside the matrix",
    ),
]
