"""The compiled backend: the extension's functions under the contract's names."""

from sparsesci._kernels._core import (
    burst_work_size,
    cd_burst,
    column_stats,
    compiler,
    correlation,
    csc_matrix,
    dense_matrix,
    dual_point,
    flags,
    gram_matrix,
    multiversioned,
    penalty,
    penalty_signatures,
    prox,
    prox_rows,
    screen,
    subdiff,
    subtract_product,
    value,
)

NAME = "cpp"

__all__ = [
    "NAME",
    "burst_work_size",
    "cd_burst",
    "column_stats",
    "compiler",
    "correlation",
    "csc_matrix",
    "dense_matrix",
    "dual_point",
    "flags",
    "gram_matrix",
    "multiversioned",
    "penalty",
    "penalty_signatures",
    "prox",
    "prox_rows",
    "screen",
    "subdiff",
    "subtract_product",
    "value",
]
