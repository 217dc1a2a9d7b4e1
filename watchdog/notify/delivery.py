"""The delivery loop: what was decided leaves the house, over durable state, each channel for itself.

Deciding writes rows, delivering works them off: a crash between the two loses nothing. A channel that is slow or dead
holds up no other. There are two kinds of channel:

- *once per transition* (webhook, stdout): each outbox row is sent until it is taken or refused for good;
- *re-sent* (Alertmanager, which forgets): all live alerts go out again and again, and an outbox row only means
  "now rather than at the next re-send".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState
from watchdog.errors import DeliveryError, WatchdogError
from watchdog.notify.abilities import Forgetful, Standby
from watchdog.protocols import Clock, Notifier
from watchdog.text.log import Log

_log = Log(__name__)

#: Seconds for which a resolved alert is still re-sent, so that a receiver which was down learns of it (as Prometheus).
KEEP_RESOLVED = 900.0
#: Longest wait between two attempts, seconds.
BACKOFF_CAP = 300.0
#: Attempts after which a row is given up: about three days at the longest wait.
MAX_ATTEMPTS = 900
#: Re-send intervals for which a receiver that forgot a firing alert is told of it again before it is told of the end.
REMIND_INTERVALS = 4
#: Seconds beyond the limit of a send for which a row is left to its sender, who has yet to write down how it went.
SETTLING = 30.0
#: Rows worked off in one round: one call each, or (re-sent channels) one call for all.
BATCH = 100
RESEND_BATCH = 10_000


class Delivery(Struct, frozen=True, kw_only=True):
    """A transition on its way to one channel."""

    #: ``Transition.id``: the same over retries; unique together with the channel.
    id: str
    channel: str
    #: The alert as it was when the transition was decided.
    alert: Alert
    #: Attempts that failed so far.
    attempts: int = 0
    #: Whether it was being sent when a process ended: the channel may have taken it.
    unconfirmed: bool = False


class Outbox(Protocol):
    """What the loop asks of durable state. Called in worker threads."""

    def live_alerts(self, channel: str, now: float, keep_resolved_seconds: float) -> Sequence[Alert]:
        """Firing alerts, and those resolved after firing at most ``keep_resolved_seconds`` ago.

        Without those that a silence holds back from the channel.
        """

    def due(self, channel: str, now: float, limit: int) -> Sequence[Delivery]:
        """Unfinished deliveries whose time has come and which no silence holds back, the longest due first.

        Without those that another process sends just now.

        Never one whose alert has an older unfinished delivery on that channel: *resolved* may not overtake *firing*.
        """

    def claim(self, channel: str, deliveries: Sequence[Delivery], now: float, seconds: float) -> Sequence[Delivery]:
        """Those that are still to be sent and that nobody sends: ours for so many seconds, or until they are settled.

        Several processes work off the same rows: ``serve``, and a ``run`` beside it.
        """

    def unsettled(self, channel: str) -> set[str]:
        """Ids of the alerts of which the channel has yet to be told something, now or later."""

    def sending(self, channel: str, deliveries: Sequence[Delivery]) -> None:
        """They are about to be sent: whoever finds them unfinished knows that the channel may have taken them."""

    def delivered(self, delivery: Delivery, now: float) -> None:
        """The channel took it."""

    def failed(self, delivery: Delivery, now: float, error: str, retry_at: float | None) -> None:
        """The channel did not take it: due again at ``retry_at``, or given up for good (kept, listed) when None."""


class ChannelHealth(Struct, frozen=True, kw_only=True):
    """How a channel is doing, for /metrics and /readyz."""

    #: Unix time of the last time the channel took something; None when it never did since the start.
    last_success: float | None = None
    #: Alerts taken, times the channel failed, and deliveries given up for good, since the start.
    sent: int = 0
    failures: int = 0
    dead: int = 0
    #: Why it failed last; empty once it works again.
    error: str = ""


@dataclass(slots=True, kw_only=True)
class _Channel:
    notifier: Notifier
    health: ChannelHealth
    #: Times it failed in a row, and the monotonic time since when it takes nothing.
    failing: int = 0
    failing_since: float | None = None
    #: Monotonic times before which nothing is sent, and at which live alerts are due again.
    paused_until: float = float("-inf")
    resend_at: float = float("-inf")
    #: Monotonic time until which a resolved alert is sent as firing once more, by id.
    reminding: dict[str, float] = field(default_factory=dict)


def backoff(attempts: int, rng: Random, cap: float = BACKOFF_CAP) -> float:
    """Seconds to wait after that many failed attempts: 1, 2, 4, ... up to ``cap``, of which a random half."""
    ceiling = min(cap, 2.0 ** min(max(attempts - 1, 0), 30))
    return ceiling * rng.uniform(0.5, 1.0)


class DeliveryLoop:
    """Delivers what the outbox holds.

    ``heartbeat`` gives the always-firing alert that goes along with every re-send; it may answer None when the daemon
    itself is not well, so that the dead man's switch notices. ``rng`` spreads retries. In seconds: ``poll``, how often
    the outbox is looked at; ``keep_resolved``, how long resolved alerts are re-sent; ``send_limit``, after which a
    notifier that does not come back is given up for the round. The loop owns none of its parts.
    """

    def __init__(
        self,
        notifiers: Sequence[Notifier],
        outbox: Outbox,
        clock: Clock,
        heartbeat: Callable[[], Alert | None] | None = None,
        *,
        rng: Random,
        poll: float = 1.0,
        keep_resolved: float = KEEP_RESOLVED,
        send_limit: float = 60.0,
    ) -> None:
        self._channels = [_Channel(notifier=notifier, health=ChannelHealth()) for notifier in notifiers]
        self._outbox = outbox
        self._clock = clock
        self._heartbeat = heartbeat
        self._rng = rng
        self._poll = poll
        self._keep_resolved = keep_resolved
        self._send_limit = send_limit

    @property
    def health(self) -> Mapping[str, ChannelHealth]:
        """How each channel is doing, by name."""
        return {channel.notifier.name: channel.health for channel in self._channels}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set, and what is due then once more.

        Waiting is in real time whatever the clock says: a clock that is moved by hand must not be moved by this loop.
        """
        async with asyncio.TaskGroup() as tasks:
            for channel in self._channels:
                tasks.create_task(self._work(channel, stop))

    async def tick(self) -> None:
        """One round of every channel, side by side. Errors of the outbox are the caller's."""
        await asyncio.gather(*(self._round(channel) for channel in self._channels))

    async def _work(self, channel: _Channel, stop: asyncio.Event) -> None:
        while True:
            last = stop.is_set()
            try:
                await self._round(channel)
            except WatchdogError as error:  # a locked database, a full disk: it passes
                self._note_failure(channel, str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end delivery for ever
                _log.exception("delivery stumbled", action="delivery-bug", channel=channel.notifier.name)
                self._note_failure(channel, type(error).__name__)
            if last:
                return
            try:
                async with asyncio.timeout(self._poll):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _round(self, channel: _Channel) -> None:
        if self._clock.monotonic() < channel.paused_until:
            return
        self._tell_of_primary(channel)
        every = channel.notifier.resend_every
        if every is None:
            await self._send_rows(channel)
        elif self._clock.monotonic() >= channel.resend_at or await self._due(channel, 1):
            await self._resend(channel, every.total_seconds())

    def _tell_of_primary(self, channel: _Channel) -> None:
        notifier = channel.notifier
        if not isinstance(notifier, Standby) or not notifier.stands_in_for:
            return
        primary = next((one for one in self._channels if one.notifier.name == notifier.stands_in_for), None)
        since = None if primary is None else primary.failing_since
        notifier.primary_fails(0.0 if since is None else self._clock.monotonic() - since)

    async def _due(self, channel: _Channel, limit: int) -> Sequence[Delivery]:
        return await asyncio.to_thread(self._outbox.due, channel.notifier.name, self._clock.now(), limit)

    async def _claim(self, channel: _Channel, due: Sequence[Delivery]) -> Sequence[Delivery]:
        if not due:
            return due
        lease = self._send_limit + SETTLING
        return await asyncio.to_thread(self._outbox.claim, channel.notifier.name, due, self._clock.now(), lease)

    async def _send_rows(self, channel: _Channel) -> None:
        """Send what is due until nothing is: an end becomes due only once its beginning was taken."""
        while due := await self._due(channel, BATCH):
            for delivery in due:
                if not await self._claim(channel, [delivery]):
                    continue
                error = await self._send(channel, [delivery.alert])
                if error is None:
                    await asyncio.to_thread(self._outbox.delivered, delivery, self._clock.now())
                    continue
                attempts = delivery.attempts + 1
                again = error.retryable and attempts < MAX_ATTEMPTS
                wait = max(error.retry_after or 0.0, backoff(attempts, self._rng)) if again else None
                await self._fail(channel, delivery, str(error), wait)
                return  # whatever else is due meets a receiver that had time to recover

    async def _resend(self, channel: _Channel, every: float) -> None:
        """Send all live alerts in one call, and settle the rows that this delivers.

        Live alerts are read before the rows: an end that is decided between the two is seen with its row or not at all.
        """
        name = channel.notifier.name
        live = await asyncio.to_thread(self._outbox.live_alerts, name, self._clock.now(), self._keep_resolved)
        due = await self._claim(channel, await self._due(channel, RESEND_BATCH))
        unsettled = await asyncio.to_thread(self._outbox.unsettled, name)
        now = self._clock.monotonic()
        reminding = {name for name, until in channel.reminding.items() if now < until}
        alerts = _to_tell(live, due, unsettled - reminding)
        ends = [delivery for delivery in due if delivery.alert.state is AlertState.RESOLVED]
        ended = [delivery.alert for delivery in ends]
        # An end that a killed process may have sent is no longer known as firing: to remind of it would page again.
        forgotten = await self._forgotten(channel, [end.alert for end in ends if not end.unconfirmed])
        leaving = [end for end in ends if end.alert.id not in forgotten]
        if leaving:
            await asyncio.to_thread(self._outbox.sending, name, leaving)
        reminding = reminding - {alert.id for alert in ended} | forgotten  # an end that is due and known goes out
        batch = [_as_firing(alert) if name in reminding else alert for name, alert in alerts.items()]
        beat = self._heartbeat() if self._heartbeat else None
        batch += [beat] if beat else []
        error = await self._send(channel, batch, cap=every) if batch else None
        if error is not None and not error.refused:
            channel.resend_at = channel.paused_until
            for delivery in due:  # due again at once: the pause of the channel sets the pace
                await self._fail(channel, delivery, str(error), 0.0)
            return
        now = self._clock.monotonic()
        channel.resend_at = now + every
        channel.reminding = {name: channel.reminding.get(name, now + REMIND_INTERVALS * every) for name in reminding}
        for delivery in due:
            if error is not None and delivery.alert.id in error.refused:
                await self._fail(channel, delivery, str(error), None)
            elif delivery.alert.id in forgotten and delivery.alert.state is AlertState.RESOLVED:
                await self._fail(channel, delivery, "forgotten: told again that it fired", REMIND_INTERVALS * every)
            else:
                await asyncio.to_thread(self._outbox.delivered, delivery, self._clock.now())

    async def _forgotten(self, channel: _Channel, ended: Sequence[Alert]) -> frozenset[str]:
        """Ids of those alerts that the receiver no longer holds as firing."""
        if not ended or not isinstance(channel.notifier, Forgetful):
            return frozenset()
        return await channel.notifier.forgotten(ended)

    async def _send(self, channel: _Channel, alerts: Sequence[Alert], cap: float = BACKOFF_CAP) -> DeliveryError | None:
        error: DeliveryError
        try:
            async with asyncio.timeout(self._send_limit):
                await channel.notifier.send(alerts, self._clock.now())
        except DeliveryError as failure:
            error = failure
        except TimeoutError:
            error = DeliveryError(f"no answer within {self._send_limit:g} s", retryable=True)
        except Exception as failure:  # noqa: BLE001 - somebody else's notifier; its alerts are kept
            error = DeliveryError(f"{type(failure).__name__} in the notifier", retryable=True)
        else:
            self._note_success(channel, len(alerts))
            return None
        if not error.refused and channel.failing_since is None:
            channel.failing_since = self._clock.monotonic()
        if error.refused:
            self._note_success(channel, len(alerts) - len(error.refused))
        self._note_failure(channel, str(error), error.retry_after, cap)
        return error

    async def _fail(self, channel: _Channel, delivery: Delivery, error: str, wait: float | None) -> None:
        """Write down that a row was not delivered; it is due again after ``wait`` seconds, or never when None."""
        now = self._clock.now()
        if wait is None:
            channel.health = replace(channel.health, dead=channel.health.dead + 1)
            _log.error("delivery given up", action="delivery-dead", channel=delivery.channel, id=delivery.id)
        await asyncio.to_thread(self._outbox.failed, delivery, now, error, None if wait is None else now + wait)

    def _note_success(self, channel: _Channel, sent: int) -> None:
        channel.failing = 0
        channel.failing_since = None
        health = channel.health
        channel.health = replace(health, last_success=self._clock.now(), sent=health.sent + sent, error="")

    def _note_failure(
        self,
        channel: _Channel,
        error: str,
        retry_after: float | None = None,
        cap: float = BACKOFF_CAP,
    ) -> None:
        """Count a failure and leave the channel alone for a while."""
        channel.failing += 1
        channel.health = replace(channel.health, failures=channel.health.failures + 1, error=error)
        seconds = min(cap, max(retry_after or 0.0, backoff(channel.failing, self._rng)))
        channel.paused_until = self._clock.monotonic() + seconds
        _log.warning(
            "a channel failed",
            action="delivery-failed",
            channel=channel.notifier.name,
            error=error,
            again_in=round(seconds, 1),
        )


def _to_tell(live: Sequence[Alert], due: Sequence[Delivery], unsettled: set[str]) -> dict[str, Alert]:
    """What a receiver that forgets is told in one call, by id: what is due, and what is live as it is by now.

    An end goes out with its own row. Told ahead of it, the receiver would no longer know the alert when the row's turn
    comes, and be reminded of what it has seen end. Nor does an end overtake a beginning that is due.
    """
    rows: dict[str, Alert] = {}
    for alert in (delivery.alert for delivery in due):
        if alert.id not in rows or alert.state is AlertState.RESOLVED:
            rows[alert.id] = alert
    ahead = {alert.id for alert in live if alert.state is AlertState.RESOLVED and alert.id in unsettled}
    newest = {
        alert.id: alert
        for alert in live
        if (alert.state is rows[alert.id].state if alert.id in rows else alert.id not in ahead)
    }
    return rows | newest


def _as_firing(alert: Alert) -> Alert:
    return replace(alert, state=AlertState.FIRING, resolved_at=None)
