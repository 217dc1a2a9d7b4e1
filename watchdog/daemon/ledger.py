"""Looks on paper before they are made: what was planned and never came is known, whoever was killed when.

A planned run changes its state only while it is still *planned*, under the watch's lock: somebody else (another
process, the road itself) may have begun it meanwhile, and then it is theirs. Called in worker threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from watchdog.daemon.out_of_turn import Money, Verdict, out_of_turn
from watchdog.daemon.timetable import Timetable
from watchdog.domain.run import LOOKS, Run, RunStatus, Scope, Trigger
from watchdog.domain.watch import Watch
from watchdog.pipeline.runs import planned_again
from watchdog.pipeline.scope import calls_of, regular_scope
from watchdog.pipeline.suspicion import suspicion_now
from watchdog.store.ownership import this_process
from watchdog.store.store import Session, Store

#: Makes the planned run of a watch for a time.
Plan = Callable[[str, float], Run]

#: Missed looks of one gap that are written down one by one; a longer gap says no more than this many.
MISSED_LIMIT = 100
#: Runs among which the last scheduled one is looked for, and the last one with a price.
_RECENT = 50
#: Looks of one day that are counted.
_LOOKS_A_DAY = 1440
DAY = 86400.0

NOBODY = "missed: nobody was running"
ASLEEP = "missed: the process could not keep up"
OVERLAP = "missed: the look before it was still running"


class Ledger:
    """The planned looks of all watches."""

    def __init__(self, store: Store, plan: Plan, owner: str | None = None) -> None:
        self._store = store
        self._plan = plan
        self._owner = owner or this_process()

    def open(self, watch: str, timetable: Timetable, now: float) -> float:
        """After a start: settle what was planned before, put the first look on paper, and tell when it is due.

        Looks that fell into the time when nobody was running are *missed*. One look makes up for all of them, at once;
        so does it when a run was left half-way, which that look continues.
        """
        with self._store.begin() as session:
            session.runs.lock(watch)
            unfinished = session.runs.unfinished(watch)
            not_begun = [run for run in unfinished if run.status is RunStatus.PLANNED]
            planned = [run for run in not_begun if run.trigger is not Trigger.CONFIRM]
            beside = [run for run in not_begun if run.trigger is Trigger.CONFIRM]
            past = [run.planned_for for run in planned if run.planned_for <= now]
            if past:
                past += timetable.between(past[-1], now, MISSED_LIMIT - len(past))
            for time in past:
                self._miss(session, watch, time, now, NOBODY)
            owed = bool(past) or len(unfinished) > len(planned) + len(beside)
            first = now if owed else timetable.first(_last_planned(session, watch), now)
            kept = self._write_down(session, watch, first)
            for run in planned:
                if run.planned_for > now and run.id != kept:
                    session.runs.withdraw(run.id)  # of another schedule: it was no promise of this one
        return first

    def turn(self, watch: str, due: Sequence[float], upcoming: float, now: float, obstacle: str = "") -> None:
        """The newest of ``due`` is about to be made, or is missed because of ``obstacle``; the next is ``upcoming``."""
        *late, newest = due
        with self._store.begin() as session:
            session.runs.lock(watch)
            for time in late:
                self._miss(session, watch, time, now, ASLEEP)
            if obstacle:
                self._miss(session, watch, newest, now, obstacle)
            else:
                self._write_down(session, watch, newest)
            self._write_down(session, watch, upcoming)

    def out_of_turn(self, watch: Watch, timetable: Timetable, due: float, now: float, least_gap: float) -> Verdict:
        """Put on paper when to look out of turn, or forget about it. ``due``: the next look of the timetable.

        What it is decided by is in the store: a daemon that was killed comes to the same verdict when it starts again.
        """
        with self._store.begin() as session:
            session.runs.lock(watch.name)
            for run in session.runs.unfinished(watch.name):
                if run.status is RunStatus.PLANNED and run.trigger is Trigger.CONFIRM:
                    session.runs.withdraw(run.id)
            newest = session.runs.of_watch(watch.name, statuses=[RunStatus.FINISHED], last=1)
            verdict = out_of_turn(
                suspicion_now(session, watch),
                now=now,
                ended=max((run.finished_at or 0.0 for run in newest), default=0.0),
                next_planned=due,
                interval=timetable.after(due) - due,
                money=_money(session, watch, timetable, due, now),
                least_gap=least_gap,
            )
            if verdict.at is not None:
                session.runs.save(self._run(watch.name, verdict.at, Trigger.CONFIRM))
        return verdict

    def made(self, watch: str, planned_for: float, trigger: Trigger = Trigger.SCHEDULE) -> None:
        """The look came to its end. A run that is still planned then was not needed.

        The look continued an earlier run, or another process made it.
        """
        with self._store.begin() as session:
            session.runs.withdraw(self._run(watch, planned_for, trigger).id)

    def finished_at(self, watch: str) -> float:
        """When a look at the watch last finished, whichever process made it; minus infinity when none has."""
        with self._store.read() as session:
            finished = session.runs.of_watch(watch, statuses=[RunStatus.FINISHED], last=_RECENT)
        return max((run.finished_at or 0.0 for run in finished if run.trigger in LOOKS), default=float("-inf"))

    def failed(self, watch: str, planned_for: float, trigger: Trigger, now: float, note: str, begun: bool) -> None:
        """The look broke before it began; with ``begun`` also what it left half-way, so that it breaks no other look.

        Whatever half-way run nobody else holds is this look's: when it began, it took up or closed all others.
        """
        name = self._run(watch, planned_for, trigger).id
        with self._store.begin() as session:
            session.runs.lock(watch)
            for run in session.runs.unfinished(watch):
                if run.status is RunStatus.PLANNED:
                    ours = run.id == name
                else:
                    ours = begun and session.runs.owner(run.id)[0] in (None, self._owner)
                if ours:
                    session.runs.save(replace(run, status=RunStatus.FAILED, finished_at=now, note=note))
                    session.runs.save_tally(run.id, session.runs.tally(run.id), 0)
                    session.runs.release(run.id)

    def _run(self, watch: str, time: float, trigger: Trigger) -> Run:
        run = self._plan(watch, time)
        return run if run.trigger is trigger else planned_again(run, trigger)

    def _write_down(self, session: Session, watch: str, time: float) -> str:
        run = self._plan(watch, time)
        if session.runs.get(run.id) is None:
            session.runs.save(run)
        return run.id

    def _miss(self, session: Session, watch: str, time: float, now: float, note: str) -> None:
        run = self._plan(watch, time)
        known = session.runs.get(run.id) or run
        if known.status is RunStatus.PLANNED:
            session.runs.save(replace(known, status=RunStatus.MISSED, finished_at=now, note=note))
            session.runs.save_tally(run.id, {}, 0)


def _money(session: Session, watch: Watch, timetable: Timetable, due: float, now: float) -> Money | None:
    """What is left of the day's budget, and what looks cost by the newest one with a price."""
    if watch.budget.per_day is None:
        return None
    midnight = now - now % DAY
    left = watch.budget.per_day - session.runs.spent_since(watch.name, midnight)
    priced = [
        run
        for run in session.runs.of_watch(watch.name, statuses=[RunStatus.FINISHED], last=_RECENT)
        if run.cost is not None and not run.unpriced
    ]
    if not priced:
        return Money(left=left, look=None, planned=0.0)
    a_call = (priced[-1].cost or 0.0) / max(1, calls_of(watch, priced[-1].scope))
    today = sum(time < midnight + DAY for time in (due, *timetable.between(due, midnight + DAY, _LOOKS_A_DAY)))
    return Money(
        left=left,
        look=a_call * calls_of(watch, Scope()),
        planned=a_call * calls_of(watch, regular_scope(watch)) * today,
    )


def _last_planned(session: Session, watch: str) -> float | None:
    """Planned time of the newest scheduled look that is over or under way."""
    begun = set(RunStatus) - {RunStatus.PLANNED}
    times = [
        run.planned_for
        for run in session.runs.of_watch(watch, statuses=begun, last=_RECENT)
        if run.trigger is Trigger.SCHEDULE
    ]
    return times[-1] if times else None
