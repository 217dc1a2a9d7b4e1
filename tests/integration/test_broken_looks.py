"""Looks that break before anything is measured: the real road and the real daemon's look over a real store."""

from __future__ import annotations

import asyncio
import random
import shutil
from dataclasses import replace

import pytest

from watchdog.app.build import open_app
from watchdog.daemon.ledger import Ledger
from watchdog.daemon.ping import Pinger
from watchdog.daemon.post import Post
from watchdog.domain.run import RunStatus, Trigger
from watchdog.errors import InvalidInput, UsageError
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


class Raising(CaseSource):
    """A source of cases that raises."""

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
