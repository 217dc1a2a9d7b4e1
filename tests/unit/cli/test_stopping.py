from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from watchdog.cli.stopping import stop_on_signals


class Gone:
    """A standard error whose reader has left."""

    def write(self, _text):
        raise BrokenPipeError

    def flush(self):
        raise BrokenPipeError


@pytest.fixture(autouse=True)
def _same_signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_a_signal_stops_it_even_when_nobody_reads_what_it_says(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Gone())
    stop = stop_on_signals(asyncio.get_running_loop())
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(stop.wait(), 5)
