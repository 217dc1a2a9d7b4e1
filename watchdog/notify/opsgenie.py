"""Alerts of Jira Service Management Operations, and of Opsgenie, whose API it took over (and which ends on 2027-04-05).

Both take the same calls with the key of an API integration: https://developer.atlassian.com/cloud/jira/service-desk-ops/
rest/v2/api-group-integration-events/ and https://docs.opsgenie.com/docs/alert-api. 202 means accepted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from watchdog.domain.alert import Alert, AlertState
from watchdog.errors import UsageError
from watchdog.notify.http import deliver, make_client, safe_api
from watchdog.notify.texts import facts, runbook, short, story, title, wanted

_MESSAGE, _DESCRIPTION, _NOTE, _DETAILS, _TAG = 130, 15_000, 2000, 8000, 50
#: Longest text of one detail, and of one paragraph of the description.
_DETAIL, _PARAGRAPH = 300, 1400
_PRIORITIES: Mapping[str, str] = {"sev1": "P1", "page": "P2", "ticket": "P3", "info": "P5"}
_SOURCE = "eval-watchdog"
#: Seconds to wait after a 429 that names none: limits are per minute.
_PATIENCE = 30.0


class JsmNotifier:
    """Opens and closes an alert of Jira Service Management Operations; its alias is the identity of ours.

    ``api_key``: of an API integration of the team (not an API token). ``responders``: ``{type: team, name: ...}`` when
    the integration does not say who. ``severities`` and ``only`` (values by label) say which alerts are sent.
    """

    #: People read it: it is told of incidents.
    tells_incidents: ClassVar[bool] = True

    def __init__(
        self,
        *,
        api_key: str,
        severities: Sequence[str] = ("sev1", "page"),
        only: Mapping[str, Sequence[str]] | None = None,
        responders: Sequence[Mapping[str, str]] | None = None,
        url: str = "https://api.atlassian.com/jsm/ops/integration",
        timeout: float = 10.0,
        ca_file: str | None = None,
        name: str = "jsm",
    ) -> None:
        if not api_key.strip():
            raise UsageError(f"{name} needs the key of an API integration")
        if not safe_api(url):
            raise UsageError(f"the address of {name} begins with https://")
        self._headers = {"authorization": f"GenieKey {api_key.strip()}"}
        self._severities = tuple(severities)
        self._only = only
        self._responders = [dict(responder) for responder in responders or ()]
        self._alerts = f"{url.rstrip('/')}/v2/alerts"
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

    def wants(self, alert: Alert) -> bool:
        """Whether the alert is any of this channel's business."""
        return bool(wanted([alert], self._severities, self._only))

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Create what fires, close what has ended. Raises DeliveryError(retryable)."""
        for alert in wanted(alerts, self._severities, self._only):
            if alert.state is AlertState.RESOLVED:
                note = alert.annotations.get("recovery") or alert.reason.value
                await self._post(f"/{alert.id}/close?identifierType=alias", {"note": short(note, _NOTE)}, now)
            else:
                await self._post("", self._created(alert), now)

    async def acknowledge(self, alert: Alert, now: float) -> None:
        """Say that somebody is at it, so that nobody else is woken. Raises DeliveryError(retryable)."""
        for one in wanted([alert], self._severities, self._only):
            await self._post(f"/{one.id}/acknowledge?identifierType=alias", {}, now)

    async def aclose(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    async def _post(self, path: str, body: Mapping[str, Any], now: float) -> None:
        raw = json.dumps({"source": _SOURCE, **body}, ensure_ascii=False).encode()
        await deliver(self._client, self._alerts + path, raw, self._headers, now=now, patience=_PATIENCE)

    def _created(self, alert: Alert) -> dict[str, Any]:
        labels, link = alert.labels, runbook(alert)
        paragraphs = [title(alert, _PARAGRAPH), *(f"{what}: {text}" for what, text in story(alert, _PARAGRAPH))]
        tags = [short(labels[name], _TAG) for name in ("alert_type", "vertical", "team") if labels.get(name)]
        return {
            "message": title(alert, _MESSAGE),
            "alias": alert.id,
            "description": "\n\n".join(paragraphs)[:_DESCRIPTION],
            "entity": short(labels.get("feature", ""), 512),
            "priority": _PRIORITIES.get(labels.get("severity", ""), "P2"),
            "tags": tags,
            "details": _fitting(facts(alert, _DETAIL) | ({"runbook_url": link} if link else {})),
            **({"responders": self._responders} if self._responders else {}),
        }


class OpsgenieNotifier(JsmNotifier):
    """The same for Opsgenie; ``url``: ``https://api.eu.opsgenie.com`` for accounts in the EU."""

    def __init__(
        self,
        *,
        api_key: str,
        severities: Sequence[str] = ("sev1", "page"),
        only: Mapping[str, Sequence[str]] | None = None,
        responders: Sequence[Mapping[str, str]] | None = None,
        url: str = "https://api.opsgenie.com",
        timeout: float = 10.0,
        ca_file: str | None = None,
        name: str = "opsgenie",
    ) -> None:
        super().__init__(
            api_key=api_key,
            severities=severities,
            only=only,
            responders=responders,
            url=url,
            timeout=timeout,
            ca_file=ca_file,
            name=name,
        )


def _fitting(details: Mapping[str, str]) -> dict[str, str]:
    """As many of the details as fit, in their order."""
    room, kept = _DETAILS, {}
    for name, value in details.items():
        room -= len(name) + len(value)
        if room >= 0:
            kept[name] = value
    return kept
