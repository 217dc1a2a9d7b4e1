"""The shadow copy's time: it leaps from look to look, and goes at the usual pace in between."""

from __future__ import annotations

import asyncio
import time

#: Real seconds that one second of waiting (a retry, a pause) takes.
_PACE = 0.002


class ShadowClock:
    """Time of day by leaps; what takes time takes real time, and waiting is shortened."""

    def __init__(self, now: float) -> None:
        self._at = now
        self._since = time.monotonic()

    def leap(self, to: float) -> None:
        """It is that time now; never earlier than it was."""
        self._at, self._since = max(to, self.now()), time.monotonic()

    def now(self) -> float:
        """Unix time in the shadow."""
        return self._at + time.monotonic() - self._since

    def monotonic(self) -> float:
        """Real seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait a fraction of it."""
        await asyncio.sleep(seconds * _PACE)
