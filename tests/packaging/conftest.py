"""Places where our package and the file-system watcher of the same import name meet."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def write_other(site):
    """The other distribution, as pip would leave it."""
    package = site / "watchdog"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text('"""File system watcher."""\n')
    (package / "events.py").write_text("")
    about = site / "watchdog-6.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: watchdog\nVersion: 6.0.0\n")
    (about / "RECORD").write_text("watchdog/__init__.py,,\nwatchdog/events.py,,\nwatchdog-6.0.0.dist-info/METADATA,,\n")
    return site


def write_ours(site):
    """Our files, copied to where pip would put them."""
    shutil.copytree(
        ROOT / "watchdog", site / "watchdog", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
    )
    shutil.copy(ROOT / "eval_watchdog.py", site)
    return site


def launch(*arguments, path, python=()):
    """Run the launcher with only ``path`` (and the environment's own packages) to import from."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV"))},
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-P", *python, "-m", "eval_watchdog", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(name="launch")
def launch_fixture():
    """Run the launcher."""
    return launch


@pytest.fixture
def root():
    """Top of the checkout."""
    return ROOT


@pytest.fixture
def mixed(tmp_path):
    """One folder with both packages in it, theirs installed first."""
    return write_ours(write_other(tmp_path / "mixed"))


@pytest.fixture
def places(tmp_path):
    """Folders to import from: only the launcher, only the other package, all of ours."""
    launcher = tmp_path / "launcher"
    launcher.mkdir()
    shutil.copy(ROOT / "eval_watchdog.py", launcher)
    return {"launcher": launcher, "other": write_other(tmp_path / "other"), "ours": ROOT}
