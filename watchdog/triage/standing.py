"""Where a metric stands after one sample and all that the daemon saw before. Pure.

A sample of forty cases tells a drop of ten points, the daemon's looks together tell three: each is asked what it can
tell. The sample is held against the runs of the baseline by Student's t (``stats.interval``), a drop at 2 % error over
all metrics together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey, Observation

#: Chance that a sample of a feature that has not changed is called worse, over all metrics of an arm.
ALPHA = 0.02
#: A metric has held when the sample is surely (95 %) not this much worse; twice the smallest drop if that is more.
TOLERATED = 0.1


class Source(StrEnum):
    """Who says so."""

    SAMPLE = "asked now"
    LOOKS = "the daemon's looks"
    BOTH = "asked now, and the daemon's looks"


class Standing(Struct, frozen=True, kw_only=True):
    """One metric: calm (it holds), drift (it dropped) or suspect (neither is certain)."""

    key: MetricKey
    level: Level
    source: Source
    #: Change against the baseline in score units and its 90 % interval; negative is worse.
    effect: float
    interval: tuple[float, float]
    n: int
    #: Mean level now and at the baseline.
    now: float | None = None
    before: float | None = None
    #: Unix time since when the daemon sees it.
    since: float | None = None

    def signal(self, at: float) -> Signal:
        """The same for those who decide on signals."""
        return Signal(
            key=self.key,
            run_id="",
            at=at,
            level=self.level,
            statistic=0.0,
            threshold=0.0,
            effect=self.effect,
            interval=self.interval,
            n=self.n,
            since=self.since,
            reason="triage",
        )


def standings(
    observations: Sequence[Observation],
    baseline: Mapping[MetricKey, MetricBaseline],
    said: Mapping[MetricKey, Signal],
    *,
    smallest_drop: float,
    sampled: bool = True,
    changed: bool = False,
) -> dict[MetricKey, Standing]:
    """Each metric that the sample or the looks say something of.

    ``said``: what the detectors said at the newest look, if that is not too old. ``sampled``: whether the observations
    are of a sample asked now, or of the newest look itself. ``changed``: whether something of the current target is no
    longer as it was when all was well: what was calm then says little of now.

    Calm is what is calm now: of a metric that a sample set out to observe and could not, only a drift is taken over.
    """
    counts: dict[Arm, int] = {}
    for observation in observations:
        counts[observation.key.arm] = counts.get(observation.key.arm, 0) + 1
    fresh = {
        observation.key: _of_sample(
            observation, baseline[observation.key], smallest_drop, counts[observation.key.arm], sampled=sampled
        )
        for observation in observations
        if observation.key in baseline and len(baseline[observation.key].x) > 1
    }
    told = {
        signal.key: signal
        for signal in said.values()
        if signal.level is not Level.LEARNING and (not sampled or signal.key in fresh or signal.level is Level.DRIFT)
    }
    return {key: _together(fresh.get(key), told.get(key), changed=changed) for key in dict.fromkeys((*fresh, *told))}


def _of_sample(
    observation: Observation, reference: MetricBaseline, smallest: float, comparisons: int, *, sampled: bool
) -> Standing:
    import numpy as np  # noqa: PLC0415 - a quarter of a second that only a comparison pays

    from watchdog.stats.interval import Moments, effect  # noqa: PLC0415

    typical = sum(reference.variances) / len(reference.variances) if reference.variances else 0.0
    after, before = Moments.of(np.array([observation.x])), Moments.of(np.array(reference.x))
    floor = math.sqrt(max(typical, observation.noise))
    strict = effect(after, before, floor=floor, confidence=1 - 2 * ALPHA / max(1, comparisons))
    shown = effect(after, before, floor=floor)
    anchors = observation.key.arm is Arm.ANCHORS
    # Of a yardstick both ways are wrong.
    surely = strict.high < 0 or (anchors and strict.low > 0)
    size = abs(shown.value) if anchors else -shown.value
    if surely and size >= smallest:
        level = Level.DRIFT
    elif shown.low > -max(TOLERATED, 2 * smallest) and (not anchors or shown.high < max(TOLERATED, 2 * smallest)):
        level = Level.CALM
    else:
        level = Level.SUSPECT
    return Standing(
        key=observation.key,
        level=level,
        source=Source.SAMPLE if sampled else Source.LOOKS,
        effect=shown.value,
        interval=(shown.low, shown.high),
        n=observation.n,
        now=observation.level,
        before=reference.level,
    )


def _together(fresh: Standing | None, said: Signal | None, *, changed: bool) -> Standing:
    """Both agree, or the surer one; what the sample cannot see the looks may have seen, and the other way round."""
    if said is None:
        assert fresh is not None
        return fresh
    looks = Standing(
        key=said.key,
        level=said.level,
        source=Source.LOOKS,
        effect=said.effect,
        interval=said.interval,
        n=said.n,
        since=said.since,
    )
    if fresh is None:
        return looks
    if fresh.level is looks.level:
        return _with(fresh, source=Source.BOTH if fresh.source is Source.SAMPLE else Source.LOOKS, since=said.since)
    if fresh.level is Level.SUSPECT:
        # Calm until the newest look is not calm now, if the sample speaks against it or something changed since.
        low, high = fresh.interval
        if looks.level is Level.CALM and (changed or not low <= 0.0 <= high):
            return fresh
        return _with(fresh, level=looks.level, source=Source.LOOKS, since=said.since)
    if looks.level is Level.DRIFT:
        # A small drop is within what the sample can miss; one that the sample excludes is over.
        over = fresh.interval[0] > looks.effect
        return fresh if over else _with(fresh, level=Level.DRIFT, source=Source.LOOKS, since=said.since)
    return fresh


def _with(standing: Standing, *, source: Source, since: float | None, level: Level | None = None) -> Standing:
    return replace(standing, level=level or standing.level, source=source, since=since)
