"""What changed when decides whose doing a drop is."""

from __future__ import annotations

from watchdog.correlate.cause import cause_of
from watchdog.correlate.situation import Situation
from watchdog.domain.alert import Cause
from watchdog.domain.case import CheckSpec
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, Schedule, ScorerPlan, Watch

HOUR = 3600.0
WATCH = Watch(
    name="reply",
    feature="reply",
    owner=Owner(team="ai"),
    targets={role: Target(role=role, provider="p", model="m") for role in (Role.PINNED, Role.CURRENT)},
    scorers=(ScorerPlan(name="exact", spec=CheckSpec(name="equals"), better=Better.HIGHER, layer=Layer.QUALITY),),
    schedule=Schedule(every=HOUR),
)


def signal(arm, level, since=None):
    key = MetricKey(watch="reply", scorer="exact", arm=arm)
    return Signal(
        key=key,
        run_id="r",
        at=100 * HOUR,
        level=level,
        statistic=12.0,
        threshold=9.0,
        effect=-0.1,
        interval=(-0.2, 0.0),
        n=40,
        since=since,
    )


def change(what, hour, before="a", after="b"):
    return Change(what=what, role=Role.CURRENT, before=before, after=after, at=hour * HOUR)


def verdict(changes, onset=50):
    current = signal(Arm.CURRENT, Level.DRIFT, onset * HOUR)
    signals = (current, signal(Arm.PINNED, Level.CALM))
    return cause_of(Situation(watch=WATCH, at=100 * HOUR, signals=signals, changes=changes), current)


def test_pinning_the_model_after_the_drop_does_not_make_it_our_doing():
    found = verdict([change("served model", 50), change("model", 70, "sim-1", "sim-1-2026-08")])
    assert found.cause is Cause.PROVIDER_MODEL
    assert "served model changed from a to b" in found.because


def test_a_prompt_changed_just_before_the_drop_is_our_doing():
    assert verdict([change("prompt", 49), change("served model", 20)]).cause is Cause.OURS


def test_of_a_served_model_and_its_fingerprint_the_name_is_told():
    assert "served model" in verdict([change("fingerprint", 50), change("served model", 50)]).because
