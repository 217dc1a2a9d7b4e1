"""Reports on a terminal: tables that fit 80 columns, no colour into a file, hostile text made harmless."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from watchdog.domain.alert import AlertState
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.domain.score import Outcome
from watchdog.render.views import AlertView, CaseRow, MetricRow, RunView, StoryLine, Tone
from watchdog.render.words import (
    UNKNOWN,
    change,
    decimal,
    duration,
    harmless,
    level,
    moment,
    money,
    one_line,
    percent,
    span,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Changed cases that the report of a run names.
CASES_SHOWN = 10
#: Width where there is no terminal to ask.
PLAIN_WIDTH = 100

_ARMS = {Arm.DIFFERENCE: "difference"}
_OUTCOME_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.ERROR: "magenta",
    Outcome.UNSCORED: "yellow",
    Outcome.SKIPPED: "dim",
    Outcome.NOT_RUN: "dim",
}
_LEVEL_STYLES = {Level.LEARNING: "dim", Level.CALM: "green", Level.SUSPECT: "yellow", Level.DRIFT: "bold red"}
_STATE_STYLES = {AlertState.PENDING: "yellow", AlertState.FIRING: "bold red", AlertState.RESOLVED: "green"}
_TONES = {
    Tone.CALM: ("·", "dim"),
    Tone.CHANGE: ("→", "cyan"),
    Tone.INFRA: ("!", "magenta"),
    Tone.WORSE: ("▼", "bold red"),
    Tone.BETTER: ("▲", "green"),
}


def console(file: TextIO | None = None, *, width: int | None = None) -> Console:
    """A console on ``file`` (stdout); it uses colour and asks for the width only where it is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - costs 60 ms; ``--json`` never needs it

    class Piped(Console):
        """Leaves it to the command what a reader that went away means: rich would end it as a failure."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    stream = sys.stdout if file is None else file
    if width is None and not stream.isatty():
        width = PLAIN_WIDTH
    return Piped(file=stream, width=width, highlight=False, markup=False, emoji=False)


def show_run(view: RunView, to: Console) -> None:
    """One run: what became of every planned answer, every metric, what it cost and who answered."""
    to.print(_text(f"{view.watch}  run {view.run_id}  {moment(view.at)} UTC  {view.status}", "bold"))
    if view.outcomes:
        columns = ["role", "scorer", *(str(outcome) for outcome in Outcome), "mean"]
        rows = [
            [
                row.role if number == 0 or row.role != view.outcomes[number - 1].role else "",
                row.scorer,
                *(_count(row.counts.get(outcome, 0), _OUTCOME_STYLES[outcome]) for outcome in Outcome),
                percent(row.level),
            ]
            for number, row in enumerate(view.outcomes)
        ]
        show_table(columns, rows, to, right=columns[2:], title="Outcomes")
    if view.metrics:
        show_metrics(view.metrics, to)
    if view.cases:
        show_cases(view.cases[:CASES_SHOWN], to)
        if len(view.cases) > CASES_SHOWN:
            to.print(_text(f"and {len(view.cases) - CASES_SHOWN} more cases; 'scores {view.watch} --cases' lists them"))
    for role, models in view.served_models.items():
        names = ", ".join(one_line(model, 80) for model in models)
        to.print(_text(f"{role} was answered by {names or UNKNOWN}"))
    unpriced = f" ({view.unpriced} calls without a known price)" if view.unpriced else ""
    to.print(_text(f"cost {money(view.cost)}{unpriced}, took {duration(view.duration)}"))
    for problem in view.problems:
        to.print(_text(f"! {one_line(problem, 1000)}", "yellow"))


def show_metrics(metrics: Sequence[MetricRow], to: Console) -> None:
    """Where each metric stands: level, score, change with its interval, evidence against its threshold."""
    rows = []
    shown = None
    for row in metrics:
        name = row.metric if row.estimand is Estimand.GOLDEN_SET else f"{row.metric} @traffic"
        rows.append(
            [
                name if name != shown else "",
                _ARMS.get(row.arm, row.arm),
                _text("not measured", "yellow") if row.level is None else _text(row.level, _LEVEL_STYLES[row.level]),
                level(row.score, row.unit),
                f"{row.n}/{row.planned}",
                change(row.effect, row.unit),
                span(row.interval, row.unit),
                f"{decimal(row.evidence)}/{decimal(row.threshold)}",
            ]
        )
        shown = name
    columns = ["metric", "arm", "level", "score", "n", "change", "90 % interval", "evidence"]
    show_table(columns, rows, to, right=columns[3:], title="Metrics")
    for row in metrics:
        if row.reason and row.level is not Level.CALM:
            to.print(_text(f"  {row.metric} ({row.arm}): {row.reason}", "dim"))


def show_cases(cases: Sequence[CaseRow], to: Console) -> None:
    """Cases that no longer answer as at the baseline."""
    columns = ["case", "metric", "became", "baseline", "now", "looks", "since (UTC)"]
    rows = [[c.case_id, c.metric, c.turn, percent(c.before), percent(c.now), c.looks, moment(c.since)] for c in cases]
    title = "Cases that changed since the baseline (at most one in ten of these by chance)"
    show_table(columns, rows, to, right=["baseline", "now", "looks"], title=title)


def show_alerts(alerts: Sequence[AlertView], to: Console) -> None:
    """Alerts, each with what it says and what to do."""
    if not alerts:
        to.print(_text("No alerts."))
    for alert in alerts:
        head = _text(f"{alert.state:<9}", _STATE_STYLES[alert.state])
        head.append_text(
            _text(f"{alert.name}  {alert.alert_type}/{alert.severity}  since {moment(alert.starts_at)} UTC")
        )
        to.print(head)
        if alert.cause:
            to.print(_text(f"          cause: {alert.cause}"))
        for name, text in alert.annotations.items():
            if name == "cause" and alert.cause:
                continue
            to.print(_text(f"          {name}: {text}"))


def show_story(lines: Iterable[StoryLine], to: Console) -> None:
    """What happened, one sentence a line."""
    for line in lines:
        sign, style = _TONES[line.tone]
        to.print(_text(f"{moment(line.at)}  {sign} {line.sentence}", style))


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    to: Console,
    *,
    right: Sequence[str] = (),
    title: str = "",
) -> None:
    """Any listing: plain columns, those named in ``right`` set to the right. Cells are ``Text`` or made harmless."""
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1 if to.width >= 96 else 0, 0, 0),
        collapse_padding=True,
        title=title or None,
        title_justify="left",
        title_style="bold",
    )
    for name in columns:
        numeric = name in right
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else _text(str(cell)) for cell in row))
    to.print(table)
    to.print()


def sparkline(values: Sequence[float | None], low: float = 0.0, high: float = 1.0) -> str:
    """A row of small bars; a gap where nothing is known."""
    bars = "▁▂▃▄▅▆▇█"
    reach = (high - low) or 1.0
    steps = (None if value is None else min(1.0, max(0.0, (value - low) / reach)) for value in values)
    return "".join(" " if step is None else bars[round(step * (len(bars) - 1))] for step in steps)


def _count(count: int, style: str) -> Text:
    return _text(str(count), style if count else "dim")


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text(harmless(str(text)), style=style)
