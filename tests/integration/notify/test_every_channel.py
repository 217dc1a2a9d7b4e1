"""What holds for all channels together: secrets stay where they belong, and a broken one holds up no other."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from random import Random

import pytest
from typer.testing import CliRunner

from watchdog.app.outbox import StoreOutbox
from watchdog.cli import app
from watchdog.clock import SystemClock
from watchdog.domain.alert import AlertState, Transition
from watchdog.notify.alertmanager import AlertmanagerNotifier
from watchdog.notify.apprise import AppriseNotifier
from watchdog.notify.delivery import DeliveryLoop
from watchdog.notify.email import EmailNotifier
from watchdog.notify.opsgenie import JsmNotifier, OpsgenieNotifier
from watchdog.notify.pagerduty import PagerDutyNotifier
from watchdog.notify.slack import SlackNotifier
from watchdog.notify.webhook import WebhookNotifier
from watchdog.store.store import Store

#: In every credential, and nowhere else.
PLANTED = "pl4ntedpl4ntedpl4nted"
SIGNING = base64.b64encode(PLANTED.encode() * 2).decode()


@pytest.fixture
async def channels(house, receiver):
    """One channel of each kind towards the same receiver; by mail, nobody is there."""
    base = f"http://127.0.0.1:{receiver.port}"
    mail = {"sender": "a@example.com", "recipients": ["b@example.com"], "username": "a", "password": PLANTED}
    made = [
        AlertmanagerNotifier(urls=[f"http://user:{PLANTED}@127.0.0.1:{receiver.port}"], headers={"x-key": PLANTED}),
        PagerDutyNotifier(routing_key=PLANTED, url=base),
        JsmNotifier(api_key=PLANTED, url=base),
        OpsgenieNotifier(api_key=PLANTED, url=base),
        SlackNotifier(token=PLANTED, channel="C0123456789", api_url=f"{base}/slack"),
        SlackNotifier(webhook_url=f"{base}/{PLANTED}", name="slack-hook"),
        WebhookNotifier(url=f"{base}/{PLANTED}", secret=f"whsec_{SIGNING}", allow_loopback=True),
        AppriseNotifier(url=f"json://user:{PLANTED}@127.0.0.1:{receiver.port}/hook", severities=["sev1", "page"]),
        EmailNotifier(host="localhost", port=house.free_port(), security="none", **mail),
    ]
    yield made
    for each in made:
        await each.aclose()


@pytest.fixture
def store(tmp_path):
    opened = Store(f"sqlite:///{tmp_path}/watchdog.db")
    opened.prepare()
    yield opened
    opened.close()


def decide(store, alert, channels):
    before = AlertState.PENDING if alert.state is AlertState.FIRING else AlertState.FIRING
    step = Transition(alert=alert, before=before, reason=alert.reason, at=alert.updated_at)
    with store.begin() as session:
        session.alerts.save("reply", [step], [channel.name for channel in channels])


@pytest.mark.parametrize("status", [200, 400, 401, 429, 503])
async def test_no_secret_gets_into_the_database_the_log_or_the_body_of_a_call(
    house, receiver, channels, store, tmp_path, capfd, status
):
    receiver.status, receiver.answer = status, lambda _post: {"ok": False, "error": PLANTED, "message": PLANTED}
    decide(store, house.alert(now=time.time() - 1), channels)
    outbox = StoreOutbox(store, [channel.name for channel in channels])
    loop = DeliveryLoop(channels, outbox, SystemClock(), rng=Random(1))
    await loop.tick()
    store.close()
    logged = capfd.readouterr()
    assert "a channel failed" in logged.out + logged.err
    assert PLANTED not in logged.out + logged.err
    assert PLANTED not in str(loop.health)
    assert all(PLANTED.encode() not in file.read_bytes() for file in tmp_path.glob("watchdog.db*"))
    for post in receiver.posts:
        body = json.loads(post["raw"])
        if post["path"] == "/v2/enqueue":  # PagerDuty wants its key in the body
            assert body.pop("routing_key") == PLANTED
        assert PLANTED not in json.dumps(body)
    assert not any(PLANTED in repr(channel) for channel in channels)


async def test_a_channel_that_hangs_or_refuses_holds_up_no_other(house, receiver, channels, store):
    hanging = asyncio.Event()

    class Hanging:
        name, resend_every = "hanging", None

        async def send(self, _alerts, _now):
            await hanging.wait()

    receiver.status = 202
    receiver.answer = lambda _post: {"ok": True, "ts": "1"}
    everyone = [Hanging(), *channels]
    decide(store, house.alert(now=time.time() - 1), everyone)
    loop = DeliveryLoop(everyone, StoreOutbox(store), SystemClock(), rng=Random(1), send_limit=5.0)
    working = asyncio.create_task(loop.tick())
    async with asyncio.timeout(4):
        while not all(loop.health[channel.name].sent for channel in channels if channel.name != "email"):
            await asyncio.sleep(0.02)
    assert not working.done()
    hanging.set()
    await working
    assert loop.health["email"].failures == 1


async def test_a_megabyte_in_an_annotation_is_cut_for_every_channel(house, receiver, channels):
    receiver.answer = lambda _post: {"ok": True, "ts": "1"}
    alert = house.alert(annotations={"summary": "worse", "worst_cases": "<!channel>" * 100_000})
    for channel in channels:
        if channel.name != "email":
            await channel.send([alert], time.time())
    assert len(receiver.posts) == len(channels) - 1
    assert max(len(post["raw"]) for post in receiver.posts) < 20_000


def test_somebody_is_at_it(house, receiver, tmp_path, monkeypatch):
    receiver.status = 202
    monkeypatch.setenv("PAGERDUTY_KEY", PLANTED)
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    config = tmp_path / "watchdog.yaml"
    channel = f'  - pagerduty: {{ routing_key: "${{PAGERDUTY_KEY}}", url: "http://127.0.0.1:{receiver.port}" }}\n'
    config.write_text(config.read_text().replace("\nnotify:\n", f"\nnotify:\n{channel}"))
    alert = house.alert()
    store = Store(f"sqlite:///{tmp_path}/watchdog.db")
    store.prepare()
    decide(store, alert, [])
    store.close()
    done = CliRunner().invoke(app, ["alerts", "ack", alert.id, "--by", "ann", "--config", str(tmp_path)])
    assert (done.exit_code, done.output) == (0, "acknowledged by ann\ntold pagerduty\n")
    [event] = [json.loads(post["raw"]) for post in receiver.posts]
    assert (event["event_action"], event["dedup_key"]) == ("acknowledge", alert.id)
    done = CliRunner().invoke(app, ["alerts", "ack", "nonsense", "--config", str(tmp_path)])
    assert done.exit_code == 2
    assert "alerts list" in done.output
