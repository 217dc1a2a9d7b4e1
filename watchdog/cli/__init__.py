"""The command line: parse, call a door, render, exit.

Exit codes: 0 fine; 1 drift, regression or failure; 2 usage or configuration; 3 inconclusive; 4 not measured.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    app: typer.Typer

#: Where each command, or group of commands, is found, in the order of ``--help``: module and name in it.
_COMMANDS = {
    "init": "init.init",
    "check": "check.check",
    "run": "look.run",
    "serve": "serve.serve",
    "gate": "gate.gate",
    "triage": "triage.triage",
    "scores": "scores.scores",
    "plan": "plan.plan",
    "backtest": "backtest.backtest",
    "incidents": "alerts.incidents",
    "noise": "noise.noise",
    "simulate": "simulate.simulate",
    "demo": "demo.demo",
    "baseline": "baseline.app",
    "model": "model.app",
    "feature": "feature.app",
    "alerts": "alerts.app",
    "maintenance": "maintenance.app",
    "runbook": "runbook.app",
    "golden": "golden.app",
    "alertmanager": "alertmanager.app",
    "prometheus": "prometheus.app",
    "provider": "provider.app",
    "db": "database.app",
    "drill": "drill.app",
}


def application(*names: str) -> typer.Typer:
    """The command line with the named commands."""
    made = typer.Typer(
        name="eval-watchdog",
        help="Tells you, first and truthfully, that an LLM feature got worse, and which part of it moved.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit codes: 0 fine; 1 drift, regression or failure; 2 usage or configuration; 3 inconclusive; "
        "4 not measured.",
    )
    made.callback()(_nothing)  # or a command that is alone would have no name
    for name in names:
        module, _, attribute = _COMMANDS[name].partition(".")
        found = getattr(import_module(f"watchdog.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            made.add_typer(found, name=name)
        else:
            made.command(name)(found)
    return made


def _nothing() -> None:
    pass


def __getattr__(name: str) -> Any:
    """``app``: the whole command line."""
    if name != "app":
        raise AttributeError(name)
    whole = globals()["app"] = application(*_COMMANDS)
    return whole


def main() -> None:
    """Entry of the console script. Only the command that is named is loaded: all of them take a tenth of a second."""
    named = sys.argv[1:2]
    run = application(*(named if named and named[0] in _COMMANDS else _COMMANDS))
    run()
