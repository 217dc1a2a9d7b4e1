"""The daemon as a process of its own: signals, and kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watchdog.domain.run import RunStatus

_SCRIPT = Path(__file__).with_name("stepwise.py")
_ROOT = Path(__file__).parents[3]


@pytest.fixture
def start(url, store, tmp_path):
    """Start a daemon process: seconds between looks, steps of a look, seconds of a step."""
    started = []

    def process(every, steps, seconds):
        log = (tmp_path / f"daemon-{len(started)}.log").open("w")
        command = [sys.executable, "-W", "error", str(_SCRIPT), url, str(every), str(steps), str(seconds)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        daemon = subprocess.Popen(command, stderr=log, env=environment, cwd=tmp_path)
        log.close()
        started.append(daemon)
        return daemon

    yield process
    for daemon in started:
        if daemon.poll() is None:
            daemon.kill()
        daemon.wait(10)


@pytest.fixture
def answers(store):
    """How many answers are recorded in all runs."""

    def count():
        with store.read() as session:
            return sum(len(session.responses.recorded(run.id)) for run in session.runs.of_watch("reply"))

    return count


def events(tmp_path, number=0):
    lines = (tmp_path / f"daemon-{number}.log").read_text().splitlines()
    return [json.loads(line) for line in lines]


async def test_sigterm_finishes_the_call_in_flight_exits_0_and_the_run_is_continued(
    start, runs, answers, eventually, tmp_path
):
    first = start(3600, 4, 0.3)
    await eventually(lambda: answers() >= 1)
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0
    [interrupted] = runs("reply", RunStatus.INTERRUPTED)
    paid = answers()
    assert 1 <= paid < 4
    actions = [event["action"] for event in events(tmp_path)]
    assert actions[0] == "daemon-started"
    assert actions[-1] == "daemon-stopped"
    second = start(3600, 4, 0.05)
    [finished] = await eventually(lambda: runs("reply", RunStatus.FINISHED))
    assert finished.id == interrupted.id
    assert answers() == 4
    second.send_signal(signal.SIGINT)
    assert second.wait(10) == 0


async def test_after_kill_9_the_run_is_continued_and_what_was_planned_meanwhile_is_missed(
    start, runs, answers, eventually
):
    killed = start(0.5, 4, 0.3)
    await eventually(lambda: answers() >= 1)
    killed.kill()
    killed.wait(10)
    [half] = runs("reply", RunStatus.RUNNING)
    [planned] = runs("reply", RunStatus.PLANNED)
    time.sleep(max(0.0, planned.planned_for - time.time()) + 0.05)
    start(0.5, 4, 0.05)
    finished = await eventually(lambda: runs("reply", RunStatus.FINISHED))
    assert finished[0].id == half.id
    missed = {run.id: run.note for run in runs("reply", RunStatus.MISSED)}
    assert missed[planned.id] == "missed: nobody was running"


async def test_a_second_signal_ends_at_once(start, runs, eventually):
    daemon = start(3600, 2, 8.0)
    await eventually(lambda: runs("reply", RunStatus.RUNNING))
    time.sleep(0.1)  # the call is under way
    daemon.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert daemon.poll() is None, "the call in flight may finish"
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(6) == 128 + signal.SIGTERM
    assert runs("reply", RunStatus.RUNNING), "left as by kill -9, to be continued"
