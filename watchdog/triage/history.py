"""What the store knows before anybody is asked: the last hour, the last good look, changes, the baseline's answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from watchdog.app.build import cadence
from watchdog.correlate.situation import ProviderHealth, ToolHealth
from watchdog.correlate.words import moment
from watchdog.detect.observe import Observed, observe
from watchdog.detect.slices import Sliced
from watchdog.domain.baseline import Baseline
from watchdog.domain.case import Case
from watchdog.domain.detection import Signal
from watchdog.domain.metric import MetricKey
from watchdog.domain.response import Response
from watchdog.domain.run import Change, Run, RunStatus, Subject, Trigger
from watchdog.domain.watch import Watch
from watchdog.pipeline.baseline import run_scores
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.control import control_looks
from watchdog.pipeline.good_runs import LOOKED_BACK, good_runs
from watchdog.pipeline.measured import provider_health, tool_health
from watchdog.pipeline.sliced import sliced_scores
from watchdog.pipeline.subject import changes_since, subject_of
from watchdog.store.store import Session

HOUR = 3600.0
#: Runs of the baseline whose answers are read, the newest.
_RUNS_READ = 8
#: What the newest look said counts for so many intervals of the schedule, and at least so many seconds.
_FRESH_LOOKS = 3
_FRESH_SECONDS = 2 * HOUR
_ASKING = frozenset(Trigger) - {Trigger.GATE, Trigger.DRILL}


class History(Struct, frozen=True, kw_only=True):
    """One watch as the store has it."""

    baseline: Baseline | None
    looks: int
    last_good: float | None
    last_hour: Sequence[ProviderHealth]
    #: What became of the newest look, where it never finished; empty when it did, or is at work.
    unfinished: str
    #: What the detectors said at the newest look; empty when that is too old.
    said: Mapping[MetricKey, Signal]
    #: The newest finished look, if it is not too old, with its answers.
    newest: Run | None
    newest_responses: Sequence[Response]
    newest_observed: Observed | None
    newest_tools: Mapping[str, ToolHealth]
    #: Subjects of runs at which all was well.
    good: Sequence[Subject]
    #: Changes that looks have seen since the baseline, oldest first.
    known: Sequence[Change]
    #: Answers of the newest runs of the baseline.
    before: Sequence[Response]
    #: Production inputs of the baseline's runs, and their scores.
    traffic: Mapping[str, Case] = field(default_factory=dict)
    traffic_scores: Sequence[Sliced] = ()

    def changes(self, watch: Watch, seen: Subject | None, at: float) -> list[Change]:
        """What is no longer as it was when all was well, dated by the look that saw it first.

        ``seen``: who answered a sample now; without one, as watchdog.yaml has it.
        """
        now = seen or subject_of(watch, ())
        if seen is None and self.newest is not None:
            ours = subject_of(watch, ())
            then = self.newest.subject
            now = replace(ours, served_models=then.served_models, fingerprints=then.fingerprints)
        first = {(one.role, one.what, one.before, one.after): one for one in reversed(self.known)}
        found = changes_since(self.good, now, at)
        return [first.get((one.role, one.what, one.before, one.after), one) for one in found]


def read_history(session: Session, built: BuiltWatch, now: float) -> History:
    """Everything that triage wants of the store, in one read."""
    watch = built.watch
    baseline = session.baselines.current(watch.name)
    looks = session.runs.of_watch(watch.name, statuses=[RunStatus.FINISHED], last=LOOKED_BACK)
    newest = looks[-1] if looks else None
    fresh = max(_FRESH_SECONDS, _FRESH_LOOKS * cadence(watch.schedule))
    if newest is not None and now - newest.planned_for > fresh:
        newest = None
    responses = session.responses.of_run(newest.id) if newest else []
    observed = None
    if newest is not None and baseline is not None:
        control = control_looks(session, baseline, newest.planned_for)
        observed = observe(watch, baseline, run_scores(session, built, newest), history=control)
    good = good_runs(session, watch, baseline, looks)
    run_ids = baseline.run_ids[-_RUNS_READ:] if baseline else ()
    before = [answer for run_id in run_ids for answer in session.responses.of_run(run_id)]
    traffic = {case.id: case for run_id in run_ids for case in session.runs.cases(run_id)} if watch.traffic else {}
    return History(
        baseline=baseline,
        looks=len(looks),
        last_good=good[-1].planned_for if good else None,
        last_hour=_last_hour(session, watch, now),
        unfinished=unfinished_look(session, watch.name, now),
        said={signal.key: signal for signal in session.detection.signals(watch.name, run_id=newest.id)}
        if newest
        else {},
        newest=newest,
        newest_responses=responses,
        newest_observed=observed,
        newest_tools=tool_health(responses),
        good=[run.subject for run in good],
        known=session.detection.changes(watch.name, since=baseline.frozen_at if baseline else None),
        before=before,
        traffic=traffic,
        traffic_scores=_of_traffic(session, watch, run_ids) if traffic else (),
    )


def unfinished_look(session: Session, watch: str, now: float) -> str:
    """What became of the newest look, if it never finished: nobody has seen how things are since. Else empty."""
    begun = [RunStatus.RUNNING, RunStatus.MEASURED, RunStatus.INTERRUPTED, RunStatus.FAILED, RunStatus.FINISHED]
    newest = next(iter(session.runs.of_watch(watch, statuses=begun, last=1)), None)
    if newest is None or newest.status is RunStatus.FINISHED:
        return ""
    look = f"the look of {moment(newest.planned_for)} UTC"
    if newest.status in (RunStatus.RUNNING, RunStatus.MEASURED):
        _, until = session.runs.owner(newest.id)
        return "" if until is not None and until >= now else f"{look} never finished, and nobody works on it any more"
    said = "failed" if newest.status is RunStatus.FAILED else "was interrupted"
    return f"{look} {said} ({newest.note})" if newest.note else f"{look} {said}"


def _last_hour(session: Session, watch: Watch, now: float) -> list[ProviderHealth]:
    runs = session.runs.of_watch(watch.name, since=now - HOUR, triggers=_ASKING)
    answers = [answer for run in runs for answer in session.responses.of_run(run.id)]
    return provider_health(watch, [answer for answer in answers if answer.key.role in watch.targets])


def _of_traffic(session: Session, watch: Watch, run_ids: Iterable[str]) -> list[Sliced]:
    runs = [run for run_id in run_ids if (run := session.runs.get(run_id)) is not None]
    return sliced_scores(session, replace(watch, golden=None), runs)
