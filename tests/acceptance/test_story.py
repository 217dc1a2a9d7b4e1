"""The road through the command line: calm stays quiet, drift alerts once and says what to know, recovery resolves."""

from __future__ import annotations

import json

import pytest

WATCH = "support_reply"


def run(workspace, *arguments):
    """Exit code and report of one look."""
    done = workspace.command("run", "--json", *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)[0]


def alerts(workspace):
    """Alerts that were ever told of, by name and metric."""
    listed = json.loads(workspace.command("alerts", "list", "--json").stdout)
    told = [
        (a["name"], a["labels"].get("metric"), a["labels"].get("worse")) for a in listed if a["fired_at"] is not None
    ]
    assert len(set(told)) == len(told)  # one episode of each claim
    return {(a["name"], a["labels"].get("metric", "")): a for a in listed if a["fired_at"] is not None}


def episodes(told):
    return {name: alert["starts_at"] for name, alert in told.items()}


async def test_drift_alerts_once_names_what_moved_and_resolves_when_it_is_over(live_story, simulator):
    story, workspace = live_story, live_story.workspace
    await story.look(2)
    code, report = run(workspace)
    assert (code, report["problems"], story.told(looks=2)) == (0, [], [])
    assert alerts(workspace) == {}

    simulator.control({"aliases": {"sim-1": "sim-1-2026-11"}})
    looks = 0
    while "EvalDrift" not in story.firing():
        await story.look()
        looks += 1
        assert looks <= 4
    told_of = {(kind, name) for kind, name, _ in story.told(looks)}
    assert ("model", "EvalDrift") in told_of
    assert told_of <= {("model", "EvalDrift"), ("model", "MassEvalFailure")}  # the latter where most cases fell

    code, report = run(workspace)  # it goes on: the same episodes, told once
    assert code == 1
    assert any("served model changed from sim-1-2026-08 to sim-1-2026-11" in said for said in report["problems"])
    told = alerts(workspace)
    drift = told["EvalDrift", "case-checks"]
    assert drift["labels"]["alert_type"] == "model"
    assert drift["cause"] == "the provider changed the model"
    assert "served model changed from sim-1-2026-08 to sim-1-2026-11" in drift["annotations"]["description"]
    worst = drift["annotations"]["worst_cases"].split(" and ")[0]
    named = [case.split(" (")[0] for case in worst.split(", ")]
    assert len(named) >= 3
    assert set(named) <= {case.id for case in story.app.watch(WATCH).golden.cases}
    assert drift["annotations"]["next_command"].startswith("eval-watchdog ")

    simulator.control({"aliases": {"sim-1": "sim-1-2026-08"}})
    for _ in range(6):
        await story.look()
        if not story.firing():
            break
    code, _ = run(workspace)
    assert code == 0
    over = alerts(workspace)
    assert {alert["state"] for alert in over.values()} == {"resolved"}
    assert episodes(over).items() >= episodes(told).items()


async def test_a_look_that_measured_nothing_ends_with_4_and_never_with_1(live_story, simulator):
    simulator.control({"models": {"*": {"faults": {"401": 1.0}}}})
    await live_story.look()
    assert run(live_story.workspace)[0] == 4
    assert set(alerts(live_story.workspace)) == {("ProviderDown", "")}  # it fires, and is no drift
    simulator.control({"models": {"*": {"faults": {}}}})
    assert run(live_story.workspace)[0] == 0


async def test_a_look_that_a_judge_gave_no_verdicts_ends_with_4_and_never_with_1(live_judged_story, simulator):
    simulator.control({"models": {"sim-judge": {"faults": {"500": 1.0}}}})
    await live_judged_story.look(2)
    assert run(live_judged_story.workspace)[0] == 4
    assert set(alerts(live_judged_story.workspace)) == {("EvalBlind", "helpfulness")}


def test_a_look_without_a_baseline_ends_with_0_and_says_so(simulator, workspace):
    (workspace.folder / "watchdog.db").unlink()
    code, report = run(workspace)
    assert code == 0
    assert any("no baseline" in problem for problem in report["problems"])


def test_another_rubric_of_cases_is_not_compared_and_ends_with_4(workspace):
    cases = workspace.folder / "golden_sets/support_reply/cases.jsonl"
    lines = cases.read_text(encoding="utf-8").splitlines(keepends=True)
    cases.write_text("".join(lines[:20]), encoding="utf-8")
    code, report = run(workspace)
    assert code == 4
    assert any("golden set" in problem for problem in report["problems"])


@pytest.mark.parametrize("command", [["check"], ["run"], ["baseline", "show", WATCH]], ids=" ".join)
def test_a_broken_configuration_ends_every_command_with_2_and_the_place(workspace, command):
    config = workspace.folder / "watchdog.yaml"
    config.write_text(config.read_text().replace("not-refusal", "not-refusl"))
    done = workspace.command(*command)
    assert done.returncode == 2
    assert "watchdog.yaml:" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_sound_workspace_passes_check(workspace):
    done = workspace.command("check")
    assert done.returncode == 0, done.stdout + done.stderr
