"""Pictures of paths and of studies, in the manner of scikit-learn's displays.

matplotlib is imported when the first picture is drawn: ``pip install
"sparsesci[plot]"`` brings it.
"""

from sparsesci.plotting._bayes import CredibleSetDisplay, PosteriorIntervalDisplay
from sparsesci.plotting._bayes_kronecker import SupportMapDisplay
from sparsesci.plotting._cv import CVPathDisplay
from sparsesci.plotting._evidence import EvidencePathDisplay
from sparsesci.plotting._paths import CoefficientPathDisplay
from sparsesci.plotting._phase import PhaseTransitionDisplay

__all__ = [
    "CVPathDisplay",
    "CoefficientPathDisplay",
    "CredibleSetDisplay",
    "EvidencePathDisplay",
    "PhaseTransitionDisplay",
    "PosteriorIntervalDisplay",
    "SupportMapDisplay",
]
