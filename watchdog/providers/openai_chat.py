"""OpenAI chat completions: OpenAI, Azure, and every server that speaks the same protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from watchdog.domain.case import Message
from watchdog.domain.response import Answer, Request, ToolCall, Usage
from watchdog.errors import ErrorKind, ProviderError
from watchdog.providers.answers import spoken
from watchdog.providers.classify import traces
from watchdog.providers.deferred import classes
from watchdog.providers.envelope import Reply
from watchdog.providers.sdk import SDKProvider, malformed, opened, text_or_none
from watchdog.text.counts import count_or_none

_OPENAI = "https://api.openai.com/v1"
_AZURE_API_VERSION = "2024-10-21"


class OpenAIProvider(SDKProvider):
    """Answers by POST /chat/completions through the official SDK on its aiohttp transport."""

    address: ClassVar[frozenset[str]] = frozenset({"base_url", "organization", "azure_endpoint", "api_version"})

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        organization: str | None = None,
        azure_endpoint: str | None = None,
        api_version: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_connections: int = 100,
    ) -> None:
        super().__init__((api_key, *(headers or {}).values()))
        self._api_key = api_key
        self._base_url = base_url or _OPENAI  # given, so that the SDK does not look into the environment
        self._organization = organization
        self._azure_endpoint = azure_endpoint
        self._api_version = api_version
        self._headers = dict(headers or {})
        self._max_connections = max_connections

    async def complete(self, request: Request) -> Answer:
        """Ask once; raise ProviderError when there is no answer."""
        body = {**request.parameters, "model": request.model, "messages": wire(request.messages)}
        try:
            data, reply = await self._post("/chat/completions", body, request.timeout)
        except ProviderError as error:
            if error.kind is ErrorKind.BAD_REQUEST and str(error).startswith("HTTP 400 content_filter"):
                # Azure refuses a filtered prompt with 400: that is what the deployment says to this case, not a fault.
                return Answer(text="", finish_reason="content_filter", request_id=error.request_id)
            raise
        return self._answer(data, reply)

    @staticmethod
    def _answer(data: dict[str, Any], reply: Reply) -> Answer:
        choices = data.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise malformed("choices[0].message", reply)
        text, finish_reason = _text(message.get("content")), text_or_none(choice.get("finish_reason"))
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            text, finish_reason = text or refusal, "refusal"
        usage = data.get("usage")
        identity, headroom = traces(reply.raw_headers)
        answer = Answer(
            text=text,
            finish_reason=finish_reason,
            usage=_usage(usage) if isinstance(usage, dict) else Usage(),
            served_model=text_or_none(data.get("model")),
            fingerprint=text_or_none(data.get("system_fingerprint")),
            request_id=identity or text_or_none(data.get("id")),
            tool_calls=_tool_calls(message.get("tool_calls")),
            headroom=headroom,
        )
        return spoken(answer, reply.headers)

    def _connect(self) -> tuple[Any, Any]:
        make, http = opened(
            "openai", "_client.AsyncOpenAI", base_url=self._base_url, max_connections=self._max_connections
        )
        common: dict[str, Any] = {
            "api_key": self._api_key,
            "default_headers": self._headers,
            "max_retries": 0,
            "http_client": http,
        }
        if self._azure_endpoint is None:
            client = make(base_url=self._base_url, **common)
        else:
            (make,) = classes("openai", "lib.azure.AsyncAzureOpenAI")
            client = make(
                azure_endpoint=self._azure_endpoint, api_version=self._api_version or _AZURE_API_VERSION, **common
            )
        client.organization = self._organization  # ours alone: the SDK falls back to the environment
        client.project = None
        return client, http


def wire(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return messages as the protocol writes them."""
    return [{"role": message.role, "content": message.content} for message in messages]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # some servers answer in typed parts
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return ""  # null: a tool call, a refusal, or a model that said nothing


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    return Usage(
        input_tokens=count_or_none(usage.get("prompt_tokens")),
        output_tokens=count_or_none(usage.get("completion_tokens")),
        cached_tokens=count_or_none(details.get("cached_tokens")) if isinstance(details, dict) else None,
    )


def _tool_calls(calls: Any) -> tuple[ToolCall, ...]:
    if not isinstance(calls, list):
        return ()
    functions = (call.get("function") for call in calls if isinstance(call, dict))
    return tuple(
        ToolCall(name=str(function.get("name")), arguments=function.get("arguments"))
        for function in functions
        if isinstance(function, dict)
    )
