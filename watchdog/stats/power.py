"""What can be found at all: the smallest drop for a number of runs, and the runs for a drop.

Any test whose mean time to a false alarm is A needs about log A / K runs to find a shift, K being the information of
one run (Lorden 1971): for normal runs K = drop^2 / (2 v), v the long-run variance of a run. Asymptotic, and a bound
from below: pSR needs 1.0 to 1.6 times as long in simulations.
"""

from __future__ import annotations

import math


def detectable_drop(runs: float, variance: float, mean_runs: float) -> float:
    """Smallest drop that can be found within so many runs: sqrt(2 log(A) v / runs)."""
    return math.sqrt(2 * math.log(mean_runs) * variance / runs)


def expected_delay(drop: float, variance: float, mean_runs: float) -> float:
    """Runs that finding a drop takes at best: 2 log(A) v / drop^2, at least one."""
    return max(1.0, 2 * math.log(mean_runs) * variance / drop**2)
