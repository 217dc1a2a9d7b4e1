from __future__ import annotations

import pytest

from watchdog.alert.incident import Belongs, Windows, belongs, group, quiet_for
from watchdog.alert.stage import reconcile
from watchdog.domain.alert import AlertState, Cause, ConditionStatus, Incident
from watchdog.domain.policy import Policy

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
    grouping = group(
        "support", fire(house, ["a", "b"], later, opened), first.incidents, later, windows=Windows(apart=2000)
    )
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


def incident_of(house, **more):
    values = {
        "id": "i1",
        "watch": "support",
        "cause": Cause.OURS,
        "opened_at": house.NOW,
        "began_at": house.NOW - 3600,
        "features": ("search",),
        "members": ("known",),
    }
    return Incident(**{**values, **more})


SHARED = {"provider": "openai", "cause": Cause.SHARED}
MODEL = {"provider": "openai", "cause": Cause.PROVIDER_MODEL}
DOWN = {"provider": "openai", "cause": Cause.PROVIDER_FAILING}


@pytest.mark.parametrize(
    ("alert", "incident", "reason"),
    [
        ({}, {}, Belongs.TOGETHER),
        ({"since": -3600}, {}, Belongs.TOGETHER),
        ({"since": -4200}, {}, Belongs.TOGETHER),
        ({"since": -4201}, {}, Belongs.APART),
        ({"since": 600, "starts_at": 9000}, {}, Belongs.TOGETHER),
        ({"since": 601, "starts_at": 9000}, {}, Belongs.APART),
        ({"since": 9000, "starts_at": 9000, "fingerprint": "known"}, {}, Belongs.CAME_BACK),
        ({}, {"closed_at": -3600}, Belongs.TOGETHER),
        ({}, {"closed_at": -3601}, Belongs.OVER),
        ({"fingerprint": "known"}, {"closed_at": -3601}, Belongs.OVER),
        ({"feature": "chat"}, {}, Belongs.STRANGER),
        ({"feature": "chat", "cause": Cause.SHARED}, {}, Belongs.STRANGER),
        ({"feature": "chat", "cause": Cause.OURS}, SHARED, Belongs.STRANGER),
        ({"feature": "chat", "cause": Cause.SHARED}, SHARED, Belongs.TOGETHER),
        ({"feature": "chat", "cause": Cause.PROVIDER_FAILING}, SHARED, Belongs.TOGETHER),
        ({"feature": "chat", "cause": Cause.SHARED}, {**SHARED, "provider": "anthropic"}, Belongs.STRANGER),
        ({"feature": "chat", "cause": Cause.SHARED, "since": -9999}, SHARED, Belongs.APART),
        # One feature finds a changed model where another knows that pinned fell too; an outage is another matter.
        ({"feature": "chat", "cause": Cause.PROVIDER_MODEL}, SHARED, Belongs.TOGETHER),
        ({"feature": "chat", "cause": Cause.PINNED_MOVED}, SHARED, Belongs.TOGETHER),
        ({"feature": "chat", "cause": Cause.PROVIDER_MODEL}, MODEL, Belongs.TOGETHER),
        ({"feature": "chat", "cause": Cause.SHARED}, MODEL, Belongs.TOGETHER),
        ({"feature": "chat", "cause": Cause.PROVIDER_FAILING}, MODEL, Belongs.STRANGER),
        ({"feature": "chat", "cause": Cause.PROVIDER_MODEL}, DOWN, Belongs.STRANGER),
        ({"feature": "chat", "cause": Cause.OURS}, MODEL, Belongs.STRANGER),
        ({"feature": "chat", "cause": Cause.JUDGE}, {**SHARED, "cause": Cause.JUDGE}, Belongs.STRANGER),
        (
            {"feature": "chat", "cause": Cause.JUDGE, "alertname": "JudgeDrift"},
            {**SHARED, "cause": Cause.JUDGE},
            Belongs.TOGETHER,
        ),
        # What a provider that is failing still explains, whenever it is found.
        ({"since": -99999, "cause": Cause.BLIND}, DOWN, Belongs.MEANWHILE),
        (
            {"since": 9000, "starts_at": 9000, "cause": Cause.PROVIDER_FAILING, "feature": "chat"},
            DOWN,
            Belongs.MEANWHILE,
        ),
        ({"since": -99999, "cause": Cause.BLIND}, {**DOWN, "closed_at": -60}, Belongs.APART),
        (
            {"since": 9000, "starts_at": 9000, "cause": Cause.PROVIDER_FAILING},
            {**DOWN, "provider": "anthropic"},
            Belongs.APART,
        ),
        ({"since": -99999, "cause": Cause.BLIND}, SHARED, Belongs.APART),
        ({"since": -99999, "cause": Cause.OURS}, DOWN, Belongs.APART),
        # What is only known to have begun between two looks.
        ({"between": (-9999, -4200)}, {}, Belongs.TOGETHER),
        ({"between": (-9999, -4201)}, {}, Belongs.APART),
        ({"between": (600, 9000), "starts_at": 9000}, {}, Belongs.TOGETHER),
        ({"between": (601, 9000), "starts_at": 9000}, {}, Belongs.APART),
        ({"between": (-99999, 99999)}, {}, Belongs.TOGETHER),
    ],
)
def test_what_belongs_to_an_incident_is_decided_by_feature_provider_and_the_time_of_the_evidence(
    house, alert, incident, reason
):
    given = dict(alert)
    labels = {name: given.pop(name) for name in ("feature", "alertname") if name in given}
    labels.setdefault("feature", "search")
    between = given.pop("between", None)
    for name in ("since", "starts_at"):
        if name in given:
            given[name] = house.NOW + given[name]
    about = dict(incident)
    if "closed_at" in about:
        about["closed_at"] = house.NOW + about["closed_at"]
    one = house.alert(labels=labels, **{"starts_at": house.NOW, **given})
    began = (one.since or one.starts_at,) * 2 if between is None else tuple(house.NOW + each for each in between)
    found = belongs(one, began, incident_of(house, **about), house.NOW, Windows())
    assert found is reason
    assert found.yes is (reason in (Belongs.TOGETHER, Belongs.CAME_BACK, Belongs.MEANWHILE))


def test_windows_are_no_finer_than_the_looks():
    policy = Policy(join_within=600, reopen_within=3600)
    assert Windows.of(policy, 60) == Windows(apart=600, back=3600)
    assert Windows.of(policy, 7200) == Windows(apart=10800, back=21600)


def test_an_incident_that_comes_back_soon_is_the_same_and_is_then_held_open_for_a_while(house):
    def flap(now, incidents, opened, *, firing):
        status = ConditionStatus.ACTIVE if firing else CLEAR
        transitions = reconcile([house.condition(status)], opened, now)
        grouping = group("support", transitions, incidents, now)
        known = {each.id: each for each in (*incidents, *grouping.incidents)}
        still = [each.alert for each in grouping.transitions if each.alert.state is AlertState.FIRING]
        return list(known.values()), still

    incidents, opened = flap(house.NOW, [], [], firing=True)
    incidents, opened = flap(house.NOW + 60, incidents, opened, firing=False)
    assert incidents[0].closed_at == house.NOW + 60
    incidents, opened = flap(house.NOW + 120, incidents, opened, firing=True)
    (back,) = incidents
    assert (back.closed_at, back.reopened) == (None, 1)
    assert any(line.endswith("opened again") for line in back.timeline)
    for minute in (3, 5, 7):  # it flaps on, and nothing closes
        incidents, opened = flap(house.NOW + 60 * minute, incidents, opened, firing=False)
        incidents, opened = flap(house.NOW + 60 * minute + 60, incidents, opened, firing=True)
        assert (len(incidents), incidents[0].closed_at, incidents[0].reopened) == (1, None, 1)
    incidents, opened = flap(house.NOW + 600, incidents, opened, firing=False)
    assert (incidents[0].closed_at, incidents[0].quiet_since) == (None, house.NOW + 600)
    incidents, opened = flap(house.NOW + 600 + 3600, incidents, opened, firing=False)
    assert incidents[0].closed_at == house.NOW + 4200


@pytest.mark.parametrize(("reopened", "hours"), [(0, 0), (1, 1), (2, 2), (3, 4), (9, 24)])
def test_the_more_often_it_came_back_the_longer_it_is_held_open(reopened, hours):
    assert quiet_for(reopened, 3600.0) == 3600.0 * hours


def test_a_drop_that_was_found_late_joins_what_began_between_the_looks_it_may_have_begun_between(house):
    day = 86400.0
    labels = {"feature": "search", "watch": "a"}
    opened = reconcile([house.condition(labels=labels, cause=Cause.SHARED, since=house.NOW - day / 2)], [], house.NOW)
    first = group("a", opened, [], house.NOW)
    later = house.NOW + day / 2
    for between, joins in (((house.NOW - day, later - 7200), True), ((house.NOW + 7200, later - 7200), False)):
        claim = house.condition(
            labels={"feature": "chat", "watch": "b"},
            cause=Cause.PROVIDER_MODEL,
            since=later - 3600,
            since_between=between,
        )
        second = group("b", reconcile([claim], [], later), first.incidents, later)
        assert (second.transitions[0].alert.incident_id == first.incidents[0].id) is joins


def test_an_incident_of_two_watches_closes_when_the_last_of_either_is_resolved(house):
    labels = {"feature": "search", "watch": "a"}
    first = group("a", reconcile([house.condition(labels=labels, cause=Cause.SHARED)], [], house.NOW), [], house.NOW)
    one = first.transitions[0].alert
    other = {"feature": "chat", "watch": "b"}
    fired = reconcile([house.condition(labels=other, cause=Cause.SHARED)], [], house.NOW + 60)
    second = group("b", fired, first.incidents, house.NOW + 60, elsewhere=[one])
    (incident,) = second.incidents
    assert incident.id == first.incidents[0].id
    assert (incident.features, incident.provider) == (("search", "chat"), "openai")
    over = reconcile([house.condition(CLEAR, labels=labels)], [one], house.NOW + 120)
    third = group("a", over, second.incidents, house.NOW + 120, elsewhere=[second.transitions[0].alert])
    assert third.incidents[0].closed_at is None
    last = reconcile([house.condition(CLEAR, labels=other)], [second.transitions[0].alert], house.NOW + 180)
    assert group("b", last, third.incidents, house.NOW + 180).incidents[0].closed_at == house.NOW + 180


def test_what_got_worse_is_of_the_incident_of_what_it_was(house):
    first = group("support", fire(house, ["a"], house.NOW), [], house.NOW)
    opened = [transition.alert for transition in first.transitions]
    later = house.NOW + 5 * 86400
    claims = [house.condition(labels={"metric": "a"}), house.condition(labels={"metric": "a", "worse": "1"})]
    grouping = group("support", reconcile(claims, opened, later), first.incidents, later)
    assert {transition.alert.incident_id for transition in grouping.transitions} == {first.incidents[0].id}
