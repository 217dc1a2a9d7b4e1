"""A collapse should not have to wait for statistics: three looks in a row, far below everything, are one.

A look is *bad* when its summary lies below the reference mean by more than max(0.15, 6 standard deviations). Two in a
row ask for a confirmation look; the third makes it a drift. Statistics alone would take four to five looks, because
they clip what one look may say.

Calibrated, not proven: for normal runs a bad look is a matter of millennia; the three in a row are for everything
else (a provider's bad half-hour, a truncated batch), which is why nobody is woken before the third.
"""

from __future__ import annotations

#: Score units that a look must be below the reference, however steady the metric is.
LEAST_DROP = 0.15
#: Standard deviations that it must be below.
DEVIATIONS = 6.0
#: Bad looks in a row that ask for another look, and that make a drift.
SUSPECT_AFTER = 2
DRIFT_AFTER = 3


def bad_looks(previous: int, x: float, mean: float, spread: float) -> int:
    """Bad looks in a row, this one included; 0 when this one is not bad."""
    return previous + 1 if x - mean < -max(LEAST_DROP, DEVIATIONS * spread) else 0
