"""Where the chance in a look comes from: answers that differ, runs that differ, and weather that lasts.

A look of n cases with k answers each has the variance  runs + answers / (n k).  More cases and repeats help against
the second part alone; more looks help against both, as far as what a run shares is not the weather of the run before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from scipy.special import chdtri

from watchdog.stats.autocorrelation import BLOCK, Correlation
from watchdog.stats.psr_state import WINSOR, winsorised_step

#: What is assumed of a metric that was never measured: a pass rate of .9, cases of very unequal difficulty
#: (Beta(2 p, 2 (1 - p)): two thirds of p (1 - p) is chance within a case), and 1.8 points that a whole run shares.
RATE, WITHIN_SHARE, RUN_SPREAD = 0.9, 2 / 3, 0.018
#: Looks below which the spread between runs is assumed: a variance from fewer is a guess.
LEAST_LOOKS = 8
#: Weather that could not be seen from look to look is taken to be this much the same: looking more often will show it.
UNSEEN = 0.05


class Assumptions(Struct, frozen=True, kw_only=True):
    """What stands in for what was not measured yet; score units."""

    rate: float = RATE
    run_spread: float = RUN_SPREAD

    @property
    def answers(self) -> float:
        """Variance of one answer's score around its case's own mean."""
        return WITHIN_SHARE * self.rate * (1 - self.rate)


class Noise(Struct, frozen=True, kw_only=True):
    """What is known of a metric's chance, in squared score units."""

    level: float
    #: Variance of one answer's score around its case's own mean (on traffic: of one input's).
    answers: float
    #: Variance that all answers of a run share.
    runs: float
    #: Correlation of what runs share between neighbouring looks, and its decay per look; ``every`` seconds lie between.
    neighbours: float = 0.0
    decay: float = UNSEEN
    every: float = 3600.0
    #: Looks behind all this, and the standard deviation of one as they had it, with its 90 % interval.
    looks: int = 0
    seen: tuple[float, float, float] | None = None
    #: What was assumed: ``answers``, ``runs``, ``correlation``.
    assumed: tuple[str, ...] = ()


class LookNoise(NamedTuple):
    """Chance of one look."""

    spread: float
    #: ``(r1, phi)`` as in stats/autocorrelation.py.
    correlation: tuple[float, float]


def assumed(assumptions: Assumptions, every: float) -> Noise:
    """Of a metric of which nothing is known."""
    return Noise(
        level=assumptions.rate,
        answers=assumptions.answers,
        runs=assumptions.run_spread**2,
        every=every,
        assumed=("answers", "runs", "correlation"),
    )


def measured(
    x: Sequence[float],
    variances: Sequence[float],
    cases: Sequence[int],
    *,
    level: float,
    repeats: int,
    every: float,
    assumptions: Assumptions,
) -> Noise:
    """From the summaries of calm looks, oldest first; what they cannot tell yet is assumed and named."""
    if not x:
        return assumed(assumptions, every)
    seen = sum(cases) * repeats
    # Where nothing ever varied, one answer more might: Laplace's 1 in m + 2.
    answers = max(
        sum(v * n for v, n in zip(variances, cases, strict=True)) / len(x) * repeats, (seen + 1) / (seen + 2) ** 2
    )
    within = sum(variances) / len(x)
    if len(x) < LEAST_LOOKS:
        return Noise(
            level=level,
            answers=answers,
            runs=assumptions.run_spread**2,
            every=every,
            looks=len(x),
            assumed=("runs", "correlation"),
        )
    # A blip of one look is no chance: drawn in, as the detector does with its own reference.
    n, mean, squares = 0, 0.0, 0.0
    for value in x:
        n, mean, squares = winsorised_step(n, mean, squares, value)
    freedom, variance = len(x) - 1, squares / (len(x) - 1)
    low, high = (variance * freedom / float(chdtri(freedom, tail)) for tail in (0.05, 0.95))
    runs = max(0.0, variance - within)
    neighbours, decay = _weather(x, mean, math.sqrt(variance), runs / variance if variance else 0.0)
    return Noise(
        level=level,
        answers=answers,
        runs=runs,
        neighbours=neighbours,
        decay=decay,
        every=every,
        looks=len(x),
        seen=(math.sqrt(variance), math.sqrt(low), math.sqrt(high)),
        assumed=() if len(x) >= BLOCK else ("correlation",),
    )


def of_a_look(noise: Noise, *, cases: float, repeats: int, every: float, known_answers: float = math.inf) -> LookNoise:
    """Chance of a look of a metric with so many cases, ``every`` seconds after the last one.

    Weather is taken to decay with time: half the interval, the root of the correlation. ``known_answers``: answers
    behind the baseline mean of each case, where looks rotate through a larger set; the error of these means then
    differs from look to look.
    """
    within = noise.answers / (max(cases, 1.0) * repeats) * (1 + repeats / known_answers)
    variance = noise.runs + within
    if variance <= 0:
        return LookNoise(0.0, (0.0, 0.3))
    decay = min(max(noise.decay, UNSEEN) ** (every / noise.every), 0.95)
    peak = min(1.0, noise.neighbours / noise.decay) if noise.neighbours > 0 else 1.0
    return LookNoise(math.sqrt(variance), (noise.runs / variance * peak * decay, decay))


def _weather(x: Sequence[float], mean: float, spread: float, share: float) -> tuple[float, float]:
    """Correlation between neighbours of what runs share, and its decay; ``share`` of the variance is theirs."""
    correlation = Correlation()
    for value in x:
        z = (value - mean) / spread if spread else 0.0
        correlation = correlation.add(min(max(z, -WINSOR), WINSOR))
    r1, phi = correlation.estimate()
    if r1 == 0.0 or share <= 0.0:
        return 0.0, UNSEEN
    return min(0.95, r1 / share), phi
