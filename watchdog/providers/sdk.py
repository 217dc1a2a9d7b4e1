"""One attempt through an official SDK client: auth, hosts and transport are the SDK's, everything else is ours.

Its response models are left out: the raw response is asked for (``cast_to``), and the few fields we keep are read from
its JSON. What it does for a request it does once, and calls that differ in their body alone follow in the same
``Envelope``. Those that come while it is at it wait for it: a first call is no slower for having company. Its own
retries are off: every attempt is counted by the caller.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from msgspec import DecodeError
from msgspec.json import Decoder

from watchdog.errors import ProviderError, UsageError
from watchdog.providers.classify import bad_response, describe, from_exception, from_status, scrub, secrets_in
from watchdog.providers.deferred import classes
from watchdog.providers.envelope import Envelopes, Kind, Reply
from watchdog.providers.trust import trust_for, trusting_as_given, trusting_late

#: The SDK wants a key for every call, and draws one from the system when it is given none: dear, where we draw once.
_ORIGIN = uuid4().hex
_NUMBERS = count()
_decode = Decoder().decode
#: Two providers may be opened at once, each in a thread, and an SDK is loaded by one thread alone (see ``deferred``).
_LOADING = threading.Lock()


def _classified(error: Exception, secrets: Collection[str]) -> ProviderError:
    response = getattr(error, "response", None)
    if response is None:
        return from_exception(error, secrets=secrets)
    return _refused(Reply.of(response), secrets)


def _refused(reply: Reply, secrets: Collection[str]) -> ProviderError:
    return from_status(reply.status, json_or_none(reply.content), reply.headers, secrets=secrets)


def decoded(reply: Reply, secrets: Collection[str]) -> dict[str, Any]:
    """Return the JSON object of a 2xx reply; ProviderError when it has none, or is an error in disguise."""
    if not reply.content.strip():
        raise bad_response(f"HTTP {reply.status} with an empty body", reply.headers)
    body = json_or_none(reply.content)
    if not isinstance(body, dict):
        raise bad_response(f"HTTP {reply.status} whose body is not a JSON object", reply.headers)
    error = body.get("error")
    if error:  # gateways answer 200 and put the upstream's failure into the body
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(code, int) and 400 <= code <= 599:
            raise from_status(code, body, reply.headers, secrets=secrets)
        raise bad_response(f"an error in the body of {describe(reply.status, body, secrets)}", reply.headers)
    return body


def json_or_none(content: bytes) -> Any:
    """Return the decoded JSON of a body; None when it is not JSON."""
    try:
        return _decode(content)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(content)  # some servers write NaN, or a byte order mark
    except (ValueError, RecursionError):  # UnicodeDecodeError is one too
        return None


class SDKProvider:
    """What both SDK providers share: a client that is made when it is first needed, and one attempt a call."""

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets = secrets_in(secrets)
        self._client: Any = None
        self._http: Any = None
        self._envelopes: Any = None

    def warm_up(self) -> None:
        """Load the SDK and make the client: up to two seconds that are no latency of the model."""
        if self._client is None:
            with _LOADING:
                self._load()

    def _load(self) -> None:
        if self._client is not None:  # by the thread that we waited for
            return
        try:
            self._client, self._http = self._connect()
            self._envelopes = Envelopes(self._http)
        except Exception as error:  # noqa: BLE001 - whatever an SDK has against its arguments
            raise UsageError(f"the client cannot be made: {scrub(str(error), self._secrets)}") from None

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _post(self, path: str, body: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], Reply]:
        """Post a body and return the decoded JSON object and the reply it came in.

        ``seconds`` is the time-out for connecting and for each read. Raises ProviderError for every failure, an empty
        or undecodable 2xx included.
        """
        self.warm_up()
        kind = (path, body["model"], seconds)
        try:
            envelope = await self._envelopes.of(kind)
            reply = await envelope.send(body) if envelope else None
            if reply is None or reply.redirects:
                reply = await self._through_the_sdk(kind, body)
        except Exception as error:  # noqa: BLE001 - SDKs and transports share no root class
            raise _classified(error, self._secrets) from None  # the chain holds the request: key, prompt and all
        if not 200 <= reply.status < 300:
            raise _refused(reply, self._secrets)
        return decoded(reply, self._secrets), reply

    async def _through_the_sdk(self, kind: Kind, body: Mapping[str, Any]) -> Reply:
        import httpx2  # noqa: PLC0415 - loaded with the SDK; runs without one never pay for it

        path, _, seconds = kind
        options = {"timeout": seconds, "idempotency_key": f"eval-watchdog-{_ORIGIN}-{next(_NUMBERS)}"}
        with self._envelopes.making(kind):
            response = await self._client.post(path, body=body, cast_to=httpx2.Response, options=options)
        if response.history:
            self._envelopes.never(kind)
        return Reply.of(response)

    def _connect(self) -> tuple[Any, Any]:
        """The SDK's asynchronous client, and the httpx2 client that it asks through."""
        raise NotImplementedError


def opened(package: str, made: str, *, base_url: str, max_connections: int) -> tuple[Any, Any]:
    """Return an SDK's client class (``module.Name`` in it), and an httpx2 client on aiohttp for it to ask through."""
    import httpx2  # noqa: PLC0415

    with trusting_late():  # a quarter of a second (openai), or one (anthropic), even so
        make_http, make = classes(package, "_base_client.DefaultAioHttpClient", made)
    limits = httpx2.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)
    with trusting_as_given():
        return make, make_http(limits=limits, verify=trust_for(base_url))


def malformed(what: str, reply: Reply) -> ProviderError:
    """Return the error for JSON that is not the protocol's."""
    return bad_response(f"HTTP {reply.status} whose body has no {what}", reply.headers)


def text_or_none(value: Any) -> str | None:
    """Return a text, or None for anything else."""
    return value if isinstance(value, str) else None
