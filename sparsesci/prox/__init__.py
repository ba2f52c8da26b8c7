"""Proximal operators on arrays, for outside callers.

    prox(penalty, x, step) = argmin_z  ||z - x||_2^2 / 2 + step * phi(z)

Every penalty of `sparsesci.penalties` is accepted. The last axis of `x` runs over
coefficients, so that a batch of vectors is an array of shape (n_vectors, n_features).
"""

from sparsesci.prox._operators import (
    conjugate_prox,
    moreau_envelope,
    prox,
    prox_rows,
    soft_threshold,
    subdiff_distance,
    value,
)

__all__ = [
    "conjugate_prox",
    "moreau_envelope",
    "prox",
    "prox_rows",
    "soft_threshold",
    "subdiff_distance",
    "value",
]
