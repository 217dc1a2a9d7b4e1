"""``alerts silence``, ``silences``, ``unsilence`` and ``ack``; ``maintenance``: what people say about alerts."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, open_store, print_json, print_table, since_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchdog.app.build import App
    from watchdog.domain.alert import Alert
    from watchdog.domain.silence import Matcher, Silence, SilenceKind
    from watchdog.store.store import Session

maintenance = typer.Typer(
    help="Announced work: looks go on, nothing is told; what fires meanwhile and lasts is told at the end.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Because = Annotated[str, typer.Option("--because", help="Why; kept and shown.")]
By = Annotated[str | None, typer.Option("--by", help="Who; your login name when not given.")]
For = Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d.")]


@command
def silence(
    about: Annotated[
        list[str],
        typer.Argument(
            metavar="MATCHER...",
            help="Like watch=support_reply, all of which must match; or the ID of an alert or incident.",
        ),
    ],
    *,
    lasting: For,
    because: Because,
    by: By = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell nobody of such alerts for a while. Looks go on; what begins meanwhile and lasts is told at the end.

    The end of what was told before is told at once. Alertmanager's own repeats of what it knows go on.

    Examples:
        eval-watchdog alerts silence watch=support_reply metric=is-json --for 2h --because "schema moves, OPS-12"
        eval-watchdog alerts silence 3f2a9c01d4e5b678 --for 1h --because "known, rolled back" --by ann
    """
    from watchdog.domain.silence import SilenceKind

    with open_store(config) as house, house.store.begin() as session:
        now = house.clock.now()
        matchers = _matchers(session, about)
        for matcher in matchers:
            if (matcher.label, matcher.sign) == ("watch", "="):
                house.watch(matcher.value)
        made = _made(SilenceKind.SILENCE, matchers, now, since_seconds(lasting), by, because)
        session.silences.save([made])
        matching = [alert for alert in _open_alerts(session, house) if made.takes(alert.labels)]
    _tell_made(made, matching, as_json=as_json)


@command
def silences(
    *,
    since: Annotated[str, typer.Option("--since", help="Those that are over: how far back.")] = "0s",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Silences and maintenance windows that hold or are yet to come, those of Alertmanager among them.

    Examples:
        eval-watchdog alerts silences
        eval-watchdog alerts silences --since 7d --json
    """
    _list(config, since, None, as_json=as_json)


@command
def unsilence(
    silence_id: Annotated[str, typer.Argument(metavar="ID", help="From 'alerts silences'.")],
    *,
    by: By = None,
    config: Config = HERE,
) -> None:
    """End a silence now: what it held back and still fires is told at once.

    Example:
        eval-watchdog alerts unsilence 5117e0ce
    """
    _end(config, silence_id, by)


@command
def ack(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="An alert from 'alerts list', or an incident.")],
    *,
    by: By = None,
    config: Config = HERE,
) -> None:
    """Say that somebody is at it: kept, shown everywhere, and told to the pagers, which escalate no further.

    Examples:
        eval-watchdog alerts ack 3f2a9c01d4e5b678
        eval-watchdog alerts ack 3f2a9c01d4e5b678 --by ann
    """
    from watchdog.cli.loop import run as run_loop

    failed = run_loop(_acknowledge(open_store(config), alert_id, by or getpass.getuser()))
    raise typer.Exit(1 if failed else 0)


@maintenance.command("add")
@command
def add(
    watch: Annotated[str, typer.Argument(metavar="WATCH")],
    *,
    lasting: For,
    because: Because,
    begins: Annotated[
        str, typer.Option("--from", help="When: 2026-11-22T02:00, in UTC unless it says otherwise; now if not given.")
    ] = "",
    by: By = None,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Announce a maintenance window of a watch.

    Examples:
        eval-watchdog maintenance add support_reply --for 2h --because "new retrieval index, OPS-7"
        eval-watchdog maintenance add support_reply --from 2026-11-22T02:00+01:00 --for 90m --because "provider moves"
    """
    from watchdog.domain.silence import Matcher, SilenceKind

    with open_store(config) as house, house.store.begin() as session:
        house.watch(watch)
        now = house.clock.now()
        starts = _moment(begins) if begins else now
        kind = SilenceKind.MAINTENANCE
        made = _made(kind, (Matcher("watch", "=", watch),), starts, since_seconds(lasting), by, because)
        _not_over(made, now)
        session.silences.save([made])
        matching = [alert for alert in session.alerts.open(watch) if made.holds(now)]
    _tell_made(made, matching, as_json=as_json)


@maintenance.command("list")
@command
def list_windows(
    *,
    since: Annotated[str, typer.Option("--since", help="Those that are over: how far back.")] = "0s",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Maintenance windows that hold or are yet to come.

    Example:
        eval-watchdog maintenance list --since 30d
    """
    from watchdog.domain.silence import SilenceKind

    _list(config, since, SilenceKind.MAINTENANCE, as_json=as_json)


@maintenance.command("end")
@command
def end(
    window_id: Annotated[str, typer.Argument(metavar="ID", help="From 'maintenance list'.")],
    *,
    by: By = None,
    config: Config = HERE,
) -> None:
    """End a maintenance window now, or call it off.

    Example:
        eval-watchdog maintenance end 5117e0ce
    """
    _end(config, window_id, by)


def _matchers(session: Session, about: Sequence[str]) -> tuple[Matcher, ...]:
    """What is to be silenced: matchers as they are written, or the identity of one alert."""
    from watchdog.domain.silence import Matcher
    from watchdog.errors import UnknownName, UsageError
    from watchdog.text.matchers import parse

    if len(about) == 1 and about[0].isalnum():
        alert = session.alerts.get(about[0])
        if alert is None and session.alerts.incident(about[0]) is not None:
            return (Matcher("incident", "=", about[0]),)
        if alert is None:
            raise UnknownName(
                f"there is no alert and no incident {about[0]!r}; give an ID of 'alerts list', or a matcher"
            )
        return tuple(Matcher(name, "=", value) for name, value in alert.labels.items() if name != "incident")
    found = []
    for text in about:
        try:
            found.append(parse(text))
        except ValueError as error:
            raise UsageError(f"{text!r} {error}") from error
    if all(matcher.takes("") for matcher in found):
        raise UsageError("that silences too much; name a value that a label must have, like watch=support_reply")
    return tuple(found)


def _made(
    kind: SilenceKind, matchers: tuple[Matcher, ...], starts: float, seconds: float, by: str | None, because: str
) -> Silence:
    import secrets

    from watchdog.domain.silence import Silence
    from watchdog.errors import UsageError

    if seconds <= 0:
        raise UsageError("--for must be more than nothing; write 30m, 2h or 1d")
    if not because.strip():
        raise UsageError("--because must say why; whoever is on call next will ask")
    return Silence(
        id=secrets.token_hex(8),
        kind=kind,
        matchers=matchers,
        starts_at=starts,
        ends_at=starts + seconds,
        by=(by or getpass.getuser()).strip()[:200],
        because=because.strip(),
    )


def _moment(text: str) -> float:
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-11-22T02:00 or 2026-11-22T02:00+01:00") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _not_over(made: Silence, now: float) -> None:
    from watchdog.errors import UsageError

    if made.ends_at <= now:
        raise UsageError("that window is over already; look at --from and --for")


def _open_alerts(session: Session, house: App) -> list[Alert]:
    return [alert for name in (*house.joined.watches, "") for alert in session.alerts.open(name)]


def _tell_made(made: Silence, matching: Sequence[Alert], *, as_json: bool) -> None:
    from watchdog.render.words import harmless, moment

    if as_json:
        print_json(_plain(made))
        return
    names = sorted({alert.labels.get("alertname", "") for alert in matching})
    now = f"{len(matching)} open alerts: {', '.join(names)}" if matching else "no open alert"
    typer.echo(f"{made.id}  {moment(made.starts_at)} to {moment(made.ends_at)} UTC")
    typer.echo(harmless(f"{' '.join(map(str, made.matchers))} is about {now}"))


def _list(config: Config, since: str, kind: SilenceKind | None, *, as_json: bool) -> None:
    from watchdog.render.words import moment

    with open_store(config) as house, house.store.read() as session:
        found = session.silences.ending_after(house.clock.now() - since_seconds(since))
    found = [each for each in found if kind in (None, each.kind)]
    if as_json:
        print_json([_plain(each) for each in found])
    elif not found:
        typer.echo("Nothing is silenced." if kind is None else "No maintenance is announced.")
    else:
        print_table(
            ["id", "what", "about", "from (UTC)", "to", "by", "because"],
            [
                [
                    each.id,
                    f"{each.kind.value} in {each.source}" if each.source else each.kind.value,
                    " ".join(map(str, each.matchers)),
                    moment(each.starts_at),
                    moment(each.ends_at) + (f" (ended by {each.ended_by})" if each.ended_by else ""),
                    each.by,
                    each.because,
                ]
                for each in found
            ],
        )


def _plain(made: Silence) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(made), "matchers": [str(matcher) for matcher in made.matchers]}


def _end(config: Config, silence_id: str, by: str | None) -> None:
    from dataclasses import replace

    from watchdog.errors import UnknownName, UsageError

    with open_store(config) as house, house.store.begin() as session:
        found, now = session.silences.get(silence_id), house.clock.now()
        if found is None:
            raise UnknownName(f"there is no silence {silence_id!r}; 'eval-watchdog alerts silences' shows their ids")
        if found.source:
            raise UsageError(f"it is a silence of {found.source}: end it there (amtool silence expire {found.id})")
        if found.ends_at <= now:
            raise UsageError(f"{found.id} is over already")
        session.silences.save([replace(found, ends_at=now, ended_by=by or getpass.getuser())])
    typer.echo(f"{found.id} is over; what it held back and still fires is told by 'serve' or with the next 'run'")


async def _acknowledge(opened: App, alert_id: str, by: str) -> bool:
    """Whether a pager could not be told."""
    from watchdog.alert.story import known_as
    from watchdog.app.hushing import acknowledge
    from watchdog.domain.silence import Acknowledgement
    from watchdog.errors import DeliveryError, UnknownName
    from watchdog.notify.abilities import Acknowledges

    async with opened as house:
        now = house.clock.now()
        pagers = [notifier for notifier in house.notifiers if isinstance(notifier, Acknowledges)]
        with house.store.begin() as session:
            alerts = [alert for alert in session.alerts.firing() if alert_id in (alert.id, alert.incident_id)]
            if not alerts:
                raise UnknownName(f"no alert {alert_id!r} is firing; 'eval-watchdog alerts list' shows their ids")
            new = [acknowledge(session, each, Acknowledgement(alert_id=each.id, by=by, at=now)) for each in alerts]
            incidents = {each.incident_id: session.alerts.incident(each.incident_id) for each in alerts}
        typer.echo(f"acknowledged by {by}" if all(new) else "somebody was at it already, and stays named")
        failed = False
        for pager in pagers:
            try:
                known = [known_as(incidents[alert.incident_id], alert, pager.name) for alert in alerts]
                for alert in {each.id: each for each in known}.values():
                    await pager.acknowledge(alert, now)
                typer.echo(f"told {pager.name}")
            except DeliveryError as error:
                failed = True
                typer.echo(f"not told to {pager.name}, which may escalate on: {error}", err=True)
    return failed
