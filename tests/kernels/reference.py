"""The kernels again: naive, slow and plain, on dense float64 arrays.

Nothing is centred in passing, no residual is kept up to date, no row is skipped.
Rows are (p, T), the residual is (n, T), and s are the sample weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse


# ---- penalties -----------------------------------------------------------------------
@dataclass(frozen=True)
class Term:
    """t_j |x| + l2 x^2 / 2, maybe with x >= 0, and its name in the kernels."""

    name: str
    scalars: tuple[float, ...]
    arrays: tuple[np.ndarray, ...]
    thresholds: np.ndarray
    l2: float
    positive: bool

    def build(self, kernels: Any) -> Any:
        return kernels.penalty(self.name, self.scalars, self.arrays)

    def value(self, x: Any, j: int) -> Any:
        """phi_j(x), elementwise."""
        x = np.asarray(x, dtype=float)
        with np.errstate(invalid="ignore"):
            out = np.where(x == 0, 0.0, self.thresholds[j] * np.abs(x))
        out = out + self.l2 * x * x / 2
        return np.where(self.positive & (x < 0), np.inf, out)

    def prox(self, x: float, step: float, j: int) -> float:
        if self.positive:
            x = max(x, 0.0)
        size = max(abs(x) - step * self.thresholds[j], 0.0) if step else abs(x)
        return np.sign(x) * size / (1 + step * self.l2)

    def conjugate(self, u: float, j: int) -> float:
        """sup_x u x - phi_j(x), with room for rounding at the border of the domain."""
        size = max(u, 0.0) if self.positive else abs(u)
        excess = max(size - self.thresholds[j], 0.0)
        if self.l2 > 0:
            return excess**2 / (2 * self.l2)
        return 0.0 if excess <= 1e-12 * size else np.inf


def make_term(
    kind: str,
    p: int,
    *,
    alpha: float = 0.3,
    positive: bool = False,
    free: bool = True,
) -> Term:
    """A penalty; `free` gives some coordinates of the weighted one no penalty."""
    ones, flag = np.ones(p), float(positive)
    if kind == "l1":
        return Term("l1", (alpha, flag), (), alpha * ones, 0.0, positive)
    if kind == "elastic_net":
        scalars, t, l2 = (alpha, 0.75, flag), alpha * 0.75, alpha * 0.25
        return Term("elastic_net", scalars, (), t * ones, l2, positive)
    weights = np.tile([1.0, 0.0 if free else 0.7, np.inf, 0.5, 1.5], p // 5 + 1)[:p]
    thresholds = np.array([w if np.isinf(w) else alpha * w for w in weights])
    scalars = (alpha, flag)
    return Term("weighted_l1", scalars, (weights,), thresholds, 0.0, positive)


TERMS = [
    (kind, positive)
    for kind in ("l1", "weighted_l1", "elastic_net")
    for positive in (False, True)
]


def sizes(rows: np.ndarray) -> np.ndarray:
    """Norms of rows; single values keep their sign."""
    return rows[:, 0] if rows.shape[1] == 1 else np.linalg.norm(rows, axis=1)


def value(term: Term, rows: np.ndarray) -> float:
    return float(sum(term.value(x, j) for j, x in enumerate(sizes(rows))))


def prox_row(term: Term, row: np.ndarray, step: float, j: int) -> np.ndarray:
    size = sizes(row[None])[0]
    return row * (term.prox(size, step, j) / size) if size != 0 else 0 * row


def distance(term: Term, row: np.ndarray, grad: np.ndarray, j: int) -> float:
    """Distance of -grad to the subdifferential of phi_j(||.||) at a row."""
    t, size = term.thresholds[j], np.linalg.norm(row)
    if size > 0:
        if np.isinf(t) or (term.positive and row.size == 1 and row[0] < 0):
            return np.inf
        return float(np.linalg.norm(grad + t * row / size + term.l2 * row))
    if term.positive and row.size == 1:
        return max(-float(grad[0]) - t, 0.0)
    return max(float(np.linalg.norm(grad)) - t, 0.0)


# ---- matrices ------------------------------------------------------------------------
FORMATS = ("dense", "dense32", "csc", "csc32", "gram")


@dataclass(frozen=True)
class Problem:
    """Columns X (as float64, already rounded where the format is float32)."""

    X: np.ndarray
    format: str
    centred: bool
    weights: np.ndarray | None

    @property
    def s(self) -> np.ndarray:
        return np.ones(len(self.X)) if self.weights is None else self.weights

    @property
    def means(self) -> np.ndarray | None:
        return self.s @ self.X / len(self.X) if self.centred else None

    @property
    def columns(self) -> np.ndarray:
        """X~"""
        return self.X - self.means if self.centred else self.X

    @property
    def lipschitz(self) -> np.ndarray:
        return self.s @ self.columns**2 / len(self.X)

    def correlation(self, residual: np.ndarray) -> np.ndarray:
        return self.columns.T @ (self.s[:, None] * residual) / len(self.X)

    def loss(self, residual: np.ndarray) -> float:
        return float(self.s @ (residual**2).sum(axis=1)) / (2 * len(self.X))

    def build(self, kernels: Any, *, bare: bool = False) -> Any:
        """The kernels' handle; `bare` leaves the means out."""
        means = None if bare else self.means
        dtype = np.float32 if self.format.endswith("32") else np.float64
        if self.format.startswith("dense"):
            X = np.asfortranarray(self.X, dtype=dtype)
            return kernels.dense_matrix(X, means, self.weights)
        if self.format.startswith("csc"):
            X = sparse.csc_array(self.X.astype(dtype))
            indices, indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
            return kernels.csc_matrix(
                X.data, indices, indptr, len(self.X), means, self.weights
            )
        gram = self.columns.T @ (self.s[:, None] * self.columns)
        padded = np.full(np.add(gram.shape, 2), np.nan)  # kernels see the leading block
        padded[:-2, :-2] = gram
        return kernels.gram_matrix(padded, len(gram), len(self.X))

    def pack(self, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The residual in the form of the format."""
        offset = np.zeros(residual.shape[1])
        if self.format == "gram":
            packed = self.correlation(residual) * len(self.X)
        elif self.format.startswith("csc") and self.centred:
            offset = np.linspace(0.5, -2.0, offset.size)
            packed = residual - offset
        else:
            packed = residual
        return np.array(packed.T, order="C"), offset

    def unpack(self, packed: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """Inverse of `pack`; the correlations times n for a Gram matrix."""
        if self.format.startswith("csc") and self.centred:
            return packed.T + offset
        return packed.T

    def state_of(self, residual: np.ndarray) -> np.ndarray:
        """What `unpack` gives for this residual."""
        return self.unpack(*self.pack(residual))


def make_problem(
    rng: Any, format: str, *, n: int = 23, p: int = 10, centred: bool, weighted: bool
) -> Problem:
    """Correlated columns away from zero, a third of the entries zero."""
    X = rng.standard_normal((n, p)) + 0.4 * rng.standard_normal((n, 1)) + 0.5
    X[rng.random((n, p)) < 0.3] = 0.0
    X = X.astype(np.float32).astype(np.float64)
    weights = rng.uniform(0.3, 2.0, n) if weighted else None
    if weights is not None:
        weights *= n / weights.sum()
    return Problem(X, format, centred, weights)


def make_residual(rng: Any, problem: Problem, n_tasks: int) -> np.ndarray:
    """Centred with the columns: what a CSC view relies on."""
    residual = rng.standard_normal((len(problem.X), n_tasks))
    if problem.centred:
        residual -= problem.s @ residual / len(residual)
    return residual


def make_target(rng: Any, problem: Problem, n_tasks: int) -> np.ndarray:
    """What the first columns explain, and noise."""
    signal = problem.columns[:, :4].sum(axis=1, keepdims=True)
    return signal + 0.5 * make_residual(rng, problem, n_tasks)


# ---- coordinate descent --------------------------------------------------------------
def sweep(
    problem: Problem, term: Term, y: np.ndarray, w: np.ndarray, rows: Any
) -> None:
    """One sweep, in place on w; the residual is computed afresh for each row."""
    for j in rows:
        L = problem.lipschitz[j]
        if L > 0:
            residual = y - problem.columns @ w
            moved = w[j] + problem.correlation(residual)[j] / L
            w[j] = prox_row(term, moved, 1 / L, j)


def burst(problem: Problem, term: Term, y: np.ndarray, w: np.ndarray, ws: Any) -> int:
    """One round of a burst without tolerance or extrapolation; returns the updates."""
    sweep(problem, term, y, w, ws)
    support = [j for j in ws if np.any(w[j] != 0)]
    for _ in range(10):
        sweep(problem, term, y, w, support)
    return len(ws) + 10 * len(support)
