"""What the review needs, from the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchdog.domain.alert import Alert, AlertState
from watchdog.noise.review import Facts
from watchdog.store.store import Session


def gather(session: Session) -> Facts:
    """Everything that ever fired, and what became of it. Drills are not among it: they have a store of their own."""
    alerts = [alert for alert in session.alerts.all() if alert.fired_at is not None]
    ids = [alert.id for alert in alerts]
    return Facts(
        alerts=alerts,
        feedback=session.feedback.all(),
        acknowledged=session.silences.acknowledged(ids).keys(),
        told=session.outbox.reached(ids) | told_with_incident(alerts, session.outbox.reached_as_incident()),
        began=session.runs.first_planned(),
    )


def told_with_incident(alerts: Iterable[Alert], taken: Sequence[tuple[float, Alert]]) -> set[str]:
    """Ids of the alerts that people were told of: a channel took their incident, at their severity or a worse one.

    ``taken``: Unix time, and the incident as it was told then. What was over by then is not what they were told of, nor
    does an end tell that anything began.
    """
    begun: dict[str, list[tuple[float, Alert]]] = {}
    for at, incident in taken:
        if incident.state is AlertState.FIRING:
            begun.setdefault(incident.incident_id, []).append((at, incident))
    return {
        alert.id
        for alert in alerts
        if any(
            incident.severity.rank >= alert.severity.rank and (alert.resolved_at is None or at < alert.resolved_at)
            for at, incident in begun.get(alert.incident_id, ())
        )
    }
