"""Alerts of the house itself: they belong to no watch, and one kind of claim knows nothing of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from watchdog.alert.rehearsal import OVERDUE, UNREADY, drills_overdue, fallback_unready
from watchdog.alert.stage import reconcile
from watchdog.correlate.words import served_runbook
from watchdog.domain.alert import HOUSE, Alert, Condition, ConditionStatus
from watchdog.domain.drill import DrillPlan
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.pipeline.news import Channels
from watchdog.store.store import Session

#: Where alerts find the pages that come with us, when nobody serves them.
_SHIPPED = "docs/runbooks/"


def open_alerts(session: Session, name: str) -> list[Alert]:
    """The open alerts of the house of that alertname."""
    return [alert for alert in session.alerts.open(HOUSE) if alert.labels.get("alertname") == name]


def linked(claims: Iterable[Condition], runbook_base_url: str) -> list[Condition]:
    """Claims whose runbook is a page that can be opened, where ``serve`` is reached under an address."""
    if not runbook_base_url:
        return list(claims)
    return [replace(claim, annotations=_linked(claim, runbook_base_url)) for claim in claims]


def _linked(claim: Condition, base: str) -> Mapping[str, str]:
    path = claim.annotations.get("runbook_url", "")
    if not path.startswith(_SHIPPED):
        return claim.annotations
    url = served_runbook(base, path.removeprefix(_SHIPPED), claim.labels.get("watch", ""))
    return {**claim.annotations, "runbook_url": url}


def tell_of_drills(
    session: Session, plan: DrillPlan | None, channels: Channels, now: float, runbook_base_url: str = ""
) -> None:
    """Decide whether a drill is overdue."""
    known = open_alerts(session, OVERDUE)
    kinds = [alert.labels.get("kind", "") for alert in known]
    claims = drills_overdue(plan, session.drills.passed(), session.runs.first_planned(), now, kinds)
    session.alerts.save(HOUSE, reconcile(linked(claims, runbook_base_url), known, now), channels.alerts)


def tell_of_fallbacks(
    session: Session, watches: Iterable[Watch], channels: Channels, now: float, runbook_base_url: str = ""
) -> None:
    """Decide whether the fallbacks that are to be verified would hold."""
    since = session.runs.first_planned()
    claims = []
    for watch in watches:
        fallback = watch.targets.get(Role.FALLBACK)
        known = None if fallback is None else session.verifications.told(watch.name, fallback.digest)
        claims.append(fallback_unready(watch, known, since, now))
    open_ones = open_alerts(session, UNREADY)
    made = {claim.fingerprint: claim for claim in claims if claim is not None}
    for alert in open_ones:  # of a watch that has no such fallback any more
        gone = Condition(labels=alert.labels, status=ConditionStatus.CLEAR, cause=alert.cause)
        made.setdefault(gone.fingerprint, gone)
    session.alerts.save(HOUSE, reconcile(linked(made.values(), runbook_base_url), open_ones, now), channels.alerts)


def fallbacks_due(session: Session, watches: Iterable[Watch], now: float) -> list[str]:
    """Watches whose fallback is to be verified now, whatever the last attempt said."""
    due = []
    for watch in watches:
        fallback, every = watch.targets.get(Role.FALLBACK), watch.verify_fallback_every
        if fallback is None or every is None:
            continue
        newest = next(iter(session.verifications.all(watch.name, last=1)), None)
        if newest is None or newest.target != fallback.digest or now - newest.at >= every:
            due.append(watch.name)
    return due
