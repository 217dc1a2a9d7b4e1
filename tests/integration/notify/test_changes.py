"""From an edited prompt to a change event at PagerDuty, through the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from watchdog.cli import app


@pytest.fixture
def workspace(tmp_path, receiver, monkeypatch):
    """A workspace with a baseline, and PagerDuty among its channels."""
    receiver.status = 202
    monkeypatch.setenv("PAGERDUTY_KEY", "k" * 32)
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    config = tmp_path / "watchdog.yaml"
    channel = f'  - pagerduty: {{ routing_key: "${{PAGERDUTY_KEY}}", url: "http://127.0.0.1:{receiver.port}" }}\n'
    config.write_text(config.read_text().replace("\nnotify:\n", f"\nnotify:\n{channel}"))
    for _ in range(9):
        look(tmp_path)
    arguments = ["baseline", "freeze", "support_reply", "--because", "first", "--by", "ann", "-c", str(tmp_path)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    return tmp_path


def look(folder):
    done = CliRunner().invoke(app, ["run", "--config", str(folder), "--json"])
    assert done.exit_code in (0, 1), done.output


def test_a_deployed_prompt_is_told_once_beside_the_incidents(workspace, receiver):
    look(workspace)
    assert receiver.posts == []
    (workspace / "prompts" / "politer.md").write_text("{{ input }}\n\nAnswer politely.\n")
    config = workspace / "watchdog.yaml"
    pinned, old, current = config.read_text().rpartition("prompts/support_reply.md")
    assert old
    config.write_text(f"{pinned}prompts/politer.md{current}")
    for _ in range(2):
        look(workspace)
    changes = [json.loads(post["raw"]) for post in receiver.posts if post["path"] == "/v2/change/enqueue"]
    [change] = [one for one in changes if "current prompt" in one["payload"]["summary"]]
    assert change["routing_key"] == "k" * 32
    assert "changed from" in change["payload"]["summary"]
