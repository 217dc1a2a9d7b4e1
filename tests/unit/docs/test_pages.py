"""What README and the pages under docs say of files, commands and watchdog.yaml is so."""

import re
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml

from watchdog.catalog import VOCABULARY
from watchdog.cli import app
from watchdog.settings.schema import json_schema

HOUSE = Path(__file__).resolve().parents[3]
PAGES = [*HOUSE.glob("*.md"), *HOUSE.glob("docs/**/*.md"), *HOUSE.glob("watchdog/workspace/template/**/*.md")]
NAMES = [str(page.relative_to(HOUSE)) for page in PAGES]


@pytest.fixture(params=PAGES, ids=NAMES)
def page(request):
    return request.param


def prose_of(page):
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", prose_of(page)):
        assert (page.parent / target).exists(), target


def test_links_within_a_page_have_a_heading(page):
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", prose_of(page))) <= anchors


def test_commands_are_there(page):
    commands = typer.main.get_command(app).commands
    text = page.read_text(encoding="utf-8")
    typed = re.findall(r"^(?: {4}|\$ )eval-watchdog ([a-z].*)$", text, re.MULTILINE)
    for line in [*typed, *re.findall(r"`eval-watchdog ([a-z][^`]*)`", text)]:
        first, second, *_ = [*re.findall(r"[a-z-]+", line), ""]
        assert first in commands, line
        assert second in getattr(commands[first], "commands", [second]), line


def test_the_watchdog_yaml_of_readme_fits_its_schema():
    text = (HOUSE / "README.md").read_text(encoding="utf-8")
    [written] = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    jsonschema.validate(yaml.safe_load(written), json_schema(VOCABULARY))


def test_readme_names_the_port_that_serve_listens_on():
    text = (HOUSE / "README.md").read_text(encoding="utf-8")
    port = json_schema(VOCABULARY)["properties"]["server"]["properties"]["port"]["default"]
    assert set(re.findall(r"http://127\.0\.0\.1:(\d+)", text)) <= {str(port)}
