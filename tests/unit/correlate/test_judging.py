"""The judge as a suspect: alone, together with something else, or innocent."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.correlate.judging import Doubt, doubt
from watchdog.correlate.situation import Judge
from watchdog.domain.alert import Cause, ConditionStatus
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.domain.run import Change
from watchdog.domain.target import Role

JUDGES = {"helpfulness": Judge(provider="anthropic", model="judge-1")}


def around(value: float, half: float = 0.01) -> dict:
    return {"effect": value, "interval": (value - half, value + half)}


def look(house, *, anchors=None, said=None, at=0, current=-0.10, pinned=-0.10, difference=Level.CALM, **more):
    """Current (and pinned) fell by so much; the anchors were shifted by ``anchors``.

    Or their level was ``said``, ``at`` seconds after the look.
    """
    key = house.key
    signals = [house.signal(key("helpfulness"), Level.DRIFT, **around(current))]
    if pinned is not None:
        level = Level.DRIFT if pinned <= -0.03 else Level.CALM
        signals.append(house.signal(key("helpfulness", Arm.PINNED), level, **around(pinned)))
    signals.append(house.signal(key("helpfulness", Arm.DIFFERENCE), difference))
    if anchors is not None:
        level = Level.DRIFT if abs(anchors) >= 0.03 else Level.CALM
        signals.append(house.signal(key("helpfulness", Arm.ANCHORS), level, **around(anchors)))
    if said is not None:
        anchored = house.signal(key("helpfulness", Arm.ANCHORS), said, **around(-0.02), at=house.NOW + at)
        more["standing"] = {anchored.key: anchored}
    without = () if pinned is not None else (key("helpfulness", Arm.PINNED), key("helpfulness", Arm.DIFFERENCE))
    return house.look(*signals, without=without, judges=JUDGES, **more)


def drift(house, situation):
    return house.claims(situation)("EvalDrift", metric="helpfulness")


@pytest.mark.parametrize("pinned", [-0.10, None])
def test_a_judge_that_became_stricter_explains_a_drop_of_about_its_size(house, pinned):
    found = drift(house, look(house, anchors=-0.09, pinned=pinned))
    assert (found.cause, found.inhibited_by) == (Cause.JUDGE, "the judge moved")
    assert "judge_shift" not in found.annotations


def test_a_drop_below_pinned_too_is_no_work_of_the_judge_and_is_told_without_its_shift(house):
    found = drift(house, look(house, anchors=-0.10, current=-0.25, difference=Level.DRIFT))
    assert (found.status, found.cause, found.inhibited_by) == (ConditionStatus.ACTIVE, Cause.PROVIDER_MODEL, "")
    assert found.annotations["effect"] == "-15.0 points"
    assert found.annotations["interval"] == "-16.4 to -13.6 points (90 %)"  # the errors of both, as squares
    assert found.annotations["judge_shift"].startswith("-10.0 points")
    assert "15.0 points worse" in found.annotations["summary"]
    assert "The judge moved too" in found.annotations["description"]
    assert "which the same judge graded" in found.annotations["description"]


def test_a_prompt_of_ours_that_changed_with_the_judge_is_named(house):
    changed = Change(what="prompt", role=Role.CURRENT, before="old", after="new", at=house.NOW - 7200)
    situation = look(house, anchors=-0.10, current=-0.25, difference=Level.DRIFT, changes=[changed])
    assert drift(house, situation).cause is Cause.OURS


@pytest.mark.parametrize(
    ("current", "cause"),
    # Of 10 points the judge took, and errors of 1 point on both, twice together 2.8.
    [(-0.19, Cause.JUDGE), (-0.228, Cause.JUDGE), (-0.229, Cause.SHARED), (-0.30, Cause.SHARED)],
)
def test_what_both_arms_lost_is_the_judges_unless_it_is_surely_more_than_twice_its_shift(house, current, cause):
    found = drift(house, look(house, anchors=-0.10, current=current, pinned=current))
    assert found.cause is cause
    assert bool(found.inhibited_by) is (cause is Cause.JUDGE)


def test_without_a_pinned_arm_what_is_left_is_unattributed(house):
    found = drift(house, look(house, anchors=-0.05, current=-0.30, pinned=None))
    assert (found.cause, found.inhibited_by) == (Cause.UNATTRIBUTED, "")
    assert found.annotations["effect"] == "-25.0 points"


def test_a_judge_that_became_milder_explains_no_drop(house):
    found = drift(house, look(house, anchors=0.05, current=-0.10, pinned=0.05, difference=Level.DRIFT))
    assert found.inhibited_by == ""
    assert found.annotations["effect"] == "-15.0 points"
    judge = house.claims(look(house, anchors=0.05))("JudgeDrift")
    assert "5.0 points higher" in judge.annotations["summary"]
    assert "became milder" in judge.annotations["description"]


@pytest.mark.parametrize(
    ("anchors", "said"), [(0.0, "hold, so it is not the judge"), (None, "were not graded, so it may be the judge")]
)
def test_a_drop_of_both_arms_says_what_the_anchors_say(house, anchors, said):
    found = drift(house, look(house, anchors=anchors))
    assert found.cause is Cause.SHARED
    assert said in found.annotations["description"]
    assert said in drift(house, look(house, anchors=anchors, pinned=None)).annotations["description"]


def test_anchors_that_do_not_tell_yet_hold_a_drift_for_some_looks_and_resolve_nothing(house):
    one = house.claims(look(house, said=Level.SUSPECT))
    found = one("EvalDrift", metric="helpfulness")
    assert (found.inhibited_by, found.hold_looks) == ("", 6)
    assert "do not tell yet" in found.annotations["description"]
    assert one("JudgeDrift").status is ConditionStatus.UNKNOWN


@pytest.mark.parametrize(
    ("said", "difference", "at", "reason", "looks"),
    [
        (Level.SUSPECT, Level.CALM, 0, Doubt.UNDECIDED, 6),
        (Level.CALM, Level.CALM, 0, Doubt.NONE, 1),  # they were graded at this look, and hold
        (Level.CALM, Level.CALM, -3600, Doubt.UNGRADED, 6),  # they were graded before anything was wrong
        (Level.SUSPECT, Level.CALM, -3600, Doubt.UNDECIDED, 6),
        (Level.DRIFT, Level.CALM, 0, Doubt.NONE, 1),  # and what that explains is held back for good
        (Level.SUSPECT, Level.SUSPECT, 0, Doubt.FELL_BELOW, 1),
        (Level.SUSPECT, Level.DRIFT, 0, Doubt.FELL_BELOW, 1),
        (None, Level.CALM, 0, Doubt.UNKNOWN, 1),
    ],
)
def test_a_drift_waits_for_anchors_only_while_they_may_say_that_it_is_the_judge(
    house, said, difference, at, reason, looks
):
    situation = look(house, said=said, at=at, difference=difference)
    signal = situation.observed(house.key("helpfulness"))
    assert doubt(situation, signal) is reason
    found = drift(house, situation)
    assert reason.hold_looks == found.hold_looks == looks
    assert found.annotations.get("waits_for") == (reason.value if looks > 1 else None)


@pytest.mark.parametrize(
    ("said", "current", "in_doubt"),
    [
        (Level.SUSPECT, -0.059, True),  # the anchors, at -2 points give or take 1, may have fallen by half of it
        (Level.SUSPECT, -0.061, False),
        (Level.CALM, -0.059, False),
    ],
)
def test_what_an_undecided_judge_may_have_done_is_in_doubt_and_what_it_cannot_have_is_not(
    house, said, current, in_doubt
):
    found = drift(house, look(house, said=said, current=current, pinned=current))
    assert found.cause is Cause.SHARED
    assert found.size.judge_in_doubt is in_doubt
    below = look(house, said=said, current=current, pinned=0.0, difference=Level.DRIFT)
    assert drift(house, below).size.judge_in_doubt is False


def test_a_check_waits_for_no_judge(house):
    fell = house.signal(house.key("is-json"), Level.DRIFT, **around(-0.10))
    situation = look(house, said=Level.SUSPECT)
    situation = replace(situation, signals=(*(each for each in situation.signals if each.key != fell.key), fell))
    assert doubt(situation, fell) is Doubt.NONE
    assert house.claims(situation)("EvalDrift", metric="is-json", estimand="golden").hold_looks == 1


def test_what_was_said_last_of_the_anchors_holds_while_they_are_not_graded(house):
    key = house.key("helpfulness", Arm.ANCHORS)
    standing = {key: house.signal(key, Level.DRIFT, **around(-0.1))}
    one = house.claims(look(house, standing=standing))
    assert one("EvalDrift", metric="helpfulness").cause is Cause.JUDGE
    assert one("JudgeDrift").status is ConditionStatus.UNKNOWN  # it goes on, and no new look says so
    lost = look(house, standing=standing, not_observed={key: "the judge mumbled"})
    assert drift(house, lost).cause is Cause.SHARED


def test_the_judges_own_change_of_model_is_evidence(house):
    changed = Change(what="served model", role=Role.JUDGE, before="judge-1-a", after="judge-1-b", at=house.NOW)
    found = house.claims(look(house, anchors=-0.1, changes=[changed]))("JudgeDrift")
    assert "judge served model changed from judge-1-a to judge-1-b" in found.annotations["description"]
    assert "became stricter" in found.annotations["description"]
    assert "estimand" not in found.annotations
