"""A second opinion without a baseline: betting, case by case, that the pinned target does better than the current one.

    R <- (1 + R) product over cases of (1 + stake (pinned_i - current_i)),     averaged over five stakes

Proven: while the two arms are exchangeable within a run (same answers in distribution, whatever the weather of the
run) every product has mean 1, so the mean time to a false alarm is at least A runs, for any scores in 0..1, without
an estimate of anything. The price: a pinned run each time, and about half again the delay of pSR at five points. Noise
that only one of the arms has voids the promise. The page of a metric shows it; nothing rings by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

STAKES = (0.08, 0.2, 0.4, 0.65, 0.9)

#: Sums of a test that has not begun.
NOTHING = (0.0,) * len(STAKES)


def update(sums: Sequence[float], current: Sequence[float], pinned: Sequence[float]) -> tuple[float, ...]:
    """Sums after one more run; scores 0..1 of the same cases in the same order."""
    gaps = [before - now for now, before in zip(current, pinned, strict=True)]
    return tuple(
        min((1 + total) * math.exp(min(sum(math.log1p(stake * gap) for gap in gaps), 600.0)), 1e300)
        for stake, total in zip(STAKES, sums, strict=True)
    )


def evidence(sums: Sequence[float]) -> float:
    """The mixture R; an alarm is R >= A."""
    return sum(sums) / len(sums)
