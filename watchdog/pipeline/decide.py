"""Decide: what a measured run means, and everything that follows from it, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from watchdog.alert.look import alerts_of_look
from watchdog.correlate.situation import Reference, Situation
from watchdog.correlate.stage import correlate
from watchdog.detect.admission import admit
from watchdog.detect.observe import observe
from watchdog.domain.alert import Incident, Transition
from watchdog.domain.baseline import Baseline
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Admission, Arm, MetricKey, Observation, Unobserved
from watchdog.domain.run import Change, Run, RunStatus
from watchdog.domain.watch import Watch
from watchdog.pipeline.alerting import keep_alerts, standing_of
from watchdog.pipeline.anchors import STANDS_FOR, anchors_key
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.control import control_looks
from watchdog.pipeline.measured import Measured, latency_quantiles, toppled, worst_cases
from watchdog.pipeline.news import Channels, change_news
from watchdog.pipeline.subject import changes_since
from watchdog.store.store import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was concluded from one run."""

    run: Run
    baseline: Baseline | None = None
    observations: Sequence[Observation] = ()
    unobserved: Sequence[Unobserved] = ()
    signals: Sequence[Signal] = ()
    changes: Sequence[Change] = ()
    transitions: Sequence[Transition] = ()
    incidents: Sequence[Incident] = ()
    #: Instruments that are no longer the baseline's.
    changed_instruments: Sequence[str] = ()
    #: Looks in a row without any observation, this one included.
    blind_looks: int = 0
    situation: Situation | None = field(default=None, repr=False)


def decide(session: Session, built: BuiltWatch, measured: Measured, *, now: float, channels: Channels) -> Decision:
    """Conclude and remember. Pure but for the session: the same store and run give the same decision.

    A run that failed stays failed; all others are finished.
    """
    watch, run = built.watch, measured.run
    baseline = session.baselines.current(watch.name)
    observations: list[Observation] = []
    unobserved: list[Unobserved] = []
    signals: list[Signal] = []
    changes: list[Change] = []
    known: list[Change] = []
    changed: tuple[str, ...] = ()
    standing: dict[MetricKey, Signal] = {}
    if baseline is None:
        admitted = _admitted_arms(built, measured)
    else:
        # numpy and scipy cost a quarter of a second that a look without a baseline need not pay.
        from watchdog.detect.kinds import detectors  # noqa: PLC0415
        from watchdog.detect.stage import detect  # noqa: PLC0415

        detector_for = detectors(watch, baseline, built.mean_runs_to_false_alarm)
        since = baseline.frozen_at
        observations, unobserved, changed = observe(
            watch,
            baseline,
            measured.run_scores,
            tags=watch.tags,
            history=control_looks(session, baseline, before=run.planned_for),
        )
        states = session.detection.states(watch.name, baseline.id)
        signals, after = detect(
            observations,
            baseline=baseline,
            states=states,
            detector_for=detector_for,
            history=lambda key: session.detection.observations(watch.name, since=since, key=key, case_scores=False),
        )
        signals = _settled(session, watch, baseline, observations, signals)
        standing = _standing(session, built, baseline, run, {s.key for s in signals} | {u.key for u in unobserved})
        changes, known = _changes(session, baseline, measured)
        session.detection.save_states(baseline.id, run.id, after)
        admitted = sum(_scored(watch, observation.key) for observation in observations)
    blind_looks = 0 if admitted else session.runs.blind_looks(watch.name) + 1
    situation = Situation(
        watch=watch,
        at=run.planned_for,
        signals=signals,
        standing=standing,
        not_observed={look.key: look.reason for look in unobserved},
        partly=frozenset(look.key for look in unobserved if look.admission is Admission.PARTIAL),
        changes=known,
        health=measured.health,
        tools=measured.tools,
        blind_looks=blind_looks,
        worst={} if baseline is None else worst_cases(watch, baseline, observations),
        toppled={} if baseline is None else toppled(baseline, measured.outcomes),
        latency=latency_quantiles(measured.cases, measured.responses.values()),
        baseline=None if baseline is None else Reference(version=baseline.version, status=baseline.status),
        judges=built.judges,
        problems=measured.problems,
    )
    outcome = alerts_of_look(
        watch.name,
        correlate(situation),
        standing_of(session, watch.name, now),
        policy=watch.policy,
        every=watch.schedule.every or 0.0,
        at=run.planned_for,
        now=now,
        audiences=channels.people,
    )
    finished = replace(
        run,
        status=RunStatus.FAILED if run.status is RunStatus.FAILED else RunStatus.FINISHED,
        finished_at=now,
        cost=measured.cost,
        unpriced=measured.unpriced,
    )
    session.detection.save_observations(observations, unobserved)
    session.detection.save_signals(signals)
    fresh = session.detection.save_changes(watch.name, changes)
    keep_alerts(session, watch.name, outcome, channels)
    session.alerts.tell(change_news(watch, fresh), channels.changes)
    session.runs.save(finished)
    session.runs.save_tally(run.id, measured.tallies, admitted)
    session.runs.release(run.id)
    return Decision(
        run=finished,
        baseline=baseline,
        observations=observations,
        unobserved=unobserved,
        signals=signals,
        changes=changes,
        transitions=outcome.transitions,
        incidents=outcome.incidents,
        changed_instruments=changed,
        blind_looks=blind_looks,
        situation=situation,
    )


def _admitted_arms(built: BuiltWatch, measured: Measured) -> int:
    """Metrics of the current target that measured enough, before there is a baseline."""

    def enough(key: MetricKey) -> bool:
        arm = measured.run_scores.of(key)
        verdict = admit(
            scored=len(arm.scores), planned=len(arm.planned), errors=len(arm.errors), floor=built.watch.floor
        )
        return verdict.admission is Admission.ADMITTED

    return sum(_scored(built.watch, key) and enough(key) for key in measured.run_scores.arms(built.watch.name))


def _scored(watch: Watch, key: MetricKey) -> bool:
    """Whether a metric is a score of the current target: what answers take says nothing of how good they are."""
    return key.arm is Arm.CURRENT and watch.measure(key.scorer) is None


def _settled(
    session: Session,
    watch: Watch,
    baseline: Baseline,
    observations: Sequence[Observation],
    signals: Sequence[Signal],
) -> list[Signal]:
    """The signals, after asking the anchors of judges whose metrics drift whether it was they that moved."""
    from watchdog.detect.anchors import NEWEST, settle  # noqa: PLC0415 - numpy, as above

    looks = {
        now.key: [*session.detection.newest_observations(now.key, last=NEWEST, since=baseline.frozen_at), now]
        for now in observations
        if now.key.arm is Arm.ANCHORS
    }
    return settle(signals, baseline, looks, smallest_drop=watch.smallest_drop_of)


def _standing(
    session: Session, built: BuiltWatch, baseline: Baseline, run: Run, heard: Collection[MetricKey]
) -> dict[MetricKey, Signal]:
    """What was said last of anchors that are not graded at every look."""
    since = max(baseline.frozen_at, run.planned_for - STANDS_FOR)
    keys = [anchors_key(run.watch, metric) for metric in built.anchors]
    said = {key: session.detection.newest_signal(key, since=since) for key in keys if key not in heard}
    return {key: signal for key, signal in said.items() if signal is not None}


def _changes(session: Session, baseline: Baseline, measured: Measured) -> tuple[list[Change], list[Change]]:
    """Changes against the baseline that this run sees, each with the date it was first seen; and all since it.

    A change that was taken back (a model pinned, a prompt rolled back) stays evidence for the drop it came with.
    """
    runs = [session.runs.get(run_id) for run_id in baseline.run_ids]
    subjects = [run.subject for run in runs if run is not None]
    if subjects and not subjects[-1].provider:
        # A baseline that is older than the knowledge of providers: the look before this one says which it was.
        before = session.runs.of_watch(measured.run.watch, statuses=[RunStatus.FINISHED], last=1)
        subjects += [
            replace(subjects[-1], provider=run.subject.provider, endpoint=run.subject.endpoint) for run in before
        ]
    seen = changes_since(subjects, measured.run.subject, measured.run.planned_for)
    known = session.detection.changes(measured.run.watch, since=baseline.frozen_at)
    first = {(change.role, change.what, change.before, change.after): change for change in reversed(known)}
    dated = [first.get((change.role, change.what, change.before, change.after), change) for change in seen]
    return dated, [*known, *(change for change in dated if change not in known)]
