"""``db upgrade``: house-keeping of the database."""

from __future__ import annotations

from typing import Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json

app = typer.Typer(help="House-keeping of the database.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
@command
def upgrade(
    *,
    revision: Annotated[str, typer.Option("--revision", help="Where to stop; 'base' empties the database.")] = "head",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Bring the database to this version's schema. Make a copy of it first.

    Example:
        eval-watchdog db upgrade
    """
    from watchdog.app.join import join
    from watchdog.errors import UsageError
    from watchdog.store.migrate import migrate
    from watchdog.workspace.locate import shipped

    joined = join(config, environment(), secrets_required=False).checked()
    scripts = shipped("migrations")
    if scripts is None:
        raise UsageError("the migrations are missing from this installation; install eval-watchdog again")
    before, after = migrate(joined.settings.store_url.reveal(), scripts, revision)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        typer.echo(f"the database is at revision {after or 'none'} already")
    else:
        typer.echo(f"the database went from revision {before or 'none'} to {after or 'none'}")
