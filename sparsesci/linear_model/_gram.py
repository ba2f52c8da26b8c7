"""The meaning of `precompute`: scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci._kernels._contract import Doubles
from sparsesci._logging import warn_caller
from sparsesci.operators.design import ColumnDesign, DenseDesign
from sparsesci.solvers._gram import check_gram, gram_of


def check_precompute(precompute: Any, n_features: int) -> None:
    """Raise unless `precompute` is a flag, "auto" or of the shape of a Gram matrix."""
    if isinstance(precompute, (bool, np.bool_)):
        return
    named = isinstance(precompute, str)
    if precompute != "auto" if named else np.ndim(precompute) != 2:
        raise ValueError(
            "precompute must be True, False, 'auto' or a Gram matrix, got "
            f"{precompute!r}."
        )
    if not named and np.shape(precompute) != (n_features, n_features):
        raise ValueError(
            f"precompute must have shape ({n_features}, {n_features}) when it is a "
            f"Gram matrix, got {np.shape(precompute)}."
        )


def resolve_gram(design: ColumnDesign, precompute: Any) -> Doubles | None:
    """Return the Gram matrix that `precompute` asks for, None if it asks for none.

    "auto" takes it for dense data with more samples than features, True always. A
    given matrix is checked against the data; when an intercept moves the columns, it
    cannot belong to them and is computed anew, with a warning.
    """
    if isinstance(precompute, str):
        tall = design.n_samples > design.n_features
        return gram_of(design) if tall and isinstance(design, DenseDesign) else None
    if isinstance(precompute, (bool, np.bool_)):
        return gram_of(design) if precompute else None
    if design.means is not None and not np.allclose(design.means + design.shift, 0.0):
        warn_caller(
            "Gram matrix was provided but X was centered to fit intercept: "
            "recomputing Gram matrix.",
            UserWarning,
        )
        return gram_of(design)
    return check_gram(precompute, design)
