"""``scores``: what the looks of the last hours measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchdog.cli.edge import (
    HERE,
    AsJson,
    Config,
    command,
    environment,
    print_json,
    print_table,
    since_seconds,
    write_page,
)


@command
def scores(
    watch: Annotated[str, typer.Argument(metavar="WATCH")],
    *,
    since: Annotated[str, typer.Option("--since", help="How far back: 24h, 7d, 90m.")] = "24h",
    metric: Annotated[str | None, typer.Option("--metric", help="The page of this metric alone.")] = None,
    cases: Annotated[bool, typer.Option("--cases", help="The cases that changed since the baseline.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write that page here, as HTML.")] = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Runs and metrics of a watch: outcomes kept apart, levels, change against the baseline.

    With --cases the cases that are newly failing, flapping or recovered: of those listed, at most one in ten is there
    by chance.

    With --metric the page of one metric: its looks, the evidence, alerts and changes, how much it varies, and the
    smallest drop that can be found in that.

    Examples:
        eval-watchdog scores support_reply --since 24h
        eval-watchdog scores support_reply --since 7d --json
        eval-watchdog scores support_reply --cases
        eval-watchdog scores support_reply --since 28d --metric case-checks --html metric.html
    """
    if html is not None and metric is None:
        raise typer.BadParameter("--html is the page of one metric; name it with --metric")
    if cases:
        _cases(watch, config, as_json=as_json)
        return
    if metric is not None:
        _metric_page(watch, metric, since, config, html, as_json=as_json)
        return
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.domain.metric import Arm
    from watchdog.domain.score import Outcome
    from watchdog.render.gather import run_rows, series_view, still_measured
    from watchdog.render.terminal import sparkline
    from watchdog.render.words import change, level, moment, money

    with open_app(config, environment(), SystemClock()) as app:
        watched = app.watch(watch)
        start = app.clock.now() - since_seconds(since)
        with app.store.read() as session:
            runs = session.runs.of_watch(watch, since=start)
            rows = run_rows(session, runs)
            observations = session.detection.observations(watch, since=start)
            signals = session.detection.signals(watch, since=start)
            baseline = session.baselines.current(watch)
    keys = sorted({o.key for o in observations if o.key.arm is Arm.CURRENT and still_measured(watched, o.key)})
    times = [row.at for row in rows]
    series = [series_view(watched, key, observations, signals, baseline, looks=times) for key in keys]
    if as_json:
        print_json({"watch": watch, "since": start, "runs": rows, "metrics": series})
        return
    if not rows:
        typer.echo(f"no run of {watch} in the last {since}")
        return
    columns = ["at (UTC)", "run", "status", *(str(outcome) for outcome in Outcome), "cost"]
    table = [[moment(r.at), r.run_id, r.status, *(r.counts.get(o, 0) for o in Outcome), money(r.cost)] for r in rows]
    print_table(columns, table, right=columns[3:])
    if not series:
        typer.echo("no observation: there is no baseline yet, or nothing could be measured")
        return
    lines = []
    for view in series:
        levels = [value for value in view.level if value is not None]
        now = view.now
        lines.append(
            [
                view.name,
                level(view.baseline, view.unit),
                level(levels[-1] if levels else None, view.unit),
                change(now.effect if now else None, view.unit),
                now.level if now else "-",
                sparkline(view.level[-40:], *((min(levels), max(levels)) if view.unit and levels else (0.0, 1.0))),
            ]
        )
    print_table(["metric", "baseline", "now", "change", "level", "looks"], lines, right=["baseline", "now", "change"])


def _cases(watch: str, config: Path, *, as_json: bool) -> None:
    """The cases that no longer answer as at the baseline."""
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.errors import NotMeasured
    from watchdog.render.gather import case_rows
    from watchdog.render.terminal import console, show_cases

    with open_app(config, environment(), SystemClock()) as app:
        watched = app.watch(watch)
        with app.store.read() as session:
            if session.baselines.current(watch) is None:
                raise NotMeasured(f"{watch} has no baseline; 'eval-watchdog baseline freeze {watch}' makes one")
            rows = case_rows(session, watched)
    if as_json:
        print_json({"watch": watch, "cases": rows})
    elif rows:
        show_cases(rows, console())
    else:
        typer.echo(f"no case of {watch} answers differently from the baseline, as far as can be told")


def _metric_page(watch: str, metric: str, since: str, config: Path, html: Path | None, *, as_json: bool) -> None:
    """One metric as text, JSON or HTML."""
    from watchdog.app.build import cadence, open_app
    from watchdog.clock import SystemClock
    from watchdog.render.metric_page import metric_html, show_metric
    from watchdog.render.metric_view import metric_view
    from watchdog.render.terminal import console

    with open_app(config, environment(), SystemClock()) as app:
        watched = app.watch(watch)
        start = app.clock.now() - since_seconds(since)
        with app.store.read() as session:
            view = metric_view(session, watched, metric, since=start, cadence=cadence(watched.schedule))
    if html is not None:
        write_page(html, metric_html(view))
    if as_json:
        print_json({"watch": watch, "since": start, "metric": view})
    else:
        show_metric(view, console())
