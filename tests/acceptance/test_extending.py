"""docs/extending.md, followed word for word."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
DOCUMENT = (HOUSE / "docs" / "extending.md").read_text(encoding="utf-8")
INTO_THE_HOUSE = "\n## Into the house\n"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it is about, and its lines."""

    language: str
    title: str
    text: str


def blocks(text):
    found = re.findall(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)
    return [Block(*parts) for parts in found]


class Reader:
    """Somebody who does what the document says, in a folder."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = environment

    def follow(self, text):
        for block in blocks(text):
            if block.language == "console":
                self.type_in(block.text)
            elif block.language == "diff":
                self.change(self.folder / block.title, block.text)
            else:
                (self.folder / block.title).write_text(block.text, encoding="utf-8")

    def change(self, path, difference):
        """Replace the lines that the difference shows, which must be there exactly once."""
        lines = difference.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        content = path.read_text(encoding="utf-8")
        assert content.count(before) == 1, f"{path.name} should have, once:\n{before}"
        path.write_text(content.replace(before, after), encoding="utf-8")

    def type_in(self, console):
        for command, expected in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE):
            if command.startswith("cd "):
                self.folder /= command.removeprefix("cd ")
                continue
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
                check=False,
            )
            printed = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
            same = doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS)
            assert same, f"$ {command}\nshould print\n{expected}\nand prints\n{printed}"
            assert done.returncode == 0, f"$ {command}\nends with {done.returncode}\n{printed}"


@pytest.fixture
def environment(tmp_path):
    """An environment in which eval-watchdog is a command, and runs this checkout."""
    command = tmp_path / "bin" / "eval-watchdog"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m eval_watchdog "$@"\n')
    command.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV", "WATCHDOG"))}
    return {
        **kept,
        "PATH": f"{command.parent}{os.pathsep}{kept['PATH']}",
        "PYTHONPATH": str(HOUSE),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def run(environment):
    """Run a command in a folder: exit code and all that it printed."""

    def command(*words, cwd):
        done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    return command


def test_each_part_has_fewer_than_thirty_lines():
    parts = [block for block in blocks(DOCUMENT) if block.title.startswith("my_")]
    assert {block.title for block in parts} == {"my_checks.py", "my_providers.py", "my_notifiers.py"}
    assert all(len(block.text.splitlines()) < 30 for block in parts)


def test_a_check_a_provider_and_a_notifier_work_as_the_document_says(tmp_path, environment):
    Reader(tmp_path, environment).follow(DOCUMENT.partition(INTO_THE_HOUSE)[0])


def test_a_check_of_ones_own_becomes_one_of_the_house(tmp_path, environment):
    house = tmp_path / "house"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.db", "demo-out", "dist")
    shutil.copytree(HOUSE, house, ignore=ignored)
    (house / ".venv").symlink_to(sys.prefix)
    reader = Reader(house, {key: value for key, value in environment.items() if key != "PYTHONPATH"})
    reader.follow(DOCUMENT.partition(INTO_THE_HOUSE)[2])
    written = ["watchdog/score/checks/sentences.py", "tests/unit/score/checks/test_sentences.py", "watchdog/catalog.py"]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *written],
            cwd=house, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


WRONG = """\
better, digest, name = "higher", "1", "wrong"
class Waiting:
    better, digest, name = "higher", "1", "wrong"
    def score(self, case, response): ...
class Undigested:
    better, name = "higher", "wrong"
    async def score(self, case, response): ...
class Directionless:
    digest, name = "1", "wrong"
    async def score(self, case, response): ...
class Broken:
    better, digest, name = "higher", "1", "broken"
    async def score(self, case, response): raise KeyError("total")
class Unclosed:
    async def complete(self, request): ...
class Mute:
    name, resend_every = "mute", None
    async def aclose(self): ...
class Renamed:
    resend_every = None
    def __init__(self): self.name = "somebody else"
    async def send(self, alerts, now): ...
    async def aclose(self): ...
"""


def test_parts_that_cannot_work_are_told_by_check_all_at_once(tmp_path, run):
    assert run("eval-watchdog", "init", ".", cwd=tmp_path)[0] == 0
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    file = tmp_path / "watchdog.yaml"
    text = file.read_text()
    names = ["wrong:Waiting", "wrong:Undigested", "wrong:Directionless", "wrong:Nothing", "broken:Anything"]
    scorers = "".join(f'      - "{name}"\n' for name in names)
    text = text.replace("      - not-refusal\n", f"      - not-refusal\n{scorers}")
    text = text.replace("\nwatches:\n", '  mine: { kind: "wrong:Unclosed" }\n\nwatches:\n')
    file.write_text(text.replace("  - stdout\n", '  - stdout\n  - "wrong:Mute"\n'))
    code, said = run("eval-watchdog", "check", cwd=tmp_path)
    assert code == 2
    assert "Traceback" not in said
    for sentence in (
        "providers.mine: wrong:Unclosed is not a provider: it has no 'aclose'",
        "scorers[2]: wrong:Waiting: 'score' must be written 'async def score'",
        "scorers[3]: wrong:Undigested is not a scorer: it has no 'digest'",
        "scorers[4]: wrong:Directionless does not say which way is good (add better: higher, or better: lower)",
        "scorers[5]: there is no Nothing in wrong",
        "scorers[6]: broken cannot be imported: ModuleNotFoundError: No module named 'no_such_module'",
        "notify[1]: wrong:Mute is not a notifier: it has no method 'send'",
    ):
        assert sentence in said


def test_a_scorer_that_breaks_leaves_answers_unscored_and_run_says_why(tmp_path, run):
    assert run("eval-watchdog", "init", ".", cwd=tmp_path)[0] == 0
    (tmp_path / "wrong.py").write_text(WRONG)
    file = tmp_path / "watchdog.yaml"
    file.write_text(file.read_text().replace("      - not-refusal\n", '      - not-refusal\n      - "wrong:Broken"\n'))
    code, said = run("eval-watchdog", "run", cwd=tmp_path)
    assert code == 0
    assert re.search(r"^ +broken +0 +0 +0 +30 +0 +0 +–", said, re.MULTILINE)
    assert "! broken: 60 answers unscored: KeyError at " in said


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_channel_that_would_never_get_its_alerts_is_told_before_anything_is_asked(tmp_path, run, command):
    assert run("eval-watchdog", "init", ".", cwd=tmp_path)[0] == 0
    (tmp_path / "wrong.py").write_text(WRONG)
    file = tmp_path / "watchdog.yaml"
    file.write_text(file.read_text().replace("  - stdout\n", '  - "wrong:Renamed"\n'))
    code, said = run("eval-watchdog", command, cwd=tmp_path)
    assert code == 2
    assert "notify: wrong:Renamed calls itself 'somebody else', its channel is 'Renamed'" in said
    assert not (tmp_path / "watchdog.db").exists()
