"""Looks that break, wherever they break: the real road and the real look of the daemon over a real store."""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
from types import ModuleType

import pytest
from msgspec.structs import replace

from watchdog.app.build import open_app
from watchdog.daemon.ledger import Ledger
from watchdog.daemon.ping import Pinger
from watchdog.daemon.post import Post
from watchdog.domain.case import Case, Estimand, Message, Origin
from watchdog.domain.run import RunStatus, Trigger
from watchdog.errors import InvalidInput, NotMeasured, UsageError
from watchdog.pipeline import road
from watchdog.pipeline.runs import WatchBusy
from watchdog.protocols import CaseSource
from watchdog.simulator.feature import SUPPORT_REPLY

YAML = """\
version: 1
store: sqlite:///watchdog.db
owner: { team: ai-eng, vertical: retail }
providers:
  own: { kind: python, callable: "CALLABLE" }
watches:
  support_reply:
    cases: { golden: golden_sets/support_reply }
    current: { provider: own, model: m, prompt: golden_sets/support_reply/prompt.md }
    scorers: [not-refusal]
    every: 30m
notify:
  - stdout
"""
WATCH = "support_reply"
EVERY = 1800.0


class StoryClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class Bot:
    """The user's own code behind the watch: says yes, and does something more when it is first asked."""

    def __init__(self) -> None:
        self.asked = []
        self.first = lambda: None

    async def answer(self, request):
        self.asked.append(request)
        if len(self.asked) == 1:
            self.first()
        return "yes"


class Sampling(CaseSource):
    """Traffic of three samples; or none any more."""

    estimand = Estimand.TRAFFIC

    def __init__(self) -> None:
        self.gone = False

    def cases(self, now, rng):
        if self.gone:
            raise NotMeasured("the traffic file is gone")
        messages = (Message(role="user", content="hello"),)
        return [Case(id=f"traffic-{n}", messages=messages, origin=Origin.TRAFFIC) for n in range(3)]


class Raising(CaseSource):
    """A source of cases that raises."""

    estimand = Estimand.GOLDEN_SET

    def __init__(self, error: Exception) -> None:
        self.error = error

    def cases(self, now, rng):
        raise self.error


@pytest.fixture
def open_house(tmp_path):
    """Opens an app whose one watch asks a callable."""
    apps = []

    def make(path):
        if not (tmp_path / "golden_sets").exists():
            shutil.copytree(SUPPORT_REPLY, tmp_path / "golden_sets" / WATCH)
        (tmp_path / "watchdog.yaml").write_text(YAML.replace("CALLABLE", path), encoding="utf-8")
        apps.append(open_app(tmp_path, {}, StoryClock()))
        return apps[-1]

    yield make
    for app in apps:
        app.store.close()


@pytest.fixture
def bot(monkeypatch):
    bot = Bot()
    module = ModuleType("own_bot")
    module.answer = bot.answer
    monkeypatch.setitem(sys.modules, "own_bot", module)
    return bot


async def look(app, built=None, error=UsageError, match="nosuchmodule"):
    app.clock.time += EVERY
    with pytest.raises(error, match=match):
        await app.road.look(built or app.built(WATCH), Trigger.SCHEDULE, app.clock.time)


def alerts(app):
    with app.store.read() as session:
        return [(alert.labels["alertname"], alert.state.value) for alert in session.alerts.open(WATCH)]


def runs(app):
    with app.store.read() as session:
        return session.runs.of_watch(WATCH)


async def test_a_watch_whose_provider_cannot_be_opened_is_told_as_blind_and_why(open_house):
    app = open_house("nosuchmodule:f")
    await look(app)
    await look(app)
    assert alerts(app) == []
    await look(app)
    assert alerts(app) == [("EvalBlind", "firing")]
    with app.store.read() as session:
        [blind] = session.alerts.open(WATCH)
        assert session.runs.blind_looks(WATCH) == 3
        assert session.runs.owner(runs(app)[-1].id) == (None, None)
    assert "nosuchmodule" in blind.annotations["description"]
    assert {run.status for run in runs(app)} == {RunStatus.FAILED}
    assert all("nosuchmodule" in run.note and run.finished_at is not None for run in runs(app))


async def test_a_look_that_breaks_on_what_it_was_given_is_blind_too(open_house):
    app = open_house("nosuchmodule:f")
    watch = app.built(WATCH)
    invalid = replace(watch, sources=[Raising(InvalidInput([]))])
    for _ in range(3):
        await look(app, invalid, InvalidInput, "0 problems")
    assert alerts(app) == [("EvalBlind", "firing")]


async def test_an_error_of_somebody_elses_is_told_by_its_kind_alone(open_house):
    app = open_house("nosuchmodule:f")
    broken = replace(app.built(WATCH), sources=[Raising(RuntimeError("dear Anna"))])
    for _ in range(3):
        await look(app, broken, RuntimeError, "Anna")
    with app.store.read() as session:
        [blind] = session.alerts.open(WATCH)
    assert "RuntimeError" in blind.annotations["description"]
    assert "Anna" not in str(blind) + str(runs(app))


async def test_a_continued_look_that_breaks_is_one_blind_look(open_house):
    app = open_house("nosuchmodule:f")
    built = app.built(WATCH)
    before = app.road.fresh_run(built, Trigger.SCHEDULE, app.clock.time)
    upcoming = app.road.fresh_run(built, Trigger.SCHEDULE, app.clock.time + EVERY)
    with app.store.begin() as session:
        session.runs.save(replace(before, status=RunStatus.INTERRUPTED, started_at=app.clock.time + EVERY))
        session.runs.save(upcoming)
    await look(app, built)
    assert [(run.id, run.status) for run in runs(app)] == [(before.id, RunStatus.FAILED)]


async def test_a_look_that_cannot_be_decided_has_failed_and_the_watch_is_told_as_blind(open_house, bot, monkeypatch):
    """A fault of ours in what is made of the answers must not leave the watch measuring for ever, and silent."""
    app = open_house("own_bot:answer")

    def decide(session, built, measured, **rest):
        if measured.scores:
            raise OverflowError
        return real(session, built, measured, **rest)

    real = road.decide
    monkeypatch.setattr(road, "decide", decide)
    for _ in range(3):
        await look(app, error=OverflowError, match="^$")
    assert alerts(app) == [("EvalBlind", "firing")]
    assert [(run.status, run.note) for run in runs(app)] == [(RunStatus.FAILED, "OverflowError")] * 3


async def test_a_look_that_can_be_decided_in_no_way_is_at_an_end_all_the_same(open_house, bot, monkeypatch):
    app = open_house("own_bot:answer")

    def decide(*_given, **_more):
        raise OverflowError

    monkeypatch.setattr(road, "decide", decide)
    await look(app, error=OverflowError, match="^$")
    [run] = runs(app)
    assert (run.status, run.note) == (RunStatus.FAILED, "OverflowError")
    assert run.finished_at == app.clock.time


async def test_a_process_that_stood_still_does_not_decide_a_run_that_another_one_took_over(open_house, bot):
    app = open_house("own_bot:answer")

    def lose():
        with app.store.begin() as session:
            [run] = session.runs.unfinished(WATCH)
            session.runs.release(run.id)
            assert session.runs.claim(run.id, "elsewhere:1:1", app.clock.time, 30.0)

    bot.first = lose
    await look(app, error=WatchBusy, match="another process took the run over")
    [run] = runs(app)
    assert run.status is RunStatus.RUNNING
    with app.store.read() as session:
        assert session.runs.owner(run.id)[0] == "elsewhere:1:1"
        assert not session.runs.renew(run.id, "me:1:1", app.clock.time, 30.0)
        assert session.runs.blind_looks(WATCH) == 0


async def test_an_interrupted_look_at_traffic_goes_on_with_its_sample_when_the_file_is_gone(open_house, bot):
    app = open_house("own_bot:answer")
    source = Sampling()
    built = replace(app.built(WATCH), sources=[source])
    stop = asyncio.Event()
    bot.first = stop.set
    app.clock.time += EVERY
    halted = await app.road.look(built, Trigger.SCHEDULE, app.clock.time, stop=stop)
    assert halted.decision is None
    source.gone = True
    looked = await app.road.look(built, Trigger.SCHEDULE, app.clock.time)
    assert looked.resumed
    assert set(looked.measured.cases) == {f"traffic-{n}" for n in range(3)}
    assert looked.measured.problems == []
    assert looked.run.status is RunStatus.FINISHED


async def test_the_daemon_does_not_write_over_what_the_road_has_decided(open_house):
    app = open_house("nosuchmodule:f")
    built = app.built(WATCH)

    async def a_look(watch, trigger, planned_for, stop):
        return (await app.road.look(built, trigger, planned_for, stop=stop)).run.status

    def plan(_watch, planned_for):
        return app.road.fresh_run(built, Trigger.SCHEDULE, planned_for)

    post = Post(
        built.watch, a_look, Ledger(app.store, plan), Pinger(None), app.clock, random.Random(1), asyncio.Event()
    )
    await post.open()
    for _ in range(3):
        looked = await post.turn(post.due + EVERY)
        app.clock.time += EVERY
        assert looked.status is RunStatus.FAILED
    assert [run.status for run in runs(app)] == [RunStatus.FAILED] * 3 + [RunStatus.PLANNED]
    assert alerts(app) == [("EvalBlind", "firing")]
