"""A run held against the baseline."""

import pytest
from msgspec.structs import replace

from watchdog.detect.baseline import freeze
from watchdog.detect.observe import observe
from watchdog.detect.ties import tie_breaker
from watchdog.domain.baseline import Instruments
from watchdog.domain.case import Case, Estimand, Origin
from watchdog.domain.metric import Admission, Arm
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role

FACTS = {"baseline_id": "b1", "version": 1, "at": 0.0, "by": "ann", "reason": "start"}
ARMS = {Role.CURRENT: 1.0, Role.PINNED: 1.0}


@pytest.fixture
def baseline(watch, run_of):
    runs = [run_of(n, {Role.CURRENT: [1.0] * 19 + [float(n % 2)], Role.PINNED: 1.0}) for n in range(8)]
    return freeze(watch, runs, **FACTS)


def by_arm(observed):
    return {observation.key.arm: observation for observation in observed.observations}


def test_each_arm_is_observed_against_its_own_reference(watch, run_of, baseline, key):
    run = run_of(20, {Role.CURRENT: [0.0] * 5 + [1.0] * 15, Role.PINNED: 1.0})
    observed = observe(watch, baseline, run)
    found = by_arm(observed)
    assert found[Arm.CURRENT].x == pytest.approx((-5 + 0.5) / 20)
    assert found[Arm.CURRENT].level == pytest.approx(0.75)
    assert found[Arm.CURRENT].lost == pytest.approx(5.0)
    assert found[Arm.CURRENT].u == tie_breaker("run20", key())
    assert found[Arm.CURRENT].case_scores["c0"] == 0.0
    assert found[Arm.PINNED].x == 0.0
    assert found[Arm.DIFFERENCE].x == pytest.approx((-5 + 0.5) / 20)
    assert found[Arm.DIFFERENCE].lost is None
    assert observed.unobserved == []
    assert observed.changed == ()


@pytest.fixture
def noisy(watch, run_of):
    """A baseline in which every case of both arms fails once in eight looks, another one each time."""
    shifts = {Role.CURRENT: 3, Role.PINNED: 0}
    runs = [
        run_of(n, {role: [float((case + n + shift) % 8 > 0) for case in range(20)] for role, shift in shifts.items()})
        for n in range(8)
    ]
    return freeze(watch, runs, **FACTS)


def looks_of_the_pinned(watch, baseline, run_of, passed):
    runs = [run_of(n, {Role.CURRENT: 1.0, Role.PINNED: [passed(case + n) for case in range(20)]}) for n in range(8, 32)]
    return [by_arm(observe(watch, baseline, run))[Arm.PINNED] for run in runs]


def scatters(observed):
    return {observation.key.arm: observation.scatter for observation in observed.observations}


@pytest.mark.parametrize(
    ("passed", "times"),
    [
        (lambda number: float(number % 2), 4.0),  # up and down at every look
        (lambda number: float(number % 8 > 0), 1.0),  # as ever
        (lambda _number: 0.0, 1.0),  # far away, but always alike
    ],
)
def test_the_difference_scatters_as_the_pinned_arm_does_lately(watch, run_of, noisy, key, passed, times):
    pinned = looks_of_the_pinned(watch, noisy, run_of, passed)
    asked = []

    def history(of):
        asked.append(of)
        return pinned

    run = run_of(40, ARMS)
    before, after = by_arm(observe(watch, noisy, run)), by_arm(observe(watch, noisy, run, history=history))
    assert asked == [key(arm=Arm.PINNED)]
    assert after[Arm.DIFFERENCE].scatter == pytest.approx(times, abs=0.05)
    assert after[Arm.DIFFERENCE].noise == after[Arm.DIFFERENCE].scatter * before[Arm.DIFFERENCE].variance
    assert replace(after[Arm.DIFFERENCE], scatter=1.0) == before[Arm.DIFFERENCE]
    assert after[Arm.CURRENT] == before[Arm.CURRENT]
    assert after[Arm.PINNED] == before[Arm.PINNED]


def test_the_looks_of_the_pinned_arm_are_read_once_for_all_tags(watch, run_of, key):
    watch = replace(watch, tags=("easy", "hard"))
    flapping = [[float((case * 7 + n) % 5 > 0) for case in range(20)] for n in range(40)]
    runs = [run_of(n, {Role.CURRENT: 1.0, Role.PINNED: flapping[n]}) for n in range(8)]
    baseline = freeze(watch, runs, tags=watch.tags, **FACTS)
    asked = []

    def history(of):
        asked.append(of)
        return [
            by_arm(observe(watch, baseline, run_of(n, {Role.PINNED: flapping[n]})))[Arm.PINNED] for n in range(8, 20)
        ]

    observed = observe(watch, baseline, run_of(40, ARMS), tags=watch.tags, history=history)
    assert {seen.key.tag for seen in observed.observations if seen.key.arm is Arm.DIFFERENCE} == {"", "easy", "hard"}
    assert asked == [key(arm=Arm.PINNED)]


def test_an_outage_is_unobserved_and_says_so(watch, run_of, baseline):
    run = run_of(20, {Role.CURRENT: [Outcome.ERROR] * 15 + [0.0] * 5, Role.PINNED: 1.0})
    observed = observe(watch, baseline, run)
    assert set(by_arm(observed)) == {Arm.PINNED}
    missing = {look.key.arm: look for look in observed.unobserved}
    assert missing[Arm.CURRENT].admission is Admission.VOID
    assert missing[Arm.CURRENT].reason == "15 of 20 cases were lost to failed calls"
    assert (missing[Arm.CURRENT].n, missing[Arm.CURRENT].planned) == (5, 20)


def test_a_broken_scorer_is_unobserved_and_not_a_drop(watch, run_of, baseline):
    observed = observe(watch, baseline, run_of(20, {Role.CURRENT: Outcome.UNSCORED, Role.PINNED: 1.0}))
    assert set(by_arm(observed)) == {Arm.PINNED}


def test_a_run_with_some_cases_missing_is_comparable(watch, run_of, baseline):
    run = run_of(20, {Role.CURRENT: [1.0] * 17 + [Outcome.SKIPPED] * 3, Role.PINNED: 1.0})
    found = by_arm(observe(watch, baseline, run))
    assert found[Arm.CURRENT].x == 0.0
    assert (found[Arm.CURRENT].n, found[Arm.CURRENT].planned) == (17, 20)


def test_a_changed_case_leaves_the_pairing_and_many_stop_it(watch, run_of, baseline, cases):
    changed = Instruments(golden_set="other", pinned="p", scorers={"exact": "1"})

    def with_changed(count):
        among = [replace(case, digest="new") if index < count else case for index, case in enumerate(cases)]
        return observe(watch, baseline, run_of(20, ARMS, among=among, instruments=changed))

    few = with_changed(4)
    assert by_arm(few)[Arm.CURRENT].n == 16
    assert few.changed == ("golden set",)
    many = with_changed(5)
    assert many.observations == []
    assert "the golden set changed since the baseline" in many.unobserved[0].reason


def test_a_changed_scorer_stops_its_metrics_only(watch, run_of, baseline):
    changed = Instruments(golden_set="g", pinned="p", scorers={"exact": "2"})
    observed = observe(watch, baseline, run_of(20, ARMS, instruments=changed))
    assert observed.observations == []
    assert observed.changed == ("scorer exact",)


def test_a_changed_pinned_target_leaves_the_current_arm_alone(watch, run_of, baseline):
    changed = Instruments(golden_set="g", pinned="q", scorers={"exact": "1"})
    observed = observe(watch, baseline, run_of(20, ARMS, instruments=changed))
    assert set(by_arm(observed)) == {Arm.CURRENT}
    assert {look.key.arm for look in observed.unobserved} == {Arm.PINNED, Arm.DIFFERENCE}


def test_a_metric_that_was_not_measured_at_all_is_missed(watch, run_of, baseline):
    observed = observe(watch, baseline, run_of(20, {Role.CURRENT: 1.0}))
    assert {look.reason for look in observed.unobserved} == {"no case was planned"}


def test_a_metric_that_the_baseline_does_not_know_is_named(watch, run_of, baseline):
    observed = observe(watch, baseline, run_of(20, {Role.CURRENT: 1.0}, scorer="refusal"))
    reasons = {look.key.scorer: look.reason for look in observed.unobserved}
    assert "does not know this metric" in reasons["refusal"]


def test_traffic_is_observed_against_the_level(watch, run_of, key):
    def traffic(n, passed):
        among = [Case(id=f"t{n}-{i}", digest="x", origin=Origin.TRAFFIC) for i in range(40)]
        return run_of(n, {Role.CURRENT: [1.0] * passed + [0.0] * (40 - passed)}, among=among)

    baseline = freeze(watch, [traffic(n, 36) for n in range(8)], **FACTS)
    (found,) = observe(watch, baseline, traffic(30, 30)).observations
    assert found.key == key(estimand=Estimand.TRAFFIC)
    assert found.x == pytest.approx(-0.15)
    assert found.variance == pytest.approx(0.09 / 40, rel=0.05)
    assert found.planned == 40
