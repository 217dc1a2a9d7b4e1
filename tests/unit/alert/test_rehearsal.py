from __future__ import annotations

import pytest

from watchdog.alert.rehearsal import drills_overdue
from watchdog.domain.alert import ConditionStatus
from watchdog.domain.drill import DrillKind, DrillPlan

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
