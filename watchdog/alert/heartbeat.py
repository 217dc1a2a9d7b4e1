"""The dead man's switch: an alert that always fires, so that its absence tells somebody outside that we are gone."""

from __future__ import annotations

from watchdog.domain.alert import Alert, AlertState, AlertType, Reason, Severity
from watchdog.domain.digest import digest

_LABELS = {
    "alertname": "Watchdog",
    "alert_type": AlertType.INFRA.value,
    "severity": Severity.NONE.value,
    "team": "platform",
    "vertical": "general",
    "feature": "eval-watchdog",
}


def watchdog_heartbeat(now: float, started_at: float) -> Alert:
    """The heartbeat of a daemon that runs since Unix time ``started_at``. Route it to a receiver outside the house."""
    return Alert(
        fingerprint=digest(_LABELS),
        labels=_LABELS,
        annotations={
            "summary": "eval-watchdog is alive. This alert always fires; worry when it stops.",
        },
        state=AlertState.FIRING,
        starts_at=started_at,
        updated_at=now,
        fired_at=started_at,
        reason=Reason.CONTINUES,
    )
