"""Incidents across watches and in the store: who is told, what comes back, and what no look will end."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.alert.look import alerts_of_look
from watchdog.alert.stage import resolve_by_hand
from watchdog.domain.alert import AlertState, Audience, Cause, Condition, ConditionStatus, Size
from watchdog.domain.policy import Policy
from watchdog.domain.silence import Matcher, Silence, SilenceKind
from watchdog.pipeline.alerting import conclude, give_up, keep_alerts, standing_of
from watchdog.pipeline.news import Channels
from watchdog.store import alert_rows as forms
from watchdog.store.store import Store

NOW = 1_790_000_000.0
CHANNELS = Channels(
    alerts=("am", "pager", "chat"),
    people=(Audience(channel="pager", severities=("sev1", "page")), Audience(channel="chat")),
)


@pytest.fixture
def store(database_url):
    opened = Store(database_url)
    opened.prepare()
    yield opened
    opened.close()


def drift(watch, status=ConditionStatus.ACTIVE, **more):
    labels = {
        "alertname": "EvalDrift", "alert_type": "model", "severity": "page", "team": "ai", "vertical": "shop",
        "feature": watch, "watch": watch, "provider": "north", "metric": "helpfulness",
    }  # fmt: skip
    size = Size(effect=-0.08, margin=0.01, looks=5) if status is ConditionStatus.ACTIVE else None
    return Condition(
        labels=labels, status=status, cause=Cause.SHARED, size=size, annotations={"summary": watch}, **more
    )


def look(store, watch, *conditions, now):
    with store.begin() as session:
        standing = standing_of(session, watch, now)
        outcome = alerts_of_look(
            watch, conditions, standing, policy=Policy(), every=60.0, at=now, now=now, audiences=CHANNELS.people
        )
        keep_alerts(session, watch, outcome, CHANNELS)
    return outcome


def rows(store):
    """(channel, severity, state) of what is to be sent, oldest first."""
    with store.read() as session:
        waiting = session.outbox.waiting()
    return [(channel, row.alert.labels["severity"], row.alert.state.value) for channel, row in waiting]


def incidents(store):
    with store.read() as session:
        return session.alerts.incidents()


def test_what_all_features_on_a_provider_share_is_one_incident_one_page_and_one_end(store):
    look(store, "search", drift("search"), now=NOW)
    look(store, "chat", drift("chat"), now=NOW + 5)
    (incident,) = incidents(store)
    assert (incident.features, incident.provider, incident.cause) == (("search", "chat"), "north", Cause.SHARED)
    begun = rows(store)
    assert sorted(begun) == [
        ("am", "page", "firing"),
        ("am", "ticket", "firing"),
        ("chat", "page", "firing"),
        ("pager", "page", "firing"),
    ]
    look(store, "search", drift("search", ConditionStatus.CLEAR), now=NOW + 60)
    assert incidents(store)[0].closed_at is None
    look(store, "chat", drift("chat", ConditionStatus.CLEAR), now=NOW + 65)
    assert incidents(store)[0].closed_at == NOW + 65
    assert sorted(rows(store)[4:]) == [
        ("am", "page", "resolved"),
        ("am", "ticket", "resolved"),
        ("chat", "page", "resolved"),
        ("pager", "page", "resolved"),
    ]


def test_the_page_stays_open_for_the_other_feature_when_its_own_is_well_again(store):
    look(store, "search", drift("search"), now=NOW)
    look(store, "chat", drift("chat"), now=NOW + 5)
    look(store, "search", drift("search", ConditionStatus.CLEAR), now=NOW + 60)
    look(store, "chat", drift("chat"), now=NOW + 65)
    with store.read() as session:
        firing = session.alerts.firing()
    assert sorted((a.labels["severity"], a.labels.get("worse", "")) for a in firing) == [("page", "1"), ("ticket", "")]
    assert len(incidents(store)) == 1
    assert [state for channel, _, state in rows(store) if channel == "pager"] == ["firing"]  # one page, not ended


def test_an_incident_and_its_alerts_come_back_from_the_store_as_they_were(store):
    outcome = look(store, "search", drift("search", since=NOW - 500), now=NOW)
    (incident,), (transition,) = outcome.incidents, outcome.transitions
    assert incidents(store) == [incident]
    assert incident.began_at == NOW - 500
    assert set(incident.told) == {"pager", "chat"}
    with store.read() as session:
        assert session.alerts.firing() == [transition.alert]
        assert session.alerts.incident(incident.id) == incident
        assert session.alerts.incident("nobody's") is None
    assert (transition.alert.since, transition.alert.told_effect, transition.alert.told_looks) == (NOW - 500, -0.08, 5)


def test_alerts_of_a_watch_that_is_gone_end_and_their_incident_with_them(store):
    look(store, "search", drift("search"), now=NOW)
    with store.begin() as session:
        assert give_up(session, ["search"], CHANNELS, {}, NOW + 60) == []
        (gone,) = give_up(session, ["chat"], CHANNELS, {"chat": Policy()}, NOW + 60)
    assert "not known to have recovered" in gone.annotations["recovery"]
    assert incidents(store)[0].closed_at == NOW + 60
    assert [state for channel, _, state in rows(store) if channel == "pager"] == ["firing", "resolved"]


def test_an_alert_of_which_nothing_was_heard_for_its_time_ends(store):
    look(store, "search", drift("search"), now=NOW)
    policies = {"search": Policy(forget_after=3600.0)}
    look(store, "search", drift("search", ConditionStatus.UNKNOWN), now=NOW + 3000)
    with store.begin() as session:
        assert give_up(session, ["search"], CHANNELS, policies, NOW + 3599) == []
        assert len(give_up(session, ["search"], CHANNELS, policies, NOW + 3600)) == 1


def test_an_incident_that_was_held_open_is_closed_without_a_look(store):
    for minute, status in enumerate((ConditionStatus.ACTIVE, ConditionStatus.CLEAR) * 2):
        look(store, "search", drift("search", status), now=NOW + 60 * minute)
    (held,) = incidents(store)
    assert (held.closed_at, held.quiet_since, held.reopened) == (None, NOW + 180, 1)
    with store.begin() as session:
        give_up(session, ["search"], CHANNELS, {}, NOW + 180 + 3599)
    assert incidents(store)[0].closed_at is None
    with store.begin() as session:
        give_up(session, ["search"], CHANNELS, {}, NOW + 180 + 3600)
    assert incidents(store)[0].closed_at == NOW + 180 + 3600
    assert [state for channel, _, state in rows(store) if channel == "chat"] == ["firing", "resolved"] * 2


def test_an_end_by_hand_ends_the_incident_for_people_too(store):
    outcome = look(store, "search", drift("search"), now=NOW)
    with store.begin() as session:
        step = resolve_by_hand(outcome.transitions[0].alert, NOW + 60, "rolled back")
        conclude(session, "search", [step], CHANNELS, Policy(), NOW + 60)
    assert incidents(store)[0].closed_at == NOW + 60
    with store.read() as session:
        ends = [row.alert for channel, row in session.outbox.waiting() if row.alert.state is AlertState.RESOLVED]
    assert len(ends) == 3
    assert {alert.annotations["recovery"] for alert in ends} == {"resolved by hand: rolled back"}


def test_an_alert_that_an_older_version_queued_is_still_delivered(store):
    outcome = look(store, "search", drift("search"), now=NOW)
    alert = replace(outcome.transitions[0].alert, since=None, told_effect=None, told_looks=0)
    older = {k: v for k, v in forms.alert_json(alert).items() if k not in {"since", "told_effect", "told_looks"}}
    assert forms.alert_of(older) == alert


def test_a_page_that_nobody_hears_of_is_no_reason_to_wake_nobody_elsewhere(store):
    with store.begin() as session:
        window = Silence(
            id="w1", kind=SilenceKind.MAINTENANCE, matchers=(Matcher("watch", "=", "search"),),
            starts_at=NOW - 60, ends_at=NOW + 3600, by="ann", because="moving house",
        )  # fmt: skip
        session.silences.save([window])
    look(store, "search", drift("search"), now=NOW)
    look(store, "chat", drift("chat"), now=NOW + 5)
    with store.read() as session:
        severities = {alert.labels["watch"]: alert.labels["severity"] for alert in session.alerts.firing()}
    assert severities["chat"] == "page"
