"""Scores: a value, or unscored with a reason; and the outcome algebra."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from watchdog.domain.response import ResponseKey


class Outcome(StrEnum):
    """What became of one (case, target, scorer). Never folded into each other, never turned into a 0."""

    PASSED = "passed"
    FAILED = "failed"
    #: The call failed: a provider's or a tool's fault, not an answer.
    ERROR = "error"
    #: There is an answer, but the scorer could not score it.
    UNSCORED = "unscored"
    #: Left out on purpose (budget, deadline).
    SKIPPED = "skipped"
    #: Planned, and nothing is known of it.
    NOT_RUN = "not run"


class Score(Struct, frozen=True, kw_only=True):
    """What a scorer says of one response."""

    #: 0 (worst) to 1 (best) for pass/fail and graded scorers; None is *unscored*.
    value: float | None
    #: Why, in one sentence: what was missing, or why there is no value.
    reason: str = ""
    #: At or above this value the outcome is *passed*.
    bar: float = 1.0
    #: What a judge used and said: model, rubric digest, raw grade. Never the candidate's text.
    details: Mapping[str, Any] = field(default_factory=dict)
    #: US dollars that scoring cost (a judge's calls); None is unknown.
    cost: float | None = 0.0

    @classmethod
    def unscored(cls, reason: str, *, cost: float | None = 0.0, details: Mapping[str, Any] | None = None) -> Score:
        """No value, and here is why."""
        return cls(value=None, reason=reason, cost=cost, details=details or {})

    @classmethod
    def of(cls, passed: bool, reason: str = "") -> Score:
        """A pass/fail score."""
        return cls(value=1.0 if passed else 0.0, reason=reason)

    @property
    def outcome(self) -> Outcome:
        """Passed, failed or unscored."""
        if self.value is None:
            return Outcome.UNSCORED
        return Outcome.PASSED if self.value >= self.bar else Outcome.FAILED


class ScoreRow(Struct, frozen=True, kw_only=True):
    """A score of one scorer on one recorded response, as the store keeps it."""

    key: ResponseKey
    scorer: str
    scorer_digest: str
    score: Score
