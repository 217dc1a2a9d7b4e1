"""Alerts of the house itself: they belong to no watch, and one kind of claim knows nothing of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from watchdog.alert.rehearsal import OVERDUE, drills_overdue
from watchdog.alert.stage import reconcile
from watchdog.domain.alert import Alert, Condition
from watchdog.domain.drill import DrillPlan
from watchdog.pipeline.news import Channels
from watchdog.store.store import Session

#: No watch has an empty name.
HOUSE = ""
#: Where alerts find the pages that come with us, when nobody serves them.
_SHIPPED = "docs/runbooks/"


def open_alerts(session: Session, name: str) -> list[Alert]:
    """The open alerts of the house of that alertname."""
    return [alert for alert in session.alerts.open(HOUSE) if alert.labels.get("alertname") == name]


def linked(claims: Iterable[Condition], runbook_base_url: str) -> list[Condition]:
    """Claims whose runbook is a page that can be opened, where ``serve`` is reached under an address."""
    if not runbook_base_url:
        return list(claims)
    return [replace(claim, annotations=_linked(claim.annotations, runbook_base_url)) for claim in claims]


def _linked(annotations: Mapping[str, str], base: str) -> Mapping[str, str]:
    path = annotations.get("runbook_url", "")
    if not path.startswith(_SHIPPED):
        return annotations
    return {**annotations, "runbook_url": f"{base}/runbooks/{path.removeprefix(_SHIPPED).replace('.md', '')}"}


def tell_of_drills(
    session: Session, plan: DrillPlan | None, channels: Channels, now: float, runbook_base_url: str = ""
) -> None:
    """Decide whether a drill is overdue."""
    known = open_alerts(session, OVERDUE)
    kinds = [alert.labels.get("kind", "") for alert in known]
    claims = drills_overdue(plan, session.drills.passed(), session.runs.first_planned(), now, kinds)
    session.alerts.save(HOUSE, reconcile(linked(claims, runbook_base_url), known, now), channels.alerts)
