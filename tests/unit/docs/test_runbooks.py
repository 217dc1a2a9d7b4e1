"""Runbooks that can be followed half asleep: the same sections, links that lead somewhere, commands that exist."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchdog.cli import app
from watchdog.correlate.words import RUNBOOKS
from watchdog.domain.alert import Cause

FOLDER = Path(__file__).parents[3] / "docs" / "runbooks"
PAGES = sorted(page.name for page in FOLDER.glob("*.md") if page.name != "README.md")
SECTIONS = ["What it means", "Check", "Decide", "Act", "Escalate", "Afterwards"]
COMMANDS = sorted(
    {command for page in FOLDER.glob("*.md") for command in re.findall(r"`eval-watchdog ([^`]+)`", page.read_text())}
)
GROUPS = {group.name for group in app.registered_groups if group.name}


def name_of(command: str) -> tuple[str, ...]:
    """The command's own words: ``baseline freeze``, ``run``."""
    words = command.split()
    return tuple(words[: 2 if words[0] in GROUPS else 1])


def headings(page: str) -> set[str]:
    """Anchors of a page's sections."""
    found = re.findall(r"^## (.+)$", (FOLDER / page).read_text(), re.MULTILINE)
    return {heading.lower().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_the_six_sections_in_order_and_a_command_to_check_with(page: str):
    text = (FOLDER / page).read_text()

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    check, decide = (re.search(rf"^## {name}$(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1] for name in SECTIONS[1:3])
    assert "`eval-watchdog " in check
    assert "→" in decide or "| then |" in decide


@pytest.mark.parametrize("page", ["README.md", *PAGES])
def test_every_link_leads_to_a_page_or_a_heading(page: str):
    for target in re.findall(r"\]\(([^)]+)\)", (FOLDER / page).read_text()):
        name, _, anchor = target.partition("#")
        assert (FOLDER / (name or page)).is_file(), target
        assert not anchor or anchor in headings(name or page), target


def test_the_index_names_every_page():
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", (FOLDER / "README.md").read_text())) == set(PAGES)


def test_every_cause_an_alert_can_name_has_its_page_and_stands_in_the_index():
    index = (FOLDER / "README.md").read_text()

    assert set(RUNBOOKS) == set(Cause)
    for cause, page in RUNBOOKS.items():
        name, _, anchor = page.partition("#")
        assert not anchor or anchor in headings(name), cause
        assert (FOLDER / name).is_file()
        assert re.split("[:,]", cause.value)[0].removeprefix("the ").split(" or ")[0] in index, cause


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists_with_its_options(command: str):
    options = [word for word in shlex.split(command) if word.startswith("--")]

    shown = CliRunner().invoke(app, [*name_of(command), "--help"], env={"COLUMNS": "200"})

    assert shown.exit_code == 0, shown.output
    assert all(option in shown.output for option in options)


def test_the_commands_of_the_runbooks_are_few():
    assert {name_of(command) for command in COMMANDS} == {
        ("alerts", "dead"),
        ("alerts", "list"),
        ("alerts", "resolve"),
        ("baseline", "compare"),
        ("baseline", "freeze"),
        ("check",),
        ("run",),
        ("scores",),
    }
