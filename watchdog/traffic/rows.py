"""The canonical row: one production sample, one line of JSON.

Rows are written by the user's product and read strictly: an unknown or mistyped field is a Problem, because a row
that is half understood would measure something else than what was asked. Problems name fields and never quote
values: what a customer wrote must not reach a terminal or a log by way of an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, NoReturn

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    Tag,
    ValidationError,
)

from watchdog.domain.case import Message
from watchdog.errors import Problem
from watchdog.text.redaction import redact

#: Unix seconds between the years 2000 and 2100; milliseconds would be far outside.
_EARLIEST, _LATEST = 946_684_800.0, 4_102_444_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRow:
    """One production sample as it was written. Texts stay out of its repr; ``redacted`` makes it fit to be kept."""

    sample_id: str
    #: Unix time in seconds.
    ts: float
    #: What the product sent: chat messages, or one text for the target's prompt.
    input: tuple[Message, ...] | str = field(repr=False)
    #: What the product answered then.
    output: tuple[Message, ...] | str | None = field(default=None, repr=False)
    reference: Any = field(default=None, repr=False)
    #: Documents that were retrieved for the answer.
    context: tuple[str, ...] = field(default=(), repr=False)
    tool_calls: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    source: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    feature: str | None = None
    vertical: str | None = None
    provider: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    prompt_version: str | None = None
    segment: str | None = field(default=None, repr=False)
    experiment: str | None = field(default=None, repr=False)
    flags: Mapping[str, Any] = field(default_factory=dict, repr=False)
    usage: Mapping[str, Any] = field(default_factory=dict, repr=False)
    latency_ms: float | None = None
    #: US dollars.
    cost: float | None = None
    error: str | None = field(default=None, repr=False)
    finish_reason: str | None = None
    #: How many samples of the product's traffic this one stands for: the inverse of its inclusion probability.
    weight: float = 1.0
    #: Stratum it was drawn from, when the product samples by strata.
    stratum: str | None = None

    @property
    def sampling_key(self) -> str:
        """What head sampling hashes: the trace, so that a trace is kept or left out as a whole."""
        return self.trace_id or self.sample_id


def parse_row(text: str | bytes, *, file: str, line: int | None = None) -> TrafficRow | tuple[Problem, ...]:
    """One line of the file as a row, or everything that is wrong with it.

    A sampling weight that is not given is ``1 / sampling.rate``; a row without ``sampling`` stands for itself.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        place = f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return (Problem(file=file, line=line, message=f"this is not JSON in UTF-8{place}"),)
    if not isinstance(document, dict):
        return (Problem(file=file, line=line, message="a row is a JSON object", hint='{"sample_id": ..., ...}'),)
    try:
        parsed = _Row.model_validate(document)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        return tuple(_problem(detail["loc"], detail["type"], file, line) for detail in details)
    return parsed.row()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _seconds(value: Any) -> Any:
    """Unix seconds of an RFC 3339 time; anything else is left for the validation to judge."""
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time needs an offset, such as Z")
        return moment.astimezone(UTC).timestamp()
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Message(_Strict):
    role: str
    content: str


class _Sampling(_Strict):
    rate: float | None = Field(default=None, gt=0.0, le=1.0)
    stratum: str | None = None
    weight: FiniteFloat | None = Field(default=None, ge=1.0)


class _Redaction(_Strict):
    policy: str | None = None
    version: str | int | None = None


def _kind_of_text(value: Any) -> str:
    return "text" if isinstance(value, str) else "messages"


_Text = Annotated[
    Annotated[list[_Message], Field(min_length=1), Tag("messages")] | Annotated[str, Field(min_length=1), Tag("text")],
    Discriminator(_kind_of_text),
]


class _Row(_Strict):
    """The shape of a row; the names are the format's."""

    sample_id: str = Field(min_length=1, max_length=512)
    ts: Annotated[float, BeforeValidator(_seconds), Field(ge=_EARLIEST, lt=_LATEST)]
    input: _Text
    output: _Text | None = None
    reference: Any = None
    context: list[str] = []
    tool_calls: list[dict[str, Any]] = []
    source: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    feature: str | None = None
    vertical: str | None = None
    provider: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    prompt_version: str | None = None
    segment: str | None = None
    experiment: str | None = None
    flags: dict[str, Any] = {}
    usage: dict[str, Any] = {}
    latency_ms: FiniteFloat | None = None
    cost: FiniteFloat | None = None
    error: str | None = None
    finish_reason: str | None = None
    sampling: _Sampling = _Sampling()
    #: Accepted so that the row is whole; we redact again, whatever was done before.
    redaction: _Redaction | None = None

    def row(self) -> TrafficRow:
        fields = {name: getattr(self, name) for name in _Row.model_fields if name not in {"sampling", "redaction"}}
        fields |= {
            "input": _plain(self.input),
            "output": None if self.output is None else _plain(self.output),
            "context": tuple(self.context),
            "tool_calls": tuple(self.tool_calls),
            "weight": self.sampling.weight or 1.0 / (self.sampling.rate or 1.0),
            "stratum": self.sampling.stratum,
        }
        return TrafficRow(**fields)


def _plain(text: list[_Message] | str) -> tuple[Message, ...] | str:
    if isinstance(text, str):
        return text
    return tuple(Message(role=message.role, content=message.content) for message in text)


#: What we say for what pydantic calls it; its own sentences may quote the value.
_SAYINGS = {
    "missing": "this field is required",
    "extra_forbidden": "there is no such field",
    "string_type": "this must be a text",
    "float_type": "this must be a number",
    "list_type": "this must be a list",
    "dict_type": "this must be an object",
    "model_type": "this must be an object",
    "finite_number": "this must be a finite number",
    "string_too_short": "this must not be empty",
    "too_short": "this must not be empty",
    "string_too_long": "this is too long for an id",
    "string_unicode": "this is not a text in UTF-8",
}
#: Said of these fields whatever is wrong with their value.
_FIELD_SAYINGS = {
    "ts": "this must be Unix time in seconds, or a time such as 2026-11-21T09:30:00Z",
    "sampling.rate": "this must be a number greater than 0 and at most 1",
    "sampling.weight": "this must be a number of at least 1: the inverse of a probability",
    "input": "this must be a text or a list of messages, and not be empty",
    "output": "this must be a text or a list of messages, and not be empty",
}


def _problem(loc: tuple[int | str, ...], kind: str, file: str, line: int | None) -> Problem:
    # The chosen form of a text is a step of pydantic's path but not of the row.
    steps = [redact(str(step)) for index, step in enumerate(loc) if not (index == 1 and loc[0] in {"input", "output"})]
    name = ".".join(steps)
    hint = None
    if kind == "extra_forbidden":
        nested: dict[str, type[BaseModel]] = {"sampling": _Sampling, "redaction": _Redaction}
        shape = nested.get(steps[0], _Message) if len(steps) > 1 else _Row
        close = get_close_matches(steps[-1], shape.model_fields, n=1)
        hint = f"did you mean '{close[0]}'?" if close else "free facts belong under 'flags'"
    saying = _SAYINGS.get(kind, f"this is not valid here ({kind.replace('_', ' ')})")
    if kind not in {"missing", "extra_forbidden"}:
        saying = _FIELD_SAYINGS.get(name, saying)
    return Problem(file=file, line=line, field=name, message=saying, hint=hint)
