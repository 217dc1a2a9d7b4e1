"""Against a stand-in that holds calls to the limits of the alert API of Jira Service Management and Opsgenie."""

from __future__ import annotations

import json
import time

import pytest

from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.opsgenie import JsmNotifier, OpsgenieNotifier

KEY = "planted-integration-key"


@pytest.fixture(params=[(JsmNotifier, "/jsm/ops/integration"), (OpsgenieNotifier, "")], ids=["jsm", "opsgenie"])
async def make(receiver, request):
    receiver.status = 202
    kind, path = request.param
    made = []

    def notifier(**more):
        made.append(kind(**{"api_key": KEY, "url": f"http://127.0.0.1:{receiver.port}{path}", **more}))
        return made[-1]

    notifier.path = path
    yield notifier
    for each in made:
        await each.aclose()


def calls(receiver):
    """(path, body) of what arrived, held to the documented limits."""
    found = []
    for post in receiver.posts:
        assert post["headers"]["authorization"] == f"GenieKey {KEY}"
        body = json.loads(post["raw"])
        assert body["source"] == "eval-watchdog"
        if post["path"].endswith("/v2/alerts"):
            assert 0 < len(body["message"]) <= 130
            assert 0 < len(body["alias"]) <= 512
            assert len(body["description"]) <= 15_000
            assert body["priority"] in {"P1", "P2", "P3", "P4", "P5"}
            assert all(len(tag) <= 50 for tag in body["tags"])
            assert sum(len(name) + len(value) for name, value in body["details"].items()) <= 8000
        found.append((post["path"], body))
    return found


async def test_an_alert_is_created_acknowledged_and_closed_under_one_alias(house, receiver, make):
    notifier = make(responders=[{"type": "team", "name": "AI"}])
    now = time.time()
    more = {"annotations": {"summary": "worse", "recovery": "back at 0.93"}}
    firing, ended = house.alert(now=now, **more), house.alert(now=now, state=AlertState.RESOLVED, **more)
    await notifier.send([firing], now)
    await notifier.acknowledge(firing, now)
    await notifier.send([ended], now)
    (created, body), (acknowledged, _), (closed, note) = calls(receiver)
    assert created == f"{make.path}/v2/alerts"
    assert (body["message"], body["alias"], body["entity"]) == ("worse", firing.id, "support")
    assert body["details"]["metric"] == "is-json"
    assert body["responders"] == [{"type": "team", "name": "AI"}]
    assert acknowledged == f"{make.path}/v2/alerts/{firing.id}/acknowledge?identifierType=alias"
    assert closed == f"{make.path}/v2/alerts/{firing.id}/close?identifierType=alias"
    assert note["note"] == "back at 0.93"


@pytest.mark.parametrize(("severity", "priority"), [("sev1", "P1"), ("page", "P2"), ("ticket", "P3"), ("info", "P5")])
async def test_each_severity_has_its_priority(house, receiver, make, severity, priority):
    await make(severities=[severity]).send([house.alert(labels={"severity": severity})], time.time())
    assert calls(receiver)[0][1]["priority"] == priority


async def test_only_what_is_wanted_is_sent(house, receiver, make):
    await make().send([house.alert(labels={"severity": "ticket"})], time.time())
    await make(only={"team": ["platform"]}).send([house.alert()], time.time())
    assert receiver.posts == []


@pytest.mark.parametrize(
    ("status", "retryable"), [(400, False), (401, False), (403, False), (422, False), (429, True), (500, True)]
)
async def test_the_status_decides_whether_it_is_worth_another_try(house, receiver, make, status, retryable):
    receiver.status, receiver.body = status, KEY.encode()
    with pytest.raises(DeliveryError) as caught:
        await make().send([house.alert()], time.time())
    assert caught.value.retryable is retryable
    assert caught.value.retry_after == (30.0 if status == 429 else None)
    assert KEY not in str(caught.value)


async def test_a_megabyte_of_hostile_text_fits_and_is_harmless(house, receiver, make):
    hostile = "\x1b[31m<script>alert(1)</script> {{x}}\n" + "é" * 1_000_000
    names = ["summary", "description", "cause", "worst_cases", "recovery", "effect", "next_command"]
    annotations = dict.fromkeys([*names, *(f"more_{at}" for at in range(100))], hostile)
    for state in (AlertState.FIRING, AlertState.RESOLVED):
        await make().send([house.alert(state=state, annotations=annotations)], time.time())
    (_, created), (_, closed) = calls(receiver)
    assert "\x1b" not in json.dumps([created, closed], ensure_ascii=False)
    assert "\n" not in created["message"]
    assert len(closed["note"]) <= 2000


def test_the_key_never_leaves_the_machine_in_clear():
    with pytest.raises(UsageError, match="https"):
        JsmNotifier(api_key=KEY, url="http://api.atlassian.com")
    with pytest.raises(UsageError, match="key"):
        OpsgenieNotifier(api_key=" ")
