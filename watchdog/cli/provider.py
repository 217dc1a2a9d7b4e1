"""``provider verify``: would the fallback hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, ends_with, environment, give_up, print_json, quiet_logs

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.domain.gate import GateReport
    from watchdog.domain.verification import Verification

app = typer.Typer(help="Providers: would production survive without its usual one?", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Providers: would production survive without its usual one?"""


@app.command("verify")
@command
def verify(
    watch: Annotated[str, typer.Argument(metavar="WATCH")],
    *,
    drop: Annotated[
        float | None,
        typer.Option("--drop", min=0.001, max=0.999, help="Acceptable drop in score units; else fallback_drop."),
    ] = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Ask the fallback target the golden set: would it hold if production had to fail over to it now?

    It is compared case by case with what the current target answered at the newest look (asked now when there is
    none), and stops as soon as the answer is clear. Exit code 0: it holds. 1: it does not. 3: cannot tell.
    'verify_fallback_every' in watchdog.yaml lets the daemon do it.

    Examples:
        eval-watchdog provider verify support_reply
        eval-watchdog provider verify support_reply --drop 0.15 --json
    """
    import asyncio

    from msgspec.structs import asdict

    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.render.gate import show_gate
    from watchdog.render.terminal import console

    house = open_app(config, environment(), SystemClock())
    quiet_logs()
    found = asyncio.run(_verify(house, watch, drop))
    if found is None:
        raise give_up("stopped; the same command goes on where it was", 4, as_json=as_json)
    verification, report = found
    with ends_with(verification.verdict.exit_code):
        if as_json:
            print_json({**asdict(verification), "gate": report})
        else:
            show_gate(report, console())
            target = f"{report.candidate.model} of {report.candidate.provider}"
            typer.echo(f"The fallback of {watch} ({target}) {verification.verdict}: {'; '.join(verification.reasons)}.")


async def _verify(house: App, watch: str, drop: float | None) -> tuple[Verification, GateReport] | None:
    import asyncio

    from watchdog.cli.stopping import stop_on_signals
    from watchdog.gate.fallback import verify_fallback
    from watchdog.render.progress import Progress

    async with house:
        stop = stop_on_signals(asyncio.get_running_loop())
        return await verify_fallback(house, watch, drop=drop, stop=stop, progress=Progress())
