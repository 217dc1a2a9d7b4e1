"""A backtest on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchdog.domain.metric import Arm
from watchdog.render.backtest_view import BacktestView, CalmRow, FoundRow
from watchdog.render.terminal import show_table
from watchdog.render.words import duration, harmless, moment, points, span

if TYPE_CHECKING:
    from rich.console import Console


def show_backtest(view: BacktestView, to: Console) -> None:
    """What would have fired, how often it rings for nothing, and how long what was injected takes to be found."""
    to.print(harmless(f"{reach(view)} {headline(view)}"))
    to.print(harmless(rules(view)))
    to.print()
    if view.fired:
        columns = ["metric", "arm", "fires (UTC)", "after", "change", "90 % interval", "reason", "over (UTC)"]
        rows = [
            [
                row.metric,
                row.arm,
                moment(row.fired_at),
                looks(row.looks),
                points(row.effect),
                span(row.interval),
                row.reason,
                moment(row.over_at),
            ]
            for row in view.fired
        ]
        show_table(columns, rows, to, right=["after", "change", "90 % interval"], title="What would have fired")
    if view.total is not None:
        rows = [
            [row.metric, f"{row.allowed:.3g}", f"{row.achieved:.3g}", rate(row), f"{row.alarms}", f"{row.looks:,}"]
            for row in (*view.calm, view.total)
        ]
        columns = ["metric", "allowed", "counted", "90 % interval", "alarms", "looks made up"]
        show_table(columns, rows, to, right=columns[1:], title="False alarms in 90 days, while nothing happens")
    for title, kinds in FOUND.items():
        shown = [row for row in view.found if row.kind in kinds]
        if shown:
            _show_found(f"{title} (within {max(row.within for row in shown)})", shown, view, to)
    for sentence in (*caveats(view), *(f"left out: {reason}" for reason in view.left_out)):
        to.print(harmless(sentence))


#: Parts of what was injected, each a table.
FOUND = {
    "Injected drops: looks until they are found": ("drop", "tag", "ramp"),
    "Injected blips: they should not ring": ("blip",),
    "A judge that becomes stricter: current and pinned ring, their difference should not": ("judge",),
}


def _show_found(title: str, shown: Sequence[FoundRow], view: BacktestView, to: Console) -> None:
    columns = ["metric", "what happens", "arm", "rang", "90 % interval", "median", "nine in ten", "that is"]
    if all(row.arm is Arm.CURRENT for row in shown):
        columns.remove("arm")
    rows, before = [], ""
    for row in shown:
        cells = [
            row.metric if row.metric != before else "",
            row.scenario,
            row.arm,
            f"{row.found}/{row.histories}",
            f"{row.interval[0]:.0%} … {row.interval[1]:.0%}",
            looks(row.median),
            looks(row.ninth),
            duration(None if row.median is None else row.median * view.every),
        ]
        rows.append([cell for cell, name in zip(cells, _ALL, strict=True) if name in columns])
        before = row.metric
    show_table(columns, rows, to, right=columns[-5:], title=title)


_ALL = ("metric", "what happens", "arm", "rang", "90 % interval", "median", "nine in ten", "that is")


def headline(view: BacktestView) -> str:
    """What would have fired of what may wake somebody."""
    pages = sum(row.pages for row in view.fired)
    if not pages:
        return "Nothing would have paged."
    return f"{pages} alert{'s' if pages > 1 else ''} would have fired that may wake somebody."


def reach(view: BacktestView) -> str:
    """Which looks were replayed."""
    return (
        f"{view.watch}: {view.looks} looks since baseline {view.baseline}, {moment(view.since)} to "
        f"{moment(view.until)} UTC."
    )


def rules(view: BacktestView) -> str:
    """Under which settings."""
    what_if = ", which is not what watchdog.yaml says" if view.what_if else ""
    return f"With smallest drop {100 * view.smallest_drop:g} points and false alarms {view.false_alarms}{what_if}."


def caveats(view: BacktestView) -> list[str]:
    """What the made-up histories are, and are not."""
    if view.total is None:
        return []
    made = (
        "False alarms and delays are counted in made-up histories: up to 24 consecutive calm looks at a time, drawn at "
        f"random from at least {view.total.calm_looks} of this watch and joined to new baselines and new months (block "
        "bootstrap). Weather that is not among these looks cannot come up in them."
    )
    broken = (
        "A drop breaks answers that were good, each by chance, from a random look on. A delay counts looks from the "
        f"first bad one to the alarm, both included. Seed {view.seed}."
    )
    return [made, broken]


def looks(count: int | None) -> str:
    """A number of looks; a dash where fewer histories than that rang."""
    return "–" if count is None else f"{count}"


def rate(row: CalmRow) -> str:
    """The interval of a rate."""
    return f"{row.interval[0]:.2g} … {row.interval[1]:.2g}"
