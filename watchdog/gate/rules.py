"""Hard rules: cases that a candidate must pass, whatever the statistics say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from watchdog.detect.scores import ScoredCall
from watchdog.domain.case import Case
from watchdog.domain.gate import MUST_PASS, BrokenRule
from watchdog.domain.metric import Better
from watchdog.domain.score import Outcome
from watchdog.domain.watch import Watch
from watchdog.gate.measure import Measurement
from watchdog.gate.streams import BASELINE, CANDIDATE


class Rules(Struct, frozen=True, kw_only=True):
    """What became of the cases that must pass."""

    broken: tuple[BrokenRule, ...]
    #: Cases of whose checks one has not scored the candidate.
    unmeasured: int


def broken_rules(watch: Watch, calls: Sequence[ScoredCall], cases: Mapping[str, Case], so_far: Measurement) -> Rules:
    """The must-pass cases of which any answer of the candidate failed a check, whether that wakes anybody or not.

    A judge is no rule: it may err on a single answer.
    """
    must = {case.id for case in cases.values() if MUST_PASS in case.tags}
    # Of a check of which less is better, what it finds is the failure.
    bad = {
        plan.name: Outcome.FAILED if plan.better is Better.HIGHER else Outcome.PASSED
        for plan in watch.scorers
        if plan.spec.name != "judge"
    }
    concerned = [call for call in calls if call.case_id in must and call.series.scorer in bad]
    failed = {
        (call.case_id, call.series.scorer, call.series.role)
        for call in concerned
        if call.outcome is bad[call.series.scorer]
    }
    reasons = {
        (key.case_id, scorer): row.score.reason
        for (key, scorer), row in so_far.scores.items()
        if key.role is CANDIDATE and row.score.outcome is bad.get(scorer)
    }
    return Rules(
        broken=tuple(
            BrokenRule(
                case_id=case,
                metric=scorer,
                reason=reasons.get((case, scorer), ""),
                baseline_fails_too=(case, scorer, BASELINE) in failed,
            )
            for case, scorer, role in sorted(failed)
            if role is CANDIDATE
        ),
        unmeasured=len(_unmeasured(concerned)),
    )


def _unmeasured(calls: Sequence[ScoredCall]) -> set[str]:
    """Cases that some check should have told of and did not, or that none told of.

    A check that scores neither arm's answer has nothing to say of the case (no reference to compare with, say).
    """
    measured = {(call.case_id, call.series.scorer) for call in calls if call.value is not None}
    theirs = {
        (call.case_id, call.series.scorer) for call in calls if call.series.role is CANDIDATE and call.value is not None
    }
    expected = measured | {(call.case_id, call.series.scorer) for call in calls if call.outcome is not Outcome.UNSCORED}
    told = {case for case, _ in theirs}
    return {case for case, _ in expected - theirs} | {call.case_id for call in calls if call.case_id not in told}
