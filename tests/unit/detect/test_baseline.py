"""Freezing a baseline."""

import pytest

from watchdog.detect.baseline import freeze
from watchdog.domain.baseline import BaselineStatus, Instruments
from watchdog.domain.case import Case, Estimand, Origin
from watchdog.domain.metric import Arm
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.errors import InstrumentChanged, NotMeasured

FACTS = {"baseline_id": "b1", "version": 1, "at": 0.0, "by": "ann", "reason": "start"}
ALTERNATING = [float(index % 2) for index in range(20)]


def test_each_case_gets_its_own_mean_and_the_runs_their_summaries(watch, run_of, key):
    runs = [run_of(n, {Role.CURRENT: [1.0] * 19 + [float(n % 2)]}) for n in range(8)]
    baseline = freeze(watch, runs, **FACTS)
    metric = baseline.metrics[key()]
    assert metric.case_means["c0"] == 1.0
    assert metric.case_means["c19"] == 0.5
    assert metric.x == pytest.approx([-0.025, 0.025] * 4)
    assert metric.level == pytest.approx(0.975)
    assert metric.lost == pytest.approx([1.0, 0.0] * 4)
    assert metric.n == (20,) * 8
    assert metric.case_digests["c3"] == "d3"
    assert baseline.status is BaselineStatus.LOCKED
    assert baseline.run_ids == tuple(run.run_id for run in runs)


def test_fewer_runs_than_a_detector_needs_are_learning(watch, run_of):
    runs = [run_of(n, {Role.CURRENT: 1.0}) for n in range(7)]
    assert freeze(watch, runs, **FACTS).status is BaselineStatus.LEARNING


def test_every_arm_has_a_reference_and_differences_have_no_failures(watch, run_of, key):
    runs = [run_of(n, {Role.CURRENT: ALTERNATING, Role.PINNED: 1.0}) for n in range(8)]
    metrics = freeze(watch, runs, **FACTS).metrics
    assert set(metrics) == {key(Arm.CURRENT), key(Arm.PINNED), key(Arm.DIFFERENCE)}
    difference = metrics[key(Arm.DIFFERENCE)]
    assert difference.case_means["c0"] == -1.0
    assert difference.lost == ()
    assert difference.level == pytest.approx(-0.5)


def test_a_run_that_lost_too_much_is_no_part_of_it(watch, run_of, key):
    whole = [run_of(n, {Role.CURRENT: 1.0}) for n in range(8)]
    outage = run_of(8, {Role.CURRENT: [Outcome.ERROR] * 12 + [0.0] * 8})
    baseline = freeze(watch, [*whole, outage], **FACTS)
    assert len(baseline.metrics[key()].x) == 8
    assert "run8" not in baseline.run_ids


def test_runs_of_different_instruments_do_not_mix(watch, run_of):
    other = Instruments(golden_set="g", pinned="p", scorers={"exact": "2"})
    runs = [run_of(0, {Role.CURRENT: 1.0}, instruments=other), run_of(1, {Role.CURRENT: 1.0})]
    with pytest.raises(InstrumentChanged, match="scorer exact"):
        freeze(watch, runs, **FACTS)


def test_nothing_measured_is_no_baseline(watch, run_of):
    with pytest.raises(NotMeasured):
        freeze(watch, [run_of(0, {Role.CURRENT: Outcome.ERROR})], **FACTS)
    with pytest.raises(NotMeasured):
        freeze(watch, [], **FACTS)


def test_where_less_is_better_the_sign_is_turned_and_what_is_lost_is_what_there_is(watch, run_of, key):
    runs = [run_of(n, {Role.CURRENT: [float(n == 3)] + [0.0] * 19}, scorer="refusal") for n in range(8)]
    metric = freeze(watch, runs, **FACTS).metrics[key(scorer="refusal")]
    assert min(metric.x) == metric.x[3] < 0
    assert metric.lost[3] == pytest.approx(1.0)
    assert metric.level == pytest.approx(1 / 160)


def test_traffic_is_held_against_its_level(watch, run_of, key):
    def inputs(n):
        return [Case(id=f"t{n}-{i}", digest="x", origin=Origin.TRAFFIC) for i in range(40)]

    runs = [run_of(n, {Role.CURRENT: [1.0] * (36 + n % 2) + [0.0] * (4 - n % 2)}, among=inputs(n)) for n in range(8)]
    metric = freeze(watch, runs, **FACTS).metrics[key(estimand=Estimand.TRAFFIC)]
    assert metric.case_means == {}
    assert metric.level == pytest.approx(36.5 / 40)
    assert metric.x == pytest.approx([-0.0125, 0.0125] * 4)
    assert metric.variances[0] == pytest.approx(36.5 / 40 * 3.5 / 40 / 40, rel=0.05)


def test_a_tag_gets_a_reference_when_it_is_asked_for(watch, run_of, key):
    runs = [run_of(n, {Role.CURRENT: ALTERNATING}) for n in range(8)]
    metrics = freeze(watch, runs, tags=["hard"], **FACTS).metrics
    assert set(metrics[key(tag="hard")].case_means) == {f"c{number}" for number in range(10, 20)}
