"""Displays of Kronecker SBL: their data and artists."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sparsesci.bayes import KroneckerSBL
from sparsesci.linear_model import Lasso
from sparsesci.plotting import EvidencePathDisplay, SupportMapDisplay

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((3, 6, 7))
    truth = np.zeros((7, 7, 7))
    truth[1, 2, 3], truth[1, 5, 3] = 2.0, -1.0
    y = np.einsum("ai,bj,ck,ijk", *factors, truth).ravel()
    y = y + 0.01 * rng.standard_normal(y.size)
    models = {
        name: KroneckerSBL(factors, mstep=name, noise=1e-4).fit(np.stack([y, y], 1))
        for name in ("svd", "mm")
    }
    return models, truth


def test_evidence_paths(fitted):
    models, _ = fitted
    display = EvidencePathDisplay.from_estimators(models)
    assert [line.get_label() for line in display.lines_] == ["svd", "mm"]
    best = max(model.evidence_path_.max() for model in models.values())
    expected = np.maximum(best - models["mm"].evidence_path_, 1e-3)
    assert_allclose(display.lines_[1].get_ydata(), expected)
    assert display.ax_.get_yscale() == "log"
    plain = display.plot(kind="evidence", line_kw={"lw": 5})
    assert_array_equal(plain.lines_[0].get_ydata(), models["svd"].evidence_path_)
    assert plain.lines_[0].get_linewidth() == 5
    assert plain.ax_.get_yscale() == "linear"


def test_support_map(fitted, pyplot):
    models, truth = fitted
    figure, ax = pyplot.subplots()
    display = SupportMapDisplay.from_estimator(
        models["mm"], axes=(1, 2), coef_true=truth, ax=ax, range_db=30
    )
    assert display.ax_ is ax
    assert display.figure_ is figure
    levels = display.image_.get_array().reshape(7, 7)
    assert levels.shape == (7, 7)
    assert levels[2, 3] == 0.0
    assert levels[5, 3] == pytest.approx(20 * np.log10(0.5), abs=0.1)
    assert np.sum(levels > -29) == 2
    assert_array_equal(display.truth_.get_offsets(), [[3, 2], [3, 5]])
    assert "factor 2" in ax.get_ylabel()
    turned = SupportMapDisplay(coef=models["mm"].coef_[..., 0], axes=(2, 1)).plot(
        colorbar=False, range_db=30, labels=("down", "across")
    )
    flat = turned.image_.get_array().reshape(7, 7)
    assert_allclose(flat, levels.T, atol=0.1)
    assert turned.truth_ is None
    assert turned.colorbar_ is None
    assert turned.ax_.get_xlabel() == "across"
    zero = SupportMapDisplay(coef=np.zeros((2, 3))).plot()
    assert np.all(zero.image_.get_array() == -40)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda m: EvidencePathDisplay(evidence_paths={}), "must be a dict of names"),
        (lambda m: EvidencePathDisplay(evidence_paths={"a": []}), r"\['a'\] must be"),
        (lambda m: EvidencePathDisplay.from_estimators(m), "must be a dict of fitted"),
        (
            lambda m: EvidencePathDisplay(evidence_paths={"a": [1]}).plot(kind="no"),
            "kind must be one of",
        ),
        (
            lambda m: EvidencePathDisplay.from_estimators(
                {"a": Lasso().fit([[0.0], [1.0]], [0, 1])}
            ),
            "must have one evidence_path_",
        ),
        (lambda m: SupportMapDisplay(coef=[1.0]), "coef must be a finite array"),
        (lambda m: SupportMapDisplay(coef=np.eye(2), axes=(0, 0)), "axes must be two"),
        (lambda m: SupportMapDisplay(coef=np.eye(2), axes=(0, 2)), "axes must be two"),
        (
            lambda m: SupportMapDisplay(coef=np.eye(2), coef_true=np.eye(3)),
            "coef_true must have the shape",
        ),
        (lambda m: SupportMapDisplay(coef=np.eye(2)).plot(range_db=0), "range_db must"),
        (
            lambda m: SupportMapDisplay.from_estimator(
                Lasso().fit([[0.0], [1.0]], [0, 1])
            ),
            "estimator must be a sparsesci.bayes.KroneckerSBL",
        ),
    ],
)
def test_bad_parameters(fitted, call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call(fitted[0]["svd"])
