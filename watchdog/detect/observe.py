"""Observe: one run held against the baseline, a number for every metric that can be trusted this time.

What cannot be trusted is *unobserved*, with a reason, and never reaches a detector: too few cases, too many lost to
failing calls, or an instrument that is no longer the baseline's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from watchdog.detect.admission import Verdict, admit
from watchdog.detect.scores import ArmScores, RunScores
from watchdog.detect.summary import counts_failures, paired_cases, signed_summary
from watchdog.detect.ties import tie_breaker
from watchdog.domain.baseline import Baseline, MetricBaseline
from watchdog.domain.case import Estimand
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Admission, Arm, MetricKey, Observation, Unobserved
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.stats.scatter import Look, scatter

#: Share of a golden set's cases that may be changed or gone before a new baseline is needed; they leave the pairing.
MOST_CHANGED = 0.2


class Observed(NamedTuple):
    """What a run says of each metric, and which instruments differ from the baseline's."""

    observations: list[Observation]
    unobserved: list[Unobserved]
    changed: tuple[str, ...]


def observe(
    watch: Watch,
    baseline: Baseline,
    run: RunScores,
    *,
    tags: Collection[str] = (),
    history: Callable[[MetricKey], Sequence[Observation]] = lambda _key: (),
) -> Observed:
    """Observations of a run, in the order of their keys; for the rest, why there is none.

    ``history``: the newest looks of a pinned metric before this one, ``scatter.LOOKS`` of them.
    """
    control = _Control(watch, baseline, history)
    changed = baseline.instruments.differences(run.instruments)
    observations: list[Observation] = []
    unobserved: list[Unobserved] = []
    for key in sorted({*run.arms(watch.name, tags), *filter(partial(_watched, watch), baseline.metrics)}):
        reference = baseline.metrics.get(key)
        arm = run.of(key)
        if not arm.planned and _not_its_turn(watch, run, key):
            continue
        paired = frozenset[str]() if reference is None else paired_cases(reference, run, arm)
        scored = len(arm.scores.keys() & paired)
        verdict = _verdict(watch, reference, arm, paired, changed, run, key)
        if reference is not None and verdict.admission is Admission.ADMITTED:
            seen = _observation(watch, reference, run, arm, paired)
            observations.append(replace(seen, scatter=control.scatter(key)) if key.arm is Arm.DIFFERENCE else seen)
        else:
            unobserved.append(
                Unobserved(
                    key=key,
                    run_id=run.run_id,
                    at=run.at,
                    admission=verdict.admission,
                    n=scored,
                    planned=len(paired) or len(arm.planned),
                    reason=verdict.reason,
                )
            )
    return Observed(observations, unobserved, changed)


class _Control:
    """How much the pinned arm scatters lately. A scorer's looks are read once: all of its tags are in them."""

    def __init__(self, watch: Watch, baseline: Baseline, history: Callable[[MetricKey], Sequence[Observation]]) -> None:
        self._watch = watch
        self._metrics = baseline.metrics
        self._history = history
        self._looks: dict[MetricKey, list[Look]] = {}
        cases = watch.golden.cases if watch.golden else ()
        mates = Counter(case.cluster for case in cases if case.cluster is not None)
        #: By case, as in the mean over all: those of a cluster share its weight.
        self._weights = {case.id: case.weight / (mates[case.cluster] if case.cluster else 1) for case in cases}

    def scatter(self, key: MetricKey) -> float:
        """Times by which the variance of a difference has grown; 1 where nothing tells (on traffic, of measures)."""
        reference = self._metrics.get(replace(key, arm=Arm.PINNED))
        if key.estimand is Estimand.TRAFFIC or self._watch.measure(key.scorer) is not None or reference is None:
            return 1.0
        return scatter(self._looks_of(replace(key, arm=Arm.PINNED, tag="")), reference.case_variances, self._weights)

    def _looks_of(self, key: MetricKey) -> list[Look]:
        if key not in self._looks:
            reference = self._metrics.get(key)
            variances = {} if reference is None else reference.case_variances
            self._looks[key] = [
                Look.of(seen.case_scores, seen.variance, variances, self._weights)
                for seen in (self._history(key) if variances else ())
            ]
        return self._looks[key]


def _not_its_turn(watch: Watch, run: RunScores, key: MetricKey) -> bool:
    """Whether a look did not set out to measure a metric.

    Not each grades the judges' anchors, asks the pinned target, or has a case of each tag.
    """
    if key.arm is Arm.ANCHORS:
        return True
    if key.arm in {Arm.PINNED, Arm.DIFFERENCE} and Role.PINNED in watch.targets:
        asked = {series.role for series in run.planned}
        if Role.CURRENT in asked and Role.PINNED not in asked:
            return True
    golden = watch.golden.cases if watch.golden else ()
    return key.tag in watch.tags and any(key.tag in case.tags for case in golden)


def _watched(watch: Watch, key: MetricKey) -> bool:
    """Whether a metric of the baseline still is one: a measure that was switched off is no loss."""
    return key.scorer not in set(Measure) or watch.measure(key.scorer) is not None


def _verdict(
    watch: Watch,
    reference: MetricBaseline | None,
    arm: ArmScores,
    paired: frozenset[str],
    changed: tuple[str, ...],
    run: RunScores,
    key: MetricKey,
) -> Verdict:
    if reference is None:
        return Verdict(Admission.VOID, "the baseline does not know this metric; freeze a new one")
    if not arm.planned and watch.measure(key.scorer) is not None:
        return Verdict(Admission.VOID, "no answer tells it any more")
    stopped = _stopped_by(reference, paired | _elsewhere(watch, reference, run), changed, key)
    if stopped:
        return Verdict(Admission.VOID, f"the {stopped} changed since the baseline; freeze a new one on purpose")
    return admit(
        scored=len(arm.scores.keys() & paired),
        planned=len(paired),
        errors=len(arm.errors & paired),
        floor=watch.floor,
    )


def _elsewhere(watch: Watch, reference: MetricBaseline, run: RunScores) -> frozenset[str]:
    """Cases of the golden set whose turn it is not, unchanged since the baseline."""
    known = {} if watch.golden is None else {case.id: case.digest for case in watch.golden.cases}
    return frozenset(
        case for case, digest in reference.case_digests.items() if case not in run.cases and known.get(case) == digest
    )


def _stopped_by(
    reference: MetricBaseline, paired: frozenset[str], changed: tuple[str, ...], key: MetricKey
) -> str | None:
    """Name of the changed instrument that makes this metric incomparable. ``paired``: cases that are as they were."""
    if f"scorer {key.scorer}" in changed:
        return f"scorer {key.scorer}"
    if key.arm is Arm.ANCHORS:
        return "judge's set of anchors" if _too_few_left(reference, paired) else None
    if "pinned target" in changed and key.arm in {Arm.PINNED, Arm.DIFFERENCE}:
        return "pinned target"
    if "golden set" in changed and key.estimand is Estimand.GOLDEN_SET and _too_few_left(reference, paired):
        return "golden set"
    return None


def _too_few_left(reference: MetricBaseline, paired: frozenset[str]) -> bool:
    known = len(reference.case_means)
    return known - len(paired) > MOST_CHANGED * known


def _observation(
    watch: Watch, reference: MetricBaseline, run: RunScores, arm: ArmScores, paired: frozenset[str]
) -> Observation:
    key = reference.key
    spread = _spread(reference)
    summary = signed_summary(watch, reference, run, arm, level=reference.level, spread=spread)
    return Observation(
        key=key,
        run_id=run.run_id,
        at=run.at,
        n=summary.n,
        planned=len(paired),
        level=summary.level,
        x=summary.x,
        variance=summary.variance,
        lost=summary.lost if counts_failures(watch, key) else None,
        u=tie_breaker(run.run_id, key),
        case_scores={case: score.value for case, score in arm.scores.items() if case in paired},
    )


def _spread(reference: MetricBaseline) -> float:
    """Variance of one traffic input's score, as the baseline's runs had it."""
    if not reference.n:
        return 0.0
    return sum(variance * n for variance, n in zip(reference.variances, reference.n, strict=True)) / len(reference.n)
