"""The generated rules under the real promtool, with the unit tests that are generated beside them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from watchdog.domain.case import CheckSpec
from watchdog.domain.metric import Better, Layer
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, Schedule, ScorerPlan, Watch
from watchdog.generate.prometheus import PrometheusRules
from watchdog.generate.rule_lint import lint_rules
from watchdog.generate.teams import load_teams

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "teams.yaml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool (of Prometheus) is not installed")


def a_watch(name, vertical, **schedule):
    scorer = ScorerPlan(name="is-json", better=Better.HIGHER, layer=Layer.QUALITY, spec=CheckSpec(name="is-json"))
    return Watch(
        name=name,
        feature=name,
        owner=Owner(team="ai-eng", vertical=vertical),
        targets={Role.CURRENT: Target(role=Role.CURRENT, provider="openai", model="m")},
        scorers=(scorer,),
        schedule=Schedule(**schedule),
    )


def made(*watches):
    return PrometheusRules(watches, load_teams(EXAMPLE, {}).checked())


WATCHES = (a_watch("reply", "healthcare", every=300.0), a_watch("search", "sales", every=1800.0))


def expressions(rules, alert):
    return [
        (rule["expr"], rule["labels"])
        for group in rules.rules()["groups"]
        for rule in group["rules"]
        if rule["alert"] == alert
    ]


def promtool(*arguments):
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=300, check=False)


@needs_promtool
def test_promtool_finds_nothing_wrong_and_every_proof_holds(tmp_path):
    rules = made(*WATCHES)
    (tmp_path / "rules.yml").write_text(rules.text())
    (tmp_path / "rules.test.yml").write_text(rules.tests_text("rules.yml"))
    checked = promtool("check", "rules", str(tmp_path / "rules.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = promtool("test", "rules", str(tmp_path / "rules.test.yml"))
    assert tested.returncode == 0, tested.stdout + tested.stderr


@needs_promtool
def test_a_rule_that_is_wrong_is_noticed_by_its_proof(tmp_path):
    rules = made(WATCHES[0])
    (tmp_path / "rules.yml").write_text(
        rules.text().replace("eval_watchdog_store_up) == 0", "eval_watchdog_store_up) == 1")
    )
    short = rules.tests("rules.yml")
    short["tests"] = [test for test in short["tests"] if "EvalStoreDown" in test["name"]]
    from watchdog.generate.yaml_text import yaml_text

    (tmp_path / "rules.test.yml").write_text(yaml_text(short))
    assert promtool("test", "rules", str(tmp_path / "rules.test.yml")).returncode == 1


def test_every_rule_has_a_type_a_severity_and_every_page_a_runbook(tmp_path):
    assert lint_rules(tmp_path / "rules.yml", made(*WATCHES).text()) == []


def test_every_rule_is_proven_to_fire():
    rules = made(*WATCHES)
    names = {rule["alert"] for group in rules.rules()["groups"] for rule in group["rules"]}
    fired = {
        each["alertname"]
        for test in rules.tests("rules.yml")["tests"]
        for each in test["alert_rule_test"]
        if each["exp_alerts"]
    }
    assert fired == names


def test_windows_are_the_workbooks_when_looks_are_frequent_and_longer_when_they_are_not():
    often = expressions(made(a_watch("reply", "sales", every=60.0)), "QualityBudgetBurn")
    assert [("[1h]" in text, "[5m]" in text) for text, _ in often] == [(True, True), (False, False), (False, False)]
    assert ["[6h]" in text for text, _ in often] == [False, True, True]
    seldom = expressions(made(a_watch("reply", "sales", every=1800.0)), "QualityBudgetBurn")
    assert "[75m]" in seldom[0][0]
    assert "[150m]" in seldom[0][0]


def test_burn_rates_are_14_6_and_1_times_the_budget():
    burn = expressions(made(a_watch("reply", "sales", every=60.0)), "QualityBudgetBurn")
    limits = [(text.partition(" > ")[2].split()[0], labels["severity"]) for text, labels in burn]
    assert limits == [("0.72", "page"), ("0.3", "page"), ("0.05", "ticket")]


def test_a_burn_that_no_answers_can_reach_is_left_out_and_said():
    teams = load_teams(EXAMPLE, {}).checked()
    slo = teams.shape.slo.model_copy(update={"good_answers": 0.9})
    loose = type(teams)(shape=teams.shape.model_copy(update={"slo": slo}), unset={})
    rules = PrometheusRules([a_watch("reply", "sales", every=60.0)], loose)
    assert len(expressions(rules, "QualityBudgetBurn")) == 2
    assert any("no fast burn-rate rule" in remark for remark in rules.remarks)


def test_latency_pages_above_three_times_the_slo_and_in_a_strict_vertical_above_it():
    [(strict, _), (other, labels)] = expressions(made(*WATCHES), "AnswerLatencyHigh")
    assert "> 0.8 and" in strict
    assert "> 12 and" in other
    assert "rate(eval_watchdog_answer_seconds_bucket" in other
    assert labels["alert_type"] == "infra"
