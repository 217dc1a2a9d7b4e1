"""The delivery loop's durable state, over the store, and what silences hold back of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from watchdog.alert.hush import Hush, Verdict, hush
from watchdog.app.dead_letters import tell_of_dead_letters
from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.silence import Silence
from watchdog.notify.delivery import Delivery
from watchdog.store.alerting import Waiting
from watchdog.store.store import Session, Store


class StoreOutbox:
    """What ``watchdog.notify.delivery.Outbox`` asks for, each call one short transaction."""

    def __init__(
        self,
        store: Store,
        channels: Sequence[str] = (),
        standbys: Collection[str] = (),
        runbook_base_url: str = "",
    ) -> None:
        """``channels``: names of those that are told when one of them was not.

        ``standbys``: those of them that take what they are sent and tell it only in another's place: no silence is too
        late for what they took. ``runbook_base_url``: as in watchdog.yaml.
        """
        self._store = store
        self._channels = tuple(channels)
        self._standbys = frozenset(standbys)
        self._runbook_base_url = runbook_base_url

    def live_alerts(self, channel: str, now: float, keep_resolved_seconds: float) -> Sequence[Alert]:
        """Firing alerts, and those freshly resolved. What a receiver knows already stays, or it would seem resolved."""
        with self._store.read() as session:
            live = session.alerts.live(now, keep_resolved_seconds)
            firing = {alert.id: alert.fired_at or alert.starts_at for alert in live if alert.resolved_at is None}
            silences = session.silences.ending_after(min(firing.values(), default=now))
            again = channel in self._standbys
            at_it = session.silences.acknowledged(firing) if again else {}
            if not silences and not at_it:
                return live
            told = set() if again else session.outbox.told(channel, firing)
        return [
            alert
            for alert in live
            if hush(
                alert,
                silences,
                now,
                decided_at=firing.get(alert.id, now),
                told=alert.id in told,
                acknowledged=alert.id in at_it,
                channel=channel,
            ).leaves
        ]

    def due(self, channel: str, now: float, limit: int) -> Sequence[Delivery]:
        """What waits to be delivered on a channel, and may. What was over before its silence was, is forgotten."""
        with self._store.read() as session:
            rows = session.outbox.due(channel, now, limit)
            silences = session.silences.ending_after(rows[0].at) if rows else []
            if silences:  # what they hold back must not crowd out what may leave
                rows = session.outbox.due(channel, now)
            verdicts = [(row, *_verdict(session, row, silences, now, channel)) for row in rows]
        over = [row for row, _, verdict in verdicts if verdict.reason is Hush.NEVER]
        if over:
            with self._store.begin() as session:
                told = session.outbox.told(channel, {row.alert.id for row in over})
                session.outbox.forget(channel, {row.alert.id for row in over} - told)
                session.outbox.withdraw(channel, [row.id for row in over])  # what it knows of, it must see end
        return [
            Delivery(id=row.id, channel=channel, alert=alert, attempts=row.attempts, unconfirmed=row.unconfirmed)
            for row, alert, verdict in verdicts
            if verdict.leaves
        ][:limit]

    def claim(self, channel: str, deliveries: Sequence[Delivery], now: float, seconds: float) -> Sequence[Delivery]:
        """Those that nobody else sends: ours for so long."""
        with self._store.begin() as session:
            ours = session.outbox.claim(channel, [delivery.id for delivery in deliveries], now, seconds)
        return [delivery for delivery in deliveries if delivery.id in ours]

    def unsettled(self, channel: str) -> set[str]:
        """Alerts of which the channel has yet to be told something."""
        with self._store.read() as session:
            return session.outbox.unsettled(channel)

    def sending(self, channel: str, deliveries: Sequence[Delivery]) -> None:
        """They are about to be sent."""
        with self._store.begin() as session:
            session.outbox.sending(channel, [delivery.id for delivery in deliveries])

    def delivered(self, delivery: Delivery, now: float) -> None:
        """The channel took it."""
        with self._store.begin() as session:
            session.outbox.delivered(delivery.id, delivery.channel, now)

    def failed(self, delivery: Delivery, now: float, error: str, retry_at: float | None) -> None:
        """The channel did not take it."""
        with self._store.begin() as session:
            session.outbox.failed(delivery.id, delivery.channel, error, retry_at)
            if retry_at is None:
                tell_of_dead_letters(session, self._channels, now, self._runbook_base_url)


def to_be_sent(session: Session, now: float) -> list[Waiting]:
    """What waits to be delivered on any channel, but for what silences hold back; oldest first."""
    waiting = session.outbox.waiting()
    if not waiting:
        return []
    silences = session.silences.ending_after(waiting[0][1].at)
    return [row for channel, row in waiting if _verdict(session, row, silences, now, channel)[1].leaves]


def _verdict(
    session: Session, row: Waiting, silences: Iterable[Silence], now: float, channel: str
) -> tuple[Alert, Verdict]:
    """The alert as it is to be told, and whether it is."""
    verdict = hush(row.alert, silences, now, decided_at=row.at, channel=channel)
    if verdict.silence is None:
        return row.alert, verdict
    current = session.alerts.get(row.alert.id) or row.alert
    incident = session.alerts.incident(row.alert.incident_id)  # people's channels are told of it, not of an alert
    over = AlertState.RESOLVED is current.state or (current is row.alert and incident is not None and incident.over)
    verdict = hush(row.alert, silences, now, decided_at=row.at, over=over, channel=channel)
    if verdict.silence is None or verdict.reason is not Hush.AFTERWARDS:
        return row.alert, verdict
    # Told late, so told as it is by now, and with the reason for being late.
    return replace(current, annotations={**current.annotations, "held_back": verdict.silence.said}), verdict
