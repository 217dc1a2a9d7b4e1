"""Designs: what they cost, how soon they find a drop, and which are best for some money."""

from types import SimpleNamespace

import pytest

from watchdog.errors import UsageError
from watchdog.plan.design import DAY, Design, PlannedMetric, Prices, chance_of_a_look, found_after, reference
from watchdog.plan.gate import gate_plan
from watchdog.plan.noise import Assumptions, Noise, assumed
from watchdog.plan.search import affordable, ranked
from watchdog.stats.gate import units_needed

HOURLY = Design(cases=100, repeats=1, every=3600.0, pinned_every=1)


def planned(**changes):
    return PlannedMetric(
        **{
            "name": "helpful",
            "noise": assumed(Assumptions(), 3600.0),
            "cases": 100,
            "mean_runs": lambda every: 2160.0 * 3600.0 / every,
            "smallest_drop": 0.03,
            **changes,
        }
    )


def facts(prices, today=HOURLY):
    watch = SimpleNamespace(smallest_drop=0.03, repeats=today.repeats)
    return SimpleNamespace(prices=prices, today=today, cases=today.cases, watch=watch)


def test_calls_and_money_count_both_arms_and_the_judges():
    prices = Prices(current=0.002, pinned=0.001, judges=1)
    assert prices.calls_a_day(HOURLY) == pytest.approx(24 * 100 * 2 * 2)
    assert prices.money_a_day(HOURLY) == pytest.approx(24 * 100 * 0.003)
    daily = Design(cases=100, repeats=1, every=3600.0, pinned_every=24)
    assert prices.money_a_day(daily) == pytest.approx(24 * 100 * 0.002 + 100 * 0.001)


def test_a_price_that_is_not_known_is_not_nothing():
    assert Prices().money_a_day(HOURLY) is None
    assert Prices(current=0.002).money_a_day(HOURLY) is None
    assert Prices(current=0.002).money_a_day(Design(cases=100, repeats=1, every=3600.0)) == pytest.approx(4.8)
    assert Prices(current=0.0, pinned=0.0).money_a_day(HOURLY) == 0.0


def test_more_cases_more_answers_and_more_looks_find_a_drop_sooner():
    quiet = planned(noise=Noise(level=0.9, answers=0.06, runs=0.0001))
    [today] = found_after(quiet, HOURLY, [0.03]).typical
    [cases] = found_after(quiet, Design(cases=200, repeats=1, every=3600.0), [0.03]).typical
    [answers] = found_after(quiet, Design(cases=100, repeats=2, every=3600.0), [0.03]).typical
    [often] = found_after(quiet, Design(cases=100, repeats=1, every=1800.0), [0.03]).typical
    assert cases == answers < today
    assert often * 1800 < today * 3600


def test_a_metric_of_a_part_of_the_cases_varies_more():
    part = chance_of_a_look(planned(share=0.2), HOURLY).spread
    assert part > 1.5 * chance_of_a_look(planned(), HOURLY).spread


def test_a_drop_is_taken_to_come_after_two_weeks_or_now():
    assert reference(planned(), 3600.0) == 20 + 14 * 24
    assert reference(planned(looks=900), 3600.0) == 900
    assert reference(planned(), DAY) == 34


def test_designs_for_a_budget_keep_it_and_the_best_comes_first():
    prices = Prices(current=0.001, pinned=0.001)
    found = ranked(facts(prices), planned(), 3.0)
    assert found
    assert all(prices.money_a_day(design) <= 3.0 for design, *_ in found)
    assert [seconds for _, seconds, _ in found] == sorted(seconds for _, seconds, _ in found)
    [today] = found_after(planned(), HOURLY, [0.03]).typical
    more = ranked(facts(prices), planned(), 30.0)
    assert more[0][1] < found[0][1]
    assert ranked(facts(prices), planned(), prices.money_a_day(HOURLY))[0][1] <= today * HOURLY.every


def test_no_design_is_had_for_too_little_money():
    assert ranked(facts(Prices(current=1.0, pinned=1.0)), planned(), 1.0) == []


def test_a_budget_without_a_price_is_refused_with_the_remedy():
    with pytest.raises(UsageError, match=r"pinned target costs is not known.*--answer-cost"):
        list(affordable(facts(Prices(current=0.001)), 3.0))


def test_the_gate_of_the_plan_is_that_of_the_stack():
    """Rule of thumb of stats/gate.py: margin 3 at base .9 needs about 820 cases of one answer."""
    plan = gate_plan(facts(Prices()), planned())
    assert plan.cases_needed == pytest.approx(820, rel=0.03)
    seen = units_needed((2 * Assumptions().answers) ** 0.5, 0.03, 0.0)
    assert seen < plan.cases_needed < 1.02 * seen
    assert plan.catches > 0.03
    assert gate_plan(facts(Prices()), planned(), tested=4).catches > plan.catches
    enough = gate_plan(facts(Prices()), planned(cases=plan.cases_needed))
    assert enough.passes == pytest.approx(0.8, abs=0.01)


def test_a_set_too_small_to_show_the_margin_passes_nobody_surely_even_if_nothing_ever_failed():
    """Rule of three: thirty cases without a failure say no more than 10 %."""
    never = planned(noise=Noise(level=1.0, answers=0.0001, runs=0.0), cases=30)
    plan = gate_plan(facts(Prices()), never)
    assert plan.passes < 0.5
    assert plan.cases_needed > 80
