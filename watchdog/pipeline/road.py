"""The road, end to end: open a run, measure, decide. The one place that knows the order of the stages.

    measure   cases x targets -> responses -> scores          each durable as it arrives
    decide    scores + baseline + states + open alerts        one transaction: observations, signals, incidents,
              -> everything that follows from them            alerts and what is to be delivered

A process may die between any two lines. What was recorded is not paid again; a decision is made whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from watchdog.detect.scores import RunScores
from watchdog.domain.case import Case, Origin
from watchdog.domain.digest import digest
from watchdog.domain.response import Request, Response, ResponseKey
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.score import ScoreRow
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import NotMeasured, StoreError, WatchdogError
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.decide import Decision, decide
from watchdog.pipeline.measured import Measured, judge_health, outcomes_of, provider_health, tool_health
from watchdog.pipeline.planned import LOOKED_AT, applies, planned_scores
from watchdog.pipeline.runs import LEASE_SECONDS, Opened, new_run, open_run
from watchdog.pipeline.subject import subject_of
from watchdog.protocols import Ask, Clock, Scorer
from watchdog.replay.budget import Budget
from watchdog.replay.stage import plan, replay
from watchdog.score.stage import score_all
from watchdog.store.ownership import may_be_alive, this_process
from watchdog.store.recorder import PATIENCE_SECONDS, Recorder, take_in_spilled
from watchdog.store.store import Store

DAY = 86400.0


class Progress(Protocol):
    """Who is told how far a run is."""

    def start(self, total: int, label: str = "") -> None:
        """So many steps lie ahead."""

    def advance(self, n: int = 1, label: str | None = None) -> None:
        """So many more are done."""

    def stop(self) -> None:
        """No more steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
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
        self, store: Store, clock: Clock, *, channels: Sequence[str] = (), patience: float = PATIENCE_SECONDS
    ) -> None:
        """``channels``: names of the notifiers that get an outbox row for each transition.

        ``patience``: seconds for which answers are held while the database cannot be written.
        """
        self._store = store
        self._clock = clock
        self._channels = tuple(channels)
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
            WatchBusy: another process is at it.
            StoreError: the database could not be written for a while. What is measured is kept, in it or beside it,
                and the next look continues.
        """
        opened = await asyncio.to_thread(self._open, built, trigger, planned_for)
        halt = asyncio.Event()  # this look's own: trouble with the store ends the look, not whoever asked for it
        following = asyncio.create_task(_follow(stop, halt)) if stop is not None else None
        try:
            measured = await self._measure(built, opened, halt, progress, retry_errors)
        except BaseException as error:
            # Our own sentences quote no prompt and no answer; somebody else's may.
            note = str(error) if isinstance(error, WatchdogError) else type(error).__name__
            await asyncio.to_thread(self._close, opened.run, RunStatus.INTERRUPTED, note)
            raise
        finally:
            if following is not None:
                following.cancel()
        if halt.is_set():
            await asyncio.to_thread(self._close, measured.run, RunStatus.INTERRUPTED, "stopped")
            measured = replace(measured, run=replace(measured.run, status=RunStatus.INTERRUPTED))
            return Look(measured=measured, decision=None, resumed=opened.resumed)
        decision = await asyncio.to_thread(self._decide, built, measured)
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
                fresh,
                now=now,
                deadline=built.watch.deadline,
                owner=self._owner,
                may_be_alive=may_be_alive,
            )

    def _close(self, run: Run, status: RunStatus, note: str) -> None:
        try:
            with self._store.begin() as session:
                session.runs.save(replace(run, status=status, note=note))
                session.runs.release(run.id)
        except StoreError:
            # The run stays RUNNING under a lease that runs out: the next look continues it all the same.
            return

    def _decide(self, built: BuiltWatch, measured: Measured) -> Decision:
        with self._store.begin() as session:
            return decide(session, built, measured, now=self._clock.now(), channels=self._channels)

    async def _measure(
        self,
        built: BuiltWatch,
        opened: Opened,
        stop: asyncio.Event,
        progress: Progress | None,
        retry_errors: bool,
    ) -> Measured:
        watch, run = built.watch, opened.run
        cases, problems = await asyncio.to_thread(self._cases, built, opened)
        roles = [role for role in LOOKED_AT if role in watch.targets]
        known = await asyncio.to_thread(self._known, opened, retry_errors)
        deadline = self._clock.monotonic() + watch.deadline - max(0.0, self._clock.now() - (run.started_at or 0.0))
        budget = await asyncio.to_thread(self._budget, watch, run)
        timeouts = {name: caller.limits.timeout for name, caller in built.callers.items()}
        items = plan(watch, cases, run.id, roles, run.seed, known.done, timeouts)
        responses = dict(known.responses)
        scores = {(row.key, row.scorer): row for row in known.scores}
        judged: dict[str, list[Response]] = {}
        loop = asyncio.get_running_loop()

        def on_trouble(_error: StoreError) -> None:
            loop.call_soon_threadsafe(stop.set)

        recorder = Recorder(
            self._store,
            run.id,
            renew=lambda: self._renew(run),
            on_trouble=on_trouble,
            patience=self._patience,
        )
        if progress is not None:
            progress.start(len(items), watch.name)

        def on_response(response: Response) -> None:
            recorder.record(response)
            responses[response.key] = response
            if progress is not None:
                progress.advance()

        def on_score(row: ScoreRow) -> None:
            recorder.record(row)
            scores[row.key, row.scorer] = row

        def ask_provider(provider: str) -> Ask:
            async def ask(request: Request) -> Response:
                request = replace(request, timeout=timeouts[provider])
                answer = await built.callers[provider].call(_judge_key(run, request), request, budget, deadline, stop)
                judged.setdefault(provider, []).append(answer)
                return answer

            return ask

        scorers = built.scorers(ask_provider)
        try:
            await replay(items, built.callers, budget, on_response=on_response, stop=stop, deadline=deadline)
            by_id = {case.id: case for case in cases}
            for applicable, ids in _groups(watch, scorers, cases):
                pairs = [(by_id[key.case_id], answer) for key, answer in responses.items() if key.case_id in ids]
                await score_all(applicable, pairs, on_score=on_score, already=scores.keys(), stop=stop)
        finally:
            if progress is not None:
                progress.stop()
            await asyncio.to_thread(recorder.close)
        planned = planned_scores(watch, run.id, roles, cases)
        calls, tallies = outcomes_of(planned, by_id, responses, scores.values())
        subject = subject_of(watch, responses.values())
        run = replace(run, subject=subject, status=RunStatus.MEASURED)
        return Measured(
            run=run,
            cases=by_id,
            responses=responses,
            scores=list(scores.values()),
            outcomes=calls,
            run_scores=RunScores.collect(run.id, run.planned_for, cases, calls, built.instruments),
            tallies=tallies,
            health=[
                *provider_health(watch, responses.values()),
                *(judge_health(provider, answers) for provider, answers in judged.items()),
            ],
            tools=tool_health(responses.values()),
            calls=len(items),
            problems=problems,
        )

    def _cases(self, built: BuiltWatch, opened: Opened) -> tuple[list[Case], list[str]]:
        """The cases of the run; of a continued one the same sample as before."""
        run, problems = opened.run, []
        sampled: list[Case] = []
        if opened.resumed:
            with self._store.read() as session:
                sampled = session.runs.cases(run.id)
        cases: list[Case] = []
        rng = Random(run.seed)
        for source in built.sources:
            try:
                found = list(source.cases(run.planned_for, rng))
            except NotMeasured as error:
                problems.append(str(error))
                continue
            fresh = [case for case in found if case.origin is Origin.TRAFFIC]
            cases += sampled if fresh and sampled else found
            if fresh and not sampled:
                with self._store.begin() as session:
                    session.runs.save_cases(run.id, fresh)
        return cases, problems

    def _known(self, opened: Opened, retry_errors: bool) -> _Known:
        for run_id in (opened.run.id, *opened.abandoned):
            take_in_spilled(self._store, run_id)
        if not opened.resumed:
            return _Known(done=set(), responses={}, scores=[])
        run_id = opened.run.id
        with self._store.read() as session:
            done = session.responses.recorded(run_id, retry_errors=retry_errors)
            responses = {answer.key: answer for answer in session.responses.of_run(run_id) if answer.key in done}
            scores = [row for row in session.scores.of_run(run_id) if row.score.value is not None or not retry_errors]
            return _Known(done=done, responses=responses, scores=scores)

    def _budget(self, watch: Watch, run: Run) -> Budget:
        if watch.budget.per_day is None and watch.budget.per_run is None:
            return Budget()
        midnight = run.planned_for - run.planned_for % DAY
        with self._store.read() as session:
            spent = session.runs.spent_since(watch.name, midnight)
        return Budget(watch.budget.per_run, watch.budget.per_day, spent)

    def _renew(self, run: Run) -> None:
        with self._store.begin() as session:
            session.runs.claim(run.id, self._owner, self._clock.now(), LEASE_SECONDS)


async def _follow(leader: asyncio.Event, follower: asyncio.Event) -> None:
    await leader.wait()
    follower.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What an interrupted run had recorded."""

    done: set[ResponseKey]
    responses: Mapping[ResponseKey, Response]
    scores: Sequence[ScoreRow]


def _judge_key(run: Run, request: Request) -> ResponseKey:
    """A judge's call has no case of its own and is not recorded: its verdict is, as a score."""
    return ResponseKey(run_id=run.id, role=Role.CURRENT, case_id=f"judge-{digest(request.model)}")


def _groups(watch: Watch, scorers: Mapping[str, Scorer], cases: Sequence[Case]) -> list[tuple[list[Scorer], set[str]]]:
    """Cases by the scorers that have something to say of them."""
    groups: dict[tuple[str, ...], set[str]] = {}
    for case in cases:
        names = tuple(plan.name for plan in watch.scorers if applies(plan, case, watch))
        groups.setdefault(names, set()).add(case.id)
    return [([scorers[name] for name in names], ids) for names, ids in groups.items()]
