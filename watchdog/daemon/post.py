"""One watch on duty: its looks, one after the other, and what is written down about them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from watchdog.daemon.health import Looked, Standing
from watchdog.daemon.ledger import MISSED_LIMIT, OVERLAP, Ledger
from watchdog.daemon.out_of_turn import LEAST_GAP
from watchdog.daemon.ping import Pinger
from watchdog.daemon.timetable import Timetable
from watchdog.domain.run import RunStatus, Trigger
from watchdog.domain.watch import Watch
from watchdog.errors import StoreError, WatchdogError
from watchdog.pipeline.runs import WatchBusy
from watchdog.protocols import Clock
from watchdog.text.faults import frames, in_words
from watchdog.text.log import Log

_log = Log(__name__)


class Look(Protocol):
    """Makes one whole look: measure, decide, commit."""

    async def __call__(self, watch: str, trigger: Trigger, planned_for: float, stop: asyncio.Event) -> RunStatus:
        """FINISHED, or INTERRUPTED when ``stop`` was set on the way and it began no new call.

        Raises:
            WatchBusy: another process looks at the watch.
            WatchdogError: it could not be carried out.
        """


class Post:
    """The looks of one watch. What goes wrong in a look is logged, kept in the run's note, and over with it."""

    def __init__(
        self,
        watch: Watch,
        look: Look,
        ledger: Ledger,
        pinger: Pinger,
        clock: Clock,
        rng: Random,
        stopping: asyncio.Event,
        *,
        least_gap: float = LEAST_GAP,
    ) -> None:
        """Once ``stopping`` is set, no look is begun. ``least_gap``: seconds before a look out of turn.

        Raises:
            UsageError: the schedule is not understood.
        """
        self.watch = watch
        self.timetable = Timetable(watch.schedule)
        #: The look that is planned next.
        self.due = clock.now()
        #: The look that is planned out of turn, if there is one.
        self.beside: float | None = None
        self._least_gap = least_gap
        #: Being overdue is counted from here: the start, or the end of the last look that finished. Monotonic: a clock
        #: that is set back must not hide that nothing happens.
        self._since = clock.monotonic()
        self._looking_since: float | None = None
        self._lag: float | None = None
        self._last: Looked | None = None
        self._look = look
        self._ledger = ledger
        self._pinger = pinger
        self._clock = clock
        self._rng = rng
        self._stopping = stopping
        #: One turn of the timetable after the other.
        self._turning = asyncio.Lock()

    async def open(self) -> None:
        """Settle what was left behind, and find out when the first look is due.

        Raises:
            StoreError: the database cannot be used.
        """
        self._since = self._clock.monotonic()
        await self.plan()

    async def plan(self) -> None:
        """Settle what is on paper, and find out from the clock alone when the next look is due.

        Raises:
            StoreError: the database cannot be used.
        """
        async with self._turning:
            now = self._clock.now()
            self.due = await asyncio.to_thread(self._ledger.open, self.watch.name, self.timetable, now)
        await self._plan_beside()

    def standing(self) -> Standing:
        """How the looks stand."""
        since = self._clock.now() - (self._clock.monotonic() - self._since)
        return Standing(
            watch=self.watch.name,
            next_look=self.due,
            overdue_at=self.timetable.after(self.timetable.after(since)) + self.watch.schedule.jitter,
            looking_since=self._looking_since,
            lag=self._lag,
            last=self._last,
        )

    async def turn(self, upcoming: float) -> Looked | None:
        """The due time has come: write down what was skipped and what comes next; look, unless a look is under way."""
        async with self._turning:
            if self._stopping.is_set():
                return None
            now = self._clock.now()
            # Skipped times lie before the upcoming one by more than the scheduler's rounding.
            skipped = self.timetable.between(self.due, min(now, upcoming - 0.001), MISSED_LIMIT)
            due, self.due = [self.due, *skipped], upcoming
            obstacle = OVERLAP if self._looking_since is not None else ""
            if obstacle:
                _log.warning("the look before is still running", action="look-overlap", watch=self.watch.name)
            await self._note(self._ledger.turn, due, upcoming, now, obstacle)
            if obstacle or self._stopping.is_set():
                return None
            self._looking_since = self._clock.now()
        if await self._stopped_while_spreading():
            self._looking_since = None
            return None
        return await self._one_look(due[-1], Trigger.SCHEDULE)

    async def turn_beside(self) -> Looked | None:
        """The time of the look out of turn has come: look, unless a look is under way, which is as good."""
        async with self._turning:
            planned_for, self.beside = self.beside, None
            if planned_for is None or self._stopping.is_set():
                return None
            if self._looking_since is not None:
                await self._note(self._ledger.made, planned_for, Trigger.CONFIRM)
                return None
            self._looking_since = self._clock.now()
        return await self._one_look(planned_for, Trigger.CONFIRM)

    async def _plan_beside(self) -> None:
        now = self._clock.now()
        try:
            verdict = await asyncio.to_thread(
                self._ledger.out_of_turn, self.watch, self.timetable, self.due, now, self._least_gap
            )
        except Exception as error:  # noqa: BLE001 - the timetable stays
            _log.warning(
                "no look out of turn was planned", action="ledger-trouble", watch=self.watch.name, error=in_words(error)
            )
            return
        self.beside = verdict.at
        if verdict.at is not None:
            _log.info(
                "suspect: a look out of turn is planned",
                action="look-out-of-turn",
                watch=self.watch.name,
                seconds=round(verdict.at - now),
            )

    async def _one_look(self, planned_for: float, trigger: Trigger) -> Looked | None:
        try:
            return await self._looked(planned_for, trigger)
        finally:
            self._looking_since = None
            if not self._stopping.is_set():
                await self._plan_beside()

    async def _looked(self, planned_for: float, trigger: Trigger) -> Looked:
        name = self.watch.name
        began = self._clock.monotonic()
        self._lag = max(0.0, self._clock.now() - planned_for)
        self._pinger.began(name)
        await self._take_over_finish()
        status, error = await self._carried_out(planned_for, trigger)
        now = self._clock.now()
        if status is RunStatus.FINISHED:
            self._since = self._clock.monotonic()
            self._pinger.finished(name)
        elif status is RunStatus.MISSED and now < self.standing().overdue_at:
            self._pinger.finished(name)  # another process looks, and looks have finished in time: nobody is to be woken
        elif not self._stopping.is_set():
            self._pinger.failed(name)
        seconds = self._clock.monotonic() - began
        self._last = Looked(watch=name, status=status, seconds=seconds, ended_at=now, error=error)
        return self._last

    async def _take_over_finish(self) -> None:
        """A look that another process finished is as good as one of ours."""
        try:
            finished_at = await asyncio.to_thread(self._ledger.finished_at, self.watch.name)
        except Exception as error:  # noqa: BLE001 - a look is worth more than knowing of another
            _log.warning("no look was read", action="ledger-trouble", watch=self.watch.name, error=in_words(error))
            return
        self._since = max(self._since, self._clock.monotonic() - max(0.0, self._clock.now() - finished_at))

    async def _stopped_while_spreading(self) -> bool:
        """Wait the watch's random delay; True when the daemon was told to stop meanwhile."""
        if self.watch.schedule.jitter > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rng.uniform(0.0, self.watch.schedule.jitter)):
                    await self._stopping.wait()
        return self._stopping.is_set()

    async def _carried_out(self, planned_for: float, trigger: Trigger) -> tuple[RunStatus, str]:
        """Look, and write down what became of the planned run. Returns (status, why it did not finish)."""
        name = self.watch.name
        try:
            status = await self._look(name, trigger, planned_for, self._stopping)
        except WatchBusy as busy:
            _log.warning("another process is looking", action="look-busy", watch=name, error=str(busy))
            # Not missed: somebody does look, and what comes of it is theirs to write down.
            await self._note(self._ledger.made, planned_for, trigger)
            return RunStatus.MISSED, str(busy)
        except Exception as error:  # noqa: BLE001 - one broken look must not end the watch
            note = in_words(error)
            ours = isinstance(error, WatchdogError)
            _log.error(
                "a look failed", action="look-failed", watch=name, error=note, frames=[] if ours else frames(error)
            )
            # A database that was locked or full is no fault of the run: the next look continues it.
            begun = not isinstance(error, StoreError)
            await self._note(self._ledger.failed, planned_for, trigger, self._clock.now(), note, begun)
            return RunStatus.FAILED, note
        await self._note(self._ledger.made, planned_for, trigger)
        if status is not RunStatus.FINISHED:
            _log.warning("a look did not finish", action="look-unfinished", watch=name, status=status.value)
            return status, status.value
        _log.info("a look has finished", action="look-finished", watch=name)
        return status, ""

    async def _note(self, write: Callable[..., None], *arguments: Any) -> None:
        """Do book-keeping in a thread; when the database refuses, go on: the road has its own say about that."""
        try:
            await asyncio.to_thread(write, self.watch.name, *arguments)
        except Exception as error:  # noqa: BLE001 - a look is worth more than its note
            _log.warning("a look was not noted", action="ledger-trouble", watch=self.watch.name, error=in_words(error))
