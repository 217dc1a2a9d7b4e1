"""PagerDuty, Events API version 2: an incident opens, is acknowledged and is resolved under one key.

https://developer.pagerduty.com/docs/events-api-v2-overview: 202 means accepted; 400 will never be; 429, 5xx and silence
are worth another try. PagerDuty resolves nothing by itself, and drops the end of what is not open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.run import CHANGED
from watchdog.errors import UsageError
from watchdog.notify.http import deliver, make_client, safe_api
from watchdog.notify.texts import facts, runbook, short, title, wanted
from watchdog.notify.wire import rfc3339

_SUMMARY = 1024
#: PagerDuty's word for each of our severities; what it does not know is an error.
_SEVERITIES: Mapping[str, str] = {"sev1": "critical", "page": "critical", "ticket": "warning", "info": "info"}
#: Seconds to wait after 429 when PagerDuty names none: its limit is per minute.
_PATIENCE = 30.0


class PagerDutyNotifier:
    """Opens and resolves an incident for each alert; the key of the incident is the identity of the alert.

    ``routing_key``: of an Events API v2 integration. ``url``: ``https://events.eu.pagerduty.com`` for accounts in the
    EU. ``severities`` and ``only`` (values by label) say which alerts are sent; the rest is none of this channel's
    business. ``changes``: whether changes of the prompt or of the served model are shown beside the incidents.
    """

    #: A change of the subject is told to channels that say so.
    takes_changes: ClassVar[bool] = True

    def __init__(
        self,
        *,
        routing_key: str,
        severities: Sequence[str] = ("sev1", "page"),
        only: Mapping[str, Sequence[str]] | None = None,
        changes: bool = True,
        url: str = "https://events.pagerduty.com",
        timeout: float = 10.0,
        ca_file: str | None = None,
        name: str = "pagerduty",
    ) -> None:
        if not routing_key.strip():
            raise UsageError("pagerduty needs the routing key of an Events API v2 integration")
        if not safe_api(url):
            raise UsageError("the URL of PagerDuty looks like https://events.pagerduty.com")
        self._routing_key = routing_key.strip()
        self._severities = tuple(severities)
        self._only = only
        self._changes = changes
        self._url = url.rstrip("/")
        self._client = make_client(timeout=timeout, ca_file=ca_file)
        self._name = name

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self._name

    @property
    def resend_every(self) -> timedelta | None:
        """Once per transition."""
        return None

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Trigger what fires, resolve what has ended. Raises DeliveryError(retryable)."""
        if self._changes:
            for change in [alert for alert in alerts if alert.labels.get("alertname") == CHANGED]:
                await self._enqueue("/v2/change/enqueue", _change(change), now)
        for alert in wanted(alerts, self._severities, self._only):
            resolved = alert.state is AlertState.RESOLVED
            await self._event(alert, {"event_action": "resolve"} if resolved else _trigger(alert), now)

    async def acknowledge(self, alert: Alert, now: float) -> None:
        """Say that somebody is at it, so that PagerDuty escalates no further. Raises DeliveryError(retryable)."""
        for one in wanted([alert], self._severities, self._only):
            await self._event(one, {"event_action": "acknowledge"}, now)

    async def aclose(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    async def _event(self, alert: Alert, event: Mapping[str, Any], now: float) -> None:
        await self._enqueue("/v2/enqueue", {"dedup_key": alert.id, **event}, now)

    async def _enqueue(self, path: str, event: Mapping[str, Any], now: float) -> None:
        body = json.dumps({"routing_key": self._routing_key, **event}, ensure_ascii=False).encode("utf-8", "replace")
        await deliver(self._client, self._url + path, body, {}, now=now, patience=_PATIENCE)


def _trigger(alert: Alert) -> dict[str, Any]:
    labels, link = alert.labels, runbook(alert)
    payload = {
        "summary": title(alert, _SUMMARY),
        "source": short(labels.get("feature") or labels.get("watch") or "eval-watchdog", 255),
        "severity": _SEVERITIES.get(labels.get("severity", ""), "error"),
        "timestamp": rfc3339(alert.starts_at),
        "component": short(labels.get("model") or labels.get("tool_name") or labels.get("metric", ""), 255),
        "group": short(labels.get("vertical", ""), 255),
        "class": short(labels.get("alertname", ""), 255),
        "custom_details": facts(alert),
    }
    return {
        "event_action": "trigger",
        "client": "eval-watchdog",
        "payload": {name: value for name, value in payload.items() if value},
        **({"links": [{"href": link, "text": "Runbook"}]} if link else {}),
    }


def _change(change: Alert) -> dict[str, Any]:
    """A change event: no incident, and nothing to resolve."""
    return {
        "payload": {
            "summary": title(change, _SUMMARY),
            "source": short(change.labels.get("feature", "eval-watchdog"), 255),
            "timestamp": rfc3339(change.starts_at),
            "custom_details": facts(change),
        }
    }
