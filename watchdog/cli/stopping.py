"""SIGINT and SIGTERM end a command the way a person wants: calls in flight finish, what is measured is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys


def stop_on_signals(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """An event that the first signal sets; a second one ends the process at once."""
    stop = asyncio.Event()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        sys.stderr.write("eval-watchdog: stopping; calls in flight finish first (again: stop at once)\n")
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return stop
