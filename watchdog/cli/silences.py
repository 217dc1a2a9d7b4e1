"""``alerts silence``, ``silences`` and ``unsilence``: nobody is told for a while."""

from __future__ import annotations

import getpass
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, open_store, print_json, print_table, since_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchdog.app.build import App
    from watchdog.domain.alert import Alert
    from watchdog.domain.silence import Matcher, Silence, SilenceKind
    from watchdog.store.store import Session

#: Seconds that a silence may last at most.
_LONGEST = 3650 * 86400.0

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
        made = made_by(SilenceKind.SILENCE, matchers, now, since_seconds(lasting), by, because)
        session.silences.save([made])
        matching = [alert for alert in _open_alerts(session, house) if made.takes(alert.matched)]
        repeating = _repeating(session, house, matching)
    tell_made(made, matching, as_json=as_json)
    for channel, count in repeating.items():
        words = ["amtool", "silence", "add", f"--duration={lasting}", f"--comment={because}", *map(str, matchers)]
        said = f"{channel} knows {count} of them and repeats it by its own repeat_interval; to stop that"
        typer.echo(f"{said}: {shlex.join(words)}", err=True)


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
    list_silences(config, since, None, as_json=as_json)


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
    end_silence(config, silence_id, by)


def _matchers(session: Session, about: Sequence[str]) -> tuple[Matcher, ...]:
    """What is to be silenced: matchers as they are written, or the identity of one alert."""
    from watchdog.alert.worse import WORSE
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
        # That it got worse is a claim of its own, which nobody has seen yet.
        identity = {WORSE: "", **alert.labels}
        return tuple(Matcher(name, "=", value) for name, value in identity.items() if name != "incident")
    found = []
    for text in about:
        try:
            found.append(parse(text))
        except ValueError as error:
            raise UsageError(f"{text!r} {error}") from error
    if all(matcher.takes("") for matcher in found):
        raise UsageError("that silences too much; name a value that a label must have, like watch=support_reply")
    return tuple(found)


def made_by(
    kind: SilenceKind, matchers: tuple[Matcher, ...], starts: float, seconds: float, by: str | None, because: str
) -> Silence:
    """The silence of whoever types, now.

    Raises:
        UsageError: it does not say for how long, or why, or it would outlive whoever typed.
    """
    import secrets

    from watchdog.domain.silence import Silence
    from watchdog.errors import UsageError

    if seconds <= 0:
        raise UsageError("--for must be more than nothing; write 30m, 2h or 1d")
    if seconds > _LONGEST:
        raise UsageError("--for may be 10 years at most (3650d); take what is never to be told out of 'notify'")
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


def _repeating(session: Session, house: App, alerts: Sequence[Alert]) -> dict[str, int]:
    """How many of them each Alertmanager was told of before."""
    firing = {alert.id for alert in alerts}
    known = [plan.name for plan in house.settings.notifiers if plan.kind == "alertmanager"]
    told = {channel: len(session.outbox.told(channel, firing)) for channel in known}
    return {channel: count for channel, count in told.items() if count}


def _open_alerts(session: Session, house: App) -> list[Alert]:
    return [alert for name in (*house.joined.watches, "") for alert in session.alerts.open(name)]


def tell_made(made: Silence, matching: Sequence[Alert], *, as_json: bool) -> None:
    """Say what was made, and what it is about now."""
    from watchdog.render.words import harmless, moment

    if as_json:
        print_json(_plain(made))
        return
    names = sorted({alert.labels.get("alertname", "") for alert in matching})
    now = f"{len(matching)} open alerts: {', '.join(names)}" if matching else "no open alert"
    typer.echo(f"{made.id}  {moment(made.starts_at)} to {moment(made.ends_at)} UTC")
    typer.echo(harmless(f"{' '.join(map(str, made.matchers))} is about {now}"))


def list_silences(config: Config, since: str, kind: SilenceKind | None, *, as_json: bool) -> None:
    """Print those that hold, are yet to come, or were over since then; of one kind, or of all."""
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
    from msgspec.structs import asdict

    return {**asdict(made), "matchers": [str(matcher) for matcher in made.matchers]}


def end_silence(config: Config, silence_id: str, by: str | None) -> None:
    """End one of ours.

    Raises:
        UnknownName, UsageError: there is none, it is not ours, or it is over.
    """
    from msgspec.structs import replace

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
