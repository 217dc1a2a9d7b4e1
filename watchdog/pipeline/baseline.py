"""Freezing and comparing baselines over the store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from watchdog.detect.baseline import freeze
from watchdog.detect.scores import RunScores
from watchdog.domain.alert import AlertType
from watchdog.domain.baseline import Baseline
from watchdog.domain.digest import digest
from watchdog.domain.metric import Arm
from watchdog.domain.run import Run, RunStatus
from watchdog.domain.watch import Watch
from watchdog.errors import NotMeasured
from watchdog.pipeline.anchors import graded
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measured import measured_calls, outcomes_of, worst_cases
from watchdog.pipeline.planned import planned_scores
from watchdog.pipeline.scope import asked_cases, asked_roles, looks_for_baseline
from watchdog.stats.interval import Moments, effect
from watchdog.store.store import Session, Store


def freeze_baseline(
    store: Store,
    built: BuiltWatch,
    *,
    by: str,
    because: str,
    now: float,
    runs: int | None = None,
    accept_drift: bool = False,
) -> Baseline:
    """A new baseline from the newest finished runs of a watch; remembered, the old one superseded.

    Only runs of today's instruments are taken, and none during which a model alert of the watch was firing; with
    ``accept_drift`` these too: the level that they show is meant to be the new normal. Without ``runs``: as many
    as it takes to know every case.

    Raises:
        NotMeasured: there is no such run.
    """
    watch = built.watch
    with store.begin() as session:
        finished = session.runs.of_watch(watch.name, statuses=[RunStatus.FINISHED])
        same = [run for run in finished if not run.instruments.differences(built.instruments)]
        bad = [
            (alert.starts_at, alert.resolved_at or float("inf"))
            for alert in session.alerts.all(watch=watch.name)
            if not accept_drift
            and alert.fired_at is not None
            and alert.labels.get("alert_type") == AlertType.MODEL.value
        ]
        calm = [run for run in same if not any(start <= run.planned_for < end for start, end in bad)]
        if not calm:
            raise NotMeasured(_why_none(watch, len(finished), len(same)))
        newest = runs or looks_for_baseline(watch)
        chosen = [run_scores(session, built, run) for run in calm[-newest:]]
        calm_ids = {run.id for run in calm}
        anchored = {
            run.id: run_scores(session, built, run)
            for metric in built.anchors
            for run in session.runs.with_anchors(calm[-1], metric, last=newest)
            if run.id in calm_ids
        }
        baseline = freeze(
            watch,
            chosen,
            baseline_id=digest([watch.name, now, by]),
            version=session.baselines.next_version(watch.name),
            at=now,
            by=by,
            reason=because,
            tags=watch.tags,
            anchored=sorted(anchored.values(), key=lambda run: run.at),
        )
        session.baselines.add(baseline)
    return baseline


def _why_none(watch: Watch, finished: int, same: int) -> str:
    if not finished:
        return f"{watch.name} has no finished run; 'eval-watchdog run {watch.name}' makes one"
    if not same:
        return (
            f"none of the {finished} finished runs of {watch.name} was measured with today's instruments "
            "(golden set, scorers, pinned target); run some looks first"
        )
    return (
        f"a model alert of {watch.name} was firing during all of its runs; if their level is meant to be the new "
        "normal, freeze with --accept-drift"
    )


def run_scores(session: Session, built: BuiltWatch, run: Run) -> RunScores:
    """What was scored in a run of the past, from the store."""
    watch = built.watch
    golden = asked_cases(watch, run.scope, watch.golden.cases if watch.golden else ())
    cases = {case.id: case for case in (*golden, *session.runs.cases(run.id, forgotten=True))}
    responses = {response.key: response for response in session.responses.of_run(run.id)}
    planned = planned_scores(watch, run.id, asked_roles(watch, run.scope), list(cases.values()))
    scores = session.scores.of_run(run.id)
    calls, _ = outcomes_of(planned, cases, responses, scores)
    told = measured_calls(watch, planned, cases, responses)
    anchors, grades = graded(built.anchors, scores)
    known = [*cases.values(), *anchors]
    return RunScores.collect(run.id, run.planned_for, known, [*calls, *told, *grades], run.instruments)


class Comparison(Struct, frozen=True, kw_only=True):
    """A metric of the current target against its baseline."""

    metric: str
    #: Mean scores, 0..1.
    baseline: float
    level: float
    #: Unit of a measure, whose levels are in it and whose effects are log-ratios; empty for scores.
    unit: str
    #: Mean paired difference in score units, with its 90 % interval.
    effect: float
    interval: tuple[float, float]
    looks: int
    #: Cases of the newest look.
    cases: int
    #: The cases that lost most in the newest look.
    worst: tuple[str, ...]


def compare_with_baseline(store: Store, watch: Watch, *, looks: int) -> list[Comparison]:
    """The newest looks of the current target against the baseline.

    Raises:
        NotMeasured: there is no baseline, or no look since.
    """
    with store.read() as session:
        baseline = session.baselines.current(watch.name)
        if baseline is None:
            raise NotMeasured(f"{watch.name} has no baseline; 'eval-watchdog baseline freeze {watch.name}' makes one")
        observations = session.detection.observations(watch.name, since=baseline.frozen_at)
    found = []
    for key, reference in baseline.metrics.items():
        seen = [o for o in observations if o.key == key][-looks:]
        if key.arm is not Arm.CURRENT or not seen:
            continue
        change = effect(_moments([o.x for o in seen]), _moments(reference.x))
        worst = worst_cases(watch, baseline, seen[-1:])
        found.append(
            Comparison(
                metric=str(key),
                baseline=reference.level,
                level=sum(o.level for o in seen) / len(seen),
                unit=watch.unit(key.scorer),
                effect=change.value,
                interval=(change.low, change.high),
                looks=len(seen),
                cases=seen[-1].n,
                worst=tuple(str(case) for case in worst.get(key, ())),
            )
        )
    if not found:
        raise NotMeasured(f"{watch.name} has not been looked at since its baseline was frozen")
    return found


def _moments(values: Sequence[float]) -> Moments:
    return Moments.of(np.asarray(values, dtype=float))
