"""What a notifier may be able to do beside delivering; the house asks by ``isinstance``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from watchdog.domain.alert import Alert
from watchdog.domain.silence import Silence


@runtime_checkable
class Forgetful(Protocol):
    """A notifier whose receiver keeps alerts in memory only, and can be asked what it still knows."""

    async def forgotten(self, alerts: Sequence[Alert]) -> frozenset[str]:
        """Ids of those ``alerts`` that the receiver does not hold as firing.

        It would ignore their end: the page that it once sent would stay open for ever.
        """


@runtime_checkable
class Selective(Protocol):
    """A notifier that leaves some alerts to others."""

    def wants(self, alert: Alert) -> bool:
        """Whether the alert is any of its business."""


@runtime_checkable
class Relays(Protocol):
    """A notifier whose receiver passes alerts on, and says to whom and how many."""

    @property
    def name(self) -> str:
        """Name of the channel."""

    async def receivers(self, alert: Alert) -> tuple[str, ...]:
        """Whom it passes a firing alert on to; empty when it does not say."""

    async def passed_on(self) -> Mapping[str, float]:
        """Notifications that it has passed on since its start, to whomever, by place; empty when it does not say."""


@runtime_checkable
class Acknowledges(Protocol):
    """A notifier whose receiver escalates until somebody is at it."""

    @property
    def name(self) -> str:
        """Name of the channel."""

    async def acknowledge(self, alert: Alert, now: float) -> None:
        """Say that somebody is. Raises DeliveryError(retryable)."""


@runtime_checkable
class Standby(Protocol):
    """A notifier that does the work of another channel while that is down."""

    @property
    def stands_in_for(self) -> str:
        """Name of that channel; empty when it stands in for none."""

    @property
    def standing_in(self) -> bool:
        """Whether it does so now."""

    def primary_fails(self, seconds: float) -> None:
        """Told before each round: for how long that channel has taken nothing although it was asked to."""


@runtime_checkable
class KnowsSilences(Protocol):
    """A notifier whose receiver lets people silence alerts."""

    @property
    def name(self) -> str:
        """Name of the channel; the source of the silences."""

    async def silences(self) -> Sequence[Silence]:
        """Those that hold or are yet to. Raises DeliveryError(retryable)."""


@runtime_checkable
class KnowsAcknowledgements(Protocol):
    """A notifier whose receiver lets people say that they are at it."""

    @property
    def name(self) -> str:
        """Name of the channel; the source of the acknowledgements."""

    @property
    def knows_acknowledgements(self) -> bool:
        """Whether it can be asked: it was given what that takes."""

    async def acknowledged(self, alerts: Sequence[Alert], now: float) -> Mapping[str, tuple[str, float]]:
        """(who, Unix time) by the ids of those alerts that somebody is at. Raises DeliveryError(retryable)."""
