"""Displays of phase transitions: their data and artists."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import OrthogonalMatchingPursuit

from sparsesci.metrics import PhaseTransition
from sparsesci.plotting import PhaseTransitionDisplay

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def _study(rates, n_trials=20):
    rates = np.asarray(rates, dtype=float)
    n_methods, n_rows, n_columns = rates.shape
    return PhaseTransition(
        tuple("abc"[:n_methods]),
        10 * np.arange(1, n_rows + 1),
        2 * np.arange(1, n_columns + 1),
        99,
        n_trials,
        rates,
    )


CURVES = _study([[[1.0, 0.6, 0.0]], [[0.8, 0.2, 0.1]]])
GRID = _study(
    [
        [[1.0, 0.0, np.nan], [1.0, 0.75, 0.25], [1.0, 1.0, 1.0]],
        [[0.4, 0.0, np.nan], [1.0, 0.2, 0.4], [0.9, 0.6, 0.1]],
    ]
)


def test_curves():
    display = PhaseTransitionDisplay.from_results(CURVES)
    assert display.study is CURVES
    assert len(display.lines_) == len(display.fill_between_) == 2
    assert_array_equal(display.lines_[0].get_xdata(), [2, 4, 6])
    assert_array_equal(display.lines_[1].get_ydata(), [0.8, 0.2, 0.1])
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["a", "b"]
    assert "99, from 10 samples" in display.ax_.get_xlabel()
    looks = {(line.get_color(), line.get_marker()) for line in display.lines_}
    assert len(looks) == 2
    assert display.plot(confidence=False).fill_between_ == []
    assert display.plot(line_kw={"lw": 5}).lines_[0].get_linewidth() == 5


def test_bands_are_wilson_intervals():
    display = PhaseTransitionDisplay.from_results(CURVES)
    heights = display.fill_between_[0].get_paths()[0].vertices[:, 1]
    # The interval of 20 of 20 ends at n / (n + z^2).
    low = heights[np.isclose(heights, 20 / (20 + 1.96**2))]
    assert low.size
    assert heights.max() <= 1 + 1e-12
    assert heights.min() >= -1e-12


def test_boundaries():
    display = PhaseTransitionDisplay.from_results(GRID)
    first, second = (line.get_ydata() for line in display.lines_)
    # 1 to 0 between 2 and 4; 0.75 to 0.25 between 4 and 6; beyond the grid.
    assert_allclose(first, [3.0, 5.0, np.nan])
    # Below from the start; 0.2 and 0.4 become 0.3 twice; 0.6 to 0.1.
    assert_allclose(second, [np.nan, 2 + 2 * 0.5 / 0.7, 4 + 2 * 0.1 / 0.5])
    assert_array_equal(display.lines_[0].get_xdata(), [10, 20, 30])
    assert display.ax_.get_ylabel() == "Non-zero coefficients of 99"
    high = display.plot(level=0.9).lines_[1].get_ydata()
    assert high[1] < second[1]


def test_maps(pyplot):
    display = PhaseTransitionDisplay.from_results(GRID, kind="map")
    assert len(display.axes_) == len(display.images_) == len(display.lines_) == 2
    assert [ax.get_title() for ax in display.axes_] == ["a", "b"]
    values = display.images_[0].get_array().reshape(3, -1)  # flat in older versions
    assert values.shape == (3, 3)
    assert values.mask[2, 0]
    assert values[1, 1] == 0.75
    single = _study(GRID.success_rate[:1])
    assert len(PhaseTransitionDisplay.from_results(single).images_) == 1
    figure, axes = pyplot.subplots(1, 2)
    display = PhaseTransitionDisplay.from_results(GRID, kind="map", ax=axes)
    assert display.figure_ is figure
    with pytest.raises(ValueError, match="ax must hold one axes for each of the 2"):
        PhaseTransitionDisplay.from_results(GRID, kind="map", ax=axes[0])


def test_estimators_are_studied_and_drawn(pyplot):
    figure, ax = pyplot.subplots()
    display = PhaseTransitionDisplay.from_estimators(
        {"OMP": OrthogonalMatchingPursuit(fit_intercept=False)},
        n_samples=20,
        n_nonzero=[1, 9],
        n_features=30,
        n_trials=4,
        values="ones",
        random_state=0,
        ax=ax,
    )
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.study.n_trials == 4
    assert_array_equal(display.lines_[0].get_ydata(), display.study.success_rate[0, 0])


@pytest.mark.parametrize(
    ("study", "options", "error", "message"),
    [
        (None, {}, TypeError, "study must be a PhaseTransition"),
        (CURVES, {"kind": "bars"}, ValueError, "kind must be one of"),
        (CURVES, {"kind": "map"}, ValueError, "kind='map' needs a study of several"),
        (GRID, {"kind": "curves"}, ValueError, "kind='curves' needs a study of a sin"),
        (GRID, {"level": 1.0}, ValueError, "level must be"),
        (GRID, {"confidence": 1}, TypeError, "confidence must be"),
        (GRID, {"line_kw": [1]}, TypeError, "line_kw must be"),
        (GRID, {"image_kw": "a"}, TypeError, "image_kw must be"),
    ],
)
def test_bad_arguments(study, options, error, message):
    with pytest.raises(error, match=message):
        PhaseTransitionDisplay.from_results(study, **options)
