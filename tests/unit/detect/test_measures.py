"""What answers take, held against the baseline."""

import math

import pytest
from msgspec.structs import replace

from watchdog.detect.baseline import freeze
from watchdog.detect.observe import observe
from watchdog.domain.baseline import BaselineStatus
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Admission, Arm
from watchdog.domain.target import Role
from watchdog.domain.watch import MeasurePlan
from watchdog.errors import NotMeasured

FACTS = {"baseline_id": "b1", "version": 1, "at": 0.0, "by": "ann", "reason": "start"}
LATENCY = Measure.LATENCY.value


@pytest.fixture
def timed(watch):
    return replace(watch, measures=(MeasurePlan.of(Measure.LATENCY),))


@pytest.fixture
def look(run_of):
    """A run whose answers took so many seconds, and were all right."""

    def build(number, **seconds):
        roles = {Role[role.upper()]: [math.log(value) for value in values] for role, values in seconds.items()}
        told = run_of(number, roles, scorer=LATENCY)
        scored = run_of(number, dict.fromkeys(roles, 1.0))
        return replace(
            scored,
            scores={**scored.scores, **told.scores},
            planned={**scored.planned, **told.planned},
        )

    return build


@pytest.fixture
def baseline(timed, look):
    return freeze(timed, [look(n, current=[1.0 + n % 3] * 20, pinned=[2.0] * 20) for n in range(9)], **FACTS)


def test_every_case_is_a_ratio_to_its_own_median_and_more_is_worse(timed, look, baseline, key):
    observed = observe(timed, baseline, look(20, current=[4.0] * 10 + [2.0] * 10, pinned=[2.0] * 20))
    found = {o.key: o for o in observed.observations}
    current = found[key(scorer=LATENCY)]
    assert current.x == pytest.approx(-math.log(2) / 2)
    assert current.level == pytest.approx(math.sqrt(8.0))
    assert current.lost is None
    difference = found[key(Arm.DIFFERENCE, scorer=LATENCY)]
    assert difference.x == pytest.approx(-math.log(2) / 2)
    assert difference.level == pytest.approx(math.sqrt(2.0))
    assert baseline.metrics[key(scorer=LATENCY)].level == pytest.approx((1 * 2 * 3) ** (1 / 3))
    assert baseline.metrics[key(scorer=LATENCY)].lost == ()


def test_one_answer_in_twenty_that_hangs_says_no_more_than_its_share(timed, look, baseline, key):
    observed = observe(timed, baseline, look(20, current=[2.0] * 19 + [600.0], pinned=[2.0] * 20))
    found = {o.key: o for o in observed.observations}
    assert found[key(scorer=LATENCY)].x == pytest.approx(-2.0 / 20)


def test_what_answers_take_makes_no_baseline_and_locks_none(timed, run_of, look):
    only = [run_of(n, {Role.CURRENT: 0.0}, scorer=LATENCY) for n in range(9)]
    with pytest.raises(NotMeasured):
        freeze(timed, only, **FACTS)
    late = [run_of(n, {Role.CURRENT: 1.0}) for n in range(6)] + [look(n, current=[1.0] * 20) for n in range(6, 9)]
    assert freeze(timed, late, **FACTS).status is BaselineStatus.LOCKED


def test_a_measure_that_no_answer_tells_any_more_says_so_and_one_switched_off_is_gone(
    timed, watch, run_of, baseline, key
):
    scored = run_of(20, {Role.CURRENT: 1.0, Role.PINNED: 1.0})
    missing = {look.key: look for look in observe(timed, baseline, scored).unobserved}
    assert missing[key(scorer=LATENCY)].admission is Admission.VOID
    assert missing[key(scorer=LATENCY)].reason == "no answer tells it any more"
    assert observe(watch, baseline, scored).unobserved == []
