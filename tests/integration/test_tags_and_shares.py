"""A tag as a metric from watchdog.yaml to the table, and the false-alarm budget as ``check`` shows it."""

from __future__ import annotations

import json

import pytest
import structlog
from typer.testing import CliRunner

from watchdog.cli import app

ASKED = "    every: 30m\n"


def ask(folder, *arguments):
    done = CliRunner().invoke(app, [*arguments, "--config", str(folder)])
    return done.exit_code, done.output


@pytest.fixture
def workspace(tmp_path):
    """A function that makes the starting workspace with more lines in its watch."""

    def build(*lines):
        folder = tmp_path / "support"
        assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
        path = folder / "watchdog.yaml"
        text = path.read_text(encoding="utf-8").replace("- not-refusal", "- not-refusal: { weight: 3 }")
        path.write_text(text.replace(ASKED, ASKED + "".join(f"    {line}\n" for line in lines)), encoding="utf-8")
        return folder

    yield build
    structlog.reset_defaults()


def test_check_shows_what_each_metric_gets_of_the_budget(workspace):
    folder = workspace("tags: [rules, prices]", "paging_tags: [rules]")
    code, output = ask(folder, "check")
    assert code == 0
    assert "only 7 cases have the tag 'rules'" in output
    assert "false alarms: 1 in 90 days" in output
    code, output = ask(folder, "check", "--json")
    shares = {row["metric"]: row for row in json.loads(output)["false_alarms"]}
    assert sorted(shares) == [
        "support_reply/case-checks/current",
        "support_reply/case-checks[rules]/current",
        "support_reply/not-refusal/current",
        "support_reply/not-refusal[rules]/current",
    ]
    assert shares["support_reply/not-refusal/current"]["share"] == pytest.approx(3 / 8)
    assert sum(row["a_quarter"] for row in shares.values()) == pytest.approx(1.0)


def test_a_tag_that_no_case_has_is_a_problem(workspace):
    code, output = ask(workspace("tags: [rulez]"), "check")
    assert code == 2
    assert "no case has the tag 'rulez'" in output


def test_a_tag_is_measured_held_against_its_baseline_and_shown(workspace):
    folder = workspace("tags: [rules]", "min_baseline_runs: 3")
    for _ in range(3):
        assert ask(folder, "run")[0] == 0
    assert ask(folder, "baseline", "freeze", "support_reply", "--because", "first", "--by", "ann")[0] == 0
    code, output = ask(folder, "run", "--json")
    assert code == 0
    [view] = json.loads(output)
    rows = {(row["metric"], row["arm"]): row for row in view["metrics"]}
    assert (rows["case-checks", "current"]["n"], rows["case-checks[rules]", "current"]["n"]) == (30, 7)
    assert rows["case-checks[rules]", "current-pinned"]["level"] == "calm"
    assert "case-checks[rules]" in ask(folder, "scores", "support_reply")[1]
    assert "support_reply/case-checks[rules]/current" in ask(folder, "baseline", "show", "support_reply")[1]
