"""Quantiles of what was measured, with intervals that assume no distribution: p50 and p95 of latencies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr


def quantile_interval(values: Sequence[float], q: float, confidence: float = 0.9) -> tuple[float, float, float]:
    """Sample quantile with the interval between two order statistics: no assumption about the distribution.

    Where no order statistic is extreme enough the end of the interval is infinite: 20 values know no upper limit of
    a 95th percentile.
    """
    ordered = sorted(values)
    n, tail = len(ordered), (1 - confidence) / 2
    below = bdtr(np.arange(n), n, q)  # below[k] = P(at most k values lie under the quantile)
    low = np.flatnonzero(below <= tail)
    high = np.flatnonzero(below >= 1 - tail)
    return (
        float(np.quantile(ordered, q)),
        ordered[int(low[-1])] if len(low) else -math.inf,
        ordered[int(high[0]) + 1] if len(high) and high[0] + 1 < n else math.inf,
    )
