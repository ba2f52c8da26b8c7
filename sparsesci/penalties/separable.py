"""The L1 family."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsesci.penalties._base import ARRAY, Penalty
from sparsesci.utils.validation import (
    check_flag,
    check_nonnegative_vector,
    check_real,
)


@dataclass(frozen=True, eq=False)
class L1(Penalty):
    """``alpha * ||w||_1``, optionally with ``w >= 0``.

    Parameters
    ----------
    alpha : float
        Strength, >= 0.
    positive : bool, default=False
        Restrict to non-negative coefficients.

    Examples
    --------
    >>> from sparsesci.penalties import L1
    >>> L1(0.5).with_alpha(0.1)
    L1(alpha=0.1, positive=False)
    """

    kernel: ClassVar[str] = "l1"

    alpha: float
    positive: bool = False

    def __post_init__(self) -> None:
        check_real("alpha", self.alpha, low=0)
        check_flag("positive", self.positive)

    @property
    def slope(self) -> float:
        """Slope at 0+ in units of alpha."""
        return 1.0


@dataclass(frozen=True, eq=False)
class WeightedL1(Penalty):
    """``alpha * sum_j weights_j |w_j|``, optionally with ``w >= 0``.

    Parameters
    ----------
    alpha : float
        Strength, >= 0.
    positive : bool, default=False
        Restrict to non-negative coefficients.
    weights : array-like of shape (n_features,)
        Non-negative. Weight 0 leaves a coefficient unpenalised, ``inf`` excludes it.

    Examples
    --------
    >>> from sparsesci.penalties import WeightedL1
    >>> WeightedL1(0.5, weights=[0.0, 1.0, float("inf")]).weights
    array([ 0.,  1., inf])
    """

    kernel: ClassVar[str] = "weighted_l1"

    alpha: float
    positive: bool = False
    weights: NDArray[np.float64] | ArrayLike = field(default=(), metadata=ARRAY)

    def __post_init__(self) -> None:
        check_real("alpha", self.alpha, low=0)
        check_flag("positive", self.positive)
        weights = check_nonnegative_vector("weights", self.weights, allow_inf=True)
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)

    @property
    def slope(self) -> NDArray[np.float64]:
        """Slope at 0+ in units of alpha."""
        return np.asarray(self.weights)


@dataclass(frozen=True, eq=False)
class ElasticNet(Penalty):
    """``alpha * (l1_ratio ||w||_1 + (1 - l1_ratio) / 2 ||w||_2^2)``.

    Parameters
    ----------
    alpha : float
        Strength, >= 0.
    l1_ratio : float, default=0.5
        Share of the L1 term, in [0, 1].
    positive : bool, default=False
        Restrict to non-negative coefficients.

    Examples
    --------
    >>> from sparsesci.penalties import ElasticNet
    >>> ElasticNet(2.0, l1_ratio=0.75).curvature
    0.5
    """

    kernel: ClassVar[str] = "elastic_net"

    alpha: float
    l1_ratio: float = 0.5
    positive: bool = False

    def __post_init__(self) -> None:
        check_real("alpha", self.alpha, low=0)
        check_real("l1_ratio", self.l1_ratio, low=0, high=1)
        check_flag("positive", self.positive)

    @property
    def slope(self) -> float:
        """Slope at 0+ in units of alpha."""
        return float(self.l1_ratio)

    @property
    def curvature(self) -> float:
        """Coefficient of w_j^2 / 2."""
        return float(self.alpha * (1 - self.l1_ratio))
