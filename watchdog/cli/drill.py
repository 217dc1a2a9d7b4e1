"""``drill run`` and ``drill list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, ends_with, environment, print_json, since_seconds
from watchdog.domain.drill import DrillKind

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.domain.drill import Drill
    from watchdog.drill.drill import DrillOptions

app = typer.Typer(help="Drills: does the page really arrive?", no_args_is_help=True, rich_markup_mode=None)


@app.command("run")
@command
def run_drill(
    kind: Annotated[DrillKind, typer.Argument(metavar="KIND", help=", ".join(DrillKind))],
    watch: Annotated[str | None, typer.Argument(metavar="[WATCH]", help="The first with a golden set if none.")] = None,
    *,
    share: Annotated[
        float, typer.Option("--share", min=0.01, max=1.0, help="Share of the cases that are answered badly.")
    ] = 0.3,
    patience: Annotated[str, typer.Option("--patience", help="How long the channels are waited for.")] = "10m",
    seed: Annotated[int, typer.Option("--seed", help="Which answers, and which of them are bad.")] = 1,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Break something in a shadow copy of a watch, and time the page through the real channels.

    The copy has its own database and plays answers that the watch really got (they are asked for once when none are
    stored). Its looks follow the watch's timetable in seconds; delivery takes the time it takes. Everything that is
    sent has the label drill=true, and is closed at the end. Exit code 0: it arrived. 1: it was not detected, or not
    delivered. 4: nothing can be said.

    Examples:
        eval-watchdog drill run quality-drop
        eval-watchdog drill run provider-down support_reply --json
        eval-watchdog drill run alertmanager-down --patience 15m
    """
    import asyncio

    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.daemon.logs import configure_logs
    from watchdog.drill.drill import DrillOptions
    from watchdog.render.drill import show_drill
    from watchdog.render.terminal import console

    house = open_app(config, environment(), SystemClock())
    configure_logs("error")  # that a channel fails is told by the report, and may be the drill
    options = DrillOptions(share=share, patience=since_seconds(patience), seed=seed)
    drill = asyncio.run(_hold(house, watch or _first(house), kind, options))
    with ends_with(drill.outcome.exit_code if drill.outcome else 4):
        if as_json:
            print_json(_plain(drill))
        else:
            show_drill(drill, console())


def _first(house: App) -> str:
    from watchdog.errors import UsageError

    for name, watch in house.joined.watches.items():
        if watch.golden is not None:
            return name
    raise UsageError("a drill rehearses with a golden set, and no watch has one")


async def _hold(house: App, watch: str, kind: DrillKind, options: DrillOptions) -> Drill:
    import asyncio
    import sys
    from contextlib import redirect_stdout

    from watchdog.cli.stopping import stop_on_signals
    from watchdog.drill.drill import DrillRun, close_leftovers
    from watchdog.render.progress import Progress

    async with house:
        for left in await close_leftovers(house):
            typer.echo(f"closed what the drill {left.kind} of {left.watch} had left open", err=True)
        stop = stop_on_signals(asyncio.get_running_loop(), "stopping; what was opened is closed first")
        run = DrillRun(house, watch, kind, options, stop=stop, progress=Progress())
        with redirect_stdout(sys.stderr):  # a channel may be the terminal: the report is what stdout is for
            return await run.hold()


@app.command("list")
@command
def list_drills(
    *,
    since: Annotated[str, typer.Option("--since", help="How far back.")] = "90d",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Drills that were held, and how those that ``drills`` in watchdog.yaml wants stand.

    Examples:
        eval-watchdog drill list
        eval-watchdog drill list --since 365d --json
    """
    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.clock import SystemClock
    from watchdog.render.drill import overdue_line, show_drills
    from watchdog.render.terminal import console

    with App(join(config, environment(), secrets_required=False).checked(), SystemClock()) as house:
        now, plan = house.clock.now(), house.settings.drills
        with house.store.read() as session:
            held = session.drills.all(since=now - since_seconds(since))
            passed = session.drills.passed()
    if as_json:
        print_json([_plain(drill) for drill in held])
        return
    if held:
        show_drills(held, console())
    else:
        typer.echo("No drill was held; 'eval-watchdog drill run quality-drop' holds one.")
    for kind in plan.kinds if plan else ():
        typer.echo(overdue_line(kind, passed.get(kind), plan.every if plan else 0.0, now))


def _plain(drill: Drill) -> dict[str, object]:
    """A drill for machines: everything but what only closing it needs."""
    from msgspec.structs import asdict

    return {name: value for name, value in asdict(drill).items() if name not in {"open", "owner"}}
