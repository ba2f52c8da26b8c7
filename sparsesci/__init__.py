"""Sparse estimation with certificates, on one fast core."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sparsesci._config import config_context, get_config

__version__ = "0.1.0"

_SUBMODULES = (
    "bayes",
    "datafits",
    "datasets",
    "exceptions",
    "greedy",
    "linear_model",
    "metrics",
    "operators",
    "penalties",
    "plotting",
    "prox",
    "solvers",
)
_LAZY = {
    "all_estimators": "sparsesci.utils.discovery",
    "show_versions": "sparsesci.utils.versions",
}

__all__ = [
    "__version__",
    "all_estimators",
    "config_context",
    "get_config",
    "show_versions",
    *_SUBMODULES,
]


def __getattr__(name: str) -> Any:
    """Import a submodule or a public function when it is first asked for."""
    if name in _SUBMODULES:
        return import_module(f"sparsesci.{name}")
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'sparsesci' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
