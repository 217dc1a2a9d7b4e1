"""What every deterministic check is, and what it tells those who configure it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

from watchdog.domain.case import Case
from watchdog.domain.digest import digest
from watchdog.domain.metric import Better, Layer
from watchdog.domain.response import Response
from watchdog.domain.score import Score


@dataclass(frozen=True, kw_only=True)
class Check(ABC):
    """A deterministic scorer. Its fields are the arguments in watchdog.yaml; bad ones raise ValueError.

    A reason says what was missing in words of the check and the case, never in words of the answer: reasons are kept
    longer and shown wider than answers are.
    """

    #: The argument that a bare value sets (``- contains: refund``); None when there is none.
    scalar: ClassVar[str | None] = None
    #: Arguments that, given as text, are paths; relative to the workspace until settings makes them absolute.
    files: ClassVar[frozenset[str]] = frozenset()
    #: Arguments that the composition root gives, not the user.
    injected: ClassVar[frozenset[str]] = frozenset()
    #: Whether ``not-`` may stand before the name.
    negatable: ClassVar[bool] = True
    #: Whether without arguments it reads ``case.expected``, so that a case without one cannot be scored.
    reads_expected: ClassVar[bool] = False
    #: Whether it takes microseconds, the first time too: it may then score between calls whose latency is measured.
    instant: ClassVar[bool] = False
    better: ClassVar[Better] = Better.HIGHER
    layer: ClassVar[Layer] = Layer.QUALITY
    #: Raised whenever the code comes to score otherwise than before: part of the digest.
    revision: ClassVar[int] = 1

    #: Name of the metric.
    name: str

    @cached_property
    def digest(self) -> str:
        """Digest of kind, revision and arguments; the name decides no score."""
        return digest([type(self).__name__, self.revision, self.arguments()])

    def arguments(self) -> dict[str, Any]:
        """Everything that decides the scores, as plain values."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "name"}

    async def score(self, case: Case, response: Response) -> Score:
        """The Scorer protocol; a check never waits for anything."""
        return self.check(case, response)

    @abstractmethod
    def check(self, case: Case, response: Response) -> Score:
        """Score one answer."""


def text_of(value: Any) -> str | None:
    """A reference as text: text itself, numbers as JSON writes them; None for anything that is not one text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "g") if isinstance(value, float) else str(value) if isinstance(value, int) else None


def texts_of(value: Any) -> list[str] | None:
    """A reference as a list of texts: one text is a list of one; None for anything else or nothing."""
    items = value if isinstance(value, (list, tuple)) else [value]
    texts = [text for item in items if (text := text_of(item)) is not None]
    return texts if texts and len(texts) == len(items) else None


def no_reference(kind: str = "text") -> Score:
    """Neither the check nor the case says what to look for."""
    return Score.unscored(f"the check has no value and the case no expected {kind}")


def quoted(text: str, limit: int = 60) -> str:
    """A short quotation of what a check looks for."""
    return f'"{text if len(text) <= limit else text[: limit - 1] + "…"}"'
