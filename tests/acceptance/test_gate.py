"""The gate before a deploy: the real command against a simulated provider over HTTP."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

WATCH = "support_reply"
#: Every case once an arm: 80 calls.
COMMAND = (
    "gate",
    WATCH,
    "--candidate",
    "candidate.yaml",
    "--json",
    "--full",
    "--margin",
    "0.3",
    "--repeats-flipping",
    "1",
    "--seed",
    "7",
)


@pytest.fixture
def gate(workspace):
    """Holds a gate; its exit code and its report."""

    def hold(candidate, *arguments):
        (workspace.folder / "candidate.yaml").write_text(candidate, encoding="utf-8")
        done = workspace.command("gate", WATCH, "--candidate", "candidate.yaml", "--json", "--seed", "7", *arguments)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    return hold


def rows(workspace, query):
    with closing(sqlite3.connect(workspace.folder / "watchdog.db")) as connection:
        return connection.execute(query).fetchall()


def test_a_candidate_that_is_worse_is_a_regression_before_all_calls_are_spent(gate, workspace, simulator):
    simulator.control({"models": {"sim-1-2026-11": {"quality": 0.05}}})
    before = rows(workspace, "select state from detector_states order by 1")
    code, report = gate("model: sim-1-2026-11\n")
    assert (code, report["verdict"]) == (1, "regression")
    assert report["changed"] == ["model"]
    assert report["calls"] < report["calls_full"]
    fallen = report["flips"][0]
    assert fallen["before"] > fallen["after"]
    assert fallen["candidate_text"]
    assert rows(workspace, "select state from detector_states order by 1") == before
    assert rows(workspace, "select trigger, count(*) from runs where trigger = 'gate'") == [("gate", 1)]


def test_a_candidate_that_is_the_same_passes_a_wide_margin_and_is_open_at_a_narrow_one(gate, simulator):
    simulator.control({"models": {"sim-1-2026-08": {"quality": 1.0}, "sim-1-2026-11": {"quality": 1.0}}})
    code, report = gate("model: sim-1-2026-11\n", "--margin", "0.15")
    assert (code, report["verdict"]) == (0, "pass")
    code, report = gate("model: sim-1-2026-11\n", "--margin", "0.02")
    assert (code, report["verdict"]) == (3, "inconclusive")
    assert any("--repeats" in advice or "cases" in advice for advice in report["advice"])


def test_a_provider_that_dies_on_the_way_is_not_measured_and_the_next_call_pays_only_for_the_rest(
    workspace, start_simulator
):
    simulator = start_simulator()
    simulator.control({"models": {"*": {"latency": 0.15}}})
    workspace.url = simulator.url
    workspace.write(limits="{ concurrency: 4, max_concurrency: 4, timeout: 2, attempts: 1 }")
    (workspace.folder / "candidate.yaml").write_text("model: sim-1-2026-08\n", encoding="utf-8")
    port = simulator.port
    process = workspace.popen(*COMMAND)
    deadline = time.monotonic() + 40
    while sum(simulator.asked().values()) < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    simulator.kill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    report = json.loads(out)
    assert report["verdict"] == "not measured"
    assert "see to the failing calls (" in report["advice"][0]
    assert "connection: " in report["advice"][0]
    paid = rows(
        workspace, "select count(*) from responses where status = 'answered' and run_id in (select id from gates)"
    )
    revived = start_simulator(port)
    done = workspace.command(*COMMAND)
    again = json.loads(done.stdout)
    assert (again["id"], again["resumed"]) == (report["id"], True)
    assert again["verdict"] == "pass"
    assert sum(revived.asked().values()) == 80 - paid[0][0]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_gate_that_is_killed_is_continued_by_the_same_command(workspace, simulator, number):
    simulator.control({"models": {"*": {"latency": 0.1}}})
    workspace.write(limits="{ concurrency: 4, max_concurrency: 4, timeout: 5, attempts: 1 }")
    (workspace.folder / "candidate.yaml").write_text("model: sim-1-2026-08\n", encoding="utf-8")
    before = sum(simulator.asked().values())
    process = workspace.popen(*COMMAND)
    deadline = time.monotonic() + 40
    while sum(simulator.asked().values()) - before < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == (4 if number is signal.SIGTERM else -number)
    done = workspace.command(*COMMAND)
    report = json.loads(done.stdout)
    assert report["resumed"]
    assert report["verdict"] == "pass"
    in_flight = 12  # calls under way when it died, and those answered but not yet written
    assert 80 <= sum(simulator.asked().values()) - before <= 80 + in_flight


def test_the_daemon_is_not_kept_waiting_by_a_gate_that_was_interrupted(workspace, simulator):
    simulator.control({"models": {"*": {"latency": 0.1}}})
    (workspace.folder / "candidate.yaml").write_text("model: sim-1-2026-08\n", encoding="utf-8")
    process = workspace.popen("gate", WATCH, "--candidate", "candidate.yaml", "--full")
    while not rows(workspace, "select 1 from gates"):
        time.sleep(0.05)
    try:
        assert workspace.command("run", WATCH, "--json").returncode == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--candidate"),
        (["--candidate", "none.md"], "none.md"),
        (["--against", "last"], "git:REVISION"),
        (["--candidate", "c.yaml", "--budget", "speed=2%"], "latency=20%"),
    ],
)
def test_a_call_that_makes_no_sense_is_a_usage_error(workspace, arguments, said):
    (workspace.folder / "c.yaml").write_text("model: x\n", encoding="utf-8")
    done = workspace.command("gate", WATCH, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_baseline_against_itself_tells_how_often_the_gate_cries_wolf(workspace):
    done = workspace.command("gate", WATCH, "--aa", "--json", "--seed", "7")
    test = json.loads(done.stdout)["self_test"]
    assert test["gates"] == 1000
    assert test["regressions"] / test["gates"] <= 0.07


def test_a_passed_gate_seeds_the_baseline_of_what_is_deployed(gate, workspace, simulator):
    simulator.control({"models": {"sim-1-2026-08": {"quality": 1.0}, "sim-1-2026-11": {"quality": 1.0}}})
    _, report = gate("model: sim-1-2026-11\n", "--margin", "0.2")
    command = ("baseline", "promote", "--from-gate", report["id"][:8], "--because", "a new model", "--by", "ann")
    early = workspace.command(*command)
    assert early.returncode == 2
    assert "deploy it" in early.stderr
    workspace.write(current="sim-1-2026-11")
    done = workspace.command(*command, "--json")
    assert done.returncode == 0, done.stderr
    status, by, reason = rows(workspace, "select status, frozen_by, reason from baselines order by version")[-1]
    assert (status, by, reason) == ("locked", "ann", "a new model")
    look = workspace.command("run", WATCH, "--json")
    assert look.returncode == 0, look.stdout
    assert rows(workspace, "select what from changes where role = 'current'") == []
    twice = workspace.command(*command)
    assert twice.returncode == 2
    assert "in the baseline already" in twice.stderr


def test_a_gate_held_against_something_else_than_the_baseline_seeds_nothing(gate, workspace, simulator):
    simulator.control({"models": {"sim-1-2026-08": {"quality": 1.0}, "sim-1-2026-11": {"quality": 1.0}}})
    workspace.write(current="sim-1-2026-11")
    _, report = gate("model: sim-1-2026-11\n", "--margin", "0.2")  # against what is current by now
    done = workspace.command("baseline", "promote", "--from-gate", report["id"], "--because", "hope", "--by", "ann")
    assert done.returncode == 2
    assert "not what the watch's baseline was measured on (model differs)" in done.stderr


def test_a_gate_that_was_not_passed_seeds_nothing(gate, workspace, simulator):
    simulator.control({"models": {"sim-1-2026-11": {"quality": 0.05}}})
    _, report = gate("model: sim-1-2026-11\n")
    done = workspace.command("baseline", "promote", "--from-gate", report["id"], "--because", "hope")
    assert done.returncode == 2
    assert "not passed" in done.stderr


def test_answers_of_before_may_stand_in_for_the_baseline_when_the_user_says_so(gate, workspace, simulator):
    workspace.write(limits="{ concurrency: 8, max_concurrency: 16, timeout: 10 }")
    workspace.command("run", WATCH)
    once = ("--full", "--repeats-flipping", "1")
    before = simulator.asked()["sim-1", "billing-codes"]
    _, report = gate("model: sim-1-2026-08\n", "--baseline-from-daemon", "24h", *once)
    assert "from look" in report["control"]
    assert report["baseline"]["calls"] == 0
    assert simulator.asked()["sim-1", "billing-codes"] == before
    _, report = gate(
        "model: sim-1-2026-08\n", "--baseline-from-daemon", "24h", *once, "--repeats", "2", "--max-calls", "60"
    )
    assert (report["cases"], report["calls"]) == (20, 60)  # of a case two answers, and the baseline's second
    _, report = gate("model: sim-1-2026-08\nparameters: { temperature: 0 }\n", *once)
    assert report["control"] == "concurrent"
    _, report = gate("model: sim-1-2026-08\nparameters: { temperature: 1 }\n", "--cache", "1h", *once)
    assert "from earlier gates" in report["control"]
    assert report["baseline"]["calls"] == 0
    _, report = gate("model: sim-1-2026-08\nparameters: { temperature: 1 }\n", "--cache", "1s", *once)
    assert report["control"] == "concurrent"


def test_money_that_runs_out_leaves_the_gate_open_and_more_of_it_would_help(gate, workspace):
    code, report = gate("model: sim-1-2026-08\n", "--max-cost", "0.004 USD")
    assert (code, report["verdict"]) == (3, "inconclusive")
    assert "money" in report["reasons"][0]
    assert "--max-cost" in report["advice"][0]
    assert 2 <= report["cases"] < 40
    assert report["cost"] <= 0.0045


def test_a_case_that_must_pass_is_a_rule_and_no_statistic(gate, workspace, simulator):
    simulator.control({"models": {"sim-1-2026-08": {"quality": 1.0}, "sim-1-2026-11": {"quality": 0.0}}})
    path = workspace.folder / "golden_sets" / WATCH / "cases.jsonl"
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for case in cases[:3]:
        case["tags"] = [*case.get("tags", ()), "must-pass"]
    path.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
    code, report = gate("model: sim-1-2026-11\n", "--margin", "0.9")
    assert code == 1
    assert {rule["case_id"] for rule in report["broken"]} <= {case["id"] for case in cases[:3]}
    assert "must pass" in report["reasons"][0]


def test_a_checkout_is_held_against_another_revision(workspace, simulator):
    simulator.control({"models": {"sim-1-2026-08": {"quality": 1.0}}})

    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=workspace.folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "watchdog.yaml", "golden_sets")
    git("commit", "-qm", "first")
    prompt = workspace.folder / "golden_sets" / WATCH / "prompt.md"
    prompt.write_text(prompt.read_text(encoding="utf-8").replace("You answer", "You, friend, answer"), encoding="utf-8")
    done = workspace.command("gate", WATCH, "--against", "git:main", "--margin", "0.3", "--json")
    report = json.loads(done.stdout)
    assert report["changed"] == ["prompt"]
    assert report["baseline"]["prompt"] == f"main:golden_sets/{WATCH}/prompt.md"
    assert (done.returncode, report["verdict"]) == (0, "pass")
