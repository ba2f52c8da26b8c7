"""Progress goes through `logging`, never through print; warnings name the caller."""

from __future__ import annotations

import logging
import sys
import warnings

logger = logging.getLogger("sparsesci")


def log_progress(verbose: int | bool, message: str, *values: object) -> None:
    """Log one line where `verbose` asks for it.

    An application that has set up logging decides where the lines go. Where nobody
    has, ``verbose=1`` must still show something: a stream handler is attached once.
    """
    if not verbose:
        return
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("[%(name)s] %(message)s"))
        logger.addHandler(handler)
    if logger.getEffectiveLevel() > logging.INFO:
        logger.setLevel(logging.INFO)
    logger.info(message, *values)


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line outside of this package that the call came from."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "sparsesci"
