"""What may become of a frozen baseline: locked in spite of a remark, extended once. Never by itself."""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.detect.extension import extended
from watchdog.domain.alert import AlertState, AlertType
from watchdog.domain.baseline import Baseline, BaselineStatus, Step, StepKind
from watchdog.domain.detection import Level
from watchdog.domain.digest import digest
from watchdog.domain.metric import Arm
from watchdog.domain.run import Run, RunStatus
from watchdog.domain.watch import Watch
from watchdog.errors import NotMeasured, UsageError
from watchdog.store.store import Session, Store

_DOUBTFUL = (Level.SUSPECT, Level.DRIFT)


def lock_candidate(store: Store, watch: Watch, *, by: str, because: str, now: float) -> Baseline:
    """Put the candidate in force in spite of what the check said of it.

    Raises:
        UsageError: there is none.
    """
    with store.begin() as session:
        candidate = session.baselines.candidate(watch.name)
        if candidate is None:
            raise UsageError(
                f"{watch.name} has no candidate to lock; 'eval-watchdog baseline show {watch.name}' says what it has"
            )
        step = Step(kind=StepKind.LOCKED, at=now, by=by, because=because)
        locked = replace(
            candidate,
            status=BaselineStatus.LOCKED,
            frozen_at=now,
            frozen_by=by,
            reason=because,
            steps=(*candidate.steps, step),
        )
        session.baselines.add(locked)
    return locked


def extend_baseline(store: Store, watch: Watch, *, by: str, because: str, now: float) -> Baseline:
    """The locked baseline with every calm look since then among its runs, as a new version; done once.

    Calm is a look at which no metric of the watch was in doubt and no model alert was firing.

    Raises:
        UsageError: there is no baseline that may be extended.
        NotMeasured: there is nothing to extend it by.
    """
    with store.begin() as session:
        baseline = session.baselines.current(watch.name)
        if baseline is None or baseline.status is not BaselineStatus.LOCKED:
            raise UsageError(f"{watch.name} has no locked baseline; 'eval-watchdog baseline freeze {watch.name}' first")
        if baseline.extended:
            raise UsageError(f"baseline {baseline.version} of {watch.name} was extended already; freeze a new one")
        alerts = session.alerts.all(watch=watch.name)
        told = [a for a in alerts if a.fired_at is not None and a.labels.get("alert_type") == AlertType.MODEL.value]
        if any(alert.state is AlertState.FIRING for alert in told):
            raise NotMeasured(f"a model alert of {watch.name} is firing; what is extended by now is not calm")
        bad = [(alert.starts_at, alert.resolved_at or now) for alert in told]
        runs = [
            run
            for run in session.runs.of_watch(watch.name, since=baseline.frozen_at, statuses=[RunStatus.FINISHED])
            if not any(start <= run.planned_for < end for start, end in bad)
        ]
        calm = {run.id: run for run in runs if run.id not in baseline.run_ids and _calm(session, run)}
        observations = [
            o for o in session.detection.observations(watch.name, since=baseline.frozen_at) if o.run_id in calm
        ]
        if not observations:
            raise NotMeasured(f"{watch.name} has had no calm look since baseline {baseline.version} was frozen")
        first = [run for run_id in baseline.run_ids if (run := session.runs.get(run_id)) is not None]
        longer = extended(
            watch,
            baseline,
            observations,
            run_times=sorted(run.planned_for for run in (*first, *calm.values())),
            step=Step(kind=StepKind.EXTENDED, at=now, by=by, because=because),
            baseline_id=digest([watch.name, now, by]),
            version=session.baselines.next_version(watch.name),
        )
        session.baselines.add(longer)
    return longer


def _calm(session: Session, run: Run) -> bool:
    """Whether no metric was in doubt; the difference of the arms is read beside them."""
    said = session.detection.signals(run.watch, run_id=run.id)
    return not any(signal.level in _DOUBTFUL for signal in said if signal.key.arm is not Arm.DIFFERENCE)
