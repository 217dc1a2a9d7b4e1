from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from random import Random

import pytest

from watchdog.alert.heartbeat import watchdog_heartbeat
from watchdog.clock import SystemClock
from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.alertmanager import AlertmanagerNotifier
from watchdog.notify.delivery import DeliveryLoop

RESOLVED = AlertState.RESOLVED


@pytest.fixture
async def make():
    made = []

    def notifier(*urls, **more):
        made.append(AlertmanagerNotifier(**{"urls": urls, "timeout": 3.0, **more}))
        return made[-1]

    yield notifier
    for each in made:
        await each.aclose()


async def sleep_until(holds, seconds=60.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.05)


def seconds_ahead(text: str, now: float) -> float:
    return datetime.fromisoformat(text).timestamp() - now


@pytest.mark.alertmanager
async def test_an_alert_arrives_once_however_often_it_is_sent_and_so_does_its_end(house, alertmanager, receiver, make):
    notifier = make(alertmanager.url, generator_url="https://watchdog.example/")
    firing = house.alert()
    for _ in range(8):
        await notifier.send([firing], time.time())
        await asyncio.sleep(0.25)
    assert receiver.told() == [("is-json", "firing")]
    over = house.alert(state=RESOLVED, starts_at=firing.starts_at)
    for _ in range(8):
        await notifier.send([over], time.time())
        await asyncio.sleep(0.25)
    assert receiver.told() == [("is-json", "firing"), ("is-json", "resolved")]
    told = json.loads(receiver.posts[0]["raw"])["alerts"][0]
    assert told["annotations"] == {"summary": "is-json is worse"}
    assert told["generatorURL"] == "https://watchdog.example/"
    assert abs(seconds_ahead(told["startsAt"], firing.starts_at)) < 0.001


@pytest.mark.alertmanager
async def test_a_malformed_alert_is_isolated_and_holds_up_no_other(house, alertmanager, receiver, make):
    bad = house.alert(labels=dict.fromkeys(("alertname", "alert_type", "severity", "feature", "metric"), ""))
    goods = [house.alert(f"m{number}") for number in range(6)]
    notifier = make(alertmanager.url)
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([*goods[:3], bad, *goods[3:]], time.time())
    assert caught.value.refused == {bad.id}
    assert not caught.value.retryable
    assert sorted(alert["labels"]["metric"] for alert in alertmanager.alerts()) == [f"m{n}" for n in range(6)]


@pytest.mark.alertmanager
async def test_an_awkward_alert_is_made_acceptable(house, alertmanager, make):
    odd = house.alert(
        labels={"tool-name": "crm", "1st": "x", "note": "", "emoji": "😀\x00"}, annotations={"größe": "1"}
    )
    await make(alertmanager.url).send([odd], time.time())
    (kept,) = alertmanager.alerts()
    assert kept["labels"]["tool_name"] == "crm"
    assert kept["labels"]["_1st"] == "x"
    assert "note" not in kept["labels"]


@pytest.mark.alertmanager
async def test_an_alertmanager_that_was_killed_learns_everything_again(house, alertmanager, receiver, make):
    notifier = make(alertmanager.url)
    lasting, ending = house.alert("lasting"), house.alert("ending")
    await notifier.send([lasting, ending], time.time())
    await sleep_until(lambda: {("lasting", "firing"), ("ending", "firing")} <= set(receiver.told()))
    alertmanager.kill()
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([lasting, ending], time.time())
    assert caught.value.retryable
    alertmanager.start()
    over = house.alert("ending", RESOLVED, starts_at=ending.starts_at)
    for state in (ending, over):  # as a re-send before, and one after the end
        await notifier.send([lasting, state], time.time())
        await asyncio.sleep(1.5)
    await sleep_until(lambda: ("ending", "resolved") in receiver.told())
    assert ("lasting", "resolved") not in receiver.told()


@pytest.mark.alertmanager
async def test_what_an_alertmanager_forgot_can_be_asked(house, alertmanager, make):
    notifier = make(alertmanager.url)
    known, over, unknown = house.alert("known"), house.alert("over", RESOLVED), house.alert("unknown")
    await notifier.send([known, over], time.time())
    assert await notifier.forgotten([known, over, unknown]) == {over.id, unknown.id}
    alertmanager.kill()
    assert await notifier.forgotten([known, over, unknown]) == set()


@pytest.mark.alertmanager
async def test_an_alertmanager_says_whom_it_tells_and_what_it_has_passed_on(house, alertmanager, receiver, make):
    notifier = make(alertmanager.url)
    known, unknown = house.alert("known", incident_id="1c1d"), house.alert("unknown")
    before = await notifier.passed_on()
    assert sum(before.values()) == 0
    await notifier.send([known], time.time())
    assert await notifier.receivers(known) == ("team",)
    assert await notifier.receivers(unknown) == ()
    await sleep_until(lambda: receiver.told() == [("known", "firing")])
    after: dict[str, float] = {}
    end = time.monotonic() + 60
    while sum(after.values()) < 1:  # it counts after it was answered
        assert time.monotonic() < end
        after = await notifier.passed_on()
    assert [place for place in after if after[place] > before[place]] == [f"{alertmanager.url} webhook"]
    alertmanager.kill()
    assert await notifier.passed_on() == {}
    assert await notifier.receivers(known) == ()


@pytest.mark.alertmanager
async def test_an_end_while_alertmanager_is_down_still_closes_the_page(house, alertmanager, receiver, make):
    outbox = house.Outbox()
    clock = SystemClock()
    loop = DeliveryLoop([make(alertmanager.url, resend_every=0.5)], outbox, clock, rng=Random(1), poll=0.05)
    stop = asyncio.Event()
    running = asyncio.create_task(loop.run(stop))
    firing = house.alert()
    outbox.decide(firing)
    await sleep_until(lambda: receiver.told() == [("is-json", "firing")])
    alertmanager.kill()
    await sleep_until(lambda: loop.health["alertmanager"].failures)
    outbox.decide(house.alert(state=RESOLVED, starts_at=firing.starts_at))
    await asyncio.sleep(0.5)
    alertmanager.start()
    await sleep_until(lambda: ("is-json", "resolved") in receiver.told())
    await asyncio.sleep(2)  # nothing more comes
    assert receiver.told() == [("is-json", "firing"), ("is-json", "firing"), ("is-json", "resolved")]
    stop.set()
    await running


@pytest.mark.alertmanager
async def test_an_old_episode_does_not_end_the_new_one(house, alertmanager, receiver, make):
    now = time.time()
    old = house.alert(state=RESOLVED, now=now - 60)
    new = house.alert(now=now)
    notifier = make(alertmanager.url)
    for batch in ([new, old], [old, new], [new, old]):
        await notifier.send(batch, time.time())
        await asyncio.sleep(0.7)
    assert receiver.told() == [("is-json", "firing")]


@pytest.mark.alertmanager
async def test_the_heartbeat_reaches_the_dead_mans_switch_again_and_again(alertmanager, receiver, make):
    notifier = make(alertmanager.url)
    started = time.time()
    await notifier.send([watchdog_heartbeat(time.time(), started)], time.time())
    await sleep_until(lambda: len(receiver.told("/deadman")) >= 2)
    assert set(receiver.told("/deadman")) == {("Watchdog", "firing")}


async def test_every_peer_gets_everything_and_one_that_takes_it_is_enough(house, receiver, make):
    second, dead = house.Receiver(), house.free_port()
    second.status = 500
    notifier = make(*(f"http://127.0.0.1:{port}" for port in (receiver.port, second.port, dead)))
    try:
        await notifier.send([house.alert()], time.time())
        assert len(receiver.posts) == len(second.posts) == 1
        assert set(notifier.last_success) == {f"http://127.0.0.1:{receiver.port}"}
        receiver.status = 503
        with pytest.raises(DeliveryError) as caught:
            await notifier.send([house.alert()], time.time())
        assert caught.value.retryable
        assert str(caught.value).count("127.0.0.1") == 3
    finally:
        second.close()


async def test_an_alert_that_one_peer_takes_is_not_refused(house, receiver, make):
    strict = house.Receiver()
    strict.status = 400
    try:
        notifier = make(f"http://127.0.0.1:{strict.port}", f"http://127.0.0.1:{receiver.port}")
        await notifier.send([house.alert()], time.time())
        assert len(receiver.posts) == 1
    finally:
        strict.close()


async def test_only_dead_peers_are_worth_another_try(house, make):
    notifier = make(*(f"http://127.0.0.1:{house.free_port()}" for _ in range(2)))
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([house.alert()], time.time())
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("options", "ahead"),
    [({}, 180), ({"resend_every": 60.0}, 240), ({"resend_every": 60.0, "horizon": 600.0}, 840)],
)
async def test_a_firing_alert_ends_well_after_the_next_resend(house, receiver, make, options, ahead):
    now = 1_790_000_000.0
    await make(f"http://127.0.0.1:{receiver.port}", **options).send([house.alert(now=now)], now)
    (sent,) = json.loads(receiver.posts[0]["raw"])
    assert seconds_ahead(sent["endsAt"], now) == ahead
    assert sent["startsAt"] == "2026-09-21T14:13:15.000Z"
    assert receiver.posts[0]["path"] == "/api/v2/alerts"


async def test_what_is_pending_stays_in_the_house(house, receiver, make):
    await make(f"http://127.0.0.1:{receiver.port}").send([house.alert(state=AlertState.PENDING)], time.time())
    assert receiver.posts == []


async def test_user_name_password_and_headers_are_sent_and_never_shown(house, receiver, make):
    url = f"http://ops:hunter2@127.0.0.1:{receiver.port}/am/"
    notifier = make(url, headers={"x-scope": "team-secret"})
    receiver.status = 401
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([house.alert()], time.time())
    assert not caught.value.retryable
    assert str(caught.value) == f"http://127.0.0.1:{receiver.port}: refuses our credentials (401)"
    (post,) = receiver.posts
    assert post["path"] == "/am/api/v2/alerts"
    headers = {name.lower(): value for name, value in post["headers"].items()}
    assert headers["authorization"].startswith("Basic ")
    assert headers["x-scope"] == "team-secret"
    assert "hunter2" not in repr(notifier)


@pytest.mark.parametrize("urls", [[], ["alertmanager:9093"], ["ftp://x"], ["http://"], ["http://user:pw@"]])
def test_a_url_that_is_none_is_refused_without_being_repeated(urls):
    with pytest.raises(UsageError) as caught:
        AlertmanagerNotifier(urls=urls)
    assert "pw" not in str(caught.value)
