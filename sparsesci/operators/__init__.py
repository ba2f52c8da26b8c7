"""Linear maps: the design matrix as solvers see it."""

from sparsesci.operators.design import (
    ColumnDesign,
    DenseDesign,
    Design,
    OperatorDesign,
    SparseDesign,
    as_design,
)

__all__ = [
    "ColumnDesign",
    "DenseDesign",
    "Design",
    "OperatorDesign",
    "SparseDesign",
    "as_design",
]
