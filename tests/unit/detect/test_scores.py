"""Scores of a run, by case."""

from watchdog.detect.scores import RunScores, ScoredCall, Series
from watchdog.domain.case import Estimand
from watchdog.domain.metric import Arm
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.stats.paired import CaseScore

CURRENT = Series("exact", Role.CURRENT, Estimand.GOLDEN_SET)


def test_repeats_of_a_case_become_one_mean(cases, key):
    calls = [
        ScoredCall(CURRENT, "c0", Outcome.PASSED, 1.0),
        ScoredCall(CURRENT, "c0", Outcome.FAILED, 0.0),
        ScoredCall(CURRENT, "c0", Outcome.ERROR, None),
        ScoredCall(CURRENT, "c1", Outcome.ERROR, None),
        ScoredCall(CURRENT, "c2", Outcome.UNSCORED, None),
        ScoredCall(CURRENT, "c3", Outcome.SKIPPED, None),
    ]
    from watchdog.domain.baseline import Instruments

    arm = RunScores.collect("r", 0.0, cases, calls, Instruments()).of(key())
    assert arm.scores == {"c0": CaseScore(value=0.5, repeats=2)}
    assert arm.planned == {"c0", "c1", "c2", "c3"}
    assert arm.errors == {"c1"}


def test_a_run_with_both_arms_has_their_difference_too(run_of, key):
    run = run_of(1, {Role.CURRENT: 0.0, Role.PINNED: 1.0})
    assert run.arms("reply") == sorted([key(Arm.CURRENT), key(Arm.PINNED), key(Arm.DIFFERENCE)])
    assert {score.value for score in run.of(key(Arm.DIFFERENCE)).scores.values()} == {-1.0}


def test_a_run_without_a_pinned_arm_has_no_difference(run_of, key):
    assert run_of(1, {Role.CURRENT: 1.0}).arms("reply") == [key()]


def test_a_tag_is_a_metric_of_its_own(run_of, key):
    run = run_of(1, {Role.CURRENT: [1.0] * 10 + [0.0] * 10})
    assert run.arms("reply", tags=["hard"]) == [key(), key(tag="hard")]
    assert len(run.of(key(tag="hard")).scores) == 10
    assert all(score.value == 0.0 for score in run.of(key(tag="hard")).scores.values())


def test_a_candidate_is_not_monitored(run_of):
    assert run_of(1, {Role.CANDIDATE: 1.0}).arms("reply") == []
