"""Anthropic messages: Claude, and every server that speaks the same protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from watchdog.domain.response import Answer, Request, ToolCall, Usage
from watchdog.providers.answers import spoken
from watchdog.providers.classify import traces
from watchdog.providers.sdk import SDKProvider, malformed, opened, text_or_none
from watchdog.text.counts import count_or_none

_ANTHROPIC = "https://api.anthropic.com"

#: The protocol requires a limit; this one is used when the target's parameters give none.
DEFAULT_MAX_TOKENS = 1024

#: The protocol's stop reasons in the words of Answer.finish_reason; others are kept as they are.
_FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls"}

_SYSTEM_ROLES = frozenset({"system", "developer"})


class AnthropicProvider(SDKProvider):
    """Answers by POST /v1/messages through the official SDK on its aiohttp transport."""

    address: ClassVar[frozenset[str]] = frozenset({"base_url"})

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_connections: int = 100,
    ) -> None:
        super().__init__((api_key, *(headers or {}).values()))
        self._api_key = api_key
        # Given, so that the SDK does not look into the environment. It adds /v1 itself.
        self._base_url = (base_url or _ANTHROPIC).rstrip("/").removesuffix("/v1")
        self._headers = dict(headers or {})
        self._max_connections = max_connections

    async def complete(self, request: Request) -> Answer:
        """Ask once; raise ProviderError when there is no answer."""
        data, reply = await self._post("/v1/messages", body_of(request), request.timeout)
        blocks = data.get("content")
        if not isinstance(blocks, list):
            raise malformed("content", reply)
        usage, reason = data.get("usage"), text_or_none(data.get("stop_reason"))
        identity, headroom = traces(reply.raw_headers)
        answer = Answer(
            text="".join(str(block.get("text") or "") for block in _of_type(blocks, "text")),
            finish_reason=_FINISH.get(reason, reason) if reason else None,
            usage=_usage(usage) if isinstance(usage, dict) else Usage(),
            served_model=text_or_none(data.get("model")),
            request_id=identity or text_or_none(data.get("id")),
            tool_calls=tuple(
                ToolCall(name=str(block.get("name")), arguments=block.get("input"))
                for block in _of_type(blocks, "tool_use")
            ),
            headroom=headroom,
        )
        return spoken(answer, reply.headers)

    def _connect(self) -> tuple[Any, Any]:
        make, http = opened(
            "anthropic", "_client.AsyncAnthropic", base_url=self._base_url, max_connections=self._max_connections
        )
        client = make(
            api_key=self._api_key,
            base_url=self._base_url,
            default_headers=self._headers,
            max_retries=0,
            open_telemetry=False,  # spans around every call would cost CPU and could carry prompts
            http_client=http,
        )
        return client, http


def body_of(request: Request) -> dict[str, Any]:
    """Return the request as the protocol writes it: the system text apart, and a limit on the tokens."""
    system = "\n\n".join(message.content for message in request.messages if message.role in _SYSTEM_ROLES)
    body: dict[str, Any] = {
        "max_tokens": DEFAULT_MAX_TOKENS,
        **request.parameters,
        "model": request.model,
        "messages": [
            {"role": message.role, "content": message.content}
            for message in request.messages
            if message.role not in _SYSTEM_ROLES
        ],
    }
    if system:
        body["system"] = system
    return body


def _of_type(blocks: list[Any], kind: str) -> list[dict[str, Any]]:
    return [block for block in blocks if isinstance(block, dict) and block.get("type") == kind]


def _usage(usage: dict[str, Any]) -> Usage:
    """All input counts as input: the protocol reports what was read from and written to the cache apart."""
    fresh, read = count_or_none(usage.get("input_tokens")), count_or_none(usage.get("cache_read_input_tokens"))
    written = count_or_none(usage.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=None if fresh is None else count_or_none(fresh + (read or 0) + (written or 0)),
        output_tokens=count_or_none(usage.get("output_tokens")),
        cached_tokens=read,
    )
