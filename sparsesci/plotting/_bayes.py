"""Posterior intervals, credible sets and the evidence of Bayesian fits."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sparsesci.plotting._style import (
    COLOURS,
    MARK,
    MUTED,
    axes_or_new,
    check_keywords,
)
from sparsesci.utils.validation import check_integer, check_real


def _names(feature_names: Any, estimator: Any, n_features: int) -> list[str]:
    """Given names, those of the fit, or x0, x1, ..."""
    if feature_names is None:
        feature_names = getattr(estimator, "feature_names_in_", None)
    if feature_names is None:
        feature_names = [f"x{j}" for j in range(n_features)]
    names = [str(name) for name in feature_names]
    if len(names) != n_features:
        raise ValueError(
            f"feature_names must have {n_features} entries, got {len(names)}."
        )
    return names


class PosteriorIntervalDisplay:
    """Coefficients with their credible intervals.

    The largest coefficients, each with its interval; those whose interval holds 0 are
    grey. It is recommended to use :meth:`from_estimator`. All
    parameters are stored as attributes.

    Parameters
    ----------
    coef : array-like of shape (n_features,)
        Posterior means.
    intervals : array-like of shape (n_features, 2)
        Lower and upper ends.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features; "x0", "x1", ... by default.
    level : float, default=None
        Posterior probability of the intervals, for the label of the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the intervals.
    figure_ : matplotlib Figure
        Figure containing them.
    points_ : matplotlib PathCollection
        Posterior means.
    lines_ : matplotlib LineCollection
        Intervals.
    shown_ : ndarray
        Features that are drawn, from top to bottom.

    See Also
    --------
    CredibleSetDisplay : Inclusion probabilities and sets.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.bayes import SpikeSlabVB
    >>> from sparsesci.plotting import PosteriorIntervalDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = SpikeSlabVB().fit(X, y)
    >>> PosteriorIntervalDisplay.from_estimator(model)  # doctest: +SKIP
    """

    def __init__(self, *, coef, intervals, feature_names=None, level=None):
        self.coef = np.asarray(coef, dtype=np.float64)
        self.intervals = np.asarray(intervals, dtype=np.float64)
        if self.coef.ndim != 1 or self.intervals.shape != (self.coef.size, 2):
            raise ValueError(
                "coef must be a vector and intervals have two columns and as many "
                f"rows, got {self.coef.shape} and {self.intervals.shape}."
            )
        self.feature_names = _names(feature_names, None, self.coef.size)
        self.level = level

    def plot(self, ax=None, *, max_features=15, line_kw=None, point_kw=None):
        """Draw the intervals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        max_features : int, default=15
            Number of features, those with the largest coefficients that are not 0.
        line_kw : dict, default=None
            Keyword arguments for the intervals, passed to matplotlib's `hlines`.
        point_kw : dict, default=None
            Keyword arguments for the means, passed to `scatter`.

        Returns
        -------
        display : PosteriorIntervalDisplay
            The object itself.
        """
        check_integer("max_features", max_features)
        line_kw, point_kw = (
            check_keywords("line_kw", line_kw),
            check_keywords("point_kw", point_kw),
        )
        self.ax_ = axes_or_new(ax, "PosteriorIntervalDisplay.plot")
        self.figure_ = self.ax_.figure
        drawn = min(max_features, max(np.count_nonzero(self.coef), 1))
        order = np.argsort(-np.abs(self.coef), kind="stable")[:drawn]
        self.shown_ = order
        low, high = self.intervals[order].T
        sure = (low > 0) | (high < 0)
        colours = np.where(sure, COLOURS[0], MUTED)
        rows = np.arange(len(order))
        self.ax_.axvline(0.0, color=MARK, lw=0.8)
        lines = {"colors": colours, "linewidth": 2.5, **line_kw}
        self.lines_ = self.ax_.hlines(rows, low, high, **lines)
        points = {"color": colours, "s": 28, "zorder": 3, **point_kw}
        self.points_ = self.ax_.scatter(self.coef[order], rows, **points)
        self.ax_.set_yticks(rows, [self.feature_names[j] for j in order])
        self.ax_.invert_yaxis()
        share = "" if self.level is None else f" with {100 * self.level:g} % intervals"
        self.ax_.set_xlabel(f"coefficient{share}")
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        level=0.9,
        feature_names=None,
        ax=None,
        max_features=15,
        line_kw=None,
        point_kw=None,
    ):
        """Draw the intervals of a fitted estimator of :mod:`sparsesci.bayes`.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `credible_interval` and `coef_` of one dimension, or of one
            row, as classifiers of two classes have it.
        level : float, default=0.9
            Posterior probability of each interval, in (0, 1).
        feature_names : array-like of str of shape (n_features,), default=None
            Names of the features; those of the fit by default.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        max_features : int, default=15
            Number of features, those with the largest coefficients.
        line_kw : dict, default=None
            Keyword arguments for the intervals.
        point_kw : dict, default=None
            Keyword arguments for the means.

        Returns
        -------
        display : PosteriorIntervalDisplay
            The display, drawn.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "credible_interval"):
            raise TypeError(
                "estimator must have credible_interval, got "
                f"{type(estimator).__name__}."
            )
        coef, intervals = estimator.coef_, estimator.credible_interval(level)
        if np.ndim(coef) == 2 and len(coef) == 1:
            coef, intervals = coef[0], intervals[0]
        if np.ndim(coef) != 1:
            raise TypeError(
                "estimator must have one row of coefficients, got coef_ of shape "
                f"{np.shape(coef)}."
            )
        display = cls(
            coef=coef,
            intervals=intervals,
            feature_names=_names(feature_names, estimator, np.size(estimator.coef_)),
            level=level,
        )
        return display.plot(
            ax, max_features=max_features, line_kw=line_kw, point_kw=point_kw
        )


class CredibleSetDisplay:
    """Inclusion probabilities, with the credible sets in colours.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    pip : array-like of shape (n_features,)
        Posterior inclusion probabilities.
    credible_sets : list of array-like of int, default=()
        Features of each set.
    threshold : float, default=None
        A probability that is marked by a line.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the probabilities.
    figure_ : matplotlib Figure
        Figure containing them.
    points_ : matplotlib PathCollection
        All features.
    set_points_ : list of matplotlib PathCollection
        Features of each set.

    See Also
    --------
    PosteriorIntervalDisplay : Coefficients and intervals.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.bayes import SuSiE
    >>> from sparsesci.plotting import CredibleSetDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> CredibleSetDisplay.from_estimator(SuSiE().fit(X, y))  # doctest: +SKIP
    """

    def __init__(self, *, pip, credible_sets=(), threshold=None):
        self.pip = np.asarray(pip, dtype=np.float64)
        self.credible_sets = [np.asarray(found, dtype=int) for found in credible_sets]
        self.threshold = threshold
        if threshold is not None:
            check_real("threshold", threshold, 0, 1)

    def plot(self, ax=None, *, point_kw=None):
        """Draw the probabilities.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        point_kw : dict, default=None
            Keyword arguments for all points, passed to matplotlib's `scatter`.

        Returns
        -------
        display : CredibleSetDisplay
            The object itself.
        """
        point_kw = check_keywords("point_kw", point_kw)
        self.ax_ = axes_or_new(ax, "CredibleSetDisplay.plot")
        self.figure_ = self.ax_.figure
        every = np.arange(self.pip.size)
        style = {"color": MUTED, "s": 14, **point_kw}
        self.points_ = self.ax_.scatter(every, self.pip, **style)
        self.set_points_ = []
        for rank, found in enumerate(self.credible_sets):
            colour = COLOURS[rank % len(COLOURS)]
            size = f"{len(found)} column" + "s" * (len(found) != 1)
            label = f"set {rank + 1}: {size}"
            drawn = self.ax_.scatter(
                found, self.pip[found], color=colour, s=30, label=label, zorder=3
            )
            self.set_points_.append(drawn)
        if self.threshold is not None:
            self.ax_.axhline(self.threshold, color=MARK, lw=0.8, ls=":")
        if self.credible_sets:
            self.ax_.legend(fontsize="small")
        self.ax_.set(
            xlabel="feature", ylabel="inclusion probability", ylim=(-0.04, 1.04)
        )
        return self

    @classmethod
    def from_estimator(cls, estimator, *, threshold=None, ax=None, point_kw=None):
        """Draw the probabilities of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `pip_` and maybe `credible_sets_`.
        threshold : float, default=None
            A probability that is marked by a line.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        point_kw : dict, default=None
            Keyword arguments for all points.

        Returns
        -------
        display : CredibleSetDisplay
            The display, drawn.
        """
        check_is_fitted(estimator)
        pip = getattr(estimator, "pip_", None)
        if pip is None or np.ndim(pip) != 1:
            raise TypeError(
                f"estimator must have a vector pip_, got {type(estimator).__name__}."
            )
        sets = getattr(estimator, "credible_sets_", ())
        display = cls(pip=pip, credible_sets=sets, threshold=threshold)
        return display.plot(ax, point_kw=point_kw)
