"""The edge where signals come in: the first one stops in good order, a second one at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Protocol

from watchdog.text.log import Log

_log = Log(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Service(Protocol):
    """What runs until it is told to stop (the daemon)."""

    async def run_until(self, stop: asyncio.Event) -> None:
        """Start, work until ``stop`` is set, stop."""


class Part(Protocol):
    """What stands beside it from before its start until after its end (the web page)."""

    async def start(self) -> object:
        """Be there; raise WatchdogError when that cannot be."""

    async def stop(self) -> None:
        """Be gone."""


async def serve_until_signal(service: Service, beside: Sequence[Part] = ()) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code, 0. A second signal ends the process at once.

    Ending at once loses no more than kill -9 does: the calls in flight.

    Raises:
        WatchdogError: something could not start.
    """
    stop = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            _log.warning("a second signal, ending at once", action="signal-again", signal=number.name)
            sys.stderr.flush()
            os._exit(128 + number)
        _log.info("told to stop", action="signal", signal=number.name)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    started: list[Part] = []
    try:
        for part in beside:
            await part.start()
            started.append(part)
        await service.run_until(stop)
    finally:
        for part in reversed(started):
            await part.stop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
    return 0
