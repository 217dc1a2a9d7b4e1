"""Runs at which all was well: what a change is told by, and what a rollback goes back to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchdog.domain.baseline import Baseline
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm
from watchdog.domain.run import Run
from watchdog.domain.watch import Watch
from watchdog.store.store import Session

#: Looks in which the last good one is looked for.
LOOKED_BACK = 50
_RAISED = frozenset({Level.SUSPECT, Level.DRIFT})


def good_runs(session: Session, watch: Watch, baseline: Baseline | None, looks: Sequence[Run]) -> list[Run]:
    """The baseline's runs, and those of the looks whose paging metrics were all calm; oldest first.

    A look that was calm only because the drift was not seen yet is none: what a later signal dates back to its onset
    counts from there on, until that metric is calm again.
    None without a baseline: nobody knows then what good is.
    """
    if baseline is None:
        return []
    taken = [run for run_id in baseline.run_ids if (run := session.runs.get(run_id)) is not None]
    said: dict[str, list[Signal]] = {}
    since = looks[0].planned_for if looks else baseline.frozen_at
    for signal in session.detection.signals(watch.name, since=since):
        said.setdefault(signal.run_id, []).append(signal)
    bad = [_bad(signal) for signals in said.values() for signal in _paging(watch, signals) if signal.level in _RAISED]
    calm = [
        run
        for run in looks
        if run.id not in baseline.run_ids
        and _calm(watch, said.get(run.id, ()))
        and not any(first <= run.planned_for <= last for first, last in bad)
    ]
    return sorted([*taken, *calm], key=lambda run: run.planned_for)


def _calm(watch: Watch, signals: Iterable[Signal]) -> bool:
    levels = {signal.level for signal in _paging(watch, signals)}
    return bool(levels) and levels <= {Level.CALM}


def _paging(watch: Watch, signals: Iterable[Signal]) -> list[Signal]:
    return [signal for signal in signals if signal.key.arm is Arm.CURRENT and watch.pages(signal.key)]


def _bad(signal: Signal) -> tuple[float, float]:
    """From the earliest look that may have been the first bad one to the look that says so."""
    if signal.since_between is not None:
        return signal.since_between[0], signal.at
    return (signal.at if signal.since is None else signal.since), signal.at
