"""Opening a run: a new one, or the one that was interrupted."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.baseline import Instruments
from watchdog.domain.digest import digest
from watchdog.domain.run import LOOKS, Run, RunStatus, Subject, Trigger
from watchdog.domain.watch import Watch
from watchdog.errors import UsageError
from watchdog.store.store import Session

#: Seconds for which a process says that it is alive; renewed more often.
LEASE_SECONDS = 30.0


class WatchBusy(UsageError):
    """Another process is running this watch."""


def taken_over(watch: str) -> WatchBusy:
    """The error of a process that stood still for longer than its lease, and finds its run in other hands."""
    return WatchBusy(f"watch {watch!r}: another process took the run over while this one stood still, and decides it")


class Opened(Struct, frozen=True, kw_only=True):
    """A run that this process owns now."""

    run: Run
    #: Whether it had been started before; what it recorded then is not paid again.
    resumed: bool
    #: Ids of earlier runs of the watch that were given up.
    abandoned: tuple[str, ...] = ()


def run_id(watch: str, trigger: Trigger, planned_for: float) -> str:
    """Name of a run: planned twice, it is the same run."""
    return digest([watch, trigger.value, round(planned_for * 1000)])


def _seed(name: str) -> int:
    return int(name, 16) % 2**31


def new_run(watch: Watch, instruments: Instruments, subject: Subject, trigger: Trigger, planned_for: float) -> Run:
    """A planned run. Its seed follows from its name, so that a replay makes the same choices."""
    name = run_id(watch.name, trigger, planned_for)
    return Run(
        id=name,
        watch=watch.name,
        trigger=trigger,
        status=RunStatus.PLANNED,
        planned_for=planned_for,
        seed=_seed(name),
        instruments=instruments,
        subject=subject,
    )


def planned_again(run: Run, trigger: Trigger) -> Run:
    """The same planned run for another reason: a run of its own."""
    name = run_id(run.watch, trigger, run.planned_for)
    return replace(run, id=name, trigger=trigger, seed=_seed(name))


def open_run(
    session: Session,
    fresh: Run,
    *,
    now: float,
    deadline: float,
    owner: str,
    may_be_alive: Callable[[str], bool],
) -> Opened:
    """Own ``fresh``, or an interrupted run of the same watch that measures the same thing and is not too old.

    Raises:
        WatchBusy: another live process works on a run of this watch.
    """
    session.runs.lock(fresh.watch)
    continued: Run | None = None
    abandoned: list[str] = []
    for run in session.runs.unfinished(fresh.watch):
        if run.status is RunStatus.PLANNED and run.id != fresh.id:
            continue  # the scheduler's business
        holder, until = session.runs.owner(run.id)
        if holder is not None and holder != owner and (until or 0.0) > now and may_be_alive(holder):
            raise WatchBusy(f"watch {fresh.watch!r} is being run by another process ({holder}); wait, or stop it")
        if run.id == fresh.id and run.status is RunStatus.PLANNED:
            continue
        obstacle = _obstacle(run, fresh, now, deadline)
        if obstacle or continued is not None:
            note = f"interrupted and not continued: {obstacle or 'an older run was'}"
            session.runs.save(replace(run, status=RunStatus.FAILED, finished_at=now, note=note))
            session.runs.save_tally(run.id, session.runs.tally(run.id), 0)
            session.runs.release(run.id)
            abandoned.append(run.id)
        else:
            continued = run
    chosen = continued or replace(fresh, started_at=now)
    status = RunStatus.MEASURED if chosen.status is RunStatus.MEASURED else RunStatus.RUNNING
    chosen = replace(chosen, status=status)
    session.runs.save(chosen)
    if not session.runs.claim(chosen.id, owner, now, LEASE_SECONDS):
        # Its last owner is certainly gone: the lease need not be waited for.
        session.runs.release(chosen.id)
        session.runs.claim(chosen.id, owner, now, LEASE_SECONDS)
    return Opened(run=chosen, resumed=continued is not None, abandoned=tuple(abandoned))


def _obstacle(run: Run, fresh: Run, now: float, deadline: float) -> str:
    """Why an interrupted run cannot be continued; empty when it can."""
    if run.trigger is not fresh.trigger and not {run.trigger, fresh.trigger} <= LOOKS:
        return f"it was a {run.trigger} run"
    differing = run.instruments.differences(fresh.instruments)
    if differing:
        return f"{', '.join(differing)} changed since"
    if not run.subject.same_target(fresh.subject):
        return "the current target changed since"
    if now - (run.started_at or run.planned_for) > deadline:
        return "it is older than a run may last"
    return ""
