"""A watch that asks a part of its cases at a look and the pinned target now and then, on the whole road."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import structlog
from msgspec.structs import replace
from typer.testing import CliRunner

from watchdog.cli import app
from watchdog.domain.detection import Level
from watchdog.domain.run import Scope
from watchdog.domain.target import Role
from watchdog.store.store import Store


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "support"
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    path = folder / "watchdog.yaml"
    more = "    every: 30m\n    cases_per_look: 10\n    pinned_every: 2\n    min_baseline_runs: 3\n"
    path.write_text(path.read_text(encoding="utf-8").replace("    every: 30m\n", more), encoding="utf-8")
    yield folder
    structlog.reset_defaults()


def ask(folder, *arguments):
    done = CliRunner().invoke(app, [*arguments, "--config", str(folder)])
    return done.exit_code, done.output


def responses(workspace, number):
    """(role, case) of everything that was asked at a look, and its run."""
    store = Store(f"sqlite:///{workspace / 'watchdog.db'}")
    with store.read() as session:
        run = session.runs.of_watch("support_reply")[number]
        found = [(r.key.role, r.key.case_id) for r in session.responses.of_run(run.id)]
    store.close()
    return run, found


def test_a_suspect_look_is_followed_by_one_at_everything(workspace):
    for _ in range(6):
        assert ask(workspace, "run", "--json")[0] == 0
    assert ask(workspace, "baseline", "freeze", "support_reply", "--because", "first", "--by", "ann")[0] == 0
    ask(workspace, "run", "--json")
    run, asked = responses(workspace, -1)
    assert {role for role, _ in asked} == {Role.CURRENT}
    assert len(asked) == 10
    store = Store(f"sqlite:///{workspace / 'watchdog.db'}")
    with store.begin() as session:
        signals = session.detection.signals("support_reply", run_id=run.id)
        [signal] = [signal for signal in signals if signal.key.scorer == "case-checks"]
        session.detection.save_signals([replace(signal, level=Level.SUSPECT)])
    store.close()
    ask(workspace, "run", "--json")
    run, asked = responses(workspace, -1)
    assert run.scope == Scope()
    assert len(asked) == len(set(asked)) == 30 * 2
    ask(workspace, "run", "--json")
    assert responses(workspace, -1)[0].scope.part.turn == 7, "after that the turns go on"


def test_check_tells_how_long_a_case_waits_for_its_turn(workspace):
    code, output = ask(workspace, "check")
    assert code == 0
    assert "each once in 3 looks, none waits more than 5; a baseline takes 20 looks" in " ".join(output.split())
    [row] = json.loads(ask(workspace, "check", "--json")[1])["turns"]
    assert (row["cases"], row["cases_per_look"], row["longest_wait"]) == (30, 10, 5)


def test_looks_take_turns_are_frozen_and_held_against_the_baseline(workspace):
    code, output = ask(workspace, "run", "--dry-run", "--json")
    assert json.loads(output)[0]["calls"] == 10 * 2
    for _ in range(6):
        assert ask(workspace, "run", "--json")[0] == 0
    code, output = ask(workspace, "baseline", "freeze", "support_reply", "--because", "first", "--by", "ann")
    assert (code, "locked, from 6 runs" in output) == (0, True)
    views = [json.loads(ask(workspace, "run", "--json")[1])[0] for _ in range(3)]
    arms = [{row["arm"] for row in view["metrics"]} for view in views]
    assert arms == [{"current"}, {"current", "pinned", "current-pinned"}, {"current"}]
    for view in views:
        assert {row["level"] for row in view["metrics"]} <= {"calm", "learning"}
        assert {(row["n"], row["planned"]) for row in view["metrics"]} == {(10, 10)}
    with (store := Store(f"sqlite:///{workspace / 'watchdog.db'}")).read() as session:
        runs = session.runs.of_watch("support_reply")
        asked = [Counter(r.key.case_id for r in session.responses.of_run(run.id)) for run in runs]
        blind = session.runs.blind_looks("support_reply")
    store.close()
    assert [run.scope.part.turn for run in runs] == list(range(9))
    assert blind == 0
    for first in (0, 3, 6):
        together = asked[first] + asked[first + 1] + asked[first + 2]
        assert len(together) == 30, "every case once in three looks"
