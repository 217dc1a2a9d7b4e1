"""``run``: one look now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import (
    HERE,
    AsJson,
    Config,
    as_far_as_read,
    command,
    ends_with,
    environment,
    print_json,
    quiet_logs,
)

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.domain.watch import Watch
    from watchdog.pipeline.road import Look
    from watchdog.render.views import RunView
    from watchdog.settings.values import Settings

#: Calls that take long enough for what shows the answers to be loaded meanwhile.
MANY = 200


@command
def run(
    watches: Annotated[list[str] | None, typer.Argument(metavar="[WATCH]...", help="All watches when none.")] = None,
    *,
    config: Config = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked; ask and write nothing.")] = False,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="When an interrupted run is continued, ask again what had failed.")
    ] = False,
    deliver: Annotated[bool, typer.Option(help="Send what was decided to the channels of 'notify'.")] = True,
    as_json: AsJson = False,
) -> None:
    """One look at watches now: measure, decide, deliver.

    An interrupted run is continued: what it had recorded is not paid again. Exit code 0 when nothing drifts, 1 when
    a metric drifts (or a tool fails), 4 when not everything could be measured and compared.

    Examples:
        eval-watchdog run support_reply
        eval-watchdog run --dry-run
        eval-watchdog run support_reply --json
    """
    from watchdog.app.build import open_app
    from watchdog.cli.loop import run as run_loop
    from watchdog.clock import SystemClock

    app = open_app(config, environment(), SystemClock())
    if app.settings.notifiers or any(watch.traffic for watch in app.joined.watches.values()):
        quiet_logs()  # nothing else in a look logs
    names = watches or list(app.joined.watches)
    for name in names:
        app.watch(name)
    if dry_run:
        _dry_run(app, names, as_json=as_json)
        return
    looking = _looks(app, names, retry_errors=retry_errors, deliver=deliver, quiet=as_json)
    looks = run_loop(looking, own_code=app.asks_own_code)
    codes = {_exit_code(app.watch(name), look) for name, (look, _) in looks.items()}
    with ends_with(1 if 1 in codes else max(codes, default=4)):  # blindness of one watch hides no drift of another
        if as_json:
            print_json([view for _, view in looks.values()])


async def _looks(
    app: App, names: list[str], *, retry_errors: bool, deliver: bool, quiet: bool
) -> Mapping[str, tuple[Look, RunView]]:
    import asyncio
    import sys
    from contextlib import nullcontext, redirect_stdout

    from watchdog.app.reading_back import read_back
    from watchdog.cli.loop import load_meanwhile
    from watchdog.cli.stopping import stop_on_signals
    from watchdog.domain.run import Scope, Trigger
    from watchdog.pipeline.scope import calls_of
    from watchdog.render.progress import Progress

    if sum(calls_of(app.watch(name), Scope()) for name in names) >= MANY:
        load_meanwhile("watchdog.render.gather", "watchdog.render.terminal", "rich.console", "rich.table")
    looks: dict[str, tuple[Look, RunView]] = {}
    async with app:
        delivery = app.delivery() if deliver and app.settings.notifiers else None
        stop = stop_on_signals(asyncio.get_running_loop())
        for name in names:
            if stop.is_set():
                break
            built = app.built(name)
            look = await app.road.look(built, Trigger.MANUAL, stop=stop, progress=Progress(), retry_errors=retry_errors)
            looks[name] = look, _view(app, name, look)
            if not quiet:
                with as_far_as_read():  # a reader who left is no reason to tell the channels nothing
                    _show(app, *looks[name])
        if delivery is not None:
            await read_back(app.store, app.notifiers, app.clock.now())
            # With --json, standard output holds one JSON document and nothing else.
            with redirect_stdout(sys.stderr) if quiet else nullcontext():
                await delivery.tick()
            for channel, health in delivery.health.items():
                if health.error:
                    again = "'serve' and the next 'run' try again"
                    typer.echo(f"not delivered to {channel}: {health.error}; {again}", err=True)
    return looks


def _show(app: App, look: Look, view: RunView) -> None:
    from watchdog.app.hushing import said_about
    from watchdog.render.gather import alert_view
    from watchdog.render.terminal import console, show_alerts, show_run

    to = console()
    show_run(view, to)
    if look.decision is not None:
        told = [t.alert for t in look.decision.transitions if t.before is not t.alert.state]
        if told:
            with app.store.read() as session:
                said = said_about(session, told, app.clock.now())
            show_alerts([alert_view(alert, said[alert.id]) for alert in told], to)


def _view(app: App, name: str, look: Look) -> RunView:
    from watchdog.render.gather import case_rows, run_view

    with app.store.read() as session:
        return run_view(app.watch(name), look, case_rows(session, app.watch(name)))


def _exit_code(watch: Watch, look: Look) -> int:
    from watchdog.domain.alert import AlertState, AlertType

    decision = look.decision
    if decision is None or decision.blind_looks:
        return 4
    # A measure that is only observed (answers take longer) is neither drift nor blindness.
    observed = {plan.name for plan in watch.measures if not plan.pages}
    labels = [t.alert.labels for t in decision.transitions if t.alert.state is AlertState.FIRING]
    firing = {label["alert_type"] for label in labels if label.get("metric") not in observed}
    if firing - {AlertType.INFRA.value}:
        return 1
    return 4 if firing or decision.changed_instruments else 0  # an outage is neither drift nor health


def _dry_run(app: App, names: list[str], *, as_json: bool) -> None:
    from watchdog.app.build import anchored
    from watchdog.cli.edge import print_table
    from watchdog.domain.watch import AnchorCadence
    from watchdog.pipeline.scope import asked_roles, calls_of, cases_of, regular_scope
    from watchdog.render.words import money

    rows = []
    for name in names:
        watch = app.watch(name)
        scope = regular_scope(watch)
        golden = cases_of(watch, scope)
        traffic = watch.traffic.per_run if watch.traffic else 0
        roles = [role.value for role in asked_roles(watch, scope)]
        calls = calls_of(watch, scope)
        judges = app.joined.judges.get(name, {})
        anchors = [anchored(watch.scorer(metric), judge) for metric, judge in judges.items()]
        rows.append(
            {
                "watch": name,
                "golden_cases": golden,
                "traffic_cases_at_most": traffic,
                "roles": roles,
                "repeats": watch.repeats,
                "calls": calls,
                "judge_calls_at_most": calls * len(judges),
                "anchor_calls_at_most": sum(len(a.anchors) for a in anchors if a.cadence is not AnchorCadence.NEVER),
                "last_cost": _last_cost(app.settings, name),
            }
        )
    if as_json:
        print_json(rows)
        return
    columns = [
        "watch",
        "golden",
        "traffic",
        "roles",
        "repeats",
        "calls",
        "judge calls",
        "anchors",
        "cost of the last look",
    ]
    print_table(
        columns,
        [
            [
                row["watch"],
                row["golden_cases"],
                row["traffic_cases_at_most"],
                ", ".join(row["roles"]),  # type: ignore[arg-type]
                row["repeats"],
                row["calls"],
                row["judge_calls_at_most"],
                row["anchor_calls_at_most"],
                money(row["last_cost"]),  # type: ignore[arg-type]
            ]
            for row in rows
        ],
        right=columns[4:],
    )


def _last_cost(settings: Settings, watch: str) -> float | None:
    """What the last finished look cost; None when there was none, or its prices are unknown. Creates no database."""
    from watchdog.domain.run import RunStatus
    from watchdog.store.store import Store

    store = Store(settings.store_url.reveal())
    try:
        if store.path is not None and not store.path.exists():
            return None
        with store.read() as session:
            runs = session.runs.of_watch(watch, statuses=[RunStatus.FINISHED], last=1)
        return runs[0].cost if runs and not runs[0].unpriced else None
    finally:
        store.close()
