"""When does it ring? Resampled histories through the detector's rules, thousands at once.

Evidence is that of ``stats/panel.py``, equal to the scalar detector's. Two rules are taken in beside it: an alarm
needs a drop of at least the smallest that matters, and three bad looks are one without any evidence. The drop since
the onset is that of the likeliest two-level step here, which the scalar detector reads off its bets; on the same
histories the two ring at the same look in nineteen cases of twenty (``tests/unit/backtest/test_made_up.py``).
After an alarm all bets start anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from watchdog.backtest.history import Floats
from watchdog.backtest.scenario import Streams
from watchdog.stats.acute import DRIFT_AFTER, bad_below
from watchdog.stats.panel import PredictivePanel

#: Looks to which the likeliest onset is sought back.
REACH = 400


class Rung(Struct, frozen=True, eq=False, kw_only=True):
    """What rang in streams that were run side by side."""

    #: Row of the first alarm at or after the onset of each stream; -1 where none rang.
    first: NDArray[np.int64]
    #: All alarms of each stream.
    alarms: NDArray[np.int64]


def ring(
    streams: Streams,
    *,
    baseline_runs: int,
    mean_runs: float,
    smallest_drop: float,
    until_all: bool = False,
    advance: Callable[[int], None] = lambda _looks: None,
) -> Rung:
    """Run the streams. ``until_all``: stop when every stream has rung after its onset.

    ``advance`` is told how many looks have been run.
    """
    first_runs, counted = slice(baseline_runs), streams.lost is not None
    panel = PredictivePanel(
        streams.x[first_runs],
        streams.variance[first_runs],
        streams.lost[first_runs] if streams.lost is not None else None,
        streams.n[first_runs] if counted else None,
        mean_runs=mean_runs,
        smallest_drop=smallest_drop,
        keen=True,
    )
    rows, width = streams.x.shape
    total = np.concatenate((np.zeros((1, width)), np.cumsum(streams.x, axis=0)))
    first, alarms = np.full(width, -1), np.zeros(width, dtype=int)
    bad, below = np.zeros(width, dtype=int), np.zeros(width)
    for row in range(baseline_runs, rows):
        below = np.where(bad > 0, below, bad_below(panel.mean, panel.spread))
        counts = (None, None) if streams.lost is None else (streams.lost[row], streams.n[row])
        evidence = panel.update(streams.x[row], streams.variance[row], streams.u[row], *counts)
        bad = np.where(panel.newest < below, bad + 1, 0)
        rings = bad >= DRIFT_AFTER
        high = np.flatnonzero((evidence >= mean_runs) & ~rings)
        if len(high):
            rings[high] = likeliest_change(total[: row + 2, high]) <= -smallest_drop
        advance(width)
        if not rings.any():
            continue
        alarms += rings
        first[rings & (first < 0) & (row >= streams.onset)] = row
        panel.restart(rings)
        bad[rings] = 0
        if until_all and (first >= 0).all():
            advance(width * (rows - row - 1))
            break
    return Rung(first=first, alarms=alarms)


def likeliest_change(total: Floats) -> Floats:
    """Mean of the last k runs minus that of those before, for the k that makes a fall likeliest; 0 where nothing fell.

    ``total``: cumulative sums of the runs, (runs + 1, streams). The fall with the largest k (n - k) / n times its
    square is the maximum-likelihood step of runs with one spread.
    """
    runs = len(total) - 1
    k = np.arange(1, min(runs - 1, REACH) + 1)[:, None]
    before = total[runs - k[:, 0]]
    change = np.minimum((total[-1] - before) / k - before / (runs - k), 0.0)
    best = (change**2 * k * (runs - k) / runs).argmax(0)
    found: Floats = change[best, np.arange(total.shape[1])]
    return found


def side_by_side(parts: Sequence[Streams]) -> Streams:
    """Streams of equal length and kind as one."""

    def joined(name: str) -> Floats:
        value: Floats = np.concatenate([getattr(part, name) for part in parts], axis=1)
        return value

    return Streams(
        x=joined("x"),
        variance=joined("variance"),
        n=joined("n"),
        lost=None if parts[0].lost is None else joined("lost"),
        u=joined("u"),
        onset=np.concatenate([part.onset for part in parts]),
    )
