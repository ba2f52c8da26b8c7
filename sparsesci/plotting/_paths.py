"""Coefficients along the regularisation path."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesci.plotting._data import estimator_path
from sparsesci.plotting._style import (
    MARK,
    MUTED,
    alpha_axis,
    axes_or_new,
    check_keywords,
    check_log_alphas,
    curve_style,
    import_pyplot,
    label_ends,
    mark,
)
from sparsesci.utils.validation import (
    check_choice,
    check_flag,
    check_integer,
    check_real,
)


class CoefficientPathDisplay:
    """Coefficients of a sparse linear model as its penalty weakens.

    One curve for each feature. The largest coefficients are coloured and named beside
    the end of their curves, the others are grey. It is recommended to use
    :meth:`from_estimator` or :meth:`from_path`. All parameters are stored as
    attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Strengths of the penalty; kept from large to small.
    coefs : array-like of shape (n_features, n_alphas) or \
            (n_targets, n_features, n_alphas)
        Coefficients at `alphas`. For several targets the norm of each feature's
        coefficients is drawn.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features; "x0", "x1", ... by default.
    alpha : float, default=None
        An alpha to be marked by a vertical line.
    feature_scale : array-like of shape (n_features,), default=None
        Standard deviations of the features, for ``plot(standardize=True)``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure containing them.
    lines_ : list of matplotlib Line2D
        One curve for each feature, in the order of the features.
    labels_ : list of matplotlib Annotation
        Names beside the curves, the largest coefficient first.
    alpha_line_ : matplotlib Line2D or None
        Vertical line at `alpha`.

    See Also
    --------
    CVPathDisplay : Test errors along the same axis.
    sparsesci.linear_model.lasso_path : The coefficients without a picture.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.linear_model import LassoCV
    >>> from sparsesci.plotting import CoefficientPathDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = LassoCV().fit(X, y)
    >>> CoefficientPathDisplay.from_estimator(model, X, y)  # doctest: +SKIP
    """

    def __init__(
        self, *, alphas, coefs, feature_names=None, alpha=None, feature_scale=None
    ):
        alphas, coefs = _check_path(alphas, coefs)
        n_features = coefs.shape[-2]
        if feature_names is None:
            feature_names = [f"x{j}" for j in range(n_features)]
        self.alphas = alphas
        self.coefs = coefs
        self.feature_names = [str(name) for name in feature_names]
        self.alpha = None if alpha is None else check_real("alpha", alpha, low=0)
        self.feature_scale = (
            None if feature_scale is None else np.asarray(feature_scale)
        )
        for name in ("feature_names", "feature_scale"):
            value = getattr(self, name)
            if value is not None and len(value) != n_features:
                raise ValueError(
                    f"{name} must have one entry for each of the {n_features} "
                    f"features, got {len(value)}."
                )

    def plot(
        self,
        ax=None,
        *,
        x_scale="log",
        n_labels=8,
        standardize=False,
        line_kw=None,
        alpha_line=True,
    ):
        """Draw the coefficients.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default. Names stand to the right of the
            axes: leave room, for example by ``plt.subplots(layout="constrained")``.
        x_scale : {"log", "l1_norm"}, default="log"
            The horizontal axis: alpha from large to small on a logarithmic scale, or
            the L1 norm of the coefficients (for several targets, the sum of norms).
        n_labels : int, default=8
            How many features to colour and name: those with the largest coefficients
            at `alpha` if it is marked, else at the end of the path. Features whose
            coefficient is zero there are not named.
        standardize : bool, default=False
            Whether to draw coefficients times the standard deviation of their
            feature, comparable between features of different units.
        line_kw : dict, default=None
            Keyword arguments for all curves, passed to matplotlib's `plot`.
        alpha_line : bool, default=True
            Whether to mark `alpha`.

        Returns
        -------
        display : CoefficientPathDisplay
            The object itself.
        """
        check_choice("x_scale", x_scale, ("log", "l1_norm"))
        check_integer("n_labels", n_labels, low=0)
        check_flag("standardize", standardize)
        check_flag("alpha_line", alpha_line)
        line_kw = check_keywords("line_kw", line_kw)
        if x_scale == "log":
            check_log_alphas(self.alphas)
        values = self._values(standardize)
        marked = self.alpha if alpha_line else None
        self.ax_ = axes_or_new(ax, "CoefficientPathDisplay.plot")
        self.figure_ = self.ax_.figure
        self._draw_alpha(x_scale, marked)
        top = self._largest(values, n_labels)
        self._draw_curves(values, x_scale, top, line_kw)
        self._name_axes(x_scale, standardize)
        if self.alpha_line_ is not None:
            self._place_legend(self.alpha_line_.get_xdata()[0])
        names = [self.feature_names[j] for j in top]
        self.labels_ = label_ends(self.ax_, [self.lines_[j] for j in top], names)
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        alphas=None,
        eps=1e-3,
        sample_weight=None,
        feature_names=None,
        ax=None,
        **plot_kw,
    ):
        """Solve an estimator's problem along alpha and draw the coefficients.

        The penalty (with its l1_ratio or weights), `fit_intercept`, `positive`, `tol`
        and `max_iter` are the estimator's own. It is not changed, and where it is
        fitted its alpha is marked.

        Parameters
        ----------
        estimator : estimator
            A linear model of sparsesci with an alpha, such as
            :class:`~sparsesci.linear_model.Lasso`, or its CV twin, fitted or not.
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target.
        alphas : int or array-like, default=None
            How many alphas, or their values. By default those that a fitted CV
            estimator has tried, and 100 otherwise.
        eps : float, default=1e-3
            Ratio of the smallest to the largest alpha of an automatic grid.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights.
        feature_names : array-like of str of shape (n_features,), default=None
            Names of the features; those of the columns of X by default.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **plot_kw : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        display : CoefficientPathDisplay
            Object that holds the path and the picture.
        """
        import_pyplot("CoefficientPathDisplay.from_estimator")
        path = estimator_path(estimator, X, y, alphas, eps, sample_weight)
        display = cls(
            alphas=path.alphas,
            coefs=path.coefs,
            feature_names=path.feature_names
            if feature_names is None
            else feature_names,
            alpha=path.alpha,
            feature_scale=path.feature_scale,
        )
        return display.plot(ax, **plot_kw)

    @classmethod
    def from_path(
        cls, alphas, coefs, *, feature_names=None, alpha=None, ax=None, **plot_kw
    ):
        """Draw coefficients that have been computed.

        Parameters
        ----------
        alphas : array-like of shape (n_alphas,)
            Strengths of the penalty.
        coefs : array-like of shape (n_features, n_alphas) or \
                (n_targets, n_features, n_alphas)
            Coefficients, as :func:`~sparsesci.linear_model.lasso_path` returns them.
        feature_names : array-like of str of shape (n_features,), default=None
            Names of the features.
        alpha : float, default=None
            An alpha to be marked by a vertical line.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **plot_kw : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        display : CoefficientPathDisplay
            Object that holds the path and the picture.
        """
        display = cls(
            alphas=alphas, coefs=coefs, feature_names=feature_names, alpha=alpha
        )
        return display.plot(ax, **plot_kw)

    @property
    def _sizes(self) -> Any:
        """Coefficients, or the norms of several targets' coefficients."""
        return (
            self.coefs if self.coefs.ndim == 2 else np.linalg.norm(self.coefs, axis=0)
        )

    def _values(self, standardize: bool) -> Any:
        if not standardize:
            return self._sizes
        if self.feature_scale is None:
            raise ValueError(
                "standardize=True needs the standard deviations of the features: use "
                "from_estimator, or give feature_scale."
            )
        return self._sizes * self.feature_scale[:, None]

    def _largest(self, values: Any, n_labels: int) -> list[int]:
        """Return the features to name, the largest coefficient first."""
        at = values[:, -1]
        if self.alpha is not None:
            at = values[:, np.argmin(np.abs(self.alphas - self.alpha))]
        order = np.argsort(-np.abs(at), kind="stable")[:n_labels]
        return [int(j) for j in order if at[j] != 0]

    def _draw_alpha(self, x_scale: str, alpha: float | None) -> None:
        """Draw the horizontal axis, and the marked alpha upon it."""
        norms = np.abs(self._sizes).sum(axis=0)
        self.alpha_line_ = None
        if x_scale == "log":
            alpha_axis(self.ax_, self.alphas, alpha)
        elif norms.max() > norms.min():
            self.ax_.set_xlim(norms.min(), norms.max())
        if not alpha and (x_scale == "log" or alpha is None):
            return
        at = (
            alpha
            if x_scale == "log"
            else np.interp(alpha, self.alphas[::-1], norms[::-1])
        )
        self.alpha_line_ = mark(self.ax_, at, f"alpha = {alpha:.3g}")

    def _draw_curves(self, values: Any, x_scale: str, top: Any, line_kw: Any) -> None:
        x = self.alphas if x_scale == "log" else np.abs(self._sizes).sum(axis=0)
        self.lines_ = []
        for j, curve in enumerate(values):
            style = {"color": MUTED, "lw": 0.8, "zorder": 1.5}
            if j in top:
                # In the order of features: those of two pictures have the same colours.
                rank = sorted(top).index(j)
                style = {**curve_style(rank), "lw": 1.8, "zorder": 2.5}
            style.update(line_kw)
            self.lines_ += self.ax_.plot(x, curve, **style)
        self.ax_.axhline(0.0, color=MARK, lw=0.6, zorder=1)

    def _name_axes(self, x_scale: str, standardize: bool) -> None:
        joint = self.coefs.ndim == 3
        if x_scale == "l1_norm":
            self.ax_.set_xlabel(
                "Sum over features of the norms of the coefficients"
                if joint
                else "L1 norm of the coefficients"
            )
        label = "Norm over targets of the coefficients" if joint else "Coefficient"
        scaled = " × standard deviation of the feature" if standardize else ""
        self.ax_.set_ylabel(label + scaled)

    def _place_legend(self, mark: float) -> None:
        """Name the marked alpha where coefficients are still small, off its line."""
        to_axes = self.ax_.transData + self.ax_.transAxes.inverted()
        at = to_axes.transform((mark, 0.0))[0]
        side = "upper left" if at > 0.4 else "upper center"
        self.ax_.legend(loc=side, fontsize="small", framealpha=0.9)


def _check_path(alphas: Any, coefs: Any) -> tuple[Any, Any]:
    """Return a path as arrays, from large to small alphas."""
    alphas = np.asarray(alphas, dtype=np.float64)
    coefs = np.asarray(coefs, dtype=np.float64)
    if alphas.ndim != 1 or alphas.size == 0:
        raise ValueError(f"alphas must have shape (n_alphas,), got {alphas.shape}.")
    if not np.isfinite(alphas).all() or alphas.min() < 0:
        raise ValueError("alphas must be finite and non-negative.")
    if coefs.ndim not in (2, 3) or coefs.shape[-1] != alphas.size:
        raise ValueError(
            "coefs must have shape (n_features, n_alphas) or (n_targets, n_features, "
            f"n_alphas) with n_alphas = {alphas.size}, got {coefs.shape}."
        )
    order = np.argsort(-alphas, kind="stable")
    return alphas[order], coefs[..., order]
