"""A collapse should not have to wait for statistics: three looks in a row, far below everything, are one.

A look is *bad* when its summary lies below the reference mean by more than max(0.15, 6 standard deviations). Two in a
row ask for a confirmation look; the third makes it a drift. Statistics alone would take four to five looks, because
they clip what one look may say.

Calibrated, not proven. In 200,000 lives of a hundred looks after a baseline of 8 no independent runs rang; where all
that varies is strongly correlated weather (AR(.6), no sampling noise), 3 in a thousand did, 0.2 after a baseline of 20.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Score units that a look must be below the reference, however steady the metric is.
LEAST_DROP = 0.15
#: Standard deviations that it must be below.
DEVIATIONS = 6.0
#: Bad looks in a row that ask for another look, and that make a drift.
SUSPECT_AFTER = 2
DRIFT_AFTER = 3


def bad_below(mean: ArrayLike, spread: ArrayLike) -> Floats:
    """What a look must be below to be bad, given mean and spread of the reference before it; elementwise."""
    below: Floats = np.asarray(mean) - np.maximum(LEAST_DROP, DEVIATIONS * np.asarray(spread))
    return below


class BadLooks(NamedTuple):
    """Bad looks in a row."""

    looks: int = 0
    #: Mark (a time) of the first of them.
    since: float = 0.0
    #: What counts as bad during this streak. Fixed by its first look, or the collapse would move its own bound.
    below: float = 0.0

    def update(self, x: float, *, mean: float, spread: float, mark: float) -> BadLooks:
        """With one look more; ``mean`` and ``spread`` of the reference before it."""
        below = self.below if self.looks else mean - max(LEAST_DROP, DEVIATIONS * spread)
        if x >= below:
            return BadLooks()
        return BadLooks(self.looks + 1, self.since if self.looks else mark, below)
