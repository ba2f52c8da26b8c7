"""Displays of paths: their data and artists, never their pixels."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import make_regression
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparsesci.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    WeightedLasso,
    WeightedLassoCV,
    lasso_path,
)
from sparsesci.plotting import CoefficientPathDisplay, CVPathDisplay
from sparsesci.plotting._style import spread

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def data():
    X, y = make_regression(60, 8, n_informative=4, noise=5.0, random_state=0)
    return X + 1.0, y


@pytest.fixture(scope="module")
def tasks(data):
    X, y = data
    return X, np.column_stack([y, y**2 / 100])


# ---- coefficients --------------------------------------------------------------------
ESTIMATORS = [
    Lasso(tol=1e-9),
    Lasso(tol=1e-9, fit_intercept=False, positive=True),
    ElasticNet(l1_ratio=0.3, tol=1e-9),
    WeightedLasso(weights=[0, 1, 2, 1, 1, 1, 1, np.inf], tol=1e-9),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_path_holds_the_estimators_own_solutions(estimator, data):
    display = CoefficientPathDisplay.from_estimator(estimator, *data, alphas=7)
    assert display.coefs.shape == (8, 7)
    assert np.all(np.diff(display.alphas) < 0)
    for alpha, coef in zip(display.alphas, display.coefs.T):
        estimator.set_params(alpha=alpha)
        assert_allclose(coef, estimator.fit(*data).coef_, atol=1e-3)
    assert_allclose(display.lines_[1].get_xdata(), display.alphas)
    assert_allclose(display.lines_[1].get_ydata(), display.coefs[1])


def test_unfitted_estimator_is_not_marked_nor_changed(data):
    model = Lasso(0.5)
    display = CoefficientPathDisplay.from_estimator(model, *data)
    assert display.alpha is None
    assert display.alpha_line_ is None
    assert vars(model) == vars(Lasso(0.5))
    assert len(display.alphas) == 100
    assert not display.coefs[:, 0].any()
    assert display.coefs[:, 1].any()
    assert_allclose(display.alphas[-1], 1e-3 * display.alphas[0])


def test_grid_reaches_a_fitted_alpha(data):
    model = Lasso(1e-3).fit(*data)
    display = CoefficientPathDisplay.from_estimator(model, *data, alphas=5, eps=0.1)
    assert_allclose(display.alphas[-1], 1e-3)
    assert display.alpha_line_.get_xdata()[0] == 1e-3


@pytest.mark.parametrize("model", [LassoCV(), WeightedLassoCV(weights=np.ones(8))])
def test_fitted_cv_estimator_brings_its_alphas(model, data):
    model.fit(*data)
    display = CoefficientPathDisplay.from_estimator(model, *data)
    assert_array_equal(display.alphas, model.alphas_)
    assert display.alpha == model.alpha_
    chosen = display.coefs[:, np.flatnonzero(model.alphas_ == model.alpha_)[0]]
    assert_allclose(chosen, model.coef_, atol=0.3)
    assert f"{model.alpha_:.3g}" in display.ax_.get_legend().get_texts()[0].get_text()


def test_cv_estimator_with_several_ratios(data):
    model = ElasticNetCV(l1_ratio=[0.2, 0.9], alphas=6)
    with pytest.raises(ValueError, match="estimator must be fitted when its l1_ratio"):
        CoefficientPathDisplay.from_estimator(model, *data)
    model.fit(*data)
    display = CoefficientPathDisplay.from_estimator(model, *data)
    row = [0.2, 0.9].index(model.l1_ratio_)
    assert_array_equal(display.alphas, model.alphas_[row])
    assert not display.coefs[:, 0].any()


def test_sparse_data_and_weights_give_the_same_path(data):
    X, y = data
    weights = np.repeat([1.0, 2.0], 30)
    paths = [
        CoefficientPathDisplay.from_estimator(
            Lasso(tol=1e-10), A, y, alphas=5, sample_weight=weights
        )
        for A in (X, sparse.csr_matrix(X))
    ]
    assert_allclose(paths[0].coefs, paths[1].coefs, atol=1e-4)
    assert_allclose(paths[0].feature_scale, paths[1].feature_scale)
    unweighted = CoefficientPathDisplay.from_estimator(Lasso(), *data, alphas=5)
    assert abs(unweighted.coefs - paths[0].coefs).max() > 0.1


def test_tasks_are_drawn_by_their_norms(tasks):
    model = MultiTaskLasso(1.0).fit(*tasks)
    display = CoefficientPathDisplay.from_estimator(model, *tasks, alphas=6)
    assert display.coefs.shape == (2, 8, 6)
    norms = np.linalg.norm(display.coefs, axis=0)
    assert_allclose(display.lines_[3].get_ydata(), norms[3])
    assert display.ax_.get_ylabel() == "Norm over targets of the coefficients"
    display.plot(x_scale="l1_norm")
    assert_allclose(display.lines_[3].get_xdata(), norms.sum(axis=0))


@pytest.mark.parametrize("model", [MultiTaskLassoCV(alphas=5), MultiTaskElasticNetCV()])
def test_cv_estimators_of_tasks(model, tasks):
    display = CoefficientPathDisplay.from_estimator(model.fit(*tasks), *tasks)
    assert_array_equal(display.alphas, model.alphas_)
    curves = CVPathDisplay.from_estimator(model, coefs=display.coefs)
    assert curves.top_axis_ is not None


def test_axes_and_scales(data):
    display = CoefficientPathDisplay.from_estimator(Lasso(1.0).fit(*data), *data)
    ax = display.ax_
    assert ax.get_xscale() == "log"
    left, right = ax.get_xlim()
    assert left == display.alphas[0]
    assert right == display.alphas[-1]
    assert ax.get_xlabel() == "alpha, the strength of the penalty (log scale)"
    assert ax.get_ylabel() == "Coefficient"
    ax = display.plot(x_scale="l1_norm").ax_
    norms = np.abs(display.coefs).sum(axis=0)
    assert ax.get_xlim() == (norms.min(), norms.max())
    assert ax.get_xlabel() == "L1 norm of the coefficients"
    mark = display.alpha_line_.get_xdata()[0]
    assert_allclose(mark, np.abs(Lasso(1.0).fit(*data).coef_).sum(), rtol=1e-2)


def test_axes_are_reused(pyplot, data):
    figure, (first, second) = pyplot.subplots(1, 2)
    model = LassoCV(alphas=5).fit(*data)
    display = CoefficientPathDisplay.from_estimator(model, *data, ax=first)
    curves = CVPathDisplay.from_estimator(model, ax=second)
    assert display.ax_ is first
    assert curves.ax_ is second
    assert display.figure_ is curves.figure_ is figure
    assert pyplot.get_fignums() == [figure.number]
    assert display.plot() is display
    assert display.ax_ is not first


def test_labels_name_the_largest_and_do_not_overlap(pyplot):
    coefs = np.array([[0.0, 3.0], [0.0, -5.0], [0.0, 3.01], [0.0, 0.0], [0.0, 1.0]])
    names = ["a", "b", "c", "d", "e"]
    display = CoefficientPathDisplay.from_path([1, 0.1], coefs, feature_names=names)
    assert [label.get_text() for label in display.labels_] == ["b", "c", "a", "e"]
    display.figure_.draw_without_rendering()
    text_box = matplotlib.text.Text.get_window_extent  # without the leader
    boxes = [text_box(label) for label in display.labels_]
    heights = sorted((box.y0, box.y1) for box in boxes)
    assert all(low[1] <= high[0] for low, high in pairwise(heights))
    assert max(box.x1 for box in boxes) <= display.figure_.bbox.x1
    few = display.plot(n_labels=2)
    assert [label.get_text() for label in few.labels_] == ["b", "c"]
    colours = {line.get_color() for line in few.lines_}
    assert len(colours) == 3  # of two named curves and of all others
    assert display.plot(n_labels=0).labels_ == []


def test_labels_follow_the_marked_alpha():
    coefs = np.array([[0.0, 2.0, 1.0], [0.0, 0.0, 9.0]])
    display = CoefficientPathDisplay.from_path([4, 2, 1], coefs, alpha=2.0)
    assert [label.get_text() for label in display.labels_] == ["x0"]


@pytest.mark.parametrize("wanted", [[0.5] * 4, [0.0, 0.0, 1.0], [1.0, 0.99], [0.3]])
def test_spread_keeps_order_and_distance(wanted):
    placed = spread(wanted, 0.1)
    order = np.argsort(wanted, kind="stable")
    assert np.all(np.diff(placed[order]) >= 0.1 - 1e-12)
    assert placed.min() >= 0
    assert placed.max() <= 1 + 1e-12


def test_spread_leaves_alone_what_is_apart():
    assert_allclose(spread([0.9, 0.1, 0.5], 0.1), [0.9, 0.1, 0.5])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_names_of_columns(library, data):
    frames = pytest.importorskip(library)
    X, y = data
    names = [f"gene {j}" for j in range(8)]
    X = frames.DataFrame(dict(zip(names, X.T)))
    display = CoefficientPathDisplay.from_estimator(Lasso(), X, y, alphas=4)
    assert display.feature_names == names
    display = CoefficientPathDisplay.from_estimator(
        Lasso(), X, y, alphas=4, feature_names=list("abcdefgh")
    )
    assert display.feature_names == list("abcdefgh")


def test_names_by_default(data):
    display = CoefficientPathDisplay.from_estimator(Lasso(), *data, alphas=4)
    assert display.feature_names[:2] == ["x0", "x1"]


def test_standardize_draws_effects_of_a_standard_deviation(data):
    X, y = data
    display = CoefficientPathDisplay.from_estimator(
        Lasso(), X * 100, y, alphas=4, standardize=True
    )
    expected = display.coefs[2] * (X * 100).std(axis=0)[2]
    assert_allclose(display.lines_[2].get_ydata(), expected)
    assert display.ax_.get_ylabel().endswith("× standard deviation of the feature")
    bare = CoefficientPathDisplay.from_path(display.alphas, display.coefs)
    with pytest.raises(ValueError, match="standardize=True needs"):
        bare.plot(standardize=True)


def test_from_path_sorts_and_accepts_what_lasso_path_returns(data):
    X, y = data
    alphas, coefs, _ = lasso_path(X - X.mean(axis=0), y - y.mean(), alphas=5)
    display = CoefficientPathDisplay.from_path(alphas[::-1], coefs[:, ::-1])
    assert_array_equal(display.alphas, alphas)
    assert_array_equal(display.coefs, coefs)


def test_alpha_zero_has_a_norm_but_no_logarithm():
    coefs = [[0.0, 1.0, 2.0]]
    with pytest.raises(ValueError, match="alphas must be positive"):
        CoefficientPathDisplay.from_path([2, 1, 0], coefs)
    display = CoefficientPathDisplay.from_path(
        [2, 1, 0], coefs, alpha=0, x_scale="l1_norm"
    )
    assert_allclose(display.alpha_line_.get_xdata()[0], 2.0)


def test_line_keywords(data):
    display = CoefficientPathDisplay.from_estimator(
        Lasso(0.1).fit(*data), *data, alphas=4, line_kw={"lw": 4}, alpha_line=False
    )
    assert {line.get_linewidth() for line in display.lines_} == {4}
    assert display.alpha_line_ is None


@pytest.mark.parametrize("y_scale", [0.0, 1.0])
def test_degenerate_paths_are_drawn(y_scale, data):
    X, y = data
    display = CoefficientPathDisplay.from_estimator(Lasso(), X, y_scale * y, alphas=1)
    assert display.plot(x_scale="l1_norm").labels_ == []


@pytest.mark.parametrize(
    ("keywords", "error", "match"),
    [
        ({"x_scale": "linear"}, ValueError, "x_scale"),
        ({"n_labels": -1}, ValueError, "n_labels"),
        ({"n_labels": 2.5}, TypeError, "n_labels"),
        ({"standardize": "yes"}, TypeError, "standardize"),
        ({"alpha_line": 3}, TypeError, "alpha_line"),
        ({"line_kw": "red"}, TypeError, "line_kw"),
        ({"alpha": -1.0}, ValueError, "alpha"),
        ({"feature_names": ["a"]}, ValueError, "feature_names"),
        ({"alphas": [[2.0, 1.0]]}, ValueError, "alphas"),
        ({"alphas": [2.0, -1.0]}, ValueError, "alphas"),
        ({"alphas": [2.0, 1.5, 1.0]}, ValueError, "coefs"),
    ],
)
def test_wrong_arguments_are_named(keywords, error, match):
    arguments = {"alphas": [2.0, 1.0], "coefs": np.ones((3, 2)), **keywords}
    with pytest.raises(error, match=match):
        CoefficientPathDisplay.from_path(**arguments)


def test_feature_scale_must_fit():
    with pytest.raises(ValueError, match="feature_scale must have one entry"):
        CoefficientPathDisplay(alphas=[1.0], coefs=[[1.0]], feature_scale=[1.0, 2.0])


@pytest.mark.parametrize(
    ("estimator", "error", "match"),
    [
        (make_pipeline(StandardScaler(), Lasso()), TypeError, r"pipe\[-1\]"),
        (StandardScaler(), TypeError, "estimator must be a linear model"),
        (MultiTaskLasso(), ValueError, "y must have shape"),
        (ElasticNet(l1_ratio=0.0), ValueError, "l1_ratio=0"),
        (WeightedLasso(weights=[1.0]), ValueError, "weights"),
        (Lasso(tol=-1.0), ValueError, "tol"),
    ],
)
def test_unfit_estimators_are_refused(estimator, error, match, data):
    with pytest.raises(error, match=match):
        CoefficientPathDisplay.from_estimator(estimator, *data)


def test_several_targets_need_a_joint_model(tasks):
    with pytest.raises(ValueError, match="y must be one target for Lasso"):
        CoefficientPathDisplay.from_estimator(Lasso(), *tasks)


# ---- test errors ---------------------------------------------------------------------
def test_curve_is_the_mean_over_folds(data):
    model = LassoCV(alphas=9, cv=4).fit(*data)
    display = CVPathDisplay.from_estimator(model)
    (line,) = display.lines_
    assert_array_equal(line.get_xdata(), model.alphas_)
    assert_allclose(line.get_ydata(), model.mse_path_.mean(axis=1))
    assert display.alpha_line_.get_xdata()[0] == model.alpha_
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlim()[0] > model.alphas_[0]
    assert display.ax_.get_ylabel() == "Mean squared error on left-out samples"
    assert line.get_label() == "mean over 4 folds"


def test_band_is_one_standard_error(data):
    model = LassoCV(alphas=3, cv=4).fit(*data)
    display = CVPathDisplay.from_estimator(model)
    (band,) = display.fill_between_
    error = model.mse_path_.std(axis=1, ddof=1) / 2
    heights = band.get_paths()[0].vertices[:, 1]
    mean = model.mse_path_.mean(axis=1)
    assert_allclose(heights.max(), (mean + error).max())
    assert_allclose(heights.min(), (mean - error).min())
    assert display.errorbar_ is None


def test_other_styles_of_error(data):
    model = LassoCV(alphas=3).fit(*data)
    bars = CVPathDisplay.from_estimator(model, std_display_style="errorbar")
    assert len(bars.errorbar_) == 1
    assert bars.fill_between_ is None
    bare = CVPathDisplay.from_estimator(model, std_display_style=None, alpha_line=False)
    assert bare.errorbar_ is bare.fill_between_ is bare.alpha_line_ is None
    folds = CVPathDisplay.from_estimator(model, show_folds=True)
    assert len(folds.fold_lines_) == 5
    assert_allclose(folds.fold_lines_[2].get_ydata(), model.mse_path_[:, 2])


@pytest.mark.parametrize("alphas", [6, [3.0, 1.0, 0.3]], ids=["automatic", "given"])
def test_one_curve_for_each_ratio(alphas, data):
    model = ElasticNetCV(l1_ratio=[0.1, 0.5, 1.0], alphas=alphas).fit(*data)
    display = CVPathDisplay.from_estimator(model)
    labels = [line.get_label() for line in display.lines_]
    assert labels == ["l1_ratio = 0.1", "l1_ratio = 0.5", "l1_ratio = 1"]
    for line, mse in zip(display.lines_, model.mse_path_):
        assert_allclose(line.get_ydata(), mse.mean(axis=1))
    with pytest.raises(ValueError, match="coefs must be None"):
        CVPathDisplay.from_estimator(
            model, coefs=np.zeros((8, display.alphas.shape[1]))
        )


def test_numbers_of_nonzeros_stand_above(data):
    model = LassoCV(alphas=20).fit(*data)
    coefs = CoefficientPathDisplay.from_estimator(model, *data).coefs
    display = CVPathDisplay.from_estimator(model, coefs=coefs)
    texts = [text.get_text() for text in display.top_axis_.get_xticklabels()]
    assert texts[0] == "0"
    assert texts[-1] == str(np.count_nonzero(coefs[:, -1]))
    assert "non-zero" in display.top_axis_.get_xlabel()


@pytest.mark.parametrize(
    "model",
    [
        LassoCV(alphas=[1.0]),
        LassoCV(alphas=4, cv=[(np.arange(30), np.arange(30, 60))]),
        ElasticNetCV(l1_ratio=[0.5, 1.0], alphas=[1.0]),
    ],
    ids=["one alpha", "one fold", "one alpha, two ratios"],
)
def test_squeezed_curves_get_their_shape_back(model, data):
    display = CVPathDisplay.from_estimator(model.fit(*data))
    assert display.mse_path.ndim == 3
    assert display.mse_path.size == model.mse_path_.size
    assert len(display.lines_) == np.size(getattr(model, "l1_ratio", 1.0))


def test_unfitted_and_plain_estimators(data):
    with pytest.raises(NotFittedError):
        CVPathDisplay.from_estimator(LassoCV())
    with pytest.raises(TypeError, match="estimator must be fitted by cross-validation"):
        CVPathDisplay.from_estimator(Lasso().fit(*data))


@pytest.mark.parametrize(
    ("keywords", "error", "match"),
    [
        ({"alphas": [1.0]}, ValueError, "alphas and mse_path"),
        ({"mse_path": [1.0, 2.0]}, ValueError, "alphas and mse_path"),
        ({"alphas": [1.0, 0.0]}, ValueError, "alphas must be positive"),
        ({"alpha": "best"}, TypeError, "alpha"),
        ({"l1_ratios": [0.1, 0.2]}, ValueError, "l1_ratios"),
        ({"coefs": np.zeros((4, 3))}, ValueError, "coefs"),
        ({"std_display_style": "box"}, ValueError, "std_display_style"),
        ({"show_folds": 1}, TypeError, "show_folds"),
        ({"line_kw": 1}, TypeError, "line_kw"),
        ({"fill_between_kw": 1}, TypeError, "fill_between_kw"),
        ({"errorbar_kw": 1}, TypeError, "errorbar_kw"),
    ],
)
def test_wrong_curves_are_named(keywords, error, match):
    data = {"alphas": [2.0, 1.0], "mse_path": np.ones((2, 5))}
    stored = ("alphas", "mse_path", "alpha", "l1_ratios", "coefs")
    data |= {name: keywords[name] for name in keywords if name in stored}
    drawn = {name: keywords[name] for name in keywords if name not in stored}
    with pytest.raises(error, match=match):
        CVPathDisplay(**data).plot(**drawn)


# ---- matplotlib is optional ----------------------------------------------------------
def test_import_leaves_matplotlib_alone():
    code = (
        "import sys, sparsesci, sparsesci.plotting; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    display = CoefficientPathDisplay(alphas=[1.0], coefs=[[1.0]])
    with pytest.raises(ImportError, match=r"CoefficientPathDisplay.*sparsesci\[plot\]"):
        display.plot()
    curves = CVPathDisplay(alphas=[1.0], mse_path=[[1.0]])
    with pytest.raises(ImportError, match=r"CVPathDisplay.*sparsesci\[plot\]"):
        curves.plot()
