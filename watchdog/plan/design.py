"""A design: how much is asked how often. What it costs, and how soon it finds a drop."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct

from watchdog.plan.noise import LookNoise, Noise, of_a_look
from watchdog.stats.delay import HORIZON, delays
from watchdog.stats.predictive import CAP

DAY = 86_400.0
#: A drop is taken to come when a watch has looked for that long.
SETTLED = 14 * DAY
#: Longest wait that is looked into.
PATIENCE = 90 * DAY
#: Runs of a baseline that is not there yet.
BASELINE_RUNS = 20


class Design(Struct, frozen=True, kw_only=True):
    """What a look asks, and how often."""

    #: Cases of a look.
    cases: int
    #: Answers asked for each.
    repeats: int
    #: Seconds between two looks.
    every: float
    #: The pinned target is asked in one of so many looks; 0 is never.
    pinned_every: int = 0

    @property
    def looks_a_day(self) -> float:
        """Looks a day."""
        return DAY / self.every


class Prices(Struct, frozen=True, kw_only=True):
    """What one answer costs, its judging included, in US dollars by role; None is not known."""

    current: float | None = None
    pinned: float | None = None
    #: Judges that every answer goes to.
    judges: int = 0

    def calls_a_day(self, design: Design) -> float:
        """Calls to targets and judges."""
        arms = 1 + (1 / design.pinned_every if design.pinned_every else 0)
        return design.looks_a_day * design.cases * design.repeats * arms * (1 + self.judges)

    def money_a_day(self, design: Design) -> float | None:
        """US dollars; None when a price is not known."""
        answers = design.looks_a_day * design.cases * design.repeats
        if self.current is None:
            return None
        if not design.pinned_every:
            return answers * self.current
        return None if self.pinned is None else answers * (self.current + self.pinned / design.pinned_every)


class PlannedMetric(Struct, frozen=True, kw_only=True):
    """A metric that may page, and what finding its drops depends on."""

    name: str
    noise: Noise
    #: Share of a look's cases that it scores.
    share: float = 1.0
    #: Cases that there are; a look of fewer rotates through them.
    cases: int
    #: Runs of its baseline, and looks so far.
    baseline: int = BASELINE_RUNS
    looks: int = 0
    #: A, by the seconds between two looks of this watch: looking more often makes everybody's A larger.
    mean_runs: Callable[[float], float]
    #: Drops below that never page, and the least spread that a young detector believes in.
    smallest_drop: float


class Found(NamedTuple):
    """Looks until drops are found; infinite is not within ``PATIENCE``."""

    typical: tuple[float, ...]
    late: tuple[float, ...]


def chance_of_a_look(metric: PlannedMetric, design: Design) -> LookNoise:
    """Spread and correlation of the metric's looks under a design."""
    rotating = design.cases < metric.cases
    answers = metric.baseline * design.repeats * design.cases / metric.cases if rotating else math.inf
    return of_a_look(
        metric.noise,
        cases=design.cases * metric.share,
        repeats=design.repeats,
        every=design.every,
        known_answers=answers,
    )


def reference(metric: PlannedMetric, every: float) -> int:
    """Looks behind the detector when a drop comes: after two weeks, or now when it has been looking for longer."""
    return min(CAP, max(metric.looks, metric.baseline + int(SETTLED / every)))


def found_after(metric: PlannedMetric, design: Design, drops: Sequence[float]) -> Found:
    """Looks until drops (score units) of the metric are found."""
    look = chance_of_a_look(metric, design)
    typical, late = delays(
        drops,
        max(look.spread, metric.smallest_drop / 2),
        metric.mean_runs(design.every),
        reference=reference(metric, design.every),
        baseline=metric.baseline,
        correlation=look.correlation,
        horizon=max(1, min(HORIZON, int(PATIENCE / design.every))),
    )
    return Found(tuple(float(value) for value in typical), tuple(float(value) for value in late))
