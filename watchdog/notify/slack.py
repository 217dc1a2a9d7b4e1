"""Slack: a message for each alert, which turns into the resolved one; or plain messages through an incoming webhook.

https://docs.slack.dev/reference/methods/chat.postMessage. Only a bot may change what it said. Which message is about
which alert is written into the message itself (its metadata), so nothing has to be kept here and a restart forgets
nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from watchdog.domain.alert import NEWS, Alert, AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.http import deliver, make_client, place, safe_api
from watchdog.notify.slack_message import metadata, news, resolution, said_of, written
from watchdog.notify.texts import wanted

#: Errors of the API after which the same call may succeed.
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"})
#: Errors that only mean that a message cannot be found or changed any more.
_GONE = frozenset(
    {"message_not_found", "edit_window_closed", "cant_update_message", "missing_scope", "thread_not_found"}
)
_CODE = re.compile(r"[a-z_]{1,60}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{6,}")
#: Longest answer that is read, bytes; messages asked for at once, and pages of them.
_READ = 4_000_000
_PAGE, _PAGES = 100, 10
#: Seconds before an alert fired from which its message is looked for: clocks differ.
_EARLIER = 600.0


class SlackError(DeliveryError):
    """Slack's API says no."""

    def __init__(self, where: str, code: str) -> None:
        self.code = code if _CODE.fullmatch(code) else "unknown_error"
        super().__init__(f"{where}: says {self.code}", retryable=self.code in _PASSING)


class SlackNotifier:
    """Tells a channel of Slack.

    With ``token`` (of a bot: ``chat:write``, and ``channels:history`` to find its messages after a restart) and the id
    of a ``channel``, the message of an alert is changed when it resolves, and its thread says so; with ``webhook_url``
    each transition is a message of its own. ``severities`` and ``only`` (values by label) say which alerts are sent.
    """

    #: People read it: it is told of incidents.
    tells_incidents: ClassVar[bool] = True

    def __init__(
        self,
        *,
        token: str = "",
        channel: str = "",
        webhook_url: str = "",
        severities: Sequence[str] = ("sev1", "page", "ticket", "info"),
        only: Mapping[str, Sequence[str]] | None = None,
        api_url: str = "https://slack.com/api",
        timeout: float = 10.0,
        ca_file: str | None = None,
        name: str = "slack",
    ) -> None:
        if bool(webhook_url) == bool(token or channel):
            raise UsageError("slack needs either token and channel, or webhook_url")
        if not webhook_url and not (token and _CHANNEL.fullmatch(channel)):
            raise UsageError("slack needs a token and the id of a channel, like C0123456789 (end of its details)")
        if not safe_api(webhook_url or api_url):
            raise UsageError("an address of Slack begins with https://")
        self._token = token.strip()
        self._channel = channel
        self._webhook_url = webhook_url
        self._severities = tuple(severities)
        self._only = only
        self._api_url = api_url.rstrip("/")
        self._client = make_client(timeout=timeout, ca_file=ca_file)
        self._name = name
        #: Message (``ts``) of each alert that was told since the start.
        self._messages: dict[str, str] = {}

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
        """Post what fires, mark what has ended. Raises DeliveryError(retryable)."""
        for alert in wanted(alerts, self._severities, self._only):
            if self._webhook_url:
                await self._post_to_webhook(alert, now)
            elif alert.state is AlertState.RESOLVED or NEWS in alert.annotations:
                await self._go_on(alert, now)
            else:
                self._messages[alert.id] = await self._say(alert, now)

    async def aclose(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    async def _say(self, alert: Alert, now: float) -> str:
        answer = await self._write("chat.postMessage", {**written(alert), "metadata": metadata(alert)}, now)
        return str(answer.get("ts", ""))

    async def _go_on(self, alert: Alert, now: float) -> None:
        """Change the message of the alert and say so in its thread, or say it anew where there is no such message."""
        over = alert.state is AlertState.RESOLVED
        try:
            message = self._messages.get(alert.id) or await self._find(alert, now)
            await self._write("chat.update", {"ts": message, **written(alert), "metadata": metadata(alert)}, now)
            said = resolution(alert) if over else {**news(alert), "reply_broadcast": True}
            await self._write("chat.postMessage", {"thread_ts": message, **said}, now)
        except SlackError as error:
            if error.code not in _GONE:
                raise
            message = await self._say(alert, now)
        if over:
            self._messages.pop(alert.id, None)
        else:
            self._messages[alert.id] = message

    async def _find(self, alert: Alert, now: float) -> str:
        """The message about an alert. Raises SlackError when there is none in reach."""
        since = (alert.fired_at or alert.starts_at) - _EARLIER
        query: dict[str, Any] = {"channel": self._channel, "oldest": f"{since:.6f}", "limit": _PAGE}
        query["include_all_metadata"] = "true"
        for _ in range(_PAGES):
            answer = await self._ask("conversations.history", query, now)
            for message in answer.get("messages") or ():
                if said_of(message) == alert.id:
                    return str(message.get("ts", ""))
            query["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not query["cursor"]:
                break
        raise SlackError(place(self._api_url), "message_not_found")

    async def _write(self, method: str, message: Mapping[str, Any], now: float) -> dict[str, Any]:
        body = json.dumps({"channel": self._channel, **message}).encode()
        return await self._call(method, body, "application/json; charset=utf-8", now)

    async def _ask(self, method: str, query: Mapping[str, Any], now: float) -> dict[str, Any]:
        return await self._call(method, urlencode(query).encode(), "application/x-www-form-urlencoded", now)

    async def _call(self, method: str, body: bytes, kind: str, now: float) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._token}", "content-type": kind}
        reply = await deliver(self._client, f"{self._api_url}/{method}", body, headers, now=now, read=_READ)
        try:
            answer = json.loads(reply.text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise DeliveryError(f"{place(self._api_url)}: an answer that is not Slack's", retryable=True)
        if answer.get("ok") is not True:
            raise SlackError(place(self._api_url), str(answer.get("error", "")))
        return answer

    async def _post_to_webhook(self, alert: Alert, now: float) -> None:
        await deliver(self._client, self._webhook_url, json.dumps(written(alert)).encode(), {}, now=now)
