import asyncio

import pytest

from watchdog.clock import ManualClock
from watchdog.daemon.clock_guard import mind_the_clock, set_back


@pytest.mark.parametrize(("now", "said"), [(100.0, False), (99.0, False), (94.0, True), (-3500.0, True), (9e9, False)])
def test_only_a_clock_that_falls_behind_by_more_than_is_slewed_was_set_back(now, said):
    assert set_back(100.0, now) is said


async def test_planning_anew_is_tried_until_it_succeeds_and_then_no_more():
    clock, stopping, tries, compared = ManualClock(), asyncio.Event(), [], []

    def now():
        compared.append(1)
        if len(compared) == 5:
            stopping.set()
        return -3600.0

    async def plan_anew():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("locked")

    clock.now, clock.monotonic = now, lambda: 0.0
    await mind_the_clock(clock, 0.0, stopping, plan_anew, every=0.001)
    assert len(compared) == 5
    assert len(tries) == 2
