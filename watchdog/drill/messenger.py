"""Sends a drill's alert through the real channels, times each, and closes what was opened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from random import Random

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.drill import Told
from watchdog.drill.outbox import DrillOutbox
from watchdog.errors import DeliveryError
from watchdog.notify.abilities import Forgetful, Relays, Selective, Standby
from watchdog.notify.delivery import DeliveryLoop
from watchdog.protocols import Clock, Notifier

#: What is wrong with a receiver that took an alert and sat on it.
TO_NOBODY = "passed it on to nobody"
#: Seconds between two rounds.
_ROUND = 0.25
#: Seconds after its turn for which an alert is left to a receiver that does not say whether it passed it on.
_UNSAID = 2.0


class OutOfReach:
    """A channel that nobody reaches until it is said to be back; it forgets nothing meanwhile."""

    def __init__(self, inner: Notifier) -> None:
        self._inner = inner
        self.back = False

    @property
    def name(self) -> str:
        """The channel's own."""
        return self._inner.name

    @property
    def resend_every(self) -> timedelta | None:
        """The channel's own."""
        return self._inner.resend_every

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Deliver once it is back; DeliveryError(retryable) before."""
        if not self.back:
            raise DeliveryError("a drill keeps it out of reach", retryable=True)
        await self._inner.send(alerts, now)

    async def forgotten(self, alerts: Sequence[Alert]) -> frozenset[str]:
        """What the channel says once it is back."""
        if self.back and isinstance(self._inner, Forgetful):
            return await self._inner.forgotten(alerts)
        return frozenset()

    async def receivers(self, alert: Alert) -> tuple[str, ...]:
        """What the channel says."""
        return await self._inner.receivers(alert) if isinstance(self._inner, Relays) else ()

    async def passed_on(self) -> Mapping[str, float]:
        """What the channel says."""
        return await self._inner.passed_on() if isinstance(self._inner, Relays) else {}

    async def aclose(self) -> None:
        """The channel is closed by whoever opened it."""


class Messenger:
    """The delivery loop over a shadow, round by round."""

    def __init__(
        self,
        notifiers: Sequence[Notifier],
        outbox: DrillOutbox,
        clock: Clock,
        rng: Random,
        waits: Mapping[str, float],
    ) -> None:
        """``clock``: of the real world. ``waits``: seconds for which a receiver keeps an alert, by channel."""
        self._clock = clock
        self._notifiers = notifiers
        self._waits = waits
        #: What such a receiver had passed on when the alert's turn came, and when it passed on more.
        self._before: dict[str, Mapping[str, float]] = {}
        self._passed_on: dict[str, float] = {}
        self._outbox = outbox
        self._loop = DeliveryLoop(notifiers, outbox, clock, rng=rng)
        #: Since when a channel stands in for another, and when it has paged in its place.
        self._standing_in: dict[str, float] = {}
        self._stood_in: dict[str, float] = {}
        self._began = 0.0

    async def tell(self, alert: Alert, limit: float, stop: asyncio.Event) -> bool:
        """Until every channel whose business it is has taken the alert, and passed it on; False when not in time."""
        relays = [one for one in self._notifiers if isinstance(one, Relays)]
        self._before = {one.name: await one.passed_on() for one in relays}
        self._began = self._clock.now()

        async def told() -> bool:
            return all([await self._relayed(one, alert) for one in relays]) and self._told(alert, AlertState.FIRING)

        return await self._rounds(told, limit, stop)

    async def tell_in_place(self, limit: float, stop: asyncio.Event) -> bool:
        """Until a channel has paged in the place of another."""

        async def stood_in() -> bool:
            return bool(self._stood_in)

        return await self._rounds(stood_in, limit, stop)

    async def close(self, alert: Alert, limit: float) -> bool:
        """Until every channel that took the alert has taken its end."""

        async def closed() -> bool:
            return self._told(alert, AlertState.RESOLVED)

        return await self._rounds(closed, limit, asyncio.Event())

    async def report(self, alert: Alert, fired_at: float, closed_at: float | None) -> tuple[Told, ...]:
        """What became of the alert on each channel; times are seconds since it was decided, and since its end was."""
        taken, found = self._outbox.taken, []
        for notifier in self._notifiers:
            name, wants = notifier.name, self._wants(notifier, alert)
            at = taken.get((name, alert.id, AlertState.FIRING)) if wants else self._stood_in.get(name)
            passed_on = self._passed_on.get(name)
            ended = taken.get((name, alert.id, AlertState.RESOLVED))
            found.append(
                Told(
                    channel=name,
                    seconds=None if at is None else max(0.0, at - fired_at),
                    passed_on=None if passed_on is None else max(0.0, passed_on - fired_at),
                    closed=None if ended is None or closed_at is None or at is None else max(0.0, ended - closed_at),
                    note=self._why(notifier, stood_in=at is not None) if not wants else self._trouble(name, at),
                    wanted=wants or at is not None,
                )
            )
        return tuple(found)

    async def receivers(self, alert: Alert) -> Mapping[str, tuple[str, ...]]:
        """Whom the channels pass a firing alert on to, by channel, where they say."""
        asked = [notifier for notifier in self._notifiers if isinstance(notifier, Relays)]
        answers = await asyncio.gather(*(notifier.receivers(alert) for notifier in asked))
        return {notifier.name: answer for notifier, answer in zip(asked, answers, strict=True) if answer}

    async def _relayed(self, notifier: Relays, alert: Alert) -> bool:
        """Whether a receiver has passed the alert on, as far as its counts tell.

        It counts all that it passes on, so what counts is what it does when the alert's turn has come: after we began
        to send, and as long after the alert began as it keeps alerts.
        """
        name = notifier.name
        at = self._outbox.taken.get((name, alert.id, AlertState.FIRING))
        if at is None or name in self._passed_on:
            return name in self._passed_on
        counts = await notifier.passed_on()
        # An alert that began long ago has waited already.
        now, turn = self._clock.now(), max(self._began, alert.starts_at + self._waits.get(name, 0.0))
        if not counts or not self._before.get(name):  # it does not say: a little later it is taken for granted
            return now > turn + _UNSAID
        if now < turn:
            self._before[name] = counts
        elif any(count > self._before[name].get(place, 0.0) for place, count in counts.items()):
            self._passed_on[name] = now
        return name in self._passed_on

    def _trouble(self, name: str, at: float | None) -> str:
        if at is not None and self._before.get(name) and name not in self._passed_on:
            return TO_NOBODY
        return self._outbox.errors.get(name, "")

    def _told(self, alert: Alert, state: AlertState) -> bool:
        """Whether there is nobody left to tell. A channel that took no beginning is owed no end."""
        taken = self._outbox.taken
        wanted = [notifier.name for notifier in self._notifiers if self._wants(notifier, alert)]
        wanted += [name for name in self._stood_in if state is AlertState.RESOLVED]
        if state is AlertState.RESOLVED:
            wanted = [name for name in wanted if name in self._stood_in or (name, alert.id, AlertState.FIRING) in taken]
        return all((name, alert.id, state) in taken for name in wanted)

    @staticmethod
    def _wants(notifier: Notifier, alert: Alert) -> bool:
        """Whether the alert is the channel's business while all others work."""
        if isinstance(notifier, Standby) and notifier.stands_in_for:
            return False
        return notifier.wants(alert) if isinstance(notifier, Selective) else True

    async def _rounds(self, done: Callable[[], Awaitable[bool]], limit: float, stop: asyncio.Event) -> bool:
        deadline = self._clock.monotonic() + limit
        while True:
            now = self._clock.now()
            await self._loop.tick()
            for notifier in self._notifiers:
                if isinstance(notifier, Standby) and notifier.standing_in:
                    since = self._standing_in.setdefault(notifier.name, now)
                    success = self._loop.health[notifier.name].last_success
                    if success is not None and success >= since:
                        self._stood_in.setdefault(notifier.name, success)
            if await done():
                return True
            if stop.is_set() or self._clock.monotonic() >= deadline:
                return False
            await self._clock.sleep(_ROUND)

    @staticmethod
    def _why(notifier: Notifier, *, stood_in: bool) -> str:
        """Why a channel was not told."""
        if isinstance(notifier, Standby) and notifier.stands_in_for:
            return f"{'in the place of' if stood_in else 'stands by for'} {notifier.stands_in_for}"
        return "takes no such alert"
