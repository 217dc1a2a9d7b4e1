from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from watchdog.correlate.situation import ProviderHealth, WorstCase
from watchdog.correlate.stage import correlate
from watchdog.domain.alert import ConditionStatus, Size
from watchdog.domain.detection import Guarantee, Level
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Arm, Layer
from watchdog.domain.target import Role
from watchdog.domain.watch import MeasurePlan
from watchdog.errors import ErrorKind


def test_a_calm_look_makes_every_claim_and_none_holds(house):
    conditions = correlate(house.look())
    names = [condition.labels["alertname"] for condition in conditions]
    assert names.count("EvalDrift") == 3  # two scorers on the golden set, one on traffic
    assert names.count("PinnedDrift") == 3
    assert {condition.status for condition in conditions} <= {ConditionStatus.CLEAR, ConditionStatus.UNKNOWN}
    unknown = {c.labels["alertname"] for c in conditions if c.status is ConditionStatus.UNKNOWN}
    assert unknown <= {"ProviderDown", "MassEvalFailure"}
    assert len({condition.fingerprint for condition in conditions}) == len(conditions)


def test_a_drift_says_what_how_much_since_when_and_what_to_type(house):
    key = house.key("helpfulness")
    cases = [WorstCase(case_id=f"a{number}", before=1.0, after=0.0) for number in range(12)]
    situation = house.look(house.signal(key, Level.DRIFT), worst={key: cases})
    found = house.claims(situation)("EvalDrift", metric="helpfulness")
    assert found.labels == {
        "alertname": "EvalDrift",
        "alert_type": "model",
        "severity": "page",
        "team": "ai-eng",
        "vertical": "healthcare",
        "feature": "support reply",
        "watch": "support_reply",
        "provider": "openai",
        "model": "gpt-x",
        "metric": "helpfulness",
        "estimand": "golden",
    }
    said = found.annotations
    assert said["summary"] == (
        "support reply: helpfulness is 7.2 points worse on this golden set than at the baseline "
        "(90 % interval -9.3 to -5.1 points, n 60), since 2026-09-21 12:13 UTC"
    )
    assert (said["effect"], said["interval"], said["n"]) == ("-7.2 points", "-9.3 to -5.1 points (90 %)", "60")
    assert (said["since"], said["estimand"]) == ("2026-09-21T12:13:20Z", "on this golden set")
    assert said["guarantee"] == "budgeted"
    assert said["worst_cases"].startswith("a0 (1 -> 0), a1 (1 -> 0)")
    assert said["worst_cases"].endswith("and 2 more")
    assert said["next_command"] == "eval-watchdog scores support_reply --since 24h"
    assert said["baseline"] == "version 4"
    assert found.since == house.NOW - 7200


def test_labels_stay_the_same_while_the_numbers_change(house):
    key = house.key("helpfulness")
    first = house.claims(house.look(house.signal(key, Level.DRIFT)))("EvalDrift", metric="helpfulness")
    later_signal = house.signal(key, Level.DRIFT, effect=-0.4, n=12, statistic=30.0, run_id="r2")
    later = house.claims(house.look(later_signal))("EvalDrift", metric="helpfulness")
    assert first.fingerprint == later.fingerprint
    assert first.annotations != later.annotations


@pytest.mark.parametrize("level", [Level.CALM, Level.SUSPECT])
def test_what_does_not_drift_is_clear(house, level):
    situation = house.look(house.signal(house.key("helpfulness"), level))
    assert house.claims(situation)("EvalDrift", metric="helpfulness").status is ConditionStatus.CLEAR


def test_learning_says_nothing(house):
    situation = house.look(house.signal(house.key("helpfulness"), Level.LEARNING))
    assert house.claims(situation)("EvalDrift", metric="helpfulness").status is ConditionStatus.UNKNOWN


def test_a_metric_that_was_not_observed_is_unknown(house):
    situation = house.look(without=(house.key("helpfulness"),))
    assert house.claims(situation)("EvalDrift", metric="helpfulness").status is ConditionStatus.UNKNOWN


def test_what_was_measured_through_a_failing_provider_is_neither_drift_nor_recovery(house):
    health = ProviderHealth(provider="openai", role="current", calls=60, errors={ErrorKind.RATE_LIMIT: 40})
    for level in (Level.DRIFT, Level.CALM):
        situation = house.look(house.signal(house.key("is-json"), level), health=[health])
        model = [c for c in correlate(situation) if c.labels["alert_type"] == "model"]
        assert model
        assert {condition.status for condition in model} == {ConditionStatus.UNKNOWN}


@pytest.mark.parametrize("guarantee", [Guarantee.BUDGETED, Guarantee.CALIBRATED, Guarantee.HEURISTIC])
def test_a_drift_brings_the_facts_that_its_severity_is_decided_by(house, guarantee):
    situation = house.look(house.signal(house.key("is-json"), Level.DRIFT, guarantee=guarantee, looks=9))
    found = house.claims(situation)("EvalDrift", metric="is-json", estimand="golden")
    assert found.size == Size(
        effect=-0.072, margin=pytest.approx(0.021), looks=9, layer=Layer.BEHAVIORAL, guarantee=guarantee
    )
    assert found.annotations["guarantee"] == guarantee
    assert found.annotations["false_alarms"]


def test_a_metric_that_may_not_page_makes_a_ticket(house):
    plans = tuple(replace(plan, pages=False) for plan in house.WATCH.scorers)
    situation = house.look(
        house.signal(house.key("is-json"), Level.DRIFT, guarantee=Guarantee.HEURISTIC),
        watch=replace(house.WATCH, scorers=plans),
    )
    found = house.claims(situation)("EvalDrift", metric="is-json", estimand="golden")
    assert (found.labels["severity"], found.inhibited_by) == ("ticket", "")


def test_a_slower_provider_is_no_alert_of_the_model(house):
    plans = (house.WATCH.scorers[0], replace(house.WATCH.scorers[1], layer=Layer.INFRASTRUCTURE))
    situation = house.look(house.signal(house.key("is-json"), Level.DRIFT), watch=replace(house.WATCH, scorers=plans))
    found = house.claims(situation)("EvalDrift", metric="is-json", estimand="golden")
    assert (found.labels["alert_type"], found.labels["severity"]) == ("infra", "ticket")


def test_a_tag_that_drifts_is_a_claim_of_its_own(house):
    situation = house.look(house.signal(house.key("is-json", tag="german"), Level.DRIFT))
    one = house.claims(situation)
    assert one("EvalDrift", metric="is-json", tag="german").status is ConditionStatus.ACTIVE
    assert one("EvalDrift", metric="is-json", tag=None, estimand="golden").status is ConditionStatus.CLEAR


def test_a_tag_wakes_nobody_unless_it_was_asked_to(house):
    situation = house.look(house.signal(house.key("is-json", tag="german"), Level.DRIFT))
    assert house.claims(situation)("EvalDrift", metric="is-json", tag="german").labels["severity"] == "ticket"
    asked = replace(situation, watch=replace(situation.watch, tags=("german",), paging_tags=("german",)))
    assert house.claims(asked)("EvalDrift", metric="is-json", tag="german").labels["severity"] == "page"


def test_a_watch_without_a_pinned_target_claims_nothing_about_it(house):
    targets = {Role.CURRENT: house.WATCH.targets[Role.CURRENT]}
    pinned = tuple(
        house.key(scorer, arm) for scorer in ("helpfulness", "is-json") for arm in (Arm.PINNED, Arm.DIFFERENCE)
    )
    conditions = correlate(house.look(without=pinned, watch=replace(house.WATCH, targets=targets)))
    assert not [c for c in conditions if c.labels["alertname"] == "PinnedDrift" or c.labels.get("arm") == "pinned"]


def test_the_runbook_of_the_watch_comes_first(house):
    situation = house.look(
        house.signal(house.key("is-json"), Level.DRIFT),
        watch=replace(house.WATCH, runbook="https://runbooks.example/x"),
    )
    found = house.claims(situation)("EvalDrift", metric="is-json", estimand="golden")
    assert found.annotations["runbook_url"] == "https://runbooks.example/x"


def test_answers_that_take_longer_are_a_ticket_and_their_snapshot_may_slow_down_too(house):
    plan = MeasurePlan.of(Measure.LATENCY)
    watch = replace(house.WATCH, measures=(plan,))
    key = house.key("answer-latency")
    drift = house.signal(key, Level.DRIFT, effect=-math.log(1.5), interval=(-math.log(1.6), -math.log(1.4)))
    situation = house.look(drift, watch=watch)
    found = house.claims(situation)("EvalDrift", metric="answer-latency", estimand="golden")
    assert (found.labels["alert_type"], found.labels["severity"]) == ("infra", "ticket")
    assert found.status is ConditionStatus.ACTIVE
    assert "answer-latency is 50 % more on this golden set" in found.annotations["summary"]
    assert "(90 % interval +40 to +60 %" in found.annotations["summary"]
    assert found.annotations["effect"] == "+50 %"
    pinned = [c for c in correlate(situation) if c.labels["alertname"] == "PinnedDrift"]
    assert "answer-latency" not in {c.labels["metric"] for c in pinned}
    paging = house.look(drift, watch=replace(watch, measures=(replace(plan, pages=True),)))
    found = house.claims(paging)("EvalDrift", metric="answer-latency", estimand="golden")
    assert found.labels["severity"] == "page"
