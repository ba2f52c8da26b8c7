"""Benchmarks of sparsesci: against its peers, and against its own past.

``python -m benchmarks.x`` puts the checkout first on the path, where the source tree
(without its extension) would shadow the installed package. What is measured is the
installed package, so the checkout leaves the path again.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
