"""``prometheus``: rules over the daemon's own metrics, with the unit tests that prove them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchdog.cli.alertmanager import TeamsFile, read_teams
from watchdog.cli.edge import HERE, Config, command, environment, write_out

app = typer.Typer(help="Rules of Prometheus, generated from watchdog.yaml and teams.yaml.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Rules of Prometheus, generated from watchdog.yaml and teams.yaml."""


@app.command("rules")
@command
def rules(
    *,
    config: Config = HERE,
    teams: TeamsFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; its unit tests are written beside it.")
    ] = None,
) -> None:
    """Write alerting rules over the daemon's /metrics: infrastructure, API, latency, burn rate of the SLO, cost.

    Every rule says its alert_type and owner, every page its runbook. Beside --out FILE go the unit tests (FILE with
    .test.yml). teams.yaml is looked for beside watchdog.yaml.

    Examples:
        eval-watchdog prometheus rules
        eval-watchdog prometheus rules --out rules.yml
        promtool check rules rules.yml
        promtool test rules rules.test.yml
    """
    from watchdog.app.join import join
    from watchdog.generate.prometheus import PrometheusRules

    joined = join(config, environment(), secrets_required=False).checked()
    made = PrometheusRules(joined.watches.values(), read_teams(teams or joined.settings.folder))
    for remark in made.remarks:
        typer.echo(f"remark: {remark}", err=True)
    if out is None:
        typer.echo(made.text(), nl=False)
        return
    write_out(out, made.text())
    write_out(out.with_suffix(".test.yml"), made.tests_text(out.name))
