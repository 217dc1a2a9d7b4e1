"""``baseline``: the reference of a watch; frozen, locked, extended only on purpose."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json, print_table

if TYPE_CHECKING:
    from watchdog.domain.baseline import Baseline

app = typer.Typer(help="The reference that a watch is held against.", no_args_is_help=True, rich_markup_mode=None)
Watch = Annotated[str, typer.Argument(metavar="WATCH")]
Because = Annotated[str, typer.Option("--because", help="Why; kept with the baseline.")]
By = Annotated[str | None, typer.Option("--by", help="Who; your login name when not given.")]


@app.command()
@command
def freeze(
    watch: Watch,
    *,
    because: Because,
    runs: Annotated[
        int | None,
        typer.Option("--runs", min=1, help="From the newest so many runs; 20, or what it takes to know every case."),
    ] = None,
    accept_drift: Annotated[
        bool, typer.Option("--accept-drift", help="Also runs of a firing model alert: their level is the new normal.")
    ] = False,
    by: By = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a new baseline from finished runs. The old one is superseded; detection starts anew.

    It is checked before it is locked. One whose level moved while it was taken stays a candidate, and what was in
    force stays in force, until you lock it in spite of that (baseline lock) or freeze again.

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
    _tell(frozen, as_json=as_json)
    if as_json:
        return
    if frozen.status == "learning":
        from watchdog.pipeline.scope import looks_for_baseline

        least = looks_for_baseline(built.watch) if built.watch.cases_per_look else built.watch.min_baseline_runs
        typer.echo(f"  it needs {least} runs before it can page; run more looks and freeze again")


def _tell(made: Baseline, *, as_json: bool) -> None:
    """What became of a baseline, and what the check said."""
    if as_json:
        summary = {name: getattr(made, name) for name in ("watch", "version", "status", "verdict", "remarks")}
        print_json({**summary, "runs": len(made.run_ids), "metrics": len(made.metrics)})
        return
    typer.echo(f"baseline {made.version} of {made.watch}: {made.status}, from {len(made.run_ids)} runs; {made.verdict}")
    for remark in made.remarks:
        typer.echo(f"  {remark.said}")
    if made.status == "candidate":
        remedy = f"look into it and freeze again, or 'eval-watchdog baseline lock {made.watch}' all the same"
        typer.echo(f"  it is not in force: {remedy}")


@app.command()
@command
def lock(watch: Watch, *, because: Because, by: By = None, config: Config = HERE, as_json: AsJson = False) -> None:
    """Put the candidate in force in spite of what the check said of it. Who and why is kept.

    Example:
        eval-watchdog baseline lock support_reply --because "the prompt was tuned that day; the level is right"
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.pipeline.baseline_life import lock_candidate

    with open_app(config, environment(), SystemClock()) as app_:
        who = by or getpass.getuser()
        locked = lock_candidate(app_.store, app_.watch(watch), by=who, because=because, now=app_.clock.now())
    _tell(locked, as_json=as_json)


@app.command()
@command
def extend(watch: Watch, *, because: Because, by: By = None, config: Config = HERE, as_json: AsJson = False) -> None:
    """Add the calm looks since the freeze to the locked baseline, once. Who and why is kept.

    A longer reference finds smaller drops sooner. It is the same reference: looks at which a metric was in doubt or a
    model alert was firing are left out, and looks that would move the level are refused: that is a freeze.

    Example:
        eval-watchdog baseline extend support_reply --because "a week of calm looks, weekend included"
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.pipeline.baseline_life import extend_baseline

    with open_app(config, environment(), SystemClock()) as app_:
        who = by or getpass.getuser()
        longer = extend_baseline(app_.store, app_.watch(watch), by=who, because=because, now=app_.clock.now())
    _tell(longer, as_json=as_json)


@app.command()
@command
def promote(
    *,
    from_gate: Annotated[str, typer.Option("--from-gate", help="Id of a passed gate; its report ends with it.")],
    because: Because,
    by: By = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """The candidate of a passed gate is deployed: carry the baseline on for it. Who and why is kept.

    The deliberate change is then no drift, and the watch goes on finding drops. Only where the gate was sure that the
    candidate is better or worse is the level moved. Freeze a baseline of the candidate's own looks when there are
    enough of them.

    Example:
        eval-watchdog baseline promote --from-gate 488c0002d11765d5 --because "prompt v15 went out"
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.gate.promote import promote as carry_on

    with open_app(config, environment(), SystemClock()) as app_:
        carried = carry_on(app_, from_gate, by=by or getpass.getuser(), because=because)
    _tell(carried, as_json=as_json)


@app.command()
@command
def show(watch: Watch, *, config: Config = HERE, as_json: AsJson = False) -> None:
    """The baseline in force: who froze it when and why, what the check said, and the level of each metric.

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
            candidate = session.baselines.candidate(watch)
            baseline = session.baselines.current(watch) or candidate
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
        print_json({"baseline": _head(baseline), "candidate": candidate and _head(candidate), "metrics": metrics})
        return
    last = baseline.steps[-1].kind if baseline.steps else "frozen"
    typer.echo(
        f"baseline {baseline.version} of {watch}: {baseline.status}, {last} {moment(baseline.frozen_at)} UTC "
        f"by {baseline.frozen_by}: {baseline.reason}"
    )
    for step in baseline.steps[:-1]:
        typer.echo(f"  {step.kind} {moment(step.at)} UTC by {step.by}: {step.because}")
    typer.echo(f"  check: {baseline.verdict}" + "".join(f"\n    {remark.said}" for remark in baseline.remarks))
    if candidate is not None:
        waits = "it is in force for nobody" if candidate is baseline else f"version {candidate.version} waits"
        typer.echo(f"  a candidate: {waits}; 'eval-watchdog baseline lock {watch}' or freeze again")
    rows = [[m["metric"], level(m["level"], m["unit"]), m["runs"], m["cases"] or "-"] for m in metrics]  # type: ignore[arg-type]
    print_table(["metric", "level", "runs", "cases"], rows, right=["level", "runs", "cases"])
    if len(versions) > 1:
        typer.echo(f"{len(versions) - 1} earlier versions")


def _head(baseline: object) -> dict[str, object]:
    names = ("id", "watch", "version", "status", "frozen_at", "frozen_by", "reason", "run_ids", "instruments")
    return {name: getattr(baseline, name) for name in (*names, "verdict", "remarks", "steps")}


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
