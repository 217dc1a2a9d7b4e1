"""Suspicion: what the newest looks have in common."""

from __future__ import annotations

import pytest

from watchdog.domain.case import CheckSpec
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.watch import Owner, ScorerPlan, Watch
from watchdog.pipeline.suspicion import Suspicion, levels, suspicion_of

CALM, SUSPECT, DRIFT = ({level} for level in (Level.CALM, Level.SUSPECT, Level.DRIFT))
PLANNED, BESIDE = Trigger.SCHEDULE, Trigger.CONFIRM


def after(*looks):
    """The suspicion after looks of the form (trigger, levels)."""
    runs = [
        Run(id=str(n), watch="reply", trigger=trigger, status=RunStatus.FINISHED, planned_for=float(n))
        for n, (trigger, _) in enumerate(looks)
    ]
    return suspicion_of(runs, {str(n): said for n, (_, said) in enumerate(looks)})


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ([], Suspicion()),
        ([(PLANNED, CALM)], Suspicion()),
        ([(PLANNED, CALM), (PLANNED, SUSPECT)], Suspicion(looks=1)),
        ([(PLANNED, SUSPECT), (BESIDE, SUSPECT), (BESIDE, SUSPECT)], Suspicion(looks=3, out_of_turn=2)),
        ([(PLANNED, SUSPECT), (BESIDE, SUSPECT), (BESIDE, CALM)], Suspicion()),
        ([(PLANNED, SUSPECT), (BESIDE, SUSPECT), (BESIDE, CALM), (PLANNED, SUSPECT)], Suspicion(looks=1)),
        ([(PLANNED, SUSPECT), (BESIDE, set())], Suspicion(looks=1, out_of_turn=1)),
        ([(PLANNED, SUSPECT), (BESIDE, DRIFT)], Suspicion(drifting=True)),
        ([(PLANNED, SUSPECT | DRIFT)], Suspicion(looks=1, drifting=True)),
        ([(PLANNED, DRIFT), (PLANNED, CALM)], Suspicion()),
    ],
)
def test_looks_in_a_row_are_counted_and_those_that_say_nothing_end_nothing(looks, found):
    assert after(*looks) == found


def test_only_what_may_page_makes_a_look_suspicious():
    def signal(scorer, level, arm=Arm.CURRENT, tag=""):
        return Signal(
            key=MetricKey(watch="reply", scorer=scorer, arm=arm, tag=tag),
            run_id="r", at=0.0, level=level, statistic=0.0, threshold=1.0, effect=0.0, interval=(0.0, 0.0), n=1,
        )  # fmt: skip

    def plan(name, pages):
        spec = CheckSpec(name=name)
        return ScorerPlan(name=name, spec=spec, better=Better.HIGHER, layer=Layer.QUALITY, pages=pages)

    watch = Watch(
        name="reply",
        feature="reply",
        owner=Owner(team="ai"),
        targets={},
        scorers=(plan("exact", True), plan("seen", False)),
        tags=("a", "b"),
        paging_tags=("b",),
    )
    assert levels(watch, [signal("exact", Level.SUSPECT)]) == {Level.SUSPECT}
    assert levels(watch, [signal("exact", Level.SUSPECT, tag="b")]) == {Level.SUSPECT}
    quiet = [
        signal("seen", Level.SUSPECT),
        signal("exact", Level.SUSPECT, Arm.PINNED),
        signal("exact", Level.SUSPECT, tag="a"),
        signal("no longer a scorer", Level.SUSPECT),
    ]
    assert levels(watch, quiet) == frozenset()
