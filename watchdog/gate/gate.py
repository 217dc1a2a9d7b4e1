"""The gate: both arms on the same cases in the same tick, compared case by case, until the answer is clear.

open      a new gate, or the interrupted one of the same question
ask       a block of cases in random order, both arms interleaved, each answer durable as it arrives
judge     regression, pass, not measured, or go on with the next block
close     remember the report; no detector state is touched
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.domain.case import Case, Origin
from watchdog.domain.gate import BrokenRule, GateReport, GateVerdict
from watchdog.domain.response import CallStatus
from watchdog.domain.run import Run, RunStatus
from watchdog.domain.target import Role
from watchdog.errors import NotMeasured, StoreError, UsageError
from watchdog.gate import ledger
from watchdog.gate.candidate import Contender
from watchdog.gate.control import Control, asked_now, from_cache, from_look
from watchdog.gate.decide import Judgement, Stage, judge
from watchdog.gate.measure import Asking, Measurement
from watchdog.gate.options import GateOptions
from watchdog.gate.order import Order, order_of
from watchdog.gate.reporting import Held, report_of
from watchdog.gate.rules import broken_rules
from watchdog.gate.streams import BASELINE, CANDIDATE, streams_of
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measuring import Progress
from watchdog.pipeline.subject import subject_of
from watchdog.render.as_json import plain
from watchdog.replay.budget import Budget
from watchdog.replay.stage import plan
from watchdog.store.recorder import Recorder

DAY = 86400.0


def contest(app: App, name: str, baseline: Contender, candidate: Contender) -> BuiltWatch:
    """The watch with the two arms as its targets; the baseline's role is ``current``."""
    built = app.built(name)
    targets = {
        BASELINE: replace(baseline.target, role=BASELINE),
        CANDIDATE: replace(candidate.target, role=CANDIDATE),
    }
    for role, target in targets.items():
        if target.provider not in app.settings.providers:
            raise UsageError(f"the {role} names the provider {target.provider!r}, which watchdog.yaml does not have")
    providers = {target.provider for target in targets.values()}
    callers = {**built.callers, **{provider: app.caller(provider) for provider in sorted(providers)}}
    return replace(built, watch=replace(built.watch, targets=targets), callers=callers)


@dataclass(slots=True, kw_only=True)
class _State:
    """How far a gate is."""

    look: int = -1
    #: The cases that counted at it.
    asked: Sequence[Case] = ()
    judgement: Judgement | None = None
    broken: tuple[BrokenRule, ...] = ()
    #: Why it ended before its last look: budget, deadline.
    ended: str = ""


class Gate:
    """One gate of one watch."""

    def __init__(
        self,
        app: App,
        built: BuiltWatch,
        arms: Mapping[Role, Contender],
        options: GateOptions,
        *,
        stop: asyncio.Event | None = None,
        progress: Progress | None = None,
    ) -> None:
        """``built``: see ``contest``. ``stop`` ends it after the calls in flight; it can be continued."""
        self._app = app
        self._built = built
        self._arms = arms
        self._options = options
        self._progress = progress
        self._outer_stop = stop
        self._stop = asyncio.Event()
        self._state = _State()

    async def hold(self) -> GateReport | None:
        """The verdict; None when it was stopped on the way, with everything measured so far kept.

        Raises:
            WatchBusy: another process is holding just this gate.
            NotMeasured: there are no cases, or no stored look to take the baseline's answers from.
            StoreError: the database could not be written for a while; what is measured is kept.
        """
        store, clock = self._app.store, self._app.clock
        opened = await asyncio.to_thread(ledger.open_gate, store, self._built, self._options, clock.now())
        began = clock.monotonic()
        try:
            return await self._hold(opened, began)
        except BaseException as error:
            note = str(error) if isinstance(error, StoreError) else type(error).__name__
            await asyncio.to_thread(self._leave, opened, note)
            raise

    async def _hold(self, opened: ledger.OpenGate, began: float) -> GateReport | None:
        store, clock, options = self._app.store, self._app.clock, self._options
        so_far = await asyncio.to_thread(ledger.known, store, opened)
        cases = await asyncio.to_thread(self._cases, opened)
        control = await asyncio.to_thread(self._control)
        order = await asyncio.to_thread(self._order, cases, opened.run, control)
        budget = await asyncio.to_thread(self._budget, opened.run, so_far)
        loop = asyncio.get_running_loop()

        def on_trouble(_error: StoreError) -> None:
            loop.call_soon_threadsafe(self._stop.set)

        recorder = Recorder(
            store,
            opened.run.id,
            renew=lambda: ledger.renew(store, opened.run.id, clock.now()),
            on_trouble=on_trouble,
        )
        asking = Asking(
            self._built,
            opened.run,
            so_far,
            repeats=order.repeats,
            budget=budget,
            deadline=began + self._built.watch.deadline,
            clock=clock,
            record=recorder.record,
            stop=self._stop,
            progress=self._progress,
            reuse=control.reuse,
        )
        if self._progress is not None:
            total = order.calls(order.cases, 0)
            self._progress.start(max(0, total - len(so_far.done)), f"gate {self._built.watch.name}")
        following = asyncio.create_task(_follow(self._outer_stop, self._stop)) if self._outer_stop else None
        try:
            await self._looks(asking, so_far, order, opened.run)
        finally:
            if following is not None:
                following.cancel()
            if self._progress is not None:
                self._progress.stop()
            await asyncio.to_thread(recorder.close)
        if self._state.judgement is None or self._state.judgement.verdict is None:
            await asyncio.to_thread(self._leave, opened, "stopped")
            return None
        held = Held(
            app=self._app,
            built=self._built,
            arms=self._arms,
            options=options,
            run=opened.run,
            order=order,
            so_far=so_far,
            control=control,
            judgement=self._state.judgement,
            broken=self._state.broken,
            look=self._state.look,
            asked=self._state.asked,
            ended=self._state.ended,
            seconds=clock.monotonic() - began,
            resumed=opened.resumed,
        )
        report = report_of(held)
        await asyncio.to_thread(self._close, opened, report, so_far, control)
        return report

    async def _looks(self, asking: Asking, so_far: Measurement, order: Order, run: Run) -> None:
        passed: frozenset[tuple[str, str]] = frozenset()
        for look in range(len(order.sizes)):
            await asking.ask(order.new(look), look)
            if self._stop.is_set():
                return
            ended, left_out = _cut_short(so_far)
            asked = [case for case in order.asked(look) if case.id not in left_out]
            scores = so_far.outcomes(self._built, run, asked, order.repeats)
            streams = streams_of(self._built.watch, scores, so_far.responses, asked, order.cases, self._options)
            everything = {case.id: case for case in (*asked, *order.first)}
            rules = broken_rules(
                self._built.watch, so_far.scored_calls(self._built, run, list(everything.values()), order.repeats),
                everything, so_far,
            )  # fmt: skip
            stage = Stage(
                fractions=order.fractions,
                fraction=max(1, len(asked)) / len(order.cases),
                last=look == len(order.sizes) - 1 or bool(ended),
                alpha=self._options.alpha,
                most_lost=self._options.most_lost,
                passed=passed,
            )
            judgement = judge(streams, stage, broken=rules.broken, unasked_rules=rules.unmeasured)
            passed = judgement.passed
            self._state = _State(look=look, asked=asked, judgement=judgement, broken=rules.broken, ended=ended)
            if judgement.verdict is not None and (stage.last or not self._options.self_test):
                return

    def _cases(self, opened: ledger.OpenGate) -> list[Case]:
        """The golden set; of a watch without one, a sample of its traffic."""
        watch = self._built.watch
        if watch.golden is not None:
            return list(watch.golden.cases)
        rng = Random(opened.run.seed)
        sampled = [case for source in self._built.sources for case in source.cases(opened.run.planned_for, rng)]
        found = ledger.cases_of(self._app.store, opened, [case for case in sampled if case.origin is Origin.TRAFFIC])
        if not found:
            raise NotMeasured(f"{watch.name} has no cases to hold a gate with")
        return found

    def _order(self, cases: Sequence[Case], run: Run, control: Control) -> Order:
        at_hand: frozenset[str] = frozenset()
        if self._options.max_calls is not None:
            at_hand = control.at_hand(plan(self._built.watch, cases, run.id, (BASELINE,), run.seed))
        order = order_of(cases, control.flips, self._options, run.seed, len(self._built.judges), at_hand)
        if len(order.cases) < 2:
            raise UsageError("a gate needs at least two cases; give --max-calls more room")
        return order

    def _control(self) -> Control:
        app, options, now = self._app, self._options, self._app.clock.now()
        if options.baseline_from_look is not None:
            return from_look(app, self._built, now - options.baseline_from_look)
        if options.cache is not None:
            return from_cache(app, self._built, now - options.cache)
        return asked_now(app, self._built)

    def _budget(self, run: Run, so_far: Measurement) -> Budget:
        """What is left of the gate's money and of the watch's day."""
        limit = self._options.max_cost
        if limit is not None:
            limit = max(0.0, limit - (so_far.cost or 0.0))
        per_day = self._built.watch.budget.per_day
        if per_day is None:
            return Budget(limit)
        with self._app.store.read() as session:
            spent = session.runs.spent_since(self._built.watch.name, run.planned_for - run.planned_for % DAY)
        return Budget(limit, per_day, spent)

    def _leave(self, opened: ledger.OpenGate, note: str) -> None:
        try:
            with self._app.store.begin() as session:
                session.runs.save(replace(opened.run, status=RunStatus.INTERRUPTED, note=note))
                session.runs.release(opened.run.id)
        except StoreError:
            return  # the lease runs out: the next call continues it all the same

    def _close(self, opened: ledger.OpenGate, report: GateReport, so_far: Measurement, control: Control) -> None:
        now = self._app.clock.now()
        run = replace(
            opened.run,
            status=RunStatus.FINISHED if report.verdict is not GateVerdict.NOT_MEASURED else RunStatus.FAILED,
            finished_at=now,
            subject=subject_of(self._built.watch, so_far.responses.values()),
            cost=so_far.cost,
            unpriced=so_far.unpriced,
            note="; ".join(report.reasons)[:500],
        )
        # Prompts and answers live in the responses, which have a retention; a report is kept.
        kept = replace(
            report,
            flips=tuple(replace(flip, baseline_text="", candidate_text="", reason="") for flip in report.flips),
            broken=tuple(replace(rule, reason="") for rule in report.broken),
        )
        answers = control.fresh(so_far.responses.values())
        ledger.close_gate(
            self._app.store, opened, run, verdict=report.verdict.value, report=plain(kept), answers=answers, now=now
        )


def _cut_short(so_far: Measurement) -> tuple[str, set[str]]:
    """Why calls were left out on purpose, if any were, and of which cases: nobody asked them, so they are not lost."""
    skipped = [response for response in so_far.responses.values() if response.status is CallStatus.SKIPPED]
    if not skipped:
        return "", set()
    reason = skipped[0].error or "budget"
    said = reason.partition(": ")[2] or f"the gate's {'time' if reason == 'deadline' else 'money'} is used up"
    return said, {response.key.case_id for response in skipped}


async def _follow(leader: asyncio.Event, follower: asyncio.Event) -> None:
    await leader.wait()
    follower.set()
