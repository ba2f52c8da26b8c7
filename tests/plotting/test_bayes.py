"""Displays of Bayesian fits: their data and artists."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sparsesci.bayes import FastSBL, FastSBLClassifier, HorseshoeRegressor, SuSiE
from sparsesci.linear_model import Lasso
from sparsesci.plotting import (
    CredibleSetDisplay,
    EvidencePathDisplay,
    PosteriorIntervalDisplay,
)

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 12))
    X[:, 7] = X[:, 2] + 0.1 * rng.standard_normal(80)
    return X, X[:, 2] - 2 * X[:, 5] + rng.standard_normal(80)


def test_intervals(data):
    model = FastSBL().fit(*data)
    names = [f"gene {j}" for j in range(12)]
    display = PosteriorIntervalDisplay.from_estimator(
        model, level=0.5, feature_names=names, max_features=2
    )
    assert_array_equal(
        display.shown_, np.argsort(-np.abs(model.coef_), kind="stable")[:2]
    )
    ends = np.array([path[:, 0] for path in display.lines_.get_segments()])
    assert_allclose(ends, model.credible_interval(0.5)[display.shown_])
    offsets = display.points_.get_offsets()
    assert_allclose(offsets[:, 0], model.coef_[display.shown_])
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == [names[j] for j in display.shown_]
    assert "50 % intervals" in display.ax_.get_xlabel()
    assert display.figure_ is display.ax_.figure


def test_uncertain_coefficients_are_grey():
    display = PosteriorIntervalDisplay(
        coef=[2.0, -1.0], intervals=[[1.0, 3.0], [-2.0, 0.5]]
    ).plot()
    first, second = display.lines_.get_colors()
    assert not np.allclose(first, second)
    assert np.ptp(second[:3]) == 0


def test_zeros_are_left_out():
    display = PosteriorIntervalDisplay(coef=[0.0, 1.0, 0.0], intervals=np.zeros((3, 2)))
    assert_array_equal(display.plot().shown_, [1])
    nothing = PosteriorIntervalDisplay(coef=np.zeros(2), intervals=np.zeros((2, 2)))
    assert nothing.plot().shown_.size == 1


def test_bad_intervals(data):
    with pytest.raises(ValueError, match="intervals have two columns"):
        PosteriorIntervalDisplay(coef=[1.0], intervals=[[0.0, 1.0, 2.0]])
    with pytest.raises(ValueError, match="feature_names must have 1 entries"):
        PosteriorIntervalDisplay(
            coef=[1.0], intervals=[[0.0, 1.0]], feature_names=["a", "b"]
        )
    with pytest.raises(TypeError, match="estimator must have credible_interval"):
        PosteriorIntervalDisplay.from_estimator(Lasso().fit(*data))
    with pytest.raises(TypeError, match="line_kw must be a dict"):
        PosteriorIntervalDisplay.from_estimator(FastSBL().fit(*data), line_kw=1)


def test_credible_sets(data, pyplot):
    model = SuSiE().fit(*data)
    _, ax = pyplot.subplots()
    display = CredibleSetDisplay.from_estimator(model, threshold=0.5, ax=ax)
    assert display.ax_ is ax
    assert_allclose(display.points_.get_offsets()[:, 1], model.pip_)
    assert len(display.set_points_) == len(model.credible_sets_) == 2
    for drawn, found in zip(display.set_points_, model.credible_sets_):
        assert_array_equal(drawn.get_offsets()[:, 0], found)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["set 1: 1 column", "set 2: 2 columns"]
    assert CredibleSetDisplay(pip=[0.1]).plot().ax_.get_legend() is None
    with pytest.raises(TypeError, match="estimator must have a vector pip_"):
        CredibleSetDisplay.from_estimator(FastSBL().fit(*data))
    with pytest.raises(ValueError, match="threshold must be"):
        CredibleSetDisplay(pip=[0.1], threshold=2.0)


def test_evidence(data):
    X, y = data
    model = FastSBL().fit(X, y)
    display = EvidencePathDisplay.from_estimator(model, line_kw={"lw": 3})
    (line,) = display.lines_
    assert_array_equal(line.get_ydata(), model.evidence_path_)
    assert line.get_linewidth() == 3
    assert display.ax_.get_legend().get_texts()[0].get_text() == "FastSBL"
    again = EvidencePathDisplay(evidence_paths={"a": [1.0, 2.0]}).plot(display.ax_)
    assert again.ax_ is display.ax_
    for other in (
        HorseshoeRegressor(300, n_chains=1, random_state=0).fit(X[:, :3], y),
        FastSBLClassifier().fit(X, y > 0),
    ):
        with pytest.raises(TypeError, match="estimator must have one evidence_path_"):
            EvidencePathDisplay.from_estimator(other)
