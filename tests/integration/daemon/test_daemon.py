"""The daemon in this process: a real scheduler, a real store, looks in steps."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager
from functools import partial
from random import Random

import pytest
from msgspec.structs import replace

from watchdog.clock import ManualClock, SystemClock
from watchdog.daemon.clock_guard import mind_the_clock
from watchdog.daemon.daemon import Daemon
from watchdog.daemon.ledger import ASLEEP, OVERLAP, Ledger
from watchdog.daemon.post import Post
from watchdog.domain.run import RunStatus, Trigger
from watchdog.errors import NotMeasured, StoreBusy, StoreError, UsageError
from watchdog.pipeline.runs import WatchBusy
from watchdog.store.store import Store


@pytest.fixture
def make(stepwise, store):
    def daemon(look, *watches, delivery=None, clock=None, **options):
        looks = {watch.name: watch for watch in watches or (stepwise.a_watch(),)}
        delivery = delivery or stepwise.QuietDelivery()
        return Daemon(looks, look, stepwise.a_plan, store, delivery, clock or SystemClock(), **options)

    return daemon


@asynccontextmanager
async def running(daemon):
    await daemon.start()
    try:
        yield daemon
    finally:
        await daemon.stop()


async def test_looks_are_made_at_the_interval_and_each_was_on_paper_before(make, stepwise, store, runs, eventually):
    on_paper = []

    def was_planned(_made):
        with store.read() as session:
            on_paper.append(len(session.runs.of_watch("reply")))

    look = stepwise.Stepwise(store, fail=was_planned)
    async with running(make(look)):
        await eventually(lambda: look.made >= 4)
    finished = runs("reply", RunStatus.FINISHED)
    gaps = [after.planned_for - before.planned_for for before, after in itertools.pairwise(finished)]
    # On a busy machine a time may be skipped; none is made up.
    assert all(abs(gap / 0.2 - round(gap / 0.2)) < 0.01 for gap in gaps)
    assert on_paper[0] >= 2, "the look itself and the one after it; on a busy machine missed ones too"
    assert len(runs("reply", RunStatus.PLANNED)) == 1
    assert not runs("reply", RunStatus.RUNNING, RunStatus.FAILED)


async def test_two_looks_of_one_watch_never_overlap_and_what_is_left_out_is_missed(
    make, stepwise, store, runs, eventually
):
    look = stepwise.Stepwise(store, steps=5, seconds=0.1)
    async with running(make(look)):
        await eventually(lambda: look.made >= 2)
    assert look.most_at_once == 1
    notes = {run.note for run in runs("reply", RunStatus.MISSED)}
    # On a busy machine this process may sleep through a time as well, which is another reason and is told as such.
    assert {OVERLAP} <= notes <= {OVERLAP, ASLEEP}


async def test_two_watches_look_side_by_side(make, stepwise, store, eventually):
    look = stepwise.Stepwise(store, steps=3, seconds=0.1)
    async with running(make(look, stepwise.a_watch("a", every=60.0), stepwise.a_watch("b", every=60.0))):
        await eventually(lambda: look.made >= 2)
    assert look.most_at_once == 2


async def test_looks_that_fell_into_an_absence_are_missed_and_one_look_makes_up_for_all(
    make, stepwise, store, runs, eventually
):
    now = time.time()
    with store.begin() as session:
        session.runs.save(stepwise.a_plan("reply", now - 250.0))
    look = stepwise.Stepwise(store)
    async with running(make(look, stepwise.a_watch(every=100.0))) as daemon:
        await eventually(lambda: look.made >= 1)
        [standing] = daemon.standings()
    missed = runs("reply", RunStatus.MISSED)
    assert [round(now - run.planned_for) for run in missed] == [250, 150, 50]
    assert {run.note for run in missed} == {"missed: nobody was running"}
    assert look.made == 1
    assert 95.0 < standing.next_look - now < 105.0, "the interval counts on from the look that made up for them"
    with store.read() as session:
        assert session.runs.blind_looks("reply") == 0


async def test_a_very_long_absence_is_written_down_as_no_more_than_a_hundred_looks(make, stepwise, store, runs):
    with store.begin() as session:
        session.runs.save(stepwise.a_plan("reply", time.time() - 1e6))
    async with running(make(stepwise.Stepwise(store), stepwise.a_watch(every=60.0))):
        assert len(runs("reply", RunStatus.MISSED)) == 100


async def test_a_restart_does_not_put_the_next_look_off(make, stepwise, store, runs, eventually):
    watch = stepwise.a_watch(every=60.0)
    look = stepwise.Stepwise(store)
    async with running(make(look, watch)) as daemon:
        await eventually(lambda: look.made == 1)
        await eventually(lambda: runs("reply", RunStatus.FINISHED))
        [before] = daemon.standings()
    async with running(make(look, watch)) as daemon:
        [after] = daemon.standings()
    assert after.next_look == pytest.approx(before.next_look, abs=0.001)
    assert look.made == 1
    assert len(runs("reply", RunStatus.PLANNED)) == 1
    assert not runs("reply", RunStatus.MISSED)


async def test_a_look_planned_by_another_schedule_is_withdrawn_and_no_false_miss(
    make, stepwise, store, runs, eventually
):
    look = stepwise.Stepwise(store)
    async with running(make(look, stepwise.a_watch(every=60.0))):
        await eventually(lambda: runs("reply", RunStatus.FINISHED))
    async with running(make(look, stepwise.a_watch(every=500.0))) as daemon:
        [standing] = daemon.standings()
        [planned] = runs("reply", RunStatus.PLANNED)
    assert planned.planned_for == pytest.approx(standing.next_look, abs=0.001)
    assert not runs("reply", RunStatus.MISSED)


async def test_a_cron_line_waits_for_its_time(make, stepwise, store, runs):
    look = stepwise.Stepwise(store)
    async with running(make(look, stepwise.a_watch(cron="0 3 * * 0", timezone="Europe/Berlin"))) as daemon:
        [standing] = daemon.standings()
        [planned] = runs("reply", RunStatus.PLANNED)
    assert look.made == 0
    assert planned.planned_for == standing.next_look
    assert time.strftime("%a", time.gmtime(standing.next_look)) == "Sun"


async def test_a_stop_lets_the_call_in_flight_finish_and_the_next_start_continues_the_run(
    make, stepwise, store, runs, eventually
):
    delivery = stepwise.QuietDelivery()
    look = stepwise.Stepwise(store, steps=4, seconds=0.15)
    watch = stepwise.a_watch(every=60.0)
    async with running(make(look, watch, delivery=delivery)):
        await eventually(lambda: look.under_way)
        await asyncio.sleep(0.2)
    [interrupted] = runs("reply", RunStatus.INTERRUPTED)
    with store.read() as session:
        recorded = session.responses.recorded(interrupted.id)
    assert 1 <= len(recorded) < 4
    assert delivery.passes == 1
    async with running(make(look, watch)):
        await eventually(lambda: look.made == 2)
    [finished] = runs("reply", RunStatus.FINISHED)
    assert finished.id == interrupted.id
    assert look.resumed == [False, True]
    # The look that continued needed no run of its own: it is no miss later on.
    assert all(run.planned_for > time.time() for run in runs("reply", RunStatus.PLANNED))


async def test_a_look_that_does_not_stop_is_cut_off_after_the_grace(make, store, eventually, quiet_logs):
    begun = asyncio.Event()

    async def deaf(_watch, _trigger, _planned_for, _stop):
        begun.set()
        await asyncio.sleep(60)

    daemon = make(deaf, grace=0.2)
    await daemon.start()
    await begun.wait()
    at = time.monotonic()
    await daemon.stop()
    assert time.monotonic() - at < 20.0
    assert "daemon-cut-off" in [event.get("action") for event in quiet_logs]


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (NotMeasured("the budget is used up"), "the budget is used up"),
        (RuntimeError("prompt: dear Anna"), "RuntimeError at"),
    ],
)
async def test_a_look_that_breaks_is_a_failed_run_with_a_note_and_the_daemon_goes_on(
    make, stepwise, store, runs, eventually, quiet_logs, error, note
):
    def break_once(made):
        if made == 0:
            raise error

    look = stepwise.Stepwise(store, fail=break_once)
    async with running(make(look)):
        await eventually(lambda: runs("reply", RunStatus.FINISHED))
    [failed] = runs("reply", RunStatus.FAILED)
    assert failed.note.startswith(note)
    assert failed.finished_at is not None
    assert "Anna" not in failed.note + str(quiet_logs)
    assert look.resumed[1] is False, "a broken run is not tried again and again"
    with store.read() as session:
        assert session.runs.owner(failed.id) == (None, None)


async def test_a_busy_database_is_no_fault_of_the_run_and_the_next_look_continues_it(
    make, stepwise, store, runs, eventually
):
    def busy_once(made):
        if made == 0:
            raise StoreBusy

    look = stepwise.Stepwise(store, fail=busy_once)
    async with running(make(look)):
        await eventually(lambda: runs("reply", RunStatus.FINISHED))
    assert look.resumed[:2] == [False, True]
    assert not runs("reply", RunStatus.FAILED)


async def test_a_look_that_another_process_makes_is_no_miss_and_no_blind_look(
    make, store, runs, eventually, quiet_logs
):
    turned_away = []

    async def busy(watch, _trigger, planned_for, _stop):
        turned_away.append(planned_for)
        raise WatchBusy(f"watch {watch!r} is being run by another process")

    async with running(make(busy)):
        await eventually(lambda: len(turned_away) >= 3)
    assert "look-busy" in [event.get("action") for event in quiet_logs]
    assert [run.planned_for for run in runs() if run.planned_for in turned_away[:2]] == []
    skipped = runs("reply", RunStatus.MISSED)  # by a busy machine
    assert {run.note for run in skipped} <= {ASLEEP}
    with store.read() as session:
        assert session.runs.blind_looks("reply") <= len(skipped)


class Pings:
    """A pinger that keeps what it was told."""

    def __init__(self):
        self.told = []

    def began(self, watch):
        self.told.append("start")

    def finished(self, watch):
        self.told.append("finished")

    def failed(self, watch):
        self.told.append("failed")


@pytest.fixture
def turned_away(stepwise, store):
    """A watch's looks, all of which another process makes; on a clock that is moved by hand."""

    async def busy(watch, _trigger, _planned_for, _stop):
        raise WatchBusy(f"watch {watch!r} is being run by another process")

    def post(clock):
        pings = Pings()
        ledger = Ledger(store, stepwise.a_plan)
        watch = stepwise.a_watch(every=60.0)
        return Post(watch, busy, ledger, pings, clock, Random(1), asyncio.Event()), pings

    return post


async def test_looks_that_another_process_finishes_wake_nobody_and_keep_the_daemon_ready(turned_away, store, stepwise):
    clock = ManualClock()
    post, pings = turned_away(clock)
    await post.open()
    for _ in range(5):
        clock.advance(60.0)
        run = stepwise.a_plan("reply", clock.now() - 30.0, Trigger.MANUAL)
        with store.begin() as session:
            session.runs.save(replace(run, status=RunStatus.FINISHED, finished_at=clock.now() - 1.0))
        await post.turn(clock.now() + 60.0)
    assert pings.told == ["start", "finished"] * 5
    assert clock.now() < post.standing().overdue_at


async def test_another_process_that_never_finishes_its_look_is_told(turned_away):
    clock = ManualClock()
    post, pings = turned_away(clock)
    await post.open()
    for _ in range(3):
        clock.advance(60.0)
        await post.turn(clock.now() + 60.0)
    assert pings.told == ["start", "finished", "start", "failed", "start", "failed"]
    assert clock.now() >= post.standing().overdue_at


class Adjusted(SystemClock):
    """The machine's clock, wrong by so many seconds until it is set right."""

    ahead = 0.0

    def now(self):
        return super().now() + self.ahead


async def test_a_clock_that_is_set_back_stops_no_looks(make, stepwise, store, runs, eventually, monkeypatch):
    monkeypatch.setattr("watchdog.daemon.daemon.mind_the_clock", partial(mind_the_clock, every=0.05))
    clock = Adjusted()
    clock.ahead = 6 * 3600.0
    look = stepwise.Stepwise(store)
    async with running(make(look, stepwise.a_watch(every=3600.0), clock=clock)) as daemon:
        planned = daemon.standings()[0].next_look
        assert planned > time.time() + 5 * 3600.0
        clock.ahead = 0.0
        await eventually(lambda: runs("reply", RunStatus.FINISHED))
        assert daemon.standings()[0].next_look < time.time() + 3601.0
    assert not [run for run in runs() if run.planned_for >= planned], "nothing stays planned by the wrong clock"


async def test_a_watch_without_looks_is_overdue_however_far_the_clock_is_set_back(turned_away):
    clock = Adjusted()
    clock.passed = 0.0
    clock.monotonic = lambda: clock.passed
    clock.now = lambda: 1_700_000_000.0 + clock.passed + clock.ahead
    post, _ = turned_away(clock)
    await post.open()
    clock.ahead = -6 * 3600.0
    assert clock.now() < post.standing().overdue_at
    clock.passed = 121.0
    assert clock.now() >= post.standing().overdue_at


async def test_delivery_that_breaks_is_started_again(make, stepwise, store, eventually):
    class Fragile:
        def __init__(self):
            self.starts = 0

        async def run(self, stop):
            self.starts += 1
            if self.starts == 1:
                raise OSError("gone")
            await stop.wait()

    delivery = Fragile()
    async with running(make(stepwise.Stepwise(store), stepwise.a_watch(every=60.0), delivery=delivery)):
        await eventually(lambda: delivery.starts == 2)


async def test_old_texts_are_forgotten_once_a_day_and_right_after_a_start(make, stepwise, store, eventually):
    look = stepwise.Stepwise(store, steps=3)  # its answers are dated 1970
    await look("reply", Trigger.SCHEDULE, 1000.0, asyncio.Event())

    def texts():
        with store.read() as session:
            return [answer.text for answer in session.responses.of_run(stepwise.a_plan("reply", 1000.0).id)]

    assert texts() == ["an answer"] * 3
    async with running(make(look, stepwise.a_watch(every=60.0), retention=30 * 86400.0)):
        await eventually(lambda: texts() == [""] * 3)


async def test_the_daemon_is_ready_until_looks_stop_coming(make, stepwise, store, eventually):
    hang = asyncio.Event()
    look = stepwise.Stepwise(store)

    async def look_twice_then_hang(watch, trigger, planned_for, stop):
        if look.made >= 2:
            await hang.wait()
        return await look(watch, trigger, planned_for, stop)

    daemon = make(look_twice_then_hang, grace=0.1)
    assert [trouble.part for trouble in await daemon.troubles()] == ["daemon"], "not before its start"
    async with running(daemon):
        await eventually(lambda: look.made >= 2)
        await eventually(daemon.late)
        [trouble] = await daemon.troubles()
        assert trouble.part == "watch reply"
        assert "one is under way for" in trouble.reason
        hang.set()
        await eventually(lambda: not daemon.late())
    assert [trouble.part for trouble in await daemon.troubles()] == ["daemon"]


async def test_looks_that_only_fail_make_the_daemon_not_ready_and_it_says_why(make, eventually):
    async def broken(_watch, _trigger, _planned_for, _stop):
        raise NotMeasured("no key is set")

    async with running(make(broken)) as daemon:
        [trouble] = await eventually(daemon.late)
        assert "the last one: no key is set" in trouble.reason


async def test_a_database_that_is_gone_is_named(make, stepwise, store, tmp_path):
    lost = Store(f"sqlite:///{tmp_path / 'nowhere' / 'watchdog.db'}")
    watch = stepwise.a_watch(every=60.0)
    daemon = Daemon(
        {"reply": watch}, stepwise.Stepwise(store), stepwise.a_plan, lost, stepwise.QuietDelivery(), SystemClock()
    )
    assert [trouble.part for trouble in await daemon.troubles()] == ["daemon", "store"]
    with pytest.raises(StoreError):
        await daemon.run_until(asyncio.Event())


async def test_a_schedule_that_cannot_be_is_refused_before_anything_starts(make, stepwise, store):
    with pytest.raises(UsageError, match="never comes"):
        async with running(make(stepwise.Stepwise(store), stepwise.a_watch(cron="0 0 30 2 *"))):
            pass


async def test_jitter_delays_the_look_and_not_its_planned_time(make, stepwise, store, runs, eventually):
    looked = []
    look = stepwise.Stepwise(store)
    async with running(make(look, stepwise.a_watch(every=0.5, jitter=0.2), on_look=[looked.append])) as daemon:
        await eventually(lambda: len(looked) >= 2)
        [standing] = daemon.standings()
    first, second = runs("reply", RunStatus.FINISHED)[:2]
    assert (second.planned_for - first.planned_for) / 0.5 == pytest.approx(1.0, abs=0.01)
    assert standing.lag > 0.0
    assert looked[0].status is RunStatus.FINISHED


async def test_a_run_that_was_left_half_way_is_continued_at_once(make, stepwise, store, runs, eventually):
    with store.begin() as session:
        half = replace(
            stepwise.a_plan("reply", time.time() - 5), status=RunStatus.INTERRUPTED, started_at=time.time() - 5
        )
        session.runs.save(half)
    look = stepwise.Stepwise(store)
    async with running(make(look, stepwise.a_watch(every=3600.0))):
        await eventually(lambda: look.made)
    [finished] = runs("reply", RunStatus.FINISHED)
    assert finished.id == half.id
