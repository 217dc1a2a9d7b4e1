"""A provider that is down is asked now and then, by one call."""

from __future__ import annotations

import asyncio

import pytest

from watchdog.errors import ErrorKind
from watchdog.replay.outage import Advice, Outage


@pytest.fixture
def outage(clock):
    return Outage(clock)


@pytest.fixture
def down(outage, clock, error):
    for _ in range(21):
        outage.failed(error(ErrorKind.CONNECTION))
        clock.advance(3.1)
    return outage


def test_a_burst_of_failures_is_no_outage(outage, error):
    for _ in range(500):
        outage.failed(error(ErrorKind.CONNECTION))
    assert not outage.down
    assert outage.advice() is Advice.ASK


def test_a_few_failures_over_a_long_time_are_no_outage(outage, clock, error):
    for _ in range(5):
        outage.failed(error(ErrorKind.CONNECTION))
        clock.advance(100)
    assert outage.advice() is Advice.ASK


def test_any_answer_ends_it(down):
    assert down.down
    down.answered()
    assert not down.down


def test_a_provider_that_was_just_asked_is_not_asked_again(down):
    assert down.advice() is Advice.FAIL


async def test_after_a_while_one_call_asks_and_the_others_wait(down, clock, error):
    clock.advance(10)
    assert down.advice() is Advice.PROBE
    assert down.advice() is Advice.WAIT
    waiting = asyncio.ensure_future(down.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    down.failed(error(ErrorKind.TIMEOUT))
    await asyncio.wait_for(waiting, 1)
    assert down.advice() is Advice.FAIL


async def test_when_it_is_back_all_may_ask(down, clock):
    clock.advance(10)
    assert down.advice() is Advice.PROBE
    waiting = asyncio.ensure_future(down.wait())
    down.answered()
    await asyncio.wait_for(waiting, 1)
    assert [down.advice() for _ in range(3)] == [Advice.ASK] * 3


async def test_a_probe_that_is_never_made_lets_another_one_ask(down, clock):
    clock.advance(10)
    assert down.advice() is Advice.PROBE
    gone = down.probe
    down.abandoned(gone)
    assert down.advice() is Advice.PROBE
    down.abandoned(gone)  # once more, by a call that has nothing to do with the one who asks now
    assert down.advice() is Advice.WAIT
