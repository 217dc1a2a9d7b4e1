"""One attempt through an official SDK client: auth, hosts and transport are the SDK's, everything else is ours.

The SDK's response models cost more CPU than the call itself, so the raw response is asked for (``cast_to``) and the
few fields we keep are read from its JSON. Its own retries are off: every attempt is counted by the caller.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from watchdog.errors import ProviderError, UsageError
from watchdog.providers.classify import bad_response, describe, from_exception, from_status, scrub, secrets_in

#: The SDK wants a key for every call, and draws one from the system when it is given none: dear, where we draw once.
_ORIGIN = uuid4().hex
_NUMBERS = count()
#: Two providers may be opened at once, each in a thread, and an SDK is loaded by one thread alone (see ``deferred``).
_LOADING = threading.Lock()


async def post(
    client: Any, path: str, body: Mapping[str, Any], *, seconds: float, secrets: Collection[str]
) -> tuple[dict[str, Any], Any]:
    """Post a body and return the decoded JSON object and the httpx2 response it came in.

    ``client`` is an AsyncOpenAI or AsyncAnthropic; ``seconds`` is the time-out for connecting and for each read.
    Raises ProviderError for every failure, an empty or undecodable 2xx included.
    """
    import httpx2  # noqa: PLC0415 - loaded with the SDK; runs without one never pay for it

    options = {"timeout": seconds, "idempotency_key": f"eval-watchdog-{_ORIGIN}-{next(_NUMBERS)}"}
    try:
        response = await client.post(path, body=body, cast_to=httpx2.Response, options=options)
    except Exception as error:  # noqa: BLE001 - SDKs and transports share no root class
        raise _classified(error, secrets) from None  # the chain holds the request: key, prompt and all
    return decoded(response, secrets), response


def _classified(error: Exception, secrets: Collection[str]) -> ProviderError:
    response = getattr(error, "response", None)
    if response is None:
        return from_exception(error, secrets=secrets)
    return from_status(response.status_code, json_or_none(response.content), response.headers, secrets=secrets)


def decoded(response: Any, secrets: Collection[str]) -> dict[str, Any]:
    """Return the JSON object of a 2xx response; ProviderError when it has none, or is an error in disguise."""
    content: bytes = response.content
    if not content.strip():
        raise bad_response(f"HTTP {response.status_code} with an empty body", response.headers)
    body = json_or_none(content)
    if not isinstance(body, dict):
        raise bad_response(f"HTTP {response.status_code} whose body is not a JSON object", response.headers)
    error = body.get("error")
    if error:  # gateways answer 200 and put the upstream's failure into the body
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(code, int) and 400 <= code <= 599:
            raise from_status(code, body, response.headers, secrets=secrets)
        raise bad_response(f"an error in the body of {describe(response.status_code, body, secrets)}", response.headers)
    return body


def json_or_none(content: bytes) -> Any:
    """Return the decoded JSON of a body; None when it is not JSON."""
    try:
        return json.loads(content)
    except ValueError:  # UnicodeDecodeError is one too
        return None


class SDKProvider:
    """What both SDK providers share: a client that is made when it is first needed, and one attempt a call."""

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets = secrets_in(secrets)
        self._client: Any = None

    def warm_up(self) -> None:
        """Load the SDK and make the client: up to two seconds that are no latency of the model."""
        if self._client is None:
            with _LOADING:
                self._load()

    def _load(self) -> None:
        if self._client is not None:  # by the thread that we waited for
            return
        try:
            self._client = self._connect()
        except Exception as error:  # noqa: BLE001 - whatever an SDK has against its arguments
            raise UsageError(f"the client cannot be made: {scrub(str(error), self._secrets)}") from None

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _post(self, path: str, body: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], Any]:
        self.warm_up()
        return await post(self._client, path, body, seconds=seconds, secrets=self._secrets)

    def _connect(self) -> Any:
        raise NotImplementedError


def malformed(what: str, response: Any) -> ProviderError:
    """Return the error for JSON that is not the protocol's."""
    return bad_response(f"HTTP {response.status_code} whose body has no {what}", response.headers)


def text_or_none(value: Any) -> str | None:
    """Return a text, or None for anything else."""
    return value if isinstance(value, str) else None
