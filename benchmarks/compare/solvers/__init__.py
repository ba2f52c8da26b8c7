"""One file per peer, one class per row of the tables.

An adapter imports its peer in `prepare`, so a missing one is skipped by name.
"""

from __future__ import annotations

from benchmarks.compare.solvers.adelie import Adelie
from benchmarks.compare.solvers.base import Solver
from benchmarks.compare.solvers.celer import Celer
from benchmarks.compare.solvers.scikit_learn import ScikitLearn
from benchmarks.compare.solvers.skein_glm import SkeinGlm
from benchmarks.compare.solvers.skglm import Skglm
from benchmarks.compare.solvers.sparsesci import SparseSci, SparseSciNumba

SOLVERS: dict[str, type[Solver]] = {
    solver.name: solver
    for solver in (
        # The fast ones first: they limit how long the others are tried.
        Adelie,
        Skglm,
        Celer,
        ScikitLearn,
        SkeinGlm,
        SparseSci,
        SparseSciNumba,
    )
}

__all__ = ["SOLVERS", "Solver"]
