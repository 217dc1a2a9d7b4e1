"""Current is pointed at another provider under the same model name: that was us, and everybody says so."""

from __future__ import annotations

import json

import pytest
import structlog
from msgspec.structs import replace
from typer.testing import CliRunner

from watchdog.cli import app as cli
from watchdog.store.store import Store


@pytest.fixture
def workspace(tmp_path):
    """A workspace with a baseline; a second provider answers worse."""
    assert ask(tmp_path, "init", str(tmp_path), config=False)[0] == 0
    recordings = tmp_path / "recordings" / "support_reply.jsonl"
    rows = [{**json.loads(line), "text": "I am not sure."} for line in recordings.read_text().splitlines()]
    (tmp_path / "recordings" / "worse.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    yaml = tmp_path / "watchdog.yaml"
    more = "\n  worse: { kind: recorded, path: recordings/worse.jsonl }\n\nwatches:"
    text = yaml.read_text().replace("\nwatches:", more, 1)
    yaml.write_text(text.replace("    every: 30m\n", "    every: 30m\n    min_baseline_runs: 3\n"), encoding="utf-8")
    for _ in range(3):
        assert ask(tmp_path, "run", "--json")[0] == 0
    assert ask(tmp_path, "baseline", "freeze", "support_reply", "--because", "first", "--by", "ann")[0] == 0
    yield tmp_path
    structlog.reset_defaults()


def ask(folder, *arguments, config=True):
    done = CliRunner().invoke(cli, [*arguments, *(["--config", str(folder)] if config else [])])
    return done.exit_code, done.output


def switch(folder, before, after):
    """Point current at another provider, by hand."""
    yaml = folder / "watchdog.yaml"
    head, current = yaml.read_text().split("    current:\n", 1)
    current = current.replace(f"provider: {before}", f"provider: {after}", 1)
    yaml.write_text(f"{head}    current:\n{current}", encoding="utf-8")


def forget_providers(folder):
    """As though all runs were made by a release that did not keep which provider they asked."""
    store = Store(f"sqlite:///{folder / 'watchdog.db'}")
    with store.begin() as session:
        for run in session.runs.of_watch("support_reply"):
            session.runs.save(replace(run, subject=replace(run.subject, provider="", endpoint="")))
    store.close()


@pytest.mark.parametrize("old", [False, True], ids=["a baseline of now", "an old baseline"])
def test_a_switch_of_the_provider_is_ours_and_is_rolled_back(workspace, old):
    if old:
        forget_providers(workspace)
    assert ask(workspace, "run", "--json")[0] == 0
    before = (workspace / "watchdog.yaml").read_text()
    switch(workspace, "main", "worse")
    assert (workspace / "watchdog.yaml").read_text() != before
    for _ in range(2):
        ask(workspace, "run", "--json")
    alerts = [
        alert for alert in json.loads(ask(workspace, "alerts", "list", "--json")[1]) if alert["alert_type"] == "model"
    ]
    assert alerts
    assert {alert["cause"] for alert in alerts} == {"our prompt or parameters changed"}
    assert "current provider changed from main to worse" in alerts[0]["annotations"]["description"]
    code, said = ask(workspace, "triage", "support_reply", "--offline", "--json")
    assert code != 2, said
    assert "current provider changed from main to worse" in said
    assert (
        "changed since: current provider changed from main to worse"
        in ask(workspace, "model", "show", "support_reply")[1]
    )
    code, said = ask(workspace, "model", "rollback", "support_reply", "--by", "ann", "--apply")
    assert code == 0, said
    assert "current.provider: worse -> main" in said
    assert (workspace / "watchdog.yaml").read_text() == before
