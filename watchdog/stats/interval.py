"""How large is a change, give or take?

Student's two-sample t on run summaries with a pooled spread: some runs against the reference before them, each mean's
variance inflated by the autocorrelation of runs. The spread is never taken below what sampling alone makes it. Exact
for normal runs that were chosen beforehand; for those that rang an alarm see ``drop.py``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

#: So few values are added up faster one by one than as an array.
_FEW = 12


class Moments(NamedTuple):
    """Number, mean and sum of squared deviations of some runs."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Moments:
        """Moments of an array."""
        n = len(values)
        if not n:
            return cls()
        if n <= _FEW:
            few = values.tolist()
            mean = sum(few) / n
            return cls(n, mean, sum([(value - mean) ** 2 for value in few]))
        mean = float(np.add.reduce(values)) / n
        apart = values - mean
        return cls(n, mean, float(apart @ apart))

    def __or__(self, other: Moments) -> Moments:
        """Moments of both together."""
        n = self.n + other.n
        if n == 0:
            return self
        apart = other.mean - self.mean
        mean = self.mean + apart * other.n / n
        return Moments(n, mean, self.squares + other.squares + apart * apart * self.n * other.n / n)

    def add(self, value: float) -> Moments:
        """Moments with one more run."""
        return self | Moments(1, value, 0.0)


class Effect(NamedTuple):
    """A difference of means and its two-sided interval; negative is worse."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Effect:
        """The same in another unit."""
        if factor == 1.0:
            return self
        return Effect(self.value * factor, self.low * factor, self.high * factor)


def effect(
    after: Moments,
    before: Moments,
    *,
    floor: float = 0.0,
    inflation_after: float = 1.0,
    inflation_before: float = 1.0,
    confidence: float = 0.9,
) -> Effect:
    """Mean of ``after`` minus mean of ``before``, at least one run and two runs, with its interval.

    ``floor``: least standard deviation of a run. The inflations multiply the variance of each mean.
    """
    freedom = after.n + before.n - 2
    spread = max(math.sqrt((after.squares + before.squares) / freedom), floor)
    error = spread * math.sqrt(inflation_after / after.n + inflation_before / before.n)
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    value = after.mean - before.mean
    return Effect(value, value - half, value + half)
