"""Standard output: one readable block, or one JSON line, for each transition."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, TextIO

from watchdog.domain.alert import Alert
from watchdog.errors import DeliveryError
from watchdog.notify.wire import harmless, notes, rfc3339, status

#: Annotations shown under the summary, and what they are called.
_LINES = {
    "description": "why",
    "recovery": "recovered",
    "worst_cases": "worst cases",
    "runbook_url": "runbook",
    "next_command": "type next",
    "incident": "incident",
}


class StdoutNotifier:
    """Writes to ``stream`` (standard output when None). ``json``: one object a line, for machines."""

    #: The stream is for tests and other doors, not for watchdog.yaml.
    injected: ClassVar[frozenset[str]] = frozenset({"stream"})

    def __init__(self, *, json: bool = False, stream: TextIO | None = None, name: str = "stdout") -> None:
        self._json = json
        self._stream = stream
        self._name = name

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self._name

    @property
    def resend_every(self) -> timedelta | None:
        """Once per transition."""
        return None

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Write and flush. Raises DeliveryError when nobody reads any more."""
        stream = self._stream or sys.stdout
        write = as_json if self._json else as_text
        try:
            for alert in alerts:
                stream.write(write(alert, now) + "\n")
            stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"standard output is closed ({type(error).__name__})", retryable=False) from None

    async def aclose(self) -> None:
        """Nothing to give up: the stream is not ours."""


def as_json(alert: Alert, now: float) -> str:
    """One line of ASCII JSON, so that no character of a text can reach a terminal as it is."""
    return json.dumps(
        {
            "id": alert.id,
            "status": status(alert),
            "at": rfc3339(now),
            "reason": alert.reason.value,
            "cause": alert.cause.value,
            "starts_at": rfc3339(alert.starts_at),
            "resolved_at": None if alert.resolved_at is None else rfc3339(alert.resolved_at),
            "labels": dict(alert.labels),
            "annotations": notes(alert),
        }
    )


def as_text(alert: Alert, now: float) -> str:
    """A few lines for people, without colour."""
    labels, said = alert.labels, notes(alert)
    title = " ".join(labels[name] for name in ("severity", "alert_type", "alertname") if labels.get(name))
    lines = [f"{status(alert).upper()} {title} at {rfc3339(now)}: {alert.reason}"]
    if summary := said.get("summary"):
        lines.append(f"  {summary}")
    lines += [f"  {word + ':':<13}{said[name]}" for name, word in _LINES.items() if said.get(name)]
    return "\n".join(harmless(line) for line in lines)
