"""``runbook render`` and ``runbook lint``: what to do, with the commands of the watch at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, ends_with, environment, open_store, print_json, write_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watchdog.app.build import App
    from watchdog.app.join import Joined
    from watchdog.domain.alert import Alert
    from watchdog.render.runbook import Filling
    from watchdog.store.store import Session
    from watchdog.workspace.runbooks import Fault

app = typer.Typer(help="Runbooks: what to do about an alert.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
@command
def render(
    subject: Annotated[
        str, typer.Argument(metavar="ALERT|WATCH", help="An alert's id from 'alerts list', or the name of a watch.")
    ],
    *,
    cause: Annotated[
        str | None, typer.Option("--cause", help="A page of docs/runbooks, like provider-down; else the alert's own.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page for a browser.")] = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """The runbook of an alert, or of a watch's most urgent one, as Markdown with this watch filled in.

    Without an alert and without --cause it is the runbook of the watch itself.

    Examples:
        eval-watchdog runbook render 3f2a9c01d4e5b678
        eval-watchdog runbook render support_reply --cause provider-down
    """
    from watchdog.render.runbook import rendered, runbook_html

    with open_store(config) as house, house.store.read() as session:
        watch, alert = _meant(session, house, subject)
        page, text = _page(house, watch, alert, cause)
        markdown = rendered(text, _filling(session, house, watch, alert, page))
    if html is not None:
        write_page(html, runbook_html(markdown))
    elif as_json:
        print_json({"watch": watch, "alert": alert.id if alert else None, "page": page, "markdown": markdown})
    else:
        _show(markdown)


@app.command()
@command
def lint(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Those of the watches, and those that come with us, when none."),
    ] = None,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the addresses, too, whether anybody serves them.")
    ] = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Whether runbooks can be followed: six sections, none empty, links that lead somewhere, commands that exist.

    Every command is given to the parser of the command line as it stands; capitals stand for what you fill in.

    Exit code 1 when one cannot.

    Examples:
        eval-watchdog runbook lint
        eval-watchdog runbook lint --online
        eval-watchdog runbook lint runbooks/support_reply.md
    """
    from watchdog.cli.parsing import problem_of
    from watchdog.workspace.runbooks import lint_runbook

    found: Mapping[str, list[Fault]]
    if files:
        found = {str(file): lint_runbook(_read(file), problem_of) for file in files}
    else:
        from watchdog.app.join import join

        joined = join(config, environment(), secrets_required=False).checked()
        found = {**own_faults(joined), **_shipped_faults()}
        for place, faults in (_unanswered(joined) if online else {}).items():
            found[place] = [*found.get(place, []), *faults]
    with ends_with(1 if any(found.values()) else 0):
        if as_json:
            print_json(found)
        else:
            for file, faults in found.items():
                for fault in faults:
                    typer.echo(f"{file}{f':{fault.line}' if fault.line else ''}: {fault.message}")
            if not any(found.values()):
                typer.echo(f"{len(found)} runbooks can be followed")


def own_faults(joined: Joined) -> dict[str, list[Fault]]:
    """What is wrong with the runbooks of the watches, by file."""
    from watchdog.cli.parsing import problem_of
    from watchdog.workspace.runbooks import broken_links, lint_runbook

    known = {*joined.watches, "WATCH"}
    return {
        runbook.file: [*lint_runbook(runbook.text, lambda words: problem_of(words, known)), *broken_links(runbook)]
        for runbook in joined.runbooks.values()
    }


def _unanswered(joined: Joined) -> dict[str, list[Fault]]:
    """Addresses that watches, or their runbooks, lead to and that nobody serves; by where they are written."""
    from watchdog.workspace.runbooks import Fault, links_of

    written = [
        (f"watchdog.yaml, watch {name}", 0, watch.runbook)
        for name, watch in joined.watches.items()
        if watch.runbook.startswith(("http://", "https://"))
    ]
    for runbook in joined.runbooks.values():
        written += [(runbook.file, line, url) for line, url in links_of(runbook.text) if url.startswith("http")]
    found: dict[str, list[Fault]] = {}
    for place, line, url in written:
        problem = _asked(url)
        found.setdefault(place, []).extend([Fault(line, f"{url} {problem}")] if problem else [])
    return found


def _asked(url: str) -> str:
    """Why nobody can read what is there; empty when it answers, if only by asking for a password."""
    import httpx2

    try:
        status = httpx2.get(url, timeout=10.0, follow_redirects=True, trust_env=False).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return "cannot be reached"
    return f"answers {status}" if status >= 400 and status not in {401, 403} else ""


def whom_to_wake(config: Path, alert: Alert | None) -> str:
    """Who owns such an alert and how they are reached, by teams.yaml; empty when that does not say."""
    from watchdog.generate.teams import FILE, load_teams

    file = (config if config.is_dir() else config.parent) / FILE
    teams = load_teams(file, environment()).value if file.exists() else None
    if teams is None:
        return ""
    labels = alert.labels if alert is not None else {}
    return teams.reached(labels.get("alert_type", "model"), labels.get("tool_name", ""))


def _meant(session: Session, house: App, subject: str) -> tuple[str, Alert | None]:
    """The watch, and the alert, that somebody asks for."""
    from watchdog.errors import UnknownName
    from watchdog.render.runbook import most_urgent

    if subject in house.joined.watches:
        return subject, most_urgent(session.alerts.open(subject))
    alert = session.alerts.get(subject)
    if alert is None:
        watches = ", ".join(house.joined.watches)
        raise UnknownName(f"there is no alert and no watch {subject!r}; 'alerts list' shows alerts; watches: {watches}")
    return session.alerts.watch_of(subject) or "", alert


def _page(house: App, watch: str, alert: Alert | None, cause: str | None) -> tuple[str, str]:
    """Name and text of the page."""
    from watchdog.errors import UnknownName
    from watchdog.render.runbook import page_of
    from watchdog.text.documents.suggest import did_you_mean
    from watchdog.workspace.runbooks import INDEX, shipped_pages

    pages = shipped_pages()
    if cause is None and alert is None and watch in house.joined.runbooks:
        return watch, house.joined.runbooks[watch].text
    name = (cause or (page_of(alert) if alert else INDEX)).removesuffix(".md")
    if name not in pages:
        raise UnknownName(f"there is no runbook {name!r}; {did_you_mean(name, pages) or ', '.join(pages)}")
    return name, pages[name].read_text(encoding="utf-8")


def _filling(session: Session, house: App, watch: str, alert: Alert | None, page: str) -> Filling:
    from watchdog.render.runbook import Filling, filling, words_of

    known = house.joined.watches.get(watch)
    if known is None:  # an alert of the house itself, or of a watch that was taken out of watchdog.yaml
        return Filling(words=words_of(alert))
    own = house.joined.runbooks.get(watch) if page != watch else None
    wake = whom_to_wake(house.settings.path, alert)
    return filling(session, known, alert, house.clock.now(), wake=wake, own=own.text if own else "")


def _show(markdown: str) -> None:
    """Drawn for people, as it is for everything else."""
    import sys

    if not sys.stdout.isatty():
        typer.echo(markdown, nl=False)
        return
    from rich.markdown import Markdown

    from watchdog.render.terminal import console

    console().print(Markdown(markdown, hyperlinks=False))


def _shipped_faults() -> dict[str, list[Fault]]:
    from watchdog.cli.parsing import problem_of
    from watchdog.text.documents.reading import shown
    from watchdog.workspace.runbooks import INDEX, lint_runbook, shipped_pages

    return {
        shown(path): lint_runbook(path.read_text(encoding="utf-8"), problem_of)
        for name, path in shipped_pages().items()
        if name != INDEX
    }


def _read(file: Path) -> str:
    from watchdog.errors import UsageError

    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise UsageError(f"{file} is not UTF-8 text; save it as such") from None
