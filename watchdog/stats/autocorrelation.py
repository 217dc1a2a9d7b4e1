"""How much longer a mean takes to settle because runs resemble their neighbours.

A provider has good and bad hours, so the mean of n runs varies more than 1/n of a run's variance. The factor is
the *variance inflation*. Autocovariances are taken inside blocks of 24 runs that are each freed of their own mean:
a change of level between blocks cannot pass for autocorrelation. Demeaning biases the estimate downwards by a known
amount, which is undone; a prior of 40 uncorrelated runs keeps a young watch from seeing ghosts.

Assumption: correlation at lag h is r1 * phi**(h - 1) (an AR(1) signal under white noise). Calibrated on simulated
streams, not proven: with fewer than five blocks the estimate is weak.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

BLOCK = 24
#: Weight, in runs, of the belief that runs are uncorrelated.
PRIOR = 40.0
#: No window is inflated by more than this.
LARGEST = 8.0
#: Finished blocks whose contribution can still be taken back.
KEPT_BLOCKS = 84

_NOTHING = (0.0, 0.0, 0.0)


class Correlation(NamedTuple):
    """What has been learned of the autocorrelation so far. A value: adding a run gives a new one."""

    #: Normal scores of the runs of the unfinished block.
    block: tuple[float, ...] = ()
    #: Cumulative sums of products at lags 0, 1 and 2 after each of the last finished blocks.
    sums: tuple[tuple[float, float, float], ...] = (_NOTHING,)
    #: Runs in all finished blocks.
    finished: int = 0

    def add(self, z: float) -> Correlation:
        """With the normal score of one more run."""
        block = (*self.block, z)
        if len(block) < BLOCK:
            return self._replace(block=block)
        mean = sum(block) / BLOCK
        centred = [value - mean for value in block]
        lag0, lag1, lag2 = self.sums[-1]
        sums = (
            lag0 + _lagged(centred, 0),
            lag1 + _lagged(centred, 1) * BLOCK / (BLOCK - 1),
            lag2 + _lagged(centred, 2) * BLOCK / (BLOCK - 2),
        )
        return Correlation((), (*self.sums[-KEPT_BLOCKS:], sums), self.finished + BLOCK)

    def without_last(self, runs: int) -> Correlation:
        """As though the last runs had not been added; a block of which only a part goes is forgotten whole."""
        if runs <= len(self.block):
            return self._replace(block=self.block[: len(self.block) - runs])
        blocks = min(math.ceil((runs - len(self.block)) / BLOCK), len(self.sums) - 1)
        return Correlation((), self.sums[: len(self.sums) - blocks], self.finished - blocks * BLOCK)

    def estimate(self) -> tuple[float, float]:
        """``(r1, phi)``: correlation of neighbours (0 while not significant) and its decay per further lag."""
        lag0, lag1, lag2 = self.sums[-1]
        raw1, raw2 = lag1 / (lag0 + PRIOR), lag2 / (lag0 + PRIOR)
        factor, r1, phi = 1.0, 0.0, 0.3
        for _ in range(4):  # the bias depends on the answer: a few fixed-point steps settle it
            bias = min(factor / BLOCK, 0.8)
            r1, r2 = raw1 * (1 - bias) + bias, raw2 * (1 - bias) + bias
            if r1 <= 1 / math.sqrt(self.finished + PRIOR):
                r1 = 0.0
            phi = min(max((r2 + 0.09) / (r1 + 0.15), 0.3), 0.85)
            factor = min(1 + 2 * r1 / (1 - phi), LARGEST)
        return min(r1, 0.95), phi

    def to_json(self) -> list[Any]:
        """JSON value; floats come back exactly."""
        return [self.block, self.sums, self.finished]

    @classmethod
    def from_json(cls, value: list[Any]) -> Correlation:
        """The value that ``to_json`` wrote."""
        block, sums, finished = value
        return cls(tuple(block), tuple((lag0, lag1, lag2) for lag0, lag1, lag2 in sums), finished)


def inflation(r1: float, phi: float, runs: float) -> float:
    """Factor by which the variance of a mean of ``runs`` runs exceeds that of uncorrelated ones, 1 to 8.

    1 + 2 * sum over h < runs of (1 - h/runs) * r1 * phi**(h-1), summed in closed form; ``runs`` need not be whole.
    """
    if r1 == 0.0 or runs <= 1:
        return 1.0
    if math.isinf(runs):
        return min(1 + 2 * r1 / (1 - phi), LARGEST)
    tail = phi ** (runs - 1)
    head = (1 - tail) / (1 - phi)
    triangle = (1 - runs * tail + (runs - 1) * tail * phi) / (runs * (1 - phi) ** 2)
    return float(min(max(1 + 2 * r1 * (head - triangle), 1.0), LARGEST))


def _lagged(values: list[float], lag: int) -> float:
    return sum(map(float.__mul__, values[lag:], values[: len(values) - lag]))
