"""The wheel: what is in it, and that it works from there."""

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built offline from this checkout."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("hatchling", reason="hatchling, the build backend, is not installed here")
    folder = tmp_path_factory.mktemp("dist")
    checkout = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_carries_the_code_and_everything_the_code_reads(names):
    for name in (
        "eval_watchdog.py",
        "watchdog/__init__.py",
        "watchdog/py.typed",
        "watchdog/providers/prices.json",
        "watchdog/workspace/template/watchdog.yaml",
        "watchdog/workspace/template/golden_sets/support_reply/cases.jsonl",
        "watchdog/workspace/template/recordings/support_reply.jsonl",
        "watchdog/render/templates/report.html",
        "watchdog/_bundled/judges/helpfulness/judge.yaml",
        "watchdog/_bundled/judges/helpfulness/rubric.md",
        "watchdog/_bundled/golden_sets/grounded_answers/cases.jsonl",
        "watchdog/_bundled/migrations/env.py",
        "watchdog/_bundled/runbooks/provider-down.md",
    ):
        assert name in names


def test_it_carries_nothing_else(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"eval_watchdog.py", "watchdog"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".db")) or "/tests/" in name]


def test_no_module_has_a_name_of_the_file_system_watcher(names):
    theirs = {"events", "observers", "tricks", "utils", "version", "watchmedo"}
    ours = {name.split("/")[1].removesuffix(".py") for name in names if name.startswith("watchdog/")}
    assert not ours & theirs


def test_its_command_is_the_launcher(wheel, names):
    [entry] = [name for name in names if name.endswith("entry_points.txt")]
    [about] = [name for name in names if name.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        assert "eval-watchdog = eval_watchdog:main" in archive.read(entry).decode()
        metadata = Parser().parsestr(archive.read(about).decode())
    assert metadata["Name"] == "eval-watchdog"
    assert metadata["License-Expression"] == "Apache-2.0"


def test_a_workspace_made_from_the_wheel_passes_check(wheel, tmp_path, launch):
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    workspace = tmp_path / "workspace"
    made = launch("init", str(workspace), path=[site])
    assert made.returncode == 0, made.stderr
    assert (workspace / "judges" / "helpfulness" / "judge.yaml").is_file()
    checked = launch("check", "--config", str(workspace), path=[site])
    assert checked.returncode == 0, checked.stderr
