"""SIGINT and SIGTERM end a command the way a person wants: calls in flight finish, what is measured is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress


def stop_on_signals(
    loop: asyncio.AbstractEventLoop, said: str = "stopping; calls in flight finish first (again: stop at once)"
) -> asyncio.Event:
    """An event that the first signal sets, saying ``said``; a second one ends the process at once."""
    stop = asyncio.Event()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        if said:
            with suppress(OSError):  # whoever read stderr may have gone before us
                sys.stderr.write(f"eval-watchdog: {said}\n")
                sys.stderr.flush()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return stop
