"""``plan``: what a watch will find, before it is switched on and while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json


@command
def plan(
    watch: Annotated[str, typer.Argument(metavar="WATCH")],
    *,
    budget: Annotated[
        str | None, typer.Option("--budget", help="Search the best designs for '3 USD per day'.", metavar="MONEY")
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Also what a CI gate with this set would catch.")] = False,
    answer_cost: Annotated[
        float | None,
        typer.Option("--answer-cost", min=0.0, help="US dollars of one answer and its judging, instead of measured."),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0.0, max=1.0, help="Pass rate assumed of what was never measured.")
    ] = 0.9,
    run_spread: Annotated[
        float, typer.Option("--run-spread", min=0.0, max=0.5, help="Spread between runs assumed until it is measured.")
    ] = 0.018,
    html: Annotated[Path | None, typer.Option("--html", help="Also write a page with the chart.")] = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """The smallest drop found in a day, a week, a month; delays, false pages, cost, and what would help most.

    From the variances of the baseline's looks and those since; from stated assumptions before there is one. Asks no
    model and writes nothing but the page.

    Examples:
        eval-watchdog plan support_reply
        eval-watchdog plan support_reply --budget '3 USD per day'
        eval-watchdog plan support_reply --gate --json
        eval-watchdog plan support_reply --rate 0.97 --answer-cost 0.002 --html plan.html
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.plan.noise import Assumptions
    from watchdog.plan.plan import plan_watch

    money = None if budget is None else _a_day(budget)
    with open_app(config, environment(), SystemClock()) as app:
        view = plan_watch(
            app,
            watch,
            assumptions=Assumptions(rate=rate, run_spread=run_spread),
            answer_cost=answer_cost,
            budget=money,
            gate=gate,
        )
    if html is not None:
        from watchdog.errors import UsageError
        from watchdog.render.plan_page import plan_html

        try:
            html.write_text(plan_html(view), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{html} cannot be written: {error.strerror}") from error
        typer.echo(f"wrote {html}", err=True)
    if as_json:
        print_json(view)
        return
    from watchdog.render.plan_terminal import show_plan
    from watchdog.render.terminal import console

    show_plan(view, console())


def _a_day(text: str) -> float:
    """US dollars a day of ``3 USD per day`` or ``90 USD per 30d``."""
    import re

    from watchdog.text.quantities import parse_duration, parse_money

    amount, _, period = (part.strip() for part in re.sub(r"\s(?:per|a)\s|/", "\0", text, count=1).partition("\0"))
    days = {"": 1.0, "day": 1.0, "week": 7.0, "month": 30.0}
    try:
        length = days[period] if period in days else parse_duration(period) / 86_400
        money = parse_money(amount)
    except ValueError:
        length = money = 0.0
    if length <= 0 or money <= 0:
        raise typer.BadParameter(f"{text!r} is no budget; write '3 USD per day'", param_hint="--budget")
    return money / length
