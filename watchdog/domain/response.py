"""Requests, answers and responses: what was asked, what a provider said, what we recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from watchdog.domain.case import Message
from watchdog.domain.target import Role
from watchdog.errors import ErrorKind


class Request(Struct, frozen=True, kw_only=True):
    """One call to make, already rendered."""

    model: str
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: Case the call is for (the ``recorded`` and ``http`` providers use it); empty for judge calls.
    case_id: str = ""
    #: Which repeat of the case this is (the ``recorded`` provider uses it).
    repeat: int = 0
    #: Variables of the case, for the request template of the ``http`` provider.
    variables: Mapping[str, Any] = field(default_factory=dict)
    #: Seconds after which the call is given up.
    timeout: float = 60.0


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens of a call. None means the provider did not say, which is not zero."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None


class ToolCall(Struct, frozen=True, kw_only=True):
    """A tool that the target called while answering."""

    name: str
    #: What went wrong; None when the call succeeded.
    error: str | None = None
    arguments: Any = None


class Answer(Struct, frozen=True, kw_only=True):
    """What a provider said in one successful attempt."""

    text: str
    #: ``stop``, ``length``, ``content_filter``, ``tool_calls`` or the provider's own word.
    finish_reason: str | None = None
    usage: Usage = Usage()
    #: Model name in the answer: what really answered.
    served_model: str | None = None
    fingerprint: str | None = None
    request_id: str | None = None
    contexts: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    #: Remaining-quota headers, lower-cased names, when the provider sends them.
    headroom: Mapping[str, str] = field(default_factory=dict)


class CallStatus(StrEnum):
    """What became of one planned call. Kept apart to the very end."""

    #: There is an answer (good or bad).
    ANSWERED = "answered"
    #: Every allowed attempt failed.
    ERROR = "error"
    #: Deliberately not made: money budget or deadline.
    SKIPPED = "skipped"
    #: Planned, and nothing is known of it (the run was interrupted).
    NOT_RUN = "not run"


class ResponseKey(Struct, frozen=True, order=True, kw_only=True):
    """Identity of a response: a re-run after a crash pays only for keys that are not recorded."""

    run_id: str
    role: Role
    case_id: str
    repeat: int = 0


class Response(Struct, frozen=True, kw_only=True):
    """What a target answered to one case, and what it took."""

    key: ResponseKey
    status: CallStatus
    #: Text of the answer; empty unless answered.
    text: str = ""
    #: Characters of an answer's text that is no longer kept.
    forgotten: int = 0
    finish_reason: str | None = None
    usage: Usage = Usage()
    #: Attempts made, the successful one included.
    attempts: int = 0
    #: Seconds of the last attempt (the answer's own latency, waiting and retries left out).
    latency: float | None = None
    #: Seconds from the first attempt's start to the end, waiting and retries included.
    elapsed: float | None = None
    #: US dollars over all attempts; None when the price or the usage is unknown.
    cost: float | None = None
    served_model: str | None = None
    fingerprint: str | None = None
    request_id: str | None = None
    contexts: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    #: Why the call has no answer; None when answered.
    error_kind: ErrorKind | None = None
    #: Reason in words, secrets removed. For SKIPPED: ``budget`` or ``deadline``.
    error: str | None = None
    #: Unix time when the last attempt ended.
    at: float = 0.0

    @property
    def answered(self) -> bool:
        """Whether there is an answer that may be scored; a failed tool makes it the tool's failure."""
        return self.status is CallStatus.ANSWERED and not (self.tool_calls and self.failed_tools)

    @property
    def failed_tools(self) -> tuple[ToolCall, ...]:
        """Tool calls that failed while the target answered."""
        return tuple(call for call in self.tool_calls if call.error is not None)
