"""Which cases answer differently from their baseline? A digest to read, never a reason to wake anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
from msgspec import Struct

from watchdog.domain.baseline import Baseline, MetricBaseline
from watchdog.domain.case import Estimand
from watchdog.domain.metric import Arm, Better, MetricKey, Observation
from watchdog.domain.watch import Watch
from watchdog.stats.evalues import Change, changed, e_bh

#: Share of the cases named that are named wrongly, on average, at most.
FALSE_DISCOVERIES = 0.1
#: Newest looks that are searched.
LOOKS = 128
#: Mean score up to which a case fails, and from which it passes; in between it flaps.
FAILS, PASSES = 0.2, 0.8


class Turn(StrEnum):
    """What became of a case."""

    FAILING = "newly failing"
    FLAPPING = "flapping"
    RECOVERED = "recovered"


class CaseChange(Struct, frozen=True, kw_only=True):
    """A case that no longer answers as at the baseline."""

    metric: MetricKey
    case_id: str
    turn: Turn
    #: Mean score in the baseline, and over the newest ``looks`` looks; 1 is always good.
    before: float
    now: float
    looks: int
    #: Unix time of the first of these looks.
    since: float
    #: How strongly they speak for a change: at most 1 on average when there is none.
    e_value: float


def case_metrics(watch: Watch, baseline: Baseline) -> list[MetricKey]:
    """Metrics of which cases can be told: scores of the current target on the golden set, all tags together."""
    names = {plan.name for plan in watch.scorers}
    return [
        key
        for key in baseline.metrics
        if key.arm is Arm.CURRENT and key.estimand is Estimand.GOLDEN_SET and not key.tag and key.scorer in names
    ]


def changed_cases(
    watch: Watch, baseline: Baseline, looks: Mapping[MetricKey, Sequence[Observation]]
) -> list[CaseChange]:
    """The cases that changed since the baseline, surest first. ``looks``: newest looks of each metric, oldest first.

    Of those named, at most a tenth are named wrongly on average (e-BH over all cases and metrics of the watch).
    """
    candidates: list[CaseChange] = []
    for key in case_metrics(watch, baseline):
        if seen := looks.get(key):
            candidates += _candidates(watch, baseline.metrics[key], seen[-LOOKS:])
    picks = e_bh([case.e_value for case in candidates], FALSE_DISCOVERIES)
    return sorted((candidates[pick] for pick in picks), key=lambda case: (-case.e_value, case.case_id))


def _candidates(watch: Watch, reference: MetricBaseline, looks: Sequence[Observation]) -> list[CaseChange]:
    cases = sorted(reference.case_means)
    scores = np.array([[look.case_scores.get(case, np.nan) for case in cases] for look in looks])
    before = np.array([reference.case_means[case] for case in cases])
    if watch.plan(reference.key.scorer).better is Better.LOWER:
        scores, before = 1 - scores, 1 - before
    found: Change = changed(before, [reference.case_counts[case] for case in cases], scores, watch.repeats)
    return [
        CaseChange(
            metric=reference.key,
            case_id=case,
            turn=_turn(then, now),
            before=then,
            now=now,
            looks=count,
            since=looks[-count].at,
            e_value=e_value,
        )
        for case, then, now, count, e_value in zip(
            cases, before.tolist(), found.level.tolist(), found.looks.tolist(), found.e_value.tolist(), strict=True
        )
    ]


def _turn(before: float, now: float) -> Turn:
    if now <= FAILS and now < before:
        return Turn.FAILING
    return Turn.RECOVERED if now >= PASSES and now > before else Turn.FLAPPING
