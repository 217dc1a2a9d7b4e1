"""The launcher where PyPI's ``watchdog`` is about, and where it is not."""

import os
import shutil
import subprocess
import sys
import tomllib

import pytest


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_told_without_loading_the_command_line(launch, places, root, flag):
    done = launch(flag, path=[places["ours"]], python=["-X", "importtime"])
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert done.returncode == 0
    assert done.stdout == f"eval-watchdog {version}\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "eval_watchdog" in done.args
    assert not {name for name in imported if name.split(".")[0] in {"watchdog", "typer", "pydantic", "numpy", "rich"}}


def test_alone_it_hands_over_without_a_word(launch, places):
    done = launch("--help", path=[places["ours"]])
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert done.stderr == ""


def test_pytest_is_told_of_it_in_sentences(places, root):
    shutil.copy(root / "eval_watchdog_pytest.py", places["launcher"])
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "COV"))},
        "PYTHONPATH": os.pathsep.join(map(str, [places["launcher"], places["other"], places["ours"]])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-P", "-m", "pytest", "-p", "eval_watchdog_pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir", ".", "--eval-watchdog", "reply"],
        cwd=places["launcher"], env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 4, done.stdout
    assert "is what 'import watchdog' finds here" in done.stderr
    assert "pipx install eval-watchdog" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ours_is_there_too", [True, False])
def test_where_the_other_package_is_found_first_it_says_so_and_what_to_do(launch, places, ours_is_there_too):
    path = [places["launcher"], places["other"], *([places["ours"]] if ours_is_there_too else [])]
    done = launch("check", path=path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "watchdog 6.0.0 (a file-system watcher) is what 'import watchdog' finds here" in done.stderr
    assert str(places["other"]) in done.stderr
    for remedy in ("pipx install eval-watchdog", "uv tool install eval-watchdog", "-m venv", "container"):
        assert remedy in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_told_even_then(launch, places):
    done = launch("--version", path=[places["ours"], places["other"]])
    assert (done.returncode, done.stderr) == (0, "")


def test_where_the_other_package_is_found_later_nothing_is_said(launch, places):
    done = launch("--help", path=[places["ours"], places["other"]])
    assert (done.returncode, done.stderr) == (0, "")


def test_where_both_lie_in_one_folder_it_works_and_warns_in_one_line(launch, mixed):
    done = launch("--help", path=[mixed])
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "watchdog 6.0.0 (a file-system watcher) is mixed into the same folder" in done.stderr


def test_where_the_other_overwrote_our_first_file_it_still_works(launch, mixed):
    (mixed / "watchdog" / "__init__.py").write_text('"""File system watcher."""\n')
    assert launch("--help", path=[mixed]).returncode == 0


def test_a_module_in_the_way_is_told(launch, places, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "watchdog.py").write_text("")
    done = launch("check", path=[places["launcher"], tmp_path / "mine", places["ours"]])
    assert done.returncode == 2
    assert "another package is what 'import watchdog' finds here" in done.stderr


def test_without_our_package_the_installation_is_called_damaged(launch, places):
    done = launch("check", path=[places["launcher"]])
    assert done.returncode == 2
    assert "the installation is damaged" in done.stderr
