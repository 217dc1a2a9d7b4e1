"""Freeze: admitted runs become the reference that later looks are held against.

Golden sets are paired by case: a reference keeps each case's mean and variance. Traffic brings new inputs each time:
its reference is the level, and how much one input's score varies. The difference of the arms is a series like others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from watchdog.detect.admission import admit
from watchdog.detect.scores import ArmScores, RunScores
from watchdog.detect.summary import paired_cases, plain_level, signed_summary
from watchdog.domain.baseline import Baseline, BaselineStatus, MetricBaseline
from watchdog.domain.case import Estimand
from watchdog.domain.metric import Admission, Arm, MetricKey
from watchdog.domain.watch import Watch
from watchdog.errors import InstrumentChanged, NotMeasured
from watchdog.stats.paired import CaseScore, between_variance, case_baselines

#: Share of the baseline runs in which a case must have been scored to be paired.
SEEN_IN = 0.5


def freeze(
    watch: Watch,
    runs: Sequence[RunScores],
    *,
    baseline_id: str,
    version: int,
    at: float,
    by: str,
    reason: str,
    tags: Collection[str] = (),
    anchored: Sequence[RunScores] = (),
) -> Baseline:
    """The reference of every metric of a watch from its runs, oldest first.

    ``anchored``: runs that graded the judges' anchors, oldest first; not every run does, and what they say depends on
    the judge alone.

    Raises:
        InstrumentChanged: the runs were not all measured with the same instruments.
        NotMeasured: there is no run of which any metric could be admitted.
    """
    for run in runs:
        changed = run.instruments.differences(runs[-1].instruments)
        if changed:
            raise InstrumentChanged(
                f"run {run.run_id} was measured with a different {', '.join(changed)} than run {runs[-1].run_id}; "
                "freeze from runs that share their instruments"
            )
    metrics: dict[MetricKey, MetricBaseline] = {}
    used: set[str] = set()
    keys = {key for run in runs for key in run.arms(watch.name, tags) if key.arm is not Arm.ANCHORS}
    keys |= {key for run in anchored for key in run.arms(watch.name) if key.arm is Arm.ANCHORS}
    for key in sorted(keys):
        among = anchored if key.arm is Arm.ANCHORS else runs
        admitted = [(run, arm) for run in among if _admitted(arm := run.of(key), len(arm.planned), watch.floor)]
        reference = _reference(key, admitted)
        admitted = [
            (run, arm)
            for run, arm in admitted
            if _admitted(arm, len(paired_cases(reference, run, arm)), watch.floor, paired_cases(reference, run, arm))
        ]
        if admitted:
            metrics[key] = _with_runs(watch, reference, admitted)
            used.update(run.run_id for run, _ in admitted)
    if not metrics:
        raise NotMeasured("none of these runs measured enough to be a baseline")
    fewest = min((len(metric.x) for key, metric in metrics.items() if key.arm is Arm.CURRENT), default=0)
    return Baseline(
        id=baseline_id,
        watch=watch.name,
        version=version,
        status=BaselineStatus.LOCKED if fewest >= watch.min_baseline_runs else BaselineStatus.LEARNING,
        frozen_at=at,
        frozen_by=by,
        reason=reason,
        run_ids=tuple(run.run_id for run in runs if run.run_id in used),
        instruments=runs[-1].instruments,
        metrics=metrics,
    )


def _admitted(arm: ArmScores, planned: int, floor: float, among: Collection[str] | None = None) -> bool:
    scored = len(arm.scores) if among is None else len(arm.scores.keys() & among)
    errors = len(arm.errors) if among is None else len(arm.errors & set(among))
    return admit(scored=scored, planned=planned, errors=errors, floor=floor).admission is Admission.ADMITTED


def _reference(key: MetricKey, admitted: Sequence[tuple[RunScores, ArmScores]]) -> MetricBaseline:
    """What is known of each case, without the summaries of the runs."""
    least = min(len(admitted), max(2, round(SEEN_IN * len(admitted))))
    traffic = key.estimand is Estimand.TRAFFIC
    counted = {} if traffic else case_baselines(_newest_digests(admitted), least_runs=least)
    digests = {case.id: case.digest for run, _ in admitted for case in run.cases.values()}
    return MetricBaseline(
        key=key,
        case_means={case: found.mean for case, found in counted.items()},
        case_counts={case: found.count for case, found in counted.items()},
        case_variances={case: found.variance for case, found in counted.items()},
        case_digests={case: digests[case] for case in counted},
        x=(),
        variances=(),
    )


def _newest_digests(admitted: Sequence[tuple[RunScores, ArmScores]]) -> list[dict[str, CaseScore]]:
    """Scores of each run, without the cases that were changed later."""
    newest = {case.id: case.digest for run, _ in admitted for case in run.cases.values()}
    return [
        {case: score for case, score in arm.scores.items() if run.cases[case].digest == newest[case]}
        for run, arm in admitted
    ]


def _with_runs(
    watch: Watch, reference: MetricBaseline, admitted: Sequence[tuple[RunScores, ArmScores]]
) -> MetricBaseline:
    """The reference with the summaries that its own runs give."""
    level = sum(plain_level(run, arm) for run, arm in admitted) / len(admitted)
    spread = between_variance(arm.scores for _, arm in admitted)
    summaries = [signed_summary(watch, reference, run, arm, level=level, spread=spread) for run, arm in admitted]
    return replace(
        reference,
        x=tuple(summary.x for summary in summaries),
        variances=tuple(summary.variance for summary in summaries),
        lost=() if reference.key.arm is Arm.DIFFERENCE else tuple(summary.lost for summary in summaries),
        n=tuple(summary.n for summary in summaries),
        level=level,
    )
