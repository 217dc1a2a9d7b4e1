"""The gate inside the tools of continuous integration: pytest, GitHub, GitLab."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from junitparser import Failure, JUnitXml

HOUSE = Path(__file__).resolve().parents[2]
WATCH = "support_reply"


@pytest.fixture
def with_candidate(workspace, simulator):
    """A workspace with a candidate that is plainly worse."""
    simulator.control({"models": {"sim-1-2026-11": {"quality": 0.05}}})
    (workspace.folder / "candidate.yaml").write_text("model: sim-1-2026-11\n", encoding="utf-8")
    return workspace


def run_pytest(workspace, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(HOUSE), "NO_COLOR": "1"}
    (workspace.folder / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "eval_watchdog_pytest", "-p", "no:cacheprovider", "-v"]
    return subprocess.run(
        [*command, "-c", os.devnull, "--rootdir", ".", "test_own.py", *arguments],
        cwd=workspace.folder, env=environment, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


def test_pytest_fails_on_a_regression_beside_the_teams_own_tests(with_candidate):
    done = run_pytest(with_candidate, "--eval-watchdog", WATCH, "--eval-watchdog-candidate", "candidate.yaml")
    assert done.returncode == 1, done.stdout
    assert "test_own PASSED" in done.stdout
    assert f"gate[{WATCH}] FAILED" in done.stdout
    # Which metrics fell before it was decided depends on the order of the cases, which is drawn.
    assert re.search(rf"gate\[{WATCH}-[a-z-]+\] FAILED", done.stdout)
    assert " is worse" in done.stdout
    assert "Traceback" not in done.stdout


def test_pytest_without_the_option_knows_nothing_of_gates(with_candidate):
    done = run_pytest(with_candidate)
    assert done.returncode == 0
    assert "1 passed" in done.stdout


def test_pytest_says_what_is_wrong_with_the_workspace(with_candidate):
    done = run_pytest(with_candidate, "--eval-watchdog", "suport_reply")
    assert done.returncode == 4
    assert "did you mean 'support_reply'" in done.stderr


def test_pytest_holds_no_gate_in_every_worker(with_candidate):
    done = run_pytest(with_candidate, "--eval-watchdog", WATCH, "-p", "xdist", "-n2")
    assert done.returncode == 4, done.stdout
    assert "a gate is held once" in done.stderr
    assert "-n0" in done.stderr


def test_pytest_with_no_workers_collects_the_gate(with_candidate):
    done = run_pytest(with_candidate, "--eval-watchdog", WATCH, "-p", "xdist", "-n0", "--collect-only", "-q")
    assert done.returncode == 0, done.stderr
    assert f"gate[{WATCH}]" in done.stdout


def test_in_a_workflow_it_writes_summary_annotations_and_files(with_candidate, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(with_candidate.folder / "summary.md"))
    done = with_candidate.command(
        "gate", WATCH, "--candidate", "candidate.yaml", "--seed", "7",
        "--junit", "out/gate.xml", "--markdown", "out/gate.md", "--code-quality", "out/quality.json",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::stop-commands::")
    assert done.stderr.startswith("::error title=gate")
    folder = with_candidate.folder
    (suite,) = JUnitXml.fromfile(str(folder / "out" / "gate.xml"))  # as the tools of others read it
    failed = [case.name for case in suite if any(isinstance(result, Failure) for result in case.result)]
    assert "verdict" in failed
    assert suite.failures == len(failed) >= 2
    assert suite.tests == len(list(suite))
    assert (folder / "out" / "gate.md").read_text() == (folder / "summary.md").read_text()
    first = json.loads((folder / "out" / "quality.json").read_text())[0]
    golden = (folder / first["location"]["path"]).read_text().splitlines()
    assert json.loads(golden[first["location"]["lines"]["begin"] - 1])["id"] in first["description"]


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ("", []),
        ("--max-cost 2 --budget latency=20%", ["--max-cost", "2", "--budget", "latency=20%"]),
        ("--max-calls 2000\n  --budget latency=30%\n--budget *\n", [
            "--max-calls", "2000", "--budget", "latency=30%", "--budget", "*",
        ]),
    ],
)  # fmt: skip
def test_the_action_reads_every_line_of_its_arguments(tmp_path, arguments, read):
    steps = yaml.safe_load((HOUSE / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    [step] = [step for step in steps if step.get("id") == "gate"]
    program = tmp_path / "eval-watchdog" / "bin" / "eval-watchdog"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {
        **os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output"), "INCONCLUSIVE": "fail",
        "WATCH": WATCH, "CONFIG": "watchdog.yaml", "AGAINST": "current", "CANDIDATE": "", "ARGUMENTS": arguments,
    }  # fmt: skip
    # As GitHub runs `shell: bash`.
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(command, env=environment, cwd=HOUSE, check=True, timeout=60)
    told = (tmp_path / "eval-watchdog-report" / "gate.json").read_text(encoding="utf-8").splitlines()
    assert told[told.index("--json") + 1 :] == read
    assert "verdict=pass" in (tmp_path / "output").read_text(encoding="utf-8")


def test_the_arguments_that_the_action_gives_as_an_example_are_understood():
    action = yaml.safe_load((HOUSE / "action.yml").read_text(encoding="utf-8"))
    [example] = re.findall(r"e\.g\. (.*?)\. ", action["inputs"]["arguments"]["description"])
    environment = {**os.environ, "PYTHONPATH": str(HOUSE), "NO_COLOR": "1"}
    command = [sys.executable, "-P", "-m", "eval_watchdog", "gate", WATCH, "--config", "nowhere.yaml"]
    done = subprocess.run(
        [*command, *example.split()], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert "nowhere.yaml" in done.stderr, done.stderr  # the arguments were read: only the file is missing
