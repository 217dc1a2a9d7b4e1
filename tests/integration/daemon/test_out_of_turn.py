"""The daemon looks out of turn at what is suspect: soon, on paper before, seldom enough, and again after a kill."""

from __future__ import annotations

import itertools
import time
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from watchdog.clock import SystemClock
from watchdog.daemon.daemon import Daemon
from watchdog.domain.case import CheckSpec
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.run import RunStatus, Trigger
from watchdog.domain.watch import Money, ScorerPlan

#: Seconds between two looks; those out of turn come after a sixth of that.
EVERY = 12.0


def signal(run_id, at, level):
    key = MetricKey(watch="reply", scorer="exact", arm=Arm.CURRENT)
    return Signal(
        key=key,
        run_id=run_id,
        at=at,
        level=level,
        statistic=8.0,
        threshold=11.0,
        effect=-0.1,
        interval=(-0.2, 0.0),
        n=9,
    )


@pytest.fixture
def watch_of(stepwise):
    def build(**facts):
        plan = ScorerPlan(name="exact", spec=CheckSpec(name="exact"), better=Better.HIGHER, layer=Layer.QUALITY)
        return replace(stepwise.a_watch(every=facts.pop("every", EVERY)), scorers=(plan,), **facts)

    return build


@pytest.fixture
def found(stepwise, store):
    """Looks that find what they are told to; the last of it for ever."""

    class Finding(stepwise.Stepwise):
        def __init__(self, *findings):
            super().__init__(store)
            self.findings = findings
            self.triggers = []

        def _open(self, watch, trigger, planned_for):
            with store.read() as session:
                self.triggers.append((trigger, [run.trigger for run in session.runs.unfinished("reply")]))
            return super()._open(watch, trigger, planned_for)

        def _close(self, run, status):
            level = self.findings[min(len(self.triggers), len(self.findings)) - 1]
            with store.begin() as session:
                session.detection.save_signals([signal(run.id, run.planned_for, level)])
            return super()._close(run, status)

    return Finding


@asynccontextmanager
async def running(look, watch, stepwise, store):
    daemon = Daemon(
        {watch.name: watch}, look, stepwise.a_plan, store, stepwise.QuietDelivery(), SystemClock(), least_gap=0.2
    )
    await daemon.start()
    try:
        yield daemon
    finally:
        await daemon.stop()


def out_of_turn(runs, *statuses):
    return [run for run in runs("reply", *statuses) if run.trigger is Trigger.CONFIRM]


async def test_what_is_suspect_is_looked_at_three_times_and_the_timetable_stays(
    found, watch_of, stepwise, store, runs, eventually
):
    look = found(Level.SUSPECT)
    async with running(look, watch_of(), stepwise, store):
        await eventually(lambda: look.made >= 4, 30.0)
        [planned] = runs("reply", RunStatus.PLANNED)
        first = runs("reply", RunStatus.FINISHED)[0]
        await eventually(lambda: look.made >= 5, 30.0)
    triggers = [trigger for trigger, _ in look.triggers]
    assert triggers == [Trigger.SCHEDULE, *[Trigger.CONFIRM] * 3, Trigger.SCHEDULE]
    assert all(trigger in on_paper for trigger, on_paper in look.triggers)
    assert planned.planned_for == pytest.approx(first.planned_for + EVERY, abs=0.01)
    times = [run.planned_for for run in runs("reply", RunStatus.FINISHED)][:4]
    assert all(later - earlier >= EVERY / 6 for earlier, later in itertools.pairwise(times))
    assert not runs("reply", RunStatus.MISSED)


async def test_a_suspicion_that_is_dispelled_ends_it(found, watch_of, stepwise, store, runs, eventually):
    look = found(Level.SUSPECT, Level.CALM)
    async with running(look, watch_of(), stepwise, store):
        await eventually(lambda: look.made >= 3, 30.0)
    assert [trigger for trigger, _ in look.triggers] == [Trigger.SCHEDULE, Trigger.CONFIRM, Trigger.SCHEDULE]


async def test_a_budget_that_no_known_price_can_be_held_against_is_kept_for_the_timetable(
    found, watch_of, stepwise, store, runs, eventually
):
    look = found(Level.SUSPECT)
    async with running(look, watch_of(budget=Money(per_day=0.3)), stepwise, store):
        await eventually(lambda: look.made >= 2, 30.0)
    assert {trigger for trigger, _ in look.triggers} == {Trigger.SCHEDULE}
    assert not out_of_turn(runs)


def left_behind(store, stepwise, status, *, ended, planned_for):
    """What a daemon leaves that was killed after a suspect look, before or in the one out of turn."""
    with store.begin() as session:
        first = replace(stepwise.a_plan("reply", ended), status=RunStatus.FINISHED, finished_at=ended, cost=0.25)
        session.runs.save(first)
        session.runs.save_tally(first.id, {}, 1)
        session.detection.save_signals([signal(first.id, ended, Level.SUSPECT)])
        second = stepwise.a_plan("reply", planned_for, Trigger.CONFIRM)
        session.runs.save(replace(second, status=status, started_at=planned_for))
        session.runs.save(stepwise.a_plan("reply", ended + 600.0))
        if status is RunStatus.RUNNING:
            session.runs.claim(second.id, "nowhere:1:1", planned_for, 1.0)
    return second


async def test_a_look_out_of_turn_that_a_killed_daemon_had_planned_is_made_up_for(
    found, watch_of, stepwise, store, runs, eventually
):
    now = time.time()
    left_behind(store, stepwise, RunStatus.PLANNED, ended=now - 300.0, planned_for=now - 200.0)
    look = found(Level.CALM)
    async with running(look, watch_of(every=600.0), stepwise, store):
        await eventually(lambda: look.made >= 1)
        await eventually(lambda: out_of_turn(runs, RunStatus.FINISHED))
    assert [trigger for trigger, _ in look.triggers] == [Trigger.CONFIRM]
    [made] = out_of_turn(runs)
    assert made.planned_for == pytest.approx(now, abs=20.0)
    [planned] = runs("reply", RunStatus.PLANNED)
    assert (planned.trigger, planned.planned_for) == (Trigger.SCHEDULE, pytest.approx(now + 300.0))
    assert not runs("reply", RunStatus.MISSED)


async def test_a_look_out_of_turn_that_was_killed_half_way_is_continued(
    found, watch_of, stepwise, store, runs, eventually
):
    now = time.time()
    second = left_behind(store, stepwise, RunStatus.RUNNING, ended=now - 300.0, planned_for=now - 200.0)
    look = found(Level.CALM)
    async with running(look, watch_of(every=600.0), stepwise, store):
        await eventually(lambda: look.made >= 1)
        await eventually(lambda: out_of_turn(runs, RunStatus.FINISHED))
    assert look.resumed == [True]
    assert [run.id for run in out_of_turn(runs)] == [second.id]
    assert not runs("reply", RunStatus.MISSED, RunStatus.FAILED)
