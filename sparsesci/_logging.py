"""Progress goes through `logging`, never through print."""

from __future__ import annotations

import logging

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
