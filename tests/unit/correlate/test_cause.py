from __future__ import annotations

import pytest

from watchdog.correlate.situation import Judge
from watchdog.domain.alert import Cause, ConditionStatus
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.domain.run import Change
from watchdog.domain.target import Role

HOUR = 3600.0
DAY = 86400.0


def change(house, what: str, hours_ago: float, role: Role = Role.CURRENT) -> Change:
    return Change(what=what, role=role, before="old", after="new", at=house.NOW - hours_ago * HOUR)


def drifting(house, *, pinned=Level.CALM, difference=Level.DRIFT, changes=(), since_hours=2.0):
    signals = [
        house.signal(house.key("is-json"), Level.DRIFT, since=house.NOW - since_hours * HOUR),
        house.signal(house.key("is-json", Arm.PINNED), pinned),
        house.signal(house.key("is-json", Arm.DIFFERENCE), difference),
    ]
    situation = house.look(*signals, changes=changes)
    return house.claims(situation)("EvalDrift", metric="is-json", estimand="golden")


@pytest.mark.parametrize("what", ["prompt", "parameters", "provider", "model"])
def test_a_change_of_ours_with_a_calm_control_arm_is_ours(house, what):
    found = drifting(house, changes=[change(house, what, hours_ago=2)])
    assert found.status is ConditionStatus.ACTIVE
    assert found.cause is Cause.OURS
    assert f"current {what} changed from old to new" in found.annotations["description"]
    assert found.annotations["runbook_url"].endswith("model-prompt-or-parameters.md")


@pytest.mark.parametrize("what", ["served model", "fingerprint"])
def test_a_changed_served_model_with_a_calm_control_arm_is_the_providers(house, what):
    found = drifting(house, changes=[change(house, what, hours_ago=2)])
    assert found.cause is Cause.PROVIDER_MODEL
    assert f"current {what} changed from old to new" in found.annotations["description"]
    assert "Point current at gpt-x-2026-08-07" in found.annotations["description"]


def test_a_model_that_changed_with_its_fingerprint_is_called_by_its_name(house):
    changes = [change(house, what, hours_ago=2) for what in ("fingerprint", "served model")]
    assert "served model changed from old to new" in drifting(house, changes=changes).annotations["description"]


def test_no_known_change_with_a_calm_control_arm_is_a_silent_change_of_the_providers(house):
    found = drifting(house)
    assert found.cause is Cause.PROVIDER_MODEL
    assert "Nothing that we know of changed" in found.annotations["description"]


def test_a_prompt_changed_long_before_the_drop_is_innocent(house):
    old_prompt = change(house, "prompt", hours_ago=24 * 30)
    assert drifting(house, changes=[old_prompt]).cause is Cause.PROVIDER_MODEL


def test_the_change_nearest_to_the_onset_is_suspected(house):
    changes = [change(house, "prompt", hours_ago=20), change(house, "served model", hours_ago=3)]
    assert drifting(house, changes=changes, since_hours=2).cause is Cause.PROVIDER_MODEL
    assert drifting(house, changes=changes, since_hours=19).cause is Cause.OURS


def test_when_both_changed_in_the_same_look_ours_is_suspected_first(house):
    changes = [change(house, "served model", hours_ago=2), change(house, "model", hours_ago=2)]
    assert drifting(house, changes=changes).cause is Cause.OURS


def test_a_change_of_the_pinned_arm_does_not_explain_the_current_one(house):
    found = drifting(house, changes=[change(house, "served model", hours_ago=2, role=Role.PINNED)])
    assert "Nothing that we know of changed" in found.annotations["description"]


@pytest.mark.parametrize(
    ("pinned", "difference", "cause"),
    [
        (Level.DRIFT, Level.CALM, Cause.SHARED),
        (Level.DRIFT, Level.DRIFT, Cause.SHARED),
        (Level.SUSPECT, Level.CALM, Cause.SHARED),
        (Level.SUSPECT, Level.DRIFT, Cause.PROVIDER_MODEL),
        (Level.CALM, Level.CALM, Cause.PROVIDER_MODEL),
        (Level.LEARNING, Level.LEARNING, Cause.UNATTRIBUTED),
    ],
)
def test_the_control_arm_decides_between_shared_and_the_model(house, pinned, difference, cause):
    assert drifting(house, pinned=pinned, difference=difference).cause is cause


def test_a_shared_drop_is_not_blamed_on_a_prompt_change(house):
    found = drifting(house, pinned=Level.DRIFT, changes=[change(house, "prompt", hours_ago=2)])
    assert found.cause is Cause.SHARED
    assert "prompt changed from old to new" in found.annotations["description"]


def test_without_a_pinned_observation_the_cause_is_unattributed_and_changes_are_listed(house):
    situation = house.look(
        house.signal(house.key("is-json"), Level.DRIFT),
        without=(house.key("is-json", Arm.PINNED), house.key("is-json", Arm.DIFFERENCE)),
        changes=[change(house, "prompt", hours_ago=2)],
    )
    found = house.claims(situation)("EvalDrift", metric="is-json", estimand="golden")
    assert found.cause is Cause.UNATTRIBUTED
    assert "prompt changed from old to new" in found.annotations["description"]


def test_a_moved_judge_holds_back_its_own_metric_and_no_other(house):
    situation = house.look(
        house.signal(house.key("helpfulness"), Level.DRIFT),
        house.signal(house.key("is-json"), Level.DRIFT),
        house.signal(house.key("helpfulness", Arm.ANCHORS), Level.DRIFT),
        judges={"helpfulness": Judge(provider="anthropic", model="judge-1")},
    )
    one = house.claims(situation)
    judged = one("EvalDrift", metric="helpfulness")
    assert (judged.status, judged.cause) == (ConditionStatus.ACTIVE, Cause.JUDGE)
    assert judged.inhibited_by == "the judge moved"
    checked = one("EvalDrift", metric="is-json", estimand="golden")
    assert checked.inhibited_by == ""
    moved = one("JudgeDrift", metric="helpfulness")
    assert (moved.status, moved.inhibited_by) == (ConditionStatus.ACTIVE, "")
    assert (moved.labels["severity"], moved.labels["provider"], moved.labels["model"]) == (
        "ticket",
        "anthropic",
        "judge-1",
    )


def test_a_moved_judge_cannot_give_the_all_clear(house):
    situation = house.look(house.signal(house.key("helpfulness", Arm.ANCHORS), Level.DRIFT))
    assert house.claims(situation)("EvalDrift", metric="helpfulness").status is ConditionStatus.UNKNOWN


def test_traffic_that_drifts_while_the_golden_set_is_calm_is_a_coverage_gap(house):
    situation = house.look(house.signal(house.key("is-json", estimand=Estimand.TRAFFIC), Level.DRIFT))
    found = house.claims(situation)("EvalDrift", metric="is-json", estimand="traffic")
    assert found.cause is Cause.COVERAGE
    assert "on your traffic" in found.annotations["summary"]


def test_traffic_that_drifts_with_the_golden_set_is_attributed_by_the_arms(house):
    situation = house.look(
        house.signal(house.key("is-json", estimand=Estimand.TRAFFIC), Level.DRIFT),
        house.signal(house.key("is-json"), Level.DRIFT),
    )
    assert house.claims(situation)("EvalDrift", metric="is-json", estimand="traffic").cause is Cause.PROVIDER_MODEL


def test_a_pinned_arm_that_drifts_alone_is_a_ticket_of_its_own(house):
    situation = house.look(house.signal(house.key("is-json", Arm.PINNED), Level.DRIFT))
    one = house.claims(situation)
    pinned = one("PinnedDrift", metric="is-json", estimand="golden")
    assert (pinned.status, pinned.cause, pinned.inhibited_by) == (ConditionStatus.ACTIVE, Cause.PINNED_MOVED, "")
    assert (pinned.labels["severity"], pinned.labels["model"]) == ("ticket", "gpt-x-2026-08-07")
    assert one("EvalDrift", metric="is-json", estimand="golden").status is ConditionStatus.CLEAR


def test_a_pinned_arm_that_drifts_with_current_makes_no_second_alert(house):
    situation = house.look(
        house.signal(house.key("is-json"), Level.DRIFT), house.signal(house.key("is-json", Arm.PINNED), Level.DRIFT)
    )
    pinned = house.claims(situation)("PinnedDrift", metric="is-json", estimand="golden")
    assert pinned.inhibited_by == "the current target drifts too: one alert for both"
