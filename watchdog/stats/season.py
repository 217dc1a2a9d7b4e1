"""Taking the time of day and of week out of a series, so that a bad Monday morning is not a drop.

    level(t) = a + sum over day and week, over k = 1, 2 of b cos(2 pi k t / period) + c sin(2 pi k t / period)

fitted by weighted least squares to the baseline, once; what is left over is what a detector sees. Four weeks of
baseline tell a weekly wave from a slow change; fewer than three are refused. The fit is refreshed only with the
baseline: refitting on the way would absorb the drift. Calibrated by simulation, not proven: residuals of a fit are
slightly dependent.

A function of this library only: few watches have three weeks of baseline.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

DAY = 86_400.0
WEEK = 7 * DAY
HARMONICS = 2
LEAST_SPAN = 3 * WEEK


class Season(NamedTuple):
    """A fitted wave: level and coefficients."""

    level: float
    #: Cosine and sine of each harmonic of each period, in order.
    coefficients: tuple[float, ...]
    periods: tuple[float, ...] = (DAY, WEEK)

    def at(self, time: float) -> float:
        """What the wave adds to the level at a Unix time."""
        return float(_terms(np.array([time]), self.periods)[0] @ np.array(self.coefficients))

    def residual(self, time: float, value: float) -> float:
        """A value without its wave; the level stays in."""
        return value - self.at(time)


def fit(
    times: Sequence[float],
    values: Sequence[float],
    weights: Sequence[float] | None = None,
    periods: tuple[float, ...] = (DAY, WEEK),
) -> Season:
    """Fit to the baseline: Unix times, values and weights (inverse variances). ValueError when it is too short."""
    if times[-1] - times[0] < LEAST_SPAN * max(periods) / WEEK:
        raise ValueError(f"a season needs at least {LEAST_SPAN * max(periods) / WEEK / DAY:.0f} days of baseline")
    waves = _terms(np.asarray(times, float), periods)
    if len(times) < 2 * (waves.shape[1] + 1):
        raise ValueError(f"a season needs at least {2 * (waves.shape[1] + 1)} runs of baseline")
    design = np.column_stack((np.ones(len(times)), waves))
    root = np.sqrt(np.ones(len(times)) if weights is None else np.asarray(weights, float))
    found, *_ = np.linalg.lstsq(design * root[:, None], np.asarray(values, float) * root, rcond=None)
    return Season(float(found[0]), tuple(found[1:].tolist()), periods)


def _terms(times: np.ndarray, periods: tuple[float, ...]) -> np.ndarray:
    angles = [2 * math.pi * k * times / period for period in periods for k in range(1, HARMONICS + 1)]
    return np.column_stack([wave(angle) for angle in angles for wave in (np.cos, np.sin)])
