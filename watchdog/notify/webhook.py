"""A signed webhook: Alertmanager's message, signed as standardwebhooks.com describes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

import httpx2

from watchdog.domain.alert import Alert
from watchdog.domain.digest import digest
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.guard import Address, objection, resolve
from watchdog.notify.http import Reply, is_http, make_client, network_error, place, post, refusal
from watchdog.notify.presets import Preset, bodies
from watchdog.notify.texts import chosen_by

_PREFIX = "whsec_"
_PORTS = {"http": 80, "https": 443}


class WebhookNotifier:
    """POSTs each transition to ``url``.

    ``secret``: ``whsec_`` and base64; two of them separated by a space while you rotate. Receivers verify the headers
    ``webhook-id`` (the same over retries: use it to drop duplicates), ``webhook-timestamp`` and ``webhook-signature``.
    The URL must be https and lead to a public address, unless ``allow_private`` or ``allow_loopback`` say otherwise;
    to such addresses plain http is fine. ``preset``: in whose form; ``only``: values by label that an alert must have
    to be sent. Neither path, secret, headers nor the receiver's answer are ever shown.
    """

    def __init__(
        self,
        *,
        url: str,
        secret: str | None = None,
        preset: Preset = "alertmanager",
        only: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        allow_private: bool = False,
        allow_loopback: bool = False,
        ca_file: str | None = None,
        name: str = "webhook",
    ) -> None:
        if not is_http(url):
            raise UsageError("a webhook URL looks like https://hooks.example.com/path")
        self._url = httpx2.URL(url)
        if self._url.scheme == "http" and not (allow_private or allow_loopback):
            raise UsageError("a webhook needs https (plain http only with allow_loopback or allow_private)")
        self._keys = [_key(one) for one in (secret or "").split()]
        self._preset: Preset = preset
        self._only = only
        self._headers = dict(headers or {})
        self._allow_private = allow_private
        self._allow_loopback = allow_loopback
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
        return bool(chosen_by(self._only, [alert]))

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """POST once for all ``alerts``, or once for each if the preset wants that. Raises DeliveryError(retryable)."""
        chosen = chosen_by(self._only, alerts)
        for about, body in bodies(self._preset, chosen, self._name) if chosen else ():
            await self._send(about, json.dumps(body).encode(), now)

    async def _send(self, alerts: Sequence[Alert], body: bytes, now: float) -> None:
        ids = [f"{alert.id}-{alert.state}" for alert in alerts]  # as Transition.id
        identity = ids[0] if len(ids) == 1 else digest(ids)
        headers = {**self._headers, "webhook-id": identity, "webhook-timestamp": str(int(now))}
        if self._keys:
            headers["webhook-signature"] = " ".join(sign(key, identity, int(now), body) for key in self._keys)
        reply = await self._post(body, headers, now)
        refused = refusal(place(str(self._url)), reply)
        if refused is not None:
            raise refused

    async def aclose(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    async def _post(self, body: bytes, headers: Mapping[str, str], now: float) -> Reply:
        """POST to the first vetted address that lets us connect, under the name it was found by."""
        where = place(str(self._url))
        name = self._url.raw_host.decode("ascii")
        headers = {**headers, "host": self._url.netloc.decode("ascii")}
        error: httpx2.RequestError | None = None
        for address in await self._addresses(where):
            try:
                url = str(self._url.copy_with(host=str(address)))
                return await post(self._client, url, body, headers, now=now, extensions={"sni_hostname": name})
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as unreachable:
                error = unreachable
            except httpx2.RequestError as broken:
                error = broken
                break
        assert error is not None
        raise network_error(where, error) from None

    async def _addresses(self, where: str) -> list[Address]:
        port = self._url.port or _PORTS[self._url.scheme]
        addresses = await resolve(self._url.host, port)
        for address in addresses:
            why = objection(
                address,
                plain=self._url.scheme == "http",
                allow_loopback=self._allow_loopback,
                allow_private=self._allow_private,
            )
            if why:
                raise DeliveryError(f"{where} leads to {address}: {why}", retryable=False)
        return addresses


def sign(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """Version 1 signature: base64 of HMAC-SHA256 over ``id.timestamp.body``. standardwebhooks.com."""
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    """Bytes of a secret. Raises UsageError, which does not repeat it."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise UsageError("a webhook secret is whsec_ followed by the base64 of 24 to 64 random bytes")
    return key
