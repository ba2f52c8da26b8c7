"""Which estimators there are."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

_FAMILIES = ("bayes", "greedy", "linear_model")


def all_estimators(
    type_filter: str | None = None,
) -> list[tuple[str, type[Any]]]:
    """Return all public estimators, by name.

    Parameters
    ----------
    type_filter : {"regressor", "classifier", "transformer", "cluster"}, default=None
        Only estimators of this type.

    Returns
    -------
    estimators : list of (str, type)
        Names and classes, sorted by name.

    Examples
    --------
    >>> import sparsesci
    >>> "Lasso" in dict(sparsesci.all_estimators("regressor"))
    True
    """
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        ClusterMixin,
        RegressorMixin,
        TransformerMixin,
    )

    mixins = {
        "regressor": RegressorMixin,
        "classifier": ClassifierMixin,
        "transformer": TransformerMixin,
        "cluster": ClusterMixin,
    }
    if type_filter is not None and type_filter not in mixins:
        raise ValueError(
            f"type_filter must be one of {tuple(mixins)} or None, got {type_filter!r}."
        )
    wanted = (BaseEstimator, mixins.get(type_filter or "", BaseEstimator))
    found = {}
    for family in _FAMILIES:
        module = import_module(f"sparsesci.{family}")
        for name in module.__all__:
            member = getattr(module, name)
            if inspect.isclass(member) and all(issubclass(member, b) for b in wanted):
                found[name] = member
    return sorted(found.items())
