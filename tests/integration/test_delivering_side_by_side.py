"""Several processes deliver from one store, such as ``serve`` and a ``run`` beside it: nobody is told twice."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from random import Random

import pytest

from watchdog.app.outbox import StoreOutbox
from watchdog.clock import ManualClock
from watchdog.domain.alert import Alert, AlertState, Reason, Transition
from watchdog.domain.digest import digest
from watchdog.errors import DeliveryError
from watchdog.notify.delivery import SETTLING, DeliveryLoop
from watchdog.store import schema
from watchdog.store.store import Store

NOW = 1_790_000_000.0
SEND_LIMIT = 60.0


class Channel:
    """Takes alerts slowly: while ``open`` is not set, it keeps whoever sends waiting."""

    name = "hook"
    resend_every = None

    def __init__(self, *script):
        self.script = list(script)
        self.open, self.asked = asyncio.Event(), asyncio.Event()
        self.taken = []

    async def send(self, alerts, now):
        del now
        self.asked.set()
        await self.open.wait()
        if self.script:
            raise self.script.pop(0)
        self.taken += [f"{alert.labels['metric']} {alert.state}" for alert in alerts]

    async def aclose(self):
        pass


@pytest.fixture
def store(database_url):
    opened = Store(database_url)
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def loop(database_url, clock, store):
    """A delivery loop as another process has it, with a connection of its own."""
    stores = []

    def loop(channel):
        stores.append(Store(database_url))
        return DeliveryLoop([channel], StoreOutbox(stores[-1]), clock, rng=Random(1), send_limit=SEND_LIMIT)

    yield loop
    for each in stores:
        each.close()


def queue(store, metric, state=AlertState.FIRING):
    labels = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "metric": metric}
    over = NOW if state is AlertState.RESOLVED else None
    alert = Alert(
        fingerprint=digest(labels), labels=labels, annotations={}, state=state, starts_at=NOW - 60, updated_at=NOW,
        fired_at=NOW - 60, resolved_at=over,
    )  # fmt: skip
    with store.begin() as session:
        step = Transition(alert=alert, before=AlertState.PENDING, reason=Reason.HELD, at=NOW - 1)
        session.alerts.save("reply", [step], ["hook"])


def claimed_by(store, holder, until):
    with store._engine.begin() as connection:
        connection.execute(schema.outbox.update().values(claimed_by=holder, claimed_until=until))


async def test_what_one_process_sends_no_other_sends_beside_it(store, loop):
    channel = Channel()
    for metric in "abc":
        queue(store, metric)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(loop(channel).tick())
        await channel.asked.wait()
        other = tasks.create_task(loop(channel).tick())  # takes what the first one has not begun to send
        channel.open.set()
        await other
    assert sorted(channel.taken) == ["a firing", "b firing", "c firing"]


async def test_while_a_row_is_sent_another_process_finds_nothing_to_do(store, loop):
    slow, other = Channel(), Channel()
    other.open.set()
    queue(store, "a")
    sending = asyncio.create_task(loop(slow).tick())
    await slow.asked.wait()
    await loop(other).tick()
    slow.open.set()
    await sending
    assert (slow.taken, other.taken) == (["a firing"], [])


async def test_what_failed_is_anybodys_again(store, loop, clock):
    failing, other = Channel(DeliveryError("503", retryable=True)), Channel()
    failing.open.set()
    other.open.set()
    queue(store, "a")
    await loop(failing).tick()
    clock.advance(2)
    await loop(other).tick()
    assert (failing.taken, other.taken) == ([], ["a firing"])


async def test_the_claim_of_a_process_that_was_killed_here_holds_nobody_up(store, loop):
    with subprocess.Popen([sys.executable, "-c", ""]) as over:
        over.wait()
    channel = Channel()
    channel.open.set()
    queue(store, "a")
    claimed_by(store, f"{socket.gethostname()}:{over.pid}:1", NOW + 1000)
    await loop(channel).tick()
    assert channel.taken == ["a firing"]


async def test_the_claim_of_a_process_on_another_machine_ends_with_its_lease(store, loop, clock):
    channel = Channel()
    channel.open.set()
    queue(store, "a")
    claimed_by(store, "another-machine:1:1", NOW + SEND_LIMIT + SETTLING)
    delivery = loop(channel)
    clock.advance(SEND_LIMIT + SETTLING - 1)
    await delivery.tick()
    assert channel.taken == []
    clock.advance(2)
    await delivery.tick()
    assert channel.taken == ["a firing"]
