"""``triage``: what is wrong, whose is it, and what to type next?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import (
    HERE,
    AsJson,
    Config,
    command,
    dollars,
    ends_with,
    environment,
    print_json,
    quiet_logs,
    write_out,
)

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.domain.triage import TriageReport
    from watchdog.triage.triage import Options, People


@command
def triage(
    about: Annotated[
        str | None, typer.Argument(metavar="[WATCH | INCIDENT]", help="The newest open incident's watch when none.")
    ] = None,
    *,
    config: Config = HERE,
    budget: Annotated[
        str | None, typer.Option("--budget", help="'0.50 USD': spend no more; the watch's per_run by default.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody; read the store alone.")] = False,
    golden: Annotated[int, typer.Option("--golden", min=0, max=1000, help="Golden cases asked at the most.")] = 40,
    recent: Annotated[int, typer.Option("--recent", min=0, max=1000, help="Recent inputs asked at the most.")] = 20,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="All the evidence, however long.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="For the incident channel.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it there.")] = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong, whose is it, and what to type next?

    Three questions in order, each answered yes, no or cannot tell: is the provider failing, did quality drop (a sample
    is asked now, on current, pinned and the judges' anchors), do answers take more or retrieval find less? Then the
    suspected cause, its owner, the runbook, the next command and what would change its mind. It changes nothing.

    Exit code 0: nothing wrong is to be found. 1: something is. 3: it cannot tell. 2: usage.

    Examples:
        eval-watchdog triage support_reply
        eval-watchdog triage --offline --json
        eval-watchdog triage support_reply --budget '0.20 USD' --markdown
    """
    import asyncio

    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.cli.people import people_of
    from watchdog.clock import SystemClock
    from watchdog.triage.offline import OfflineApp
    from watchdog.triage.triage import Options, hurried

    joined = hurried(join(config, environment(), secrets_required=not offline).checked())
    app = (OfflineApp if offline else App)(joined, SystemClock())
    quiet_logs()
    watch, incident = _subject(app, about)
    options = Options(
        budget=None if budget is None else dollars(budget),
        offline=offline,
        golden=golden,
        recent=recent,
        incident=incident,
    )
    report = asyncio.run(_ask(app, watch, options, people_of(app.settings)))
    with ends_with(report.exit_code):
        _tell(report, as_json=as_json, markdown=markdown, verbose=verbose, output=output)


def _subject(app: App, about: str | None) -> tuple[str, str]:
    """The watch and the incident that are meant.

    Raises:
        UnknownName: there is nothing of that name.
        UsageError: nothing was named, and there are several watches and no open incident.
    """
    from watchdog.errors import UnknownName, UsageError

    watches = app.joined.watches
    if about is not None and about in watches:
        return about, ""
    with app.store.read() as session:
        incidents = session.alerts.incidents()
    known = [incident for incident in incidents if incident.watch in watches]
    if about is not None:
        found = [
            incident
            for incident in known
            if incident.id == about or (len(about) >= 6 and incident.id.startswith(about))
        ]
        if len(found) != 1:
            names = ", ".join(watches) or "none"
            raise UnknownName(f"there is no watch and no incident {about!r}; watches: {names}; see 'incidents'")
        return found[0].watch, found[0].id
    newest = next((incident for incident in reversed(known) if incident.closed_at is None), None)
    if newest is not None:
        return newest.watch, newest.id
    if len(watches) == 1:
        return next(iter(watches)), ""
    raise UsageError(f"no incident is open; name a watch: {', '.join(watches) or 'there is none'}")


async def _ask(app: App, watch: str, options: Options, people: People) -> TriageReport:
    import asyncio

    from watchdog.cli.stopping import stop_on_signals
    from watchdog.render.progress import Progress
    from watchdog.triage.triage import triage as ask

    async with app:
        stop = stop_on_signals(asyncio.get_running_loop())
        return await ask(app, watch, options, people, stop=stop, progress=Progress())


def _tell(report: TriageReport, *, as_json: bool, markdown: bool, verbose: bool, output: Path | None) -> None:
    from watchdog.render.as_json import as_json as json_of
    from watchdog.render.terminal import console
    from watchdog.render.triage import show_triage, triage_lines, triage_markdown

    if output is not None:
        text = json_of(report) if as_json else triage_markdown(report, verbose=verbose) if markdown else ""
        write_out(output, text or "\n".join([*triage_lines(report, verbose=verbose), ""]))
    elif as_json:
        print_json(report)
    elif markdown:
        typer.echo(triage_markdown(report, verbose=verbose), nl=False)
    else:
        show_triage(report, console(), verbose=verbose)
