from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from pathlib import Path

import pytest
import structlog

from watchdog.store.store import Store


@pytest.fixture(scope="session")
def stepwise():
    """The module beside this file: a look in steps, and a daemon process around it."""
    path = Path(__file__).with_name("stepwise.py")
    spec = importlib.util.spec_from_file_location("daemon_stepwise", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'watchdog.db'}"


@pytest.fixture
def store(url):
    store = Store(url)
    store.prepare()
    yield store
    store.close()


@pytest.fixture
def runs(store):
    """All runs of a watch, oldest first."""

    def of(watch="reply", *statuses):
        with store.read() as session:
            return session.runs.of_watch(watch, statuses=statuses)

    return of


@pytest.fixture
def eventually():
    """Wait until something holds."""

    async def wait(holds, seconds=60.0):
        deadline = time.monotonic() + seconds
        while not (held := holds()):
            assert time.monotonic() < deadline, "it never came about"
            await asyncio.sleep(0.02)
        return held

    return wait


@pytest.fixture(autouse=True)
def quiet_logs():
    """What the daemon logs, as a list of events."""
    with structlog.testing.capture_logs() as events:
        yield events
    structlog.reset_defaults()
