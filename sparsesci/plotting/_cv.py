"""Test errors along the regularisation path."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sparsesci.plotting._style import (
    alpha_axis,
    axes_or_new,
    check_keywords,
    check_log_alphas,
    curve_style,
    import_pyplot,
    mark,
)
from sparsesci.utils.validation import check_choice, check_flag, check_real


class CVPathDisplay:
    """Mean squared test errors of cross-validation along alpha.

    One curve for each l1_ratio: the mean over folds, with a band of one standard
    error to both sides. It is recommended to use :meth:`from_estimator`. All
    parameters are stored as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Strengths of the penalty.
    mse_path : array-like of shape (n_alphas, n_folds) or \
            (n_l1_ratios, n_alphas, n_folds)
        Mean squared errors on the left-out samples.
    alpha : float, default=None
        The chosen alpha, marked by a vertical line.
    l1_ratios : array-like of shape (n_l1_ratios,), default=None
        Names of the curves, where there are several.
    coefs : array-like of shape (n_features, n_alphas) or \
            (n_targets, n_features, n_alphas), default=None
        Coefficients at `alphas` of the fits on all data: numbers of non-zeros then
        stand above the axes. Only for a single l1_ratio.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure containing them.
    lines_ : list of matplotlib Line2D
        Means over folds, one for each l1_ratio.
    fold_lines_ : list of matplotlib Line2D
        Curves of single folds.
    fill_between_ : list of matplotlib PolyCollection or None
        Bands, for ``std_display_style="fill_between"``.
    errorbar_ : list of matplotlib ErrorbarContainer or None
        Bars, for ``std_display_style="errorbar"``.
    alpha_line_ : matplotlib Line2D or None
        Vertical line at `alpha`.
    top_axis_ : matplotlib SecondaryAxis or None
        Numbers of non-zeros.

    See Also
    --------
    CoefficientPathDisplay : Coefficients along the same axis.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sparsesci.linear_model import LassoCV
    >>> from sparsesci.plotting import CVPathDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = LassoCV().fit(X, y)
    >>> CVPathDisplay.from_estimator(model)  # doctest: +SKIP
    """

    def __init__(self, *, alphas, mse_path, alpha=None, l1_ratios=None, coefs=None):
        self.mse_path = np.asarray(mse_path, dtype=np.float64)
        self.alphas = np.asarray(alphas, dtype=np.float64)
        self.alpha = None if alpha is None else check_real("alpha", alpha, low=0)
        self.l1_ratios = l1_ratios
        self.coefs = None if coefs is None else np.asarray(coefs)
        self._check_shapes()

    def plot(
        self,
        ax=None,
        *,
        std_display_style="fill_between",
        show_folds=False,
        line_kw=None,
        fill_between_kw=None,
        errorbar_kw=None,
        alpha_line=True,
    ):
        """Draw the test errors.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        std_display_style : {"fill_between", "errorbar"} or None, \
                default="fill_between"
            How to draw the standard error of the mean.
        show_folds : bool, default=False
            Whether to draw thin curves of the single folds.
        line_kw : dict, default=None
            Keyword arguments for the means, passed to matplotlib's `plot`.
        fill_between_kw : dict, default=None
            Keyword arguments for the bands, passed to `fill_between`.
        errorbar_kw : dict, default=None
            Keyword arguments for the bars, passed to `errorbar`.
        alpha_line : bool, default=True
            Whether to mark `alpha`.

        Returns
        -------
        display : CVPathDisplay
            The object itself.
        """
        if std_display_style is not None:
            check_choice(
                "std_display_style", std_display_style, ("fill_between", "errorbar")
            )
        check_flag("show_folds", show_folds)
        check_flag("alpha_line", alpha_line)
        line_kw = check_keywords("line_kw", line_kw)
        fill_between_kw = check_keywords("fill_between_kw", fill_between_kw)
        errorbar_kw = check_keywords("errorbar_kw", errorbar_kw)
        check_log_alphas(self.alphas)
        self.ax_ = axes_or_new(ax, "CVPathDisplay.plot")
        self.figure_ = self.ax_.figure
        marked = self.alpha if alpha_line else None
        alpha_axis(self.ax_, self.alphas, marked, margin=0.02)
        self._draw_means(line_kw, show_folds)
        self._draw_errors(std_display_style, fill_between_kw, errorbar_kw)
        self.alpha_line_ = None
        if marked:
            self.alpha_line_ = mark(self.ax_, marked, f"chosen alpha = {marked:.3g}")
        self.ax_.set_ylabel("Mean squared error on left-out samples")
        self._place_legend()
        self._draw_counts()
        return self

    @classmethod
    def from_estimator(cls, estimator, *, coefs=None, ax=None, **plot_kw):
        """Draw the test errors of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted CV estimator, such as :class:`~sparsesci.linear_model.LassoCV`.
        coefs : array-like of shape (n_features, n_alphas) or \
                (n_targets, n_features, n_alphas), default=None
            Coefficients at ``estimator.alphas_``, for numbers of non-zeros above the
            axes; for example those of a :class:`CoefficientPathDisplay`. Only for a
            single l1_ratio.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **plot_kw : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        display : CVPathDisplay
            Object that holds the curves and the picture.
        """
        import_pyplot("CVPathDisplay.from_estimator")
        check_is_fitted(estimator)
        if not hasattr(estimator, "mse_path_"):
            raise TypeError(
                "estimator must be fitted by cross-validation, such as "
                f"sparsesci.linear_model.LassoCV, got {estimator!r}."
            )
        alphas = np.asarray(estimator.alphas_)
        ratios = np.atleast_1d(getattr(estimator, "l1_ratio", 1.0))
        # A single alpha or fold leaves no trace in the shape of mse_path_.
        shape = (len(ratios), alphas.shape[-1], -1)
        display = cls(
            alphas=alphas,
            mse_path=np.reshape(estimator.mse_path_, shape),
            alpha=estimator.alpha_,
            l1_ratios=ratios if len(ratios) > 1 else None,
            coefs=coefs,
        )
        return display.plot(ax, **plot_kw)

    def _check_shapes(self) -> None:
        if self.mse_path.ndim == 2:
            self.mse_path = self.mse_path[None]
        n_curves, n_alphas = (*self.mse_path.shape, 0, 0)[:2]
        if self.mse_path.ndim != 3 or self.alphas.shape not in (
            (n_alphas,),
            (n_curves, n_alphas),
        ):
            raise ValueError(
                "alphas and mse_path must have shapes (n_alphas,) and (n_alphas, "
                "n_folds), or the same with n_l1_ratios in front, got "
                f"{self.alphas.shape} and {self.mse_path.shape}."
            )
        self.alphas = np.broadcast_to(self.alphas, (n_curves, n_alphas))
        if self.l1_ratios is not None and len(self.l1_ratios) != n_curves:
            raise ValueError(
                f"l1_ratios must have one entry for each of the {n_curves} curves, got "
                f"{len(self.l1_ratios)}."
            )
        if self.coefs is None:
            return
        if n_curves > 1:
            raise ValueError("coefs must be None where there are several l1_ratios.")
        if self.coefs.ndim not in (2, 3) or self.coefs.shape[-1] != n_alphas:
            raise ValueError(
                "coefs must have shape (n_features, n_alphas) or (n_targets, "
                f"n_features, n_alphas) with n_alphas = {n_alphas}, got "
                f"{self.coefs.shape}."
            )

    def _draw_means(self, line_kw: Any, show_folds: bool) -> None:
        n_folds = self.mse_path.shape[2]
        self.lines_, self.fold_lines_ = [], []
        for rank, (alphas, mse) in enumerate(zip(self.alphas, self.mse_path)):
            label = f"mean over {n_folds} folds"
            if self.l1_ratios is not None:
                label = f"l1_ratio = {self.l1_ratios[rank]:g}"
            style = {**curve_style(rank), "lw": 1.8, "zorder": 2.5, "label": label}
            self.lines_ += self.ax_.plot(alphas, mse.mean(axis=1), **style | line_kw)
            if show_folds:
                thin = {"color": style["color"], "lw": 0.6, "alpha": 0.6}
                self.fold_lines_ += self.ax_.plot(alphas, mse, **thin)
        if self.fold_lines_:
            self.fold_lines_[0].set_label("single folds")

    def _draw_errors(self, style: str | None, fill_kw: Any, bar_kw: Any) -> None:
        """Draw one standard error of the mean to both sides, given several folds."""
        n_folds = self.mse_path.shape[2]
        bands: list[Any] = []
        bars: list[Any] = []
        several = len(self.lines_) > 1
        label = None if several else "± one standard error"
        for line, alphas, mse in zip(self.lines_, self.alphas, self.mse_path):
            if style is None or n_folds == 1:
                break
            mean = mse.mean(axis=1)
            error = mse.std(axis=1, ddof=1) / np.sqrt(n_folds)
            look = {"color": line.get_color(), "label": label}
            if style == "fill_between":
                look |= {"alpha": 0.12 if several else 0.2, "lw": 0} | fill_kw
                bands.append(
                    self.ax_.fill_between(alphas, mean - error, mean + error, **look)
                )
            else:
                look |= {"fmt": "none", "elinewidth": 0.8, "capsize": 2} | bar_kw
                bars.append(self.ax_.errorbar(alphas, mean, error, **look))
        self.fill_between_ = bands if style == "fill_between" else None
        self.errorbar_ = bars if style == "errorbar" else None

    def _place_legend(self) -> None:
        """Name the curves; where there are several, make room above them."""
        if len(self.lines_) == 1:
            self.ax_.legend(loc="best", fontsize="small")
            return
        n_rows = (len(self.lines_) + 2) // 2
        low, high = self.ax_.get_ylim()
        self.ax_.set_ylim(low, high + 0.07 * n_rows * (high - low))
        self.ax_.legend(loc="upper right", ncols=2, fontsize="small")

    def _draw_counts(self, n_ticks: int = 8) -> None:
        """Write numbers of non-zero coefficients (rows of them) above the axes."""
        self.top_axis_ = None
        if self.coefs is None:
            return
        nonzero = self.coefs != 0
        if nonzero.ndim == 3:
            nonzero = nonzero.any(axis=0)
        counts = nonzero.sum(axis=0)
        alphas = self.alphas[0]
        at = np.geomspace(alphas[0], alphas[-1], n_ticks)
        chosen = np.unique([np.argmin(np.abs(np.log(alphas / a))) for a in at])
        self.top_axis_ = self.ax_.secondary_xaxis("top")
        self.top_axis_.set_xticks(alphas[chosen], labels=counts[chosen])
        self.top_axis_.set_xticks([], minor=True)
        self.top_axis_.set_xlabel("Number of non-zero coefficients")
