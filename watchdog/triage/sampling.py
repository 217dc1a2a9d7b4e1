"""The sample: recent inputs and golden cases, asked now of current, pinned and the judges' anchors.

It walks the first half of the road (``pipeline.measuring``) with a run of its own, trigger triage. No detector eats it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.detect.observe import Observed, observe
from watchdog.domain.baseline import Baseline
from watchdog.domain.case import Case, Origin
from watchdog.domain.run import Part, Run, RunStatus, Scope, Tally, Trigger
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import NotMeasured, StoreError
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.control import control_looks
from watchdog.pipeline.measured import Measured
from watchdog.pipeline.measuring import Known, Measuring, Progress
from watchdog.pipeline.runs import new_run
from watchdog.pipeline.scope import asked_cases
from watchdog.pipeline.subject import subject_of
from watchdog.replay.budget import Budget
from watchdog.store.recorder import Recorder

#: Seconds after which no call of a triage is begun.
DEADLINE = 30.0


class Sample(Struct, frozen=True, kw_only=True):
    """What was asked now."""

    measured: Measured
    observed: Observed | None
    #: What went wrong beside it, one sentence each.
    problems: Sequence[str] = ()


def traffic_now(built: BuiltWatch, now: float) -> tuple[list[Case], list[str]]:
    """The newest production inputs, and why there are none."""
    found: list[Case] = []
    problems: list[str] = []
    for source in built.sources:
        try:
            cases = source.cases(now, Random(0))
        except NotMeasured as error:
            problems.append(str(error))
            continue
        found += [case for case in cases if case.origin is Origin.TRAFFIC]
    return found, problems


async def ask_sample(
    app: App,
    built: BuiltWatch,
    baseline: Baseline | None,
    recent: Sequence[Case],
    *,
    golden: int,
    pinned: bool,
    budget: Budget,
    stop: asyncio.Event,
    progress: Progress | None = None,
) -> Sample:
    """Ask and score. ``golden``: golden cases at the most; ``pinned``: whether the pinned target is asked as well.

    What cannot be written down is told and asked all the same: at three in the morning an answer matters more.
    """
    watch, now = built.watch, app.clock.now()
    run = new_run(watch, built.instruments, subject_of(watch, ()), Trigger.TRIAGE, now)
    all_golden = watch.golden.cases if watch.golden is not None and golden else ()
    part = None if len(all_golden) <= golden else Part(turn=run.seed % 1_000_003, size=golden)
    run = replace(run, started_at=now, status=RunStatus.RUNNING, scope=Scope(part=part, pinned=pinned))
    cases = asked_cases(watch, run.scope, [*all_golden, *recent])
    problems: list[str] = []
    recorder = await asyncio.to_thread(_opened, app, run, recent, problems)
    try:
        measuring = Measuring(
            built,
            run,
            cases,
            Known(done=set(), responses={}, scores=[]),
            budget=budget,
            deadline=app.clock.monotonic() + DEADLINE,
            clock=app.clock,
            record=recorder.record if recorder else lambda _row: None,
            stop=stop,
            progress=progress,
            anchors_due=[m for m, anchored in built.anchors.items() if anchored.anchors and baseline is not None],
        )
        await measuring.replay()
        await measuring.score()
    except BaseException as error:
        failed = replace(run, status=RunStatus.FAILED, finished_at=app.clock.now(), note=type(error).__name__)
        if recorder is not None:
            await asyncio.to_thread(_saved, app, failed, problems)
        raise
    finally:
        if progress is not None:
            progress.stop()
        if recorder is not None:
            await asyncio.to_thread(_closed, recorder, problems)
    measured = measuring.measured(())
    observed = None if baseline is None else await asyncio.to_thread(_observed, app, watch, baseline, measured)
    if recorder is not None:
        await asyncio.to_thread(_finished, app, measured, problems)
    return Sample(measured=measured, observed=observed, problems=problems)


def _observed(app: App, watch: Watch, baseline: Baseline, measured: Measured) -> Observed:
    try:
        with app.store.read() as session:
            control = control_looks(session, baseline, measured.run.planned_for)
            return observe(watch, baseline, measured.run_scores, history=control)
    except StoreError:  # without it a question is answered as well as it can be
        return observe(watch, baseline, measured.run_scores)


def _opened(app: App, run: Run, recent: Sequence[Case], problems: list[str]) -> Recorder | None:
    try:
        with app.store.begin() as session:
            session.runs.save(run)
            session.runs.save_cases(run.id, recent)
    except StoreError as error:
        problems.append(f"not recorded: {error}")
        return None
    return Recorder(app.store, run.id, patience=1.0)


def _closed(recorder: Recorder, problems: list[str]) -> None:
    try:
        recorder.close()
    except StoreError as error:
        problems.append(f"not all answers were recorded: {error}")


def _finished(app: App, measured: Measured, problems: list[str]) -> None:
    run = replace(
        measured.run,
        status=RunStatus.FINISHED,
        finished_at=app.clock.now(),
        cost=measured.cost,
        unpriced=measured.unpriced,
    )
    _saved(app, run, problems, measured.tallies)


def _saved(app: App, run: Run, problems: list[str], tallies: Mapping[Role, Tally] | None = None) -> None:
    try:
        with app.store.begin() as session:
            session.runs.save(run)
            session.runs.save_tally(run.id, tallies or {}, 0)
    except StoreError as error:
        problems.append(f"not recorded: {error}")
