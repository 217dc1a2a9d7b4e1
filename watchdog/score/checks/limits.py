"""Checks of size, time and money: word-count, max-chars, latency, cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from watchdog.domain.case import Case
from watchdog.domain.metric import Layer
from watchdog.domain.response import Response
from watchdog.domain.score import Score
from watchdog.score.check import Check
from watchdog.text.words import words


@dataclass(frozen=True, kw_only=True)
class WordCount(Check):
    """The answer has at least ``min`` and at most ``max`` words."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "max"
    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    min: int | None = None
    max: int | None = None
    name: str = "word-count"

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        if (self.min or 0) < 0 or (self.max is not None and self.max < (self.min or 0)):
            raise ValueError("'min' and 'max' are counts from 0 on, 'max' not below 'min'")

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Count the words."""
        count = len(words(response.text))
        if self.min is not None and count < self.min:
            return Score.of(passed=False, reason=f"{count} words, fewer than {self.min}")
        if self.max is not None and count > self.max:
            return Score.of(passed=False, reason=f"{count} words, more than {self.max}")
        return Score.of(passed=True)


@dataclass(frozen=True, kw_only=True)
class MaxChars(Check):
    """The answer has at most this many characters."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "max"
    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    max: int
    name: str = "max-chars"

    def __post_init__(self) -> None:
        if self.max < 1:
            raise ValueError("'max' is a count from 1 on")

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Count the characters, space at the ends left out."""
        count = len(response.text.strip())
        return Score.of(count <= self.max, "" if count <= self.max else f"{count} characters, more than {self.max}")


@dataclass(frozen=True, kw_only=True)
class Latency(Check):
    """The answer came within this many seconds (the successful attempt alone, without waiting and retries)."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "max"
    layer: ClassVar[Layer] = Layer.INFRASTRUCTURE

    max: float
    name: str = "latency"

    def __post_init__(self) -> None:
        _refuse_bad_limit(self.max, "seconds")

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Compare the recorded latency."""
        if response.latency is None:
            return Score.unscored("the latency is not known")
        passed = response.latency <= self.max
        return Score.of(passed, "" if passed else f"{response.latency:.2f} s, more than {self.max:g} s")


@dataclass(frozen=True, kw_only=True)
class Cost(Check):
    """The answer cost at most this many US dollars, all attempts together."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "max"
    layer: ClassVar[Layer] = Layer.INFRASTRUCTURE

    max: float
    name: str = "cost"

    def __post_init__(self) -> None:
        _refuse_bad_limit(self.max, "US dollars")

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Compare the recorded cost; an unknown price is unknown, never 0."""
        if response.cost is None:
            return Score.unscored("the cost is not known")
        passed = response.cost <= self.max
        return Score.of(passed, "" if passed else f"{response.cost:.6f} USD, more than {self.max:g} USD")


def _refuse_bad_limit(limit: float, unit: str) -> None:
    if not 0 < limit < math.inf:
        raise ValueError(f"'max' is a number of {unit}, more than 0")
