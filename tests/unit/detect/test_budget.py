"""From a false-alarm budget to the A of each metric."""

import pytest
from msgspec.structs import replace

from watchdog.detect.budget import LEAST_RUNS, NOBODY_PAGED, QUARTER, PagingMetric, divide, paging_metrics
from watchdog.domain.case import CheckSpec, Estimand, GoldenSet
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.watch import FalseAlarmBudget, Owner, ScorerPlan, TrafficPlan, Watch

DAY = 86_400.0


def metric(name, every=3600.0, weight=1.0):
    return PagingMetric(key=MetricKey(watch="w", scorer=name, arm=Arm.CURRENT), every=every, weight=weight)


def plan(name, **facts):
    return ScorerPlan(
        name=name, spec=CheckSpec(name=name), better=Better.HIGHER, **{"layer": Layer.QUALITY, "pages": True, **facts}
    )


def watch(*scorers, **facts):
    return Watch(name="w", feature="w", owner=Owner(team="t"), targets={}, scorers=scorers, **facts)


GOLDEN = GoldenSet(name="g", version="1", cases=(), digest="d")


def test_one_alarm_in_ten_years_of_hourly_looks_is_the_benchs_setting():
    one = metric("a")
    division = divide(FalseAlarmBudget(count=1, seconds=3650 * DAY), [one])
    assert division.mean_runs_to_false_alarm(one.key) == pytest.approx(87_600)
    assert division.shares[one.key].share == 1.0


@pytest.mark.parametrize("heavy", [1.0, 3.0])
def test_expected_false_alarms_add_up_to_the_budget_whatever_the_weights(heavy):
    budget = FalseAlarmBudget(count=2, seconds=90 * DAY)
    metrics = [metric("a", 1800.0, heavy), metric("b", 1800.0), metric("c", DAY / 4), metric("d", 60.0, 0.5)]
    division = divide(budget, metrics)
    assert sum(share.a_quarter for share in division.shares.values()) == pytest.approx(budget.count)
    assert sum(share.share for share in division.shares.values()) == pytest.approx(1.0)
    heavier, other = (division.mean_runs_to_false_alarm(m.key) for m in metrics[:2])
    assert other / heavier == pytest.approx(heavy)


def test_a_generous_budget_does_not_make_a_bell():
    bell = metric("a", weight=500.0)
    division = divide(FalseAlarmBudget(count=1000), [bell, metric("b")])
    assert division.mean_runs_to_false_alarm(bell.key) == LEAST_RUNS
    assert division.shares[bell.key].a_quarter == pytest.approx(QUARTER / 3600 / LEAST_RUNS)


def test_a_heavy_weight_never_goes_below_the_least():
    heavy = metric("a", weight=1000.0)
    division = divide(FalseAlarmBudget(count=1), [heavy, *(metric(f"b{n}") for n in range(9))])
    assert division.mean_runs_to_false_alarm(heavy.key) >= LEAST_RUNS


def test_control_arms_are_as_keen_as_the_metric_they_are_read_beside():
    one = metric("a", weight=2.0)
    division = divide(FalseAlarmBudget(), [one, metric("b")])
    for arm in Arm:
        key = replace(one.key, arm=arm)
        assert division.mean_runs_to_false_alarm(key) == division.shares[one.key].mean_runs
    unknown = replace(one.key, scorer="observed only")
    assert division.mean_runs_to_false_alarm(unknown) == division.mean_runs == 2 * division.shares[one.key].mean_runs


def test_a_house_in_which_nothing_pages_does_not_ring_every_hundred_looks():
    assert divide(FalseAlarmBudget(), []).mean_runs_to_false_alarm(metric("a").key) == NOBODY_PAGED


def test_only_what_may_page_takes_from_the_budget():
    scorers = (plan("a"), plan("b", weight=3.0), plan("c", pages=False), plan("d", layer=Layer.INFRASTRUCTURE))

    def names(of):
        return [
            (m.key.scorer, m.key.tag, m.key.estimand is Estimand.TRAFFIC, m.weight) for m in paging_metrics(of, 60.0)
        ]

    assert names(watch(*scorers, golden=GOLDEN)) == [("a", "", False, 1.0), ("b", "", False, 3.0)]
    traffic = TrafficPlan(path="t.jsonl", scorers=("b", "c"))
    assert names(watch(*scorers, traffic=traffic)) == [("b", "", True, 3.0)]
    tagged = watch(*scorers, golden=GOLDEN, traffic=traffic, tags=("billing", "refunds"), paging_tags=("refunds",))
    assert names(tagged) == [
        ("a", "", False, 1.0),
        ("a", "refunds", False, 1.0),
        ("b", "", False, 3.0),
        ("b", "refunds", False, 3.0),
        ("b", "", True, 3.0),
    ]
