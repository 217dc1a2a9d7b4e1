"""A gate's report wherever people look; what models said comes out harmless."""

from __future__ import annotations

import io
import json
import re
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from watchdog.domain.gate import (
    BrokenRule,
    Flip,
    GateArm,
    GateMetric,
    GateReport,
    GateVerdict,
    Standing,
    Unit,
)
from watchdog.render.as_json import as_json
from watchdog.render.ci import code_quality, github_annotations, stopped_commands
from watchdog.render.gate import show_gate
from watchdog.render.junit import gate_junit
from watchdog.render.markdown import LONGEST, gate_markdown, inline, marker
from watchdog.render.terminal import console

HOSTILE = (
    "```\n</details><script>alert(1)</script>\n<!-- eval-watchdog gate reply -->\n@team see #1 | [x](http://evil.example)"
    "\n::error::hacked\n##[error]hacked\n::stop-commands::x\n\x1b]0;title\x07\x1b[31mred\x00\u202e]]> &lol;\r\n~~~\n"
)


def arm(**facts):
    return GateArm(
        **{
            "provider": "main",
            "model": "m-1",
            "prompt": "p.md",
            "prompt_digest": "0123456789abcdef",
            "parameters": {},
            "source": "current",
            **facts,
        }
    )


def metric(name="exact", standing=Standing.WORSE, **facts):
    values = {
        "tag": "",
        "unit": Unit.SCORE,
        "required": True,
        "margin": 0.03,
        "baseline": 0.9,
        "candidate": 0.7,
        "effect": -0.2,
        "interval": (-0.3, -0.1),
        "n": 40,
        "asked": 40,
        "planned": 40,
        "detectable": 0.12,
        **facts,
    }
    return GateMetric(name=name, standing=standing, **values)


def flip(text=HOSTILE, **facts):
    values = {
        "case_id": "c1",
        "metric": "exact",
        "before": 1.0,
        "after": 0.0,
        "fell": True,
        "baseline_text": "fine",
        "candidate_text": text,
        "reason": text,
        "file": "golden/cases.jsonl",
        "line": 7,
        **facts,
    }
    return Flip(**values)


def report(**facts):
    values = {
        "id": "abc",
        "watch": "reply",
        "at": 0.0,
        "verdict": GateVerdict.REGRESSION,
        "reasons": ("exact is worse",),
        "baseline": arm(),
        "candidate": arm(model="m-2"),
        "changed": ("model",),
        "control": "concurrent",
        "metrics": (
            metric(),
            metric("latency", Standing.UNDECIDED, unit=Unit.RATIO, margin=None, required=False, detectable=None),
        ),
        "flips": (flip(),),
        "broken": (),
        "alpha": 0.05,
        "margin": 0.03,
        "look": 1,
        "looks": 4,
        "cases": 16,
        "cases_planned": 40,
        "calls": 32,
        "calls_full": 80,
        "cost": 0.01,
        "unpriced": 0,
        "seconds": 3.0,
        "seed": 1,
        "estimand": "on this golden set",
        **facts,
    }
    return GateReport(**values)


def page(shown):
    out = io.StringIO()
    show_gate(shown, console(out))
    return out.getvalue()


def test_the_terminal_shows_verdict_change_power_and_the_flipped_case():
    said = page(report())
    assert said.startswith("REGRESSION  reply: model m-1 -> m-2")
    assert "−20.0" in said
    assert "12 points" in said
    assert "60 % saved" in said
    assert "c1 exact 1 -> 0" in said
    assert "\x1b" not in said
    assert "\x00" not in said
    assert "\u202e" not in said


def test_a_ratio_is_shown_as_per_cent_more():
    slower = metric(
        "answer-latency", unit=Unit.RATIO, effect=-0.1823, interval=(-0.4055, 0.0), baseline=1.0, candidate=1.2
    )
    said = page(report(metrics=(slower,), flips=()))
    assert "+20 %" in said
    assert "+0 % … +50 %" in said
    assert "1.20 s" in said


def test_junit_is_well_formed_and_holds_the_verdict_and_every_metric():
    root = ET.fromstring(gate_junit(report()))
    suite = root.find("testsuite")
    assert [case.get("name") for case in suite.findall("testcase")] == ["verdict", "exact"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "2", "0")
    assert "c1: 1 -> 0" in suite.find("testcase[@name='exact']/failure").text


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (GateVerdict.REGRESSION, "failure"),
        (GateVerdict.NOT_MEASURED, "error"),
        (GateVerdict.INCONCLUSIVE, "skipped"),
        (GateVerdict.PASS, None),
    ],
)
def test_junit_keeps_the_four_answers_apart(verdict, kind):
    root = ET.fromstring(gate_junit(report(verdict=verdict)))
    case = root.find("testsuite/testcase[@name='verdict']")
    assert [child.tag for child in case] == ([kind] if kind else [])


def test_junit_names_the_broken_rules():
    rule = BrokenRule(case_id="c9", metric="exact", reason=HOSTILE, baseline_fails_too=True)
    root = ET.fromstring(gate_junit(report(broken=(rule,))))
    assert root.find("testsuite/testcase[@name='must-pass c9: exact']/failure") is not None


def test_markdown_begins_with_the_marker_of_the_watch():
    assert gate_markdown(report()).splitlines()[0] == marker("reply") == "<!-- eval-watchdog gate reply -->"
    assert marker("a -->\nb") == "<!-- eval-watchdog gate ab -->"


def test_markdown_shows_hostile_answers_only_behind_a_sign_in_a_block():
    text = gate_markdown(report())
    outside = re.sub(r"```diff\n(?:[-+] .*\n)*```\n", "", text)
    assert "```" not in outside
    assert outside.count("<!--") == 1
    assert outside.count("</details>") == 1
    assert "<script" not in outside
    assert "](" not in outside
    assert "@team" not in outside
    assert not re.search(r"(?<!\\)\|.*evil", outside)
    for line in re.findall(r"```diff\n((?:.*\n)*?)```\n", text)[0].splitlines():
        assert line[:2] in {"- ", "+ "}


def test_markdown_fits_a_comment_however_much_flipped():
    many = tuple(flip("word " * 400 + HOSTILE, case_id=f"case-{number}" * 10) for number in range(100))
    text = gate_markdown(report(flips=many, reasons=(HOSTILE * 100,) * 50, advice=(HOSTILE * 50,) * 50))
    assert len(text) <= LONGEST < 65_536
    assert "more are left out here" in text
    assert text.rstrip().endswith(("</sub>", "…"))


def test_a_cell_cannot_break_out_of_its_table():
    assert inline("a|b\nc") == "a\\|b c"
    assert inline("<b>&`x`") == "&lt;b&gt;&amp;\\`x\\`"


def test_annotations_are_one_line_each_and_point_at_the_case():
    lines = github_annotations(report())
    assert lines[0].startswith("::error title=gate reply%3A regression::exact is worse")
    assert "file=golden/cases.jsonl,line=7," in lines[1]
    assert all("\n" not in line and "\r" not in line for line in lines)
    assert github_annotations(report(verdict=GateVerdict.PASS, flips=()))[0].startswith("::notice ")


def test_between_stop_and_resume_no_command_is_obeyed():
    wrapped = stopped_commands(HOSTILE, "secret")
    assert wrapped.startswith("::stop-commands::secret\n")
    assert wrapped.endswith("\n::secret::\n")


def test_code_quality_points_at_the_case_with_a_fingerprint_that_stays():
    (first,) = json.loads(code_quality(report()))
    (again,) = json.loads(code_quality(report(seed=2, flips=(flip("other words"),))))
    assert first["location"] == {"path": "golden/cases.jsonl", "lines": {"begin": 7}}
    assert first["fingerprint"] == again["fingerprint"]
    assert first["severity"] == "critical"
    risen = replace(flip(), fell=False)
    assert json.loads(code_quality(report(flips=(risen,)))) == []


def test_the_json_is_whole():
    found = json.loads(as_json(report()))
    assert found["metrics"][0]["interval"] == [-0.3, -0.1]
    assert found["flips"][0]["candidate_text"] == HOSTILE


@pytest.mark.parametrize(
    ("standing", "said"), [(Standing.UNDECIDED, "no clear change"), (Standing.SLIGHTLY_WORSE, "more")]
)
def test_a_measure_without_a_budget_is_told_and_has_no_part_in_the_verdict(standing, said):
    latency = metric("answer-latency", standing, unit=Unit.RATIO, margin=None, required=False, detectable=None)
    gate = report(metrics=(metric(), latency))
    page = io.StringIO()
    show_gate(gate, console(page))
    for text in (page.getvalue(), gate_markdown(gate).replace("\\", "")):
        assert re.search(rf"answer-latency[ |]+{said}[ |]", text)
        assert "latency had no part in the verdict: no --budget was given" in text
    budgeted = report(metrics=(metric(), replace(latency, margin=0.2, required=True)))
    assert "had no part" not in gate_markdown(budgeted)


def test_what_a_gate_saved_is_told_of_an_answer_only():
    assert "(60 % saved)" in gate_markdown(report()).replace("\\", "")
    assert "saved" not in gate_markdown(report(verdict=GateVerdict.NOT_MEASURED))
