"""A provider that is down: after a minute without any answer, ask now and then instead of two thousand times."""

from __future__ import annotations

import asyncio
from enum import Enum, auto

from watchdog.errors import ErrorKind, ProviderError
from watchdog.protocols import Clock

#: A provider is down after so many failures in a row over so many seconds ...
_FAILURES = 20
_SECONDS = 60.0
#: ... and is asked again, by one call, so many seconds after the last failure.
_PROBE_EVERY = 10.0

#: Failures that say "down" rather than "not like this" or "not so fast".
DOWN_KINDS = frozenset({ErrorKind.CONNECTION, ErrorKind.TIMEOUT, ErrorKind.SERVER, ErrorKind.BAD_RESPONSE})


class Advice(Enum):
    """What a call should do now."""

    ASK = auto()
    #: Ask, for all the others: this call finds out whether the provider is back.
    PROBE = auto()
    #: Wait for the call that is asking whether the provider is back, then take new advice.
    WAIT = auto()
    #: Fail at once: the provider was asked a moment ago and is still down.
    FAIL = auto()


class Outage:
    """Whether one provider is down, learned from all calls to it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._since = 0.0
        self._last = 0.0
        #: Done as soon as it is known whether the provider is back; None while nobody is finding out.
        self.probe: asyncio.Future[None] | None = None
        #: The last failure.
        self.error: ProviderError | None = None

    @property
    def down(self) -> bool:
        """Whether the provider counts as down."""
        return self._failures >= _FAILURES and self._last - self._since >= _SECONDS

    def advice(self) -> Advice:
        """Say what a call should do now. Who is told PROBE hands ``probe`` to ``abandoned`` when its call has ended."""
        if not self._failures or not self.down:
            return Advice.ASK
        if self.probe is not None:
            return Advice.WAIT
        if self._clock.monotonic() - self._last < _PROBE_EVERY:
            return Advice.FAIL
        self.probe = asyncio.get_running_loop().create_future()
        return Advice.PROBE

    async def wait(self) -> None:
        """Wait for the probe's answer."""
        if self.probe is not None:
            await asyncio.shield(self.probe)

    def answered(self) -> None:
        """The provider answered, be it with a refusal: it is up."""
        if self._failures:
            self._failures = 0
        self._probed()

    def failed(self, error: ProviderError) -> None:
        """No answer."""
        self.error = error
        now = self._clock.monotonic()
        if not self._failures:
            self._since = now
        self._failures += 1
        self._last = now
        self._probed()

    def abandoned(self, probe: asyncio.Future[None]) -> None:
        """The call that was to find out has ended; if nothing came of it, the next one finds out."""
        if probe is self.probe:
            self._probed()

    def _probed(self) -> None:
        if self.probe is not None:
            if not self.probe.done():
                self.probe.set_result(None)
            self.probe = None
