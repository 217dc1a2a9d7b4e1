"""What leaves the house in a drill: the shadow's alerts, marked as a drill's, on the time of the real world."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.digest import digest
from watchdog.domain.drill import DRILL, TRUE
from watchdog.notify.delivery import Delivery
from watchdog.store.store import Store

#: What the summary of every alert of a drill begins with.
PREFIX = "DRILL, nothing is wrong: "


def marked(alert: Alert, shift: float = 0.0) -> Alert:
    """The alert as a drill's: another identity, and its times ``shift`` seconds later."""
    labels = {**alert.labels, DRILL: TRUE}
    said = alert.annotations.get("summary", alert.labels.get("alertname", "an alert"))
    return replace(
        alert,
        labels=labels,
        fingerprint=digest(labels),
        annotations={**alert.annotations, "summary": f"{PREFIX}{said}"},
        starts_at=alert.starts_at + shift,
        updated_at=alert.updated_at + shift,
        fired_at=None if alert.fired_at is None else alert.fired_at + shift,
        resolved_at=None if alert.resolved_at is None else alert.resolved_at + shift,
    )


class DrillOutbox:
    """The delivery loop's durable state, over the shadow's store. Nothing in it leaves without the mark of a drill."""

    def __init__(self, store: Store, shift: float) -> None:
        """``shift``: seconds by which the real world is ahead of the shadow."""
        self._store = store
        self._shift = shift
        #: When each channel took what, and why it did not; by channel and the state that was told. Real Unix times.
        self.taken: dict[tuple[str, str, AlertState], float] = {}
        self.errors: dict[str, str] = {}

    def live_alerts(self, channel: str, now: float, keep_resolved_seconds: float) -> Sequence[Alert]:
        """Firing alerts, and those freshly resolved; a silence of the house holds back no drill."""
        del channel
        with self._store.read() as session:
            return [marked(one, self._shift) for one in session.alerts.live(now - self._shift, keep_resolved_seconds)]

    def due(self, channel: str, now: float, limit: int) -> Sequence[Delivery]:
        """What waits to be delivered on a channel."""
        with self._store.read() as session:
            return [
                Delivery(id=row.id, channel=channel, alert=marked(row.alert, self._shift), attempts=row.attempts)
                for row in session.outbox.due(channel, now - self._shift, limit)
            ]

    def claim(self, channel: str, deliveries: Sequence[Delivery], now: float, seconds: float) -> Sequence[Delivery]:
        """All of them: nobody else knows of the shadow."""
        del channel, now, seconds
        return deliveries

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
        self.taken.setdefault((delivery.channel, delivery.alert.id, delivery.alert.state), now)
        self.errors.pop(delivery.channel, None)
        with self._store.begin() as session:
            session.outbox.delivered(delivery.id, delivery.channel, now - self._shift)

    def failed(self, delivery: Delivery, now: float, error: str, retry_at: float | None) -> None:
        """The channel did not take it."""
        del now
        self.errors[delivery.channel] = error
        again = None if retry_at is None else retry_at - self._shift
        with self._store.begin() as session:
            session.outbox.failed(delivery.id, delivery.channel, error, again)
