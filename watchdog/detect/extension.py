"""Extending a baseline: later calm looks are added to its runs, once and on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from watchdog.detect.quality import remarks
from watchdog.domain.baseline import Baseline, BaselineStatus, MetricBaseline, Step
from watchdog.domain.metric import MetricKey, Observation
from watchdog.domain.watch import Watch
from watchdog.errors import NotMeasured


def extended(
    watch: Watch,
    baseline: Baseline,
    observations: Iterable[Observation],
    *,
    run_times: Sequence[float],
    step: Step,
    baseline_id: str,
    version: int,
) -> Baseline:
    """A new version of a locked baseline with later observations among its runs.

    What is known of each case stays as it was, and so does the zero of every summary: a longer reference, not another
    one. ``observations``: of calm looks after the baseline's, oldest first. ``run_times``: Unix times of all runs.

    Raises:
        NotMeasured: with them the level would have moved; that is no extension but another baseline.
    """
    later: dict[MetricKey, list[Observation]] = {}
    for observation in observations:
        later.setdefault(observation.key, []).append(observation)
    metrics = {key: _longer(metric, later.get(key, ())) for key, metric in baseline.metrics.items()}
    said = remarks(watch, metrics, run_times, every=watch.schedule.every)
    if said and said[0].blocks:
        raise NotMeasured(
            f"{watch.name} cannot be extended: {said[0].said}; freeze a new baseline if that is the new normal"
        )
    seen = dict.fromkeys(o.run_id for found in later.values() for o in sorted(found, key=lambda o: o.at))
    return replace(
        baseline,
        id=baseline_id,
        version=version,
        status=BaselineStatus.LOCKED,
        frozen_at=step.at,
        frozen_by=step.by,
        reason=step.because,
        run_ids=(*baseline.run_ids, *seen),
        metrics=metrics,
        remarks=said,
        steps=(*baseline.steps, step),
    )


def _longer(metric: MetricBaseline, later: Sequence[Observation]) -> MetricBaseline:
    counted = len(metric.lost) == len(metric.x) and all(observation.lost is not None for observation in later)
    return replace(
        metric,
        x=(*metric.x, *(observation.x for observation in later)),
        variances=(*metric.variances, *(observation.variance for observation in later)),
        n=(*metric.n, *(observation.n for observation in later)),
        lost=(*metric.lost, *(observation.lost or 0.0 for observation in later)) if counted else (),
    )
