"""The command line as people and pipes use it: help that can be copied, readers that leave, errors for machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchdog.cli import app
from watchdog.workspace.init import write_workspace

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace from init, with one look."""
    folder = tmp_path_factory.mktemp("terminal")
    write_workspace(folder)
    assert CliRunner().invoke(app, ["run", "--config", str(folder)]).exit_code == 0
    return folder


def invoke(workspace, *arguments):
    return CliRunner().invoke(app, [*arguments, "--config", str(workspace)])


def nobody_reads(workspace, *arguments):
    """Exit code and stderr of a command whose standard output is closed before it writes."""
    command = [sys.executable, "-P", "-m", "eval_watchdog", *arguments, "--config", str(workspace)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=HOUSE, env={**os.environ, "PYTHONPATH": str(HOUSE)}, **pipes) as process:
        process.stdout.close()
        said = process.stderr.read()
        return process.wait(60), said


@pytest.mark.parametrize(
    ("command", "examples"),
    [
        (["gate"], ["eval-watchdog gate support_reply --against git:main", "eval-watchdog gate support_reply --aa"]),
        (["model", "failover"], ['eval-watchdog model failover support_reply --by ann --because "INC-8: 503" --apply']),
    ],
    ids=["gate", "model failover"],
)
def test_examples_stand_on_lines_of_their_own(command, examples):
    lines = [line.strip() for line in CliRunner().invoke(app, [*command, "--help"]).output.splitlines()]
    assert set(examples) <= set(lines)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["gate", "support_reply", "--candidate", "candidate.md"], 3),
        (["gate", "support_reply", "--candidate", "candidate.md", "--json"], 3),
        (["triage", "support_reply"], 3),
        (["triage", "support_reply", "--json"], 3),
        (["model", "show", "support_reply"], 0),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_reader_who_leaves_changes_no_verdict(workspace, tmp_path, arguments, code):
    (tmp_path / "candidate.md").write_text("Be brief.\n")
    given = [str(tmp_path / each) if each == "candidate.md" else each for each in arguments]
    assert nobody_reads(workspace, *given) == (code, "")


def test_a_gate_without_money_says_what_it_lacks_and_not_that_calls_fail(workspace, tmp_path):
    (tmp_path / "candidate.md").write_text("Be brief.\n")
    arguments = ["gate", "support_reply", "--candidate", str(tmp_path / "candidate.md"), "--max-cost", "0 USD"]
    done = invoke(workspace, *arguments, "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["reasons"][0]) == (4, "the gate's money is used up")
    assert report["advice"][0].startswith("give it more room, --max-cost")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gate", "nobody", "--candidate", "x.md"], "there is no watch 'nobody'"),
        (["gate", "support_reply", "--candidate", "missing.md"], "there is no such file"),
        (["gate", "support_reply", "--candidate", "x.md", "--margin", "3"], "--margin is between 0 and 1"),
        (["gate", "support_reply", "--aa", "--cache", "1h", "--baseline-from-daemon", "1h"], "give one"),
        (["gate", "support_reply", "--aa", "--junit", str(HOUSE)], "cannot be written; name another file"),
        (["triage", "nobody"], "there is no watch and no incident 'nobody'"),
        (["scores", "support_reply", "--since", "long"], "'long' is no duration"),
        (["model", "rollback", "support_reply"], "no good look of support_reply is known"),
        (["feature", "disable", "support_reply"], "there is no 'disable' hook"),
        (["provider", "verify", "support_reply"], "has no fallback target"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_with_json_an_error_is_a_document_too(workspace, arguments, said):
    done = invoke(workspace, *arguments, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["exit_code"]) == (2, 2)
    assert said in told["error"]
    assert said in " ".join(done.stderr.split())
