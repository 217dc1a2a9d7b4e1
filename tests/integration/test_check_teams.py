"""``check`` and teams.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchdog.cli import app

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "teams.yaml"


@pytest.fixture
def workspace(tmp_path):
    made = CliRunner().invoke(app, ["init", str(tmp_path / "house")])
    assert made.exit_code == 0, made.output
    return tmp_path / "house"


def check(workspace):
    return CliRunner().invoke(app, ["check", "--config", str(workspace)])


def test_a_teams_file_beside_the_workspace_is_checked_with_it(workspace):
    (workspace / "teams.yaml").write_text(EXAMPLE.read_text())
    before = check(workspace).output
    assert "teams.yaml" not in before
    (workspace / "teams.yaml").write_text(EXAMPLE.read_text().replace("copy_to: exec", "copy_to: execs"))
    found = check(workspace)
    assert found.exit_code == 2
    assert "sev1.copy_to: there is no team 'execs' (did you mean 'exec'?)" in found.output


def test_rules_are_written_for_a_fresh_workspace_with_their_tests_beside_them(workspace):
    (workspace / "teams.yaml").write_text(EXAMPLE.read_text())
    out = workspace / "rules.yml"
    result = CliRunner().invoke(app, ["prometheus", "rules", "--config", str(workspace), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "alert: EvalWatchdogDown" in out.read_text()
    assert "rules.yml" in out.with_suffix(".test.yml").read_text()
