"""What a silence holds back, on channels that are told once and on those that are told again and again."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from watchdog.alert.stage import resolve_by_hand
from watchdog.alert.story import known_as
from watchdog.app.outbox import StoreOutbox, to_be_sent
from watchdog.domain.alert import HOUSE, Alert, AlertState, Audience, Reason, Transition
from watchdog.domain.digest import digest
from watchdog.domain.policy import Policy
from watchdog.domain.silence import Matcher, Silence, SilenceKind
from watchdog.notify.delivery import DeliveryLoop
from watchdog.pipeline.alerting import conclude, give_up
from watchdog.pipeline.news import Channels
from watchdog.store.store import Store

NOW = 1_790_000_000.0
CHANNELS = ("slack", "alertmanager")


@pytest.fixture
def store(database_url):
    opened = Store(database_url)
    opened.prepare()
    yield opened
    opened.close()


class Clock:
    at = NOW

    def now(self):
        return self.at

    def monotonic(self):
        return self.at


def alert_of(watch="reply", **more):
    labels = more.pop("labels", {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "watch": watch})
    values = {"annotations": {"summary": "worse"}, "state": AlertState.FIRING, "starts_at": NOW, "updated_at": NOW}
    return Alert(fingerprint=digest(labels), labels=labels, **{**values, "fired_at": NOW, **more})


def fire(store, watch="reply", at=NOW):
    firing = alert_of(watch)
    with store.begin() as session:
        step = Transition(alert=firing, before=AlertState.PENDING, reason=Reason.HELD, at=at)
        session.alerts.save(watch, [step], CHANNELS)
    return firing


def end(store, watch="reply", at=NOW + 600):
    ended = alert_of(watch, state=AlertState.RESOLVED, resolved_at=at)
    with store.begin() as session:
        step = Transition(alert=ended, before=AlertState.FIRING, reason=Reason.CLEARED, at=at)
        session.alerts.save(watch, [step], CHANNELS)


def silence(store, starts=NOW - 60, ends=NOW + 3600, source="", kind=SilenceKind.SILENCE):
    with store.begin() as session:
        about = (Matcher("watch", "=", "reply"),)
        made = Silence(
            id="5117e0ce",
            kind=kind,
            matchers=about,
            starts_at=starts,
            ends_at=ends,
            by="ann",
            because="w",
            source=source,
        )
        session.silences.save([made])


def due(store, at, channel="slack"):
    return [(each.alert.labels["watch"], each.alert.state.value) for each in StoreOutbox(store).due(channel, at, 10)]


def live(store, at, channel="alertmanager", standbys=()):
    return [alert.labels["watch"] for alert in StoreOutbox(store, standbys=standbys).live_alerts(channel, at, 900.0)]


def test_what_begins_in_a_silence_and_lasts_is_told_at_its_end_as_it_is_by_then(store):
    silence(store)
    fire(store)
    fire(store, "other")
    assert due(store, NOW + 1) == [("other", "firing")]
    assert live(store, NOW + 1) == ["other"]
    with store.begin() as session:
        worse = alert_of(annotations={"summary": "much worse"})
        step = Transition(alert=worse, before=AlertState.FIRING, reason=Reason.CONTINUES, at=NOW + 60)
        session.alerts.save("reply", [step], CHANNELS)
        assert [row.alert.labels["watch"] for row in to_be_sent(session, NOW + 60)] == ["other", "other"]
    late = next(each for each in StoreOutbox(store).due("slack", NOW + 3600, 10) if each.alert.id == worse.id)
    assert late.alert.annotations == {
        "summary": "much worse",
        "held_back": "silenced until 2026-09-21 15:13 UTC by ann: w",
    }
    assert sorted(live(store, NOW + 3600)) == ["other", "reply"]


@pytest.mark.parametrize("looked_at", [NOW + 601, NOW + 7200])
def test_what_comes_and_goes_in_a_silence_is_told_to_nobody_even_when_nobody_looked_meanwhile(store, looked_at):
    silence(store)
    fire(store)
    end(store)
    assert due(store, looked_at) == []
    assert due(store, looked_at + 1) == []
    with store.read() as session:
        assert {channel for channel, _ in session.outbox.waiting()} == {"alertmanager"}


def test_the_end_of_what_was_told_before_is_told_and_it_stays_alive_until_then(store):
    firing = fire(store)
    with store.begin() as session:
        for channel in CHANNELS:
            session.outbox.delivered(f"{firing.id}-firing", channel, NOW + 1)
    silence(store, starts=NOW + 10)
    assert live(store, NOW + 20) == ["reply"]
    assert live(store, NOW + 20, standbys=["alertmanager"]) == []
    end(store)
    assert due(store, NOW + 601) == [("reply", "resolved")]


def test_many_that_are_held_do_not_crowd_out_one_that_may_leave(store):
    silence(store)
    fire(store)
    fire(store, "other", at=NOW + 5)
    outbox = StoreOutbox(store)
    assert [each.alert.labels["watch"] for each in outbox.due("slack", NOW + 10, 1)] == ["other"]


def test_a_silence_that_was_taken_back_releases_at_once(store):
    silence(store)
    fire(store)
    assert due(store, NOW + 1) == []
    silence(store, ends=NOW + 2)
    assert due(store, NOW + 2) == [("reply", "firing")]


def test_a_silence_of_alertmanager_holds_the_other_channels_and_not_its_own(store):
    silence(store, source="alertmanager")
    fire(store)
    assert due(store, NOW + 1, "slack") == []
    assert due(store, NOW + 1, "alertmanager") == [("reply", "firing")]
    assert live(store, NOW + 1, "alertmanager") == ["reply"]


async def test_a_window_opens_and_closes_under_a_running_delivery_loop(store):
    told, clock = [], Clock()

    class Room:
        name, resend_every = "slack", None

        async def send(self, alerts, now):
            told.extend((now - NOW, alert.labels["watch"], alert.state.value) for alert in alerts)

        async def aclose(self):
            return None

    loop = DeliveryLoop([Room()], StoreOutbox(store), clock, rng=Random(1))
    silence(store, starts=NOW, ends=NOW + 3600, kind=SilenceKind.MAINTENANCE)
    with store.begin() as session:  # of two watches at work: one comes back in time
        other = (Matcher("watch", "=", "other"),)
        window = session.silences.get("5117e0ce")
        session.silences.save([replace(window, id="0ther000", matchers=other)])
    for at, step in ((60, fire), (600, None), (1200, None), (3599, None), (3600, None), (4000, end)):
        clock.at = NOW + at
        if step is fire:
            fire(store, at=NOW + at)
            fire(store, "other", at=NOW + at)
        elif at == 1200:
            end(store, "other", at=NOW + at)
        elif step is end:
            end(store, at=NOW + at)
        await loop.tick()
    assert told == [(3600, "reply", "firing"), (4000, "reply", "resolved")]
    with store.read() as session:
        assert [channel for channel, _ in session.outbox.waiting()] == ["alertmanager"] * 4


ROOM = Channels(alerts=("slack", "alertmanager"), people=(Audience(channel="slack"),))


def decide(store, alert, before, reason, at):
    with store.begin() as session:
        step = Transition(alert=alert, before=before, reason=reason, at=at)
        return conclude(session, alert.labels["watch"], [step], ROOM, Policy(), at)


def told_in_the_room(store, at):
    """What the room is told by then; delivered, so that it is told once."""
    with store.begin() as session:
        give_up(session, ["reply"], ROOM, {}, at)  # as the daemon does every minute
    outbox, said = StoreOutbox(store), []
    for each in outbox.due("slack", at, 10):
        said.append((each.alert.state.value, each.alert.annotations["summary"]))
        outbox.delivered(each, at)
    return said


def test_people_hear_of_an_incident_when_its_window_is_over_and_it_lasts(store):
    silence(store, kind=SilenceKind.MAINTENANCE)
    decide(store, alert_of(), AlertState.PENDING, Reason.HELD, NOW)
    assert told_in_the_room(store, NOW + 60) == []
    assert told_in_the_room(store, NOW + 3599) == []
    assert told_in_the_room(store, NOW + 3600) == [("firing", "worse")]
    assert told_in_the_room(store, NOW + 3660) == []


def test_people_never_hear_of_an_incident_that_was_over_before_its_window(store):
    silence(store, kind=SilenceKind.MAINTENANCE)
    decide(store, alert_of(), AlertState.PENDING, Reason.HELD, NOW)
    [known] = read(store)
    ended = replace(known, state=AlertState.RESOLVED, resolved_at=NOW + 600)
    decide(store, ended, AlertState.FIRING, Reason.CLEARED, NOW + 600)
    assert [told_in_the_room(store, NOW + at) for at in (660, 3600, 7200)] == [[], [], []]


def test_people_hear_the_end_of_what_they_knew_within_a_window(store):
    decide(store, alert_of(), AlertState.PENDING, Reason.HELD, NOW)
    assert told_in_the_room(store, NOW + 1) == [("firing", "worse")]
    silence(store, starts=NOW + 10, kind=SilenceKind.MAINTENANCE)
    [known] = read(store)
    ended = replace(known, state=AlertState.RESOLVED, resolved_at=NOW + 600)
    decide(store, ended, AlertState.FIRING, Reason.CLEARED, NOW + 600)
    assert told_in_the_room(store, NOW + 601) == [("resolved", "worse")]


def read(store):
    with store.read() as session:
        return session.alerts.firing()


def test_people_hear_the_end_of_what_they_knew_although_later_news_of_it_never_left(store):
    decide(store, alert_of(), AlertState.PENDING, Reason.HELD, NOW)
    assert told_in_the_room(store, NOW + 1) == [("firing", "worse")]
    [known] = read(store)
    silence(store, starts=NOW + 10, kind=SilenceKind.MAINTENANCE)
    with store.begin() as session:  # news that the channel refused for a while; then it was silent
        [incident] = session.alerts.incidents()
        news = replace(known_as(incident, known, "slack"), annotations={"summary": "raised"})
        session.alerts.enqueue("news", news, ["slack"], NOW + 20)
    ended = replace(known, state=AlertState.RESOLVED, resolved_at=NOW + 600)
    decide(store, ended, AlertState.FIRING, Reason.CLEARED, NOW + 600)
    assert told_in_the_room(store, NOW + 601) == []  # the news is withdrawn, and the end no longer waits for it
    assert [state for state, _ in told_in_the_room(store, NOW + 602)] == ["resolved"]


def test_people_hear_the_end_of_what_the_house_said_of_itself(store):
    claim = alert_of("reply", labels={"alertname": "DrillOverdue", "severity": "page", "watch": "reply"})
    with store.begin() as session:
        step = Transition(alert=claim, before=AlertState.PENDING, reason=Reason.HELD, at=NOW)
        session.alerts.save(HOUSE, [step], ROOM.alerts)
    assert told_in_the_room(store, NOW + 1) == [("firing", "worse")]
    with store.begin() as session:
        assert give_up(session, [], ROOM, {}, NOW + 2) == []  # its chore ends it, and not the sweep
        conclude(session, HOUSE, [resolve_by_hand(claim, NOW + 5, "held")], ROOM, Policy(), NOW + 5)
    assert [state for state, _ in told_in_the_room(store, NOW + 6)] == ["resolved"]
