"""The README's watchdog.yaml is one that runs."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchdog.cli import app

README = Path(__file__).resolve().parents[3] / "README.md"


@pytest.fixture
def folder(tmp_path):
    """What ``init`` writes, with the README's watchdog.yaml in the place of its own."""
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    [block] = re.findall(
        r"^A watch is a few lines of YAML.*?^```yaml\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "watchdog.yaml").write_text(block, encoding="utf-8")
    return tmp_path


def test_the_watch_of_the_readme_passes_check(folder):
    done = CliRunner().invoke(app, ["check", "--config", str(folder)], env={"OPENAI_API_KEY": "none"})
    assert done.exit_code == 0, done.output
