"""``backtest``: what would have fired, and what would have been found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json, write_page

if TYPE_CHECKING:
    from watchdog.domain.watch import FalseAlarmBudget


@command
def backtest(
    watch: Annotated[str, typer.Argument(metavar="WATCH")],
    *,
    smallest_drop: Annotated[
        float | None,
        typer.Option("--smallest-drop", min=0.001, max=1.0, help="As if watchdog.yaml said so; 0.03 is 3 points."),
    ] = None,
    false_alarms: Annotated[
        str | None, typer.Option("--false-alarms", help="As if watchdog.yaml said so: '1 per 30d'.")
    ] = None,
    histories: Annotated[
        int | None,
        typer.Option("--histories", min=10, max=2000, help="Made-up histories of each metric and change."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random choice.")] = 1,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with charts here, too.")] = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """What would have fired over the stored history, and what would have been found.

    Replays all looks since the baseline through the detectors, under today's settings or others. Then makes up
    histories from the calm looks: counts the false alarms in them, and breaks answers in them at random moments to
    see how long drops, ramps, blips and a moved judge take to be found. Asks nobody and writes nothing to the store.

    Examples:
        eval-watchdog backtest support_reply
        eval-watchdog backtest support_reply --smallest-drop 0.05 --false-alarms '1 per 30d'
        eval-watchdog backtest support_reply --html backtest.html --json
    """
    from watchdog.app.build import cadence, open_app
    from watchdog.backtest.backtest import Plan
    from watchdog.backtest.backtest import backtest as run
    from watchdog.clock import SystemClock
    from watchdog.render.backtest_text import show_backtest
    from watchdog.render.progress import Progress
    from watchdog.render.terminal import console

    with open_app(config, environment(), SystemClock()) as app:
        watched = app.watch(watch)
        budget = app.settings.false_alarms if false_alarms is None else _budget(false_alarms)
        dropped = watched.smallest_drop if smallest_drop is None else smallest_drop
        plan = Plan(
            watch=replace(watched, smallest_drop=dropped),
            division=app.divided(budget),
            false_alarms=f"{budget.count:g} per {budget.seconds / 86_400:g}d",
            what_if=budget != app.settings.false_alarms or dropped != watched.smallest_drop,
            every=cadence(watched.schedule),
            judges=frozenset(app.joined.judges.get(watch, {})),
            histories=histories,
            seed=seed,
        )
        progress, steps = Progress(), 0
        progress.start(100, "backtest")

        def told(share: float) -> None:
            nonlocal steps
            if int(100 * share) > steps:
                progress.advance(int(100 * share) - steps)
                steps = int(100 * share)

        try:
            with app.store.read() as session:
                view = run(session, plan, now=app.clock.now(), progress=told)
        finally:
            progress.stop()
    if html is not None:
        from watchdog.render.backtest_page import backtest_html

        write_page(html, backtest_html(view))
    if as_json:
        print_json(view)
    else:
        show_backtest(view, console())


def _budget(text: str) -> FalseAlarmBudget:
    """The budget of ``1 per 30d``."""
    from watchdog.domain.watch import FalseAlarmBudget
    from watchdog.text.quantities import parse_rate

    try:
        count, seconds = parse_rate(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} {error}", param_hint="--false-alarms") from error
    return FalseAlarmBudget(count=count, seconds=seconds)
