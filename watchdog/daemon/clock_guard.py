"""A wall clock that is set back: what is planned by it would wait for as long again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from watchdog.protocols import Clock
from watchdog.text.faults import in_words
from watchdog.text.log import Log

_log = Log(__name__)

#: Seconds between two comparisons with the monotonic clock, and by how many the wall clock may fall behind in between.
CHECK_EVERY = 10.0
TOLERATED = 5.0


def ahead_of_monotonic(clock: Clock) -> float:
    """Seconds by which the wall clock is ahead of the monotonic one; they change only when it is set."""
    return clock.now() - clock.monotonic()


def set_back(ahead_before: float, ahead_now: float) -> bool:
    """Whether the wall clock was set back, by what it is ahead of the monotonic clock. Forward is no trouble."""
    return ahead_now < ahead_before - TOLERATED


async def mind_the_clock(
    clock: Clock,
    ahead: float,
    stopping: asyncio.Event,
    plan_anew: Callable[[], Awaitable[None]],
    *,
    every: float = CHECK_EVERY,
) -> None:
    """Until ``stopping`` is set: have everything planned anew once the clock was set back, until that succeeds.

    ``ahead``: of the monotonic clock, when it was planned first.
    """
    while not stopping.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every):
                await stopping.wait()
                return
        ahead_now = ahead_of_monotonic(clock)
        if set_back(ahead, ahead_now):
            _log.warning("the clock was set back", action="clock-set-back", seconds=round(ahead - ahead_now))
            try:
                await plan_anew()
            except Exception as error:  # noqa: BLE001 - tried again with the next comparison
                _log.warning("nothing was planned anew", action="ledger-trouble", error=in_words(error))
                continue
        ahead = ahead_now
