"""Alerts of the house itself: they belong to no watch, and one kind of claim knows nothing of the others."""

from __future__ import annotations

from watchdog.alert.rehearsal import OVERDUE, drills_overdue
from watchdog.alert.stage import reconcile
from watchdog.domain.alert import Alert
from watchdog.domain.drill import DrillPlan
from watchdog.pipeline.news import Channels
from watchdog.store.store import Session

#: No watch has an empty name.
HOUSE = ""


def open_alerts(session: Session, name: str) -> list[Alert]:
    """The open alerts of the house of that alertname."""
    return [alert for alert in session.alerts.open(HOUSE) if alert.labels.get("alertname") == name]


def tell_of_drills(session: Session, plan: DrillPlan | None, channels: Channels, now: float) -> None:
    """Decide whether a drill is overdue."""
    known = open_alerts(session, OVERDUE)
    kinds = [alert.labels.get("kind", "") for alert in known]
    claims = drills_overdue(plan, session.drills.passed(), session.runs.first_planned(), now, kinds)
    session.alerts.save(HOUSE, reconcile(claims, known, now), channels.alerts)
