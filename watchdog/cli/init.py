"""``init``: a workspace that runs at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchdog.cli.edge import AsJson, command, print_json


@command
def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path(),
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write watchdog.yaml, a golden set, a judge, a prompt and a runbook; they pass 'check' and run as they are.

    Examples:
        eval-watchdog init support
        eval-watchdog init . --force
    """
    from watchdog.workspace.init import write_workspace

    written = write_workspace(directory, force=force)
    if as_json:
        print_json([str(path) for path in written])
        return
    for path in written:
        typer.echo(f"wrote {path}")
    here = "" if directory == Path() else f"cd {directory} && "
    typer.echo(f"next: {here}eval-watchdog check && eval-watchdog run")
