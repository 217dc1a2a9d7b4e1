"""Suspicion: the newest looks at which a metric that may page was not calm, and not yet drifting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm
from watchdog.domain.run import LOOKS, Run, RunStatus, Trigger
from watchdog.domain.watch import Watch
from watchdog.store.store import Session

#: Looks that are looked back on. A suspicion that is older than they are is nothing new.
LOOKED_BACK = 12


class Suspicion(Struct, frozen=True, kw_only=True):
    """What the newest looks have in common."""

    #: Suspect looks in a row up to the newest one that could say anything; 0 when that one was not.
    looks: int = 0
    #: Looks that were made out of turn since the first of them.
    out_of_turn: int = 0
    #: Whether something drifts by the newest look.
    drifting: bool = False


def levels(watch: Watch, signals: Iterable[Signal]) -> frozenset[Level]:
    """What the detectors said of the metrics of a watch that may page."""
    return frozenset(signal.level for signal in signals if signal.key.arm is Arm.CURRENT and watch.pages(signal.key))


def suspicion_of(looks: Sequence[Run], said: Mapping[str, Collection[Level]]) -> Suspicion:
    """The suspicion after these looks, oldest first. ``said``: levels by run; a look without any says nothing."""
    suspect = out_of_turn = 0
    drifting: bool | None = None
    for run in reversed(looks):
        found = said.get(run.id, ())
        if found:
            drifting = Level.DRIFT in found if drifting is None else drifting
            if Level.SUSPECT not in found:
                break
            suspect += 1
        out_of_turn += run.trigger is Trigger.CONFIRM
    return Suspicion(looks=suspect, out_of_turn=out_of_turn if suspect else 0, drifting=bool(drifting))


def newest_looks(session: Session, watch: str, last: int) -> list[Run]:
    """The newest looks that were begun, oldest first."""
    begun = set(RunStatus) - {RunStatus.PLANNED, RunStatus.MISSED}
    return [run for run in session.runs.of_watch(watch, statuses=begun, last=last) if run.trigger in LOOKS]


def suspicion_now(session: Session, watch: Watch) -> Suspicion:
    """The suspicion as the store has it."""
    looks = newest_looks(session, watch.name, LOOKED_BACK)
    signals: dict[str, list[Signal]] = {}
    for signal in session.detection.signals(watch.name, since=looks[0].planned_for) if looks else ():
        signals.setdefault(signal.run_id, []).append(signal)
    return suspicion_of(looks, {run_id: levels(watch, found) for run_id, found in signals.items()})
