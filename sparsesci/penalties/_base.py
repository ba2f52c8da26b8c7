"""What all penalty specifications share, and their registry."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sparsesci._kernels import get_backend
from sparsesci._kernels._contract import Backend
from sparsesci.utils.validation import check_real

if TYPE_CHECKING:
    from typing_extensions import Self

#: Kernel name -> specification. The C++ list and the numba table hold the same names.
REGISTRY: dict[str, type[Penalty]] = {}

# The fields of a specification that are arrays; the others are scalars.
ARRAY = {"array": True}


@dataclasses.dataclass(frozen=True, eq=False)
class Penalty:
    """Base of penalties ``sum_j phi_j(w_j)``, separable over coefficients.

    On coefficients of several tasks, shape (n_features, n_tasks), every penalty acts
    on the norms of the rows, ``sum_j phi_j(||w_j||_2)``: L1 becomes the L21 norm of
    the multi-task Lasso.

    A subclass is a frozen dataclass that names its `kernel`. The order of its fields
    is the order of the kernel's parameters.

    Attributes
    ----------
    is_convex : bool
        Whether a global minimum can be certified.
    has_dual : bool
        Whether the kernels provide its conjugate, hence a duality gap.
    """

    kernel: ClassVar[str]
    is_convex: ClassVar[bool] = True
    has_dual: ClassVar[bool] = True

    alpha: float

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        REGISTRY[cls.kernel] = cls

    @classmethod
    @cache
    def signature(cls) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the scalar and of the array parameters, in kernel order."""
        fields = dataclasses.fields(cls)
        arrays = tuple(f.name for f in fields if f.metadata.get("array"))
        return tuple(f.name for f in fields if f.name not in arrays), arrays

    def build(self, backend: Backend | None = None) -> Any:
        """Return the handle of this penalty in a backend, by default the one in use."""
        scalars, arrays = self.signature()
        return (backend or get_backend()).penalty(
            self.kernel,
            tuple(float(getattr(self, name)) for name in scalars),
            tuple(getattr(self, name) for name in arrays),
        )

    def with_alpha(self, alpha: float) -> Self:
        """Return the same penalty at another strength."""
        check_real("alpha", alpha, low=0)
        other = object.__new__(type(self))  # the rest has been checked
        other.__dict__.update(self.__dict__, alpha=alpha)
        return other

    def restricted(self, columns: NDArray[np.int64]) -> Self:
        """Return the same penalty on the listed coefficients alone."""
        arrays = self.signature()[1]
        if not arrays:
            return self
        values = {name: getattr(self, name)[columns] for name in arrays}
        return dataclasses.replace(self, **values)

    @property
    def slope(self) -> float | NDArray[np.float64]:
        """Slope of phi_j at 0+, in units of alpha. 0: never pulled to zero."""
        raise TypeError(f"{type(self).__name__} does not define its slope at zero")

    @property
    def curvature(self) -> float:
        """Coefficient of w_j^2 / 2 that phi_j holds."""
        return 0.0

    def unbound(self, n_features: int) -> NDArray[np.int64]:
        """Return the coordinates on which phi_j is zero everywhere.

        Taken from slope and curvature: a penalty that is smooth at zero overrides it.
        """
        slope = self.slope
        smallest = slope if isinstance(slope, float) else float(np.min(slope))
        if self.curvature > 0 or smallest * self.alpha > 0:
            return np.empty(0, dtype=np.int64)
        slope = np.broadcast_to(self.slope, n_features)
        return np.flatnonzero(slope < np.inf if self.alpha == 0 else slope == 0)

    def check_n_features(self, n_features: int) -> None:
        """Raise a ValueError if an array parameter does not fit `n_features`."""
        for name in self.signature()[1]:
            size = getattr(self, name).size
            if size != n_features:
                raise ValueError(
                    f"{name} must have one entry for each of the {n_features} "
                    f"features, got {size}."
                )

    def _key(self) -> tuple[Any, ...]:
        values = (getattr(self, field.name) for field in dataclasses.fields(self))
        return tuple(
            v.tobytes() if isinstance(v, np.ndarray) else v
            for v in (type(self), *values)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Penalty) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())
