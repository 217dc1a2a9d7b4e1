from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.alert.stage import FORGET_AFTER, given_up, reconcile, resolve_by_hand
from watchdog.domain.alert import AlertState, Cause, ConditionStatus, Reason, Size

ACTIVE, CLEAR, UNKNOWN = ConditionStatus.ACTIVE, ConditionStatus.CLEAR, ConditionStatus.UNKNOWN
PENDING, FIRING, RESOLVED = AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED


@pytest.mark.parametrize(
    ("before", "alert", "condition", "after", "reason", "notifies"),
    [
        # nothing open
        (None, {}, {"status": ACTIVE}, FIRING, Reason.HELD, True),
        (None, {}, {"status": ACTIVE, "hold_looks": 2}, PENDING, Reason.APPEARED, False),
        (None, {}, {"status": ACTIVE, "inhibited_by": "the judge moved"}, PENDING, Reason.INHIBITED, False),
        # pending
        (PENDING, {}, {"status": ACTIVE, "hold_looks": 2}, FIRING, Reason.HELD, True),
        (PENDING, {}, {"status": ACTIVE, "hold_looks": 3}, PENDING, Reason.CONTINUES, False),
        (PENDING, {"active_looks": 9}, {"status": ACTIVE, "inhibited_by": "x"}, PENDING, Reason.INHIBITED, False),
        (PENDING, {}, {"status": UNKNOWN, "hold_looks": 2}, PENDING, Reason.BLIND, False),
        (PENDING, {}, {"status": CLEAR, "hold_looks": 2, "clear_looks": 5}, RESOLVED, Reason.VANISHED, False),
        # firing
        (FIRING, {}, {"status": ACTIVE}, FIRING, Reason.CONTINUES, False),
        (FIRING, {}, {"status": ACTIVE, "inhibited_by": "x"}, FIRING, Reason.INHIBITED, False),
        (FIRING, {}, {"status": UNKNOWN}, FIRING, Reason.BLIND, False),
        (FIRING, {}, {"status": CLEAR}, RESOLVED, Reason.CLEARED, True),
        (FIRING, {}, {"status": CLEAR, "clear_looks": 2}, FIRING, Reason.CLEARING, False),
        (FIRING, {"clear_looks": 1}, {"status": CLEAR, "clear_looks": 2}, RESOLVED, Reason.CLEARED, True),
    ],
)
def test_every_step_has_its_reason(house, before, alert, condition, after, reason, notifies):
    opened = [] if before is None else [house.alert(before, **alert)]
    (transition,) = reconcile([house.condition(**condition)], opened, house.NOW)
    assert transition.before is before
    assert transition.alert.state is after
    assert transition.reason is transition.alert.reason is reason
    assert transition.notifies is notifies
    assert transition.at == house.NOW


@pytest.mark.parametrize("status", [CLEAR, UNKNOWN])
def test_a_claim_that_does_not_hold_opens_nothing(house, status):
    assert reconcile([house.condition(status)], [], house.NOW) == []


def test_a_blip_of_one_look_wakes_nobody(house):
    (appeared,) = reconcile([house.condition(hold_looks=2)], [], house.NOW)
    (vanished,) = reconcile([house.condition(CLEAR, hold_looks=2)], [appeared.alert], house.NOW + 60)
    assert vanished.alert.state is RESOLVED
    assert vanished.alert.fired_at is None
    assert not appeared.notifies
    assert not vanished.notifies


def test_an_outage_between_two_bad_looks_neither_counts_nor_forgets(house):
    bad = house.condition(hold_looks=2)
    (first,) = reconcile([bad], [], house.NOW)
    (blind,) = reconcile([house.condition(UNKNOWN, hold_looks=2)], [first.alert], house.NOW + 60)
    assert blind.alert.active_looks == 1
    (second,) = reconcile([bad], [blind.alert], house.NOW + 120)
    assert second.alert.state is FIRING


def test_identity_never_changes_during_an_episode_and_a_new_one_is_new(house):
    (fired,) = reconcile([house.condition()], [], house.NOW)
    (kept,) = reconcile([house.condition(annotations={"summary": "much worse"})], [fired.alert], house.NOW + 60)
    (over,) = reconcile([house.condition(CLEAR)], [kept.alert], house.NOW + 120)
    assert {fired.alert.id} == {kept.alert.id, over.alert.id}
    assert {fired.alert.starts_at} == {kept.alert.starts_at, over.alert.starts_at}
    assert kept.alert.annotations == {"summary": "much worse"}
    (again,) = reconcile([house.condition()], [], house.NOW + 180)
    assert again.alert.fingerprint == fired.alert.fingerprint
    assert again.alert.id != fired.alert.id


def test_a_resolved_alert_still_says_what_it_was_about(house):
    (over,) = reconcile([house.condition(CLEAR)], [house.alert()], house.NOW)
    assert over.alert.annotations == {"summary": "worse", "recovery": "fine again"}
    assert over.alert.resolved_at == house.NOW


def test_the_cause_follows_the_newest_look(house):
    (kept,) = reconcile([house.condition(cause=Cause.SHARED)], [house.alert()], house.NOW)
    assert kept.alert.cause is Cause.SHARED


def test_looks_at_which_a_claim_was_held_back_do_not_count_as_looks_that_it_held(house):
    alerts = []
    for look, inhibited_by in enumerate(["", "the judge moved", "the judge moved", "", "", ""]):
        claim = house.condition(hold_looks=3, inhibited_by=inhibited_by)
        (step,) = reconcile([claim], alerts, house.NOW + 60 * look)
        alerts = [step.alert]
        assert step.alert.active_looks == [1, 0, 0, 1, 2, 3][look]
        assert (step.alert.state is FIRING) is (look == 5)


def test_an_inhibited_claim_says_by_what_and_fires_once_it_is_free(house):
    (held_back,) = reconcile([house.condition(inhibited_by="the judge moved")], [], house.NOW)
    assert held_back.alert.annotations["inhibited_by"] == "the judge moved"
    (free,) = reconcile([house.condition()], [held_back.alert], house.NOW + 60)
    assert free.alert.state is FIRING
    assert "inhibited_by" not in free.alert.annotations


def test_pinning_the_model_continues_the_episode_under_its_old_labels(house):
    firing = house.alert()
    pinned = {"model": "gpt-x-2026-08-07"}
    (kept,) = reconcile([house.condition(labels=pinned)], [firing], house.NOW)
    assert (kept.before, kept.alert.id, kept.alert.labels) == (FIRING, firing.id, firing.labels)
    assert not kept.notifies
    (over,) = reconcile([house.condition(CLEAR, labels=pinned)], [kept.alert], house.NOW + 60)
    assert (over.alert.state, over.alert.id) == (RESOLVED, firing.id)


def test_two_targets_of_the_same_metric_keep_their_own_alerts(house):
    old, new = house.alert(), house.alert(labels={"model": "gpt-y"})
    conditions = [house.condition(CLEAR), house.condition(labels={"model": "gpt-y"})]
    first, second = reconcile(conditions, [old, new], house.NOW)
    assert (first.alert.id, first.alert.state) == (old.id, RESOLVED)
    assert (second.alert.id, second.alert.state) == (new.id, FIRING)


@pytest.mark.parametrize("status", [ACTIVE, CLEAR, UNKNOWN])
def test_a_firing_alert_keeps_the_severity_it_was_told_with(house, status):
    old = house.alert(labels={"severity": "ticket"})
    (kept,) = reconcile([house.condition(status)], [old], house.NOW)
    assert (kept.before, kept.alert.id, kept.alert.labels) == (FIRING, old.id, old.labels)
    assert kept.alert.state is (RESOLVED if status is CLEAR else FIRING)


def test_a_pending_alert_goes_on_with_another_severity_and_nobody_is_told_of_the_old_one(house):
    old = house.alert(PENDING, labels={"severity": "ticket"})
    gone, new = reconcile([house.condition(hold_looks=2)], [old], house.NOW)
    assert (gone.alert.id, gone.alert.state, gone.reason, gone.notifies) == (old.id, RESOLVED, Reason.RECAST, False)
    assert (new.before, new.alert.state, new.alert.labels["severity"]) == (None, FIRING, "page")
    assert (new.alert.starts_at, new.alert.active_looks) == (old.starts_at, 2)


def test_a_claim_must_hold_its_seconds_beside_its_looks(house):
    (first,) = reconcile([house.condition(hold_seconds=600)], [], house.NOW)
    assert (first.alert.state, first.reason) == (PENDING, Reason.APPEARED)
    (second,) = reconcile([house.condition(hold_seconds=600)], [first.alert], house.NOW + 599)
    assert (second.alert.state, second.reason) == (PENDING, Reason.CONTINUES)
    (third,) = reconcile([house.condition(hold_seconds=600)], [second.alert], house.NOW + 600)
    assert (third.alert.state, third.reason, third.notifies) == (FIRING, Reason.HELD, True)


def test_what_fires_remembers_how_large_it_was_when_it_was_told(house):
    (fired,) = reconcile([house.condition(size=Size(effect=-0.05, looks=7), since=house.NOW - 60)], [], house.NOW)
    (later,) = reconcile([house.condition(size=Size(effect=-0.09, looks=20))], [fired.alert], house.NOW + 60)
    for transition in (fired, later):
        assert (transition.alert.told_effect, transition.alert.told_looks) == (-0.05, 7)
        assert transition.alert.since == house.NOW - 60


@pytest.mark.parametrize(
    ("labels", "age", "reason"),
    [
        ({}, 60, None),
        ({}, 7 * 86400, Reason.EXPIRED),
        ({"watch": "gone"}, 60, Reason.REMOVED),
    ],
)
def test_what_no_look_will_end_is_given_up_and_not_said_to_have_recovered(house, labels, age, reason):
    alert = house.alert(labels=labels, updated_at=house.NOW - age)
    ended = given_up([alert], ["support"], house.NOW, 7 * 86400)
    assert [transition.reason for transition in ended] == ([reason] if reason else [])
    for transition in ended:
        assert (transition.alert.state, transition.notifies) == (RESOLVED, True)
        assert "not known to have recovered" in transition.alert.annotations["recovery"]


def test_alerts_of_the_house_itself_are_never_given_up(house):
    labels = {name: value for name, value in house.LABELS.items() if name != "watch"}
    alert = replace(house.alert(updated_at=0.0), labels=labels)
    assert given_up([alert], ["support"], house.NOW, 3600) == []


def test_an_alert_of_a_scorer_that_was_configured_away_is_withdrawn(house):
    other = house.condition(CLEAR, labels={"metric": "not-refusal"})
    (gone,) = reconcile([other], [house.alert()], house.NOW)
    assert (gone.alert.state, gone.reason) == (RESOLVED, Reason.WITHDRAWN)


def test_an_alert_of_another_watch_is_left_alone(house):
    other = house.condition(CLEAR, labels={"watch": "search"})
    for conditions in ([other], []):
        (kept,) = reconcile(conditions, [house.alert()], house.NOW)
        assert (kept.alert.state, kept.reason, kept.notifies) == (FIRING, Reason.NOTHING, False)


@pytest.mark.parametrize("labels", [{"alert_type": "tool", "tool_name": "crm"}, {"tag": "german"}])
def test_a_tool_that_is_not_called_says_nothing_until_it_is_forgotten(house, labels):
    alert = house.alert(labels=labels)
    other = house.condition(CLEAR, labels={"metric": "not-refusal"})
    (kept,) = reconcile([other], [alert], alert.updated_at + FORGET_AFTER - 1)
    assert (kept.alert.state, kept.reason) == (FIRING, Reason.BLIND)
    (gone,) = reconcile([other], [kept.alert], alert.updated_at + FORGET_AFTER)
    assert (gone.alert.state, gone.reason) == (RESOLVED, Reason.WITHDRAWN)


def test_two_conditions_with_one_identity_are_a_mistake(house):
    with pytest.raises(ValueError, match="same claim"):
        reconcile([house.condition(), house.condition(CLEAR)], [], house.NOW)


def test_resolving_by_hand_tells_who_was_told_and_a_lasting_condition_is_a_new_episode(house):
    firing = house.alert()
    done = resolve_by_hand(firing, house.NOW, "rolled back by ana")
    assert (done.reason, done.notifies, done.alert.resolved_at) == (Reason.BY_HAND, True, house.NOW)
    assert done.alert.annotations["recovery"] == "resolved by hand: rolled back by ana"
    assert not resolve_by_hand(house.alert(PENDING), house.NOW, "x").notifies
    (again,) = reconcile([house.condition()], [], house.NOW + 60)
    assert again.alert.id != firing.id


def test_a_clock_that_was_set_back_ends_no_alert_before_it_began(house):
    alert = house.alert()
    (over,) = reconcile([house.condition(CLEAR)], [alert], alert.starts_at - 500)
    assert over.alert.resolved_at == alert.starts_at
