"""What a detector has learned of a metric while nothing was wrong: how it varies, and what can be found in that.

The state of a detector holds it all: the reference it holds looks against, and how much looks resemble their
neighbours. Nothing is estimated here that the detector does not use.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from watchdog.detect.psr import DetectorState
from watchdog.stats.autocorrelation import inflation
from watchdog.stats.power import detectable_drop
from watchdog.stats.predictive import LOCK_AFTER


class Noise(Struct, frozen=True, kw_only=True):
    """How the summaries of a metric vary. Score units; differences from the baseline, smaller is worse."""

    #: Looks in the reference, the baseline's included, and how many of them are locked.
    looks: int
    locked: int
    #: Mean difference of the reference as it grows, and of its locked part; None until it is locked.
    mean: float
    locked_mean: float | None
    #: Standard deviation of a look: as measured, and what asking the same cases again would make it by itself.
    spread: float
    within: float
    #: Correlation of neighbouring looks, 0 while it is not significant.
    correlation: float
    #: Factor by which that makes the variance of a long mean larger.
    inflation: float

    @property
    def long_run_variance(self) -> float:
        """Variance of a look as a long mean feels it."""
        return self.spread**2 * self.inflation

    def detectable(self, looks: float, mean_runs: float) -> float:
        """Smallest drop that can be found within so many looks; see ``stats/power.py``."""
        return detectable_drop(looks, self.long_run_variance, mean_runs)


def noise_of(state: DetectorState) -> Noise | None:
    """What a state knows; None while it is learning."""
    psr = state.psr
    if psr is None:
        return None
    r1, phi = psr.correlation.estimate()
    return Noise(
        looks=psr.n,
        locked=psr.lock_at if psr.locked is not None else max(0, psr.lock_at - LOCK_AFTER),
        mean=psr.mean,
        locked_mean=None if psr.locked is None else float(np.mean(psr.locked)),
        spread=psr.spread,
        within=math.sqrt(psr.within),
        correlation=r1,
        inflation=inflation(r1, phi, math.inf),
    )
