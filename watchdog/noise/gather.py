"""What the review needs, from the store."""

from __future__ import annotations

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
        told=session.outbox.reached(ids),
        began=session.runs.first_planned(),
    )
