"""The command beside the situations: what it leaves alone, what it may cost, what it says without asking anybody."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.acceptance.conftest import PINNED, UPDATED, WATCH

DRIFTED = {"aliases": {"sim-1": UPDATED}, "models": {UPDATED: {"quality": 0.1}}}


def rows(workspace, query):
    with closing(sqlite3.connect(workspace.folder / "watchdog.db")) as connection:
        return connection.execute(query).fetchall()


def test_a_model_that_changed_silently_is_told_within_a_screen_and_no_detector_notices(workspace, simulator):
    simulator.control(DRIFTED)
    states = rows(workspace, "select * from detector_states order by 1, 2, 3")
    done = workspace.command("triage", WATCH)
    assert done.returncode == 1, done.stderr
    assert "the provider changed the model" in done.stdout.splitlines()[0]
    assert f"$ eval-watchdog model pin {WATCH} --by YOUR_NAME" in done.stdout
    assert PINNED in done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 100 for line in lines if not line.startswith("  $ "))
    assert rows(workspace, "select * from detector_states order by 1, 2, 3") == states
    assert rows(workspace, "select status from runs where trigger = 'triage'") == [("finished",)]
    assert rows(workspace, "select diagnosis from triages") == [("the provider changed the model",)]
    assert rows(workspace, "select count(*) from alerts") == [(0,)]


def test_money_bounds_what_it_asks_and_it_says_what_it_left_out(workspace):
    done = workspace.command("triage", WATCH, "--json", "--budget", "0.002 USD")
    report = json.loads(done.stdout)
    assert report["cost"] <= 0.004  # calls in flight before the first price was known are paid, too
    assert any("budget" in note for note in report["not_asked"])
    assert report["calls"] < 60


def test_offline_it_asks_nobody_and_does_not_take_silence_for_health(workspace, simulator):
    asked = simulator.stats()["calls"]
    done = workspace.command("triage", WATCH, "--offline", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 3, report
    assert report["questions"][0]["reply"] == "cannot tell"
    assert (report["calls"], report["not_asked"][0]) == (0, "providers, sample and anchors were not asked (--offline)")
    assert simulator.stats()["calls"] == asked
    assert rows(workspace, "select count(*) from runs where trigger = 'triage'") == [(0,)]


async def test_the_newest_open_incident_is_meant_when_nothing_is_named_and_its_id_will_do(live_story, simulator):
    workspace = live_story.workspace
    simulator.control(DRIFTED)
    await live_story.look(4)
    (incident,) = rows(workspace, "select id from incidents where closed_at is null")[:1]
    for arguments in [(), (incident[0][:8],)]:
        done = workspace.command("triage", *arguments, "--offline", "--json")
        report = json.loads(done.stdout)
        assert (report["watch"], report["incident"]) == (WATCH, incident[0])
        assert report["findings"][0]["diagnosis"] == "the provider changed the model"
        assert report["findings"][0]["act"] == "pin"


def test_no_case_at_all_is_a_sample_too(workspace):
    done = workspace.command("triage", WATCH, "--golden", "0", "--recent", "0", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["findings"][0]["domain"]) == (3, "cannot tell"), report
    assert report["questions"][0]["reply"] == "no"


def test_a_quota_that_is_nearly_used_up_is_seen_in_the_headers_of_the_probes(workspace, simulator):
    simulator.control({"models": {PINNED: {"headroom": {"tokens": 0.6, "requests": 0.03}}}})
    done = workspace.command("triage", WATCH, "--golden", "4")
    assert "  quota nearly used up: requests 300 of 10,000 left" in done.stdout.splitlines(), done.stdout
    report = json.loads(workspace.command("triage", WATCH, "--golden", "4", "--json").stdout)
    assert report["questions"][0]["reply"] == "no"
    simulator.control({"models": {PINNED: {"headroom": {"tokens": 0.6}}}})
    report = json.loads(workspace.command("triage", WATCH, "--golden", "4", "--json").stdout)
    assert "quota: tokens 6,000 of 10,000 left" in report["questions"][0]["evidence"]


def test_for_the_incident_channel_it_writes_markdown(workspace, tmp_path):
    out = tmp_path / "triage.md"
    done = workspace.command("triage", WATCH, "--markdown", "--output", str(out))
    assert done.returncode in (0, 3), done.stdout  # forty answers may happen to tell too little
    assert done.stdout == ""
    text = out.read_text(encoding="utf-8")
    assert text.startswith("### Triage support\\_reply")
    assert f"```\neval-watchdog scores {WATCH}" in text


@pytest.mark.parametrize(
    ("about", "said"), [("nobody", "there is no watch and no incident"), ("--budget=much", "no sum")]
)
def test_a_name_or_a_sum_that_makes_no_sense_is_a_usage_error(workspace, about, said):
    done = workspace.command("triage", about)
    assert done.returncode == 2
    assert said in done.stderr


def test_slices_show_where_it_fell(workspace, simulator):
    simulator.control({"models": {PINNED: {"tags": {"billing": 0.0, "returns": 0.0}}}})
    for _ in range(2):
        workspace.command("run", WATCH)
    done = workspace.command("scores", WATCH, "--by", "tag,served_model", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["slices"]
    fell = {one["row"]["value"] for one in found if one["surely_worse"] and one["row"]["dimension"] == "tag"}
    assert fell >= {"returns", "billing"}
    assert "delivery" not in fell
    table = workspace.command("scores", WATCH, "--by", "tag").stdout
    assert "worse" in table
    unknown = workspace.command("scores", WATCH, "--by", "mood")
    assert (unknown.returncode, "known are" in unknown.stderr) == (2, True)
