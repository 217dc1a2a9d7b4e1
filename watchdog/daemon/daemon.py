"""The daemon as an object: start, run until told, stop. Signals, sockets and settings are somebody else's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC
from random import Random
from typing import Any, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Struct

from watchdog.daemon.clock_guard import ahead_of_monotonic, mind_the_clock
from watchdog.daemon.health import Looked, Standing, Trouble, troubles
from watchdog.daemon.ledger import Ledger, Plan
from watchdog.daemon.out_of_turn import LEAST_GAP
from watchdog.daemon.ping import Pinger
from watchdog.daemon.post import Look, Post
from watchdog.daemon.timetable import moment
from watchdog.domain.watch import Watch
from watchdog.errors import StoreError
from watchdog.protocols import Clock
from watchdog.store.store import Store
from watchdog.text.faults import frames, in_words
from watchdog.text.log import Log

_log = Log(__name__)

#: Seconds that calls in flight get to finish after a stop, and then whatever has to be cut off.
GRACE = 30.0
CUT_OFF = 5.0
#: Seconds after which a store that does not answer is taken for gone.
STORE_PATIENCE = 5.0
#: Seconds before a delivery loop that broke is started again.
DELIVERY_PAUSE = 1.0
DAY = 86400.0
#: Name of the scheduler's job that is no watch's: no watch has an empty name.
_HOUSE_KEEPING = ""
#: What the names of chores' jobs begin with: no watch has a space in its name.
_CHORE = "chore"

_Job = Callable[[str], Coroutine[Any, Any, None]]


class Chore(Struct, frozen=True, kw_only=True):
    """Something that is done now and then beside the looks. What goes wrong in it is logged and tried again."""

    name: str
    #: Seconds between two times; the first is right after the start.
    every: float
    #: Given an event that is set when the daemon stops.
    work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]


class Delivery(Protocol):
    """Delivers what was decided."""

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set, and what is due then once more."""


class Daemon:
    """Looks at every watch when it is due, delivers beside it, forgets old texts once a day.

    Nothing ends it but being told to stop; what goes wrong on the way is logged, kept in the run's note and tried again
    at the next planned time. Scheduling is by the machine's clock; ``clock`` stamps what is written down.
    """

    def __init__(
        self,
        looks: Mapping[str, Watch],
        look: Look,
        plan: Plan,
        store: Store,
        delivery: Delivery,
        clock: Clock,
        *,
        heartbeat: str | None = None,
        retention: float | None = None,
        grace: float = GRACE,
        least_gap: float = LEAST_GAP,
        rng: Random | None = None,
        on_look: Sequence[Callable[[Looked], None]] = (),
        chores: Sequence[Chore] = (),
    ) -> None:
        """``heartbeat``: ping URL. ``retention``: seconds for which answers' texts are kept; None keeps them.

        ``least_gap``: seconds before a look out of turn.

        Raises:
            UsageError: a schedule is not understood.
        """
        self._store = store
        self._delivery = delivery
        self._clock = clock
        self._retention = retention
        self._grace = grace
        self._on_look = tuple(on_look)
        self._chores = {chore.name: chore for chore in chores}
        self._pinger = Pinger(heartbeat)
        self._stopping = asyncio.Event()
        ledger = Ledger(store, plan)
        self._posts = {
            name: Post(watch, look, ledger, self._pinger, clock, rng or Random(), self._stopping, least_gap=least_gap)
            for name, watch in looks.items()
        }
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._phase = "not started"
        self._delivery_stop = asyncio.Event()
        self._delivering: asyncio.Task[None] | None = None
        self._minding: asyncio.Task[None] | None = None
        #: Chores under way.
        self._busy: set[str] = set()
        #: Looks and house-keeping under way. They outlive the scheduler, which would cut its own jobs off.
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life ---------------------------------------------------------------------------------------------------------

    async def run_until(self, stop: asyncio.Event) -> None:
        """Start, work until ``stop`` is set, and stop in good order.

        Raises:
            WatchdogError: it could not start.
        """
        try:
            await self.start()
            await stop.wait()
        finally:
            await self.stop()

    async def start(self) -> None:
        """Settle what was left behind, put the next looks on paper, and begin.

        Raises:
            StoreError: the database cannot be used.
        """
        self._phase = "starting"
        ahead = ahead_of_monotonic(self._clock)
        for name, post in self._posts.items():
            await post.open()
            self._schedule(name, self._come_due, post.timetable.trigger, post.due)
            self._schedule_beside(name)
        if self._retention is not None:
            daily = IntervalTrigger(seconds=DAY, timezone=UTC)
            self._schedule(_HOUSE_KEEPING, self._forget_in_time, daily, self._clock.now())
        for chore in self._chores.values():
            again = IntervalTrigger(seconds=chore.every, timezone=UTC)
            self._scheduler.add_job(
                self._chore_in_time, again, args=[chore.name], id=f"{_CHORE} {chore.name}", coalesce=True,
                next_run_time=moment(self._clock.now()), misfire_grace_time=None,
            )  # fmt: skip
        self._delivering = asyncio.create_task(self._deliver())
        self._minding = asyncio.create_task(mind_the_clock(self._clock, ahead, self._stopping, self._plan_anew))
        self._scheduler.start()
        self._phase = ""
        _log.info("the daemon has started", action="daemon-started", watches=len(self._posts))

    def _schedule(
        self,
        name: str,
        work: Callable[[str], Coroutine[Any, Any, None]],
        trigger: Any,
        first: float,
        *,
        beside: bool = False,
    ) -> None:
        self._scheduler.add_job(
            work,
            trigger,
            args=[name],
            id=f"{name} out of turn" if beside else name,  # no watch has a space in its name
            replace_existing=beside,
            next_run_time=moment(first),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # late is better than never; what was skipped is written down
        )

    async def _plan_anew(self) -> None:
        """As after a start, by what the clock says now."""
        for name, post in self._posts.items():
            await post.plan()
            self._scheduler.modify_job(name, next_run_time=moment(post.due))
            self._schedule_beside(name)
        for job in self._scheduler.get_jobs():
            if job.id == _HOUSE_KEEPING or job.id.startswith(f"{_CHORE} "):
                job.modify(next_run_time=moment(self._clock.now()))

    def _schedule_beside(self, name: str) -> None:
        at = self._posts[name].beside
        if at is not None and not self._stopping.is_set():
            self._schedule(name, self._come_due_beside, DateTrigger(moment(at)), at, beside=True)

    async def stop(self) -> None:
        """Begin no new look and no new call, let calls in flight finish, deliver once more."""
        if self._phase in ("not started", "stopped"):
            return
        self._phase = "stopping"
        _log.info("the daemon is stopping", action="daemon-stopping", under_way=len(self._tasks))
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.pause()
        if self._minding is not None:
            await _finish([self._minding], self._grace)
        await _finish(self._tasks, self._grace)
        self._delivery_stop.set()
        if self._delivering is not None:
            await _finish([self._delivering], self._grace)
        await self._pinger.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # the scheduler leaves at the loop's next turn
        self._phase = "stopped"
        _log.info("the daemon has stopped", action="daemon-stopped")

    # -- what others may know -----------------------------------------------------------------------------------------

    @property
    def watches(self) -> Mapping[str, Watch]:
        """The watches on duty."""
        return {name: post.watch for name, post in self._posts.items()}

    def standings(self) -> list[Standing]:
        """How the looks of each watch stand."""
        return [post.standing() for post in self._posts.values()]

    def late(self) -> list[Trouble]:
        """Troubles that can be told without asking the database; the heartbeat alert goes by them."""
        return self._troubles(None)

    async def troubles(self) -> list[Trouble]:
        """Everything that keeps the daemon from being ready."""
        try:
            async with asyncio.timeout(STORE_PATIENCE):
                await asyncio.to_thread(self._store.ping)
        except TimeoutError:
            return self._troubles(f"no answer within {STORE_PATIENCE:g} s")
        except StoreError as error:
            return self._troubles(str(error))
        return self._troubles(None)

    def _troubles(self, store_error: str | None) -> list[Trouble]:
        return troubles(
            phase=self._phase,
            scheduling=self._scheduler.running,
            store_error=store_error,
            standings=self.standings(),
            now=self._clock.now(),
        )

    # -- work ---------------------------------------------------------------------------------------------------------

    async def _come_due(self, name: str) -> None:
        upcoming = self._scheduler.get_job(name).next_run_time.timestamp()
        self._spawn(self._turn(self._posts[name], upcoming))

    async def _turn(self, post: Post, upcoming: float) -> None:
        self._told(post, await post.turn(upcoming))

    async def _come_due_beside(self, name: str) -> None:
        self._spawn(self._turn_beside(self._posts[name]))

    async def _turn_beside(self, post: Post) -> None:
        self._told(post, await post.turn_beside())

    def _told(self, post: Post, looked: Looked | None) -> None:
        if looked is not None:
            for tell in self._on_look:
                tell(looked)
            self._schedule_beside(post.watch.name)

    async def _chore_in_time(self, name: str) -> None:
        if name not in self._busy:
            self._spawn(self._do(self._chores[name]))

    async def _do(self, chore: Chore) -> None:
        self._busy.add(chore.name)
        try:
            await chore.work(self._stopping)
        except Exception as error:  # noqa: BLE001 - tried again at its next time
            _log.warning("a chore was not done", action="chore-failed", chore=chore.name, error=in_words(error))
        finally:
            self._busy.discard(chore.name)

    async def _forget_in_time(self, _name: str) -> None:
        self._spawn(self._forget())

    async def _forget(self) -> None:
        """Forget the texts of old answers."""
        try:
            forgotten = await asyncio.to_thread(self._forget_before, self._clock.now() - (self._retention or 0.0))
        except Exception as error:  # noqa: BLE001 - tried again tomorrow
            _log.warning("old texts could not be forgotten", action="retention-failed", error=in_words(error))
        else:
            _log.info("old texts are forgotten", action="retention", rows=forgotten)

    def _forget_before(self, before: float) -> int:
        with self._store.begin() as session:
            return session.responses.forget_text(before)

    async def _deliver(self) -> None:
        """Deliver beside the looks, whatever happens."""
        while True:
            try:
                await self._delivery.run(self._delivery_stop)
            except Exception as error:  # noqa: BLE001 - delivery must come back
                _log.error("delivery broke", action="delivery-broke", error=in_words(error), frames=frames(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DELIVERY_PAUSE):
                    await self._delivery_stop.wait()
            if self._delivery_stop.is_set():
                return

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _finish(tasks: Iterable[asyncio.Task[None]], grace: float) -> None:
    """Wait for tasks, and cut off what is not done in time: what it had recorded is kept."""
    waiting = set(tasks)
    if not waiting:
        return
    _, late = await asyncio.wait(waiting, timeout=grace)
    for task in late:
        task.cancel()
    if late:
        _log.warning("work was cut off to stop", action="daemon-cut-off", tasks=len(late))
        await asyncio.wait(late, timeout=CUT_OFF)
