"""A passed gate seeds the next baseline."""

import math

import pytest
from msgspec.structs import replace

from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments, MetricBaseline, Step, StepKind
from watchdog.domain.case import CheckSpec
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.watch import MeasurePlan, Owner, ScorerPlan, Watch
from watchdog.gate.promote import Shift, promoted, shifts


def plan(name, better=Better.HIGHER):
    return ScorerPlan(name=name, spec=CheckSpec(name=name), better=better, layer=Layer.QUALITY)


WATCH = Watch(
    name="reply",
    feature="reply",
    owner=Owner(team="a"),
    targets={},
    scorers=(plan("exact"), plan("refusal", Better.LOWER)),
    measures=(MeasurePlan.of(Measure.LATENCY),),
)


def reference(scorer="exact", arm=Arm.CURRENT, means=(0.9, 0.5)):
    return MetricBaseline(
        key=MetricKey(watch="reply", scorer=scorer, arm=arm),
        case_means={f"c{number}": mean for number, mean in enumerate(means)},
        case_counts={},
        case_variances={},
        case_digests={},
        x=(0.01, -0.01),
        variances=(0.001, 0.001),
        lost=(0.6, 0.6),
        n=(2, 2),
        level=sum(means) / len(means),
    )


@pytest.fixture
def carry():
    def build(metric, *changes):
        baseline = Baseline(
            id="b1",
            watch="reply",
            version=1,
            status=BaselineStatus.LOCKED,
            frozen_at=1.0,
            frozen_by="a",
            reason="first",
            run_ids=("r1",),
            instruments=Instruments(),
            metrics={metric.key: metric},
        )
        step = Step(kind=StepKind.PROMOTED, at=2.0, by="b", because="v15 went out")
        found = promoted(WATCH, baseline, changes, run_id="g1", step=step, baseline_id="b2", version=2)
        return found, found.metrics[metric.key]

    return build


def test_what_was_measured_over_days_is_carried_on_with_who_and_why(carry):
    metric = reference()
    found, kept = carry(metric)
    assert kept == metric
    assert (found.version, found.status, found.frozen_by, found.reason) == (2, "locked", "b", "v15 went out")
    assert found.run_ids == ("r1", "g1")
    assert found.steps[-1].kind is StepKind.PROMOTED


def test_the_level_moves_where_the_gate_was_sure(carry):
    _, moved = carry(reference(), Shift(name="exact", tag="", effect=0.2))
    assert sum(moved.case_means.values()) / 2 == pytest.approx(0.9)
    assert all(before < after < 1 for before, after in zip((0.9, 0.5), moved.case_means.values(), strict=True))
    assert moved.level == pytest.approx(0.9)
    assert moved.lost == pytest.approx((0.2, 0.2))
    assert moved.x == (0.01, -0.01)


@pytest.mark.parametrize("effect", [0.2, -0.3])
def test_cases_that_cannot_be_better_do_not_take_from_the_change(carry, effect):
    """The next looks at what the gate measured begin at no difference."""
    _, moved = carry(reference(means=(1.0,) * 24 + (0.0,) * 6), Shift(name="exact", tag="", effect=effect))
    assert sum(moved.case_means.values()) / 30 == pytest.approx(0.8 + effect)
    assert moved.level == pytest.approx(0.8 + effect)
    assert all(0 <= mean <= 1 for mean in moved.case_means.values())


def test_less_may_be_better(carry):
    metric = replace(reference("refusal", means=(0.2, 0.4)), lost=(9.0, 9.0), n=(30, 30))
    _, moved = carry(metric, Shift(name="refusal", tag="", effect=0.1))
    assert moved.level == pytest.approx(0.2)
    assert sum(moved.case_means.values()) / 2 == pytest.approx(0.2)
    assert moved.lost == pytest.approx((6.0, 6.0))


@pytest.mark.parametrize("arm", [Arm.CURRENT, Arm.DIFFERENCE])
def test_a_measure_whose_cases_are_logarithms_is_scaled(carry, arm):
    metric = replace(reference("answer-latency", arm, means=(math.log(1.0), math.log(2.0))), level=math.sqrt(2.0))
    _, moved = carry(metric, Shift(name="answer-latency", tag="", effect=-math.log(1.2)))
    assert [math.exp(mean) for mean in moved.case_means.values()] == pytest.approx([1.2, 2.4])
    assert moved.level == pytest.approx(1.2 * math.sqrt(2.0))


def test_a_difference_from_the_pinned_target_moves_as_a_whole(carry):
    _, moved = carry(reference(arm=Arm.DIFFERENCE, means=(0.0, -0.1)), Shift(name="exact", tag="", effect=0.2))
    assert moved.case_means == pytest.approx({"c0": 0.2, "c1": 0.1})


def test_the_pinned_arm_and_other_tags_stay(carry):
    pinned = reference(arm=Arm.PINNED)
    assert carry(pinned, Shift(name="exact", tag="", effect=0.2))[1] == pinned
    tagged = replace(reference(), key=MetricKey(watch="reply", scorer="exact", arm=Arm.CURRENT, tag="de"))
    assert carry(tagged, Shift(name="exact", tag="", effect=0.2))[1] == tagged


def test_only_what_is_surely_changed_counts():
    def row(name, low, high):
        return {"name": name, "tag": "", "effect": (low + high) / 2, "interval": [low, high]}

    rows = [row("up", 0.01, 0.03), row("same", -0.01, 0.01), row("down", -0.03, -0.01)]
    assert [shift.name for shift in shifts([*rows, {**rows[0], "interval": None}])] == ["up", "down"]
