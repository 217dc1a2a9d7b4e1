"""PagerDuty, Events API version 2: an incident opens, is acknowledged and is resolved under one key.

https://developer.pagerduty.com/docs/events-api-v2-overview: 202 means accepted; 400 will never be; 429, 5xx and silence
are worth another try. PagerDuty resolves nothing by itself, and drops the end of what is not open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import yaml

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.run import CHANGED
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.group_key import GroupKeys
from watchdog.notify.http import deliver, make_client, safe_api
from watchdog.notify.pagerduty_acks import acknowledged, turn
from watchdog.notify.texts import facts, runbook, short, title, wanted
from watchdog.notify.wire import rfc3339, sanitized

_SUMMARY = 1024
#: PagerDuty's word for each of our severities; what it does not know is an error.
_SEVERITIES: Mapping[str, str] = {"sev1": "critical", "page": "critical", "ticket": "warning", "info": "info"}
#: Seconds to wait after 429 when PagerDuty names none: its limit is per minute.
_PATIENCE = 30.0
#: Seconds for which another channel must have failed before this one pages in its place, and between two looks at it.
STAND_IN_AFTER = 120.0
_LOOK_EVERY = 15.0


class PagerDutyNotifier:
    """Opens and resolves an incident for each alert; the key of the incident is the identity of the alert.

    ``routing_key``: of an Events API v2 integration. ``url``: ``https://events.eu.pagerduty.com`` for accounts in the
    EU. ``severities`` and ``only`` (values by label) say which alerts are sent; the rest is none of this channel's
    business. ``changes``: whether changes of the prompt or of the served model are shown beside the incidents.

    ``when_down``: name of the Alertmanager channel; then this one only pages once that has failed for two minutes.
    With ``alertmanager_config``, the configuration of that Alertmanager, it pages under the key that Alertmanager would
    use; without it the page comes once more when Alertmanager is back.

    ``api_key``: of the REST API at ``api_url``, read-only is enough: then people's acknowledgements are read back.
    """

    #: A change of the subject is told to channels that say so.
    takes_changes: ClassVar[bool] = True

    #: People read it: it is told of incidents.
    tells_incidents: ClassVar[bool] = True

    def __init__(
        self,
        *,
        routing_key: str,
        severities: Sequence[str] = ("sev1", "page"),
        only: Mapping[str, Sequence[str]] | None = None,
        changes: bool = True,
        when_down: str = "",
        alertmanager_config: Path | None = None,
        url: str = "https://events.pagerduty.com",
        timeout: float = 10.0,
        ca_file: str | None = None,
        api_key: str = "",
        api_url: str = "https://api.pagerduty.com",
        name: str = "pagerduty",
    ) -> None:
        if not routing_key.strip():
            raise UsageError("pagerduty needs the routing key of an Events API v2 integration")
        if not safe_api(url):
            raise UsageError("the URL of PagerDuty looks like https://events.pagerduty.com")
        if not safe_api(api_url):
            raise UsageError("the URL of PagerDuty's REST API looks like https://api.pagerduty.com")
        if alertmanager_config is not None and not when_down:
            raise UsageError("pagerduty reads alertmanager_config only with when_down")
        self._routing_key = routing_key.strip()
        self._severities = tuple(severities)
        self._only = only
        self._changes = changes
        self._when_down = when_down
        self._standing_in = False
        self._keys = None if alertmanager_config is None else _group_keys(alertmanager_config)
        #: What was said last of each incident, while standing by.
        self._said: dict[str, tuple[str, ...]] = {}
        self._url = url.rstrip("/")
        self._api_key = api_key.strip()
        self._api_url = api_url.rstrip("/")
        self._asked_last = ""
        self._client = make_client(timeout=timeout, ca_file=ca_file)
        self._name = name

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self._name

    @property
    def resend_every(self) -> timedelta | None:
        """Once per transition; or, standing by for a channel, as often as we look whether it works."""
        return timedelta(seconds=_LOOK_EVERY) if self._when_down else None

    @property
    def stands_in_for(self) -> str:
        """Name of the channel in whose place this one pages; empty when it pages always."""
        return self._when_down

    @property
    def standing_in(self) -> bool:
        """Whether that channel has failed for so long that this one pages in its place."""
        return self._standing_in

    def primary_fails(self, seconds: float) -> None:
        """For how long that channel has taken nothing although it was asked to; 0 while it works."""
        self._standing_in = seconds >= STAND_IN_AFTER

    def wants(self, alert: Alert) -> bool:
        """Whether the alert is any of this channel's business."""
        return bool(wanted([alert], self._severities, self._only))

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Trigger what fires, resolve what has ended. Raises DeliveryError(retryable)."""
        if self._changes:
            for change in [alert for alert in alerts if alert.labels.get("alertname") == CHANGED]:
                await self._enqueue("/v2/change/enqueue", _change(change), now)
        chosen = wanted(alerts, self._severities, self._only)
        if self._when_down:
            await self._stand_by(chosen, now)
            return
        for alert in chosen:
            resolved = alert.state is AlertState.RESOLVED
            await self._event(alert, {"event_action": "resolve"} if resolved else _trigger(alert), now)

    async def acknowledge(self, alert: Alert, now: float) -> None:
        """Say that somebody is at it, so that PagerDuty escalates no further. Raises DeliveryError(retryable)."""
        for one in wanted([alert], self._severities, self._only):
            await self._event(one, {"event_action": "acknowledge"}, now)

    @property
    def knows_acknowledgements(self) -> bool:
        """Whether it was given a key of the REST API."""
        return bool(self._api_key)

    async def acknowledged(self, alerts: Sequence[Alert], now: float) -> dict[str, tuple[str, float]]:
        """(who, Unix time) by the ids of those alerts whose incident is acknowledged. Raises DeliveryError."""
        keys = {alert.id: self._key(alert) for alert in wanted(alerts, self._severities, self._only)}
        asked = turn(keys.values(), after=self._asked_last)
        self._asked_last = asked[-1] if asked else ""
        said = await acknowledged(self._client, self._api_url, self._api_key, asked, now)
        return {name: said[key] for name, key in keys.items() if key in said}

    async def aclose(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    async def _stand_by(self, alerts: Sequence[Alert], now: float) -> None:
        """Open what fires while the other channel is down, and close whatever has ended, whoever opened it."""
        groups: dict[str, list[Alert]] = {}
        for alert in alerts:
            groups.setdefault(self._key(alert), []).append(alert)
        self._said = {key: said for key, said in self._said.items() if key in groups}
        refused: set[str] = set()
        for key, members in groups.items():
            firing = [alert for alert in members if alert.state is not AlertState.RESOLVED]
            event = _trigger(_worst(firing), len(firing) - 1) if firing else {"event_action": "resolve"}
            said = tuple(sorted(alert.id for alert in firing))
            if self._said.get(key) == said or (firing and not self._standing_in):
                continue
            try:
                await self._enqueue("/v2/enqueue", {"dedup_key": key, **event}, now)
            except DeliveryError as error:
                if error.retryable:
                    raise
                refused.update(alert.id for alert in members)
            self._said[key] = said
        if refused:
            message = f"PagerDuty refuses {len(refused)} alert(s)"
            raise DeliveryError(message, retryable=False, refused=refused)

    def _key(self, alert: Alert) -> str:
        """Of its incident: Alertmanager's, where its configuration is known."""
        return (self._keys.key(sanitized(alert.matched)) if self._keys else None) or alert.id

    async def _event(self, alert: Alert, event: Mapping[str, Any], now: float) -> None:
        await self._enqueue("/v2/enqueue", {"dedup_key": self._key(alert), **event}, now)

    async def _enqueue(self, path: str, event: Mapping[str, Any], now: float) -> None:
        body = json.dumps({"routing_key": self._routing_key, **event}, ensure_ascii=False).encode("utf-8", "replace")
        await deliver(self._client, self._url + path, body, {}, now=now, patience=_PATIENCE)


def _worst(alerts: Sequence[Alert]) -> Alert:
    """The one that stands for all: of the highest severity, and the oldest of those."""
    order = list(_SEVERITIES)
    ranks = {severity: order.index(severity) for severity in order}
    return min(alerts, key=lambda alert: (ranks.get(alert.labels.get("severity", ""), 0), alert.starts_at, alert.id))


def _trigger(alert: Alert, more: int = 0) -> dict[str, Any]:
    """``more``: alerts of the same incident that are not named."""
    labels, link = alert.labels, runbook(alert)
    payload = {
        "summary": title(alert, _SUMMARY - 20) + (f" (and {more} more)" if more else ""),
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


def _group_keys(path: Path) -> GroupKeys:
    try:
        return GroupKeys(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeError, yaml.YAMLError):
        raise UsageError(f"{path.name} cannot be read as a configuration of Alertmanager") from None
