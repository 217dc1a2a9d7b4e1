"""PagerDuty in Alertmanager's place: only while that is down, and under the key that it would have used itself."""

from __future__ import annotations

import asyncio
import json
from random import Random

import pytest

from watchdog.clock import SystemClock
from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.alertmanager import AlertmanagerNotifier
from watchdog.notify.delivery import DeliveryLoop
from watchdog.notify.pagerduty import STAND_IN_AFTER, PagerDutyNotifier

TREE = """
route:
  receiver: nobody
  group_by: [alert_type, vertical, feature]
  group_wait: 100ms
  group_interval: 500ms
  routes:
  - matchers: ['severity =~ "page|sev1"', 'alert_type = model']
    receiver: pager
receivers:
- name: nobody
- { name: pager, pagerduty_configs: [ { routing_key: theirs, url: 'SINK/v2/enqueue' } ] }
"""


@pytest.fixture
def tree(tmp_path, receiver):
    receiver.status = 202
    path = tmp_path / "tree.yml"
    path.write_text(TREE.replace("SINK", f"http://127.0.0.1:{receiver.port}"))
    return path


@pytest.fixture
async def make(receiver):
    made = []

    def notifier(**more):
        url = f"http://127.0.0.1:{receiver.port}"
        made.append(PagerDutyNotifier(routing_key="ours", url=url, when_down="alertmanager", **more))
        return made[-1]

    yield notifier
    for each in made:
        await each.aclose()


def events(receiver):
    found = [json.loads(post["raw"]) for post in receiver.posts if post["path"] == "/v2/enqueue"]
    return [(event["routing_key"], event["event_action"], event["dedup_key"]) for event in found]


async def test_it_pages_once_after_two_minutes_and_closes_once(house, receiver, make):
    now = 1_790_000_000.0
    notifier = make()
    firing, ended = (house.alert(state=state, now=now) for state in (AlertState.FIRING, AlertState.RESOLVED))
    for seconds in (0.0, STAND_IN_AFTER - 1, STAND_IN_AFTER, STAND_IN_AFTER + 15, 0.0, STAND_IN_AFTER):
        notifier.primary_fails(seconds)
        await notifier.send([firing], now)
    assert events(receiver) == [("ours", "trigger", firing.id)]
    for _ in range(3):
        await notifier.send([ended], now)
    assert events(receiver)[1:] == [("ours", "resolve", firing.id)]


async def test_after_a_restart_it_closes_what_it_opened_before(house, receiver, make):
    ended = house.alert(state=AlertState.RESOLVED)
    await make().send([ended], 0.0)
    assert events(receiver) == [("ours", "resolve", ended.id)]


async def test_one_group_is_one_incident_that_closes_with_its_last_alert(house, receiver, make, tree):
    now = 1_790_000_000.0
    notifier = make(alertmanager_config=tree)
    notifier.primary_fails(STAND_IN_AFTER)
    one, two = house.alert("one", now=now), house.alert("two", now=now)
    await notifier.send([one, two], now)
    await notifier.send([house.alert("one", AlertState.RESOLVED, now), two], now)
    await notifier.send([house.alert(metric, AlertState.RESOLVED, now) for metric in ("one", "two")], now)
    found = events(receiver)
    assert [action for _, action, _ in found] == ["trigger", "trigger", "resolve"]
    assert len({key for *_, key in found}) == 1
    assert json.loads(receiver.posts[0]["raw"])["payload"]["summary"].endswith("(and 1 more)")


async def test_what_is_refused_for_good_holds_up_nothing_else(house, receiver, make):
    notifier = make()
    notifier.primary_fails(STAND_IN_AFTER)
    alerts = [house.alert("one"), house.alert("two")]
    receiver.status = 400
    with pytest.raises(DeliveryError) as caught:
        await notifier.send(alerts, 0.0)
    assert caught.value.refused == {alert.id for alert in alerts}
    receiver.status = 503
    notifier.primary_fails(0.0)
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([house.alert("two", AlertState.RESOLVED)], 0.0)
    assert caught.value.retryable


async def test_the_loop_tells_it_for_how_long_alertmanager_has_failed(house, receiver, make, monkeypatch):
    monkeypatch.setattr("watchdog.notify.pagerduty.STAND_IN_AFTER", 0.3)
    monkeypatch.setattr("watchdog.notify.pagerduty._LOOK_EVERY", 0.1)
    dead = AlertmanagerNotifier(urls=[f"http://127.0.0.1:{house.free_port()}"], resend_every=0.1)
    outbox = house.Outbox()
    alert = house.alert()
    outbox.decide(alert)
    loop = DeliveryLoop([dead, make()], outbox, SystemClock(), rng=Random(1))
    await loop.tick()
    assert events(receiver) == []
    async with asyncio.timeout(10):
        while not events(receiver):
            await loop.tick()
            await asyncio.sleep(0.02)
    assert events(receiver) == [("ours", "trigger", alert.id)]
    assert outbox.rows  # Alertmanager is told all the same when it is back
    await dead.aclose()


async def test_a_real_alertmanager_that_is_back_pages_under_the_key_that_was_used(
    house, receiver, make, tree, alertmanager
):
    alertmanager.kill()
    alertmanager.config.write_text(tree.read_text())
    alert = house.alert(labels={"vertical": 'health "care" é'})
    notifier = make(alertmanager_config=tree)
    notifier.primary_fails(STAND_IN_AFTER)
    await notifier.send([alert], 0.0)
    alertmanager.start()
    primary = AlertmanagerNotifier(urls=[alertmanager.url])
    await primary.send([alert], alert.updated_at)
    house.until(lambda: len(events(receiver)) == 2)
    await primary.aclose()
    (_, ours, our_key), (name, theirs, their_key) = events(receiver)
    assert (name, ours, theirs) == ("theirs", "trigger", "trigger")
    assert our_key == their_key


def test_a_configuration_that_cannot_be_read_or_is_of_no_use_is_refused(tmp_path, tree):
    url = "https://events.pagerduty.com"
    bad = tmp_path / "bad.yml"
    bad.write_text("route: [")
    for path in (bad, tmp_path / "none.yml"):
        with pytest.raises(UsageError, match="cannot be read"):
            PagerDutyNotifier(routing_key="x", url=url, when_down="alertmanager", alertmanager_config=path)
    with pytest.raises(UsageError, match="when_down"):
        PagerDutyNotifier(routing_key="x", url=url, alertmanager_config=tree)
