"""The protocols: request bodies to questions, replies to response bodies. Plain JSON values, no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from watchdog.errors import UsageError
from watchdog.simulator.simulator import Question, Reply

_ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_OPENAI_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class Dialect(Struct, frozen=True, kw_only=True):
    """How one API words questions, answers and errors."""

    #: Header that names a request, and what its names begin with.
    request_id_header: str
    request_id_prefix: str
    #: (body, nonce) -> question; UsageError says what is wrong with the body.
    question: Callable[[Mapping[str, Any], str], Question]
    #: (reply, request id, Unix time) -> body.
    answer: Callable[[Reply, str, float], dict[str, Any]]
    #: (status, message, code, request id) -> body.
    error: Callable[[int, str, str | None, str], dict[str, Any]]
    #: Header that tells of a limit: its ``what`` (requests, tokens), and ``kind``, limit or remaining.
    limit_header: str = "x-ratelimit-{kind}-{what}"
    #: Whether an agent answers: it uses tools and names its contexts.
    agent: bool = False


def _chat_question(body: Mapping[str, Any], nonce: str) -> Question:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise UsageError("'messages' is a list of at least one message")
    if body.get("stream"):
        raise UsageError("the simulator does not stream")
    system = [_text(body.get("system"))] + [_text(one.get("content")) for one in messages if _instructs(one)]
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    return Question(
        model=_model(body),
        system="\n".join(filter(None, system)),
        text="\n".join(_text(one.get("content")) for one in messages if not _instructs(one)),
        max_tokens=limit if isinstance(limit, int) else None,
        nonce=nonce,
    )


def _messages_question(body: Mapping[str, Any], nonce: str) -> Question:
    if not isinstance(body.get("max_tokens"), int):
        raise UsageError("max_tokens: Field required")
    return _chat_question(body, nonce)


def _agent_question(body: Mapping[str, Any], nonce: str) -> Question:
    body = {"model": "agent", **body}
    if "messages" in body:
        return _chat_question(body, nonce)
    text = body.get("input")
    if not isinstance(text, str):
        raise UsageError("'input' is a text")
    return Question(model=_model(body), text=text, nonce=nonce)


def _chat_answer(reply: Reply, request_id: str, at: float) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, "refusal": None}
    return {
        "id": f"chatcmpl-{request_id}",
        "object": "chat.completion",
        "created": int(at),
        "model": reply.served_model,
        "system_fingerprint": reply.fingerprint,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}],
        "usage": {
            "prompt_tokens": reply.input_tokens,
            "completion_tokens": reply.output_tokens,
            "total_tokens": reply.input_tokens + reply.output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def _messages_answer(reply: Reply, request_id: str, _at: float) -> dict[str, Any]:
    return {
        "id": f"msg_{request_id}",
        "type": "message",
        "role": "assistant",
        "model": reply.served_model,
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": "max_tokens" if reply.finish_reason == "length" else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": reply.input_tokens,
            "output_tokens": reply.output_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }


def _agent_answer(reply: Reply, request_id: str, _at: float) -> dict[str, Any]:
    calls = [{"name": call.name, "arguments": call.arguments, "error": call.error} for call in reply.tool_calls]
    return {
        "id": request_id,
        "answer": reply.text,
        "model": reply.served_model,
        "contexts": list(reply.contexts),
        "tool_calls": calls,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
    }


def _chat_error(status: int, message: str, code: str | None, _request_id: str) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code or _OPENAI_CODES.get(status)}}


def _messages_error(status: int, message: str, _code: str | None, request_id: str) -> dict[str, Any]:
    kind = _ANTHROPIC_ERRORS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


def _agent_error(_status: int, message: str, _code: str | None, _request_id: str) -> dict[str, Any]:
    return {"error": message}


def _model(body: Mapping[str, Any]) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise UsageError("'model' is the name of a model")
    return model


def _instructs(message: Mapping[str, Any]) -> bool:
    return message.get("role") in {"system", "developer"}


def _text(content: Any) -> str:
    """Text of a message: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""


#: By path.
DIALECTS: Mapping[str, Dialect] = {
    "/v1/chat/completions": Dialect(
        request_id_header="x-request-id",
        request_id_prefix="req_",
        question=_chat_question,
        answer=_chat_answer,
        error=_chat_error,
    ),
    "/v1/messages": Dialect(
        request_id_header="request-id",
        request_id_prefix="req_",
        question=_messages_question,
        answer=_messages_answer,
        error=_messages_error,
        limit_header="anthropic-ratelimit-{what}-{kind}",
    ),
    "/agent": Dialect(
        request_id_header="x-request-id",
        request_id_prefix="",
        question=_agent_question,
        answer=_agent_answer,
        error=_agent_error,
        agent=True,
    ),
}
