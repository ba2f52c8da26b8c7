"""The kernels, behind one door: the only package that imports numba or the extension.

`get_backend` returns a module whose functions are described in
`sparsesci._kernels._contract`. Nothing else in the library knows which one it got.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import cast

from sparsesci._config import check_backend_name, get_config
from sparsesci._kernels._contract import Backend
from sparsesci._logging import warn_caller
from sparsesci.exceptions import BackendWarning

_MODULES = {
    "cpp": "sparsesci._kernels.cpp_backend",
    "numba": "sparsesci._kernels.numba_backend",
}


@cache
def _load(name: str) -> Backend:
    if name == "auto":
        try:
            return _load("cpp")
        except ImportError as error:
            warn_caller(
                f"the compiled kernels of sparsesci are unavailable ({error}); using "
                "numba. Results are the same; the first call in a process is slower. "
                "Set SPARSESCI_BACKEND=numba to choose this without a warning.",
                BackendWarning,
            )
            return _load("numba")
    return cast(Backend, importlib.import_module(_MODULES[name]))


def get_backend(name: str | None = None) -> Backend:
    """Return the kernels in use, or those called `name`.

    Raises
    ------
    ValueError
        If the name is unknown.
    ImportError
        If ``"cpp"`` is asked for by name and the extension is missing.
    """
    if name is None:
        name = get_config()["backend"]
    return _load(check_backend_name(name, "backend"))


def available_backends() -> list[str]:
    """Names of the backends that can be used here."""
    needs = {"cpp": "sparsesci._kernels._core", "numba": "numba"}
    return [name for name, module in needs.items() if importlib.util.find_spec(module)]
