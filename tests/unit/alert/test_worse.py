from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.alert.severity import Why
from watchdog.alert.stage import reconcile
from watchdog.alert.worse import Growth, grown, growth, worsened
from watchdog.domain.alert import AlertState, ConditionStatus, Size
from watchdog.domain.policy import Policy

POLICY = Policy()


def told(house, points=-4.0, looks=10, **more):
    return house.alert(told_effect=points / 100, told_looks=looks, **more)


def now(house, points, looks, margin=1.0, **more):
    return house.condition(size=Size(effect=points / 100, margin=margin / 100, looks=looks), **more)


@pytest.mark.parametrize(
    ("points", "looks", "margin", "found"),
    [
        (-4.0, 20, 1.0, Growth.SAME),
        (-9.0, 12, 0.1, Growth.FEW_LOOKS),
        (-4.46, 13, 0.2, Growth.SAME),  # the three looks since are at -5.99: not half as much again
        (-4.47, 13, 0.2, Growth.GREW),  # at -6.04
        (-4.47, 13, 1.0, Growth.SAME),  # as much, but not surely so
        (-6.0, 20, 1.0, Growth.GREW),  # the ten since at -8
        (-2.0, 20, 0.1, Growth.SAME),  # it gets better
    ],
)
def test_growth_rests_on_the_looks_since_it_was_told(points, looks, margin, found):
    size = Size(effect=points / 100, margin=margin / 100, looks=looks)
    assert grown(-0.04, 10, size, 1.5) is found


@pytest.mark.parametrize(
    ("condition", "alerts", "found"),
    [
        ({"points": -9.0, "looks": 40}, [], Growth.NEW),
        ({"points": -9.0, "looks": 40, "status": ConditionStatus.UNKNOWN}, [{}], Growth.NEW),
        ({"points": -9.0, "looks": 40, "inhibited_by": "the judge moved"}, [{}], Growth.NEW),
        ({"points": -9.0, "looks": 40}, [{}], Growth.GREW),
        ({"points": -9.0, "looks": 40}, [{}, {"points": -9.0, "looks": 35}], Growth.SAME),
        ({"points": -9.0, "looks": 40}, [{}] * 4, Growth.ENOUGH),
        ({"points": -4.0, "looks": 11}, [{"labels": {"severity": "ticket"}}], Growth.RAISED),
        (
            {"points": -4.0, "looks": 40, "annotations": {"severity_because": Why.ALL_ROUND.value}},
            [{"labels": {"severity": "ticket"}}],
            Growth.SAME,  # the alert that made it three layers says so
        ),
        ({"points": -4.0, "looks": 40, "labels": {"severity": "ticket"}}, [{}], Growth.SAME),
    ],
)
def test_when_an_alert_is_told_once_more(house, condition, alerts, found):
    firing = [told(house, **each) for each in alerts]
    assert growth(now(house, **condition), firing, POLICY) is found


def test_what_is_counted_grows_only_in_severity(house):
    firing = house.alert(labels={"severity": "ticket"})
    assert growth(house.condition(), [firing], POLICY) is Growth.RAISED
    assert growth(house.condition(labels={"severity": "ticket"}), [firing], POLICY) is Growth.SAME


def test_it_got_worse_is_a_new_alert_that_ends_with_the_old_one(house):
    (first,) = reconcile([now(house, -4.0, 10)], [], house.NOW)
    opened = [first.alert]

    def look(condition, at):
        claims = [condition, *worsened([condition], opened, POLICY)]
        transitions = reconcile(claims, opened, at)
        opened[:] = [each.alert for each in transitions if each.alert.state is not AlertState.RESOLVED]
        return transitions

    kept, worse = look(now(house, -8.0, 30), house.NOW + 60)
    assert (kept.alert.id, kept.notifies) == (first.alert.id, False)
    assert (worse.alert.labels["worse"], worse.alert.labels["alertname"], worse.notifies) == ("1", "EvalDrift", True)
    assert worse.alert.annotations["summary"].startswith("worse than told")
    assert len([each for each in look(now(house, -8.2, 40), house.NOW + 120) if each.notifies]) == 0
    third = [each for each in look(now(house, -16.0, 200), house.NOW + 180) if each.notifies]
    assert [each.alert.labels["worse"] for each in third] == ["2"]
    over = look(house.condition(ConditionStatus.CLEAR), house.NOW + 240)
    assert len(over) == 3
    assert {each.alert.state for each in over} == {AlertState.RESOLVED}
    assert opened == []


def test_an_outage_ends_no_step(house):
    step = told(house, labels={"worse": "1"})
    (base, kept) = reconcile(
        [
            house.condition(ConditionStatus.UNKNOWN),
            *worsened([house.condition(ConditionStatus.UNKNOWN)], [told(house), step], POLICY),
        ],
        [told(house), step],
        house.NOW,
    )
    assert {base.alert.state, kept.alert.state} == {AlertState.FIRING}


def test_a_pinned_model_makes_no_other_claim_of_it(house):
    condition = replace(now(house, -9.0, 40), labels={**house.LABELS, "model": "gpt-y"})
    assert growth(condition, [told(house)], POLICY) is Growth.GREW
    assert len(worsened([condition], [told(house)], POLICY)) == 1


def test_a_step_that_was_resolved_by_hand_does_not_give_its_number_away(house):
    second = told(house, labels={"worse": "2"})
    claims = worsened([now(house, -40.0, 400)], [told(house), second], POLICY)
    assert [claim.labels["worse"] for claim in claims] == ["2", "3"]
    assert reconcile([now(house, -40.0, 400), *claims], [told(house), second], house.NOW)
