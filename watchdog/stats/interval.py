"""How large is the change since its onset, give or take?

Student's two-sample t on run summaries with a pooled spread: the runs since the onset against the reference before
it, each mean's variance inflated by the autocorrelation of runs. The spread is never taken below what sampling alone
makes it. Exact for normal runs and an onset fixed beforehand. The onset is estimated from the same runs, and looking
where it is worst makes a fresh drop look larger than it is; every further look of the drift corrects that.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]


class Effect(NamedTuple):
    """A difference of means and its two-sided interval; negative is worse."""

    value: float
    low: float
    high: float


def effect(
    after: Floats,
    before: Floats,
    *,
    floor: float = 0.0,
    inflation_after: float = 1.0,
    inflation_before: float = 1.0,
    confidence: float = 0.9,
) -> Effect:
    """Mean of ``after`` minus mean of ``before`` (run summaries, at least one and two of them) with its interval.

    ``floor``: least standard deviation of a run. The inflations multiply the variance of each mean.
    """
    n, m = len(after), len(before)
    value = float(after.mean() - before.mean())
    freedom = n + m - 2
    squares = float(((after - after.mean()) ** 2).sum() + ((before - before.mean()) ** 2).sum())
    spread = max(math.sqrt(squares / freedom), floor)
    half = (
        float(stdtrit(freedom, (1 + confidence) / 2)) * spread * math.sqrt(inflation_after / n + inflation_before / m)
    )
    return Effect(value, value - half, value + half)
