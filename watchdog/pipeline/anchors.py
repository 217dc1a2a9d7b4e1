"""The judges' own anchors as the third arm of a look: when they are graded again, and what that gives. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from watchdog.detect.scores import ScoredCall, Series
from watchdog.domain.case import Case, Estimand
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.score import Outcome, ScoreRow
from watchdog.domain.target import Role
from watchdog.domain.watch import AnchorCadence
from watchdog.score.judge.anchors import anchor_case
from watchdog.score.judge.spec import Anchor

DAY = 86400.0
#: Looks with graded anchors that a baseline wants; until there are so many they are graded at every look.
WANTED = 20
#: Seconds for which the last word about anchors holds while they are not graded.
STANDS_FOR = 2 * DAY
#: Part of a day by which "a day ago" may be short: looks do not come to the second.
_ALMOST = 0.98


class Anchored(Struct, frozen=True, kw_only=True):
    """A judge's anchors, and how often they are graded again."""

    anchors: tuple[Anchor, ...]
    cadence: AnchorCadence = AnchorCadence.DAILY


class Due(StrEnum):
    """Whether anchors are graded at a look, and why."""

    NEVER = "never graded again, as configured"
    FRESH = "graded less than a day ago, and all is calm"
    EVERY_LOOK = "graded at every look, as configured"
    CONTINUED = "begun before the look was interrupted"
    FEW = "too few looks graded them to be a baseline"
    IN_DOUBT = "a metric that rests on the judge may be drifting"
    A_DAY_AGO = "graded a day ago"

    @property
    def graded(self) -> bool:
        """Whether this means that they are."""
        return self not in (Due.NEVER, Due.FRESH)


def due(
    cadence: AnchorCadence,
    scorer: str,
    *,
    now: float,
    graded_at: Sequence[float],
    signals: Iterable[Signal],
    smallest_drop: float,
    begun: bool = False,
) -> Due:
    """Whether the anchors of the judge behind ``scorer`` are graded at the look of Unix time ``now``.

    ``graded_at``: times of earlier looks that graded them (the newest ``WANTED``), oldest first. ``signals``: what the
    detectors said last, this metric's among others. A drift of a judge must be known when the drift of what rests on
    it is: so anchors are graded at every look as soon as either is in doubt.
    """
    if cadence is AnchorCadence.NEVER:
        return Due.NEVER
    if cadence is AnchorCadence.EVERY_LOOK:
        return Due.EVERY_LOOK
    if begun:
        return Due.CONTINUED
    if len(graded_at) < WANTED:
        return Due.FEW
    if any(_in_doubt(signal, smallest_drop) for signal in signals if signal.key.scorer == scorer):
        return Due.IN_DOUBT
    return Due.A_DAY_AGO if now - graded_at[-1] >= _ALMOST * DAY else Due.FRESH


def _in_doubt(signal: Signal, smallest_drop: float) -> bool:
    """Evidence has begun to gather; of anchors, which are few and seldom, one odd look is enough."""
    if signal.level is Level.LEARNING:
        return False
    odd = signal.key.arm is Arm.ANCHORS and abs(signal.effect) >= smallest_drop
    return odd or signal.level in (Level.SUSPECT, Level.DRIFT)


def anchors_key(watch: str, scorer: str) -> MetricKey:
    """The metric that a judge's anchors feed."""
    return MetricKey(watch=watch, scorer=scorer, arm=Arm.ANCHORS)


def graded(
    anchored: Mapping[str, Anchored], scores: Iterable[ScoreRow], also: Collection[str] = ()
) -> tuple[list[Case], list[ScoredCall]]:
    """The anchors of a run as cases, and what became of each under its judge.

    Planned are those of every judge of which the run has a graded anchor, and of the metrics ``also``.
    """
    rows = {(row.scorer, row.key.case_id): row.score for row in scores if row.key.role is Role.JUDGE}
    metrics = {*also, *(scorer for scorer, _ in rows)}
    cases: dict[str, Case] = {}
    calls: list[ScoredCall] = []
    for metric in sorted(metrics & anchored.keys()):
        for case in map(anchor_case, anchored[metric].anchors):
            cases[case.id] = case
            score = rows.get((metric, case.id))
            outcome = Outcome.NOT_RUN if score is None else score.outcome
            value = None if score is None else score.value
            calls.append(ScoredCall(Series(metric, Role.JUDGE, Estimand.GOLDEN_SET), case.id, outcome, value))
    return list(cases.values()), calls
