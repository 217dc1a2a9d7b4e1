"""Everything that can go wrong, one root. A class's docstring is its default message.

``exit_code`` is what a command that ends with the error returns to the shell:
1 regression or failure, 2 usage or configuration, 3 inconclusive, 4 not measured.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class WatchdogError(Exception):
    """Something went wrong in eval-watchdog."""

    exit_code = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or "").split("\n\n")[0])


class Problem(Struct, frozen=True, kw_only=True):
    """One thing wrong with what the user gave us, and where."""

    #: File as the user would name it (relative to the workspace where possible).
    file: str
    #: What is wrong, as one sentence.
    message: str
    #: 1-based line, when known.
    line: int | None = None
    #: Dotted path of the field (``watches.reply.scorers[2]``), when known.
    field: str | None = None
    #: What to do about it ("did you mean 'repeats'?").
    hint: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        field = f" {self.field}:" if self.field else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}:{field} {self.message}{hint}"


class UsageError(WatchdogError):
    """The command cannot be carried out as it was given."""

    exit_code = 2


class InvalidInput(UsageError):
    """What you gave has problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = len(self.problems)
        lines = [f"{count} problem{'' if count == 1 else 's'} found:", *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


class UnknownName(UsageError):
    """There is nothing of that name."""


class InstrumentChanged(WatchdogError):
    """An instrument (golden set, rubric, judge, scorer or pinned target) differs from the baseline's.

    Scores measured with different instruments cannot be compared; freeze a new baseline on purpose.
    """

    exit_code = 4


class NotMeasured(WatchdogError):
    """Nothing could be measured; this says nothing about quality."""

    exit_code = 4


class StoreError(WatchdogError):
    """The database could not be used."""

    exit_code = 4


class StoreBusy(StoreError):
    """The database is locked by another process; nothing was lost, try again."""


class StoreFull(StoreError):
    """The disk of the database is full; free some space, what was recorded before is kept."""


class StoreOutdated(StoreError):
    """The database has an older schema; run 'eval-watchdog db upgrade'."""

    exit_code = 2


class ErrorKind(StrEnum):
    """Why a call to a provider failed. The class decides whether and how a call is tried again."""

    #: 401: the key is missing, wrong or revoked. Never retried.
    AUTHENTICATION = "authentication"
    #: 403: the key may not use this. Never retried.
    PERMISSION = "permission"
    #: 404: no such model or path (a retired snapshot). Never retried.
    NOT_FOUND = "not-found"
    #: 400, 413, 422: the request itself is wrong. Never retried.
    BAD_REQUEST = "bad-request"
    #: 429: too many requests or tokens a minute. Retried after what the server asks.
    RATE_LIMIT = "rate-limit"
    #: 429 of a daily or monthly quota. Not retried until it resets.
    QUOTA = "quota"
    #: No answer in time.
    TIMEOUT = "timeout"
    #: No connection, or it broke.
    CONNECTION = "connection"
    #: 5xx.
    SERVER = "server"
    #: A 2xx whose body is empty or is not what the protocol promises.
    BAD_RESPONSE = "bad-response"
    #: A tool that the target called failed; the answer says nothing about the model.
    TOOL = "tool"
    #: The user's own callable raised.
    INTERNAL = "internal"


class ProviderError(WatchdogError):
    """A call to a model provider failed."""

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind,
        retryable: bool,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retryable = retryable
        self.status = status
        #: Seconds the server asked us to wait, if it said so.
        self.retry_after = retry_after
        self.request_id = request_id


class DeliveryError(WatchdogError):
    """An alert could not be delivered."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        retry_after: float | None = None,
        refused: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        #: False when trying the same thing again can never work (a wrong key, a refused payload).
        self.retryable = retryable
        self.retry_after = retry_after
        #: Ids of the alerts that the receiver refused although it took the others; empty when it took none.
        self.refused = frozenset(refused)
