"""What an adapter must provide."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from benchmarks.compare.problems import Array, Task, fold_task, folds

Solution = tuple[Array, Array]


class Solver(ABC):
    """One row of a table: how a library solves a task.

    Attributes
    ----------
    name : str
        Shown in the tables.
    module, distribution : str
        What to import, and what to install.
    ours : bool
        Whether this is sparsesci; the others are its peers.
    tolerances : tuple of float
        From loose to tight, relative; `prepare` computes the absolute scale.
    """

    name: ClassVar[str]
    module: ClassVar[str]
    distribution: ClassVar[str]
    ours: ClassVar[bool] = False
    tolerances: ClassVar[tuple[float, ...]] = tuple(10.0**-k for k in range(15))

    task: Task
    threads: int = 1

    @classmethod
    def version(cls) -> str:
        """Installed version, or an empty string."""
        try:
            return importlib.metadata.version(cls.distribution)
        except importlib.metadata.PackageNotFoundError:
            return ""

    def refusal(self, task: Task) -> str | None:
        """Say why this solver cannot run `task`, or None."""
        if importlib.util.find_spec(self.module) is None:
            return "not installed"
        return self.unsupported(task)

    def unsupported(self, task: Task) -> str | None:
        """Say which part of `task` the library does not offer, or None."""
        return None

    def variants(self, task: Task) -> tuple[str, ...]:
        """Ways to call the library; the best one counts."""
        return ("",)

    def prepare(self, task: Task, threads: int = 1) -> None:
        """Import the library and lay out the data. Not timed."""
        self.task, self.threads = task, threads

    @abstractmethod
    def run(self, variant: str, tol: float) -> Solution | Array:
        """Solve the task. Timed.

        Returns
        -------
        (coefs, intercepts) of shapes (p, L) and (L,), or for ``cv`` the mean squared
        error for each alpha.
        """


def gram_variants(task: Task) -> tuple[str, ...]:
    """Offer the Gram matrix where there are far more rows than columns."""
    n, p = task.X.shape
    tall = not task.is_sparse and task.kind != "cv" and n >= 5 * p
    return ("", "gram") if tall else ("",)


def column(coef: Any, intercept: Any) -> Solution:
    """One fitted model as a path of length one."""
    return np.asarray(coef).reshape(-1, 1), np.reshape(intercept, 1)


def without_intercept(coefs: Array) -> Solution:
    """A path of models through the origin."""
    return coefs, np.zeros(coefs.shape[1])


def cross_validate(task: Task, path: Callable[[Task], Solution]) -> Array:
    """The curve of test errors by a loop over folds around a path on centred data.

    For libraries without a usable cross-validation of their own. Dense X only.
    """
    curves = []
    for train, test in folds(len(task.y)):
        part = fold_task(task, train)
        means, mean = part.X.mean(axis=0), part.y.mean()
        coefs, _ = path(replace(part, X=part.X - means, y=part.y - mean))
        prediction = task.X[test] @ coefs + (mean - means @ coefs)
        curves.append(((task.y[test, None] - prediction) ** 2).mean(axis=0))
    return np.mean(curves, axis=0)
