"""Methods of named tuples, called from compiled code.

Views and penalties are named tuples with ordinary methods, which numba does not compile
but whose fields it knows. A function decorated by `method` closes the gap: called as
``prox(penalty, x, step, j)`` it runs ``penalty.prox(x, step, j)``, in Python as well as
in compiled code, where it is chosen by the class, specialised and cached on disk
(a ``jitclass`` is not).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from sparsesci._kernels.numba_backend._cache import INNER


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile calls of `function` as calls of its namesake in the first argument."""
    name = function.__name__

    def resolve(owner: Any, *args: Any) -> Callable[..., Any] | None:
        if isinstance(owner, types.BaseNamedTuple):
            return getattr(owner.instance_class, name, None)
        return None

    # Not strict: methods may name their arguments as they like.
    overload(function, jit_options=INNER, strict=False)(resolve)
    return function
