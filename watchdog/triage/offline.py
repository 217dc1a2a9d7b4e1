"""A workspace of which nobody can be asked anything: no key is needed to read its store."""

from __future__ import annotations

from random import Random

from watchdog.app.build import App
from watchdog.domain.response import Answer, Request
from watchdog.domain.watch import Limits
from watchdog.errors import ErrorKind, ProviderError
from watchdog.replay.caller import Caller


class Nobody:
    """A provider that is never asked."""

    async def complete(self, request: Request) -> Answer:
        """Refuse."""
        del request
        raise ProviderError("nobody is asked offline", kind=ErrorKind.INTERNAL, retryable=False)

    async def aclose(self) -> None:
        """Hold nothing."""


class OfflineApp(App):
    """The app of a workspace, its providers left unbuilt."""

    def caller(self, provider: str) -> Caller:
        """A caller that reaches nobody."""
        return Caller(provider, Nobody(), Limits(attempts=1), self.clock, Random(0), self.prices.cost)
