"""May the candidate go out? A paired test of "not worse than the margin", with early looks that cost nothing.

Each case gives a difference candidate - baseline (means over repeats; cases of a cluster are averaged first and count
as one). PASS when the drop is surely smaller than the margin, FAIL when it is surely larger, otherwise INCONCLUSIVE,
which is an answer and not a pass. The cases are taken in a random order, and after every fifth of them the test may
stop: O'Brien and Fleming's boundaries (1979) make the early looks strict enough that the error over all of them is
alpha on each side. They are computed exactly for normal means (recursion of Armitage, McPherson and Rowe 1969), with
Student's quantile in place of the normal one.

Proven for normal means of independent units; calibrated: Student's quantile, and the variance of rare differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

Floats = NDArray[np.float64]

#: Units before the first look; below that a variance means little. A difference so large that a dozen cases show it at
#: the boundary of an early look is rare, and held to the promise by simulation (tests/statistical/test_gate.py).
LEAST_UNITS = 12
#: Units before a look that may pass: failures of a candidate are rarer and more skewed than those that prove it bad.
LEAST_TO_PASS = 50
#: A difference smaller than this is none: means of the same grades differ by their rounding, and no scale is so fine.
ROUNDING = 1e-9


class Verdict(StrEnum):
    """What a gate says."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Decision(NamedTuple):
    """A verdict, what it rests on, and what more would take."""

    verdict: Verdict
    #: Mean difference and its interval at the look that decided, widened for the number of looks.
    effect: float
    low: float
    high: float
    #: Units (cases or clusters) that were used, and the look, from 1.
    units: int
    look: int
    #: Units with which 4 of 5 such candidates would be decided; None when this one is.
    units_needed: int | None


def decide(
    differences: Sequence[float],
    *,
    margin: float,
    alpha: float = 0.05,
    looks: int = 5,
    clusters: Sequence[str] | None = None,
    seed: int = 0,
) -> Decision:
    """Decide on all differences, stopping at the first look that is clear. ValueError without two units.

    ``margin``: the drop that is still acceptable, positive. ``clusters``: the cluster of each difference.
    """
    units = cluster_means(differences, clusters)
    if len(units) < 2:
        raise ValueError("a gate needs at least two cases")
    Random(seed).shuffle(units)
    stops = look_sizes(len(units), looks)
    fractions = tuple(stop / len(units) for stop in stops)
    decision = None
    for look, (stop, fraction) in enumerate(zip(stops, fractions, strict=True), start=1):
        may_pass = stop == len(units) or stop >= LEAST_TO_PASS
        bound = critical(fractions, fraction, alpha)
        decision = _at(np.array(units[:stop]), margin, bound, look, alpha, may_pass=may_pass)
        if decision.verdict is not Verdict.INCONCLUSIVE:
            return decision
    assert decision is not None
    return decision


def cluster_means(differences: Sequence[float], clusters: Sequence[str] | None) -> list[float]:
    """Mean difference of each cluster; the differences themselves where nothing is clustered."""
    if clusters is None:
        return list(differences)
    members: dict[str, list[float]] = {}
    for difference, cluster in zip(differences, clusters, strict=True):
        members.setdefault(cluster, []).append(difference)
    return [sum(values) / len(values) for values in members.values()]


def look_sizes(units: int, looks: int) -> list[int]:
    """Units at each look: equal steps, none of them before there are LEAST_UNITS."""
    sizes = {math.ceil(units * look / looks) for look in range(1, looks)}
    return [*sorted(size for size in sizes if LEAST_UNITS <= size < units), units]


@lru_cache(maxsize=1024)
def obrien_fleming(fractions: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    """Critical z at each look, one-sided: c / sqrt(fraction), with P(any is crossed) = alpha."""
    below = np.linspace(0.0, 9.0, 601)  # distances below c: a Brownian motion further down will not come back
    steps = [math.sqrt(now - before) for before, now in pairwise(fractions)]
    kernels = [_normal_density((below[:, None] - below) / step) / step for step in steps]
    low, high = 0.0, 8.0
    for _ in range(40):
        c = (low + high) / 2
        low, high = (c, high) if _crossing(c, below, math.sqrt(fractions[0]), steps, kernels) > alpha else (low, c)
    return tuple(high / math.sqrt(fraction) for fraction in fractions)


def critical(fractions: tuple[float, ...], fraction: float, alpha: float) -> float:
    """Critical z at a look, planned or not: c / sqrt(fraction), c from the looks that were planned.

    ``fractions``: of the units, at the planned looks; the last is 1. ``fraction``: what this look has of them.
    """
    return obrien_fleming(fractions, alpha)[-1] / math.sqrt(fraction)


class Estimate(NamedTuple):
    """Mean difference of some units, and how sure it is."""

    #: Mean of candidate - baseline; negative is worse.
    effect: float
    #: Standard deviation of a unit, with a little added where differences are few.
    spread: float
    units: int
    #: Smallest difference of a unit that differs at all; 0 when none does.
    step: float

    @classmethod
    def of(cls, units: Floats) -> Estimate:
        """Estimate from the units' differences, at least two."""
        units = np.where(np.abs(units) < ROUNDING, 0.0, units)
        n, mean = len(units), math.fsum(units) / len(units)
        if not units.any():
            return cls(0.0, math.sqrt(3 / n), n, 0.0)
        # One more discordant pair, half in each direction, keeps a handful of differences from looking too sure.
        spread = math.sqrt(((units - mean) ** 2).sum() / (n - 1) + float(np.abs(units).max()) ** 2 / n)
        return cls(mean, spread, n, float(np.abs(units[units != 0.0]).min()))

    def interval(self, z: float, margin: float) -> tuple[float, float]:
        """Interval whose ends are wrong as often as a normal value exceeds ``z``.

        The lower end answers to "what if it were worse by the margin?" Then differences in steps of s have at least
        the variance margin (s - margin), however few of them were seen: failures that are rare come in bunches.
        Where nothing differs at all, the rule of three: had one case in 3/n been worse, one would have shown up.
        """
        tail = float(ndtr(-z))
        if not self.step:
            reach = 1 - tail ** (1 / self.units)
            return -reach, reach
        quantile = float(-stdtrit(self.units - 1, tail)) / math.sqrt(self.units)
        least = math.sqrt(max(0.0, margin * (self.step - margin)))
        return self.effect - quantile * max(self.spread, least), self.effect + quantile * self.spread


def units_needed(spread: float, margin: float, effect: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Units with which a candidate of this effect would pass (or, beyond the margin, fail) with that power."""
    distance = abs(margin + min(effect, 0.0))
    if distance == 0.0:
        return 10**9
    return math.ceil((spread * float(ndtri(1 - alpha) + ndtri(power)) / distance) ** 2)


def repeats_needed(
    spread: float,
    within: float,
    repeats: float,
    units: int,
    margin: float,
    effect: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int | None:
    """Answers a case and arm with which so many units would decide; None when no number of repeats does.

    The variance of a unit is that between cases, b, and that of one answer, w, over the repeats k: spread^2 = b + w/k.
    ``within``: w / k as it was measured, ``repeats``: k.
    """
    distance = abs(margin + min(effect, 0.0))
    enough = units * (distance / float(ndtri(1 - alpha) + ndtri(power))) ** 2
    between = max(0.0, spread**2 - within)
    if enough <= between:
        return None
    return max(1, math.ceil(within * repeats / (enough - between)))


def detectable_drop(
    estimate: Estimate, margin: float, units: int, z: float, power: float = 0.8, *, scores: bool = True
) -> float:
    """Smallest drop that fails with that power on so many units, ``z`` being the boundary of the last look.

    The candidate fails when its drop is surely beyond the margin: margin + (z + z_power) sd / sqrt(units). A drop of
    ``scores`` brings a spread of its own: at the most that of a share of the cases that fall from 1 to 0, which is
    taken. A ratio of all answers rises without.
    """
    quantiles = float(-stdtrit(units - 1, ndtr(-z)) - stdtrit(units - 1, 1 - power)) if units > 1 else math.inf
    drop = margin
    for _ in range(60):
        more = min(max(0.0, drop - max(0.0, -estimate.effect)), 1.0) if scores else 0.0
        drop = margin + quantiles * math.sqrt((estimate.spread**2 + more * (1 - more)) / units)
    return drop


def _at(units: Floats, margin: float, bound: float, look: int, alpha: float, *, may_pass: bool) -> Decision:
    found = Estimate.of(units)
    low, high = found.interval(bound, margin)
    verdict = Verdict.FAIL if high < -margin else Verdict.INCONCLUSIVE
    if may_pass and low > -margin:
        verdict = Verdict.PASS
    needed = units_needed(found.spread, margin, found.effect, alpha) if verdict is Verdict.INCONCLUSIVE else None
    return Decision(verdict, found.effect, low, high, found.units, look, needed)


def _crossing(c: float, below: Floats, first: float, steps: Sequence[float], kernels: Sequence[Floats]) -> float:
    """P(a Brownian motion exceeds c at one of the looks), by integrating its density below c from look to look."""
    weights = np.full(len(below), below[1])
    weights[[0, -1]] /= 2
    density = _normal_density((c - below) / first) / first
    crossed = 1 - float(ndtr(c / first))
    for step, kernel in zip(steps, kernels, strict=True):
        mass = density * weights
        crossed += float(mass @ (1 - ndtr(below / step)))
        density = kernel @ mass
    return crossed


def _normal_density(z: Floats) -> Floats:
    density: Floats = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return density
