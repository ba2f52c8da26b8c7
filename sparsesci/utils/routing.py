"""Metadata for the splitter of estimators that cross-validate within `fit`."""

from __future__ import annotations

from typing import Any

import sklearn
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)


class SplitterRouting:
    """Mixin for estimators with a parameter `cv`."""

    cv: Any

    def _split_params(self, params: dict[str, Any], sample_weight: Any = None) -> Any:
        """Return what `cv.split` receives of the metadata given to `fit`."""
        if sklearn.get_config()["enable_metadata_routing"]:
            if sample_weight is not None:
                params = {**params, "sample_weight": sample_weight}
            return process_routing(self, "fit", **params).splitter.split
        if params:
            raise ValueError(
                f"Passing [{', '.join(params)}] to fit is only supported if "
                "enable_metadata_routing=True; see sklearn.set_config."
            )
        return {}

    def get_metadata_routing(self) -> Any:
        """Return the routing of metadata: what `fit` asks for, others to the splitter.

        Returns
        -------
        routing : MetadataRouter
            See scikit-learn's user guide on metadata routing.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=check_cv(self.cv),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )
