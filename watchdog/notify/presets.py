"""Bodies of webhook calls, for receivers that want their own. Pure.

``alertmanager`` is the form of Alertmanager's webhook, version 4, which many read. The others take one alert a call:
an HTTP source of incident.io (docs.incident.io/alerts), https://docs.rootly.com/integrations/generic-webhook-alert-source
(map ``external_id`` and ``state``: ``resolved`` resolves), FireHydrant Signals (docs.firehydrant.com).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from watchdog.domain.alert import Alert
from watchdog.notify.texts import facts, runbook, short, story, title
from watchdog.notify.wire import message, status

Preset = Literal["alertmanager", "incident-io", "rootly", "firehydrant"]

_TITLE = 250
_PARAGRAPH = 1000
#: FireHydrant's word for each of our severities.
_LEVELS: Mapping[str, str] = {"sev1": "FATAL", "page": "ERROR", "ticket": "WARN", "info": "INFO"}


def bodies(preset: Preset, alerts: Sequence[Alert], receiver: str) -> list[tuple[Sequence[Alert], dict[str, Any]]]:
    """The calls to make, each with the alerts it is about."""
    if preset == "alertmanager":
        return [(alerts, message(alerts, receiver))]
    return [([alert], _ONE[preset](alert)) for alert in alerts]


def _incident_io(alert: Alert) -> dict[str, Any]:
    link = runbook(alert)
    return {
        "title": title(alert, _TITLE),
        "description": _told(alert),
        "status": status(alert),
        "deduplication_key": alert.id,
        "metadata": facts(alert),
        **({"source_url": link} if link else {}),
    }


def _rootly(alert: Alert) -> dict[str, Any]:
    return {
        "title": title(alert, _TITLE),
        "description": _told(alert),
        "external_id": alert.id,
        "external_url": runbook(alert),
        "state": status(alert),
        "severity": short(alert.labels.get("severity", ""), 50),
        "labels": facts(alert),
    }


def _firehydrant(alert: Alert) -> dict[str, Any]:
    link, labels = runbook(alert), alert.labels
    return {
        "idempotency_key": alert.id,
        "summary": title(alert, _TITLE),
        "body": _told(alert),
        "level": _LEVELS.get(labels.get("severity", ""), "ERROR"),
        "status": "CLOSED" if status(alert) == "resolved" else "OPEN",
        "tags": [f"{name}:{short(labels[name], 100)}" for name in ("alert_type", "team", "feature") if name in labels],
        "annotations": facts(alert),
        "links": [{"href": link, "text": "Runbook"}] if link else [],
    }


_ONE: Mapping[str, Callable[[Alert], dict[str, Any]]] = {
    "incident-io": _incident_io,
    "rootly": _rootly,
    "firehydrant": _firehydrant,
}


def _told(alert: Alert) -> str:
    return "\n\n".join(f"{what}: {text}" for what, text in story(alert, _PARAGRAPH))
