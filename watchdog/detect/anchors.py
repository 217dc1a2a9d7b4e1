"""Did the judge move? What its anchors say at the moment a metric that rests on it drifts.

The anchors have a detector of their own, whose evidence gathers over looks. When a metric drifts, that may be too late:
anchors that are graded daily have been graded two or three times since the drop began. Then a t test decides, once:
the newest anchors since the onset against the baseline's, at 1 %.

    moved        the shift is a third of the drop or more (answers may fall further than anchors, half of which had the
                 lowest grade before), or the smallest drop that matters, and its 98 % interval leaves out zero
    holds        the interval lies within the smallest drop on either side
    undecided    neither

Nothing is proven of the whole procedure: what it is worth was simulated (tests/statistical/test_anchor_verdicts.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from watchdog.domain.baseline import Baseline, MetricBaseline
from watchdog.domain.detection import Guarantee, Level, Signal
from watchdog.domain.metric import Arm, MetricKey, Observation
from watchdog.stats.interval import Effect, Moments, effect

#: Newest looks at the anchors that are asked, at the most: enough that a judge which moved does not seem to have moved
#: back by chance, look after look; and one that did is itself again after so many.
NEWEST = 48
CONFIDENCE = 0.98
#: The reasons given.
MOVED, UNDECIDED = "anchors at the alarm", "anchors undecided"
_RESTING = (Arm.CURRENT, Arm.PINNED)


def settle(
    signals: Sequence[Signal],
    baseline: Baseline,
    looks: Mapping[MetricKey, Sequence[Observation]],
    *,
    smallest_drop: Callable[[str], float],
) -> list[Signal]:
    """The signals of one look, those of anchors settled where a metric that rests on their judge drifts.

    ``looks``: observations of each judge's anchors, this look's included, oldest first. ``smallest_drop``: of a metric
    by its name, score units.
    """
    return [
        _settled(
            signal,
            baseline,
            looks.get(signal.key, ()),
            [each for each in signals if _rests_on(signal, each) and each.level is Level.DRIFT],
            smallest_drop(signal.key.scorer),
        )
        if signal.key.arm is Arm.ANCHORS
        else signal
        for signal in signals
    ]


def _rests_on(anchors: Signal, signal: Signal) -> bool:
    return signal.key.scorer == anchors.key.scorer and signal.key.arm in _RESTING


def _settled(
    signal: Signal,
    baseline: Baseline,
    looks: Sequence[Observation],
    drifts: Sequence[Signal],
    smallest_drop: float,
) -> Signal:
    """The anchors' signal, given the drifts of what rests on their judge."""
    reference = baseline.metrics.get(signal.key)
    onset = min((drift.at if drift.since is None else drift.since for drift in drifts), default=math.inf)
    asked = [look for look in looks if look.at >= onset][-NEWEST:]
    if signal.level not in (Level.CALM, Level.SUSPECT) or reference is None or not asked:
        return signal
    change = _shift(asked, reference, CONFIDENCE)
    telling = min(max(abs(drift.effect) for drift in drifts) / 3, smallest_drop)
    if abs(change.value) >= telling and (change.high < 0 or change.low > 0):
        shown = _shift(asked, reference, 0.9)
        return replace(
            signal,
            level=Level.DRIFT,
            reason=MOVED,
            guarantee=Guarantee.HEURISTIC,
            effect=shown.value,
            interval=(shown.low, shown.high),
            since=asked[0].at,
            looks=len(asked),
        )
    if max(-change.low, change.high) <= smallest_drop:
        return signal
    interval = (change.low, change.high)
    return replace(signal, level=Level.SUSPECT, reason=UNDECIDED, effect=change.value, interval=interval)


def _shift(looks: Sequence[Observation], reference: MetricBaseline, confidence: float) -> Effect:
    return effect(
        Moments.of(np.array([look.x for look in looks])),
        Moments.of(np.array(reference.x)),
        floor=math.sqrt(sum(reference.variances) / len(reference.variances)),
        confidence=confidence,
    )
