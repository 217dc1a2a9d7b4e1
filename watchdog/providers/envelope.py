"""A request that an SDK has made once, sent again with other bodies.

What an SDK and its client layers do for a call costs more CPU than the call itself. All of it but the body is the same
each time, so from the first request that was answered we keep the envelope: method, URL, headers and time-outs as the
SDK made them, and the SDK's own aiohttp session, through which later bodies are sent straight away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: What aiohttp decodes whatever else is installed.
_CODINGS = "gzip, deflate"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whoever asked."""

    status: int
    #: Looked up in lower case.
    headers: Mapping[str, str]
    raw_headers: Sequence[tuple[bytes, bytes]]
    content: bytes

    @classmethod
    def of(cls, response: Any) -> Reply:
        """Of an httpx2 response that is read."""
        return cls(response.status_code, response.headers, response.headers.raw, response.content)


class Envelope:
    """A request but for its body."""

    def __init__(self, request: Any, session: Any) -> None:
        from aiohttp import ClientTimeout  # noqa: PLC0415 - loaded with the SDK; runs without one never pay for it
        from multidict import CIMultiDict  # noqa: PLC0415
        from yarl import URL  # noqa: PLC0415

        self._session, self._method, self._url = session, request.method, URL(str(request.url))
        self._headers = CIMultiDict(request.headers.multi_items())
        self._headers.pop("content-length", None)
        self._headers["accept-encoding"] = _CODINGS
        seconds = request.extensions.get("timeout", {})  # as the SDK's transport reads them
        self._timeout = ClientTimeout(
            connect=seconds.get("pool"), sock_connect=seconds.get("connect"), sock_read=seconds.get("read")
        )

    @classmethod
    def of(cls, response: Any, http: Any) -> Envelope | None:
        """The envelope of an answered request; None where the next one must go its way anew.

        That is after a redirect, through a proxy, and when the client is not what we know.
        """
        from aiohttp import ClientSession  # noqa: PLC0415

        transport_for = getattr(http, "_transport_for_url", None)
        transport = transport_for(response.request.url) if transport_for and not response.history else None
        session = getattr(transport, "client", None)
        if not isinstance(session, ClientSession) or getattr(transport, "proxy", None) is not None:
            return None
        return cls(response.request, session)

    async def send(self, body: Mapping[str, Any]) -> Reply:
        """Ask with another body; raises what aiohttp raises."""
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        async with self._session.request(
            self._method, self._url, headers=self._headers, data=content, timeout=self._timeout
        ) as response:
            return Reply(response.status, response.headers, response.raw_headers, await response.read())
