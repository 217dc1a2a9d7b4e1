from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.correlate.mass import FALSE_ALARMS, chance, mass_failure
from watchdog.correlate.situation import ProviderHealth, Toppled
from watchdog.domain.alert import Cause, ConditionStatus
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.domain.run import Change
from watchdog.domain.target import Role
from watchdog.errors import ErrorKind

ACTIVE, CLEAR, UNKNOWN = ConditionStatus.ACTIVE, ConditionStatus.CLEAR, ConditionStatus.UNKNOWN


def claim(house, cases=None, *signals, without=(), **more):
    counted = {} if cases is None else {house.key("is-json"): cases}
    (found,) = mass_failure(house.look(*signals, without=without, toppled=counted, **more))
    return found


@pytest.mark.parametrize(
    ("cases", "status"),
    [
        (None, UNKNOWN),
        (Toppled(passed=0, failed=0), UNKNOWN),
        (Toppled(passed=28, failed=1), CLEAR),
        (Toppled(passed=40, failed=19), CLEAR),  # surely worse, but not most of them
        (Toppled(passed=38, failed=21), ACTIVE),
        (Toppled(passed=38, failed=21, healed=3), CLEAR),  # it may be chance
        (Toppled(passed=18, failed=18), CLEAR),  # too few cases to be sure at one look
        (Toppled(passed=22, failed=22), ACTIVE),
    ],
)
def test_most_cases_must_fail_and_surely_so(house, cases, status):
    assert claim(house, cases).status is status


def test_the_chance_is_that_of_a_fair_coin():
    assert chance(Toppled(passed=9, failed=0)) == 1.0
    assert chance(Toppled(passed=9, failed=3)) == pytest.approx(1 / 8)
    assert chance(Toppled(passed=9, failed=3, healed=1)) == pytest.approx(5 / 16)
    assert chance(Toppled(passed=999, failed=20)) <= FALSE_ALARMS < chance(Toppled(passed=999, failed=19))


def test_however_many_cases_there_are_they_are_counted(house):
    assert 0.0 <= chance(Toppled(passed=2000, failed=2000)) <= FALSE_ALARMS
    assert chance(Toppled(passed=2000, failed=1000, healed=1000)) == pytest.approx(0.5, abs=0.01)
    assert chance(Toppled(passed=2000, failed=1100, healed=1000)) == pytest.approx(0.01536, rel=0.001)
    assert claim(house, Toppled(passed=2000, failed=1900, healed=100)).status is ACTIVE


def test_it_says_what_fails_why_and_how_sure_that_is(house):
    changed = Change(what="prompt", role=Role.CURRENT, before="a", after="b", at=house.NOW - 60)
    found = claim(house, Toppled(passed=30, failed=29), changes=[changed])
    assert found.cause is Cause.OURS
    assert "is-json: 29 of 30 cases" in found.annotations["summary"]
    assert (found.hold_looks, found.annotations["guarantee"]) == (1, "calibrated")
    assert "1e-06 a look" in found.annotations["false_alarms"]
    assert claim(house, Toppled(passed=30, failed=29)).cause is Cause.PROVIDER_MODEL


def test_what_cannot_be_trusted_is_not_counted(house):
    broken = Toppled(passed=30, failed=30)
    key = house.key("is-json")
    assert claim(house, broken, without=(key,)).status is UNKNOWN
    assert claim(house, broken, without=(house.key("is-json", Arm.PINNED),)).status is UNKNOWN
    failing = ProviderHealth(provider="openai", role="current", calls=60, errors={ErrorKind.SERVER: 50})
    assert claim(house, broken, health=[failing]).status is UNKNOWN
    moved = house.signal(house.key("is-json", Arm.ANCHORS), Level.DRIFT)
    assert claim(house, broken, moved).status is UNKNOWN


def test_a_watch_without_a_control_arm_does_not_make_the_claim(house):
    watch = house.WATCH
    targets = {Role.CURRENT: watch.targets[Role.CURRENT]}
    alone = replace(watch, targets=targets)
    assert mass_failure(house.look(watch=alone)) == []
