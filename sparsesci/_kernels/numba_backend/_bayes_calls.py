"""The checked calls of the kernels in `bayes`."""

from __future__ import annotations

from operator import index
from typing import Any

from sparsesci._kernels.numba_backend import bayes as _bayes
from sparsesci._kernels.numba_backend._handles import (
    INDEX,
    Matrix,
    all_inside,
    check,
    flat,
    readable,
    require,
    require_handle,
    require_size,
    writable,
)


def _require_listed(columns: Any, n_cols: int, name: str) -> None:
    require(all_inside(columns, n_cols), f"{name} holds an index outside the matrix")


def evidence_burst(
    gram: Any,
    active: Any,
    slots: Any,
    rho: Any,
    mean: Any,
    sigma: Any,
    S: Any,
    Q: Any,
    n_active: int,
    energy: float,
    join: int,
    dof: float,
    noise: float,
    penalty: float,
    max_active: int,
    tol: float,
    gains: Any,
    work: Any,
) -> tuple[int, float, int, int]:
    _check_evidence(
        gram, active, slots, rho, mean, sigma, S, Q, index(n_active), gains, work
    )
    capacity, p = gram.shape
    scratch = flat(writable(work))
    state = (
        writable(gram),
        *(flat(writable(a)) for a in (active, slots, rho, mean)),
        writable(sigma).reshape(capacity, capacity),
        flat(writable(S)),
        flat(writable(Q)),
    )
    rule = float(dof), float(noise), float(penalty), index(max_active), float(tol)
    return _bayes.evidence_burst(
        state,
        index(n_active),
        float(energy),
        index(join),
        rule,
        flat(writable(gains)),
        scratch[:p],
        scratch[p : p + capacity],
    )


def _check_evidence(
    gram: Any,
    active: Any,
    slots: Any,
    rho: Any,
    mean: Any,
    sigma: Any,
    S: Any,
    Q: Any,
    n_active: int,
    gains: Any,
    work: Any,
) -> None:
    check(gram, "gram")
    check(active, "active", INDEX)
    check(slots, "slots", INDEX)
    check(rho, "rho")
    check(mean, "mean")
    check(sigma, "sigma")
    check(S, "S")
    check(Q, "Q")
    check(gains, "gains")
    check(work, "work")
    require(gram.ndim == 2, "gram must have 2 dimensions")
    capacity, p = gram.shape
    require_size(active, capacity, "active")
    require_size(slots, p, "slots")
    require_size(rho, capacity, "rho")
    require_size(mean, capacity, "mean")
    require_size(sigma, capacity * capacity, "sigma")
    require_size(S, p, "S")
    require_size(Q, p, "Q")
    require(0 <= n_active <= capacity, "n_active must fit into gram")
    require(work.size >= p + capacity, "work arrays are too small")
    _require_listed(flat(active)[:n_active], p, "active")


def spike_slab_sweep(
    X: Matrix,
    lipschitz: Any,
    prior: Any,
    order: Any,
    noise: float,
    logit: float,
    alpha: Any,
    mean: Any,
    residual: Any,
    offset: Any,
) -> float:
    require_handle(X, Matrix)
    check(lipschitz, "lipschitz")
    check(prior, "prior")
    check(order, "order", INDEX)
    for array, name in (
        (alpha, "alpha"),
        (mean, "mean"),
        (residual, "residual"),
        (offset, "offset"),
    ):
        check(array, name)
    for array, name in (
        (lipschitz, "lipschitz"),
        (prior, "prior"),
        (alpha, "alpha"),
        (mean, "mean"),
    ):
        require_size(array, X.n_cols, name)
    require_size(residual, X.residual_size, "residual")
    require_size(offset, 1, "offset")
    _require_listed(order, X.n_cols, "order")
    return _bayes.spike_slab_sweep(
        X.view,
        flat(readable(lipschitz)),
        flat(readable(prior)),
        flat(readable(order)),
        float(noise),
        float(logit),
        flat(writable(alpha)),
        flat(writable(mean)),
        writable(residual).reshape(1, X.residual_size),
        flat(writable(offset)),
    )
