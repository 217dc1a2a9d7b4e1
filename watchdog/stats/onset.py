"""When did it begin, give or take?

A step k runs ago, of unknown size, between two stretches of runs that each scatter with the same spread s, has the
log likelihood ratio (against no step)

    gain(k) = d_k^2 / (2 s^2 v_k (1/k + 1/(n - k))),

d_k being the mean of the newest k runs minus that of the n - k before them, and v_k the inflation for autocorrelation.
The interval holds every k whose gain lies within ``WITHIN`` of the largest one: a likelihood-ratio set (Siegmund 1988,
Confidence sets in change-point problems), which needs no normal approximation of a quantity that has none.

Calibrated by simulation (tests/statistical/test_onset.py), at the alarm: of steps of 3 to 20 points, with and without
weather of AR(.6), it held the true onset in 89 to 100 % of the lives. A ramp has no onset to speak of; there it says
since when the level is clearly another one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchdog.stats.autocorrelation import inflation

#: Log likelihood that an onset may fall short of the likeliest one's: half the 98 % point of chi-square with 1 degree.
WITHIN = 2.7
#: Most runs back that an onset is sought.
REACH = 200


def onset_interval(
    history: NDArray[np.float64], looks: int, *, spread: float, correlation: tuple[float, float]
) -> tuple[int, int]:
    """Fewest and most runs since the onset of a drop; both count the newest run as 1 and hold ``looks``.

    Args:
        history: summaries of the runs, oldest first, shape (n,), n >= 3; small is worse.
        looks: runs since the onset as the evidence estimates it.
        spread: standard deviation of one run while all was well.
        correlation: of neighbouring runs, and what remains of it from one lag to the next.
    """
    looks = max(looks, 1)
    n = len(history)
    k = np.arange(1, min(n - 2, REACH) + 1)
    newest = np.cumsum(history[::-1])
    drop = (newest[-1] - newest[k - 1]) / (n - k) - newest[k - 1] / k
    inflations = np.array([inflation(*correlation, float(each)) for each in k])
    gain = np.maximum(drop, 0.0) ** 2 / (2 * max(spread, 1e-9) ** 2 * inflations * (1 / k + 1 / (n - k)))
    likely = k[gain >= gain.max() - WITHIN]
    return min(int(likely[0]), looks), max(int(likely[-1]), looks)
