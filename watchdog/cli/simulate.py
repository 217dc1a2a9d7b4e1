"""``simulate``: the simulator alone, to try things against."""

from __future__ import annotations

from typing import Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment


@command
def simulate(
    *,
    config: Config = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 lets the system choose.")] = 8791,
    seed: Annotated[int, typer.Option(help="Seed of every answer.")] = 7,
    as_json: AsJson = False,
) -> None:
    """A model provider on loopback whose quality, latency and failures can be turned while it runs.

    It knows the golden sets of the workspace, when there is one here. It speaks OpenAI chat completions
    (/v1/chat/completions), Anthropic messages (/v1/messages) and a JSON agent (/agent). Turn its knobs with POST
    /control; GET /stats counts its calls.

    Examples:
        eval-watchdog simulate --port 8791
        curl -X POST http://127.0.0.1:8791/control -d '{"models": {"sim-1": {"quality": 0.6}}}'
    """
    import asyncio
    import json
    import sys

    from watchdog.app.join import join
    from watchdog.cli.loop import run as run_loop
    from watchdog.cli.stopping import stop_on_signals
    from watchdog.simulator.feature import support_reply
    from watchdog.simulator.server import SimulatorServer
    from watchdog.simulator.simulator import Simulator

    sets = [support_reply()]
    if config.exists():
        joined = join(config, environment(), secrets_required=False).checked()
        sets += [files.golden_set for files in joined.golden.values()]

    async def serve() -> None:
        server = SimulatorServer(Simulator(sets, seed=seed), host=host, port=port)
        try:
            url = await server.start()
        except OSError as error:
            from watchdog.errors import UsageError

            raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        said = f"the simulator answers at {url} (OpenAI base URL {url}/v1)"
        typer.echo(json.dumps({"url": url}) if as_json else said)
        sys.stdout.flush()  # whoever started us waits for the address
        await stop_on_signals(asyncio.get_running_loop(), "").wait()
        await server.stop()

    run_loop(serve())
