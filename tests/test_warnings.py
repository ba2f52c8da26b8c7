"""A warning names the line of the caller, however deep it was found."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from problems import make_data
from sklearn.exceptions import DataConversionWarning

from sparsesci.exceptions import ConvergenceWarning
from sparsesci.greedy import (
    BestSubset,
    BestSubsetCV,
    BestSubsetSelector,
    CoSaMP,
    ForwardSelector,
    HardThresholdingPursuit,
    IterativeHardThresholding,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    SequentialAttentionSelector,
    SparseProbe,
    SubspacePursuit,
    cosamp,
    htp,
    iht,
    niht,
    orthogonal_mp,
    orthogonal_mp_gram,
    splicing,
    splicing_path,
    subspace_pursuit,
)
from sparsesci.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    WeightedLasso,
    WeightedLassoCV,
    enet_path,
    lasso_path,
)
from sparsesci.penalties import L1
from sparsesci.plotting import CoefficientPathDisplay
from sparsesci.solvers import coordinate_descent, fista, regularization_path

FEW = {"max_iter": 1, "tol": 1e-12}
ALPHAS = [0.02, 0.01]
CV = {**FEW, "alphas": ALPHAS, "cv": 2}


def _draw(X, y):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    model, ax = Lasso(**FEW), figure.add_subplot()
    CoefficientPathDisplay.from_estimator(model, X, y, alphas=ALPHAS, ax=ax)


UNCONVERGED = {
    "coordinate_descent": lambda X, y: coordinate_descent(X, y, L1(0.01), **FEW),
    "fista": lambda X, y: fista(X, y, L1(0.01), **FEW),
    "regularization_path": lambda X, y: regularization_path(X, y, L1(1), **FEW),
    "Lasso": lambda X, y: Lasso(0.01, **FEW).fit(X, y),
    "Lasso, Gram": lambda X, y: Lasso(0.01, precompute=True, **FEW).fit(X, y),
    "Lasso, 2 targets": lambda X, y: Lasso(0.01, **FEW).fit(X, np.c_[y, -y]),
    "ElasticNet": lambda X, y: ElasticNet(0.01, **FEW).fit(X, y),
    "WeightedLasso": lambda X, y: WeightedLasso(0.01, **FEW).fit(X, y),
    "MultiTaskLasso": lambda X, y: MultiTaskLasso(0.01, **FEW).fit(X, np.c_[y, y]),
    "lasso_path": lambda X, y: lasso_path(X, y, alphas=ALPHAS, **FEW),
    "enet_path": lambda X, y: enet_path(X, y, alphas=ALPHAS, **FEW),
    "Lasso.path": lambda X, y: Lasso.path(X, y, alphas=ALPHAS, **FEW),
    "LassoCV": lambda X, y: LassoCV(**CV).fit(X, y),
    "LassoCV, threads": lambda X, y: LassoCV(n_jobs=2, **CV).fit(X, y),
    "ElasticNetCV": lambda X, y: ElasticNetCV(**CV).fit(X, y),
    "WeightedLassoCV": lambda X, y: WeightedLassoCV(**CV).fit(X, y),
    "MultiTaskLassoCV": lambda X, y: MultiTaskLassoCV(**CV).fit(X, np.c_[y, y]),
    "display": _draw,
}


def _assert_all_name(caller, caught, category):
    lines = {line for _, _, line in caller.__code__.co_lines()}
    assert {w.category for w in caught} == {category}
    for w in caught:
        assert w.filename == __file__
        assert w.lineno in lines


@pytest.mark.parametrize("name", UNCONVERGED)
def test_convergence_warnings_name_the_line_of_the_caller(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        UNCONVERGED[name](*make_data(0, 30, 40)[:2])
    _assert_all_name(UNCONVERGED[name], caught, ConvergenceWarning)


@pytest.mark.parametrize(
    "warned",
    [
        lambda X, y: Lasso(0.0).fit(X, y),
        lambda X, y: LassoCV(alphas=[0.0], cv=2).fit(X, y),
        lambda X, y: Lasso(0.1, precompute=X.T @ X).fit(X, y),
        lambda X, y: MultiTaskLasso(0.0).fit(X, np.c_[y, y]),
    ],
    ids=["alpha=0", "alpha=0, CV", "Gram", "alpha=0, 2 targets"],
)
def test_other_warnings_name_the_line_of_the_caller(warned):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warned(*make_data(0, 30, 40)[:2])
    _assert_all_name(warned, caught, UserWarning)


SHORT = {"n_nonzero_coefs": 2}
GREEDY = {
    "orthogonal_mp": lambda X, y: orthogonal_mp(X[:, [0, 0]], y, **SHORT),
    "orthogonal_mp, signals": lambda X, y: orthogonal_mp(
        X[:, [0, 0]], np.c_[y, -y], n_jobs=2, precompute=False, **SHORT
    ),
    "orthogonal_mp, Gram": lambda X, y: orthogonal_mp(
        X[:, [0, 0]], y, precompute=True, **SHORT
    ),
    "orthogonal_mp_gram": lambda X, y: orthogonal_mp_gram(
        np.ones((2, 2)), np.ones(2), norms_squared=2.0, tol=0.1
    ),
    "estimator": lambda X, y: OrthogonalMatchingPursuit(**SHORT).fit(X[:, [0, 0]], y),
    "CV": lambda X, y: OrthogonalMatchingPursuitCV(cv=2).fit(X, y[:, None]),
    "forward": lambda X, y: ForwardSelector(2).fit(X[:, [0, 0]], y),
    "attention": lambda X, y: SequentialAttentionSelector(2).fit(X[:, [0, 0]], y),
    "best subset": lambda X, y: BestSubsetSelector(2).fit(X[:, [0, 0]], y),
    "probe": lambda X, y: SparseProbe(5, method="optimal", max_iter=2).fit(X, y > 2),
}
CATEGORIES = {
    "best subset": UserWarning,
    "CV": DataConversionWarning,
    "forward": UserWarning,
    "attention": UserWarning,
    "probe": ConvergenceWarning,
}


@pytest.mark.parametrize("name", GREEDY)
def test_warnings_of_greedy_methods_name_the_line_of_the_caller(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        GREEDY[name](*make_data(0, 30, 40)[:2])
    _assert_all_name(GREEDY[name], caught, CATEGORIES.get(name, RuntimeWarning))


ONCE = {"n_nonzero_coefs": 8, "max_iter": 1}
CUT_SHORT = {
    "iht": lambda X, y: iht(X, y, **ONCE),
    "niht": lambda X, y: niht(X, y, **ONCE),
    "htp": lambda X, y: htp(X, y, **ONCE),
    "htp, step": lambda X, y: htp(X, y, step=0.5, **ONCE),
    "cosamp": lambda X, y: cosamp(X, y, **ONCE),
    "subspace_pursuit": lambda X, y: subspace_pursuit(X, y, **ONCE),
    "splicing": lambda X, y: splicing(X, y, **ONCE),
    "splicing, start": lambda X, y: splicing(X, y, start="correlation", **ONCE),
    "splicing_path": lambda X, y: splicing_path(X, y, max_iter=1),
    "IHT": lambda X, y: IterativeHardThresholding(**ONCE).fit(X, y),
    "HTP": lambda X, y: HardThresholdingPursuit(**ONCE).fit(X, np.c_[y, -y]),
    "CoSaMP": lambda X, y: CoSaMP(**ONCE).fit(X, y),
    "SubspacePursuit": lambda X, y: SubspacePursuit(**ONCE).fit(X, y),
    "BestSubset": lambda X, y: BestSubset(max_iter=1).fit(X, y),
    "BestSubsetCV": lambda X, y: BestSubsetCV(
        max_nonzero_coefs=8, max_iter=1, n_jobs=2
    ).fit(X, y),
}


@pytest.mark.parametrize("name", CUT_SHORT)
def test_iterations_cut_short_say_what_they_still_changed(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CUT_SHORT[name](*make_data(0, 60, 90)[:2])
    _assert_all_name(CUT_SHORT[name], caught, ConvergenceWarning)
    text = r"max_iter=1 ended .* by a share of (\S+), tolerance: (\S+)\. Increase"
    for w in caught:
        share, tol = map(float, re.match(text, str(w.message)).groups())
        assert share > tol


def test_the_last_iteration_allowed_may_be_the_one_that_settles():
    X, y = make_data(0, 200, 20)[:2]
    n_iter = niht(X, y, n_nonzero_coefs=3).n_iter
    assert niht(X, y, n_nonzero_coefs=3, max_iter=n_iter).converged
    with pytest.warns(ConvergenceWarning):
        assert not niht(X, y, n_nonzero_coefs=3, max_iter=n_iter - 1).converged
