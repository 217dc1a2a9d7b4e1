from __future__ import annotations

import pytest

from watchdog.domain.alert import AlertState
from watchdog.notify.texts import facts, headline, runbook, short, story, title, wanted


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("fine", 10, "fine"),
        ("0123456789", 10, "0123456789"),
        ("0123456789x", 10, "012345678…"),
        ("two\n lines\tand  blanks", 40, "two lines and blanks"),
        ("\x1b[31mred\u202e", 40, "\\x1b[31mred\\u202e"),
        ("\ud800", 40, "\\ud800"),
        ("", 10, ""),
    ],
)
def test_a_text_is_short_and_harmless_and_on_one_line(text, limit, shown):
    assert short(text, limit) == shown


def test_escapes_do_not_make_a_text_longer_than_its_limit():
    assert len(short("\x00" * 1_000_000, 100)) == 100


def test_without_a_summary_the_name_of_the_alert_is_its_title(house):
    assert title(house.alert(annotations={}), 100) == "EvalDrift"
    assert headline(house.alert(state=AlertState.RESOLVED, annotations={}), 100) == "RESOLVED page: EvalDrift"


def test_facts_are_bounded_in_number_and_length_and_a_label_wins(house):
    annotations = {"severity": "none", **{f"a{at}": "x" * 5000 for at in range(100)}}
    told = facts(house.alert(annotations=annotations))
    assert len(told) == 40
    assert told["severity"] == "page"
    assert max(len(value) for value in told.values()) == 2000


def test_the_story_is_told_in_the_order_of_reading(house):
    told = story(house.alert(annotations={"next_command": "type", "description": "because", "evidence": "3"}))
    assert told == [("Why", "because"), ("Type next", "type")]


@pytest.mark.parametrize(
    "url",
    [
        "docs/runbooks/drift.md",
        "javascript:alert(1)",
        "https://",
        "https://a.example|<!channel>",
        "https://a.example/a b",
        "https://a.example/" + "x" * 2000,
        "https://exämple.example",
        "",
    ],
)
def test_a_runbook_that_is_no_plain_address_is_no_link(house, url):
    assert runbook(house.alert(annotations={"runbook_url": url})) == ""


def test_a_runbook_with_an_address_is_a_link(house):
    assert runbook(house.alert(annotations={"runbook_url": "https://a.example/x#y"})) == "https://a.example/x#y"


def test_what_is_wanted_has_one_of_the_severities_and_the_asked_labels(house):
    page, tool = house.alert(), house.alert(labels={"severity": "page", "alert_type": "tool"})
    assert wanted([page, tool], ["page"], None) == [page, tool]
    assert wanted([page, tool], ["page"], {"alert_type": ["tool", "infra"]}) == [tool]
    assert wanted([page], ["ticket"], None) == []
    assert wanted([page], ["page"], {"team": ["ai"]}) == []
