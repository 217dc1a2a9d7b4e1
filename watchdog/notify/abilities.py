"""What a notifier may be able to do beside delivering; the house asks by ``isinstance``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from watchdog.domain.alert import Alert


@runtime_checkable
class Forgetful(Protocol):
    """A notifier whose receiver keeps alerts in memory only, and can be asked what it still knows."""

    async def forgotten(self, alerts: Sequence[Alert]) -> frozenset[str]:
        """Ids of those ``alerts`` that the receiver does not hold as firing.

        It would ignore their end: the page that it once sent would stay open for ever.
        """


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

    def primary_fails(self, seconds: float) -> None:
        """Told before each round: for how long that channel has taken nothing although it was asked to."""
