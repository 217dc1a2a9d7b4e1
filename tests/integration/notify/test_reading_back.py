"""What people said in Alertmanager and PagerDuty counts here too: nobody is told again of what somebody silenced."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from watchdog.app.hushing import said_about
from watchdog.app.outbox import StoreOutbox
from watchdog.app.reading_back import read_back
from watchdog.domain.alert import AlertState, Cause, Incident, Reason, Transition
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.alertmanager import AlertmanagerNotifier
from watchdog.notify.alertmanager_silences import silences_of
from watchdog.notify.pagerduty import PagerDutyNotifier
from watchdog.notify.pagerduty_acks import AT_ONCE
from watchdog.store.store import Store

KEY = "R0UT1NGK3YR0UT1NGK3YR0UT1NGK3Y00"
CHANNELS = ("slack", "alertmanager", "pagerduty")


@pytest.fixture
def store(tmp_path):
    opened = Store(f"sqlite:///{tmp_path}/watchdog.db")
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def alert(house, store):
    firing = house.alert(incident_id="inc1")
    now = time.time()
    with store.begin() as session:
        step = Transition(alert=firing, before=AlertState.PENDING, reason=Reason.HELD, at=now)
        session.alerts.save("support", [step], CHANNELS)
        session.alerts.save_incidents([Incident(id="inc1", watch="support", cause=Cause.OURS, opened_at=now)])
    return firing


@pytest.fixture
async def notifiers():
    made = []
    yield made
    for each in made:
        await each.aclose()


def due(store, channel, at=None):
    return [each.alert.id for each in StoreOutbox(store).due(channel, at or time.time(), 10)]


def said(store, alert):
    with store.read() as session:
        return said_about(session, [alert], time.time())[alert.id]


def ask(alertmanager, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", alertmanager.port, timeout=5)
    connection.request(method, path, body and json.dumps(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, text
    return text


@pytest.mark.alertmanager
async def test_a_silence_of_a_real_alertmanager_holds_here_and_ends_there(store, alert, alertmanager, notifiers):
    notifiers.append(AlertmanagerNotifier(urls=[alertmanager.url]))
    now = time.time()
    silence = {
        "matchers": [
            {"name": "metric", "value": "is-.*", "isRegex": True, "isEqual": True},
            {"name": "feature", "value": "other", "isRegex": False, "isEqual": False},
        ],
        "startsAt": datetime.fromtimestamp(now - 1, UTC).isoformat(),
        "endsAt": datetime.fromtimestamp(now + 3600, UTC).isoformat(),
        "createdBy": "ann",
        "comment": "schema moves",
    }
    made = json.loads(ask(alertmanager, "POST", "/api/v2/silences", silence))["silenceID"]
    assert due(store, "slack") == [alert.id]
    await read_back(store, notifiers, time.time())
    await read_back(store, notifiers, time.time())
    assert due(store, "slack", now + 10) == []
    assert due(store, "alertmanager", now + 10) == [alert.id]  # it must know what it silences
    assert said(store, alert)["silenced"].startswith("silenced in alertmanager until ")
    assert said(store, alert)["silenced"].endswith(" by ann: schema moves")
    ask(alertmanager, "DELETE", f"/api/v2/silence/{made}")
    await read_back(store, notifiers, time.time())
    assert due(store, "slack", now + 10) == [alert.id]
    assert said(store, alert) == {}


async def test_what_does_not_answer_changes_nothing(house, store, alert, notifiers, receiver):
    receiver.answer = lambda _asked: [written(alert)]
    notifiers.append(AlertmanagerNotifier(urls=[f"http://127.0.0.1:{receiver.port}"]))
    await read_back(store, notifiers, time.time())
    assert due(store, "slack") == []
    for wrong in (lambda _asked: {"no": "list"}, lambda _asked: [{"id": "x"}]):
        receiver.answer = wrong
        await read_back(store, notifiers, time.time())
        assert due(store, "slack") == []
    receiver.status = 500
    await read_back(store, notifiers, time.time())
    assert due(store, "slack") == []


def written(alert, state="active", **matcher):
    name = {"name": "metric", "value": alert.labels["metric"], "isRegex": False, **matcher}
    times = {"startsAt": "2026-01-01T00:00:00.000Z", "endsAt": "2126-01-01T00:00:00.000Z"}
    return {"id": "s1", "status": {"state": state}, "matchers": [name], "createdBy": "ann", "comment": "", **times}


def test_a_silence_that_cannot_be_read_silences_nothing(house):
    alert = house.alert()
    lists = [
        [written(alert, value="(", isRegex=True)],
        [{**written(alert), "endsAt": "tomorrow"}],
        [{**written(alert), "matchers": []}],
        [written(alert, state="expired")],
    ]
    assert [silences_of(each, "am") for each in lists] == [[], [], [], []]
    [old] = silences_of([written(alert)], "am")  # before 0.22 there was no isEqual
    assert old.takes(alert.labels)


@pytest.fixture
def pagerduty(receiver, notifiers):
    """One that can be asked; ``people`` acknowledged, by the key of the incident."""
    people = {}

    def answer(asked):
        [key] = parse_qs(urlsplit(asked["path"]).query)["incident_key"]
        return {"incidents": people.get(key, []), "more": False}

    receiver.answer = answer
    url = f"http://127.0.0.1:{receiver.port}"
    notifiers.append(PagerDutyNotifier(routing_key=KEY, url=url, api_key="r3adonly", api_url=url))
    return people


async def test_who_acknowledged_in_pagerduty_is_named_here_and_in_the_incident(
    store, alert, notifiers, pagerduty, receiver
):
    await read_back(store, notifiers, time.time())
    assert "acknowledged" not in said(store, alert)
    who = {"acknowledger": {"summary": "Ann Onym"}, "at": "2026-11-21T10:00:00Z"}
    pagerduty[alert.id] = [{"id": "P1", "incident_key": None, "status": "acknowledged", "acknowledgements": [who]}]
    await read_back(store, notifiers, time.time())
    assert said(store, alert)["acknowledged"] == "by Ann Onym in pagerduty, 2026-11-21 10:00:00 UTC"
    with store.read() as session:
        assert "acknowledged by Ann Onym in pagerduty" in session.alerts.incidents()[0].timeline[0]
    asked = len(receiver.gets)
    await read_back(store, notifiers, time.time())
    assert len(receiver.gets) == asked  # it is known now
    query = parse_qs(urlsplit(receiver.gets[0]["path"]).query)
    assert (query["statuses[]"], query["incident_key"]) == (["acknowledged"], [alert.id])
    assert {name.lower(): value for name, value in receiver.gets[0]["headers"].items()}["authorization"] == (
        "Token token=r3adonly"
    )


async def test_every_incident_has_its_turn_when_there_are_too_many_to_ask_for_at_once(
    house, notifiers, pagerduty, receiver
):
    alerts = [house.alert(f"a{number:03d}") for number in range(AT_ONCE * 2 + 7)]
    for _ in range(3):
        await notifiers[0].acknowledged(alerts, time.time())
    asked = [parse_qs(urlsplit(each["path"]).query)["incident_key"][0] for each in receiver.gets]
    assert len(asked) == AT_ONCE * 3
    assert set(asked) == {alert.id for alert in alerts}


async def test_an_acknowledged_alert_is_not_told_again_by_who_stands_in(store, alert, notifiers, pagerduty):
    pagerduty[alert.id] = [{"status": "acknowledged", "acknowledgements": []}]
    outbox = StoreOutbox(store, CHANNELS, standbys=["pagerduty"])
    assert [one.id for one in outbox.live_alerts("pagerduty", time.time(), 900.0)] == [alert.id]
    await read_back(store, notifiers, time.time())
    assert said(store, alert)["acknowledged"].startswith("by somebody in pagerduty")
    assert outbox.live_alerts("pagerduty", time.time(), 900.0) == []
    assert [one.id for one in outbox.live_alerts("alertmanager", time.time(), 900.0)] == [alert.id]


@pytest.mark.parametrize(("status", "body"), [(401, None), (429, None), (500, None), (200, ["nonsense"]), (200, {})])
async def test_a_rest_api_that_refuses_is_no_acknowledgement_and_shows_no_key(
    store, alert, notifiers, pagerduty, receiver, status, body
):
    receiver.status, receiver.answer = status, lambda _asked: body
    await read_back(store, notifiers, time.time())
    assert said(store, alert) == {}
    with pytest.raises(DeliveryError) as refused:
        await notifiers[0].acknowledged([alert], time.time())
    assert "r3adonly" not in str(refused.value)


async def test_without_a_key_nobody_is_asked(store, alert, notifiers, receiver):
    url = f"http://127.0.0.1:{receiver.port}"
    notifiers.append(PagerDutyNotifier(routing_key=KEY, url=url, api_url=url))
    await read_back(store, notifiers, time.time())
    assert receiver.gets == []
    with pytest.raises(UsageError):
        PagerDutyNotifier(routing_key=KEY, api_key="k", api_url="http://api.example.com")
