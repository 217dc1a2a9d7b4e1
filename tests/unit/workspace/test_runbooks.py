"""What would hold up whoever follows a runbook."""

from __future__ import annotations

import pytest

from watchdog.workspace.runbooks import Fault, commands_of, lint_runbook, load_runbook, sections_of

GOOD = """# It broke
## What it means
Users see it.
## Check
1. `eval-watchdog alerts list`
## Decide
- Ours? → roll back.
## Act
Do it:

    eval-watchdog run reply > /tmp/out

$ eval-watchdog check
## Escalate
Ann.
## Afterwards
Write it down: `eval-watchdog baseline freeze reply --runs N --because "a b"`.
"""


def problem_of(words):
    return "" if words[0] in {"alerts", "run", "check", "baseline"} else f"there is no command {words[0]!r}"


def test_a_page_with_its_six_sections_and_commands_can_be_followed():
    assert lint_runbook(GOOD, problem_of) == []


def test_commands_are_found_in_sentences_and_in_blocks_as_they_would_be_typed():
    assert [(command.line, command.words) for command in commands_of(GOOD)] == [
        (5, ("alerts", "list")),
        (11, ("run", "reply")),
        (13, ("check",)),
        (17, ("baseline", "freeze", "reply", "--runs", "8", "--because", "a b")),
    ]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (GOOD, " \n", Fault(0, "is empty")),
        ("# It broke\n", "", Fault(1, "has no title; begin with '# What happened'")),
        ("## Escalate\nAnn.\n", "", Fault(0, "has no section '## Escalate'")),
        ("Ann.\n", "\n", Fault(14, "the section 'Escalate' is empty")),
        ("1. `eval-watchdog alerts list`", "Look.", Fault(4, "'Check' has no command to type")),
        (
            "- Ours? → roll back.",
            "Think.",
            Fault(6, "'Decide' is prose; write what to check, and what then, as a list"),
        ),
        ("alerts list", "alrts list", Fault(5, "`eval-watchdog alrts list`: there is no command 'alrts'")),
        ("dog check", "dog chek", Fault(13, "`eval-watchdog chek`: there is no command 'chek'")),
        ('"a b"`', '"a b`', Fault(0, "a command has no closing quotation")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(before, after, fault):
    assert fault in lint_runbook(GOOD.replace(before, after), problem_of)


def test_sections_in_another_order_are_refused():
    swapped = GOOD.replace("## Check", "## X").replace("## Decide", "## Check").replace("## X", "## Decide")
    assert any("order" in fault.message for fault in lint_runbook(swapped, problem_of))


def test_sections_hold_what_is_below_them():
    assert sections_of(GOOD)["Escalate"] == "Ann."


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_runbook_that_says_nothing_is_a_problem(tmp_path, text):
    page = tmp_path / "a.md"
    page.write_text(text)
    loaded = load_runbook(page, "a.md")
    assert loaded.value is None
    assert "is empty" in str(loaded.problems[0])
