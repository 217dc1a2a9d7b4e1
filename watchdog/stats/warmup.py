"""Were the runs of a baseline one steady process? Two tests on their summaries, oldest first.

*Trend*: Mann-Kendall (Mann 1945, Kendall 1975): of all pairs of runs, how many rise and how many fall. Exact for small
numbers, whatever the distribution, if runs are exchangeable. How far it went is Theil and Sen's slope: the median of
the slopes of all pairs, times the length.

*Dependence*: von Neumann's ratio (1941), the sum of squared differences of neighbours over the sum of squared
deviations. 2 on average for independent normal runs, with variance 4 (n - 2) / (n^2 - 1); small when neighbours are
alike. Its p is the normal approximation.

A slow swing within the warm-up looks like a trend to the first: under AR(.6) noise it finds one too often, so that a
caller should ask how far the level went, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import ndtr

#: Runs below which neither test says anything.
LEAST_RUNS = 5


class Trend(NamedTuple):
    """How far the level went from the first run to the last, and the two-sided p of "nowhere"."""

    rise: float
    p: float


class Dependence(NamedTuple):
    """Von Neumann's ratio, and the one-sided p of "independent" against "neighbours are alike"."""

    ratio: float
    p: float


def trend(x: Sequence[float]) -> Trend:
    """Trend of run summaries; (0, 1) for too few of them, or when they are all the same."""
    if len(x) < LEAST_RUNS or len(set(x)) == 1:
        return Trend(0.0, 1.0)
    order = np.arange(len(x), dtype=float)
    slope = stats.theilslopes(np.asarray(x, float), order).slope
    p = stats.kendalltau(order, x).pvalue
    return Trend(float(slope) * (len(x) - 1), float(p))


def dependence(x: Sequence[float]) -> Dependence:
    """Dependence of neighbouring run summaries; (2, 1) for too few of them, or when they are all the same."""
    values = np.asarray(x, float)
    n = len(values)
    spread = float(((values - values.mean()) ** 2).sum()) if n else 0.0
    if n < LEAST_RUNS or spread <= 1e-20:
        return Dependence(2.0, 1.0)
    ratio = float((np.diff(values) ** 2).sum()) / spread
    return Dependence(ratio, float(ndtr((ratio - 2.0) / math.sqrt(4.0 * (n - 2) / (n * n - 1)))))
