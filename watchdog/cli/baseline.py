"""``baseline freeze``, ``show``, ``compare``: the reference of a watch, changed only on purpose."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json, print_table

app = typer.Typer(help="The reference that a watch is held against.", no_args_is_help=True, rich_markup_mode=None)
Watch = Annotated[str, typer.Argument(metavar="WATCH")]


@app.command()
@command
def freeze(
    watch: Watch,
    *,
    because: Annotated[str, typer.Option("--because", help="Why; kept with the baseline.")],
    runs: Annotated[
        int | None,
        typer.Option("--runs", min=1, help="From the newest so many runs; 20, or what it takes to know every case."),
    ] = None,
    accept_drift: Annotated[
        bool, typer.Option("--accept-drift", help="Also runs of a firing model alert: their level is the new normal.")
    ] = False,
    by: Annotated[str | None, typer.Option("--by", help="Who; your login name when not given.")] = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a new baseline from finished runs. The old one is superseded; detection starts anew.

    Runs during which a model alert of the watch was firing are left out (but see --accept-drift), and so are runs of
    other instruments than today's.

    Examples:
        eval-watchdog baseline freeze support_reply --because "first baseline"
        eval-watchdog baseline freeze support_reply --runs 12 --because "prompt v14 is the new normal" --accept-drift
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.pipeline.baseline import freeze_baseline

    with open_app(config, environment(), SystemClock()) as app_:
        built = app_.built(watch)
        frozen = freeze_baseline(
            app_.store,
            built,
            runs=runs,
            by=by or getpass.getuser(),
            because=because,
            now=app_.clock.now(),
            accept_drift=accept_drift,
        )
    summary = {
        "watch": watch,
        "version": frozen.version,
        "status": frozen.status,
        "runs": len(frozen.run_ids),
        "metrics": len(frozen.metrics),
    }
    if as_json:
        print_json(summary)
        return
    typer.echo(f"baseline {frozen.version} of {watch}: {frozen.status}, from {len(frozen.run_ids)} runs")
    if frozen.status == "learning":
        from watchdog.pipeline.scope import looks_for_baseline

        least = looks_for_baseline(built.watch) if built.watch.cases_per_look else built.watch.min_baseline_runs
        typer.echo(f"  it needs {least} runs before it can page; run more looks and freeze again")


@app.command()
@command
def show(watch: Watch, *, config: Config = HERE, as_json: AsJson = False) -> None:
    """The baseline in force: who froze it when and why, and the level of each metric.

    Example:
        eval-watchdog baseline show support_reply
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.errors import NotMeasured
    from watchdog.render.words import level, moment

    with open_app(config, environment(), SystemClock()) as app_:
        watched = app_.watch(watch)
        with app_.store.read() as session:
            baseline = session.baselines.current(watch)
            versions = session.baselines.all(watch)
    if baseline is None:
        raise NotMeasured(f"{watch} has no baseline; 'eval-watchdog baseline freeze {watch}' makes one from its runs")
    metrics = [
        {
            "metric": str(key),
            "level": m.level,
            "unit": watched.unit(key.scorer),
            "runs": len(m.x),
            "cases": len(m.case_means) or None,
        }
        for key, m in baseline.metrics.items()
    ]
    if as_json:
        print_json({"baseline": _head(baseline), "metrics": metrics})
        return
    typer.echo(
        f"baseline {baseline.version} of {watch}: {baseline.status}, frozen {moment(baseline.frozen_at)} UTC "
        f"by {baseline.frozen_by}: {baseline.reason}"
    )
    rows = [[m["metric"], level(m["level"], m["unit"]), m["runs"], m["cases"] or "-"] for m in metrics]  # type: ignore[arg-type]
    print_table(["metric", "level", "runs", "cases"], rows, right=["level", "runs", "cases"])
    if len(versions) > 1:
        typer.echo(f"{len(versions) - 1} earlier versions")


def _head(baseline: object) -> dict[str, object]:
    names = ("id", "watch", "version", "status", "frozen_at", "frozen_by", "reason", "run_ids", "instruments")
    return {name: getattr(baseline, name) for name in names}


@app.command()
@command
def compare(
    watch: Watch,
    *,
    looks: Annotated[int, typer.Option("--looks", min=1, help="The newest so many looks.")] = 1,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """The newest looks against the baseline, metric by metric, and the cases that lost most.

    Example:
        eval-watchdog baseline compare support_reply --looks 6
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.pipeline.baseline import compare_with_baseline
    from watchdog.render.words import change, level, span

    with open_app(config, environment(), SystemClock()) as app_:
        comparison = compare_with_baseline(app_.store, app_.watch(watch), looks=looks)
    if as_json:
        print_json(comparison)
        return
    rows = [
        [
            c.metric,
            level(c.baseline, c.unit),
            level(c.level, c.unit),
            change(c.effect, c.unit),
            span(c.interval, c.unit),
            c.looks,
            c.cases,
        ]
        for c in comparison
    ]
    columns = ["metric", "baseline", "now", "change", "90 % interval", "looks", "cases"]
    print_table(columns, rows, right=columns[1:])
    for c in comparison:
        if c.worst:
            typer.echo(f"{c.metric}: {', '.join(c.worst)}")
