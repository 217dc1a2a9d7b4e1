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
    by: Annotated[
        str | None, typer.Option("--by", help="Slices: prompt_version,segment,experiment,flags,tag,served_model,...")
    ] = None,
    cases: Annotated[bool, typer.Option("--cases", help="The cases that changed since the baseline.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write that page here, as HTML.")] = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Runs and metrics of a watch: outcomes kept apart, levels, change against the baseline.

    With --cases the cases that are newly failing, flapping or recovered: of those listed, at most one in ten is there
    by chance.

    With --by the same answers in slices, beside those of the same slices at the baseline: by what production said of
    its inputs (prompt_version, segment, experiment, flags or flags.NAME, vertical, stratum), by tag of the golden set,
    or by served_model. What surely fell is marked; "(missing)" are inputs of which nobody wrote that down.

    With --metric the page of one metric: its looks, the evidence, alerts and changes, how much it varies, and the
    smallest drop that can be found in that.

    Examples:
        eval-watchdog scores support_reply --since 24h
        eval-watchdog scores support_reply --since 7d --json
        eval-watchdog scores support_reply --since 24h --by prompt_version,segment
        eval-watchdog scores support_reply --cases
        eval-watchdog scores support_reply --since 28d --metric case-checks --html metric.html
    """
    if html is not None and metric is None:
        raise typer.BadParameter("--html is the page of one metric; name it with --metric")
    if by is not None:
        _slices(watch, by, since, config, as_json=as_json)
        return
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


def _slices(watch: str, by: str, since: str, config: Path, *, as_json: bool) -> None:
    """The answers since then by facts about their cases, against the same slices at the baseline."""
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.detect.slices import drops, slices
    from watchdog.domain.run import RunStatus
    from watchdog.errors import UsageError
    from watchdog.pipeline.sliced import sliced_scores
    from watchdog.render.words import harmless, percent, points

    dimensions = [name.strip() for name in by.split(",") if name.strip()]
    with open_app(config, environment(), SystemClock()) as app:
        watched = app.watch(watch)
        start = app.clock.now() - since_seconds(since)
        with app.store.read() as session:
            baseline = session.baselines.current(watch)
            looks = session.runs.of_watch(watch, since=start, statuses=[RunStatus.FINISHED])
            taken = [run for name in (baseline.run_ids if baseline else ()) if (run := session.runs.get(name))]
            # A look that the baseline was made of is not held against itself, unless there is no other.
            fresh = [look for look in looks if baseline is None or look.id not in baseline.run_ids]
            now, before = sliced_scores(session, watched, fresh or looks), sliced_scores(session, watched, taken)
    known = sorted({name for score in (*now, *before) for name in score.facts})
    unknown = [name for name in dimensions if name not in known]
    if now and unknown:
        raise UsageError(f"no answer of {watch} says anything of {', '.join(unknown)}; known are: {', '.join(known)}")
    rows = slices(now, before, dimensions)
    worse = {id(drop.row) for drop in drops(rows, lower_is_better=watched.lower_is_better)}
    if as_json:
        print_json(
            {"watch": watch, "since": start, "slices": [{"row": row, "surely_worse": id(row) in worse} for row in rows]}
        )
        return
    if not rows:
        typer.echo(f"no scored answer of {watch} in the last {since}")
        return
    columns = ["by", "value", "metric", "n", "share", "level", "baseline", "change", ""]
    table = [
        [
            row.dimension,
            harmless(row.value),
            row.scorer,
            row.n,
            percent(row.share),
            percent(row.level),
            f"{percent(row.before_level)} (n {row.before_n})",
            points(None if row.before_level is None else row.level - row.before_level),
            "worse" if id(row) in worse else "",
        ]
        for row in rows
    ]
    print_table(columns, table, right=columns[3:8])


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
