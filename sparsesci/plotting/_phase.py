"""Rates of recovery by sparsity and by number of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.isotonic import isotonic_regression

from sparsesci.metrics import PhaseTransition, phase_transition
from sparsesci.plotting._style import (
    MARK,
    axes_or_new,
    check_keywords,
    curve_style,
    import_pyplot,
)
from sparsesci.utils.validation import check_choice, check_flag, check_real

_KINDS = ("auto", "curves", "boundary", "map")
_MARKERS = "os^DvPX*"


class PhaseTransitionDisplay:
    """How often methods recover sparse vectors, and where they begin to fail.

    Three pictures of one study:

    - "curves": rates of success by number of non-zero coefficients, one curve for each
      method, with 95 % confidence bands; for a single number of samples.
    - "boundary": the number of non-zero coefficients up to which a method succeeds
      half of the time, by number of samples; one curve for each method.
    - "map": the rates of each method in colours, with that boundary; grey where there
      are more non-zero coefficients than samples.

    It is recommended to use :meth:`from_estimators` or :meth:`from_results`.

    Parameters
    ----------
    study : PhaseTransition
        Rates, from :func:`sparsesci.metrics.phase_transition`. Stored as an attribute.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the (first) picture.
    axes_ : list of matplotlib Axes
        All axes: one for each method in a map.
    figure_ : matplotlib Figure
        Figure containing them.
    lines_ : list of matplotlib Line2D
        Curves or boundaries, one for each method.
    fill_between_ : list of matplotlib PolyCollection
        Confidence bands of curves.
    images_ : list of matplotlib QuadMesh
        Colours of maps.

    See Also
    --------
    sparsesci.metrics.phase_transition : The study.

    Examples
    --------
    >>> from sklearn.linear_model import OrthogonalMatchingPursuit
    >>> from sparsesci.plotting import PhaseTransitionDisplay
    >>> PhaseTransitionDisplay.from_estimators(
    ...     {"OMP": OrthogonalMatchingPursuit(fit_intercept=False)},
    ...     n_samples=40, n_nonzero=[2, 8, 14], n_features=80, random_state=0,
    ... )  # doctest: +SKIP
    """

    def __init__(self, *, study):
        if not isinstance(study, PhaseTransition):
            raise TypeError(
                "study must be a PhaseTransition, as sparsesci.metrics."
                f"phase_transition returns it, got {study!r}."
            )
        self.study = study

    def plot(
        self,
        ax=None,
        *,
        kind="auto",
        level=0.5,
        confidence=True,
        line_kw=None,
        image_kw=None,
    ):
        """Draw the rates.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw; a new figure by default. A map of several methods takes one
            for each of them.
        kind : {"auto", "curves", "boundary", "map"}, default="auto"
            Which picture: by default curves for one number of samples, a map for one
            method, else boundaries.
        level : float, default=0.5
            Rate of success at the boundary, in (0, 1).
        confidence : bool, default=True
            Whether curves have bands: Wilson's 95 % intervals.
        line_kw : dict, default=None
            Keyword arguments for curves and boundaries, passed to matplotlib's `plot`.
        image_kw : dict, default=None
            Keyword arguments for maps, passed to `pcolormesh`.

        Returns
        -------
        display : PhaseTransitionDisplay
            The object itself.
        """
        check_choice("kind", kind, _KINDS)
        check_real("level", level, low=0, high=1, open_low=True, open_high=True)
        check_flag("confidence", confidence)
        line_kw = check_keywords("line_kw", line_kw)
        image_kw = check_keywords("image_kw", image_kw)
        kind = self._resolve(kind)
        self.lines_, self.fill_between_, self.images_ = [], [], []
        if kind == "map":
            self.axes_ = self._axes_of_maps(ax)
            self._draw_maps(level, line_kw, image_kw)
        else:
            self.axes_ = [axes_or_new(ax, "PhaseTransitionDisplay.plot")]
            if kind == "curves":
                self._draw_curves(confidence, line_kw)
            else:
                self._draw_boundaries(level, line_kw)
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure
        return self

    @classmethod
    def from_estimators(
        cls,
        methods,
        *,
        n_samples,
        n_nonzero,
        n_features,
        ax=None,
        kind="auto",
        **study_options,
    ):
        """Run a study of methods and draw it.

        Parameters
        ----------
        methods : dict of str to estimator or callable
            What is compared: see :func:`sparsesci.metrics.phase_transition`.
        n_samples : int or sequence of int
            Numbers of samples.
        n_nonzero : int or sequence of int
            Numbers of non-zero coefficients.
        n_features : int
            Number of features.
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw; a new figure by default.
        kind : {"auto", "curves", "boundary", "map"}, default="auto"
            Which picture: see :meth:`plot`.
        **study_options : dict
            Further arguments of :func:`sparsesci.metrics.phase_transition`.

        Returns
        -------
        display : PhaseTransitionDisplay
            Object that holds the study and the picture.
        """
        import_pyplot("PhaseTransitionDisplay.from_estimators")
        check_choice("kind", kind, _KINDS)
        study = phase_transition(
            methods,
            n_samples=n_samples,
            n_nonzero=n_nonzero,
            n_features=n_features,
            **study_options,
        )
        return cls(study=study).plot(ax, kind=kind)

    @classmethod
    def from_results(cls, study, *, ax=None, **plot_kw):
        """Draw a study.

        Parameters
        ----------
        study : PhaseTransition
            Rates, from :func:`sparsesci.metrics.phase_transition`.
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw; a new figure by default.
        **plot_kw : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        display : PhaseTransitionDisplay
            Object that holds the study and the picture.
        """
        return cls(study=study).plot(ax, **plot_kw)

    def _resolve(self, kind: str) -> str:
        n_rows = len(self.study.n_samples)
        if kind == "auto":
            if n_rows == 1:
                return "curves"
            return "map" if len(self.study.names) == 1 else "boundary"
        if kind == "curves" and n_rows > 1:
            raise ValueError(
                "kind='curves' needs a study of a single number of samples, got "
                f"{n_rows}; draw 'boundary' or 'map'."
            )
        if kind != "curves" and min(n_rows, len(self.study.n_nonzero)) == 1:
            raise ValueError(
                f"kind={kind!r} needs a study of several numbers of samples and of "
                "non-zero coefficients; draw 'curves'."
            )
        return kind

    def _draw_curves(self, confidence: bool, line_kw: Any) -> None:
        ax, study = self.axes_[0], self.study
        for rank, (name, rates) in enumerate(zip(study.names, study.success_rate)):
            style = {**_style(rank), "label": name}
            self.lines_ += ax.plot(study.n_nonzero, rates[0], **style | line_kw)
            if confidence:
                band = {"color": self.lines_[-1].get_color(), "alpha": 0.12, "lw": 0}
                low, high = _wilson(rates[0], study.n_trials)
                self.fill_between_.append(
                    ax.fill_between(study.n_nonzero, low, high, **band)
                )
        ax.set_ylim(-0.03, 1.03)
        ax.set_xlabel(
            f"Number of non-zero coefficients of {study.n_features}, "
            f"from {study.n_samples[0]} samples"
        )
        ax.set_ylabel("Rate of recovery")
        ax.legend(fontsize="small")

    def _draw_boundaries(self, level: float, line_kw: Any) -> None:
        ax, study = self.axes_[0], self.study
        for rank, name in enumerate(study.names):
            style = {**_style(rank), "label": name}
            self.lines_ += ax.plot(
                study.n_samples, self._boundary(rank, level), **style | line_kw
            )
        ax.set_ylim(bottom=0)
        self._label_sizes(ax)
        ax.set_title(f"Recovery in {level:.0%} of trials: more often below the curve")
        ax.legend(loc="upper left", fontsize="small")

    def _draw_maps(self, level: float, line_kw: Any, image_kw: Any) -> None:
        from matplotlib.patheffects import withStroke

        study = self.study
        look = {"cmap": "cividis", "vmin": 0, "vmax": 1, "shading": "nearest"}
        for rank, (ax, name) in enumerate(zip(self.axes_, study.names)):
            rates = np.ma.masked_invalid(study.success_rate[rank].T)
            image = ax.pcolormesh(
                study.n_samples, study.n_nonzero, rates, **look | image_kw
            )
            self.images_.append(image)
            style = {"color": "w", "lw": 1.8, "label": f"rate {level:g}"}
            style["path_effects"] = [withStroke(linewidth=3.6, foreground=MARK)]
            self.lines_ += ax.plot(
                study.n_samples, self._boundary(rank, level), **style | line_kw
            )
            ax.set_facecolor("0.85")
            ax.set_title(name)
            self._label_sizes(ax)
            ax.label_outer()
        legend = self.axes_[0].legend(loc="upper left", fontsize="small")
        legend.get_frame().set_facecolor(MARK)
        for text in legend.get_texts():
            text.set_color("w")
        self.axes_[0].figure.colorbar(
            self.images_[-1], ax=self.axes_, label="Rate of recovery"
        )

    def _axes_of_maps(self, ax: Any) -> list[Any]:
        """One axes for each method."""
        n_methods = len(self.study.names)
        if ax is None:
            pyplot = import_pyplot("PhaseTransitionDisplay.plot")
            width = 1.6 + 3.6 * n_methods
            _, ax = pyplot.subplots(
                1,
                n_methods,
                sharex=True,
                sharey=True,
                squeeze=False,
                figsize=(width, 3.9),
                layout="constrained",
            )
        axes = list(np.ravel(np.asarray(ax, dtype=object)))
        if len(axes) != n_methods:
            raise ValueError(
                f"ax must hold one axes for each of the {n_methods} methods of a map, "
                f"got {len(axes)}."
            )
        return axes

    def _label_sizes(self, ax: Any) -> None:
        ax.set_xlabel("Number of samples")
        ax.set_ylabel(f"Non-zero coefficients of {self.study.n_features}")

    def _boundary(self, rank: int, level: float) -> Any:
        """Number of non-zeros where the rate falls through `level`; NaN off the grid.

        More non-zeros are never easier: what chance makes of rates that rise is
        smoothed away first, by isotonic regression.
        """
        crossings = []
        for rates in self.study.success_rate[rank]:
            known = np.isfinite(rates)
            falling = isotonic_regression(rates[known], increasing=False)
            sizes = self.study.n_nonzero[known]
            below = np.flatnonzero(falling < level)
            if not below.size or below[0] == 0:
                crossings.append(np.nan)
                continue
            i = below[0]
            share = (falling[i - 1] - level) / (falling[i - 1] - falling[i])
            crossings.append(sizes[i - 1] + share * (sizes[i] - sizes[i - 1]))
        return np.array(crossings)


def _style(rank: int) -> dict[str, Any]:
    marker = _MARKERS[rank % len(_MARKERS)]
    return {**curve_style(rank), "marker": marker, "ms": 5, "lw": 1.8}


def _wilson(rates: Any, n_trials: int, z: float = 1.96) -> tuple[Any, Any]:
    """Confidence interval of a rate, also where it is 0 or 1."""
    middle = (rates + z**2 / (2 * n_trials)) / (1 + z**2 / n_trials)
    spread = np.sqrt(rates * (1 - rates) / n_trials + z**2 / (4 * n_trials**2))
    half = z * spread / (1 + z**2 / n_trials)
    return middle - half, middle + half
