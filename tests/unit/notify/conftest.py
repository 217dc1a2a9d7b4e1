from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState, Cause, Reason
from watchdog.domain.digest import digest
from watchdog.errors import DeliveryError
from watchdog.notify.delivery import Delivery

NOW = 1_790_000_000.0


def alert_of(metric: str = "is-json", state: AlertState = AlertState.FIRING, **more: Any) -> Alert:
    labels: Mapping[str, str] = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "metric": metric}
    labels = more.pop("labels", labels)
    values: dict[str, Any] = {
        "fingerprint": digest(dict(labels)),
        "labels": labels,
        "annotations": {"summary": "support: is-json is 7.2 points worse", "next_command": "eval-watchdog scores"},
        "state": state,
        "starts_at": NOW - 60,
        "updated_at": NOW,
        "fired_at": NOW - 60,
        "resolved_at": NOW if state is AlertState.RESOLVED else None,
        "reason": Reason.HELD,
        "cause": Cause.PROVIDER_MODEL,
    }
    return Alert(**{**values, **more})


class MemoryOutbox:
    """Durable state without durability, with the promises of the protocol."""

    def __init__(self) -> None:
        self.live: list[Alert] = []
        self.rows: dict[tuple[str, str], Delivery] = {}
        self.due_at: dict[tuple[str, str], float] = {}
        self.done: list[tuple[str, str]] = []
        self.dead: list[tuple[str, str, str]] = []
        self.broken: Exception | None = None

    def add(self, channel: str, alert: Alert, due_at: float = NOW) -> Delivery:
        delivery = Delivery(id=f"{alert.id}-{alert.state}", channel=channel, alert=alert)
        self.rows[delivery.id, channel] = delivery
        self.due_at[delivery.id, channel] = due_at
        return delivery

    def live_alerts(self, channel: str, now: float, keep_resolved_seconds: float) -> Sequence[Alert]:
        return [a for a in self.live if a.resolved_at is None or a.resolved_at >= now - keep_resolved_seconds]

    def due(self, channel: str, now: float, limit: int) -> Sequence[Delivery]:
        if self.broken:
            raise self.broken
        waiting: set[str] = set()
        found = []
        for key, delivery in self.rows.items():
            if key[1] != channel:
                continue
            if self.due_at[key] <= now and delivery.alert.id not in waiting:
                found.append((self.due_at[key], delivery))
            waiting.add(delivery.alert.id)
        return [delivery for _, delivery in sorted(found, key=lambda pair: pair[0])][:limit]

    def claim(self, channel: str, deliveries: Sequence[Delivery], now: float, seconds: float) -> Sequence[Delivery]:
        return [one for one in deliveries if (one.id, channel) in self.rows]

    def unsettled(self, channel: str) -> set[str]:
        return {row.alert.id for (_, of), row in self.rows.items() if of == channel}

    def sending(self, channel: str, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.rows[delivery.id, channel] = replace(delivery, unconfirmed=True)

    def delivered(self, delivery: Delivery, now: float) -> None:
        del self.rows[delivery.id, delivery.channel]
        self.done.append((delivery.id, delivery.channel))

    def failed(self, delivery: Delivery, now: float, error: str, retry_at: float | None) -> None:
        key = delivery.id, delivery.channel
        if retry_at is None:
            del self.rows[key]
            self.dead.append((*key, error))
        else:
            self.rows[key] = replace(delivery, attempts=delivery.attempts + 1)
            self.due_at[key] = retry_at


class ScriptedNotifier:
    """Takes alerts, or raises the next error of its script."""

    def __init__(self, name: str, *script: Exception | None, resend_every: float | None = None) -> None:
        self._name = name
        self.script = list(script)
        self._resend_every = resend_every
        self.taken: list[list[str]] = []
        self.calls = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def resend_every(self) -> timedelta | None:
        return None if self._resend_every is None else timedelta(seconds=self._resend_every)

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        self.calls += 1
        outcome = self.script.pop(0) if self.script else None
        if outcome is not None:
            raise outcome
        self.taken.append(
            [f"{alert.labels.get('metric', alert.labels['alertname'])} {alert.state}" for alert in alerts]
        )

    async def aclose(self) -> None:
        return None


class House:
    """What the tests of this folder build with."""

    NOW = NOW
    alert = staticmethod(alert_of)
    Outbox = MemoryOutbox
    Notifier = ScriptedNotifier

    @staticmethod
    def later(retry_after: float | None = None) -> DeliveryError:
        return DeliveryError("503", retryable=True, retry_after=retry_after)

    @staticmethod
    def never(*refused: str) -> DeliveryError:
        return DeliveryError("400", retryable=False, refused=refused)


@pytest.fixture
def house() -> type[House]:
    return House
