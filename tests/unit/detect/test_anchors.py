"""What the anchors say at the moment a metric that rests on their judge drifts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from watchdog.detect.anchors import MOVED, NEWEST, UNDECIDED, settle
from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments, MetricBaseline
from watchdog.domain.detection import Guarantee, Level, Signal
from watchdog.domain.metric import Arm, MetricKey, Observation

ANCHORS = MetricKey(watch="reply", scorer="tone", arm=Arm.ANCHORS)
CURRENT = replace(ANCHORS, arm=Arm.CURRENT)
REFERENCE = MetricBaseline(
    key=ANCHORS, case_means={}, case_counts={}, case_variances={}, case_digests={},
    x=(0.01, -0.01, 0.0, 0.01, -0.01, 0.0, 0.005, -0.005), variances=(0.0001,) * 8,
)  # fmt: skip
BASELINE = Baseline(
    id="b", watch="reply", version=1, status=BaselineStatus.LOCKED, frozen_at=0.0, frozen_by="t", reason="r",
    run_ids=(), instruments=Instruments(), metrics={ANCHORS: REFERENCE},
)  # fmt: skip


def signal(key: MetricKey, level: Level, **more) -> Signal:
    facts = {"statistic": 1.0, "threshold": 11.0, "effect": 0.0, "interval": (-0.1, 0.1), "n": 30, "at": 1000.0}
    return Signal(key=key, run_id="r", level=level, reason="calm", **{**facts, **more})


def looks(*x: float) -> list[Observation]:
    first = 1000.0 - 100.0 * (len(x) - 1)
    return [
        Observation(
            key=ANCHORS, run_id=f"r{i}", at=first + 100.0 * i, n=30, planned=30, level=0.5, x=each, variance=1e-4
        )
        for i, each in enumerate(x)
    ]


def settled(
    *x: float,
    anchors: Level = Level.CALM,
    current: Level = Level.DRIFT,
    since: float = 0.0,
    drops: Mapping[str, float] = {ANCHORS.scorer: 0.03},
    effect: float = -0.06,
) -> Signal:
    said = [signal(ANCHORS, anchors), signal(CURRENT, current, since=since, effect=effect)]
    after = settle(said, BASELINE, {ANCHORS: looks(*x)}, smallest_drop=drops.__getitem__)
    assert after[1] is said[1]
    return after[0]


def test_a_judge_moved_that_moved_by_a_third_of_the_drop_or_by_what_matters_to_the_metric():
    moved = (-0.03, -0.031, -0.029, -0.03)
    matters = {ANCHORS.scorer: 0.04}
    assert settled(*moved, drops=matters, effect=-0.089).level is Level.DRIFT
    assert settled(*moved, drops=matters, effect=-0.091).level is not Level.DRIFT
    assert settled(*moved, drops={ANCHORS.scorer: 0.029}, effect=-0.2).level is Level.DRIFT


@pytest.mark.parametrize("sign", [-1, 1])
def test_two_odd_looks_since_the_onset_say_that_the_judge_moved_whichever_way(sign):
    said = settled(sign * 0.15, sign * 0.13)
    assert (said.level, said.reason, said.guarantee) == (Level.DRIFT, MOVED, Guarantee.HEURISTIC)
    assert said.effect == pytest.approx(sign * 0.14)
    assert (said.since, said.looks) == (900.0, 2)
    low, high = said.interval
    assert low < sign * 0.14 < high


def test_anchors_as_they_always_were_stay_calm():
    assert settled(0.004, -0.006, 0.001).level is Level.CALM


def test_a_shift_too_small_to_matter_is_none():
    assert settled(-0.012, -0.012, -0.012, -0.012).level is Level.CALM


def test_one_look_that_may_be_chance_leaves_it_undecided():
    said = settled(-0.02)
    assert (said.level, said.reason) == (Level.SUSPECT, UNDECIDED)


def test_looks_before_the_drop_and_old_ones_are_not_asked():
    assert settled(0.0, 0.0, 0.0, -0.15, -0.15, since=900.0).level is Level.DRIFT
    assert settled(-0.15, -0.15, *[0.0] * NEWEST, since=-1e6).level is Level.CALM
    assert (
        settled(*[-0.15] * NEWEST, *[0.0] * 8, since=-1e6).level is Level.DRIFT
    )  # not back by chance, look after look


def test_while_nothing_drifts_their_own_detector_has_the_word():
    assert settled(-0.15, -0.15, current=Level.SUSPECT).reason == "calm"
    assert settled(0.0, 0.0, anchors=Level.DRIFT).level is Level.DRIFT
    assert settled(-0.15, -0.15, anchors=Level.LEARNING).level is Level.LEARNING
