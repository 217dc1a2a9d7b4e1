"""Runbooks that can be followed half asleep: the same sections, links that lead somewhere, commands that exist."""

import re
import shlex
from pathlib import Path

import pytest

from watchdog.cli.parsing import problem_of
from watchdog.correlate.words import RUNBOOKS
from watchdog.domain.alert import Cause
from watchdog.render.runbook import AT_HAND, FIRST
from watchdog.workspace.runbooks import commands_of, lint_runbook

FOLDER = Path(__file__).parents[3] / "docs" / "runbooks"
PAGES = sorted(page.name for page in FOLDER.glob("*.md") if page.name != "README.md")


def headings(page: str) -> set[str]:
    """Anchors of a page's sections."""
    found = re.findall(r"^## (.+)$", (FOLDER / page).read_text(), re.MULTILINE)
    return {heading.lower().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_and_every_command_typed_as_it_stands(page: str):
    assert lint_runbook((FOLDER / page).read_text(), problem_of) == []


def test_the_commands_of_the_index_and_those_at_hand_can_be_typed():
    commands = [command.words for command in commands_of((FOLDER / "README.md").read_text())]
    commands += [tuple(shlex.split(command)) for _, command in (*FIRST, *AT_HAND)]
    assert [problem_of(words) for words in commands] == [""] * len(commands)


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
