"""The wheel: what is in it, and that it works from there."""

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built offline from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_carries_the_code_and_everything_the_code_reads(names):
    carried = {
        "watchdog": "watchdog",
        "golden_sets": "watchdog/_bundled/golden_sets",
        "judges": "watchdog/_bundled/judges",
        "migrations": "watchdog/_bundled/migrations",
        "docs/runbooks": "watchdog/_bundled/runbooks",
    }
    files = [path for folder in carried for path in (CHECKOUT / folder).rglob("*") if path.is_file()]
    wanted = {path.relative_to(CHECKOUT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert len(wanted) > 200
    for path in wanted:
        source = next(folder for folder in carried if path.startswith(f"{folder}/"))
        assert carried[source] + path.removeprefix(source) in names
    assert "eval_watchdog.py" in names


def test_it_carries_nothing_else(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "eval_watchdog.py",
        "eval_watchdog_pytest.py",
        "watchdog",
    }
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


@pytest.fixture
def installed(wheel, tmp_path):
    """The command, in an environment of its own that borrows nothing but the dependencies."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=False)
    [site] = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # What other people's distributions leave beside ours must not be taken for ours.
    (site / "migrations").mkdir()
    command = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install", "-q", "--no-deps"]
    done = subprocess.run([*command, "--no-index", str(wheel)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return home / "bin" / "eval-watchdog"


def test_installed_it_works_from_any_folder(installed, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV", "WATCHDOG"))}

    def run(*words, cwd=tmp_path):
        done = subprocess.run(
            [installed, *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), words
        return done.stdout

    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    assert run("--version") == f"eval-watchdog {version}\n"
    workspace = tmp_path / "support"
    run("init", "support")
    assert (workspace / "judges" / "helpfulness" / "judge.yaml").is_file()
    assert "fine (1 watch" in run("check", cwd=workspace)
    assert "case-checks" in run("run", "support_reply", cwd=workspace)
    assert "at revision" in run("db", "upgrade", cwd=workspace)
    shipped = "print(__import__('watchdog.workspace.locate', fromlist=['x']).shipped('migrations'))"
    python = [installed.with_name("python"), "-c", shipped]
    place = subprocess.run(python, cwd=workspace, env=environment, capture_output=True, text=True, check=True).stdout
    assert "_bundled" in place
    assert str(CHECKOUT) not in place
