"""Alerts and incidents to rows and back. Nothing else knows the column names."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from watchdog.domain.alert import Alert, AlertState, Cause, Incident, Reason, Severity, Told
from watchdog.store.rows import Row


def alert_json(alert: Alert) -> dict[str, Any]:
    """JSON of an alert."""
    return {
        **asdict(alert),
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state.value,
        "reason": alert.reason.value,
        "cause": alert.cause.value,
    }


def alert_row(watch: str, alert: Alert) -> dict[str, Any]:
    """Row of an alert."""
    return {"id": alert.id, "watch": watch, **alert_json(alert)}


def alert_of(row: Row) -> Alert:
    """Alert of a row or of its JSON."""
    return Alert(
        fingerprint=row["fingerprint"],
        labels=row["labels"],
        annotations=row["annotations"],
        state=AlertState(row["state"]),
        starts_at=row["starts_at"],
        updated_at=row["updated_at"],
        fired_at=row["fired_at"],
        resolved_at=row["resolved_at"],
        active_looks=row["active_looks"],
        clear_looks=row["clear_looks"],
        reason=Reason(row["reason"]),
        cause=Cause(row["cause"]),
        incident_id=row["incident_id"],
        # An outbox row may have been written before there were these.
        since=row.get("since"),
        told_effect=row.get("told_effect"),
        told_looks=row.get("told_looks") or 0,
    )


def incident_row(incident: Incident) -> dict[str, Any]:
    """Row of an incident."""
    return {
        "id": incident.id,
        "watch": incident.watch,
        "cause": incident.cause.value,
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "began_at": incident.began_at,
        "features": list(incident.features),
        "provider": incident.provider,
        "members": list(incident.members),
        "timeline": list(incident.timeline),
        "quiet_since": incident.quiet_since,
        "reopened": incident.reopened,
        "told": {
            channel: {
                "times": told.times,
                "severity": told.severity.value,
                "labels": dict(told.labels),
                "summary": told.summary,
                "effects": dict(told.effects),
            }
            for channel, told in incident.told.items()
        },
    }


def incident_of(row: Row) -> Incident:
    """Incident of a row."""
    return Incident(
        id=row["id"],
        watch=row["watch"],
        cause=Cause(row["cause"]),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        began_at=row["began_at"] or row["opened_at"],
        features=tuple(row["features"] or ()),
        provider=row["provider"] or "",
        members=tuple(row["members"]),
        timeline=tuple(row["timeline"]),
        quiet_since=row["quiet_since"],
        reopened=row["reopened"] or 0,
        told={
            channel: Told(**{**told, "severity": Severity(told["severity"])})
            for channel, told in (row["told"] or {}).items()
        },
    )
