"""A request that an SDK has made once, sent again with other bodies.

What an SDK and its client layers do for a call costs more CPU than the call itself. All of it but the body is the same
each time, so from the first request we keep the envelope: method, URL, headers and time-outs as the SDK made them, and
the SDK's own aiohttp session, through which later bodies are sent straight away.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

from msgspec import Struct

#: What aiohttp decodes whatever else is installed, and codings that an SDK may offer and aiohttp not know.
_CODINGS, _OTHER_CODINGS = "gzip, deflate", ("br", "zstd")
#: Statuses that send the caller elsewhere. Where to, and with which headers, is the SDK's to know.
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
#: As the SDKs write a body, which also refuses what is no JSON; made once.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

#: Calls that differ in their body alone: path, model (Azure has it in the URL) and time-out.
Kind: TypeAlias = tuple[str, str, float]


class Reply(Struct, frozen=True):
    """What came back, whoever asked."""

    status: int
    #: Looked up in lower case.
    headers: Mapping[str, str]
    raw_headers: Sequence[tuple[bytes, bytes]]
    content: bytes

    @property
    def redirects(self) -> bool:
        """Whether the answer is to be had elsewhere."""
        return self.status in _ELSEWHERE

    @classmethod
    def of(cls, response: Any) -> Reply:
        """Of an httpx2 response that is read."""
        return cls(response.status_code, response.headers, response.headers.raw, response.content)


class Envelope:
    """A request but for its body."""

    def __init__(self, request: Any, session: Any, proxy: Any = None) -> None:
        from aiohttp import ClientTimeout  # noqa: PLC0415 - loaded with the SDK; runs without one never pay for it
        from multidict import CIMultiDict  # noqa: PLC0415
        from yarl import URL  # noqa: PLC0415

        self._session, self._method, self._url = session, request.method, URL(str(request.url))
        self._headers = CIMultiDict(request.headers.multi_items())
        self._headers.pop("content-length", None)
        if any(coding in self._headers.get("accept-encoding", "") for coding in _OTHER_CODINGS):
            self._headers["accept-encoding"] = _CODINGS
        # Time-outs and proxy are read as the SDK's transport reads them.
        seconds = request.extensions.get("timeout", {})
        self._timeout = ClientTimeout(
            connect=seconds.get("pool"), sock_connect=seconds.get("connect"), sock_read=seconds.get("read")
        )
        self._proxy = {} if proxy is None else {"proxy": str(proxy.url), "proxy_headers": proxy.headers}

    @classmethod
    def of(cls, request: Any, http: Any) -> Envelope | None:
        """The envelope of a request that is on its way; None where the next one must be made anew.

        That is through a proxy that wants a password, and when the client is not what we know.
        """
        from aiohttp import ClientSession  # noqa: PLC0415

        transport_for = getattr(http, "_transport_for_url", None)
        transport = transport_for(request.url) if transport_for else None
        session = getattr(transport, "client", None)
        proxy = getattr(transport, "proxy", None)
        if not isinstance(session, ClientSession) or (proxy is not None and proxy.auth):
            return None
        return cls(request, session, proxy)

    async def send(self, body: Mapping[str, Any]) -> Reply:
        """Ask with another body; raises what aiohttp raises."""
        content = _encode(body).encode()
        async with self._session.request(
            self._method,
            self._url,
            headers=self._headers,
            data=content,
            timeout=self._timeout,
            allow_redirects=False,
            **self._proxy,
        ) as response:
            return Reply(response.status, response.headers, response.raw_headers, await response.read())


class Envelopes:
    """The envelopes of one client.

    The first call of a kind has the SDK make its request. Calls that come meanwhile wait until it is made, which is
    sooner than the SDK could make theirs.
    """

    def __init__(self, http: Any) -> None:
        """``http``: the httpx2 client that the SDK asks through."""
        self._http = http
        self._http.event_hooks = {"request": [_made]}
        #: None where the SDK must make every request.
        self._known: dict[Kind, Envelope | None] = {}
        self._making: dict[Kind, asyncio.Future[Any]] = {}

    async def of(self, kind: Kind) -> Envelope | None:
        """The envelope of calls of this kind; None where the SDK must make the request."""
        if kind not in self._known and kind in self._making:
            self._keep(kind, await asyncio.shield(self._making[kind]))
        return self._known.get(kind)

    @contextmanager
    def making(self, kind: Kind) -> Iterator[None]:
        """While it lasts the SDK makes a request of this kind, sends it and waits for the answer."""
        if kind in self._known or kind in self._making:
            yield
            return
        making = self._making[kind] = asyncio.get_running_loop().create_future()
        token = _MAKING.set(making)
        try:
            yield
        finally:
            _MAKING.reset(token)
            if not making.done():  # it came to nothing before there was a request
                making.set_result(None)
            self._keep(kind, making.result())
            del self._making[kind]

    def never(self, kind: Kind) -> None:
        """Calls of this kind are answered elsewhere: the SDK must make each of them, as long as this client lives.

        Where it is sent is the servers' to decide anew each time, and asking here first would cost a call.
        """
        self._known[kind] = None

    def _keep(self, kind: Kind, request: Any) -> None:
        envelope = None if request is None else Envelope.of(request, self._http)
        if envelope is not None:
            self._known.setdefault(kind, envelope)


#: Where the request goes that this task has the SDK make.
_MAKING: ContextVar[asyncio.Future[Any] | None] = ContextVar("making", default=None)


async def _made(request: Any) -> None:
    making = _MAKING.get()
    if making is not None and not making.done():  # a redirect makes another one
        making.set_result(request)
