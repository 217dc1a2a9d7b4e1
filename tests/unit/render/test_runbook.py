"""A runbook filled in: what is to be typed, what is known, and nothing that a stranger could smuggle in."""

from __future__ import annotations

import pytest

from watchdog.domain.alert import Alert, AlertState, Cause
from watchdog.render.runbook import Filling, most_urgent, page_of, rendered, runbook_html

PAGE = """# It broke

## What it means

A WATCH is a word here.

## Check

1. `eval-watchdog scores WATCH --since 24h`, `eval-watchdog alerts ack ID`

## Escalate

Ann.

## Afterwards

Write it down. `YOUR_NAME`
"""


def alert_of(severity="page", state=AlertState.FIRING, starts_at=100.0, cause=Cause.SHARED):
    labels = {"alertname": "EvalDrift", "severity": severity}
    return Alert(
        fingerprint=severity,
        labels=labels,
        annotations={},
        state=state,
        starts_at=starts_at,
        updated_at=1.0,
        cause=cause,
    )


def test_words_in_capitals_are_filled_in_where_they_are_typed_and_nowhere_else():
    text = rendered(PAGE, Filling(words={"WATCH": "reply", "ID": "a1"}))
    assert "`eval-watchdog scores reply --since 24h`, `eval-watchdog alerts ack a1`" in text
    assert "A WATCH is a word here." in text
    assert "`YOUR_NAME`" in text
    assert "`eval-watchdog model rollback reply --by YOUR_NAME --because REASON --apply`" in text


def test_without_a_watch_the_page_is_as_it_is():
    assert rendered(PAGE, Filling()) == PAGE


def test_whom_the_watch_itself_names_stands_in_the_section_on_escalation():
    own = "# Own\n## Escalate\n- Bob, by phone.\n## Afterwards\nSleep.\n"
    assert "Ann.\n\nFor this watch:\n\n- Bob, by phone.\n\n## Afterwards" in rendered(PAGE, Filling(own=own))
    last = "# Own\n## Escalate\n- Bob.\n"
    assert rendered("# A\n## Escalate\nAnn.\n", Filling(own=last)).endswith("Ann.\n\nFor this watch:\n\n- Bob.\n")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "a | b\n## c",
        "`x` <!channel> @here",
        "\x1b[31mred\u202e",
    ],
)
def test_facts_are_text(hostile):
    text = rendered(PAGE, Filling(facts={"says": hostile}))
    page = runbook_html(text)
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert page.count("<td>") == 2
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "@here" not in text


def test_html_of_a_page_of_ones_own_is_shown_and_not_run():
    page = runbook_html("# A\n<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) [b](provider-down.md)\n")
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert '<a href="provider-down.md">b</a>' in page


def test_links_lead_to_sections():
    assert '<h2 id="what-it-means">What it means</h2>' in runbook_html(PAGE)


def test_the_most_urgent_alert_is_taken_first():
    calm, old, new = alert_of("ticket", starts_at=1.0), alert_of(starts_at=50.0), alert_of(starts_at=99.0)
    pending, worst = alert_of("sev1", AlertState.PENDING), alert_of("sev1")
    assert most_urgent([pending, calm, new, old]) is old
    assert most_urgent([pending, calm, worst, old]) is worst
    assert most_urgent([]) is None


@pytest.mark.parametrize(("cause", "page"), [(Cause.SHARED, "model-shared"), (Cause.UNATTRIBUTED, "README")])
def test_each_cause_has_its_page(cause, page):
    assert page_of(alert_of(cause=cause)) == page
