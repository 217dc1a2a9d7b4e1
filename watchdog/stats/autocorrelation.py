"""How much longer a mean takes to settle because runs resemble their neighbours.

A provider has good and bad hours, so the mean of n runs varies more than 1/n of a run's variance. The factor is
the *variance inflation*. Autocovariances are taken inside blocks of 24 runs that are each freed of their own mean:
a change of level between blocks cannot pass for autocorrelation. Demeaning biases the estimate downwards by a known
amount, which is undone.

A young watch has too few runs to see weather, and weather is what rings it falsely. It therefore starts from a belief
worth ``PRIOR`` runs. Sampling noise is fresh in every run, so only what runs vary beyond it can correlate: neighbours
are taken to correlate by 0.6 times that share of the variance, and the share is the baseline's own, held together
with a moderate weather where the baseline is short. A watch whose variance is all sampling (few cases) believes in
little correlation and stays quick; after some hundred runs the data have the say.

Assumption: correlation at lag h is r1 * phi**(h - 1) (an AR(1) signal under white noise). Calibrated on simulated
streams, not proven. In 16,000 lives of a hundred runs each at A = 87,600, under weather of AR(.6) over 100 cases, 1.3
in a thousand rang (after baselines of 20 and of 8); a belief in white noise gave 19 and 20, and 1.1 is promised. It is
strong at first and soon gone: one worth 100 runs, half of it left after 300, let 2.9 ring. The price is paid by watches
of many cases that have no weather: a drop of 5 points that comes 5, 16, 50 or 150 looks after a baseline of 20 is found
after 38, 23, 14 and 10 looks (median) instead of 13, 11, 10 and 10.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

BLOCK = 24
#: Weight, in runs, of what a watch expects before it has seen any, and runs after which half of that is left.
PRIOR, PRIOR_HALVED = 170.0, 110.0
#: Correlation of one run's weather with the next one's, as expected.
DECAY = 0.6
#: Standard deviation of weather in score units, as expected, and the most of it as a share of the sampling variance.
WEATHER = 0.0165
MOST_WEATHER = 0.45
#: Runs that this expectation is worth against the baseline's own variance.
WEATHER_RUNS = 100.0
#: No watch expects more correlation than this; and less than that is not worth the delay that it costs.
MOST_EXPECTED, LEAST_EXPECTED = 0.3, 0.12
#: Standard errors beyond which correlation is believed.
SIGNIFICANT = 1.7
#: Weight of the expected decay against the observed one, in standard errors of a correlation.
DECAY_WEIGHT = 5.0
#: Slowest and fastest decay.
PHI = (0.3, 0.85)
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
            return Correlation(block, self.sums, self.finished)
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

    def estimate(self, expected: float = 0.0) -> tuple[float, float]:
        """``(r1, phi)``: correlation of neighbours (0 while not significant) and its decay per further lag.

        ``expected``: the correlation of neighbours believed in before any run was seen.
        """
        return _estimate(self.sums[-1], self.finished, expected)

    def to_json(self) -> list[Any]:
        """JSON value; floats come back exactly."""
        return [self.block, self.sums, self.finished]

    @classmethod
    def from_json(cls, value: list[Any]) -> Correlation:
        """The value that ``to_json`` wrote."""
        block, sums, finished = value
        return cls(tuple(block), tuple((lag0, lag1, lag2) for lag0, lag1, lag2 in sums), finished)


def belief_after(runs: int) -> float:
    """Weight, in runs, that the belief still has after so many of them."""
    return PRIOR / (1 + runs / PRIOR_HALVED)


def expected_correlation(within: float, between: float, runs: int) -> float:
    """Correlation of neighbours to believe in after a baseline of so many runs.

    ``within``: sampling variance of a run; ``between``: variance of the baseline's runs beyond it.
    """
    weather = min(WEATHER**2, MOST_WEATHER * within)
    between = (WEATHER_RUNS * weather + (runs - 1) * between) / (WEATHER_RUNS + runs - 1)
    total = between + within
    expected = DECAY * between / total if total > 0 else 0.0
    return min(expected, MOST_EXPECTED) if expected >= LEAST_EXPECTED else 0.0


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


@lru_cache(maxsize=1024)  # asked at every look, and new at one in ``BLOCK`` only
def _estimate(sums: tuple[float, float, float], finished: int, expected: float) -> tuple[float, float]:
    lag0, lag1, lag2 = sums
    belief = belief_after(finished)
    weight = finished + belief
    raw1, raw2 = lag1 / (lag0 + belief), lag2 / (lag0 + belief)
    seen, least = finished / weight, SIGNIFICANT * math.sqrt(finished) / weight
    prior, steady = expected * (1 - seen), DECAY_WEIGHT / math.sqrt(weight)
    factor, r1, phi = 1.0, 0.0, DECAY
    for _ in range(4):  # the bias depends on the answer: a few fixed-point steps settle it
        bias = min(factor / BLOCK, 0.8)
        r1 = raw1 * (1 - bias) + bias * seen + prior
        r2 = raw2 * (1 - bias) + bias * seen + prior * DECAY
        if r1 <= least:
            r1 = 0.0
        phi = min(max((r2 + DECAY * steady) / (r1 + steady), PHI[0]), PHI[1])
        factor = min(1 + 2 * r1 / (1 - phi), LARGEST)
    return min(r1, 0.95), phi


def _lagged(values: list[float], lag: int) -> float:
    return sum(map(float.__mul__, values[lag:], values[: len(values) - lag]))
