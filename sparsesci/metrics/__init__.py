"""How well a sparse vector was recovered, and how often."""

from sparsesci.metrics._phase import PhaseTransition, phase_transition
from sparsesci.metrics._recovery import (
    exact_support,
    nmse,
    support_f1,
    support_precision,
    support_recall,
)

__all__ = [
    "PhaseTransition",
    "exact_support",
    "nmse",
    "phase_transition",
    "support_f1",
    "support_precision",
    "support_recall",
]
