from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from tests.unit.render.conftest import HOSTILE
from watchdog.domain.triage import (
    Act,
    Confidence,
    Diagnosis,
    Domain,
    Finding,
    Owner,
    Question,
    Reply,
    TriageReport,
)
from watchdog.render.as_json import as_json
from watchdog.render.triage import SCREEN, triage_lines, triage_markdown

LONG = "a sentence that goes on and on " * 40
COMMAND = "eval-watchdog model rollback support_reply --by YOUR_NAME --because 'triage: our prompt changed' --apply"


def finding(diagnosis=Diagnosis.OURS, **changes):
    values = {
        "diagnosis": diagnosis,
        "domain": Domain.MODEL,
        "confidence": Confidence.CERTAIN,
        "because": LONG,
        "owner": Owner(kind="AI engineering", team="ai-eng"),
        "runbook": "runbooks/reply.md",
        "act": Act.ROLL_BACK,
        "advice": LONG,
        "command": COMMAND,
        "would_change": LONG,
    }
    return Finding(**{**values, **changes})


@pytest.fixture
def report():
    question = Question(asks=LONG, reply=Reply.CANNOT_TELL, reason=LONG, evidence=(LONG, "second", LONG))
    return TriageReport(
        id="0123456789abcdef",
        watch="support_reply",
        feature="support reply",
        incident="abc",
        at=1_790_000_000.0,
        questions=(question, question, question),
        findings=(
            finding(),
            finding(Diagnosis.PROVIDER_SLOW),
            finding(Diagnosis.JUDGE),
            finding(Diagnosis.TOOL_FAILING),
        ),
        not_asked=(LONG, LONG),
        calls=99,
        cost=0.0123,
        seconds=7.0,
    )


def test_however_much_there_is_to_say_it_fits_a_screen_and_the_command_is_whole(report):
    lines = triage_lines(report)
    # The command may take a second line of the screen.
    assert sum(-(-max(1, len(line)) // SCREEN[1]) for line in lines) <= SCREEN[0]
    assert f"  $ {COMMAND}" in lines
    assert all(len(line) <= SCREEN[1] for line in lines if not line.startswith("  $ "))


def test_verbose_leaves_nothing_out(report):
    text = " ".join(" ".join(triage_lines(report, verbose=True)).split())
    for said in ("second", "the judge moved", "a tool is failing", *report.not_asked):
        assert " ".join(said.split()) in text
    assert text.count(" ".join(LONG.split())) > 15


def test_what_others_wrote_means_nothing_to_terminal_or_markdown(report):
    evil = replace(report, findings=(finding(because=HOSTILE, command=f"run `x` {HOSTILE}"),), not_asked=(HOSTILE,))
    for text in (*triage_lines(evil, verbose=True), triage_markdown(evil)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    outside = triage_markdown(evil).split("```")[0::2]
    assert all("<script>" not in part for part in outside)


def test_json_is_the_whole_report(report):
    told = json.loads(as_json(report))
    assert told["findings"][0]["owner"] == {"kind": "AI engineering", "team": "ai-eng", "tool_name": ""}
    assert [question["reply"] for question in told["questions"]] == ["cannot tell"] * 3


@pytest.mark.parametrize(("domain", "code"), [(Domain.NONE, 0), (Domain.UNKNOWN, 3), (Domain.PROVIDER, 1)])
def test_the_exit_code_says_whether_anything_is_wrong(report, domain, code):
    assert replace(report, findings=(finding(domain=domain),)).exit_code == code
