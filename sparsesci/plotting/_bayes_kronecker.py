"""Coefficients on the grid of two factors."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sparsesci.plotting._style import (
    MARK,
    axes_or_new,
    check_keywords,
    import_pyplot,
)
from sparsesci.utils.validation import check_real


class SupportMapDisplay:
    """Magnitudes of a tensor of coefficients on the grid of two of its axes.

    Of the other axes the largest magnitude is taken. Rings mark the true support,
    where it is known. It is recommended to use :meth:`from_estimator`. All parameters
    are stored as attributes.

    Parameters
    ----------
    coef : array-like of shape (n_1, ..., n_K)
        Coefficients, real or complex, K >= 2.
    axes : (int, int), default=(0, 1)
        Axes that are drawn upwards and to the right.
    coef_true : array-like of the same shape, default=None
        True coefficients.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the picture.
    figure_ : matplotlib Figure
        Figure containing it.
    image_ : matplotlib QuadMesh
        Magnitudes, in decibels below the largest.
    truth_ : matplotlib PathCollection or None
        Rings.
    colorbar_ : matplotlib Colorbar or None
        Scale of the colours.

    See Also
    --------
    EvidencePathDisplay : How it has been found.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.plotting import SupportMapDisplay
    >>> SupportMapDisplay(coef=np.eye(4)).plot()  # doctest: +SKIP
    """

    def __init__(self, *, coef, axes=(0, 1), coef_true=None):
        self.coef = _checked_tensor("coef", coef)
        self.axes = _checked_axes(axes, self.coef.ndim)
        self.coef_true = None
        if coef_true is not None:
            self.coef_true = _checked_tensor("coef_true", coef_true)
            if self.coef_true.shape != self.coef.shape:
                raise ValueError(
                    f"coef_true must have the shape of coef, {self.coef.shape}, got "
                    f"{self.coef_true.shape}."
                )

    def plot(
        self,
        ax=None,
        *,
        range_db=40.0,
        labels=None,
        colorbar=True,
        image_kw=None,
        ring_kw=None,
    ):
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        range_db : float, default=40.0
            Magnitudes further below the largest have its darkest colour, in decibels.
        labels : (str, str), default=None
            Names of the two axes.
        colorbar : bool, default=True
            Whether to draw the scale of the colours.
        image_kw : dict, default=None
            Keyword arguments passed to matplotlib's `pcolormesh`.
        ring_kw : dict, default=None
            Keyword arguments for rings, passed to `scatter`.

        Returns
        -------
        display : SupportMapDisplay
            The object itself.
        """
        check_real("range_db", range_db, low=0, open_low=True)
        image_kw = check_keywords("image_kw", image_kw)
        ring_kw = check_keywords("ring_kw", ring_kw)
        self.ax_ = axes_or_new(ax, "SupportMapDisplay.plot")
        self.figure_ = self.ax_.figure
        look = {"cmap": "cividis", "vmin": -range_db, "vmax": 0, "shading": "nearest"}
        levels = self._decibels(range_db)
        self.image_ = self.ax_.pcolormesh(levels, **look | image_kw)
        self.truth_ = None
        if self.coef_true is not None:
            rows, columns = np.nonzero(self._flat(self.coef_true))
            ring = {"s": 60, "facecolors": "none", "edgecolors": "w", "lw": 2.2}
            self.ax_.scatter(columns, rows, **{**ring, "edgecolors": MARK, "lw": 4})
            ring["label"] = "truth"
            self.truth_ = self.ax_.scatter(columns, rows, **ring | ring_kw)
        down, across = labels or [f"Index of factor {axis + 1}" for axis in self.axes]
        self.ax_.set_ylabel(down)
        self.ax_.set_xlabel(across)
        self.ax_.set_aspect("equal")
        self.colorbar_ = None
        if colorbar:
            self.colorbar_ = self.figure_.colorbar(
                self.image_, ax=self.ax_, label="Magnitude (dB below the largest)"
            )
        return self

    @classmethod
    def from_estimator(
        cls, estimator, *, axes=(0, 1), coef_true=None, ax=None, **plot_kw
    ):
        """Draw the coefficients of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`~sparsesci.bayes.KroneckerSBL`. Snapshots are summed.
        axes : (int, int), default=(0, 1)
            Axes that are drawn upwards and to the right.
        coef_true : array-like of shape (n_1, ..., n_K), default=None
            True coefficients.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **plot_kw : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        display : SupportMapDisplay
            Object that holds the coefficients and the picture.
        """
        import_pyplot("SupportMapDisplay.from_estimator")
        check_is_fitted(estimator)
        if not hasattr(estimator, "gammas_"):
            raise TypeError(
                f"estimator must be a sparsesci.bayes.KroneckerSBL, got {estimator!r}."
            )
        coef = estimator.coef_
        if coef.ndim > len(estimator.gammas_):
            coef = np.linalg.norm(coef, axis=-1)
        return cls(coef=coef, axes=axes, coef_true=coef_true).plot(ax, **plot_kw)

    def _flat(self, coef: Any) -> Any:
        """Largest magnitudes over the axes that are not drawn."""
        others = tuple(k for k in range(coef.ndim) if k not in self.axes)
        flat = np.abs(coef).max(axis=others)
        return flat if self.axes[0] < self.axes[1] else flat.T

    def _decibels(self, range_db: float) -> Any:
        flat = self._flat(self.coef)
        largest = flat.max() or 1.0
        return 20 * np.log10(np.maximum(flat / largest, 10 ** (-range_db / 20)))


def _checked_tensor(name: str, values: Any) -> Any:
    values = np.asarray(values)
    if values.ndim < 2 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must be a finite array of 2 or more dimensions, got shape "
            f"{values.shape}."
        )
    return values


def _checked_axes(axes: Any, n_dim: int) -> tuple[int, int]:
    valid = isinstance(axes, (tuple, list)) and len(axes) == 2
    if not valid or axes[0] == axes[1] or any(a not in range(n_dim) for a in axes):
        raise ValueError(
            f"axes must be two different integers in [0, {n_dim}), got {axes!r}."
        )
    return int(axes[0]), int(axes[1])
