"""What people say about alerts, kept and shown: acknowledgements and silences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from watchdog.alert.hush import standing
from watchdog.domain.alert import Alert
from watchdog.domain.silence import Acknowledgement
from watchdog.store.store import Session


def said_about(session: Session, alerts: Iterable[Alert], now: float) -> dict[str, dict[str, str]]:
    """``silenced`` and ``acknowledged`` of alerts in words, by the alert's id; neither when nobody said anything."""
    listed = list(alerts)
    silences = session.silences.ending_after(now)
    acknowledged = session.silences.acknowledged([alert.id for alert in listed])
    found: dict[str, dict[str, str]] = {}
    for alert in listed:
        words = found.setdefault(alert.id, {})
        silence = standing(alert, silences, now, now) if alert.resolved_at is None else None
        if silence is not None:
            words["silenced"] = silence.said
        if alert.id in acknowledged:
            words["acknowledged"] = _words(acknowledged[alert.id])
    return found


def acknowledge(session: Session, alert: Alert, said: Acknowledgement) -> bool:
    """Keep who is at an alert, and write it into its incident; False when somebody was already."""
    if not session.silences.acknowledge(said):
        return False
    line = f"{_moment(said.at)} {alert.labels.get('alertname', 'an alert')} is acknowledged {_words(said, at=False)}"
    session.alerts.lock()
    incident = session.alerts.incident(alert.incident_id)
    if incident is not None:
        session.alerts.save_incidents([replace(incident, timeline=(*incident.timeline, line))])
    return True


def _words(said: Acknowledgement, *, at: bool = True) -> str:
    where = f" in {said.source}" if said.source else ""
    return f"by {said.by}{where}" + (f", {_moment(said.at)}" if at else "")


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
