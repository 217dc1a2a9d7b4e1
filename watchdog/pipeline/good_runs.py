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


def good_runs(session: Session, watch: Watch, baseline: Baseline | None, looks: Sequence[Run]) -> list[Run]:
    """The baseline's runs, and those of the looks whose paging metrics were all calm; oldest first.

    None without a baseline: nobody knows then what good is.
    """
    if baseline is None:
        return []
    taken = [run for run_id in baseline.run_ids if (run := session.runs.get(run_id)) is not None]
    said: dict[str, list[Signal]] = {}
    since = looks[0].planned_for if looks else baseline.frozen_at
    for signal in session.detection.signals(watch.name, since=since):
        said.setdefault(signal.run_id, []).append(signal)
    calm = [run for run in looks if _calm(watch, said.get(run.id, ())) and run.id not in baseline.run_ids]
    return sorted([*taken, *calm], key=lambda run: run.planned_for)


def _calm(watch: Watch, signals: Iterable[Signal]) -> bool:
    levels = {signal.level for signal in signals if signal.key.arm is Arm.CURRENT and watch.pages(signal.key)}
    return bool(levels) and levels <= {Level.CALM}
