"""A drill from its beginning to its end.

rehearse   a shadow copy of the watch looks at calm answers, then at broken ones, until the alert fires
deliver    the alert, marked as a drill's, goes through the real channels; each is timed
close      what was opened is closed, and the drill is written down

Time to detect is by the watch's timetable and goes by in seconds; delivery takes the time it takes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from random import Random
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from watchdog.alert.stage import resolve_by_hand
from watchdog.app.build import App
from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.drill import DRILL, Drill, DrillKind, DrillOutcome
from watchdog.domain.run import LOOKS, RunStatus
from watchdog.drill.kinds import SCRIPTS, Script
from watchdog.drill.messenger import TO_NOBODY, Messenger, OutOfReach
from watchdog.drill.outbox import DrillOutbox, marked
from watchdog.drill.shadow import Shadow, shadow_of, shadow_store, stock_up
from watchdog.errors import UsageError, WatchdogError
from watchdog.generate.live import live_config
from watchdog.notify.group_key import GroupKeys
from watchdog.pipeline.measuring import Progress
from watchdog.protocols import Notifier
from watchdog.settings.secret import Secret
from watchdog.store.ownership import may_be_alive, this_process

#: Share of the cases that are answered badly unless it is said otherwise.
SHARE = 0.3
#: Seconds for which a channel is waited for.
PATIENCE = 600.0
#: Looks that tell how long one takes.
_TIMED = 20
_ALERTMANAGER = "alertmanager"
#: Seconds that an Alertmanager is taken to wait which does not tell its routes: its default.
_GROUP_WAIT = 30.0


class DrillOptions(Struct, frozen=True, kw_only=True):
    """How a drill is held."""

    #: Share of the cases that are answered badly, where the kind has any.
    share: float = SHARE
    #: Seconds for which the channels are waited for.
    patience: float = PATIENCE
    seed: int = 1


class DrillRun:
    """One drill of one watch."""

    def __init__(
        self, app: App, watch: str, kind: DrillKind, options: DrillOptions, *, stop: asyncio.Event, progress: Progress
    ) -> None:
        """``stop`` ends it early; what was opened is closed all the same.

        Raises:
            UsageError: such a drill cannot be held with this watch or these channels.
        """
        self._app = app
        self._script = SCRIPTS[kind]
        self._options = options
        self._stop = stop
        self._progress = progress
        self._built = shadow_of(app.built(watch))
        _refuse(app, self._built.watch.name, kind, self._script)
        self._drill = Drill(
            id=secrets.token_hex(8),
            kind=kind,
            watch=watch,
            started_at=app.clock.now(),
            injected=self._script.injected.format(share=f"{100 * options.share:.0f} %"),
            owner=this_process(),
        )

    async def hold(self) -> Drill:
        """The drill, written down in the house's own store.

        Raises:
            NotMeasured: there are no answers to rehearse with.
        """
        golden = self._built.watch.golden
        cases = golden.cases if golden else ()
        stock, asked = await stock_up(self._app, self._built, cases, self._options.seed, self._progress)
        self._drill = replace(self._drill, asked=asked.calls, cost=asked.cost)
        with shadow_store() as store:
            shadow = Shadow(self._app, self._built, stock, store, self._app.channels.alerts)
            ended = await self._rehearsed(shadow)
        await self._write_down(replace(ended, finished_at=self._app.clock.now(), open=()))
        return self._drill

    async def _rehearsed(self, shadow: Shadow) -> Drill:
        rung = await shadow.settle(self._progress, self._stop)
        if self._stop.is_set():
            return self._ended(DrillOutcome.INTERRUPTED, "stopped")
        if rung:
            names = ", ".join(sorted({alert.labels.get("alertname", "an alert") for alert in rung}))
            return self._ended(DrillOutcome.NOT_CALM, f"{names} fired before anything was injected")
        rang = await shadow.break_down(self._script, self._options.share, self._progress, self._stop)
        if rang.alert is None and self._stop.is_set():
            return self._ended(DrillOutcome.INTERRUPTED, "stopped")
        if rang.alert is None:
            why = f"no {self._script.awaited} in {rang.looks} looks"
            return replace(self._ended(DrillOutcome.NOT_DETECTED, why), looks=rang.looks)
        took = await asyncio.to_thread(self._look_seconds)
        self._drill = replace(
            self._drill,
            looks=rang.looks,
            detect_seconds=rang.seconds + took,
            labels=rang.alert.labels,
            summary=rang.alert.annotations.get("summary", ""),
            cause=rang.alert.cause.value,
        )
        return await self._delivered(shadow, rang.alert)

    async def _delivered(self, shadow: Shadow, alert: Alert) -> Drill:
        """Send, time, and close, whatever happens in between."""
        shift = self._app.clock.now() - shadow.clock.now()
        outbox = DrillOutbox(shadow.store, shift)
        sent = marked(alert, shift)
        notifiers, unreachable = self._channels()
        waits, own_route = await asyncio.to_thread(self._routes, sent)
        messenger = Messenger(notifiers, outbox, self._app.clock, Random(self._options.seed), waits)
        fired_at, closed_at = self._app.clock.now(), None
        await self._write_down(replace(self._drill, open=tuple(marked(one, shift) for one in shadow.firing())))
        arrived, receivers = False, {}
        try:
            if unreachable:
                arrived = await messenger.tell_in_place(self._options.patience, self._stop)
                for channel in unreachable:
                    channel.back = True
            arrived = await messenger.tell(sent, self._options.patience, self._stop) and (arrived or not unreachable)
            receivers = dict(await messenger.receivers(sent))
        finally:
            closed_at = self._app.clock.now()
            await asyncio.to_thread(_close, shadow, self._app.channels.alerts)
            closed = await messenger.close(sent, self._options.patience)
        told = await messenger.report(sent, fired_at, closed_at)
        told = tuple(replace(one, receivers=receivers.get(one.channel, ())) for one in told)
        self._drill = replace(self._drill, told=told, own_route=own_route)
        return self._judged(arrived=arrived, closed=closed)

    def _judged(self, *, arrived: bool, closed: bool) -> Drill:
        told = [one for one in self._drill.told if one.wanted and one.note != TO_NOBODY]
        times = [one.reached for one in told if one.reached is not None]
        page = None if not times else (self._drill.detect_seconds or 0.0) + min(times)
        self._drill = replace(self._drill, page_seconds=page)
        if not arrived and self._stop.is_set():
            return self._ended(DrillOutcome.INTERRUPTED, "stopped; what was opened is closed")
        if not arrived:
            late = [one.channel for one in self._drill.told if one.wanted and (one.seconds is None or one.note)]
            who = ", ".join(late) or "anybody in the place of Alertmanager"
            return self._ended(DrillOutcome.NOT_DELIVERED, f"it did not reach {who} in {self._options.patience:g} s")
        if not any(one.wanted for one in self._drill.told):
            return self._ended(DrillOutcome.NOT_DELIVERED, "no channel takes such an alert: nobody would be told")
        if not closed:
            open_ = [one.channel for one in self._drill.told if one.seconds is not None and one.closed is None]
            why = f"it is still open on {', '.join(open_)}: close it there by hand"
            return self._ended(DrillOutcome.NOT_DELIVERED, why)
        return self._ended(DrillOutcome.PASSED, f"{self._script.awaited} fired and was delivered")

    def _ended(self, outcome: DrillOutcome, reason: str) -> Drill:
        return replace(self._drill, outcome=outcome, reason=reason)

    def _channels(self) -> tuple[Sequence[Notifier], list[OutOfReach]]:
        """The real channels, Alertmanager's out of reach when the script says so."""
        if not self._script.alertmanager_down:
            return self._app.notifiers, []
        managers = {plan.name for plan in self._app.settings.notifiers if plan.kind == _ALERTMANAGER}
        shut = {one.name: OutOfReach(one) for one in self._app.notifiers if one.name in managers}
        return [shut.get(one.name, one) for one in self._app.notifiers], list(shut.values())

    def _routes(self, sent: Alert) -> tuple[dict[str, float], bool | None]:
        """How long each Alertmanager waits before it pages; whether one routes drills otherwise than what they imitate.

        None when none tells its routes.
        """
        waits: dict[str, float] = {}
        own: bool | None = None
        real = {name: value for name, value in sent.labels.items() if name != DRILL}
        for plan in [plan for plan in self._app.settings.notifiers if plan.kind == _ALERTMANAGER]:
            waits[plan.name] = _GROUP_WAIT
            for url in plan.arguments.get("urls", ()):
                try:
                    keys = GroupKeys(live_config(url.reveal() if isinstance(url, Secret) else str(url)))
                except WatchdogError:
                    continue
                waits[plan.name] = keys.group_wait(sent.labels)
                own = keys.routes(sent.labels) != keys.routes(real)
                break
        return waits, own

    def _look_seconds(self) -> float:
        """How long a real look of the watch takes; 0 when none was made yet."""
        with self._app.store.read() as session:
            runs = session.runs.of_watch(self._drill.watch, statuses=[RunStatus.FINISHED], last=_TIMED)
        times = [
            run.finished_at - run.started_at
            for run in runs
            if run.trigger in LOOKS and run.finished_at is not None and run.started_at is not None
        ]
        return median(times) if times else 0.0

    async def _write_down(self, drill: Drill) -> None:
        self._drill = drill

        def write() -> None:
            with self._app.store.begin() as session:
                session.drills.save(drill)

        await asyncio.to_thread(write)


def _refuse(app: App, watch: str, kind: DrillKind, script: Script) -> None:
    """UsageError when such a drill cannot be held."""
    if script.needs_judge and not app.joined.judges.get(watch):
        raise UsageError(f"{watch} has no judge that could be down; name a watch that has one, or another drill")
    if script.alertmanager_down:
        plans = app.settings.notifiers
        if not any(plan.kind == _ALERTMANAGER for plan in plans):
            raise UsageError(f"'notify' has no alertmanager that could be down; {kind} is not for these channels")


def _close(shadow: Shadow, channels: Sequence[str]) -> None:
    """Whatever fires in the shadow is over."""
    now = shadow.clock.now()
    with shadow.store.begin() as session:
        for alert in session.alerts.open(shadow.watch.name):
            if alert.state is AlertState.FIRING:
                over = resolve_by_hand(alert, now, "the drill is over")
                session.alerts.save(shadow.watch.name, [over], channels)


async def close_leftovers(app: App) -> list[Drill]:
    """Close what drills that were killed left open, and write them off. Returns those drills.

    A channel that cannot be reached is tried again by the next drill.
    """

    def left() -> list[Drill]:
        with app.store.read() as session:
            return [drill for drill in session.drills.unfinished() if not may_be_alive(drill.owner)]

    closed = []
    now = app.clock.now()
    for drill in await asyncio.to_thread(left):
        over = [
            replace(alert, state=AlertState.RESOLVED, resolved_at=now, updated_at=now, annotations=_over(alert))
            for alert in drill.open
        ]
        try:
            for notifier in app.notifiers if over else ():
                await notifier.send(over, now)
        except WatchdogError:
            continue
        ended = replace(
            drill, finished_at=now, outcome=DrillOutcome.INTERRUPTED, reason="killed; closed by a later drill", open=()
        )
        with app.store.begin() as session:
            session.drills.save(ended)
        closed.append(ended)
    return closed


def _over(alert: Alert) -> dict[str, str]:
    return {**alert.annotations, "recovery": "resolved by hand: the drill is over"}
