"""Measures: what every answer tells without being scored. Its time, its length, its tokens and its price."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from watchdog.domain.metric import Layer
from watchdog.domain.response import Response


class Measure(StrEnum):
    """A number that is positive and whose ratios matter, not its differences; the value is the metric's name."""

    LATENCY = "answer-latency"
    LENGTH = "answer-length"
    TOKENS = "answer-tokens"
    COST = "answer-cost"

    @property
    def unit(self) -> str:
        """What one is."""
        return {"answer-latency": "s", "answer-length": "characters", "answer-tokens": "tokens", "answer-cost": "USD"}[
            self
        ]

    @property
    def layer(self) -> Layer:
        """How long an answer is, is behaviour; the rest is what it takes to run."""
        return Layer.BEHAVIORAL if self is Measure.LENGTH else Layer.INFRASTRUCTURE

    def of(self, response: Response) -> float | None:
        """Its value for one answer; None when there is no answer, or the answer does not tell.

        What is small does not matter: a tenth of a second, 20 characters and 10 tokens are the least that count.
        """
        if not response.answered:
            return None
        value, least = _READ[self](response)
        return max(float(value), least) if value else None


#: What an answer tells, and the least that counts.
_READ: dict[Measure, Callable[[Response], tuple[float | None, float]]] = {
    Measure.LATENCY: lambda response: (response.latency, 0.1),
    Measure.LENGTH: lambda response: (len(response.text) or response.forgotten, 20.0),
    Measure.TOKENS: lambda response: (response.usage.output_tokens, 10.0),
    Measure.COST: lambda response: (response.cost, 0.0),
}
