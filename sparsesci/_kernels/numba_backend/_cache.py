"""How kernels are compiled, and where numba keeps the result.

numba caches a compiled function under the file that defines it and does not notice
edits of the other files it was compiled from. The folder is therefore named after a
digest of all sources of this backend: after an upgrade nothing old can be found. What
older versions left behind is deleted once nobody has used it for a while.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numba

#: Lets sums be reordered into SIMD lanes. Never the flags that assume finite numbers.
SIMD = frozenset({"reassoc", "contract"})

#: Options of every compiled function, also of those reached through an overload. Flags
#: left out would be inherited from whichever caller comes first.
OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": False,
    "nogil": True,
    "no_cfunc_wrapper": True,
    # No counting of references: the caller holds every array, and a kernel that
    # allocates one does not compile. A burst on small data takes a third of the time.
    "_nrt": False,
}

#: The same for what only other compiled functions call.
INNER = OPTIONS | {"no_cpython_wrapper": True}

# Folders of other versions: the latest are kept, environments may take turns, and of
# the rest those in use within so many seconds.
_KEPT, _MAX_AGE = 3, 30 * 24 * 3600

_lock = Lock()


def digest() -> str:
    """Short digest of the sources of the backend."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    content = b"".join(source.read_bytes() for source in sources)
    return hashlib.sha256(content).hexdigest()[:16]


def _user_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(root) if root else Path.home() / ".cache") / "sparsesci"


def cache_folder() -> str | None:
    """Folder of the compiled kernels, None where nothing can be written."""
    try:
        chosen = numba.config.CACHE_DIR
        folder = (Path(chosen) if chosen else _user_folder()) / f"numba-{digest()}"
        upgraded = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):  # read-only, or a user without a home
        return None
    with suppress(OSError):
        os.utime(folder)  # the time of its last use
        if upgraded:
            _prune(folder)
    return str(folder)


def _prune(current: Path) -> None:
    """Delete what nobody has used for long; others may be doing the same.

    A process that still runs such a version compiles again: for numba, missing files
    are an empty cache, and it makes its folders anew when it saves.
    """
    used = {}
    for folder in current.parent.iterdir():
        if folder != current and re.fullmatch("numba-[0-9a-f]{16}", folder.name):
            with suppress(OSError):
                used[folder] = folder.lstat().st_mtime
    for folder in sorted(used, key=used.__getitem__)[:-_KEPT]:
        if time.time() - used[folder] > _MAX_AGE:
            shutil.rmtree(folder, ignore_errors=True)


_folder = cache_folder()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` on its first call, without the GIL, cached on disk."""
    return kernel_with(())(function)


def kernel_with(fastmath: Iterable[str]) -> Callable[[Callable[..., Any]], Any]:
    """A `kernel` whose own operations may be reordered."""
    options = OPTIONS | {"fastmath": set(fastmath) or False}

    def compiled(function: Callable[..., Any]) -> Any:
        if _folder is None:
            return numba.njit(**options)(function)
        # numba reads the folder while it decorates and nowhere else.
        with _lock:
            before = numba.config.CACHE_DIR
            numba.config.CACHE_DIR = _folder
            try:
                return numba.njit(cache=True, **options)(function)
            finally:
                numba.config.CACHE_DIR = before

    return compiled


def helper(fastmath: Iterable[str] = ()) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that only kernels call."""
    flags = set(fastmath) or False
    return numba.njit(**(INNER | {"fastmath": flags}))


def inlined(function: Callable[..., Any]) -> Any:
    """A part of a kernel: its code is pasted where it is called.

    Each compiled function is optimised once more inside every one that calls it, which
    doubles the time of compilation with each level. Parts cost nothing of that, but are
    copied and typed anew for each call: what is called twice is better written out.
    """
    return numba.njit(inline="always", **INNER)(function)
