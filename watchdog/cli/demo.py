"""``demo``: the story in a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchdog.cli.edge import AsJson, command, print_json


@command
def demo(
    folder: Annotated[Path, typer.Option("--out", help="Where the workspace and the report go; overwritten.")] = Path(
        "demo-out"
    ),
    *,
    as_json: AsJson = False,
) -> None:
    """Four weeks of a watched feature in about a minute, on a simulated provider, over real HTTP.

    Calm weeks, a provider outage, a one-look blip, a silent model update, the pin, the recovery. Tells the story as it
    goes and leaves report.html.

    Example:
        eval-watchdog demo --out /tmp/demo
    """
    import time

    from watchdog.cli.loop import run as run_loop
    from watchdog.demo.demo import run_demo
    from watchdog.render.progress import Progress
    from watchdog.render.terminal import console, show_story
    from watchdog.render.views import StoryLine

    to = console()

    def say(line: StoryLine) -> None:
        if not as_json:
            show_story([line], to)

    begun = time.monotonic()
    told = run_loop(run_demo(folder, say=say, progress=Progress(), end=time.time()))
    seconds = time.monotonic() - begun
    summary = {
        "looks": told.looks,
        "calls": told.calls,
        "alerts_fired": told.pages,
        "seconds": round(seconds, 1),
        "report": str(folder / "report.html"),
    }
    if as_json:
        print_json({**summary, "story": told.story})
        return
    typer.echo(
        f"{told.looks} looks, {told.calls} calls over HTTP, {told.pages} alerts fired, in {seconds:.0f} s.\n"
        f"Open {folder / 'report.html'}; the workspace beside it is an ordinary one: "
        f"eval-watchdog scores {'support_reply'} --since 28d --config {folder}"
    )
