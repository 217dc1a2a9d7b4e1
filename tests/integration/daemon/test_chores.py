"""What the daemon does beside the looks: at once, again and again, never twice at a time, whatever happens."""

from __future__ import annotations

import asyncio

import pytest

from watchdog.clock import SystemClock
from watchdog.daemon.daemon import Chore, Daemon


@pytest.fixture
async def working(stepwise, store):
    """Starts a daemon with chores, and stops it at the end."""
    daemons = []

    async def start(*chores):
        watch = stepwise.a_watch(every=60.0)
        look = stepwise.Stepwise(store)
        delivery = stepwise.QuietDelivery()
        daemon = Daemon(
            {watch.name: watch}, look, stepwise.a_plan, store, delivery, SystemClock(), chores=chores, grace=0.5
        )
        daemons.append(daemon)
        await daemon.start()
        return daemon

    yield start
    for daemon in daemons:
        await daemon.stop()


async def test_a_chore_that_breaks_is_done_again(working, eventually):
    done = []

    async def work(_stop):
        done.append(1)
        raise OSError("gone")

    await working(Chore(name="broken", every=0.05, work=work))
    await eventually(lambda: len(done) >= 3)


async def test_a_chore_is_not_begun_while_it_is_under_way_and_others_are(working, eventually):
    slow, others, hang = [], [], asyncio.Event()

    async def hold(_stop):
        slow.append(1)
        await hang.wait()

    async def other(_stop):
        others.append(1)

    await working(Chore(name="slow", every=0.05, work=hold), Chore(name="other", every=0.05, work=other))
    await eventually(lambda: len(others) >= 4)
    assert slow == [1]
    hang.set()
    await eventually(lambda: len(slow) >= 2)


async def test_a_chore_is_told_when_the_daemon_stops(working, eventually):
    told = []

    async def work(stop):
        await stop.wait()
        told.append("stopped")

    daemon = await working(Chore(name="patient", every=60.0, work=work))
    await eventually(lambda: daemon._busy == {"patient"})
    await daemon.stop()
    assert told == ["stopped"]
