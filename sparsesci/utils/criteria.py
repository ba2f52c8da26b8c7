"""Information criteria: what a coefficient must be worth."""

from __future__ import annotations

import math

CRITERIA = ("aic", "bic", "ebic", "sic")


def information(
    error: float,
    n_samples: int,
    n_features: int,
    size: float,
    criterion: str,
    floor: float = 0.0,
) -> float:
    """``n log(error / n)`` and a price for each degree of freedom.

    The price is 2 (AIC), log n (BIC), log n + 2 log p (EBIC) or log p log log n (SIC).
    Errors below `floor` count as that; without one, no error is worth everything.
    """
    n, log_p = n_samples, math.log(max(n_features, 1))
    price = {
        "aic": 2.0,
        "bic": math.log(n),
        "ebic": math.log(n) + 2 * log_p,
        "sic": log_p * math.log(max(math.log(n), 1.0)) if n > 1 else log_p,
    }[criterion]
    error = max(error, floor)
    return (n * math.log(error / n) if error > 0 else -math.inf) + size * price
