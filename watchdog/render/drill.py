"""Drills on a terminal: what was injected, when it was found, who was told and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchdog.domain.drill import Drill, DrillKind, DrillOutcome, Told
from watchdog.render.terminal import show_table
from watchdog.render.words import duration, moment, money, one_line

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {DrillOutcome.PASSED: "bold green", DrillOutcome.INTERRUPTED: "yellow", DrillOutcome.NOT_CALM: "yellow"}
_WIDE = 400


def show_drill(drill: Drill, to: Console) -> None:
    """One drill."""
    from rich.text import Text  # noqa: PLC0415 - as in terminal.py

    to.print(Text(f"drill {drill.kind} on a shadow copy of {drill.watch}", "bold"))
    _line(to, "injected", drill.injected + ", right after a look")
    if drill.asked:
        price = "at an unknown price" if drill.cost is None else f"for {money(drill.cost)}"
        _line(to, "answers", f"{drill.asked} asked for now, {price}: no look's were stored")
    if drill.detect_seconds is not None:
        _line(to, "detected", f"{duration(drill.detect_seconds)} after it by the timetable, at look {drill.looks}")
        kind = "/".join(drill.labels.get(name, "") for name in ("alert_type", "severity"))
        _line(to, "alert", f"{drill.labels.get('alertname', '')} ({kind}): {drill.summary}")
        _line(to, "cause", drill.cause)
    for one in drill.told:
        _line(to, one.channel, _told(one))
    if drill.own_route is False:
        _line(to, "route", 'drill="true" has no route of its own: the page goes where a real one goes')
    if drill.page_seconds is not None:
        delivery = drill.page_seconds - (drill.detect_seconds or 0.0)
        said = f"{duration(drill.page_seconds)}, of which delivery took {delivery:.2f} s"
        _line(to, "time to page" if drill.labels.get("severity") in {"page", "sev1"} else "time to tell", said)
    outcome = drill.outcome or DrillOutcome.INTERRUPTED
    to.print(Text(f"{outcome.upper()}: {one_line(drill.reason, _WIDE)}", _STYLES.get(outcome, "bold red")))


def _line(to: Console, what: str, text: str) -> None:
    from rich.text import Text  # noqa: PLC0415

    to.print(Text(f"  {what:<13} {one_line(text, _WIDE)}"), soft_wrap=True)


def _told(one: Told) -> str:
    if not one.wanted:
        return one.note
    if one.seconds is None:
        return f"did not take it{f': {one.note}' if one.note else ''}"
    said = [f"took it after {one.seconds:.2f} s"]
    if one.passed_on is not None:
        said.append(f"passed it on after {one.passed_on:.2f} s")
    if one.note:
        said.append(one.note)
    if one.receivers:
        said.append(f"for {', '.join(one.receivers)}")
    said.append("still open" if one.closed is None else f"closed {one.closed:.2f} s after the end")
    return ", ".join(said)


def show_drills(drills: Sequence[Drill], to: Console) -> None:
    """Drills that were held, newest last."""
    columns = ["when (UTC)", "kind", "watch", "outcome", "detected", "to page", "why"]
    rows = [
        [
            moment(drill.started_at),
            drill.kind,
            drill.watch,
            drill.outcome or "goes on, or was killed",
            duration(drill.detect_seconds),
            duration(drill.page_seconds),
            one_line(drill.reason, 60),
        ]
        for drill in drills
    ]
    show_table(columns, rows, to, right=["detected", "to page"])


def overdue_line(kind: DrillKind, passed_at: float | None, every: float, now: float) -> str:
    """How a planned drill stands."""
    if passed_at is None:
        return f"{kind}: never passed, wanted every {duration(every)}"
    age = now - passed_at
    late = f", overdue for {duration(age - every)}" if age > every else ""
    return f"{kind}: passed {duration(age)} ago, wanted every {duration(every)}{late}"
