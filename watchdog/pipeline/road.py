"""The road, end to end: open a run, measure, decide. The one place that knows the order of the stages.

    measure   cases x targets -> responses -> scores          each durable as it arrives
    decide    scores + baseline + states + open alerts        one transaction: observations, signals, incidents,
              -> everything that follows from them            alerts and what is to be delivered

A process may die between any two lines. What was recorded is not paid again; a decision is made whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.baseline import BaselineStatus
from watchdog.domain.case import Case, Estimand, Origin
from watchdog.domain.detection import Signal
from watchdog.domain.run import Run, RunStatus, Scope, Trigger
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import NotMeasured, StoreError, WatchdogError
from watchdog.pipeline.anchors import WANTED, due
from watchdog.pipeline.broken import broken
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.decide import Decision, decide
from watchdog.pipeline.measured import Measured
from watchdog.pipeline.measuring import Known, Measuring, Progress
from watchdog.pipeline.news import NOBODY, Channels
from watchdog.pipeline.runs import LEASE_SECONDS, Opened, WatchBusy, new_run, open_run, taken_over
from watchdog.pipeline.scope import asked_cases, scope_of
from watchdog.pipeline.subject import subject_of
from watchdog.pipeline.suspicion import newest_looks, suspicion_now
from watchdog.protocols import Clock
from watchdog.replay.budget import Budget
from watchdog.store.ownership import may_be_alive, this_process
from watchdog.store.recorder import PATIENCE_SECONDS, Recorder, take_in_spilled
from watchdog.store.store import Session, Store
from watchdog.text.log import Log

_log = Log(__name__)

DAY = 86400.0
#: Runs among which the last turn of a rotation is looked for, and the last one that was held against the baseline.
RECENT = 50
SPOKEN = 5


class Look(Struct, frozen=True, kw_only=True):
    """One whole look at a watch: what was measured and what was decided."""

    measured: Measured
    #: None when the run was stopped before it had measured everything it could.
    decision: Decision | None
    #: Whether an interrupted run was continued.
    resumed: bool

    @property
    def run(self) -> Run:
        """The run as it stands in the store."""
        return self.measured.run if self.decision is None else self.decision.run


class Road:
    """Walks watches from replay to decision over one store."""

    def __init__(
        self, store: Store, clock: Clock, *, channels: Channels = NOBODY, patience: float = PATIENCE_SECONDS
    ) -> None:
        """``channels``: who gets an outbox row for each transition and each change.

        ``patience``: seconds for which answers are held while the database cannot be written.
        """
        self._store = store
        self._clock = clock
        self._channels = channels
        self._patience = patience
        self._owner = this_process()

    async def look(
        self,
        built: BuiltWatch,
        trigger: Trigger,
        planned_for: float | None = None,
        *,
        stop: asyncio.Event | None = None,
        progress: Progress | None = None,
        retry_errors: bool = False,
    ) -> Look:
        """Measure and decide. With ``stop`` set on the way, what is recorded stays and the next look continues.

        ``retry_errors``: when an interrupted run is continued, ask targets and judges again what had failed.

        Raises:
            WatchBusy: another process is at it, or took it over while this one stood still.
            StoreError: the database could not be written for a while. What is measured is kept, in it or beside it,
                and the next look continues.
            Exception: it could not be measured or decided. The run has failed, and what follows from that is decided.
        """
        opened = await asyncio.to_thread(self._open, built, trigger, planned_for)
        halt = asyncio.Event()  # this look's own: trouble with the store ends the look, not whoever asked for it
        following = asyncio.create_task(_follow(stop, halt)) if stop is not None else None
        try:
            measured = await self._measure(built, opened, halt, progress, retry_errors)
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, StoreError):
                await asyncio.to_thread(self._fail, built, opened.run, _note(error), trigger, planned_for)
            else:
                await asyncio.to_thread(self._close, opened.run, RunStatus.INTERRUPTED, _note(error))
            raise
        finally:
            if following is not None:
                following.cancel()
        if halt.is_set():
            if not await asyncio.to_thread(self._close, measured.run, RunStatus.INTERRUPTED, "stopped"):
                raise taken_over(built.watch.name)
            measured = replace(measured, run=replace(measured.run, status=RunStatus.INTERRUPTED))
            return Look(measured=measured, decision=None, resumed=opened.resumed)
        try:
            decision = await asyncio.to_thread(self._decide, built, measured)
        except (StoreError, WatchBusy):
            raise
        except Exception as error:
            await asyncio.to_thread(self._fail, built, opened.run, _note(error), trigger, planned_for)
            raise
        return Look(measured=measured, decision=decision, resumed=opened.resumed)

    def fresh_run(self, built: BuiltWatch, trigger: Trigger, planned_for: float) -> Run:
        """A planned run of a watch, not yet remembered."""
        return new_run(built.watch, built.instruments, subject_of(built.watch, ()), trigger, planned_for)

    def _open(self, built: BuiltWatch, trigger: Trigger, planned_for: float | None) -> Opened:
        now = self._clock.now()
        fresh = self.fresh_run(built, trigger, now if planned_for is None else planned_for)
        with self._store.begin() as session:
            return open_run(
                session,
                replace(fresh, scope=_next_scope(session, built.watch)),
                now=now,
                deadline=built.watch.deadline,
                owner=self._owner,
                may_be_alive=may_be_alive,
            )

    def _close(self, run: Run, status: RunStatus, note: str) -> bool:
        """End a run without a decision; False when another process has taken it over, and ends it itself."""
        try:
            with self._store.begin() as session:
                if not session.runs.is_owned(run.watch, run.id, self._owner):
                    return False
                session.runs.save(replace(run, status=status, note=note))
                session.runs.release(run.id)
        except StoreError:
            # The run stays RUNNING under a lease that runs out: the next look continues it all the same.
            return True
        return True

    def _fail(self, built: BuiltWatch, run: Run, note: str, trigger: Trigger, planned_for: float | None) -> None:
        """A look that broke has seen nothing: that is decided upon too, so that somebody is told when it goes on.

        What it had recorded may be what broke it; then it is decided upon as if nothing had been.
        """
        for recorded in (True, False):
            try:
                with self._store.begin() as session:
                    if not session.runs.is_owned(run.watch, run.id, self._owner):
                        return
                    measured = broken(session, built, run, note, recorded=recorded)
                    decide(session, built, measured, now=self._clock.now(), channels=self._channels)
                    if planned_for is not None:  # it continued an earlier run; one look is not blind twice
                        session.runs.withdraw(self.fresh_run(built, trigger, planned_for).id)
            except StoreError:
                return  # as in _close
            except Exception as error:  # noqa: BLE001 - the first failure is the one that is told
                _log.error("a failed look was not decided", action="undecided", run=run.id, error=type(error).__name__)
            else:
                return
        self._close(replace(run, finished_at=self._clock.now()), RunStatus.FAILED, note)

    def _decide(self, built: BuiltWatch, measured: Measured) -> Decision:
        with self._store.begin() as session:
            if not session.runs.is_owned(built.watch.name, measured.run.id, self._owner):
                raise taken_over(built.watch.name)
            return decide(session, built, measured, now=self._clock.now(), channels=self._channels)

    async def _measure(
        self,
        built: BuiltWatch,
        opened: Opened,
        stop: asyncio.Event,
        progress: Progress | None,
        retry_errors: bool,
    ) -> Measured:
        run = opened.run
        cases, problems = await asyncio.to_thread(self._cases, built, opened)
        known = await asyncio.to_thread(self._known, opened, retry_errors)
        anchors_due = await asyncio.to_thread(self._anchors_due, built, run, known)
        budget = await asyncio.to_thread(self._budget, built.watch, run, known)
        loop = asyncio.get_running_loop()

        def on_trouble(_error: StoreError) -> None:
            loop.call_soon_threadsafe(stop.set)

        recorder = Recorder(
            self._store, run.id, renew=lambda: self._renew(run), on_trouble=on_trouble, patience=self._patience
        )
        elapsed = max(0.0, self._clock.now() - (run.started_at or 0.0))
        measuring = Measuring(
            built,
            run,
            cases,
            known,
            budget=budget,
            deadline=self._clock.monotonic() + built.watch.deadline - elapsed,
            clock=self._clock,
            record=recorder.record,
            stop=stop,
            progress=progress,
            anchors_due=anchors_due,
        )
        try:
            await measuring.replay()
            await measuring.score()
        finally:
            if progress is not None:
                progress.stop()
            await asyncio.to_thread(recorder.close)
        return measuring.measured(problems)

    def _cases(self, built: BuiltWatch, opened: Opened) -> tuple[list[Case], list[str]]:
        """The cases of the run; of a continued one the same sample as before."""
        run, problems = opened.run, []
        sampled: list[Case] = []
        if opened.resumed:
            with self._store.read() as session:
                sampled = session.runs.cases(run.id)
        cases = list(sampled)
        rng = Random(run.seed)
        for source in built.sources:
            if sampled and source.estimand is Estimand.TRAFFIC:
                continue
            try:
                found = list(source.cases(run.planned_for, rng))
            except NotMeasured as error:
                problems.append(str(error))
                continue
            cases += found
            fresh = [case for case in found if case.origin is Origin.TRAFFIC]
            if fresh:
                with self._store.begin() as session:
                    session.runs.save_cases(run.id, fresh)
        return asked_cases(built.watch, run.scope, cases), problems

    def _known(self, opened: Opened, retry_errors: bool) -> Known:
        for run_id in (opened.run.id, *opened.abandoned):
            take_in_spilled(self._store, run_id)
        if not opened.resumed:
            return Known(done=set(), responses={}, scores=[])
        run_id = opened.run.id
        with self._store.read() as session:
            done = session.responses.recorded(run_id, retry_errors=retry_errors)
            responses = {answer.key: answer for answer in session.responses.of_run(run_id) if answer.key in done}
            scores = [row for row in session.scores.of_run(run_id) if row.score.value is not None or not retry_errors]
            return Known(done=done, responses=responses, scores=scores)

    def _anchors_due(self, built: BuiltWatch, run: Run, known: Known) -> list[str]:
        """Metrics whose judges grade their anchors at this look."""
        begun = {row.scorer for row in known.scores if row.key.role is Role.JUDGE}
        with self._store.read() as session:
            before = session.runs.of_watch(built.watch.name, statuses=[RunStatus.FINISHED], last=SPOKEN)
            said = _said_last(session, before)
            return [
                metric
                for metric, anchored in built.anchors.items()
                if anchored.anchors
                and due(
                    anchored.cadence,
                    metric,
                    now=run.planned_for,
                    graded_at=[run.planned_for for run in session.runs.with_anchors(run, metric, last=WANTED)],
                    signals=said,
                    smallest_drop=built.watch.smallest_drop_of(metric),
                    begun=metric in begun,
                ).graded
            ]

    def _budget(self, watch: Watch, run: Run, known: Known) -> Budget:
        """What is left of the day's money, and of the run's when it is continued."""
        per_run, per_day = watch.budget.per_run, watch.budget.per_day
        if per_run is not None:
            per_run = max(0.0, per_run - known.cost)
        if per_day is None:
            return Budget(per_run)
        midnight = run.planned_for - run.planned_for % DAY
        with self._store.read() as session:
            spent = session.runs.spent_since(watch.name, midnight)
        return Budget(per_run, per_day, spent)

    def _renew(self, run: Run) -> None:
        with self._store.begin() as session:
            if not session.runs.renew(run.id, self._owner, self._clock.now(), LEASE_SECONDS):
                raise StoreError("another process took the run over")


def _note(error: BaseException) -> str:
    """What is written down of a failure: our own sentences quote no prompt and no answer; somebody else's may."""
    return str(error) if isinstance(error, WatchdogError) else type(error).__name__


def _next_scope(session: Session, watch: Watch) -> Scope:
    """What the next look at a watch asks, by what its last ones asked and found."""
    looks = newest_looks(session, watch.name, RECENT + watch.pinned_every)
    baseline = session.baselines.current(watch.name)
    referenced = baseline is not None and baseline.status is BaselineStatus.LOCKED
    return scope_of(watch, looks, suspicion_now(session, watch), referenced=referenced)


def _said_last(session: Session, before: Sequence[Run]) -> Sequence[Signal]:
    """What the detectors said at the newest look of which they said anything; ``before``: runs, oldest first."""
    said = (session.detection.signals(run.watch, run_id=run.id) for run in before[: -SPOKEN - 1 : -1])
    return next((signals for signals in said if signals), ())


async def _follow(leader: asyncio.Event, follower: asyncio.Event) -> None:
    await leader.wait()
    follower.set()
