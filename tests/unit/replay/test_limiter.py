"""The adaptive limiter: grows on answers, shrinks on 429, keeps still after trouble, and keeps the pace."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.clock import ManualClock
from watchdog.domain.watch import Limits
from watchdog.replay.limiter import AdaptiveLimiter, Pace


def full(limiter):
    """Take every free slot."""
    while limiter.try_acquire():
        pass


def answer(limiter, times):
    """Let so many calls end well, the slots staying full."""
    for _ in range(times):
        limiter.succeeded()
        limiter.release()
        full(limiter)


@pytest.fixture
def limiter(clock):
    return AdaptiveLimiter(Limits(concurrency=10, max_concurrency=50), clock)


def test_it_starts_at_the_configured_concurrency(limiter):
    full(limiter)
    assert limiter.in_flight == limiter.concurrency == 10


def test_it_doubles_every_round_trip_until_the_maximum(limiter):
    full(limiter)
    answer(limiter, 10)
    assert limiter.concurrency == 20
    answer(limiter, 20)
    assert limiter.concurrency == 40
    answer(limiter, 500)
    assert limiter.concurrency == 50


def test_it_does_not_grow_when_nobody_needs_more(limiter):
    for _ in range(100):
        assert limiter.try_acquire()
        limiter.succeeded()
        limiter.release()
    assert limiter.concurrency == 10


def test_a_429_shrinks_the_concurrency_once_a_second(limiter, clock):
    full(limiter)
    answer(limiter, 500)
    for _ in range(20):
        limiter.rate_limited(None)
    assert limiter.concurrency == 35
    clock.advance(1.1)
    limiter.rate_limited(None)
    assert limiter.concurrency == 24


def test_it_never_shrinks_below_one(limiter, clock):
    for _ in range(50):
        limiter.rate_limited(None)
        clock.advance(2)
    assert limiter.concurrency == 1


def test_after_a_429_it_grows_by_one_a_round_trip(limiter):
    full(limiter)
    limiter.rate_limited(None)
    assert limiter.concurrency == 7
    for _ in range(3):
        limiter.release()
    answer(limiter, 8)
    assert limiter.concurrency == 8


def test_trouble_stops_the_growth_for_a_while_but_does_not_shrink(limiter, clock):
    full(limiter)
    limiter.troubled()
    answer(limiter, 100)
    assert limiter.concurrency == 10
    clock.advance(5.1)
    answer(limiter, 100)
    assert limiter.concurrency > 10


async def test_retry_after_pauses_every_call(limiter, clock):
    limiter.rate_limited(30.0)
    assert not limiter.try_acquire()
    before = clock.monotonic()
    await limiter.acquire()
    assert clock.monotonic() - before >= 30.0
    assert limiter.try_acquire()


async def test_waiting_calls_are_let_in_one_for_one(clock):
    limiter = AdaptiveLimiter(Limits(concurrency=1, max_concurrency=1), clock)
    await limiter.acquire()
    waiting = [asyncio.ensure_future(limiter.acquire()) for _ in range(3)]
    for count in range(1, 4):
        limiter.release()
        await asyncio.sleep(0.01)
        assert sum(task.done() for task in waiting) == count
        assert limiter.in_flight == 1


async def test_a_cancelled_wait_passes_its_slot_on(clock):
    limiter = AdaptiveLimiter(Limits(concurrency=1, max_concurrency=1), clock)
    await limiter.acquire()
    first, second = asyncio.ensure_future(limiter.acquire()), asyncio.ensure_future(limiter.acquire())
    await asyncio.sleep(0)
    limiter.release()  # first is told, and cancelled before it can take the slot
    first.cancel()
    await asyncio.wait_for(second, 1)
    assert limiter.in_flight == 1


def test_requests_per_minute_are_spread_over_the_minute(clock):
    limiter = AdaptiveLimiter(Limits(requests_per_minute=120), clock)
    waits = [limiter.reserve() for _ in range(6)]
    assert waits == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.5, 2.0])


def test_tokens_per_minute_delay_the_calls_after_a_big_one(clock):
    limiter = AdaptiveLimiter(Limits(tokens_per_minute=6000), clock)  # 100 a second
    assert limiter.reserve(100) == 0.0
    assert limiter.reserve(100) == pytest.approx(0.01)
    limiter.correct(300)  # it used more than was thought
    assert limiter.reserve(100) == pytest.approx(4.01)


def test_without_limits_nothing_is_booked(clock):
    limiter = AdaptiveLimiter(Limits(), clock)
    assert [limiter.reserve(1e9) for _ in range(3)] == [0.0, 0.0, 0.0]


@given(
    rate=st.floats(1, 6000),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_no_minute_ever_holds_more_than_its_rate_and_the_burst(rate, gaps):
    pace, clock, sent = Pace(rate), ManualClock(0.0), []
    for gap in gaps:
        clock.advance(gap)
        sent.append(clock.monotonic() + pace.reserve(1.0, clock.monotonic()))
    burst = max(1.0, rate / 60.0)
    for start in sent:
        within = sum(1 for moment in sent if start <= moment < start + 60.0)
        assert within <= rate + burst + 1.0
