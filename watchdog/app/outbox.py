"""The delivery loop's durable state, over the store."""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.app.dead_letters import tell_of_dead_letters
from watchdog.domain.alert import Alert
from watchdog.notify.delivery import Delivery
from watchdog.store.store import Store


class StoreOutbox:
    """What ``watchdog.notify.delivery.Outbox`` asks for, each call one short transaction."""

    def __init__(self, store: Store, channels: Sequence[str] = ()) -> None:
        """``channels``: names of those that are told when one of them was not."""
        self._store = store
        self._channels = tuple(channels)

    def live_alerts(self, now: float, keep_resolved_seconds: float) -> Sequence[Alert]:
        """Firing alerts, and those freshly resolved."""
        with self._store.read() as session:
            return session.alerts.live(now, keep_resolved_seconds)

    def due(self, channel: str, now: float, limit: int) -> Sequence[Delivery]:
        """What waits to be delivered on a channel."""
        with self._store.read() as session:
            return [
                Delivery(id=row_id, channel=channel, alert=alert, attempts=attempts)
                for row_id, alert, attempts in session.outbox.due(channel, now, limit)
            ]

    def delivered(self, delivery: Delivery, now: float) -> None:
        """The channel took it."""
        with self._store.begin() as session:
            session.outbox.delivered(delivery.id, delivery.channel, now)

    def failed(self, delivery: Delivery, now: float, error: str, retry_at: float | None) -> None:
        """The channel did not take it."""
        with self._store.begin() as session:
            session.outbox.failed(delivery.id, delivery.channel, error, retry_at)
            if retry_at is None:
                tell_of_dead_letters(session, self._channels, now)
