"""Quality-SLO burn rates on runs: is the error budget of "97 % of answers are good" being used up too fast?

Burn is the share of bad answers over the share that the objective allows; 1 uses the budget up exactly. A window burns
when its long stretch and its short one both burn at the window's factor (the short one ends the alarm soon after the
trouble ends) and the long stretch is above 1 beyond doubt (Wilson's lower limit at 99.8 %, because it is looked at run
after run). Windows are counted in runs, because an hourly evaluation has no "5 minutes".

Source: Google, "The Site Reliability Workbook", chapter 5, multi-window multi-burn-rate alerts. It answers "are we out
of budget?", which is another question than "did something change?". Wilson's limit takes answers as independent.

A function of this library only: a watch has no objective, and no alert is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.special import ndtri


class Window(NamedTuple):
    """A long and a short stretch, in runs, and the burn that both must reach."""

    long: int
    short: int
    factor: float


#: Of the interval that the long stretch's burn must lie above 1 with.
CONFIDENCE = 0.998
#: For hourly runs: a quarter of a day, three days, two weeks.
WINDOWS = (Window(6, 2, 6.0), Window(72, 6, 2.0), Window(336, 72, 1.0))


def burn_rate(bad: float, total: float, objective: float) -> float:
    """Share of bad answers over what the objective (0.97 = 97 % good) allows; 0 where nothing was asked."""
    return bad / total / (1 - objective) if total else 0.0


def wilson(bad: float, total: float, confidence: float = 0.9) -> tuple[float, float]:
    """Wilson's two-sided interval of a share."""
    if not total:
        return 0.0, 1.0
    z = float(ndtri((1 + confidence) / 2))
    share = bad / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2) / (1 + z * z / total)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def burning(
    bad: Sequence[float], total: Sequence[float], objective: float, windows: Sequence[Window] = WINDOWS
) -> Window | None:
    """The first window that burns now, or None. ``bad`` and ``total``: answers of each run, oldest first."""
    for window in windows:
        if len(bad) < window.long:
            continue
        long_bad, long_total = sum(bad[-window.long :]), sum(total[-window.long :])
        short = burn_rate(sum(bad[-window.short :]), sum(total[-window.short :]), objective)
        sure = wilson(long_bad, long_total, CONFIDENCE)[0] > 1 - objective
        if sure and burn_rate(long_bad, long_total, objective) >= window.factor <= short:
            return window
    return None
