"""The seams: five places where a part of your own fits in, and the clock.

A part is named in watchdog.yaml by a short name from ``catalog.py`` or as ``"package.module:Name"``.
docs/extending.md has one example of each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any, Protocol, TypeVar

from watchdog.domain.alert import Alert
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.case import Case, Estimand
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Observation
from watchdog.domain.response import Answer, Request, Response
from watchdog.domain.score import Score

State = TypeVar("State")


class Clock(Protocol):
    """Time, passed in: a month can be replayed in seconds."""

    def now(self) -> float:
        """Unix time in seconds."""

    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean something."""

    async def sleep(self, seconds: float) -> None:
        """Return after that much of this clock's time."""


class CaseSource(Protocol):
    """Where cases come from (built in: golden, traffic)."""

    @property
    def estimand(self) -> Estimand:
        """What numbers from these cases are a statement about."""

    def cases(self, now: float, rng: Random) -> Sequence[Case]:
        """The cases of one look at Unix time ``now``; every random choice comes from ``rng``."""


class Provider(Protocol):
    """Something that answers (built in: openai, anthropic, http, python, recorded). One attempt, no retries."""

    async def complete(self, request: Request) -> Answer:
        """Answer one request, or raise ProviderError(kind, retryable)."""

    async def aclose(self) -> None:
        """Give up connections."""


class Scorer(Protocol):
    """Turns a case and a response into a score (built in: checks, judge). Keeps no state between calls."""

    @property
    def name(self) -> str:
        """Name of the metric it feeds."""

    @property
    def digest(self) -> str:
        """Digest of everything that decides its scores; a change stops detection."""

    async def score(self, case: Case, response: Response) -> Score:
        """Score one answer; ``Score.unscored(reason)`` when it cannot, never a 0 in its place."""


class Detector(Protocol[State]):
    """A sequential test. Pure: the same state and observation give the same answer."""

    def start(self, baseline: MetricBaseline) -> State:
        """State before the first look; JSON-serialisable."""

    def update(self, state: State, observation: Observation) -> tuple[State, Signal]:
        """New state and what it means; ``state`` itself is left as it was."""


class Notifier(Protocol):
    """Delivers alerts (built in: alertmanager, webhook, stdout)."""

    @property
    def name(self) -> str:
        """Name of the channel in logs, metrics and the outbox."""

    @property
    def resend_every(self) -> timedelta | None:
        """How often live alerts are sent again to a receiver that forgets (Alertmanager); None: once per transition."""

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Deliver; raise DeliveryError(retryable) when nobody took it."""

    async def aclose(self) -> None:
        """Give up connections."""


#: How a scorer asks a model (a judge): retried, paced, budgeted and accounted like every other call.
#: Never raises for a failed call: the response says what became of it.
Ask = Callable[[Request], Awaitable[Response]]

#: Arguments of a part as written in watchdog.yaml.
Arguments = Mapping[str, Any]
