from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3

import pytest
from typer.testing import CliRunner

from watchdog.cli import app

COMMANDS = [
    ["init"], ["check"], ["run"], ["serve"], ["scores"], ["baseline", "freeze"], ["baseline", "show"],
    ["baseline", "compare"], ["baseline", "lock"], ["baseline", "extend"],
    ["alerts", "list"], ["alerts", "resolve"], ["alerts", "dead"], ["alerts", "ack"], ["incidents"],
    ["alerts", "silence"], ["alerts", "silences"], ["alerts", "unsilence"],
    ["runbook", "render"], ["runbook", "lint"], ["maintenance", "add"], ["maintenance", "list"], ["maintenance", "end"],
    ["golden", "lint"], ["db", "upgrade"], ["simulate"], ["demo"], ["plan"], ["backtest"],
]  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace from init with nine looks and a baseline."""
    folder = tmp_path_factory.mktemp("workspace") / "support"
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    for _ in range(9):
        done = CliRunner().invoke(app, ["run", "--config", str(folder), "--json"])
        assert done.exit_code == 0, done.output
    arguments = ["baseline", "freeze", "support_reply", "--because", "first", "--by", "ann", "-c", str(folder)]
    done = CliRunner().invoke(app, arguments)
    assert "locked, from 9 runs" in done.output
    return folder


def ask(workspace, *arguments):
    done = CliRunner().invoke(app, [*arguments, "--config", str(workspace)])
    return done.exit_code, done.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_in_its_help(command):
    done = CliRunner().invoke(app, [*command, "--help"])
    assert done.exit_code == 0
    assert f"eval-watchdog {' '.join(command)}" in " ".join(done.output.split())


def test_a_look_after_the_baseline_is_held_against_it(workspace):
    code, output = ask(workspace, "run", "--json")
    assert code == 0
    [view] = json.loads(output)
    rows = {(row["metric"], row["arm"]): row for row in view["metrics"]}
    assert rows["case-checks", "current"]["level"] == "calm"
    assert rows["case-checks", "current"]["n"] == 30
    assert sum(sum(row["counts"].values()) for row in view["outcomes"]) == 30 * 2 * 3


def test_scores_tell_runs_and_metrics_for_people_and_machines(workspace):
    code, output = ask(workspace, "scores", "support_reply", "--since", "1h")
    assert code == 0
    assert "finished" in output
    code, output = ask(workspace, "scores", "support_reply", "--since", "1h", "--json")
    view = json.loads(output)
    assert len(view["runs"]) >= 9
    assert all(set(run["counts"]) <= {"passed", "failed"} for run in view["runs"])
    assert ask(workspace, "scores", "support_reply", "--since", "yesterday")[0] == 2


def test_a_metric_has_a_page_as_text_as_json_and_as_html(workspace, tmp_path):
    assert ask(workspace, "run")[0] == 0
    one = ("scores", "support_reply", "--since", "1h", "--metric", "case-checks")
    code, output = ask(workspace, *one, "--html", str(tmp_path / "metric.html"))
    assert code == 0
    assert "smallest drop that can be found" in output
    page = (tmp_path / "metric.html").read_text()
    assert "<svg" in page
    assert "smallest drop that can be found" in page
    view = json.loads(ask(workspace, *one, "--json")[1])["metric"]
    assert view["noise"]["looks"] >= 9
    assert view["threshold"] > 0
    assert view["second"]["looks"] >= 1
    assert "second opinion: evidence" in output
    assert "second opinion" in page
    code, output = ask(workspace, "scores", "support_reply", "--metric", "case-chek")
    assert (code, "did you mean 'case-checks'" in output) == (2, True)
    assert ask(workspace, "scores", "support_reply", "--html", "x.html")[0] == 2
    assert ask(workspace, *one, "--html", str(tmp_path / "no" / "x.html"))[0] == 2


def test_a_backtest_of_a_few_looks_says_what_it_could_not_do(workspace):
    assert ask(workspace, "run")[0] == 0
    code, output = ask(workspace, "backtest", "support_reply")
    assert code == 0
    output = " ".join(output.split())
    assert "Nothing would have paged" in output
    assert "calm looks since the baseline: too few, 30 are needed" in output
    code, output = ask(workspace, "backtest", "support_reply", "--false-alarms", "2 per 30d", "--json")
    view = json.loads(output)
    assert (code, view["fired"], view["what_if"], view["false_alarms"]) == (0, [], True, "2 per 30d")
    assert ask(workspace, "backtest", "suport_reply")[0] == 2
    assert ask(workspace, "backtest", "support_reply", "--false-alarms", "often")[0] == 2
    assert ask(workspace, "backtest", "support_reply", "--smallest-drop", "3")[0] == 2


def test_the_baseline_says_who_froze_it_when_and_why(workspace):
    code, output = ask(workspace, "baseline", "show", "support_reply")
    assert code == 0
    assert "by ann: first" in output
    ask(workspace, "run")
    code, output = ask(workspace, "baseline", "compare", "support_reply", "--json")
    assert code == 0
    compared = {row["metric"]: row for row in json.loads(output)}
    assert compared["support_reply/case-checks/current"]["effect"] == pytest.approx(0.0)


def test_an_unknown_watch_is_told_with_what_was_meant(workspace):
    for command in (["run", "suport_reply"], ["scores", "suport_reply"], ["baseline", "show", "suport_reply"]):
        code, output = ask(workspace, *command)
        assert code == 2
        assert "support_reply" in output


def test_a_watch_without_a_baseline_says_how_to_get_one(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    code, output = ask(tmp_path, "baseline", "show", "support_reply")
    assert code == 4
    assert "baseline freeze support_reply" in output
    code, output = ask(tmp_path, "baseline", "freeze", "support_reply", "--because", "x")
    assert code == 4
    assert "eval-watchdog run support_reply" in output


def test_a_baseline_of_too_few_runs_is_learning_and_says_so(tmp_path):
    CliRunner().invoke(app, ["init", str(tmp_path)])
    for _ in range(3):
        ask(tmp_path, "run")
    code, output = ask(tmp_path, "baseline", "freeze", "support_reply", "--because", "too early")
    assert code == 0
    assert "learning" in output
    assert "8 runs" in output
    code, output = ask(tmp_path, "run", "--json")
    [view] = json.loads(output)
    assert {row["level"] for row in view["metrics"]} == {"learning"}


def test_a_changed_golden_set_stops_detection_with_a_message_and_exit_code_4(tmp_path):
    CliRunner().invoke(app, ["init", str(tmp_path)])
    for _ in range(8):
        ask(tmp_path, "run")
    ask(tmp_path, "baseline", "freeze", "support_reply", "--because", "first")
    cases = tmp_path / "golden_sets" / "support_reply" / "cases.jsonl"
    rows = [json.loads(line) for line in cases.read_text().splitlines()]
    for row in rows[:10]:
        row["checks"] = [{"contains": "something else"}]
    cases.write_text("\n".join(json.dumps(row) for row in rows))
    code, output = ask(tmp_path, "run")
    assert code == 4
    assert "golden set" in output
    assert "freeze" in output
    code, output = ask(tmp_path, "alerts", "list", "--json")
    assert not [alert for alert in json.loads(output) if alert["alert_type"] == "model"]


def test_a_baseline_is_extended_once_and_says_who_and_why(workspace, tmp_path):
    shutil.copytree(workspace, tmp_path, dirs_exist_ok=True)
    extend = ["baseline", "extend", "support_reply", "--by", "bob", "--because"]
    assert ask(tmp_path, "run")[0] == 0
    code, output = ask(tmp_path, *extend, "one more calm look", "--json")
    assert code == 0, output
    made = json.loads(output)
    assert (made["version"], made["status"]) == (2, "locked")
    assert made["runs"] > 9
    assert made["verdict"] == "its runs are back to back"
    code, output = ask(tmp_path, *extend, "and another")
    assert code == 2
    assert "extended already" in output
    code, output = ask(tmp_path, "baseline", "show", "support_reply")
    assert "baseline 2 of support_reply: locked, extended" in output
    assert "by bob: one more calm look" in output
    assert "by ann: first" in output
    assert "check: its runs are back to back" in output
    shown = json.loads(ask(tmp_path, "baseline", "show", "support_reply", "--json")[1])
    assert [step["kind"] for step in shown["baseline"]["steps"]] == ["frozen", "extended"]
    assert ask(tmp_path, "run")[0] == 0  # held against the longer one


def test_there_is_nothing_to_lock_unless_the_check_found_something(workspace):
    code, output = ask(workspace, "baseline", "lock", "support_reply", "--because", "why not")
    assert code == 2
    assert "no candidate" in output


def test_a_baseline_whose_level_moved_is_a_candidate_until_somebody_locks_it(workspace, tmp_path):
    shutil.copytree(workspace, tmp_path, dirs_exist_ok=True)
    of_it = "WHERE run_id = ? AND scorer = 'case-checks' AND role = 'current'"
    with contextlib.closing(sqlite3.connect(tmp_path / "watchdog.db")) as database:
        runs = [run for (run,) in database.execute("SELECT id FROM runs ORDER BY planned_for")]
        for at, run in enumerate(runs):  # each look loses two more cases
            cases = database.execute(f"SELECT case_id FROM scores {of_it} ORDER BY case_id LIMIT ?", (run, 2 * at))
            for (case,) in cases.fetchall():
                database.execute(f"UPDATE scores SET value = 0 {of_it} AND case_id = ?", (run, case))
        database.commit()
    freeze = ["baseline", "freeze", "support_reply", "--by", "bob", "--because", "again"]
    code, output = ask(tmp_path, *freeze)
    assert code == 0
    assert "baseline 2 of support_reply: candidate" in output
    assert "its level moved" in output
    assert "baseline lock support_reply" in output
    assert "a candidate: version 2 waits" in ask(tmp_path, "baseline", "show", "support_reply")[1]
    code, output = ask(tmp_path, "baseline", "lock", "support_reply", "--by", "eve", "--because", "it is meant")
    assert (code, "baseline 2 of support_reply: locked" in output) == (0, True)
    shown = json.loads(ask(tmp_path, "baseline", "show", "support_reply", "--json")[1])["baseline"]
    assert (shown["version"], shown["frozen_by"], shown["reason"]) == (2, "eve", "it is meant")
    assert [step["by"] for step in shown["steps"]] == ["bob", "eve"]


def test_a_dry_run_says_what_would_be_asked_and_writes_nothing(tmp_path):
    CliRunner().invoke(app, ["init", str(tmp_path)])
    code, output = ask(tmp_path, "run", "--dry-run", "--json")
    assert code == 0
    [row] = json.loads(output)
    assert (row["golden_cases"], row["calls"], row["anchor_calls_at_most"]) == (30, 60, 0)
    assert not (tmp_path / "watchdog.db").exists()


@pytest.mark.parametrize(("anchors", "calls"), [("", 32), (", anchors: every look", 32), (", anchors: never", 0)])
def test_a_dry_run_says_how_many_anchors_a_judge_may_grade(tmp_path, anchors, calls):
    CliRunner().invoke(app, ["init", str(tmp_path)])
    config = tmp_path / "watchdog.yaml"
    judge = f"- judge: {{ use: helpfulness, provider: main{anchors} }}\n      - not-refusal"
    config.write_text(config.read_text().replace("- not-refusal", judge))
    code, output = ask(tmp_path, "run", "--dry-run", "--json")
    assert code == 0, output
    [row] = json.loads(output)
    assert (row["judge_calls_at_most"], row["anchor_calls_at_most"]) == (60, calls)


def test_anchors_are_graded_at_every_look_daily_or_never(tmp_path):
    CliRunner().invoke(app, ["init", str(tmp_path)])
    config = tmp_path / "watchdog.yaml"
    judge = "- judge: { use: helpfulness, provider: main, anchors: weekly }\n      - not-refusal"
    config.write_text(config.read_text().replace("- not-refusal", judge))
    code, output = ask(tmp_path, "run", "--dry-run")
    assert code == 2
    assert "every look" in " ".join(output.split())


def test_alerts_and_incidents_of_a_quiet_watch_are_none(workspace):
    assert ask(workspace, "alerts", "list") == (0, "No alerts.\n")
    assert ask(workspace, "incidents") == (0, "No incidents.\n")
    assert ask(workspace, "incidents", "list") == (0, "No incidents.\n")
    assert json.loads(ask(workspace, "incidents", "--json")[1]) == []
    code, output = ask(workspace, "alerts", "resolve", "nonsense", "--because", "x")
    assert code == 2
    assert "alerts list" in output


def test_golden_lint_has_nothing_to_say_of_the_workspace_from_init(workspace):
    code, output = ask(workspace, "golden", "lint")
    assert code == 0
    assert "error" not in output


def test_a_database_of_another_revision_is_refused_with_the_remedy(tmp_path):
    CliRunner().invoke(app, ["init", str(tmp_path)])
    ask(tmp_path, "run")
    with sqlite3.connect(tmp_path / "watchdog.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    code, output = ask(tmp_path, "run")
    assert code == 2
    assert "db upgrade" in output


def test_db_upgrade_on_an_empty_place_makes_the_newest_schema(tmp_path):
    CliRunner().invoke(app, ["init", str(tmp_path)])
    code, output = ask(tmp_path, "db", "upgrade", "--json")
    assert code == 0
    assert json.loads(output)["before"] is None
    assert ask(tmp_path, "run")[0] == 0
    assert "already" in ask(tmp_path, "db", "upgrade")[1]


def test_the_schema_for_editors_accepts_the_workspace_from_init(workspace):
    import jsonschema
    import yaml

    done = CliRunner().invoke(app, ["check", "--schema"])
    schema = json.loads(done.output)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load((workspace / "watchdog.yaml").read_text()), schema)


def test_what_answers_take_is_measured_without_being_asked_for(workspace):
    assert ask(workspace, "run")[0] == 0
    view = json.loads(ask(workspace, "scores", "support_reply", "--since", "1h", "--json")[1])
    lengths = next(series for series in view["metrics"] if series["name"] == "answer-length")
    assert lengths["unit"] == "characters"
    assert lengths["now"]["level"] == "calm"
    assert lengths["baseline"] > 20
    assert "chars" in ask(workspace, "baseline", "show", "support_reply")[1]


def test_no_case_changed_is_said_and_machines_get_an_empty_list(workspace):
    assert ask(workspace, "run")[0] == 0
    code, output = ask(workspace, "scores", "support_reply", "--cases")
    assert code == 0
    assert "no case of support_reply answers differently" in output
    found = json.loads(ask(workspace, "scores", "support_reply", "--cases", "--json")[1])
    assert found == {"watch": "support_reply", "cases": []}
