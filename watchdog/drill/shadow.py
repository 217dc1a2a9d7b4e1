"""The shadow copy of a watch: the same cases, scorers, detectors and policy; a store, a time and answers of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from watchdog.app.build import App, GoldenSource, cadence
from watchdog.daemon.ledger import Ledger
from watchdog.daemon.out_of_turn import LEAST_GAP
from watchdog.daemon.timetable import Timetable
from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.baseline import BaselineStatus
from watchdog.domain.case import Case
from watchdog.domain.response import Response
from watchdog.domain.run import Trigger
from watchdog.domain.target import Role
from watchdog.domain.watch import Money, Watch
from watchdog.drill.answers import Stock, borrow
from watchdog.drill.clock import ShadowClock
from watchdog.drill.kinds import Script
from watchdog.drill.stand_ins import JudgeStandIn, Stage, StandIns, TargetStandIn
from watchdog.errors import NotMeasured, UsageError
from watchdog.pipeline.baseline import freeze_baseline
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measuring import Progress
from watchdog.pipeline.news import Channels
from watchdog.pipeline.planned import LOOKED_AT
from watchdog.pipeline.road import Road
from watchdog.pipeline.scope import looks_for_baseline
from watchdog.replay.budget import Budget
from watchdog.replay.stage import plan, replay
from watchdog.simulator.simulator import Simulator
from watchdog.store.store import Store

#: Looks on the baseline before anything is injected: whatever rings at them is no drill.
CALM_LOOKS = 3
#: Share of all answers below which nothing can be rehearsed with them.
_ENOUGH = 0.5


class Asked(Struct, frozen=True, kw_only=True):
    """What had to be asked for, because no look's answers are stored."""

    calls: int
    #: US dollars; None when some price is unknown.
    cost: float | None


class Rang(Struct, frozen=True, kw_only=True):
    """What came of an injection."""

    #: The alert that had to follow; None when it did not.
    alert: Alert | None
    #: Looks since the injection.
    looks: int
    #: Seconds by the timetable since the injection, which comes right after a look: the longest it can take.
    seconds: float


async def stock_up(
    app: App, built: BuiltWatch, cases: Sequence[Case], seed: int, progress: Progress
) -> tuple[Stock, Asked]:
    """Answers to play with: what is stored, and once for real what is not.

    Raises:
        NotMeasured: there are no answers, stored or to be had.
    """
    watch = built.watch

    def read() -> Stock:
        with app.store.read() as session:
            return borrow(session, watch, cases, seed)

    stock = await asyncio.to_thread(read)
    roles = [role for role in LOOKED_AT if role in watch.targets]
    timeouts = {name: caller.limits.timeout for name, caller in built.callers.items()}
    planned = plan(watch, cases, "drill", roles, seed, timeouts=timeouts)
    missing = [item for item in planned if (item.key.role, item.key.case_id, item.key.repeat) not in stock.answers]
    costs: list[float | None] = []
    if missing:
        progress.start(len(missing), f"answers of {watch.name}")
        budget = app.watch(watch.name).budget

        def on_response(response: Response) -> None:
            stock.keep(response)
            costs.append(response.cost)
            progress.advance()

        try:
            await replay(missing, built.callers, Budget(budget.per_run, budget.per_day), on_response=on_response)
        finally:
            progress.stop()
    if len(stock.answers) < _ENOUGH * len(planned):
        raise NotMeasured(
            f"no stored look of {watch.name} has its answers, and its targets gave {len(stock.answers)} of "
            f"{len(planned)}; 'eval-watchdog run {watch.name}' shows what is wrong"
        )
    return stock, Asked(calls=len(missing), cost=None if None in costs else sum(cost or 0.0 for cost in costs))


class Shadow:
    """Looks at the shadow copy by its watch's timetable, as the daemon would, out of turn included."""

    def __init__(self, app: App, built: BuiltWatch, stock: Stock, store: Store, channels: Sequence[str]) -> None:
        self.store = store
        self.stage = Stage()
        self.watch = built.watch
        self._calm = looks_for_baseline(self.watch) + CALM_LOOKS
        self.clock = ShadowClock(app.clock.now() - (self._calm + 1) * cadence(self.watch.schedule))
        self._road = Road(store, self.clock, channels=Channels(alerts=tuple(channels)))
        self._built = replace(built, callers=self._callers(app, built, stock))
        self._timetable = Timetable(self.watch.schedule)
        self._ledger = Ledger(store, lambda _name, at: self._road.fresh_run(self._built, Trigger.SCHEDULE, at))
        self._due = self._timetable.after(self.clock.now())
        self._beside: float | None = None

    def _callers(self, app: App, built: BuiltWatch, stock: Stock) -> dict[str, StandIns]:
        watch = built.watch
        known = {
            anchor.answer: judge.scale[anchor.human]
            for judge in app.joined.judges.get(watch.name, {}).values()
            for anchor in judge.anchors
        }
        simulator = Simulator([watch.golden] if watch.golden else [], stock.seed, known_answers=stock.grades | known)
        falling = watch.targets[Role.CURRENT].provider
        callers = {}
        for name in built.callers:
            roles = [role for role in LOOKED_AT if role in watch.targets and watch.targets[role].provider == name]
            targets = {role: TargetStandIn(role, self.stage, stock, falls=name == falling) for role in roles}
            judge = JudgeStandIn(simulator, self.stage, falls=name == falling)
            callers[name] = StandIns(name, targets, judge, self.clock, stock.seed)
        return callers

    async def settle(self, progress: Progress, stop: asyncio.Event) -> list[Alert]:
        """Calm looks, a baseline of them, and a few on top, unless ``stop`` is set; what fires by then.

        Raises:
            NotMeasured: no baseline that pages can be made of the answers.
        """
        progress.start(self._calm, f"calm looks of {self.watch.name}")
        try:
            for number in range(self._calm):
                if stop.is_set():
                    break
                await self._look()
                progress.advance()
                if number == self._calm - CALM_LOOKS - 1:
                    await asyncio.to_thread(self._freeze)
        finally:
            progress.stop()
        return self.firing()

    def _freeze(self) -> None:
        baseline = freeze_baseline(
            self.store, self._built, by="drill", because="a drill", now=self.clock.now(), accept_drift=True
        )
        if baseline.status is not BaselineStatus.LOCKED:
            said = "; ".join(str(remark) for remark in baseline.remarks[:2])
            raise NotMeasured(f"no baseline can be made of the answers of {self.watch.name}: {said}")

    async def break_down(self, script: Script, share: float, progress: Progress, stop: asyncio.Event) -> Rang:
        """Inject, and look until the alert that must follow fires, or for as long as the script waits."""
        injected = self.clock.now()
        progress.start(script.patience, f"looks of {self.watch.name}")
        alert, number = None, 0
        try:
            while alert is None and number < script.patience and not stop.is_set():
                number += 1
                self.stage.world = script.world(number, share)
                await self._look()
                progress.advance()
                alert = next((alert for alert in self.firing() if script.expected(alert)), None)
        finally:
            progress.stop()
        return Rang(alert=alert, looks=number, seconds=self.clock.now() - injected)

    def firing(self) -> list[Alert]:
        """What fires in the shadow now."""
        with self.store.read() as session:
            return [alert for alert in session.alerts.open(self.watch.name) if alert.state is AlertState.FIRING]

    async def _look(self) -> None:
        """The next look of the timetable, or the one before it that was planned out of turn."""
        trigger, at = Trigger.SCHEDULE, self._due
        if self._beside is not None and self._beside < at:
            trigger, at = Trigger.CONFIRM, self._beside
        else:
            self._due = self._timetable.after(self._due)
        self.clock.leap(at)
        self.stage.look += 1
        await self._road.look(self._built, trigger, at)
        verdict = await asyncio.to_thread(
            self._ledger.out_of_turn, self.watch, self._timetable, self._due, self.clock.now(), LEAST_GAP
        )
        self._beside = verdict.at


def shadow_of(built: BuiltWatch) -> BuiltWatch:
    """The watch as it is rehearsed: its golden set, without limits of money, and without what answers take.

    How long or dear an answer is, says nothing where nobody is asked.

    Raises:
        UsageError: it has no golden set.
    """
    watch: Watch = built.watch
    if watch.golden is None:
        raise UsageError(f"{watch.name} has no golden set, and a drill rehearses with one; name another watch")
    shown = replace(watch, traffic=None, measures=(), budget=Money())
    return replace(built, watch=shown, sources=[GoldenSource(golden=watch.golden.cases)])


@contextmanager
def shadow_store() -> Iterator[Store]:
    """A database in a folder of its own, gone at the end."""
    with TemporaryDirectory(prefix="eval-watchdog-drill-") as folder:
        store = Store(f"sqlite:///{Path(folder) / 'shadow.db'}")
        try:
            store.prepare()
            yield store
        finally:
            store.close()
