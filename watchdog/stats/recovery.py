"""Is it over? A cumulative sum that bets on "back at the reference" against "still down by theta".

    S <- max(0, S + (theta / v) (x - mean + theta / 2)),     v = variance of a run times its inflation,

is the log-likelihood ratio of the two since the most favourable start. Recovered means S >= h and the last three
looks each above -theta. theta is half the drop, but not less than the smallest drop that matters: a feature that
came back half-way is still down. The drop is re-estimated as looks come in, from the looks before the present climb
of S, so that a drop over-estimated on the day of the alarm does not turn into a recovery.

Proven (Lorden 1971): while the mean stays down by theta or more, runs are independent normal and v is right, the mean
time to a false recovery is at least exp(h) looks. Calibrated, with h = log(2000) and a drop estimated to +-20 %, in
1,500 weeks of hourly looks each: 0 to 0.3 % resolved while still down by 2, 5 or 10 points, with or without strong
autocorrelation; half-way back from 5 or 10 points, 0.1 to 0.2 % (from 2 points, half-way is below the smallest drop
that matters). A true recovery takes 32, 24 and 6 looks (median; about twice that under autocorrelation).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from watchdog.stats.interval import Moments

THRESHOLD = math.log(2000.0)
GOOD_LOOKS = 3


class Recovery(NamedTuple):
    """Progress towards "over". A value."""

    #: Looks of the drift before the present climb, as differences from the reference mean.
    down: Moments
    #: Looks of the present climb; they join ``down`` when it comes to nothing.
    climbing: Moments = Moments()
    #: The cumulative sum S.
    climb: float = 0.0
    #: Looks in a row above -theta.
    good: int = 0

    @property
    def recovered(self) -> bool:
        """Whether it is over."""
        return self.climb >= THRESHOLD and self.good >= GOOD_LOOKS

    def update(self, x: float, *, smallest_drop: float, variance: float) -> Recovery:
        """One look of a drift: ``x`` from the reference mean; long-run ``variance`` of a look."""
        theta = max(-self.down.mean / 2, smallest_drop)
        climb = max(0.0, self.climb + theta / variance * (x + theta / 2))
        good = self.good + 1 if x > -theta else 0
        climbing = self.climbing.add(x)
        if climb > 0:
            return Recovery(self.down, climbing, climb, good)
        return Recovery(self.down | climbing, good=good)

    def to_json(self) -> list[Any]:
        """JSON value; floats come back exactly."""
        return [self.down, self.climbing, self.climb, self.good]

    @classmethod
    def from_json(cls, value: list[Any]) -> Recovery:
        """The value that ``to_json`` wrote."""
        down, climbing, climb, good = value
        return cls(Moments(*down), Moments(*climbing), climb, good)
