"""``plan`` on a workspace: before there is a database, on a learning baseline, on a locked one, with a budget."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from watchdog.cli import app


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments))


def plan(folder, *options):
    done = invoke("plan", "support_reply", "--config", str(folder), "--json", *options)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def look(folder, times):
    for _ in range(times):
        assert invoke("run", "--config", str(folder), "--json").exit_code == 0


def freeze(folder):
    assert invoke("baseline", "freeze", "support_reply", "--because", "x", "-c", str(folder)).exit_code == 0


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace") / "untouched"
    assert invoke("init", str(folder)).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Plans of one watch: with three looks in its baseline, and with nine."""
    folder = tmp_path_factory.mktemp("workspace") / "looked"
    assert invoke("init", str(folder)).exit_code == 0
    look(folder, 3)
    freeze(folder)
    learning = plan(folder)
    look(folder, 6)
    freeze(folder)
    return learning, plan(folder, "--budget", "3 USD per day")


def test_a_plan_before_any_database_rests_on_assumptions_and_makes_none(untouched):
    view = plan(untouched)
    assert view["source"].startswith("Assumed")
    assert view["today"]["money_a_day"] is None
    assert view["today"]["calls_a_day"] == pytest.approx(48 * 30 * 2)
    assert not list(untouched.glob("*.db*"))
    assert view["expected"] == pytest.approx(view["requested"])
    for metric in view["metrics"]:
        typical = [delay["typical"] for delay in metric["delays"]]
        assert typical == sorted(typical, reverse=True)


def test_what_is_assumed_can_be_said(untouched):
    easy, hard = plan(untouched, "--rate", "0.99"), plan(untouched, "--rate", "0.6")
    assert easy["metrics"][0]["spread"] < hard["metrics"][0]["spread"]
    quiet = plan(untouched, "--run-spread", "0")
    assert quiet["metrics"][0]["between"] == 0


def test_a_budget_needs_a_price(untouched):
    done = invoke("plan", "support_reply", "-c", str(untouched), "--budget", "3 USD per day")
    assert done.exit_code == 2
    assert "--answer-cost" in done.output
    view = plan(untouched, "--budget", "3 USD per day", "--answer-cost", "0.001")
    assert 1 <= len(view["designs"]) <= 5
    assert all(design["money_a_day"] <= 3 for design in view["designs"])


@pytest.mark.parametrize("wrong", ["3 bananas", "0 USD", "3 USD per fortnight", "", "-1"])
def test_a_budget_that_is_none_is_refused_in_a_sentence(untouched, wrong):
    done = invoke("plan", "support_reply", "-c", str(untouched), "--budget", wrong)
    assert done.exit_code == 2
    assert "3 USD per day" in done.output


def test_an_unknown_watch_is_refused(untouched):
    done = invoke("plan", "suport_reply", "-c", str(untouched))
    assert done.exit_code == 2
    assert "support_reply" in done.output


def test_learning_and_locked_baselines_are_planned_from(plans):
    learning, locked = plans
    assert "still learning" in learning["source"]
    assert learning["metrics"][0]["assumed"] == ["runs", "correlation"]
    assert "9 calm looks" in locked["source"]
    assert locked["metrics"][0]["assumed"] == ["correlation"]
    assert locked["metrics"][0]["looks"] == 9
    assert locked["today"]["money_a_day"] is not None
    assert locked["designs"][0]["delay"]["typical_seconds"] <= locked["today"]["delay"]["typical_seconds"]


def test_each_metric_is_planned_with_its_own_smallest_drop_and_measures_are_named(tmp_path):
    assert invoke("init", str(tmp_path)).exit_code == 0
    config = tmp_path / "watchdog.yaml"
    own = "      - not-refusal: { smallest_drop: 0.2 }\n"
    text = config.read_text()
    assert "      - not-refusal\n" in text
    text = text.replace("      - not-refusal\n", own)
    config.write_text(text.replace("    scorers:\n", "    measures: { latency: { pages: true } }\n    scorers:\n", 1))
    view = plan(tmp_path)
    pages = {
        metric["metric"]: [delay["drop"] for delay in metric["delays"] if delay["pages"]] for metric in view["metrics"]
    }
    assert pages.pop("not-refusal") == [0.2]
    assert pages
    assert all(len(drops) > 1 for drops in pages.values())
    assert "Not planned: answer-latency" in view["source"]


def test_people_get_tables_bars_and_a_page(untouched, tmp_path):
    page = tmp_path / "plan.html"
    done = invoke("plan", "support_reply", "-c", str(untouched), "--gate", "--html", str(page))
    assert done.exit_code == 0
    for said in ("10 points", "1 month", "█", "What helps most", "unknown", "A CI gate"):
        assert said in done.stdout
    text = page.read_text()
    assert text.count("<svg") == 2
    assert "://" not in text
    assert "What support_reply will find" in text
    wrong = invoke("plan", "support_reply", "-c", str(untouched), "--html", str(tmp_path / "no" / "folder.html"))
    assert wrong.exit_code == 2
    assert "cannot be written" in wrong.output
