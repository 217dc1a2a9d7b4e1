"""From a false-alarm budget to A."""

import pytest

from watchdog.detect.budget import LEAST_RUNS, mean_runs_to_false_alarm, paging_streams
from watchdog.domain.case import CheckSpec, GoldenSet
from watchdog.domain.metric import Better, Layer
from watchdog.domain.watch import FalseAlarmBudget, Owner, ScorerPlan, TrafficPlan, Watch

DAY = 86_400.0


def test_one_alarm_in_ten_years_of_hourly_looks_is_the_benchs_setting():
    budget = FalseAlarmBudget(count=1, seconds=3650 * DAY)
    assert mean_runs_to_false_alarm(budget, [(3600.0, 1)]) == pytest.approx(87_600)


def test_expected_false_alarms_add_up_to_the_budget():
    budget = FalseAlarmBudget(count=2, seconds=90 * DAY)
    cadences = [(1800.0, 3), (86_400.0, 5), (60.0, 1)]
    runs = mean_runs_to_false_alarm(budget, cadences)
    expected = sum(streams * budget.seconds / every / runs for every, streams in cadences)
    assert expected == pytest.approx(budget.count)


def test_a_generous_budget_does_not_make_a_bell():
    assert mean_runs_to_false_alarm(FalseAlarmBudget(count=1000), [(3600.0, 1)]) == LEAST_RUNS


def test_only_scorers_that_page_take_from_the_budget():
    def plan(name, pages):
        spec = CheckSpec(name=name)
        return ScorerPlan(name=name, spec=spec, better=Better.HIGHER, layer=Layer.QUALITY, pages=pages)

    golden = GoldenSet(name="g", version="1", cases=(), digest="d")
    facts = {"name": "w", "feature": "w", "owner": Owner(team="t"), "targets": {}}
    scorers = (plan("a", True), plan("b", True), plan("c", False))
    assert paging_streams(Watch(**facts, scorers=scorers, golden=golden)) == 2
    traffic = TrafficPlan(path="t.jsonl", scorers=("b", "c"))
    assert paging_streams(Watch(**facts, scorers=scorers, golden=golden, traffic=traffic)) == 3
    assert paging_streams(Watch(**facts, scorers=scorers, traffic=traffic)) == 1
