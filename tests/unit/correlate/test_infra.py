from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.correlate.infra import Sight, sight
from watchdog.correlate.situation import Judge, ProviderHealth, ToolHealth
from watchdog.correlate.stage import correlate
from watchdog.domain.alert import Cause, ConditionStatus
from watchdog.domain.case import Estimand
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Arm
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import MeasurePlan
from watchdog.errors import ErrorKind

ACTIVE, CLEAR, UNKNOWN = ConditionStatus.ACTIVE, ConditionStatus.CLEAR, ConditionStatus.UNKNOWN


def calls(number: int, role: str = "current", provider: str = "openai", **errors: int) -> ProviderHealth:
    kinds = {ErrorKind[name.upper()]: count for name, count in errors.items()}
    return ProviderHealth(provider=provider, role=role, calls=number, errors=kinds)


def every_current(house) -> tuple:
    return (
        house.key("helpfulness"),
        house.key("is-json"),
        house.key("is-json", estimand=Estimand.TRAFFIC),
    )


@pytest.mark.parametrize(
    ("health", "status"),
    [
        ([calls(60)], CLEAR),
        ([calls(60, rate_limit=60)], ACTIVE),
        ([calls(60, rate_limit=30)], ACTIVE),
        ([calls(60, rate_limit=29)], CLEAR),
        ([calls(60, timeout=20, server=10)], ACTIVE),
        ([calls(60, bad_response=60)], ACTIVE),
        ([calls(60, bad_request=60)], UNKNOWN),  # our request is wrong: no fault of the provider, and no proof of it
        ([calls(60, internal=60)], UNKNOWN),
        ([calls(60, tool=60)], UNKNOWN),
        ([calls(60, bad_request=20, server=10)], UNKNOWN),
        ([calls(60, bad_request=20, server=9)], CLEAR),
        ([calls(2, server=2)], UNKNOWN),
        ([], UNKNOWN),
        ([calls(60, server=35), calls(60, role="pinned")], ACTIVE),  # current alone decides
        ([calls(60), calls(60, role="pinned", server=60)], ACTIVE),
        ([calls(60), calls(60, role="pinned", not_found=60)], CLEAR),  # a retired snapshot is no outage
        ([calls(60, not_found=60), calls(60, role="pinned")], ACTIVE),
    ],
)
def test_a_provider_is_down_when_most_of_its_calls_fail_through_its_own_fault(house, health, status):
    found = house.claims(house.look(health=health))("ProviderDown")
    assert found.status is status
    assert found.hold_looks == 2


def test_a_provider_that_is_back_tells_how_many_calls_it_answered(house):
    found = house.claims(house.look(health=[calls(60, bad_request=6, server=4)]))("ProviderDown")
    assert found.annotations == {"recovery": "50 of 60 calls are answered"}


def test_a_provider_that_is_down_tells_what_it_answers_and_how_often(house):
    health = [calls(60, rate_limit=57, timeout=3)]
    found = house.claims(house.look(health=health))("ProviderDown")
    assert found.annotations["summary"] == (
        "support reply: openai answers 429 (too many requests): 57 of 60 calls (95 %), "
        "does not answer in time: 3 of 60 calls (5 %)"
    )
    assert "current rate-limit 57 of 60, current timeout 3 of 60" in found.annotations["description"]
    assert found.labels["severity"] == "page"
    assert found.labels["alert_type"] == "infra"
    assert found.cause is Cause.PROVIDER_FAILING


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_class_of_failure_has_words(house, kind):
    health = [ProviderHealth(provider="openai", role="current", calls=9, errors={kind: 4, ErrorKind.SERVER: 5})]
    found = house.claims(house.look(health=health))("ProviderDown")
    assert found.status is ACTIVE
    assert f"current {kind}" in found.annotations["description"]


def test_a_provider_of_the_control_arm_alone_makes_a_ticket(house):
    pinned = Target(role=Role.PINNED, provider="azure", model="snapshot")
    watch = replace(house.WATCH, targets={**house.WATCH.targets, Role.PINNED: pinned})
    situation = house.look(watch=watch, health=[calls(60), calls(60, "pinned", "azure", server=60)])
    one = house.claims(situation)
    azure = one("ProviderDown", provider="azure")
    assert (azure.status, azure.labels["severity"], azure.labels["model"]) == (ACTIVE, "ticket", "snapshot")
    assert one("ProviderDown", provider="openai").status is CLEAR
    assert one("EvalDrift", metric="helpfulness").status is CLEAR
    assert one("PinnedDrift", metric="helpfulness").status is UNKNOWN


def test_the_watch_is_blind_after_enough_looks_without_any_observation(house):
    for blind_looks, status in ((0, CLEAR), (2, CLEAR), (3, ACTIVE), (9, ACTIVE)):
        situation = house.look(without=every_current(house), blind_looks=blind_looks, health=[calls(60, internal=60)])
        found = house.claims(situation)("EvalBlind", metric=None, arm=None, estimand=None)
        assert found.status is status
        assert found.inhibited_by == ""
    assert "3 of 60 answers scored" in found.annotations["description"]
    assert "raises an exception in our own code: 60 of 60 calls" in found.annotations["description"]


@pytest.mark.parametrize(
    ("blind_looks", "partly", "seen"),
    [
        (2, 0, Sight.SEES),
        (2, 1, Sight.SEES),
        (3, 0, Sight.BLIND),
        (3, 1, Sight.THIN),
        (5, 3, Sight.THIN),
        (5, 0, Sight.BLIND),
        (6, 1, Sight.THIN_FOR_LONG),
        (60, 3, Sight.THIN_FOR_LONG),
    ],
)
def test_looks_that_measured_a_little_make_a_ticket_first(house, blind_looks, partly, seen):
    lost = every_current(house)
    situation = house.look(without=lost, blind_looks=blind_looks, partly=lost[:partly], health=[calls(60)])
    assert sight(situation) is seen
    found = house.claims(situation)("EvalBlind", metric=None, arm=None, estimand=None)
    assert found.status is (CLEAR if seen is Sight.SEES else ACTIVE)
    assert found.labels["severity"] == ("ticket" if seen is Sight.THIN else "page")
    if seen is not Sight.SEES:
        said = "nothing could be measured" if seen is Sight.BLIND else "too little could be measured"
        assert found.annotations["summary"] == f"support reply: {said} for {blind_looks} looks in a row"


def test_a_little_of_the_pinned_arm_or_of_how_long_answers_take_is_no_sight_of_how_good_they_are(house):
    lost = every_current(house)
    watch = replace(house.WATCH, measures=(MeasurePlan.of(Measure.LATENCY),))
    for key in (house.key("is-json", Arm.PINNED), house.key("answer-latency")):
        situation = house.look(without=lost, watch=watch, blind_looks=3, partly=[key], health=[calls(60)])
        assert sight(situation) is Sight.BLIND


def test_blindness_that_a_failing_provider_explains_makes_no_second_alert(house):
    situation = house.look(without=every_current(house), blind_looks=5, health=[calls(60, timeout=60)])
    conditions = [c for c in correlate(situation) if c.labels["alertname"] == "EvalBlind" and c.status is ACTIVE]
    assert [condition.inhibited_by for condition in conditions] == ["the provider is failing"]


def test_blindness_that_a_failing_tool_explains_pages_nobody_but_the_tools_owner(house):
    def blind(*, failures):
        situation = house.look(
            without=every_current(house),
            blind_looks=5,
            health=[calls(60)],
            tools={"crm": ToolHealth(calls=60, failures=failures), "web": ToolHealth(calls=60, failures=0)},
        )
        return house.claims(situation)("EvalBlind", metric=None, arm=None, estimand=None)

    assert (blind(failures=40).status, blind(failures=40).inhibited_by) == (ACTIVE, "the tool crm is failing")
    assert (blind(failures=11).status, blind(failures=11).inhibited_by) == (ACTIVE, "")


def test_a_failing_tool_that_few_answers_need_explains_no_blindness(house):
    def blind(*, tool_calls):
        situation = house.look(
            without=every_current(house),
            blind_looks=5,
            health=[calls(300), replace(calls(300), role="pinned")],
            tools={"crm": ToolHealth(calls=tool_calls, failures=tool_calls)},
        )
        return house.claims(situation)("EvalBlind", metric=None, arm=None, estimand=None).inhibited_by

    assert blind(tool_calls=15) == ""
    assert blind(tool_calls=60) == "the tool crm is failing"


def test_blindness_says_first_what_kept_the_look_from_measuring(house):
    problem = "the traffic file traffic.jsonl does not exist"
    situation = house.look(without=every_current(house), blind_looks=3, problems=[problem])
    watch = house.claims(situation)("EvalBlind", metric=None, arm=None, estimand=None)
    assert f"Reasons: {problem}; 3 of 60 answers scored." in watch.annotations["description"]

    situation = house.look(without=(house.key("is-json", estimand=Estimand.TRAFFIC),), problems=[problem])
    traffic = house.claims(situation)("EvalBlind", metric=None, arm=None, estimand="traffic")
    assert f"Reasons: {problem}; 3 of 60 answers scored." in traffic.annotations["description"]


def test_a_judge_that_is_down_is_named_and_its_metric_is_unknown(house):
    situation = house.look(
        without=(house.key("helpfulness"), house.key("helpfulness", Arm.PINNED)),
        health=[calls(60), calls(60, "judge", "anthropic", connection=60)],
        judges={"helpfulness": Judge(provider="anthropic", model="judge-1")},
    )
    one = house.claims(situation)
    blind = one("EvalBlind", metric="helpfulness")
    assert (blind.status, blind.hold_looks, blind.labels["severity"]) == (ACTIVE, 3, "ticket")
    assert blind.annotations["summary"] == (
        "support reply: the judge of helpfulness (judge-1) gives no verdicts on this golden set: "
        "anthropic cannot be reached: 60 of 60 calls (100 %)"
    )
    assert one("EvalBlind", metric="is-json", estimand="golden").status is CLEAR
    assert one("EvalDrift", metric="helpfulness").status is UNKNOWN
    assert one("EvalDrift", metric="is-json", estimand="golden").status is CLEAR


def test_verdicts_of_a_judge_that_mostly_fails_say_nothing(house):
    situation = house.look(
        health=[calls(60), calls(60, "judge", "anthropic", server=40)],
        judges={"helpfulness": Judge(provider="anthropic", model="judge-1")},
    )
    assert house.claims(situation)("EvalDrift", metric="helpfulness").status is UNKNOWN


def test_a_broken_check_is_noticed_although_the_rest_is_measured(house):
    situation = house.look(without=(house.key("is-json"),))
    found = house.claims(situation)("EvalBlind", metric="is-json", estimand="golden")
    assert found.status is ACTIVE
    assert "is-json gives no scores on this golden set" in found.annotations["summary"]
    assert "3 of 60 answers scored" in found.annotations["description"]


def test_missing_traffic_is_noticed_once(house):
    situation = house.look(without=(house.key("is-json", estimand=Estimand.TRAFFIC),))
    blind = [c for c in correlate(situation) if c.labels["alertname"] == "EvalBlind" and c.status is ACTIVE]
    assert [condition.labels.get("estimand") for condition in blind] == ["traffic"]


def test_a_retired_snapshot_is_named_as_such(house):
    pinned = tuple(replace(key, arm=Arm.PINNED) for key in every_current(house))
    situation = house.look(without=pinned, health=[calls(60), calls(60, role="pinned", not_found=60)])
    found = house.claims(situation)("EvalBlind", arm="pinned")
    assert (found.status, found.cause, found.labels["model"]) == (ACTIVE, Cause.PINNED_MOVED, "gpt-x-2026-08-07")
    assert "no longer knows the pinned model" in found.annotations["summary"]


def test_before_the_first_baseline_nothing_is_called_blind_but_the_watch(house):
    situation = house.look(without=every_current(house), baseline=None)
    blind = [c for c in correlate(situation) if c.labels["alertname"] == "EvalBlind"]
    assert {condition.status for condition in blind} == {UNKNOWN, CLEAR}


@pytest.mark.parametrize(
    ("health", "status"),
    [
        (ToolHealth(calls=60, failures=12), ACTIVE),
        (ToolHealth(calls=60, failures=11), CLEAR),
        (ToolHealth(calls=3, failures=3), ACTIVE),
        (ToolHealth(calls=2, failures=2), CLEAR),
        (ToolHealth(calls=0, failures=0), UNKNOWN),
    ],
)
def test_a_tool_is_failing_when_a_fifth_of_its_calls_and_three_fail(house, health, status):
    found = house.claims(house.look(tools={"crm_webhook": health}))("ToolFailing")
    assert (found.status, found.hold_looks) == (status, 2)
    assert (found.labels["alert_type"], found.labels["tool_name"]) == ("tool", "crm_webhook")


def test_every_alert_has_the_labels_that_routes_need(house):
    situation = house.look(
        health=[calls(60)],
        tools={"crm": ToolHealth(calls=9, failures=9)},
        judges={"helpfulness": Judge(provider="anthropic", model="judge-1")},
    )
    needed = {"alertname", "alert_type", "severity", "team", "vertical", "feature", "watch", "provider", "model"}
    for condition in correlate(situation):
        assert needed <= set(condition.labels)
        assert all(condition.labels.values())
        assert ("tool_name" in condition.labels) == (condition.labels["alert_type"] == "tool")
