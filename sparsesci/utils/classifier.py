"""What classifiers of all families share: labels from decision functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin


class DecisionClassifier(ClassifierMixin):  # type: ignore[misc]
    """Mixin for estimators with `classes_` and `decision_function`."""

    def predict(self, X: Any) -> Any:
        """Predict labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Those with the largest score; of two classes, the second if it is positive.
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return self.classes_[(scores > 0).astype(int)]
        return self.classes_[np.argmax(scores, axis=1)]
