# The extension, as `sparsesci._kernels._contract` describes it: the same functions, the
# same parameters in the same order (a test compares the two).

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from sparsesci._kernels._contract import Doubles, Indices

compiler: str
flags: str
multiversioned: bool

@final
class Matrix: ...

@final
class Penalty: ...

def dense_matrix(
    X: NDArray[Any], means: Doubles | None, weights: Doubles | None
) -> Matrix: ...
def csc_matrix(
    data: NDArray[Any],
    indices: NDArray[np.int32],
    indptr: NDArray[np.int32],
    n_rows: int,
    means: Doubles | None,
    weights: Doubles | None,
) -> Matrix: ...
def recentred(X: Matrix, means: Doubles | None) -> Matrix: ...
def gram_matrix(gram: Doubles, n_cols: int, n_samples: int) -> Matrix: ...
def penalty(
    name: str, scalars: tuple[float, ...], arrays: tuple[Doubles, ...]
) -> Penalty: ...
def penalty_signatures() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]: ...
def column_stats(
    X: Matrix,
    center: bool,
    targets: Doubles,
    means: Doubles,
    lipschitz: Doubles,
    correlations: Doubles,
) -> None: ...
def correlation(
    X: Matrix,
    residual: Doubles,
    offset: Doubles,
    columns: Indices | None,
    out: Doubles,
) -> None: ...
def subtract_product(
    X: Matrix,
    columns: Indices | None,
    w: Doubles,
    residual: Doubles,
    offset: Doubles,
) -> None: ...
def copy_columns(X: Matrix, columns: Indices, start: int, out: Doubles) -> None: ...
def dense_gram(
    X: Matrix,
    columns: Indices,
    known: int,
    start: int,
    stop: int,
    single: bool,
    gram: Doubles,
) -> None: ...
def sparse_gram(X: Matrix, columns: Indices, known: int, gram: Doubles) -> None: ...
def burst_work_size(X: Matrix, ws_size: int, n_tasks: int) -> int: ...
def cd_burst(
    X: Matrix,
    penalty: Penalty,
    lipschitz: Doubles,
    ws: Indices,
    w: Doubles,
    residual: Doubles,
    offset: Doubles,
    max_updates: int,
    tol: float,
    accelerate: bool,
    work: Doubles,
    index_work: Indices,
) -> tuple[int, float]: ...
def cd_path(
    X: Matrix,
    penalties: Sequence[Penalty],
    slopes: Doubles,
    tols: Doubles,
    lipschitz: Doubles,
    ws: Indices,
    w: Doubles,
    before: Doubles,
    residual: Doubles,
    offset: Doubles,
    max_updates: int,
    out: Doubles,
    n_updates: Indices,
    work: Doubles,
    index_work: Indices,
) -> int: ...
def prox(penalty: Penalty, x: Doubles, steps: Doubles, out: Doubles) -> None: ...
def prox_rows(penalty: Penalty, rows: Doubles, step: float, out: Doubles) -> None: ...
def value(penalty: Penalty, rows: Doubles) -> float: ...
def subdiff(penalty: Penalty, rows: Doubles, grad: Doubles, out: Doubles) -> None: ...
def dual_point(
    penalty: Penalty, u: Doubles, quadratic: float, linear: float
) -> tuple[float, float]: ...
def certify(
    penalty: Penalty,
    w: Doubles,
    u: Doubles,
    quadratic: float,
    linear: float,
    violations: Doubles,
) -> tuple[float, float, float, float, int, float]: ...
def screen(
    penalty: Penalty,
    u: Doubles,
    lipschitz: Doubles,
    scale: float,
    gap: float,
    keep: NDArray[np.bool_],
) -> None: ...
def omp_work_size(n_atoms: int, n_nonzero: int) -> int: ...
def omp_gram(
    gram: NDArray[Any],
    correlations: NDArray[Any],
    squares: Doubles,
    ols: bool,
    n_nonzero: int,
    tol: float,
    dependent: float,
    negligible: float,
    support: Indices,
    coef: NDArray[Any],
    count: Indices,
    error: Doubles,
    work: NDArray[Any],
) -> None: ...
def top_k(scores: Doubles, k: int, out: Indices) -> None: ...
def lad_line_search(
    X: Matrix,
    residual: Doubles,
    shift: Doubles,
    slope: Doubles,
    steps: Doubles,
    gains: Doubles,
    work: Doubles,
) -> None: ...
def evidence_burst(
    gram: Doubles,
    active: Indices,
    slots: Indices,
    rho: Doubles,
    mean: Doubles,
    sigma: Doubles,
    S: Doubles,
    Q: Doubles,
    n_active: int,
    energy: float,
    join: int,
    dof: float,
    noise: float,
    penalty: float,
    max_active: int,
    tol: float,
    gains: Doubles,
    work: Doubles,
) -> tuple[int, float, int, int]: ...
def spike_slab_sweep(
    X: Matrix,
    lipschitz: Doubles,
    prior: Doubles,
    order: Indices,
    noise: float,
    logit: float,
    alpha: Doubles,
    mean: Doubles,
    residual: Doubles,
    offset: Doubles,
) -> float: ...
