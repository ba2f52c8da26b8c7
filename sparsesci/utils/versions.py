"""What a bug report needs."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TextIO

_PACKAGES = (
    "sparsesci",
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "joblib",
    "threadpoolctl",
    "matplotlib",
)


def _kernels() -> dict[str, str]:
    import sparsesci._kernels as kernels

    backend: Any = kernels.get_backend()
    facts = {
        "backend": backend.NAME,
        "available backends": ", ".join(kernels.available_backends()),
    }
    for name in ("compiler", "flags", "multiversioned"):
        if hasattr(backend, name):
            facts[name] = str(getattr(backend, name))
    return facts


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _threads() -> dict[str, str]:
    from threadpoolctl import threadpool_info

    return {
        info.get("prefix", "?"): f"{info['internal_api']} {info.get('version')}, "
        f"{info['num_threads']} threads"
        for info in threadpool_info()
    }


def show_versions(file: TextIO | None = None) -> None:
    """Print versions, the backend in use and how it was compiled.

    Parameters
    ----------
    file : file-like, default=None
        Where to print; standard output by default.

    Examples
    --------
    >>> import sparsesci
    >>> sparsesci.show_versions()  # doctest: +ELLIPSIS
    System:
    ...
    """
    system = {
        "python": sys.version.replace("\n", " "),
        "machine": platform.platform(),
    }
    sections = {
        "System": system,
        "Kernels": _kernels(),
        "Packages": _packages(),
        "Threads": _threads(),
    }
    out = sys.stdout if file is None else file
    for title, facts in sections.items():
        out.write(f"{title}:\n")
        for name, value in facts.items():
            out.write(f"{name:>20}: {value}\n")
        out.write("\n")
