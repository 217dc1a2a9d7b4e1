"""``maintenance add``, ``list`` and ``end``: announced work on a feature."""

from __future__ import annotations

from typing import Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, open_store, since_seconds
from watchdog.cli.silences import Because, By, For, end_silence, list_silences, made_by, tell_made

app = typer.Typer(
    help="Announced work: looks go on, nothing is told; what fires meanwhile and lasts is told at the end.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("add")
@command
def add(
    watch: Annotated[str, typer.Argument(metavar="WATCH")],
    *,
    lasting: For,
    because: Because,
    begins: Annotated[
        str, typer.Option("--from", help="When: 2026-11-22T02:00, in UTC unless it says otherwise; now if not given.")
    ] = "",
    by: By = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Announce a maintenance window of a watch.

    Examples:
        eval-watchdog maintenance add support_reply --for 2h --because "new retrieval index, OPS-7"
        eval-watchdog maintenance add support_reply --from 2026-11-22T02:00+01:00 --for 90m --because "provider moves"
    """
    from watchdog.domain.silence import Matcher, SilenceKind
    from watchdog.errors import UsageError

    with open_store(config) as house, house.store.begin() as session:
        house.watch(watch)
        now = house.clock.now()
        starts = _moment(begins) if begins else now
        kind = SilenceKind.MAINTENANCE
        made = made_by(kind, (Matcher("watch", "=", watch),), starts, since_seconds(lasting), by, because)
        if made.ends_at <= now:
            raise UsageError("that window is over already; look at --from and --for")
        session.silences.save([made])
        matching = [alert for alert in session.alerts.open(watch) if made.holds(now)]
    tell_made(made, matching, as_json=as_json)


@app.command("list")
@command
def list_windows(
    *,
    since: Annotated[str, typer.Option("--since", help="Those that are over: how far back.")] = "0s",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Maintenance windows that hold or are yet to come.

    Example:
        eval-watchdog maintenance list --since 30d
    """
    from watchdog.domain.silence import SilenceKind

    list_silences(config, since, SilenceKind.MAINTENANCE, as_json=as_json)


@app.command("end")
@command
def end(
    window_id: Annotated[str, typer.Argument(metavar="ID", help="From 'maintenance list'.")],
    *,
    by: By = None,
    config: Config = HERE,
) -> None:
    """End a maintenance window now, or call it off.

    Example:
        eval-watchdog maintenance end 5117e0ce
    """
    end_silence(config, window_id, by)


def _moment(text: str) -> float:
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-11-22T02:00 or 2026-11-22T02:00+01:00") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
