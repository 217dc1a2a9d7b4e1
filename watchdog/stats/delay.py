"""How many looks pSR takes to find a drop: its own recursion, fed with expected scores in place of drawn ones.

Lorden's bound (``power.py``) knows nothing of the clip, of the few deltas that are bet on, nor of a young reference
that absorbs a small drop before it is found. Here the sums of ``predictive.py`` climb as they do on average: the k-th
look after a drop of theta standard deviations surprises by theta n / (n + k - 1), n runs being the reference, and its
clipped normal score has a mean and a variance in closed form (a censored normal). *Typical* is that climb; *late* is
the climb with bad luck, 1.2 standard deviations below the mean in the sum of scores and in the mean of the reference.

A heuristic, calibrated by simulation (tests/statistical/test_delay.py): with k looks of climb, typical = k + 1 was the
median delay within a third for drops of 2 to 20 points of .9 metrics, with and without AR(.6) weather, wherever the
reference had not absorbed most of the drop. late = 1.4 k held 8 to 9 of ten; under correlated weather and with a
reference of a hundred runs a tenth of the streams took up to three times as long.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from watchdog.stats.acute import DEVIATIONS, DRIFT_AFTER, LEAST_DROP
from watchdog.stats.autocorrelation import inflation
from watchdog.stats.predictive import CAP, CLIP, DELTAS, LOCK_AFTER, MARGIN, locked_deltas

Floats = NDArray[np.float64]

#: Standard deviations of bad luck of a late alarm.
BAD_LUCK = 1.2
#: A pass rate that fell varies more than it did: .9 to .7 is half as much again.
FALLEN = 1.5
#: Looks after which sums that did not rise by so much never will.
CHECK, RISING = 64, 1.01
#: Looks after which a drop counts as not found.
HORIZON = 5000


def delays(
    drops: ArrayLike,
    spread: float,
    mean_runs: float,
    *,
    reference: int,
    baseline: int = 20,
    correlation: tuple[float, float] = (0.0, 0.3),
    horizon: int = HORIZON,
) -> tuple[Floats, Floats]:
    """Looks from a drop to its alarm, the alarm's included: typical (half are faster) and late (nine of ten are).

    ``drops`` in score units, positive; ``spread``: standard deviation of a look, in the same. ``mean_runs``: A.
    ``reference``: runs before the drop, the ``baseline`` ones included. ``correlation``: ``(r1, phi)`` of the looks, as
    in ``autocorrelation.py``. Infinite where the drop is not found within ``horizon`` looks.
    """
    shift = np.atleast_1d(np.asarray(drops, float)) / max(spread, 1e-9)
    climb = [_climb(shift, mean_runs, reference, baseline, correlation, luck, horizon) for luck in (0.0, BAD_LUCK)]
    by_collapse = _three_bad_looks(shift * max(spread, 1e-9), spread)
    typical = np.minimum(climb[0] + 1, by_collapse[0])
    late = np.maximum(typical, np.minimum(np.ceil(1.4 * climb[1]), by_collapse[1]))
    return np.where(typical <= horizon, typical, math.inf), np.where(late <= horizon, late, math.inf)


def censored_moments(shift: ArrayLike) -> tuple[Floats, Floats]:
    """Mean and variance of a normal variable of mean ``shift`` and variance 1 that is clipped to +-2.6."""
    t = np.asarray(shift, float)
    above, below = 1 - ndtr(CLIP - t), ndtr(-CLIP - t)
    high, low = _density(CLIP - t), _density(CLIP + t)
    inside = 1 - above - below
    mean = CLIP * (above - below) + t * inside + low - high
    square = CLIP**2 * (above + below) + (t * t + 1) * inside - (CLIP + t) * high - (CLIP - t) * low
    return mean, np.maximum(square - mean * mean, 0.0)


def _climb(
    shift: Floats,
    mean_runs: float,
    reference: int,
    baseline: int,
    correlation: tuple[float, float],
    luck: float,
    horizon: int,
) -> Floats:
    lock = baseline + LOCK_AFTER
    growing = _Sums(DELTAS, mean_runs, correlation, len(shift), luck)
    locked = _Sums(locked_deltas(keen=True), mean_runs, correlation, len(shift), luck) if reference >= lock else None
    found = np.full(shift.shape, math.inf)
    n, before = min(reference, CAP), np.zeros((2, len(shift)))
    for look in range(1, horizon + 1):
        left = n / (n + look - 1)
        sums = np.zeros((2, len(shift)))
        sums[0] = growing.update(shift * left, look * left / math.sqrt(n))
        if locked is not None:
            sums[1] = locked.update(shift - MARGIN, look / math.sqrt(lock))
        open_ = np.isinf(found)
        found[open_ & (sums.sum(0) / (1 if locked is None else 2) >= mean_runs)] = look
        if look % CHECK == 0:
            if not (open_ & (sums > RISING * before).any(0)).any():
                break  # what is not found is absorbed faster than it is noticed
            before = sums
    return found


class _Sums:
    """Shiryaev-Roberts sums of a few bets, on average; rows are bets, columns drops."""

    def __init__(
        self, deltas: tuple[float, ...], mean_runs: float, correlation: tuple[float, float], drops: int, luck: float
    ) -> None:
        self._deltas = np.array(deltas)[:, None]
        windows = [2 * math.log(mean_runs) / delta**2 for delta in deltas]
        self._inflations = np.array([inflation(*correlation, window) for window in windows])[:, None]
        self._cost = self._deltas**2 * self._inflations / 2
        self._forever = inflation(*correlation, math.inf)
        self._luck, self._limit = luck, 1e3 * mean_runs
        # Where the sums stand while nothing happens: R = (1 + R) exp(-cost).
        self._totals = np.repeat(1 / np.expm1(self._cost), drops, axis=1)
        self._variance = np.zeros((1, drops))
        self._noise = np.zeros_like(self._totals)

    def update(self, shift: Floats, uncertain: float) -> Floats:
        """R after one look more; ``uncertain``: what the reference's own error has added up to, in its deviations."""
        mean, variance = censored_moments(shift)
        self._variance = self._variance + variance
        noise = np.sqrt(self._variance * self._inflations + uncertain**2 * self._forever)
        gain = self._deltas * (mean - self._luck * (noise - self._noise)) - self._cost
        self._totals = np.minimum((1 + self._totals) * np.exp(np.minimum(gain, 50.0)), self._limit)
        self._noise = noise
        value: Floats = self._totals.mean(0)
        return value


def _three_bad_looks(drops: Floats, spread: float) -> tuple[Floats, Floats]:
    """Looks to an alarm by the acute rule: typical and late.

    With p the chance that a look is bad, the number of looks before three in a row has the mean
    (1 - p^3) / ((1 - p) p^3) and nearly exponential tails beyond three.
    """
    chance = ndtr((drops - max(LEAST_DROP, DEVIATIONS * spread)) / max(FALLEN * spread, 1e-9))
    streak = np.maximum(chance**DRIFT_AFTER, 1e-12)
    mean = np.where(chance < 1, (1 - streak) / (np.maximum(1 - chance, 1e-12) * streak), DRIFT_AFTER)
    beyond = np.maximum(mean - DRIFT_AFTER, 0.0)
    typical = np.where(streak >= 0.5, DRIFT_AFTER, np.ceil(DRIFT_AFTER + math.log(2) * beyond))
    late = np.where(streak >= 0.9, DRIFT_AFTER, np.ceil(DRIFT_AFTER + math.log(10) * beyond))
    return typical, late


def _density(z: Floats) -> Floats:
    density: Floats = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return density
