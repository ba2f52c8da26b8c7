"""Sparse linear regression."""

from sparsesci.linear_model._cv import ElasticNetCV, LassoCV, WeightedLassoCV
from sparsesci.linear_model._lasso import ElasticNet, Lasso, WeightedLasso
from sparsesci.linear_model._multitask import MultiTaskElasticNet, MultiTaskLasso
from sparsesci.linear_model._multitask_cv import (
    MultiTaskElasticNetCV,
    MultiTaskLassoCV,
)
from sparsesci.linear_model._path import enet_path, lasso_path

__all__ = [
    "ElasticNet",
    "ElasticNetCV",
    "Lasso",
    "LassoCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "WeightedLasso",
    "WeightedLassoCV",
    "enet_path",
    "lasso_path",
]
