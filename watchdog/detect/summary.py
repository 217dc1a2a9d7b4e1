"""One run of one metric as one number: paired by case on a golden set, against the level on traffic.

Metrics of which less is better are turned round here, so that below this floor smaller is always worse.
"""

from __future__ import annotations

from dataclasses import replace

from watchdog.detect.scores import ArmScores, RunScores
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.case import Estimand
from watchdog.domain.metric import Better
from watchdog.domain.watch import Watch
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
    if key.estimand is Estimand.TRAFFIC:
        summary = unpaired(scores, level, spread, weights=run.weights())
    else:
        summary = summarise(
            scores, reference.case_means, reference.case_variances, weights=run.weights(), clusters=run.clusters()
        )
    if watch.scorer(key.scorer).better is Better.LOWER:
        return replace(summary, x=-summary.x, lost=summary.n - summary.lost)
    return summary


def plain_level(run: RunScores, arm: ArmScores) -> float:
    """Weighted mean score of one arm of a run."""
    nothing = dict.fromkeys(arm.scores, 0.0)
    return summarise(arm.scores, nothing, nothing, weights=run.weights(), clusters=run.clusters()).level
