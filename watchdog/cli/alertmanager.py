"""``alertmanager``: its whole configuration from one file, and whether the server runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import AsJson, command, ends_with, environment, print_json, write_out

if TYPE_CHECKING:
    from watchdog.generate.teams import Teams

HERE = Path("teams.yaml")

app = typer.Typer(help="Alertmanager's configuration, generated from teams.yaml.", no_args_is_help=True)

TeamsFile = Annotated[
    Path | None, typer.Option("--teams", "-t", help="teams.yaml, or the folder it is in.", show_default="./teams.yaml")
]
_INLINE = typer.Option("--inline-secrets", help="Write credentials themselves, not references to files.")


@app.command("config")
@command
def config(
    *,
    teams: TeamsFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; its routes table is written beside it.")
    ] = None,
    inline: Annotated[bool, _INLINE] = False,
) -> None:
    """Write the configuration of Alertmanager 0.25 or later: routes, hours, inhibitions, receivers.

    Beside --out FILE goes a table of alerts and who must be told of each (FILE with .routes.tsv); hold the two against
    each other with 'amtool config routes test'. Credentials stay references to files on Alertmanager's machine.

    Examples:
        eval-watchdog alertmanager config
        eval-watchdog alertmanager config --teams /etc/eval-watchdog --out alertmanager.yml
        amtool check-config alertmanager.yml
    """
    from watchdog.generate.alertmanager import alertmanager_text
    from watchdog.generate.expected import table, written

    known = read_teams(teams or HERE)
    text = alertmanager_text(known, inline=inline)
    if out is None:
        typer.echo(text, nl=False)
        return
    write_out(out, text, private=inline)
    write_out(out.with_suffix(".routes.tsv"), written(table(known)))


@app.command("diff")
@command
def diff(
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of a running Alertmanager.")],
    *,
    teams: TeamsFile = None,
    inline: Annotated[bool, _INLINE] = False,
    as_json: AsJson = False,
) -> None:
    """Whether a running Alertmanager means the same as teams.yaml. Exit code 1 when it does not.

    Order, quotes, defaults and how durations are written make no difference; credentials cannot be seen.

    Examples:
        eval-watchdog alertmanager diff http://alertmanager:9093
        eval-watchdog alertmanager diff http://alertmanager:9093 --json
    """
    from watchdog.generate.alertmanager import alertmanager_config
    from watchdog.generate.compare import differences
    from watchdog.generate.live import live_config

    found = differences(alertmanager_config(read_teams(teams or HERE), inline=inline), live_config(url))
    with ends_with(1 if found else 0):
        if as_json:
            print_json({"differences": found})
        elif found:
            for difference in found:
                typer.echo(str(difference))
        else:
            typer.echo(f"{url} means the same as {teams or HERE}")


def read_teams(path: Path) -> Teams:
    """teams.yaml, or its problems as the command's error."""
    from watchdog.generate.teams import load_teams

    return load_teams(path, environment()).checked()
