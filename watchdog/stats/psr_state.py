"""What pSR remembers between two runs: the reference so far, and the bets that are running."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple
from numpy.typing import NDArray

from watchdog.stats.autocorrelation import Correlation
from watchdog.stats.young import Stakes

Floats = NDArray[np.float64]

#: Standard deviations beyond which a run enters mean and spread as if it were nearer.
WINSOR = 3.0


class Bet(Struct, frozen=True):
    """One delta's Shiryaev-Roberts sum, and the cumulative sum (CUSUM) that dates the change it bets on."""

    total: float = 0.0
    climb: float = 0.0
    #: Runs since the climb last stood at zero, and the mark (a time) of the first of them.
    looks: int = 0
    since: float = 0.0


class PsrState(Struct, frozen=True, eq=False, kw_only=True):
    """The reference so far and the bets that are running. Arrays are shared between states and never written to."""

    #: Summaries on a common scale, oldest first, at most ``CAP``.
    history: Floats
    #: Runs behind ``mean`` and ``squares`` (their winsorised mean and sum of squared deviations).
    n: int
    mean: float
    squares: float
    #: Failures and cases so far after each of the first runs; None where they mean nothing (differences of two arms).
    failures: tuple[tuple[int, int], ...] | None
    #: Sorted first part of the history, once it is long enough.
    locked: Floats | None
    correlation: Correlation
    #: Variance inflation of each bet's window, and the bets: ``DELTAS``, then those on the locked reference.
    inflations: tuple[float, ...]
    bets: tuple[Bet, ...]
    #: What the growing bets consist of, while they are keen.
    stakes: Stakes = Stakes()
    #: Constants of the baseline: variance between runs, sampling variance of a run, least spread, runs at the lock.
    between: float
    within: float
    floor: float
    lock_at: int
    #: Correlation of neighbouring runs believed in before any was seen.
    expected: float

    @property
    def spread(self) -> float:
        """Standard deviation of a run, at least what sampling alone makes it."""
        return max(self.raw_spread, self.floor)

    @property
    def raw_spread(self) -> float:
        """Winsorised standard deviation of the runs so far."""
        return math.sqrt(max(self.squares, 0.0) / (self.n - 1)) if self.n > 1 else 0.0

    @property
    def autocorrelation(self) -> tuple[float, float]:
        """Correlation of neighbouring runs and its decay, as estimated so far."""
        return self.correlation.estimate(self.expected)

    def common_scale(self, x: float, variance: float) -> float:
        """A summary as it would spread if it rested on as many cases as the baseline's runs.

        A baseline in which nothing ever varied has no scale: the summary stays as it is.
        """
        if self.between + self.within <= 0.0:
            return x
        return x / math.sqrt((self.between + variance) / (self.between + self.within) + 1e-300)

    def to_json(self) -> dict[str, Any]:
        """JSON value; floats come back exactly."""
        return {
            "history": self.history.tolist(),
            "n": self.n,
            "mean": self.mean,
            "squares": self.squares,
            "failures": self.failures,
            "locked": None if self.locked is None else self.locked.tolist(),
            "correlation": self.correlation.to_json(),
            "inflations": self.inflations,
            "bets": [astuple(bet) for bet in self.bets],
            "stakes": self.stakes.to_json(),
            "constants": [self.between, self.within, self.floor, self.lock_at, self.expected],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> PsrState:
        """The state that ``to_json`` wrote."""
        between, within, floor, lock_at, expected = value["constants"]
        failures = value["failures"]
        return cls(
            history=np.asarray(value["history"], dtype=np.float64),
            n=value["n"],
            mean=value["mean"],
            squares=value["squares"],
            failures=None if failures is None else tuple((failed, cases) for failed, cases in failures),
            locked=None if value["locked"] is None else np.asarray(value["locked"], dtype=np.float64),
            correlation=Correlation.from_json(value["correlation"]),
            inflations=tuple(value["inflations"]),
            bets=tuple(Bet(*bet) for bet in value["bets"]),
            stakes=Stakes.from_json(value["stakes"]),
            between=between,
            within=within,
            floor=floor,
            lock_at=lock_at,
            expected=expected,
        )


def winsorised_step(n: int, mean: float, squares: float, x: float) -> tuple[int, float, float]:
    """Welford's update with x drawn in to 3 standard deviations, so that an outage does not hide the next one."""
    if n >= 5:
        reach = WINSOR * math.sqrt(max(squares, 0.0) / (n - 1))
        x = min(max(x, mean - reach), mean + reach)
    step = x - mean
    mean += step / (n + 1)
    return n + 1, mean, squares + step * (x - mean)
