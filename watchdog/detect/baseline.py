"""Freeze: admitted runs become the reference that later looks are held against.

Golden sets are paired by case: a reference keeps each case's mean and variance. Traffic brings new inputs each time:
its reference is the level, and how much one input's score varies. The difference of the arms is a series like others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from watchdog.detect.admission import admit
from watchdog.detect.quality import remarks
from watchdog.detect.scores import ArmScores, RunScores
from watchdog.detect.summary import counts_failures, mean_level, paired_cases, signed_summary
from watchdog.domain.baseline import Baseline, BaselineStatus, MetricBaseline, Step, StepKind
from watchdog.domain.case import Estimand
from watchdog.domain.metric import Admission, Arm, MetricKey
from watchdog.domain.watch import Watch
from watchdog.errors import InstrumentChanged, NotMeasured
from watchdog.stats.logratio import case_medians
from watchdog.stats.paired import CaseScore, between_variance, case_baselines
from watchdog.stats.turns import doubt, out_of_sample

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
        reference = _reference(watch, key, admitted)
        admitted = [
            (run, arm)
            for run, arm in admitted
            if _admitted(arm, len(paired_cases(reference, run, arm)), watch.floor, paired_cases(reference, run, arm))
        ]
        if admitted:
            metrics[key] = _with_runs(watch, reference, admitted)
            used.update(run.run_id for run, _ in admitted)
    scored = {key: metric for key, metric in metrics.items() if watch.measure(key.scorer) is None}
    if not scored:
        raise NotMeasured("none of these runs measured enough to be a baseline")
    fewest = min((len(metric.x) for key, metric in scored.items() if key.arm is Arm.CURRENT), default=0)
    unknown = unknown_cases(watch, runs)
    kept = [run for run in runs if run.run_id in used]
    said = remarks(watch, metrics, [run.at for run in kept], every=watch.schedule.every)
    status = BaselineStatus.CANDIDATE if any(remark.blocks for remark in said) else BaselineStatus.LOCKED
    return Baseline(
        id=baseline_id,
        watch=watch.name,
        version=version,
        status=status if fewest >= watch.min_baseline_runs and not unknown else BaselineStatus.LEARNING,
        frozen_at=at,
        frozen_by=by,
        reason=reason,
        run_ids=tuple(run.run_id for run in kept),
        instruments=runs[-1].instruments,
        metrics=metrics,
        remarks=said,
        steps=(Step(kind=StepKind.FROZEN, at=at, by=by, because=reason),),
    )


def unknown_cases(watch: Watch, runs: Sequence[RunScores]) -> list[str]:
    """Cases of a golden set that looks take turns through which fewer than two of the runs asked."""
    if watch.cases_per_look is None or watch.golden is None:
        return []
    asked = Counter(case for run in runs for case in run.cases)
    return [case.id for case in watch.golden.cases if asked[case.id] < min(2, len(runs))]


def _admitted(arm: ArmScores, planned: int, floor: float, among: Collection[str] | None = None) -> bool:
    scored = len(arm.scores) if among is None else len(arm.scores.keys() & among)
    errors = len(arm.errors) if among is None else len(arm.errors & set(among))
    return admit(scored=scored, planned=planned, errors=errors, floor=floor).admission is Admission.ADMITTED


def _reference(watch: Watch, key: MetricKey, admitted: Sequence[tuple[RunScores, ArmScores]]) -> MetricBaseline:
    """What is known of each case, without the summaries of the runs."""
    traffic = key.estimand is Estimand.TRAFFIC
    by_case = case_baselines if watch.measure(key.scorer) is None else case_medians
    counted = {} if traffic else by_case(_paired(admitted))
    looks = _looks(admitted)
    digests = {case.id: case.digest for run, _ in admitted for case in run.cases.values()}
    return MetricBaseline(
        key=key,
        case_means={case: found.mean for case, found in counted.items()},
        case_counts={case: found.count for case, found in counted.items()},
        case_variances={case: found.variance * doubt(looks[case], len(admitted)) for case, found in counted.items()},
        case_digests={case: digests[case] for case in counted},
        x=(),
        variances=(),
    )


def _paired(admitted: Sequence[tuple[RunScores, ArmScores]]) -> list[dict[str, CaseScore]]:
    """Scores of each run, without cases that were scored in too few of the runs that asked them."""
    runs = _newest_digests(admitted)
    asked = Counter(case for _, arm in admitted for case in arm.planned)
    scored = Counter(case for run in runs for case in run)
    known = {case for case, count in scored.items() if count >= min(len(runs), max(2, round(SEEN_IN * asked[case])))}
    return [{case: score for case, score in run.items() if case in known} for run in runs]


def _looks(admitted: Sequence[tuple[RunScores, ArmScores]]) -> Counter[str]:
    """Runs in which each case was scored as it is now."""
    return Counter(case for run in _newest_digests(admitted) for case in run)


def _newest_digests(admitted: Sequence[tuple[RunScores, ArmScores]]) -> list[dict[str, CaseScore]]:
    """Scores of each run, without the cases that were changed later."""
    newest = {case.id: case.digest for run, _ in admitted for case in run.cases.values()}
    return [
        {case: score for case, score in arm.scores.items() if run.cases[case].digest == newest[case]}
        for run, arm in admitted
    ]


def _typical(looks: Mapping[str, int], reference: MetricBaseline, arm: ArmScores) -> float:
    """Harmonic mean of the looks at the cases that a run has in common with the reference."""
    seen = [looks[case] for case in arm.scores if case in reference.case_means]
    return len(seen) / sum(1 / count for count in seen) if seen else 1.0


def _with_runs(
    watch: Watch, reference: MetricBaseline, admitted: Sequence[tuple[RunScores, ArmScores]]
) -> MetricBaseline:
    """The reference with the summaries that its own runs give."""
    level = mean_level(watch, reference.key, admitted)
    spread = between_variance(arm.scores for _, arm in admitted)
    summaries = [signed_summary(watch, reference, run, arm, level=level, spread=spread) for run, arm in admitted]
    looks = _looks(admitted)
    factors = [out_of_sample(_typical(looks, reference, arm), len(admitted)) for _, arm in admitted]
    return replace(
        reference,
        x=tuple(summary.x * factor for summary, factor in zip(summaries, factors, strict=True)),
        variances=tuple(summary.variance for summary in summaries),
        lost=tuple(summary.lost for summary in summaries) if counts_failures(watch, reference.key) else (),
        n=tuple(summary.n for summary in summaries),
        level=level,
    )
