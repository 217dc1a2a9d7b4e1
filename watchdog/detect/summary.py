"""One run of one metric as one number: paired by case on a golden set, against the level on traffic.

Metrics of which less is better are turned round here, so that below this floor smaller is always worse. Measures come
as logarithms and are cut to their baseline; only their level is in units, as people want it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.detect.scores import ArmScores, RunScores
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.case import Estimand
from watchdog.domain.metric import Arm, Better, MetricKey
from watchdog.domain.watch import Watch
from watchdog.stats.logratio import cut
from watchdog.stats.paired import Summary, summarise, unpaired


def paired_cases(reference: MetricBaseline, run: RunScores, arm: ArmScores) -> frozenset[str]:
    """Planned cases that can be held against the reference: known to it and unchanged; on traffic, all of them."""
    if reference.key.estimand is Estimand.TRAFFIC:
        return arm.planned
    return frozenset(
        case
        for case in arm.planned
        if case in reference.case_means and run.cases[case].digest == reference.case_digests.get(case)
    )


def signed_summary(
    watch: Watch, reference: MetricBaseline, run: RunScores, arm: ArmScores, *, level: float, spread: float
) -> Summary:
    """Summary of one arm of a run, smaller is worse. ``level`` and ``spread`` (of one input) serve traffic alone."""
    key = reference.key
    paired = paired_cases(reference, run, arm)
    scores = {case: score for case, score in arm.scores.items() if case in paired}
    measure = watch.measure(key.scorer)
    if measure is not None:
        level = math.log(level) if level > 0 else 0.0
        traffic = key.estimand is Estimand.TRAFFIC
        scores = cut(scores, dict.fromkeys(scores, level) if traffic else reference.case_means)
    if key.estimand is Estimand.TRAFFIC:
        summary = unpaired(scores, level, spread, weights=run.weights())
    else:
        summary = summarise(
            scores, reference.case_means, reference.case_variances, weights=run.weights(), clusters=run.clusters()
        )
    if measure is not None:
        summary = replace(summary, level=math.exp(summary.level))
    if watch.plan(key.scorer).better is Better.LOWER:
        return replace(summary, x=-summary.x, lost=summary.n - summary.lost)
    return summary


def counts_failures(watch: Watch, key: MetricKey) -> bool:
    """Whether what a run lost is a number of failures: not so for differences of two arms and for measures."""
    return key.arm is not Arm.DIFFERENCE and watch.measure(key.scorer) is None


def mean_level(watch: Watch, key: MetricKey, runs: Sequence[tuple[RunScores, ArmScores]]) -> float:
    """Mean over the runs of the weighted mean score of one arm; of a measure in units, as a geometric mean."""
    level = sum(_plain_level(run, arm) for run, arm in runs) / len(runs)
    return level if watch.measure(key.scorer) is None else math.exp(level)


def _plain_level(run: RunScores, arm: ArmScores) -> float:
    nothing = dict.fromkeys(arm.scores, 0.0)
    return summarise(arm.scores, nothing, nothing, weights=run.weights(), clusters=run.clusters()).level
