"""Settings of the library, per thread and per context."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

BACKENDS = ("auto", "cpp", "numba")

_backend: ContextVar[str | None] = ContextVar("sparsesci_backend", default=None)


def check_backend_name(name: object, origin: str) -> str:
    if name not in BACKENDS:
        raise ValueError(f"{origin} must be one of {BACKENDS}, got {name!r}.")
    return str(name)


def get_config() -> dict[str, str]:
    """Return the current settings.

    Returns
    -------
    config : dict
        ``backend``: ``"auto"``, ``"cpp"`` or ``"numba"``. Until it is set by
        :func:`config_context`, it is read from the environment variable
        ``SPARSESCI_BACKEND``.

    Examples
    --------
    >>> import sparsesci
    >>> with sparsesci.config_context(backend="numba"):
    ...     sparsesci.get_config()
    {'backend': 'numba'}
    """
    chosen = _backend.get()
    if chosen is None:
        environment = os.environ.get("SPARSESCI_BACKEND", "auto")
        chosen = check_backend_name(environment, "SPARSESCI_BACKEND")
    return {"backend": chosen}


@contextmanager
def config_context(*, backend: str | None = None) -> Iterator[None]:
    """Change settings inside a ``with`` block.

    The change holds in the current thread (more exactly: in the current
    :mod:`contextvars` context). The parallel loops of the library hand it on to
    their workers.

    Parameters
    ----------
    backend : {"auto", "cpp", "numba"}, default=None
        Which kernels to use. ``"auto"`` takes the compiled ones and falls back to
        numba with a warning, ``"cpp"`` raises where they are missing. None keeps
        the present choice.

    Raises
    ------
    ValueError
        If `backend` is none of the above.

    Examples
    --------
    >>> import sparsesci
    >>> from sparsesci.linear_model import Lasso
    >>> with sparsesci.config_context(backend="numba"):
    ...     model = Lasso(alpha=0.1).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    """
    if backend is not None:
        check_backend_name(backend, "backend")
    token = _backend.set(backend if backend is not None else _backend.get())
    try:
        yield
    finally:
        _backend.reset(token)
