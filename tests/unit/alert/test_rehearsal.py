from __future__ import annotations

import pytest

from watchdog.alert.rehearsal import drills_overdue, fallback_unready
from watchdog.domain.alert import ConditionStatus
from watchdog.domain.drill import DrillKind, DrillPlan
from watchdog.domain.target import Role, Target
from watchdog.domain.verification import FallbackVerdict, Verification
from watchdog.domain.watch import Owner, Watch

DAY = 86400.0
PLAN = DrillPlan(every=30 * DAY, kinds=(DrillKind.QUALITY_DROP,))
ACTIVE, CLEAR = ConditionStatus.ACTIVE, ConditionStatus.CLEAR


@pytest.mark.parametrize(
    ("passed", "since", "now", "status"),
    [
        (None, None, 100 * DAY, CLEAR),  # a house that never looked owes nothing yet
        (None, 10 * DAY, 39 * DAY, CLEAR),
        (None, 10 * DAY, 41 * DAY, ACTIVE),
        (20 * DAY, 10 * DAY, 49 * DAY, CLEAR),
        (20 * DAY, 10 * DAY, 51 * DAY, ACTIVE),
    ],
)
def test_a_drill_is_overdue_when_it_did_not_pass_in_time(passed, since, now, status):
    known = {} if passed is None else {DrillKind.QUALITY_DROP: passed}
    [claim] = drills_overdue(PLAN, known, since, now)
    assert claim.status is status


def test_a_drill_of_another_kind_does_not_count():
    [claim] = drills_overdue(PLAN, {DrillKind.JUDGE_DOWN: 99 * DAY}, 0.0, 100 * DAY)
    assert claim.status is ACTIVE
    assert claim.annotations["next_command"] == "eval-watchdog drill run quality-drop"


def test_it_is_a_ticket_for_the_platform_whose_identity_holds_no_times():
    [one], [two] = (drills_overdue(PLAN, {}, 0.0, now) for now in (100 * DAY, 200 * DAY))
    assert one.fingerprint == two.fingerprint
    assert one.labels["severity"] == "ticket"
    assert one.labels["alert_type"] == "infra"


def test_nobody_asks_for_drills_without_a_plan():
    assert drills_overdue(None, {}, 0.0, 100 * DAY) == []


def test_an_alert_of_a_kind_that_is_no_longer_wanted_is_over():
    claims = drills_overdue(PLAN, {}, 0.0, 100 * DAY, ["judge-down"])
    assert [(claim.labels["kind"], claim.status) for claim in claims] == [
        ("judge-down", CLEAR),
        ("quality-drop", ACTIVE),
    ]


def a_watch(every=7 * DAY, fallback=True):
    targets = {Role.CURRENT: Target(role=Role.CURRENT, provider="first", model="usual")}
    if fallback:
        targets[Role.FALLBACK] = Target(role=Role.FALLBACK, provider="second", model="spare")
    return Watch(
        name="reply", feature="reply", owner=Owner(team="ai"), targets=targets, scorers=(), verify_fallback_every=every
    )


def a_verification(verdict=FallbackVerdict.HOLDS, at=10 * DAY):
    return Verification(id="g", watch="reply", at=at, verdict=verdict, target="t", reasons=("worse by far",))


@pytest.mark.parametrize(
    ("verification", "since", "now", "status"),
    [
        (a_verification(), 0.0, 20 * DAY, CLEAR),
        (a_verification(), 0.0, 25 * DAY, ACTIVE),  # twice the schedule: it was missed, or cannot tell any more
        (a_verification(FallbackVerdict.DOES_NOT_HOLD), 0.0, 11 * DAY, ACTIVE),
        (None, 0.0, 10 * DAY, CLEAR),
        (None, 0.0, 15 * DAY, ACTIVE),
        (None, None, 100 * DAY, CLEAR),
    ],
)
def test_a_fallback_is_unready_when_it_would_not_hold_or_nobody_knows(verification, since, now, status):
    assert fallback_unready(a_watch(), verification, since, now).status is status


def test_a_fallback_that_would_not_hold_is_a_ticket_that_says_why_and_what_to_type():
    claim = fallback_unready(a_watch(), a_verification(FallbackVerdict.DOES_NOT_HOLD), 0.0, 11 * DAY)
    assert claim.labels["severity"] == "ticket"
    assert claim.labels["provider"] == "second"
    assert "worse by far" in claim.annotations["description"]
    assert claim.annotations["next_command"] == "eval-watchdog provider verify reply"


@pytest.mark.parametrize("watch", [a_watch(every=None), a_watch(fallback=False)])
def test_nothing_is_claimed_of_a_fallback_that_nobody_wants_verified(watch):
    assert fallback_unready(watch, None, 0.0, 100 * DAY) is None
