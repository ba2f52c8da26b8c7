"""Data-fitting terms as specifications."""

from sparsesci.datafits.quadratic import Quadratic

__all__ = ["Quadratic"]
