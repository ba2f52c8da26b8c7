"""The evidence along iterations."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sparsesci.plotting._style import (
    axes_or_new,
    check_keywords,
    curve_style,
    import_pyplot,
)
from sparsesci.utils.validation import check_choice, check_real


class EvidencePathDisplay:
    """Log-evidence after each iteration of sparse Bayesian learning.

    It is recommended to use :meth:`from_estimator` or :meth:`from_estimators`. All
    parameters are stored as attributes.

    Parameters
    ----------
    evidence_paths : dict of str to array-like of shape (n_iterations + 1,)
        Log-evidence of each method, before its iterations and at the end.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure containing them.
    lines_ : list of matplotlib Line2D
        Curves, one for each method.

    See Also
    --------
    SupportMapDisplay : What has been found.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.bayes import KroneckerSBL
    >>> from sparsesci.plotting import EvidencePathDisplay
    >>> factors = np.random.default_rng(0).standard_normal((2, 8, 12))
    >>> model = KroneckerSBL(factors).fit(np.outer(factors[0, :, 1], factors[1, :, 3])
    ...     .ravel() + 0.1 * np.random.default_rng(1).standard_normal(64))
    >>> EvidencePathDisplay.from_estimators({"SVD": model})  # doctest: +SKIP
    """

    def __init__(self, *, evidence_paths):
        if not isinstance(evidence_paths, dict) or not evidence_paths:
            raise TypeError(
                "evidence_paths must be a dict of names and paths, got "
                f"{evidence_paths!r}."
            )
        self.evidence_paths = {
            str(name): _checked_path(name, path)
            for name, path in evidence_paths.items()
        }

    def plot(self, ax=None, *, kind="gap", floor=1e-3, line_kw=None):
        """Draw the evidence.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        kind : {"gap", "evidence"}, default="gap"
            How much is missing to the best of all curves, on a logarithmic axis, or
            the evidence itself.
        floor : float, default=1e-3
            Smallest gap to be drawn, in nats.
        line_kw : dict, default=None
            Keyword arguments passed to matplotlib's `plot`.

        Returns
        -------
        display : EvidencePathDisplay
            The object itself.
        """
        check_choice("kind", kind, ("gap", "evidence"))
        check_real("floor", floor, low=0, open_low=True)
        line_kw = check_keywords("line_kw", line_kw)
        self.ax_ = axes_or_new(ax, "EvidencePathDisplay.plot")
        self.figure_ = self.ax_.figure
        self.lines_ = []
        best = max(path.max() for path in self.evidence_paths.values())
        for rank, (name, path) in enumerate(self.evidence_paths.items()):
            values = np.maximum(best - path, floor) if kind == "gap" else path
            style = {**curve_style(rank), "lw": 1.8, "label": name} | line_kw
            self.lines_ += self.ax_.plot(np.arange(len(path)), values, **style)
        if kind == "gap":
            self.ax_.set_yscale("log")
        missing = "Missing to the best log-evidence (nats)"
        self.ax_.set_ylabel(missing if kind == "gap" else "Log-evidence (nats)")
        self.ax_.set_xlabel("Iteration")
        self.ax_.legend(fontsize="small")
        return self

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, **plot_kw):
        """Draw the evidence path of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``evidence_path_``, such as :class:`~sparsesci.bayes.FastSBL`.
        name : str, default=None
            Name of the curve; that of the class by default.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **plot_kw : dict
            Further keyword arguments of :meth:`plot`; `kind` is "evidence" here.

        Returns
        -------
        display : EvidencePathDisplay
            Object that holds the path and the picture.
        """
        name = type(estimator).__name__ if name is None else name
        plot_kw = {"kind": "evidence", **plot_kw}
        return cls.from_estimators({name: estimator}, ax=ax, **plot_kw)

    @classmethod
    def from_estimators(cls, estimators, *, ax=None, **plot_kw):
        """Draw the evidence paths of fitted estimators.

        Parameters
        ----------
        estimators : dict of str to estimator
            Fitted estimators with ``evidence_path_``, such as
            :class:`~sparsesci.bayes.KroneckerSBL`.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **plot_kw : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        display : EvidencePathDisplay
            Object that holds the paths and the picture.
        """
        import_pyplot("EvidencePathDisplay.from_estimators")
        if not isinstance(estimators, dict):
            raise TypeError(
                f"estimators must be a dict of fitted estimators, got {estimators!r}."
            )
        paths = {}
        for name, estimator in estimators.items():
            check_is_fitted(estimator)
            path: Any = getattr(estimator, "evidence_path_", None)
            if np.ndim(path) != 1:
                raise TypeError(
                    f"estimator must have one evidence_path_, got {estimator!r}."
                )
            paths[name] = path
        return cls(evidence_paths=paths).plot(ax, **plot_kw)


def _checked_path(name: Any, path: Any) -> Any:
    path = np.asarray(path, dtype=np.float64)
    if path.ndim != 1 or path.size == 0 or not np.isfinite(path).all():
        raise ValueError(
            f"evidence_paths[{name!r}] must be a vector of finite numbers, got shape "
            f"{path.shape}."
        )
    return path
