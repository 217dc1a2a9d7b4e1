"""When texts are deleted, what was counted is left: the real road over a real store."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import pytest
import structlog

from watchdog.app.build import open_app
from watchdog.clock import ManualClock
from watchdog.domain.run import Trigger
from watchdog.pipeline.baseline import freeze_baseline

YAML = """\
version: 1
store: sqlite:///watchdog.db
owner: { team: ai-eng }
runbook_base_url: https://runbooks.example
providers:
  own: { kind: python, callable: "own_bot:answer" }
watches:
  reply:
    cases: { golden: golden, traffic: { path: traffic.jsonl, per_run: 10 } }
    current: { provider: own, model: m }
    scorers: [answered]
    every: 30m
notify: [stdout]
"""
SECRET = "what the customer wrote"


async def answer(request):
    """A text that is longer for longer questions."""
    return f"the answer to {request.messages[-1].content}, at some length"


@pytest.fixture
def app(tmp_path, monkeypatch):
    module = ModuleType("own_bot")
    module.answer = answer
    monkeypatch.setitem(sys.modules, "own_bot", module)
    (tmp_path / "watchdog.yaml").write_text(YAML)
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "set.yaml").write_text('name: g\nversion: "1"\nreviewed_by: [ann]\n')
    cases = [{"id": f"g{n}", "input": f"question {n}", "expected": "x"} for n in range(20)]
    (tmp_path / "golden" / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)))
    clock = ManualClock(1_790_000_000.0)
    samples = [{"sample_id": f"s{n}", "ts": clock.now() - 60, "input": f"{SECRET} {n}"} for n in range(10)]
    (tmp_path / "traffic.jsonl").write_text("\n".join(map(json.dumps, samples)))
    opened = open_app(tmp_path, {}, clock)
    yield opened
    opened.store.close()
    structlog.reset_defaults()


async def test_a_baseline_of_runs_whose_texts_are_deleted_has_all_their_metrics(app):
    built = app.built("reply")
    for _ in range(8):
        app.clock.advance(1800)
        await app.road.look(built, Trigger.SCHEDULE, app.clock.now())
    whole = freeze_baseline(app.store, built, now=app.clock.now(), by="ann", because="first")
    metrics = {(key.scorer, key.estimand) for key in whole.metrics}
    assert {scorer for scorer, _ in metrics} >= {"answered", "answer-length"}
    assert {estimand.value for _, estimand in metrics} == {"on this golden set", "on your traffic"}
    with app.store.begin() as session:
        assert session.responses.forget_text(app.clock.now() + 1) == 8 * 30
        assert session.responses.forget_text(app.clock.now() + 1) == 0  # and nothing is forgotten twice
        runs = session.runs.of_watch("reply")
        assert all(session.runs.cases(run.id) == [] for run in runs)
        left = [repr(session.runs.cases(run.id, forgotten=True)) for run in runs]
        left += [repr(session.responses.of_run(run.id)) for run in runs]
    assert SECRET not in "".join(left)
    again = freeze_baseline(app.store, built, now=app.clock.now() + 1, by="ann", because="once more")
    assert again.metrics == whole.metrics
