"""One POST, and what its outcome means for a delivery."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from msgspec import Struct

from watchdog.errors import DeliveryError

#: Bodies longer than this are left unread (and the connection is not used again).
_READ_LIMIT = 64 * 1024
#: Statuses after which the same request may succeed later; every other 4xx is final.
_TRY_LATER = frozenset({408, 409, 421, 423, 425, 429})


class Reply(Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    #: Empty when the body was too long to read.
    text: str = ""
    #: Seconds the receiver asked us to wait.
    retry_after: float | None = None


def make_client(*, timeout: float, ca_file: str | None = None) -> httpx2.AsyncClient:
    """A client that follows no redirects and takes no proxy from the environment; ``timeout`` in seconds.

    Certificates are checked against ``ca_file``, or else against what the system trusts.
    """
    context = ssl.create_default_context(cafile=ca_file)
    return httpx2.AsyncClient(timeout=timeout, verify=context, trust_env=False, follow_redirects=False)


def place(url: str) -> str:
    """Scheme, host and port of a URL: what may be shown (paths, queries and user names can hold secrets)."""
    parsed = httpx2.URL(url)
    port = f":{parsed.port}" if parsed.port else ""
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    return f"{parsed.scheme}://{host}{port}"


def is_http(url: str) -> bool:
    """Whether a text is an http or https URL with a host."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


def safe_api(url: str) -> bool:
    """Whether credentials may be sent to a URL: https, or http that does not leave the machine."""
    if not is_http(url):
        return False
    parsed = httpx2.URL(url)
    return parsed.scheme == "https" or parsed.host in {"127.0.0.1", "::1", "localhost"}


async def post(
    client: httpx2.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: float,
    extensions: Mapping[str, Any] | None = None,
    read: int = 0,
) -> Reply:
    """POST JSON. Raises what httpx2 raises when nobody answers (see ``network_error``).

    ``read``: bytes of an answer that are read whatever it says of its length, for receivers whose answer matters.
    """
    sent = {"content-type": "application/json", "user-agent": "eval-watchdog", **headers}
    async with client.stream("POST", url, content=body, headers=sent, extensions=dict(extensions or {})) as response:
        length = response.headers.get("content-length", "")
        text = ""
        if length.isdigit() and int(length) <= _READ_LIMIT:
            text = (await response.aread()).decode("utf-8", "replace")
        elif read:
            text = await _start(response, read)
        wait = _seconds(response.headers.get("retry-after"), now)
        return Reply(status=response.status_code, text=text, retry_after=wait)


async def deliver(
    client: httpx2.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: float,
    read: int = 0,
    patience: float | None = None,
) -> Reply:
    """``post`` that raises DeliveryError for silence and for every answer but 2xx; the rest of the URL is never shown.

    ``patience``: seconds to wait after a 429 that names none.
    """
    where = place(url)
    try:
        reply = await post(client, url, body, headers, now=now, read=read)
    except httpx2.RequestError as error:
        raise network_error(where, error) from None
    refused = refusal(where, reply)
    if refused is None:
        return reply
    if reply.status == 429 and refused.retry_after is None:
        refused.retry_after = patience
    raise refused


async def _start(response: httpx2.Response, limit: int) -> str:
    """The body; empty when it is longer than ``limit`` bytes."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > limit:
            return ""
    return body.decode("utf-8", "replace")


def reply_of(answer: httpx2.Response, now: float) -> Reply:
    """What came back to a request that was read whole; its text is left out."""
    return Reply(status=answer.status_code, retry_after=_seconds(answer.headers.get("retry-after"), now))


def network_error(where: str, error: httpx2.RequestError) -> DeliveryError:
    """Nobody answered; worth another try."""
    problem = "no answer in time" if isinstance(error, httpx2.TimeoutException) else "no connection"
    return DeliveryError(f"{where}: {problem} ({type(error).__name__})", retryable=True)


def refusal(where: str, reply: Reply) -> DeliveryError | None:
    """What an answer other than 2xx means; None for 2xx. The body is never repeated: it is a stranger's text."""
    if 200 <= reply.status < 300:
        return None
    retryable = reply.status >= 500 or reply.status in _TRY_LATER
    words = "refuses our credentials" if reply.status in {401, 403} else "answers"
    return DeliveryError(f"{where}: {words} ({reply.status})", retryable=retryable, retry_after=reply.retry_after)


def _seconds(value: str | None, now: float) -> float | None:
    """Seconds of a Retry-After header, given as a number or as a date; None when there is none or it is nonsense."""
    if not value:
        return None
    try:
        if value.strip().isdigit():
            return float(value)
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.fromtimestamp(now, UTC)).total_seconds())
