"""Answers from plain mappings: what the recorded and the python provider have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from watchdog.domain.response import Answer, ToolCall, Usage
from watchdog.providers.classify import bad_response, discreet
from watchdog.text.counts import count_or_none

_FIELDS = frozenset({"text", "finish_reason", "usage", "served_model", "fingerprint", "contexts", "tool_calls"})
_TOKENS = ("input_tokens", "output_tokens", "cached_tokens")


class NotAnAnswer(ValueError):
    """A value does not describe an answer; the message names the field, never what it holds."""


def answer_from(value: Any, *, ignore: frozenset[str] = frozenset()) -> Answer:
    """Return the answer a mapping describes: ``text`` and, if known, the other fields of Answer.

    ``usage`` is {input_tokens, output_tokens, cached_tokens}, each optional; ``tool_calls`` a list of {name, error?,
    arguments?}; ``contexts`` a list of texts. Raises NotAnAnswer with what is wrong, never with the text itself.
    """
    if not isinstance(value, Mapping):
        raise NotAnAnswer(f"expected an object, not {type(value).__name__}")
    unknown = sorted(str(name) for name in value if name not in _FIELDS and name not in ignore)
    if unknown:
        raise NotAnAnswer(f"unknown field {unknown[0]!r}; known are {', '.join(sorted(_FIELDS))}")
    if not isinstance(value.get("text"), str):
        raise NotAnAnswer("'text' must be given, as a text")
    return Answer(
        text=value["text"],
        finish_reason=optional_text(value, "finish_reason"),
        usage=usage_from(value.get("usage")),
        served_model=optional_text(value, "served_model"),
        fingerprint=optional_text(value, "fingerprint"),
        contexts=contexts_from(value.get("contexts")),
        tool_calls=tool_calls_from(value.get("tool_calls")),
    )


def optional_text(value: Mapping[str, Any], name: str) -> str | None:
    """Return a text or None; NotAnAnswer for anything else."""
    found = value.get(name)
    if found is not None and not isinstance(found, str):
        raise NotAnAnswer(f"{name!r} must be a text")
    return found


def usage_from(value: Any) -> Usage:
    """Return a usage from {input_tokens, output_tokens, cached_tokens}; what is missing is unknown, not zero."""
    if value is None:
        return Usage()
    if not isinstance(value, Mapping):
        raise NotAnAnswer("'usage' must be an object")
    return Usage(**{name: tokens(value.get(name), name) for name in _TOKENS})


def tokens(value: Any, name: str) -> int | None:
    """Return a whole number of tokens, None when it is unknown or cannot be true; NotAnAnswer for anything else."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise NotAnAnswer(f"{name!r} must be a whole number of tokens")
    return count_or_none(value)


def contexts_from(value: Any) -> tuple[str, ...]:
    """Return a tuple of texts from a list of texts, or of objects that have a ``text`` or ``content``."""
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise NotAnAnswer("'contexts' must be a list of texts")
    return tuple(_context(item) for item in value)


def _context(item: Any) -> str:
    if isinstance(item, Mapping):
        item = item.get("text", item.get("content"))
    if not isinstance(item, str):
        raise NotAnAnswer("'contexts' must be a list of texts")
    return item


def tool_calls_from(value: Any, *, secrets: Collection[str] = ()) -> tuple[ToolCall, ...]:
    """Return tool calls from a list of {name, error?, arguments?}; a null or empty error is a success.

    Errors are cut short, and ``secrets`` and whatever looks like a secret or like personal data is taken out of them.
    """
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise NotAnAnswer("'tool_calls' must be a list")
    calls = []
    for item in value:
        if isinstance(item, ToolCall):
            calls.append(item if item.error is None else replace(item, error=discreet(item.error, secrets)))
            continue
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
            raise NotAnAnswer("each of 'tool_calls' must be an object with a 'name'")
        error = item.get("error")
        said = discreet(str(error), secrets) if error else None
        calls.append(ToolCall(name=item["name"], error=said, arguments=item.get("arguments")))
    return tuple(calls)


def spoken(answer: Answer, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer, if the model gave one; ProviderError (bad-response, tried again) for an empty shell.

    That is a text of no character that ends as if all were well, without a tool call and without a token spent: a
    fault of whoever is between the model and us. It must not be scored as if the model had had nothing to say.
    """
    ended_well = answer.finish_reason in {None, "stop"}
    if not answer.text and not answer.tool_calls and ended_well and not answer.usage.output_tokens:
        raise bad_response("an answer without text, tool calls or tokens", headers)
    return answer
