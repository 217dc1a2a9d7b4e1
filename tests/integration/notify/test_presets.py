"""Each preset against a stand-in that asks for the fields its receiver documents."""

from __future__ import annotations

import json
import time

import pytest

from watchdog.domain.alert import AlertState
from watchdog.notify.webhook import WebhookNotifier

RUNBOOK = "https://runbooks.example.com/drift"
ANNOTATIONS = {"summary": "is-json is worse", "description": "because", "runbook_url": RUNBOOK}
OWN = ["incident-io", "rootly", "firehydrant"]


@pytest.fixture
async def make(receiver):
    made = []

    def notifier(preset, **more):
        url = f"http://127.0.0.1:{receiver.port}/in"
        made.append(WebhookNotifier(url=url, preset=preset, allow_loopback=True, **more))
        return made[-1]

    yield notifier
    for each in made:
        await each.aclose()


async def life(house, notifier, annotations=ANNOTATIONS):
    now = time.time()
    alert = house.alert(now=now, annotations=annotations)
    await notifier.send([alert], now)
    await notifier.send([house.alert(now=now, state=AlertState.RESOLVED, annotations=annotations)], now)
    return alert


def bodies(receiver):
    return [json.loads(post["raw"]) for post in receiver.posts]


async def test_incident_io_gets_its_fields_under_one_deduplication_key(house, receiver, make):
    notifier = make("incident-io", headers={"authorization": "Bearer x"})
    alert = await life(house, notifier)
    firing, resolved = bodies(receiver)
    assert receiver.posts[0]["headers"]["authorization"] == "Bearer x"
    assert (firing["title"], firing["status"], resolved["status"]) == ("is-json is worse", "firing", "resolved")
    assert firing["deduplication_key"] == resolved["deduplication_key"] == alert.id
    assert firing["source_url"] == RUNBOOK
    assert "because" in firing["description"]
    assert firing["metadata"]["metric"] == "is-json"


async def test_rootly_gets_an_identity_a_state_and_a_link(house, receiver, make):
    alert = await life(house, make("rootly"))
    firing, resolved = bodies(receiver)
    assert (firing["title"], firing["external_url"]) == ("is-json is worse", RUNBOOK)
    assert firing["external_id"] == resolved["external_id"] == alert.id
    assert (firing["state"], resolved["state"]) == ("firing", "resolved")
    assert (firing["severity"], firing["labels"]["feature"]) == ("page", "support")


async def test_firehydrant_gets_a_signal_that_opens_and_closes(house, receiver, make):
    alert = await life(house, make("firehydrant"))
    firing, resolved = bodies(receiver)
    assert firing["idempotency_key"] == resolved["idempotency_key"] == alert.id
    assert (firing["status"], resolved["status"], firing["level"]) == ("OPEN", "CLOSED", "ERROR")
    assert (firing["summary"], firing["links"]) == ("is-json is worse", [{"href": RUNBOOK, "text": "Runbook"}])
    assert firing["tags"] == ["alert_type:model", "feature:support"]


@pytest.mark.parametrize("preset", OWN)
async def test_each_alert_is_a_call_of_its_own_with_its_own_id(house, receiver, make, preset):
    await make(preset).send([house.alert("one"), house.alert("two")], time.time())
    assert len(receiver.posts) == 2
    assert len({post["headers"]["webhook-id"] for post in receiver.posts}) == 2


@pytest.mark.parametrize("preset", OWN)
async def test_a_megabyte_of_hostile_text_becomes_a_small_harmless_call(house, receiver, make, preset):
    hostile = "\x1b[31m<script> {{x}}\u202e\n" + "é" * 1_000_000
    names = ["summary", "description", "runbook_url", "cause", *(f"more_{at}" for at in range(100))]
    await life(house, make(preset), dict.fromkeys(names, hostile))
    for post, body in zip(receiver.posts, bodies(receiver), strict=True):
        assert len(post["raw"]) < 512_000
        assert "\\u001b" not in json.dumps(body)
        assert "script" not in json.dumps([body.get("links"), body.get("source_url"), body.get("external_url")])


@pytest.mark.parametrize("preset", ["alertmanager", *OWN])
async def test_only_what_is_wanted_is_sent(house, receiver, make, preset):
    notifier = make(preset, only={"severity": ["page"]})
    await notifier.send([house.alert(labels={"severity": "ticket"})], time.time())
    assert receiver.posts == []
    await notifier.send([house.alert()], time.time())
    assert len(receiver.posts) == 1
