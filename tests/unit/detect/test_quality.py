"""What is said of a baseline before it is locked, and of one that is made longer."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from watchdog.detect.baseline import freeze
from watchdog.detect.extension import extended
from watchdog.domain.baseline import BaselineStatus, Step, StepKind, Verdict
from watchdog.domain.metric import Arm, Observation
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.domain.watch import Schedule
from watchdog.errors import NotMeasured

FACTS = {"baseline_id": "b1", "version": 1, "at": 0.0, "by": "ann", "reason": "start"}
STEP = Step(kind=StepKind.EXTENDED, at=90_000.0, by="bob", because="a calm week")
#: The runs of these tests are 1000 s apart.
EVERY = 1000.0


@pytest.fixture
def watch(watch):
    return replace(watch, schedule=Schedule(every=EVERY))


@pytest.fixture
def frozen(watch, run_of):
    """A baseline of runs with so many of 20 cases right."""

    def make(right, **changes):
        runs = [run_of(n, {Role.CURRENT: [1.0] * k + [0.0] * (20 - k)}) for n, k in enumerate(right)]
        return freeze(replace(watch, **changes), runs, **FACTS)

    return make


def steady(runs, seed=3):
    return list(np.random.default_rng(seed).binomial(20, 0.9, runs))


def test_a_steady_baseline_is_sound_and_locked(frozen):
    baseline = frozen(steady(12))
    assert (baseline.status, baseline.verdict, baseline.remarks) == (BaselineStatus.LOCKED, Verdict.SOUND, ())
    [step] = baseline.steps
    assert (step.kind, step.by, step.because) == (StepKind.FROZEN, "ann", "start")


@pytest.mark.parametrize(("right", "way"), [(range(20, 8, -1), "fell"), (range(8, 20), "rose")])
def test_one_whose_level_moved_stays_a_candidate(frozen, right, way):
    baseline = frozen(right)
    assert (baseline.status, baseline.verdict) == (BaselineStatus.CANDIDATE, Verdict.MOVED)
    assert f"{way} by 55.0 points" in baseline.remarks[0].said


def test_a_move_too_small_to_matter_is_none(frozen):
    assert frozen([20] * 6 + [19] * 6, smallest_drop=0.2).status is BaselineStatus.LOCKED


def test_runs_that_hang_together_are_remarked_and_locked(frozen):
    baseline = frozen([20] * 5 + [15] * 10 + [20] * 5)  # down and up again: no trend
    assert (baseline.status, baseline.verdict) == (BaselineStatus.LOCKED, Verdict.DEPENDENT)


def test_runs_back_to_back_are_remarked(frozen):
    baseline = frozen(steady(12), schedule=Schedule(every=4 * EVERY))
    assert (baseline.status, baseline.verdict) == (BaselineStatus.LOCKED, Verdict.BACK_TO_BACK)
    assert "16.7 min apart, looks will be 1.11 h" in baseline.remarks[0].said


def test_runs_that_measured_too_little_are_remarked(watch, run_of):
    def run(n):
        half = [Outcome.ERROR] * 12 + [1.0] * 8
        lost = {Role.CURRENT: half if n % 2 else 1.0, Role.PINNED: 1.0}
        return run_of(n, lost)

    baseline = freeze(watch, [run(n) for n in range(16)], **FACTS)
    assert baseline.verdict is Verdict.VOID_RUNS
    assert "8 of its 16 runs" in baseline.remarks[0].said


def test_too_few_runs_are_learning_whatever_else_is_wrong(frozen):
    assert frozen(range(20, 13, -1)).status is BaselineStatus.LEARNING


def look(key, number, x, lost=1.0):
    return Observation(
        key=key, run_id=f"later{number}", at=20_000.0 + EVERY * number, n=20, planned=20, level=0.9, x=x,
        variance=0.004, lost=lost,
    )  # fmt: skip


def longer(watch, baseline, looks):
    times = [EVERY * n for n in range(len(baseline.run_ids))] + [look.at for look in looks]
    return extended(watch, baseline, looks, run_times=times, step=STEP, baseline_id="b2", version=2)


def test_an_extension_adds_runs_and_leaves_what_is_known_of_each_case(watch, frozen, key):
    baseline = frozen(steady(10))
    after = longer(watch, baseline, [look(key(), n, x) for n, x in enumerate([0.01, -0.02, 0.0])])
    before, metric = baseline.metrics[key()], after.metrics[key()]
    assert metric.x == (*before.x, 0.01, -0.02, 0.0)
    assert (len(metric.variances), len(metric.n), metric.lost[-3:]) == (13, 13, (1.0, 1.0, 1.0))
    assert (metric.case_means, metric.level) == (before.case_means, before.level)
    assert after.run_ids[-3:] == ("later0", "later1", "later2")
    assert (after.id, after.version, after.status) == ("b2", 2, BaselineStatus.LOCKED)
    assert (after.frozen_at, after.frozen_by, after.reason) == (90_000.0, "bob", "a calm week")
    assert (baseline.extended, after.extended) == (False, True)
    assert [step.kind for step in after.steps] == [StepKind.FROZEN, StepKind.EXTENDED]


def test_metrics_without_later_looks_stay_as_they_were(watch, frozen, key):
    baseline = frozen(steady(10))
    after = longer(watch, baseline, [look(key(Arm.PINNED), 0, 0.0)])
    assert after.metrics[key()] == baseline.metrics[key()]


def test_an_extension_that_would_move_the_level_is_refused(watch, frozen, key):
    baseline = frozen(steady(10))
    eroding = [look(key(), n, -0.02 * n) for n in range(10)]
    with pytest.raises(NotMeasured, match="freeze a new baseline"):
        longer(watch, baseline, eroding)
