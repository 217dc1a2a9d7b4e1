"""A gate that was passed seeds the next baseline when its candidate is deployed.

The reference stays the one that was measured over days: its runs, its cases, its noise. Only where the gate was sure
that the candidate is better or worse is the level moved, by as much as the gate measured. So a deliberate change is no
drift, and the watch goes on finding drops while nobody has frozen anything yet. What the gate could not see, a change
within its margin, is still in the level: freeze a baseline of the candidate's own looks when there are enough.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.domain.baseline import Baseline, MetricBaseline, Step, StepKind
from watchdog.domain.digest import digest
from watchdog.domain.gate import GateVerdict
from watchdog.domain.metric import Arm, Better
from watchdog.domain.run import Run, Subject
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Watch
from watchdog.errors import InstrumentChanged, NotMeasured, UnknownName, UsageError
from watchdog.pipeline.subject import subject_of


class Shift(Struct, frozen=True, kw_only=True):
    """What a gate was sure of: how one metric changed. Signed so that negative is worse."""

    name: str
    tag: str
    #: Score units, or minus a log-ratio.
    effect: float


def promote(app: App, gate_id: str, *, by: str, because: str) -> Baseline:
    """A new baseline for the candidate of a gate; remembered, the old one superseded.

    Raises:
        UnknownName: there is no such gate.
        UsageError: it was not passed, its candidate is not what the workspace has as current now, or its baseline is
            not what the watch's baseline was measured on.
        NotMeasured: the watch has no baseline that could be carried on.
        InstrumentChanged: the baseline was measured with other instruments than today's.
    """
    now = app.clock.now()
    with app.store.begin() as session:
        row = session.gates.get(gate_id)
        run = None if row is None else session.runs.get(row.id)
        if row is None or run is None or row.report is None:
            raise UnknownName(f"there is no gate {gate_id!r} with a verdict; every gate's report ends with its id")
        if row.verdict != GateVerdict.PASS.value:
            raise UsageError(f"gate {row.id} was not passed ({row.verdict}); only a passed gate seeds a baseline")
        watch = app.watch(row.watch)
        _deployed(watch.targets[Role.CURRENT], row.report["candidate"])
        baseline = session.baselines.current(watch.name)
        if baseline is None:
            raise NotMeasured(f"{watch.name} has no baseline to carry on; 'baseline freeze' makes one from its looks")
        differing = baseline.instruments.differences(app.built(watch.name).instruments)
        if differing:
            raise InstrumentChanged(f"the {', '.join(differing)} changed since the baseline; freeze a new one")
        measured = session.runs.get(baseline.run_ids[-1])
        _carries_on(row.report["baseline"], run, baseline, None if measured is None else measured.subject)
        carried = promoted(
            watch,
            baseline,
            shifts(row.report["metrics"]),
            run_id=run.id,
            step=Step(kind=StepKind.PROMOTED, at=now, by=by, because=because),
            baseline_id=digest([watch.name, now, by, row.id]),
            version=session.baselines.next_version(watch.name),
        )
        session.runs.save(replace(run, subject=_subject(watch, row.report["candidate"], run)))
        session.baselines.add(carried)
    return carried


def shifts(metrics: Sequence[Mapping[str, Any]]) -> list[Shift]:
    """The metrics of a report whose interval leaves no change out."""
    return [
        Shift(name=metric["name"], tag=metric["tag"], effect=metric["effect"])
        for metric in metrics
        if metric["interval"] is not None and (metric["interval"][0] > 0 or metric["interval"][1] < 0)
    ]


def promoted(
    watch: Watch,
    baseline: Baseline,
    changes: Sequence[Shift],
    *,
    run_id: str,
    step: Step,
    baseline_id: str,
    version: int,
) -> Baseline:
    """The baseline with the level of the candidate, where that is known to differ."""
    known = {(change.name, change.tag): change.effect for change in changes}

    def moved(metric: MetricBaseline) -> MetricBaseline:
        key = metric.key
        effect = known.get((key.scorer, key.tag), 0.0)
        if not effect or key.arm not in (Arm.CURRENT, Arm.DIFFERENCE):
            return metric
        if watch.measure(key.scorer) is not None:
            # Cases are remembered as logarithms, the level in units (a ratio, where two arms are compared).
            return replace(_shifted(metric, -effect), level=metric.level * math.exp(-effect))
        rise = -effect if watch.scorer(key.scorer).better is Better.LOWER else effect
        if key.arm is Arm.DIFFERENCE:
            return replace(_shifted(metric, rise), level=metric.level + rise)
        return _brought_nearer(metric, rise, fewer_failures=effect)

    return replace(
        baseline,
        id=baseline_id,
        version=version,
        frozen_at=step.at,
        frozen_by=step.by,
        reason=step.because,
        run_ids=(*baseline.run_ids, run_id),
        metrics={key: moved(metric) for key, metric in baseline.metrics.items()},
        steps=(*baseline.steps, step),
    )


def _shifted(metric: MetricBaseline, by: float) -> MetricBaseline:
    """Every case's mean moved as far."""
    return replace(metric, case_means={case: mean + by for case, mean in metric.case_means.items()})


def _brought_nearer(metric: MetricBaseline, rise: float, *, fewer_failures: float) -> MetricBaseline:
    """Scores brought nearer to 1 (to 0 where ``rise`` is negative), each by the same part of its way.

    So they stay between 0 and 1 and their mean moves by ``rise``, which cutting off at 1 would not do.
    """
    bound = 1.0 if rise > 0 else 0.0
    way = abs(bound - sum(metric.case_means.values()) / len(metric.case_means)) if metric.case_means else 0.0
    part = min(1.0, abs(rise) / way) if way else 0.0
    return replace(
        metric,
        case_means={case: mean + part * (bound - mean) for case, mean in metric.case_means.items()},
        level=min(max(metric.level + rise, 0.0), 1.0),
        lost=tuple(max(0.0, lost - fewer_failures * n) for lost, n in zip(metric.lost, metric.n, strict=False)),
    )


def _deployed(current: Target, candidate: Mapping[str, Any]) -> None:
    """Refuse a baseline for something that is not what the watch looks at."""
    prompt = current.prompt.digest if current.prompt else ""
    pairs = {
        "provider": (current.provider, candidate["provider"]),
        "model": (current.model, candidate["model"]),
        "prompt": (prompt, candidate["prompt_digest"]),
        "parameters": (dict(current.parameters), dict(candidate["parameters"])),
    }
    other = [name for name, (ours, theirs) in pairs.items() if ours != theirs]
    if other:
        raise UsageError(
            f"the gate's candidate is not what watchdog.yaml has as current ({', '.join(other)} differs); deploy it, "
            "write it there, and promote then"
        )


def _carries_on(arm: Mapping[str, Any], gate: Run, baseline: Baseline, measured: Subject | None) -> None:
    """Refuse a gate whose difference does not begin where the baseline stands."""
    if gate.id in baseline.run_ids:
        raise UsageError(f"gate {gate.id} is in the baseline already; nothing is promoted twice")
    differing = gate.instruments.differences(baseline.instruments)
    if differing:
        raise InstrumentChanged(f"the {', '.join(differing)} changed between the baseline and the gate; gate anew")
    if measured is None:
        return
    pairs = {
        "provider": (measured.provider or arm["provider"], arm["provider"]),
        "model": (measured.model, arm["model"]),
        "prompt": (measured.prompt, arm["prompt_digest"]),
        "parameters": (measured.parameters, digest(dict(arm["parameters"]))),
    }
    other = [name for name, (ours, theirs) in pairs.items() if ours != theirs]
    if other:
        raise UsageError(
            f"the gate's baseline is not what the watch's baseline was measured on ({', '.join(other)} differs), so "
            "its difference says nothing of it; gate against what was deployed then, or freeze a baseline of new looks"
        )


def _subject(watch: Watch, candidate: Mapping[str, Any], run: Run) -> Subject:
    """What the gate measured, as a look at the candidate would have put it: from now on that is no change."""
    ours = subject_of(watch, ())
    fingerprints = run.subject.fingerprints.get(Role.CANDIDATE, ())
    return replace(
        ours,
        served_models={Role.CURRENT: tuple(candidate["served_models"])},
        fingerprints={Role.CURRENT: fingerprints} if fingerprints else {},
    )
