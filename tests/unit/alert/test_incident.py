from __future__ import annotations

from watchdog.alert.incident import group
from watchdog.alert.stage import reconcile
from watchdog.domain.alert import AlertState, Cause, ConditionStatus

CLEAR = ConditionStatus.CLEAR


def fire(house, metrics, now, open_alerts=(), **more):
    return reconcile([house.condition(labels={"metric": metric}, **more) for metric in metrics], open_alerts, now)


def test_alerts_of_one_look_are_one_incident(house):
    grouping = group("support", fire(house, ["a", "b", "c"], house.NOW), [], house.NOW)
    (incident,) = grouping.incidents
    assert len(incident.members) == 3
    assert {transition.alert.incident_id for transition in grouping.transitions} == {incident.id}
    assert incident.opened_at == house.NOW
    assert incident.closed_at is None
    assert len([line for line in incident.timeline if "is firing" in line]) == 3


def test_an_alert_within_ten_minutes_joins_and_a_later_one_does_not(house):
    first = group("support", fire(house, ["a"], house.NOW), [], house.NOW)
    opened = [transition.alert for transition in first.transitions]
    for seconds, number in ((600, 1), (660, 2)):
        later = house.NOW + seconds
        grouping = group("support", fire(house, ["a", "b"], later, opened), first.incidents, later)
        known = {incident.id for incident in (*first.incidents, *grouping.incidents)}
        assert len(known) == number
        assert {t.alert.incident_id for t in grouping.transitions if t.alert.labels["metric"] == "a"} == {
            first.incidents[0].id
        }


def test_a_wider_window_may_be_asked_for(house):
    first = group("support", fire(house, ["a"], house.NOW), [], house.NOW)
    later = house.NOW + 1800
    opened = [transition.alert for transition in first.transitions]
    grouping = group("support", fire(house, ["a", "b"], later, opened), first.incidents, later, window=2000)
    assert {transition.alert.incident_id for transition in grouping.transitions} == {first.incidents[0].id}


def test_a_pending_alert_is_in_no_incident(house):
    grouping = group("support", fire(house, ["a"], house.NOW, hold_looks=2), [], house.NOW)
    assert grouping.incidents == ()
    assert grouping.transitions[0].alert.state is AlertState.PENDING
    assert grouping.transitions[0].alert.incident_id == ""


def test_an_incident_closes_when_its_last_member_is_resolved(house):
    first = group("support", fire(house, ["a", "b"], house.NOW), [], house.NOW)
    opened = [transition.alert for transition in first.transitions]
    later = house.NOW + 60
    half = reconcile(
        [house.condition(CLEAR, labels={"metric": "a"}), house.condition(labels={"metric": "b"})], opened, later
    )
    second = group("support", half, first.incidents, later)
    assert [incident.closed_at for incident in second.incidents] == [None]
    still = [transition.alert for transition in second.transitions if transition.alert.state is AlertState.FIRING]
    rest = reconcile([house.condition(CLEAR, labels={"metric": "b"})], still, later + 60)
    (closed,) = group("support", rest, second.incidents, later + 60).incidents
    assert closed.closed_at == later + 60
    assert closed.timeline[-1].endswith("closed: every member is resolved")
    assert sum("is resolved" in line for line in closed.timeline) == 3  # two members, and the closing line


def test_an_incident_that_did_not_change_is_not_written_again(house):
    first = group("support", fire(house, ["a"], house.NOW), [], house.NOW)
    opened = [transition.alert for transition in first.transitions]
    again = group("support", fire(house, ["a"], house.NOW + 60, opened), first.incidents, house.NOW + 60)
    assert again.incidents == ()


def test_the_cause_that_explains_most_names_the_incident_and_a_change_is_noted(house):
    transitions = [
        *fire(house, ["a"], house.NOW, cause=Cause.PROVIDER_MODEL),
        *fire(house, ["b"], house.NOW, cause=Cause.PROVIDER_FAILING),
    ]
    first = group("support", transitions, [], house.NOW)
    assert first.incidents[0].cause is Cause.PROVIDER_FAILING
    opened = [transition.alert for transition in first.transitions]
    later = fire(house, ["a", "b"], house.NOW + 60, opened, cause=Cause.SHARED)
    second = group("support", later, first.incidents, house.NOW + 60)
    assert second.incidents[0].cause is Cause.SHARED
    assert second.incidents[0].timeline[-1].endswith(f"suspected cause: {Cause.SHARED}")


def test_every_cause_has_a_rank(house):
    for cause in Cause:
        grouping = group("support", fire(house, ["a"], house.NOW, cause=cause), [], house.NOW)
        assert grouping.incidents[0].cause is cause
