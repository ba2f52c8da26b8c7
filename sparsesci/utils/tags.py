"""Tags of scikit-learn's that estimators of several families have."""

from __future__ import annotations

from typing import Any


class SparseInput:
    """Mixin for estimators that take sparse X."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.sparse = True
        return tags
