from __future__ import annotations

import asyncio
from random import Random

import pytest

from watchdog.clock import ManualClock
from watchdog.domain.alert import Alert, AlertState, Reason, Transition
from watchdog.drill.messenger import Messenger, OutOfReach
from watchdog.drill.outbox import DrillOutbox, marked
from watchdog.errors import DeliveryError
from watchdog.store.store import Store

NEVER = asyncio.Event()


class Channel:
    """Takes what it is sent after some time."""

    resend_every = None

    def __init__(self, clock, name="chat", takes=0.0, severities=("page",), refuses=False):
        self.name, self._clock, self._takes, self._severities = name, clock, takes, severities
        self.sent, self.refuses = [], refuses

    def wants(self, alert):
        return alert.labels["severity"] in self._severities

    async def send(self, alerts, now):
        self._clock.advance(self._takes)
        if self.refuses:
            raise DeliveryError("503", retryable=True)
        self.sent += [(alert.labels["alertname"], alert.state) for alert in alerts]

    async def aclose(self):
        """Nothing to give up."""


class Relay(Channel):
    """Passes an alert on so many seconds after it took it; ``None`` never does. May not say."""

    def __init__(self, clock, passes=1.0, says=True, **more):
        super().__init__(clock, name="relay", **more)
        self._passes, self._says, self._at = passes, says, None

    async def send(self, alerts, now):
        await super().send(alerts, now)
        had = self._clock.now() - self._takes  # before it answered
        waited = had - alerts[0].starts_at
        self._at = self._at or had - min(waited, self._passes or 0.0)

    async def receivers(self, alert):
        return ("pager",)

    async def passed_on(self):
        if not self._says:
            return {}
        over = self._at is not None and self._passes is not None and self._clock.now() >= self._at + self._passes
        return {"pagerduty": 7.0 + over}


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def alert(clock):
    labels = {"alertname": "EvalDrift", "watch": "reply", "severity": "page"}
    now = clock.now()
    return Alert(
        fingerprint="f", labels=labels, annotations={}, state=AlertState.FIRING, starts_at=now, updated_at=now,
        fired_at=now,
    )  # fmt: skip


@pytest.fixture
def outbox(tmp_path, alert):
    store = Store(f"sqlite:///{tmp_path / 'shadow.db'}")
    store.prepare()
    with store.begin() as session:
        step = Transition(alert=alert, before=None, reason=Reason.HELD, at=alert.starts_at)
        session.alerts.save("reply", [step], ["chat", "relay"])
    yield DrillOutbox(store, 0.0)
    store.close()


async def told(messenger, alert, clock, limit=30.0):
    fired_at = clock.now()
    arrived = await messenger.tell(marked(alert), limit, NEVER)
    return arrived, await messenger.report(marked(alert), fired_at, None)


async def test_each_channel_is_timed_until_it_took_the_alert(clock, alert, outbox):
    messenger = Messenger([Channel(clock, takes=2.0)], outbox, clock, Random(1), {})
    arrived, [one] = await told(messenger, alert, clock)
    assert arrived
    assert one.seconds == pytest.approx(2.0)
    assert one.note == ""


async def test_a_channel_whose_business_it_is_not_is_not_waited_for(clock, alert, outbox):
    messenger = Messenger([Channel(clock, severities=("sev1",), refuses=True)], outbox, clock, Random(1), {})
    arrived, [one] = await told(messenger, alert, clock)
    assert arrived
    assert (one.wanted, one.note) == (False, "takes no such alert")


async def test_a_channel_that_takes_nothing_is_waited_for_in_vain(clock, alert, outbox):
    messenger = Messenger([Channel(clock, refuses=True)], outbox, clock, Random(1), {})
    arrived, [one] = await told(messenger, alert, clock)
    assert not arrived
    assert (one.seconds, one.note) == (None, "503")


@pytest.mark.parametrize("takes", [0.0, 5.0], ids=["prompt", "so slow that it was passed on before it is asked"])
async def test_a_relay_is_timed_until_it_passed_the_alert_on(clock, alert, outbox, takes):
    messenger = Messenger([Relay(clock, passes=1.0, takes=takes)], outbox, clock, Random(1), {"relay": 1.0})
    arrived, [one] = await told(messenger, alert, clock)
    assert arrived
    assert max(1.0, takes) <= one.passed_on <= max(1.0, takes) + 0.5
    assert one.reached == one.passed_on
    assert await messenger.receivers(marked(alert)) == {"relay": ("pager",)}


async def test_a_relay_does_not_keep_what_began_long_ago(clock, alert, outbox):
    clock.advance(120.0)
    messenger = Messenger([Relay(clock, passes=30.0)], outbox, clock, Random(1), {"relay": 30.0})
    arrived, [one] = await told(messenger, alert, clock)
    assert arrived
    assert one.passed_on < 1.0


async def test_a_relay_that_tells_nobody_is_a_page_that_did_not_arrive(clock, alert, outbox):
    messenger = Messenger([Relay(clock, passes=None)], outbox, clock, Random(1), {"relay": 1.0})
    arrived, [one] = await told(messenger, alert, clock)
    assert not arrived
    assert one.seconds is not None
    assert one.note == "passed it on to nobody"


async def test_a_relay_that_does_not_say_is_believed_a_little_after_its_turn(clock, alert, outbox):
    messenger = Messenger([Relay(clock, says=False)], outbox, clock, Random(1), {"relay": 10.0})
    began = clock.now()
    arrived, [one] = await told(messenger, alert, clock)
    assert arrived
    assert clock.now() - began > 12.0
    assert one.passed_on is None


async def test_what_is_out_of_reach_takes_nothing_until_it_is_back(clock, alert, outbox):
    inner = Relay(clock)
    shut = OutOfReach(inner)
    messenger = Messenger([shut], outbox, clock, Random(1), {"relay": 1.0})
    arrived, [one] = await told(messenger, alert, clock, limit=5.0)
    assert (arrived, one.seconds, inner.sent) == (False, None, [])
    shut.back = True
    arrived, [one] = await told(messenger, alert, clock)
    assert arrived
    assert inner.sent == [("EvalDrift", AlertState.FIRING)]
