"""The command line: parse, call a door, render, exit.

Exit codes: 0 fine; 1 drift, regression or failure; 2 usage or configuration; 3 inconclusive; 4 not measured.
"""

from __future__ import annotations

import typer

from watchdog.cli import (
    acknowledge,
    alertmanager,
    alerts,
    backtest,
    baseline,
    check,
    database,
    demo,
    drill,
    feature,
    gate,
    golden,
    init,
    look,
    maintenance,
    model,
    noise,
    plan,
    prometheus,
    provider,
    runbook,
    scores,
    serve,
    silences,
    simulate,
    triage,
)

app = typer.Typer(
    name="eval-watchdog",
    help="Tells you, first and truthfully, that an LLM feature got worse, and which part of it moved.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine; 1 drift, regression or failure; 2 usage or configuration; 3 inconclusive; "
    "4 not measured.",
)

app.command("init")(init.init)
app.command("check")(check.check)
app.command("run")(look.run)
app.command("serve")(serve.serve)
app.command("gate")(gate.gate)
app.command("triage")(triage.triage)
app.command("scores")(scores.scores)
app.command("plan")(plan.plan)
app.add_typer(baseline.app, name="baseline")
app.add_typer(model.app, name="model")
app.add_typer(feature.app, name="feature")
app.command("backtest")(backtest.backtest)
app.add_typer(alerts.app, name="alerts")
for each in (acknowledge.ack, silences.silence, silences.silences, silences.unsilence):
    alerts.app.command()(each)
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(runbook.app, name="runbook")
app.command("incidents")(alerts.incidents)
app.add_typer(golden.app, name="golden")
app.add_typer(alertmanager.app, name="alertmanager")
app.add_typer(prometheus.app, name="prometheus")
app.command("noise")(noise.noise)
alerts.app.command("feedback")(noise.feedback)
app.add_typer(provider.app, name="provider")
app.add_typer(database.app, name="db")
app.command("simulate")(simulate.simulate)
app.command("demo")(demo.demo)
app.add_typer(drill.app, name="drill")


def main() -> None:
    """Entry of the console script."""
    app()
