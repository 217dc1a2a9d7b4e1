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

#: Units before the first look; below that a variance means little.
LEAST_UNITS = 50


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
    bounds = obrien_fleming(tuple(stop / len(units) for stop in stops), alpha)
    decision = None
    for look, (stop, bound) in enumerate(zip(stops, bounds, strict=True), start=1):
        decision = _at(np.array(units[:stop]), margin, bound, look, alpha)
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
    """Units at each look: equal steps, none of them before there are fifty."""
    sizes = {math.ceil(units * look / looks) for look in range(1, looks)}
    return [*sorted(size for size in sizes if LEAST_UNITS <= size < units), units]


@lru_cache(maxsize=64)
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


def units_needed(spread: float, margin: float, effect: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Units with which a candidate of this effect would pass (or, beyond the margin, fail) with that power."""
    distance = abs(margin + min(effect, 0.0))
    if distance == 0.0:
        return 10**9
    return math.ceil((spread * float(ndtri(1 - alpha) + ndtri(power)) / distance) ** 2)


def _at(units: Floats, margin: float, bound: float, look: int, alpha: float) -> Decision:
    n, mean = len(units), float(units.mean())
    if not units.any():
        # No difference at all: a variance of nothing would be sure of everything. The rule of three: had one case in
        # 3/n been worse, one would have shown up with 95 %.
        reach = 1 - float(ndtr(-bound)) ** (1 / n)
        half_low = half_high = reach
        spread = math.sqrt(reach)
    else:
        # One more discordant pair, half in each direction, keeps a handful of differences from looking too sure.
        spread = math.sqrt(((units - mean) ** 2).sum() / (n - 1) + float(np.abs(units).max()) ** 2 / n)
        half_low = half_high = float(stdtrit(n - 1, ndtr(bound))) * spread / math.sqrt(n)
    low, high = mean - half_low, mean + half_high
    verdict = Verdict.PASS if low > -margin else Verdict.FAIL if high < -margin else Verdict.INCONCLUSIVE
    needed = units_needed(spread, margin, mean, alpha) if verdict is Verdict.INCONCLUSIVE else None
    return Decision(verdict, mean, low, high, n, look, needed)


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
