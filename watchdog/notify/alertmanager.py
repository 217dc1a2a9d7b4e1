"""Prometheus Alertmanager: we are a client like Prometheus, and owe what Prometheus gives.

Alertmanager keeps alerts in memory only and forgets what is not sent again. So live alerts are re-sent, with an
``endsAt`` far enough ahead that a short break does not look like a recovery, and resolved ones are re-sent for a while.
Every peer of a cluster gets everything; they agree among themselves who notifies.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx2

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.silence import Silence
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.alertmanager_silences import silences_of
from watchdog.notify.http import is_http, make_client, network_error, place, post, refusal
from watchdog.notify.wire import notes, rfc3339, sanitized
from watchdog.text.log import Log

_log = Log(__name__)

#: An alert that is not sent again ends after this many re-send intervals (as Prometheus), or after this many seconds.
_INTERVALS_AHEAD = 4
_SECONDS_AHEAD = 180.0
_ALERTS = "/api/v2/alerts"
#: Notifications of an Alertmanager so far, and those among them that failed, by kind of receiver.
_NOTIFIED = re.compile(
    r"^alertmanager_notifications(_failed)?_total(?:\{integration=\"([^\"]*)\"[^}]*\})? ([0-9.e+]+)$", re.MULTILINE
)


class AlertmanagerNotifier:
    """Sends to every Alertmanager of ``urls``; delivered when at least one of them took it.

    ``resend_every`` and ``timeout`` in seconds. ``horizon``: seconds beyond the usual ``endsAt``, for outages that are
    expected to last longer than three minutes. ``generator_url`` is shown by Alertmanager as the source of the alert.
    User name and password may be part of a URL; neither they nor ``headers`` are ever shown.
    """

    def __init__(
        self,
        *,
        urls: Sequence[str],
        resend_every: float = 30.0,
        horizon: float = 0.0,
        generator_url: str = "",
        timeout: float = 10.0,
        headers: Mapping[str, str] | None = None,
        ca_file: str | None = None,
        name: str = "alertmanager",
    ) -> None:
        if not urls:
            raise UsageError("alertmanager needs at least one URL")
        if not all(is_http(url) for url in urls):
            raise UsageError("an Alertmanager URL looks like http://alertmanager:9093")
        if resend_every <= 0:
            raise UsageError("resend_every must be more than 0 seconds")
        #: What to post to, and what it is called where people read it.
        self._peers = {f"{url.rstrip('/')}{_ALERTS}": place(url) for url in urls}
        self._resend_every = resend_every
        self._ahead = max(_INTERVALS_AHEAD * resend_every, _SECONDS_AHEAD) + horizon
        self._generator_url = generator_url
        self._headers = dict(headers or {})
        self._client = make_client(timeout=timeout, ca_file=ca_file)
        self._name = name
        self._failing: set[str] = set()
        self._last_success: dict[str, float] = {}

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self._name

    @property
    def resend_every(self) -> timedelta | None:
        """How often live alerts are sent again."""
        return timedelta(seconds=self._resend_every)

    @property
    def last_success(self) -> Mapping[str, float]:
        """Unix time at which each peer last took something, by scheme, host and port."""
        return dict(self._last_success)

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Send to all peers side by side. Raises DeliveryError when none took it.

        Also when an alert was refused while the others were taken: ``refused`` then names it.
        """
        written = self._written(alerts, now)
        if not written:
            return
        answers = await asyncio.gather(*(self._offer(peer, written, now) for peer in self._peers))
        refusals = [answer for answer in answers if not isinstance(answer, DeliveryError)]
        errors = [answer for answer in answers if isinstance(answer, DeliveryError)]
        if not refusals:
            waits = [error.retry_after for error in errors if error.retry_after is not None]
            raise DeliveryError(
                "; ".join(str(error) for error in errors),
                retryable=any(error.retryable for error in errors),
                retry_after=min(waits, default=None),
            )
        refused = frozenset.intersection(*refusals)
        if refused:
            names = sorted({alert.labels.get("alertname", "?") for alert in alerts if alert.id in refused})
            message = f"Alertmanager refuses {len(refused)} alert(s) as malformed: {', '.join(names)}"
            raise DeliveryError(message, retryable=False, refused=refused)

    async def forgotten(self, alerts: Sequence[Alert]) -> frozenset[str]:
        """Ids of those that no peer which answers holds as firing; empty when no peer answers."""
        names = {alert.labels.get("alertname", "") for alert in alerts}
        answers = await asyncio.gather(*(self._held(endpoint, name) for endpoint in self._peers for name in names))
        if all(answer is None for answer in answers):
            return frozenset()
        held = set().union(*(answer for answer in answers if answer is not None))
        return frozenset(alert.id for alert in alerts if frozenset(sanitized(alert.matched).items()) not in held)

    async def _held(self, endpoint: str, alertname: str) -> set[frozenset[tuple[str, str]]] | None:
        """Label sets of the firing alerts of one name that a peer holds; None when it does not say."""
        held = await self._alerts(endpoint, alertname)
        try:
            return None if held is None else {frozenset(alert["labels"].items()) for alert in held}
        except (KeyError, TypeError, AttributeError):
            return None

    async def _alerts(self, endpoint: str, alertname: str) -> list[dict[str, Any]] | None:
        """The firing alerts of one name that a peer holds; None when it does not say."""
        query = {"filter": f"alertname={json.dumps(alertname)}"}
        try:
            answer = await self._client.get(endpoint, params=query, headers=self._headers)
            held = answer.raise_for_status().json()
        except (httpx2.HTTPError, ValueError):
            return None
        return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else None

    async def receivers(self, alert: Alert) -> tuple[str, ...]:
        """Names of the receivers that a firing alert is routed to, by the first peer that holds it."""
        wanted = sanitized(alert.matched)
        for endpoint in self._peers:
            for held in await self._alerts(endpoint, alert.labels.get("alertname", "")) or ():
                if held.get("labels") == wanted:
                    return tuple(sorted(str(one.get("name")) for one in held.get("receivers") or ()))
        return ()

    async def passed_on(self) -> Mapping[str, float]:
        """Notifications that each peer has got rid of, by peer and kind of receiver; empty when none says."""
        found: dict[str, float] = {}
        for endpoint, peer in self._peers.items():
            try:
                answer = await self._client.get(f"{endpoint.removesuffix(_ALERTS)}/metrics", headers=self._headers)
                text = answer.raise_for_status().text
            except httpx2.HTTPError:
                continue
            for failed, labels, count in _NOTIFIED.findall(text):
                place_ = f"{peer} {labels}"
                found[place_] = found.get(place_, 0.0) + (-float(count) if failed else float(count))
        return found

    async def silences(self) -> list[Silence]:
        """What people silenced there, by the first peer that answers: they agree among themselves.

        Raises:
            DeliveryError: none does.
        """
        for endpoint in self._peers:
            url = endpoint.removesuffix("alerts") + "silences"
            try:
                answer = await self._client.get(url, headers=self._headers)
                return silences_of(answer.raise_for_status().json(), self._name)
            except (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError):
                continue
        raise DeliveryError(f"no Alertmanager of {', '.join(self._peers.values())} tells its silences", retryable=True)

    async def aclose(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    def _written(self, alerts: Sequence[Alert], now: float) -> dict[str, dict[str, Any]]:
        """Alerts as Alertmanager reads them, by id.

        Alertmanager knows one alert per set of labels and lets the latest message win, so of several episodes only the
        newest is sent: an old resolved one must not end it.
        """
        newest: dict[tuple[tuple[str, str], ...], Alert] = {}
        for alert in sorted(alerts, key=lambda alert: alert.starts_at):
            if alert.state is not AlertState.PENDING:
                newest[tuple(sanitized(alert.matched).items())] = alert
        written = {}
        for labels, alert in newest.items():
            resolved = alert.state is AlertState.RESOLVED and alert.resolved_at is not None
            ends_at = max(alert.resolved_at or now, alert.starts_at) if resolved else now + self._ahead
            written[alert.id] = {
                "labels": dict(labels),
                "annotations": sanitized(notes(alert)),
                "startsAt": rfc3339(alert.starts_at),
                "endsAt": rfc3339(ends_at),
                **({"generatorURL": self._generator_url} if self._generator_url else {}),
            }
        return written

    async def _offer(
        self, endpoint: str, written: Mapping[str, dict[str, Any]], now: float
    ) -> frozenset[str] | DeliveryError:
        """Ids of the alerts that the peer refused, or why it took nothing."""
        peer = self._peers[endpoint]
        try:
            refused = await self._post(endpoint, written, now)
        except DeliveryError as error:
            if peer not in self._failing:
                self._failing.add(peer)
                _log.warning("an Alertmanager does not take alerts", action="peer-failing", error=str(error))
            return error
        self._failing.discard(peer)
        self._last_success[peer] = now
        return refused

    async def _post(self, endpoint: str, written: Mapping[str, dict[str, Any]], now: float) -> frozenset[str]:
        """Post; on 400 halve the batch until the malformed alerts stand alone, so that they hold up no other."""
        peer = self._peers[endpoint]
        body = json.dumps(list(written.values())).encode()
        try:
            reply = await post(self._client, endpoint, body, self._headers, now=now)
        except httpx2.RequestError as error:
            raise network_error(peer, error) from None
        if reply.status == 400:
            ids = list(written)
            if len(ids) == 1:
                return frozenset(ids)
            half = len(ids) // 2
            parts = [{name: written[name] for name in part} for part in (ids[:half], ids[half:])]
            return frozenset[str]().union(*[await self._post(endpoint, part, now) for part in parts])
        refused = refusal(peer, reply)
        if refused is not None:
            raise refused
        return frozenset()
