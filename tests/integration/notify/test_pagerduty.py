"""Against a stand-in that holds events to the rules of PagerDuty's Events API v2."""

from __future__ import annotations

import json
import time

import pytest

from watchdog.domain.alert import AlertState, Reason
from watchdog.domain.run import CHANGED
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.pagerduty import PagerDutyNotifier

KEY = "R0UT1NGK3YR0UT1NGK3YR0UT1NGK3Y00"


@pytest.fixture
async def make(receiver):
    receiver.status = 202
    made = []

    def notifier(**more):
        made.append(PagerDutyNotifier(**{"routing_key": KEY, "url": f"http://127.0.0.1:{receiver.port}", **more}))
        return made[-1]

    yield notifier
    for each in made:
        await each.aclose()


def events(receiver, path="/v2/enqueue"):
    """What arrived, held to the documented limits."""
    found = []
    for post in receiver.posts:
        assert len(post["raw"]) <= 512_000
        assert post["headers"]["content-type"] == "application/json"
        event = json.loads(post["raw"])
        assert event["routing_key"] == KEY
        if post["path"] != path:
            continue
        if path == "/v2/enqueue":
            assert event["event_action"] in {"trigger", "acknowledge", "resolve"}
            assert 0 < len(event["dedup_key"]) <= 255
        if event.get("event_action", "trigger") == "trigger":
            payload = event["payload"]
            assert 0 < len(payload["summary"]) <= 1024
            assert payload["source"]
        found.append(event)
    return found


async def test_an_incident_opens_is_acknowledged_and_resolved_under_one_key(house, receiver, make):
    notifier = make()
    now = time.time()
    firing, ended = house.alert(now=now), house.alert(now=now, state=AlertState.RESOLVED)
    await notifier.send([firing], now)
    await notifier.acknowledge(firing, now)
    await notifier.send([ended], now)
    found = events(receiver)
    assert [event["event_action"] for event in found] == ["trigger", "acknowledge", "resolve"]
    assert {event["dedup_key"] for event in found} == {firing.id}


async def test_a_trigger_says_what_where_how_bad_since_when_and_where_the_runbook_is(house, receiver, make):
    runbook = "https://runbooks.example.com/drift?for=support"
    alert = house.alert(
        now=1_790_000_005.0,
        labels={"vertical": "health", "model": "gpt-5"},
        annotations={"summary": "is-json is 7 points worse", "runbook_url": runbook},
        incident_id="inc1",
    )
    await make().send([alert], time.time())
    (event,) = events(receiver)
    assert event["payload"] == {
        "summary": "is-json is 7 points worse",
        "source": "support",
        "severity": "critical",
        "timestamp": "2026-09-21T14:13:20.000Z",
        "component": "gpt-5",
        "group": "health",
        "class": "EvalDrift",
        "custom_details": {**alert.labels, **alert.annotations, "incident": "inc1"},
    }
    assert event["links"] == [{"href": runbook, "text": "Runbook"}]
    assert event["client"] == "eval-watchdog"


async def test_a_new_episode_is_a_new_incident_and_the_late_end_of_the_old_one_does_not_close_it(house, receiver, make):
    notifier = make()
    old_end = house.alert(now=1_790_000_000.0, state=AlertState.RESOLVED)
    new = house.alert(now=1_790_003_600.0)
    await notifier.send([new], time.time())
    await notifier.send([old_end], time.time())
    opened, closed = events(receiver)
    assert opened["dedup_key"] != closed["dedup_key"]


@pytest.mark.parametrize(
    ("severity", "theirs"), [("sev1", "critical"), ("page", "critical"), ("ticket", "warning"), ("info", "info")]
)
async def test_each_severity_has_its_word(house, receiver, make, severity, theirs):
    notifier = make(severities=["sev1", "page", "ticket", "info"])
    await notifier.send([house.alert(labels={"severity": severity})], time.time())
    assert events(receiver)[0]["payload"]["severity"] == theirs


async def test_tickets_wake_nobody_and_neither_does_what_belongs_to_another_team(house, receiver, make):
    notifier = make(only={"alert_type": ["infra"]})
    await notifier.send([house.alert(labels={"severity": "ticket", "alert_type": "infra"})], time.time())
    await notifier.send([house.alert()], time.time())
    await notifier.acknowledge(house.alert(), time.time())
    assert receiver.posts == []
    await notifier.send([house.alert(labels={"alert_type": "infra"})], time.time())
    assert len(events(receiver)) == 1


@pytest.mark.parametrize(
    ("status", "retryable"), [(400, False), (403, False), (413, False), (429, True), (500, True), (503, True)]
)
async def test_the_status_decides_whether_it_is_worth_another_try(house, receiver, make, status, retryable):
    receiver.status = status
    receiver.body = b'{"status":"invalid event","message":"no"}'
    with pytest.raises(DeliveryError) as caught:
        await make().send([house.alert()], time.time())
    assert caught.value.retryable is retryable
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(("header", "seconds"), [(None, 30.0), ("7", 7.0)])
async def test_after_too_many_requests_it_waits_as_long_as_it_is_told(house, receiver, make, header, seconds):
    receiver.status = 429
    receiver.headers = {"Retry-After": header} if header else {}
    with pytest.raises(DeliveryError) as caught:
        await make().send([house.alert()], time.time())
    assert caught.value.retry_after == seconds


async def test_silence_is_worth_another_try(house):
    notifier = PagerDutyNotifier(routing_key=KEY, url=f"http://127.0.0.1:{house.free_port()}")
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([house.alert()], time.time())
    await notifier.aclose()
    assert caught.value.retryable


async def test_a_megabyte_of_hostile_text_becomes_a_short_harmless_event(house, receiver, make):
    hostile = "\x1b[31m<!channel> {{ template }} <script>alert(1)</script>\n\u202e\ud800" + "é𝛼" * 500_000
    annotations = {"summary": hostile, "description": hostile, "runbook_url": "javascript:alert(1)"}
    annotations |= {f"more_{at}": hostile for at in range(200)}
    await make().send([house.alert(annotations=annotations)], time.time())
    (event,) = events(receiver)
    assert "links" not in event
    text = json.dumps(event, ensure_ascii=False)
    assert not {"\x1b", "\n", "\u202e", "\ud800"} & set(text)
    assert event["payload"]["summary"].startswith("\\x1b[31m<!channel> {{ template }} <script>")


async def test_neither_key_nor_answer_is_repeated_in_an_error(house, receiver, make):
    receiver.status, receiver.body = 400, f"bad key {KEY}".encode()
    with pytest.raises(DeliveryError) as caught:
        await make().send([house.alert()], time.time())
    assert KEY not in str(caught.value)


async def test_a_change_is_shown_beside_the_incidents_and_opens_none(house, receiver, make):
    change = house.alert(
        state=AlertState.RESOLVED,
        now=1_790_000_005.0,
        labels={"alertname": CHANGED, "severity": "none"},
        annotations={"summary": "support: current prompt changed from a to b"},
        reason=Reason.NOTHING,
    )
    await make().send([change], time.time())
    await make(changes=False).send([change], time.time())
    assert events(receiver) == []
    (event,) = events(receiver, "/v2/change/enqueue")
    assert event["payload"]["summary"] == "support: current prompt changed from a to b"
    assert event["payload"]["timestamp"] == "2026-09-21T14:13:20.000Z"
    assert "event_action" not in event
    assert "dedup_key" not in event


@pytest.mark.parametrize("url", ["http://events.pagerduty.com", "ftp://127.0.0.1", "events.pagerduty.com"])
def test_the_key_never_leaves_the_machine_in_clear(url):
    with pytest.raises(UsageError, match="https"):
        PagerDutyNotifier(routing_key=KEY, url=url)
