"""Linear maps: the design matrix as solvers see it, dictionaries as pursuits do."""

from sparsesci.operators.design import (
    ColumnDesign,
    DenseDesign,
    Design,
    OperatorDesign,
    SparseDesign,
    as_design,
)
from sparsesci.operators.dictionary import (
    ArrayDictionary,
    CentredDictionary,
    Dictionary,
    OperatorDictionary,
    ScaledDictionary,
    as_dictionary,
)
from sparsesci.operators.kronecker import Kronecker
from sparsesci.operators.structured import Convolution, PartialDCT

__all__ = [
    "ArrayDictionary",
    "CentredDictionary",
    "ColumnDesign",
    "Convolution",
    "DenseDesign",
    "Design",
    "Dictionary",
    "Kronecker",
    "OperatorDesign",
    "OperatorDictionary",
    "PartialDCT",
    "ScaledDictionary",
    "SparseDesign",
    "as_design",
    "as_dictionary",
]
