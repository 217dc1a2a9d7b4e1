"""``golden lint``: what a reviewer would say about a golden set."""

from __future__ import annotations

from typing import Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, ends_with, environment, print_json

app = typer.Typer(help="Care of the golden sets.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def golden() -> None:
    """Care of the golden sets."""


@app.command("lint")
@command
def lint(
    watches: Annotated[list[str] | None, typer.Argument(metavar="[WATCH]...", help="All watches when none.")] = None,
    *,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Duplicates, empty expectations, unbalanced tags, secrets or personal data, cases that no check can fail.

    Exit code 1 when a finding is an error, 0 otherwise.

    Examples:
        eval-watchdog golden lint
        eval-watchdog golden lint support_reply --json
    """
    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.app.linting import lint_golden
    from watchdog.clock import SystemClock

    joined = join(config, environment(), secrets_required=False).checked()
    for name in watches or ():
        App(joined, SystemClock()).watch(name)
    names = [name for name in (watches or joined.watches) if name in joined.golden]
    findings = {name: lint_golden(joined, name) for name in names}
    worst = any(finding.severity == "error" for found in findings.values() for finding in found)
    with ends_with(1 if worst else 0):
        if as_json:
            print_json(findings)
        else:
            for name, found in findings.items():
                files = joined.golden[name]
                typer.echo(f"{files.golden_set.name} ({len(files.golden_set.cases)} cases, watch {name}):")
                for finding in found:
                    line = f":{finding.line}" if finding.line else ""
                    case = f" {finding.case_id}:" if finding.case_id else ""
                    typer.echo(f"  {finding.severity}: {files.cases_file}{line}{case} {finding.message}")
                if not found:
                    typer.echo("  nothing to say")
