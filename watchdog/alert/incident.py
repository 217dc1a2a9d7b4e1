"""Incidents: firing alerts of one watch that came up together are one story with one suspected cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from watchdog.domain.alert import Alert, AlertState, Cause, Incident, Transition
from watchdog.domain.digest import digest

#: Seconds after its opening during which an alert still joins an incident.
JOIN_WINDOW = 600.0

#: What explains more comes first: a failing provider explains everything that was measured through it.
_EXPLAINS = (
    Cause.PROVIDER_FAILING,
    Cause.TOOL_FAILING,
    Cause.JUDGE,
    Cause.SHARED,
    Cause.OURS,
    Cause.PROVIDER_MODEL,
    Cause.PINNED_MOVED,
    Cause.COVERAGE,
    Cause.BLIND,
    Cause.UNDELIVERED,
    Cause.UNREHEARSED,
    Cause.UNATTRIBUTED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Transitions whose firing alerts know their incident, and the incidents that are new or changed."""

    transitions: tuple[Transition, ...]
    incidents: tuple[Incident, ...]


def group(
    watch: str,
    transitions: Sequence[Transition],
    open_incidents: Sequence[Incident],
    now: float,
    *,
    window: float = JOIN_WINDOW,
) -> Grouping:
    """Put alerts that start firing into an incident, and close incidents without a firing member.

    ``transitions``: of *all* open alerts of the watch at this look. ``open_incidents``: those of the watch. ``window``
    in seconds: later alerts open an incident of their own.
    """
    known = {incident.id: incident for incident in open_incidents}
    current = dict(known)
    grouped = []
    for transition in transitions:
        alert = transition.alert
        if alert.state is AlertState.FIRING and not alert.incident_id:
            incident = _young(current.values(), now, window) or _opened(watch, now)
            current[incident.id] = replace(incident, members=_with(incident.members, alert.fingerprint))
            alert = replace(alert, incident_id=incident.id)
        grouped.append(replace(transition, alert=alert))
    updated = [_told(incident, grouped, now) for incident in current.values()]
    return Grouping(
        transitions=tuple(grouped),
        incidents=tuple(incident for incident in updated if incident != known.get(incident.id)),
    )


def _young(incidents: Iterable[Incident], now: float, window: float) -> Incident | None:
    joinable = [incident for incident in incidents if 0 <= now - incident.opened_at <= window]
    return max(joinable, key=lambda incident: incident.opened_at, default=None)


def _opened(watch: str, now: float) -> Incident:
    return Incident(id=digest([watch, round(now * 1000)]), watch=watch, cause=Cause.UNATTRIBUTED, opened_at=now)


def _with(members: tuple[str, ...], fingerprint: str) -> tuple[str, ...]:
    return members if fingerprint in members else (*members, fingerprint)


def _told(incident: Incident, transitions: Sequence[Transition], now: float) -> Incident:
    """The incident after this look: what happened to its members, its cause, and whether it is over."""
    mine = [transition for transition in transitions if transition.alert.incident_id == incident.id]
    firing = [transition.alert for transition in mine if transition.alert.state is AlertState.FIRING]
    causes = {alert.cause for alert in firing}
    cause = next((cause for cause in _EXPLAINS if cause in causes), incident.cause)
    news = [f"{_name(each.alert)} is {each.alert.state}: {each.reason}" for each in mine if each.notifies]
    if cause is not incident.cause:
        news.append(f"suspected cause: {cause}")
    if not firing:
        news.append("closed: every member is resolved")
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return replace(
        incident,
        cause=cause,
        closed_at=None if firing else now,
        timeline=(*incident.timeline, *(f"{stamp} {line}" for line in news)),
    )


def _name(alert: Alert) -> str:
    about = [alert.labels[name] for name in ("metric", "estimand", "tool_name") if name in alert.labels]
    return " ".join([alert.labels.get("alertname", "an alert"), *about])
