from __future__ import annotations

import math

import pytest

from watchdog.alert.severity import Company, Why, graded, severity_of
from watchdog.domain.alert import Cause, ConditionStatus, Severity, Size
from watchdog.domain.detection import Guarantee
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Layer
from watchdog.domain.policy import Policy

DAY = 86400.0
POLICY = Policy(latency_slo=2.0)
BROAD = Company(paging=4, drifting=2)
ROUND = Company(layers=frozenset({Layer.INFRASTRUCTURE, Layer.BEHAVIORAL, Layer.QUALITY}))


def drop(points, **more):
    return Size(effect=-points / 100, **more)


def rise(measure, ratio, **more):
    return Size(effect=-math.log(ratio), measure=measure, layer=Layer.INFRASTRUCTURE, **more)


@pytest.mark.parametrize(
    ("allowed", "size", "age", "company", "policy", "severity", "why"),
    [
        # counted, not estimated
        ("page", None, None, Company(), POLICY, "page", Why.COUNTED),
        ("ticket", None, None, Company(), POLICY, "ticket", Why.COUNTED),
        # a rule of thumb never pages, whatever the size, the company and the floor
        ("page", drop(60, guarantee=Guarantee.HEURISTIC), 0, BROAD, POLICY, "ticket", Why.RULE_OF_THUMB),
        ("page", drop(6, guarantee=Guarantee.HEURISTIC), 0, ROUND, POLICY, "ticket", Why.RULE_OF_THUMB),
        (
            "ticket", drop(6, guarantee=Guarantee.HEURISTIC), 0, Company(), Policy(severity_floor=Severity.PAGE),
            "ticket", Why.RULE_OF_THUMB,
        ),
        # how large, how fast
        ("page", drop(5), 9 * DAY, Company(), POLICY, "page", Why.URGENT),
        ("page", drop(4.9), 3 * DAY - 1, Company(), POLICY, "page", Why.FAST),
        ("page", drop(4.9), None, Company(), POLICY, "page", Why.FAST),
        ("page", drop(4.9), 3 * DAY, Company(), POLICY, "ticket", Why.SLOW),
        ("page", drop(4.9), 3 * DAY, Company(), Policy(urgent_drop=0.03), "page", Why.URGENT),
        ("page", drop(30, guarantee=Guarantee.CALIBRATED), 0, Company(), POLICY, "page", Why.URGENT),
        # perhaps the judge's work
        ("page", drop(6, judge_in_doubt=True), 0, BROAD, POLICY, "ticket", Why.PERHAPS_THE_JUDGE),
        ("page", drop(6, judge_in_doubt=True), 0, ROUND, POLICY, "page", Why.ALL_ROUND),
        # how broad
        ("page", drop(25), 0, BROAD, POLICY, "sev1", Why.SEVERE),
        ("page", drop(24), 0, BROAD, POLICY, "page", Why.URGENT),
        ("page", drop(60), 0, Company(paging=1, drifting=1), POLICY, "page", Why.URGENT),
        ("page", drop(60), 0, Company(paging=5, drifting=2), POLICY, "page", Why.URGENT),
        # configured as tickets
        ("ticket", drop(60), 0, BROAD, POLICY, "ticket", Why.CONFIGURED),
        # a vertical's floor
        ("page", drop(4), 9 * DAY, Company(), Policy(severity_floor=Severity.PAGE), "page", Why.FLOOR),
        ("ticket", drop(4), 0, Company(), Policy(severity_floor=Severity.PAGE), "page", Why.FLOOR),
        ("ticket", drop(4), 0, Company(), Policy(severity_floor=Severity.TICKET), "ticket", Why.CONFIGURED),
        # latency
        ("ticket", rise(Measure.LATENCY, 3, latency=2.0), 0, Company(), POLICY, "info", Why.WITHIN_SLO),
        ("ticket", rise(Measure.LATENCY, 3, latency=5.8), 0, Company(), POLICY, "ticket", Why.MISSED_SLO),
        ("ticket", rise(Measure.LATENCY, 3, latency=6.2), 0, Company(), POLICY, "page", Why.BEYOND_SLO),
        ("page", rise(Measure.LATENCY, 3, latency=5.8), 0, Company(), POLICY, "ticket", Why.MISSED_SLO),
        ("ticket", rise(Measure.LATENCY, 3, latency=2.1), 0, Company(), Policy(latency_slo=2.0, latency_page=1.0),
         "page", Why.BEYOND_SLO),
        ("ticket", rise(Measure.LATENCY, 9, latency=9.0), 0, Company(), Policy(), "ticket", Why.CONFIGURED),
        ("ticket", rise(Measure.LATENCY, 9), 0, Company(), POLICY, "ticket", Why.CONFIGURED),
        ("page", rise(Measure.LATENCY, 9), 0, Company(), Policy(), "page", Why.CONFIGURED),
        # costs: five times pages, the boundary with it
        ("ticket", rise(Measure.COST, 4.9), 0, Company(), POLICY, "ticket", Why.CONFIGURED),
        ("ticket", rise(Measure.COST, 5.0001), 0, Company(), POLICY, "page", Why.COSTLY),
        ("ticket", rise(Measure.COST, 1.4), 0, Company(), Policy(cost_expected=1.5), "info", Why.FORESEEN),
        ("ticket", rise(Measure.TOKENS, 9), 0, Company(), POLICY, "ticket", Why.CONFIGURED),
        # three layers together
        ("ticket", rise(Measure.LATENCY, 3, latency=5.8), 0, ROUND, POLICY, "page", Why.ALL_ROUND),
        ("page", drop(4), 9 * DAY, ROUND, POLICY, "page", Why.ALL_ROUND),
        ("ticket", rise(Measure.LATENCY, 3, latency=1.0), 0, ROUND, POLICY, "info", Why.WITHIN_SLO),
    ],
)  # fmt: skip
def test_the_severity_of_a_claim(house, allowed, size, age, company, policy, severity, why):
    since = None if age is None else house.NOW - age
    condition = house.condition(labels={"severity": allowed}, size=size, since=since)
    verdict = severity_of(condition, policy, house.NOW, company)
    assert (verdict.severity.value, verdict.why) == (severity, why)


def test_nothing_but_a_drift_of_the_current_target_is_raised(house):
    condition = house.condition(labels={"alertname": "PinnedDrift", "severity": "ticket"}, size=drop(60))
    for policy, company in ((Policy(severity_floor=Severity.PAGE), Company()), (POLICY, ROUND)):
        assert severity_of(condition, policy, house.NOW, company).severity is Severity.TICKET


def look(house, *drifts, policy=POLICY, **more):
    return graded([house.condition(**each) for each in drifts], policy, house.NOW, **more)


LATENCY = {"labels": {"metric": "answer-latency", "severity": "ticket"}, "size": rise(Measure.LATENCY, 3, latency=5.0)}
REFUSALS = {"labels": {"metric": "not-refusal", "severity": "ticket"}, "size": drop(4, layer=Layer.BEHAVIORAL)}
QUALITY = {"labels": {"metric": "helpfulness", "severity": "ticket"}, "size": drop(4)}


@pytest.mark.parametrize(
    ("drifts", "severities"),
    [
        ([LATENCY], ["ticket"]),
        ([LATENCY, QUALITY], ["ticket", "ticket"]),
        ([LATENCY, REFUSALS, QUALITY], ["page", "page", "page"]),
        ([LATENCY, REFUSALS, {**QUALITY, "inhibited_by": "the judge moved"}], ["ticket"] * 3),
        ([LATENCY, REFUSALS, {**QUALITY, "status": ConditionStatus.CLEAR}], ["ticket"] * 3),
        ([LATENCY, REFUSALS, {**QUALITY, "size": drop(9, guarantee=Guarantee.HEURISTIC)}], ["ticket"] * 3),
        ([{**LATENCY, "size": rise(Measure.LATENCY, 3, latency=1.0)}, REFUSALS, QUALITY], ["info", "ticket", "ticket"]),
    ],
)
def test_latency_alone_is_a_ticket_and_with_refusals_and_quality_a_page(house, drifts, severities):
    assert [condition.labels["severity"] for condition in look(house, *drifts)] == severities


def test_a_claim_says_why_it_has_its_severity_and_what_stands_behind_it(house):
    (drift, counted) = look(
        house,
        {"size": drop(9), "annotations": {"guarantee": "budgeted"}},
        {"labels": {"alertname": "ProviderDown"}},
    )
    assert (drift.annotations["severity_because"], drift.annotations["guarantee"]) == (Why.URGENT, "budgeted")
    assert (counted.annotations["severity_because"], counted.annotations["guarantee"]) == (Why.COUNTED, "observed")


def test_what_does_not_hold_is_left_as_it_is(house):
    conditions = [house.condition(status) for status in (ConditionStatus.CLEAR, ConditionStatus.UNKNOWN)]
    assert graded(conditions, POLICY, house.NOW) == conditions


def test_a_vertical_may_ask_for_time_and_a_sev1_and_a_mass_failure_wait_for_none(house):
    policy = Policy(hold=900.0)
    half = [{"labels": {"metric": name}, "size": drop(40)} for name in ("a", "b")]
    assert [each.hold_seconds for each in look(house, *half, policy=policy)] == [0.0, 0.0]  # sev1
    (page, mass) = look(
        house, {"size": drop(9)}, {"labels": {"alertname": "MassEvalFailure", "metric": ""}}, policy=policy
    )
    assert (page.hold_seconds, mass.hold_seconds) == (900.0, 0.0)


@pytest.mark.parametrize(
    ("other", "cause", "severity"),
    [
        ({}, Cause.PROVIDER_FAILING, "ticket"),
        ({}, Cause.SHARED, "page"),  # the other alert's cause is another
        ({"labels": {"provider": "anthropic"}}, Cause.PROVIDER_FAILING, "page"),
        ({"labels": {"team": "search"}}, Cause.PROVIDER_FAILING, "page"),
        ({"labels": {"severity": "ticket"}}, Cause.PROVIDER_FAILING, "page"),
        ({"labels": {"watch": "support"}}, Cause.PROVIDER_FAILING, "page"),
    ],
)
def test_one_page_is_enough_for_what_all_features_on_a_provider_share(house, other, cause, severity):
    labels = {"watch": "chat", "team": "ai-eng", **other.get("labels", {})}
    elsewhere = [house.alert(labels=labels, cause=Cause.PROVIDER_FAILING)]
    (found,) = look(house, {"labels": {"team": "ai-eng"}, "cause": cause}, elsewhere=elsewhere)
    assert found.labels["severity"] == severity


def test_a_cause_of_ones_own_pages_whatever_pages_elsewhere(house):
    elsewhere = [house.alert(labels={"watch": "chat"}, cause=Cause.OURS)]
    (found,) = look(house, {"cause": Cause.OURS}, elsewhere=elsewhere)
    assert found.labels["severity"] == "page"
