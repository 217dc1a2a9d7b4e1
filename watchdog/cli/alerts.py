"""``alerts list``, ``dead`` and ``resolve``, ``incidents``."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.acknowledge import ack
from watchdog.cli.edge import HERE, AsJson, Config, command, open_store, print_json, print_table, since_seconds
from watchdog.cli.noise import feedback
from watchdog.cli.silences import silence, silences, unsilence

if TYPE_CHECKING:
    from watchdog.domain.alert import DeadLetter

app = typer.Typer(help="Alerts: what is claimed, since when, and why.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@command
def list_alerts(
    watch: Annotated[str | None, typer.Argument(metavar="[WATCH]")] = None,
    *,
    since: Annotated[str, typer.Option("--since", help="Resolved ones: how far back.")] = "24h",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Pending and firing alerts, and those resolved lately.

    Examples:
        eval-watchdog alerts list
        eval-watchdog alerts list support_reply --since 7d --json
    """
    from msgspec.structs import asdict

    from watchdog.app.hushing import said_about
    from watchdog.render.gather import alert_view
    from watchdog.render.terminal import console, show_alerts

    with open_store(config) as house:
        if watch is not None:
            house.watch(watch)
        with house.store.read() as session:
            found = session.alerts.all(watch=watch, since=house.clock.now() - since_seconds(since))
            open_ones = [alert for name in (*house.joined.watches, "") for alert in session.alerts.open(name)]
            ids = {alert.id for alert in found}
            found += [a for a in open_ones if a.id not in ids and (watch is None or a.labels.get("watch") == watch)]
            said = said_about(session, found, house.clock.now())
    views = {alert.id: alert_view(alert, said[alert.id]) for alert in found}
    if as_json:
        print_json([{"id": name, **asdict(view)} for name, view in views.items()])
        return
    show_alerts(list(views.values()), console())
    if found:
        print_table(["id", "alert", "state"], [[a.id, a.labels.get("alertname", ""), a.state] for a in found])


@app.command()
@command
def dead(
    letter: Annotated[str | None, typer.Argument(metavar="[ID]", help="One of the list; else all of them.")] = None,
    *,
    channel: Annotated[str | None, typer.Option("--channel", help="Only of this channel.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try them again.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Forget them: somebody knows by other means.")] = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """What could not be delivered and was given up: dead letters. While there are any, DeliveryDead fires.

    Examples:
        eval-watchdog alerts dead
        eval-watchdog alerts dead --channel pagerduty --retry
        eval-watchdog alerts dead 3f2a9c01d4e5b678-firing --drop
    """
    from watchdog.app.dead_letters import tell_of_dead_letters
    from watchdog.errors import UnknownName, UsageError

    if retry and drop:
        raise UsageError("give --retry or --drop, not both")
    with open_store(config) as house, house.store.begin() as session:
        asked = [one for one in session.outbox.dead() if letter in (None, one.id) and channel in (None, one.channel)]
        if letter is not None and not asked:
            raise UnknownName(f"there is no dead letter {letter!r}; 'eval-watchdog alerts dead' shows them")
        now = house.clock.now()
        for one in asked if retry else ():
            session.outbox.revive(one, now)
        for one in asked if drop else ():
            session.outbox.drop(one)
        if retry or drop:
            tell_of_dead_letters(session, house.channels.alerts, now, house.settings.runbook_base_url)
    if as_json:
        print_json([_plain_letter(one) for one in asked])
    elif retry or drop:
        done = "are delivered by 'serve' or with the next 'run'" if retry else "are forgotten"
        typer.echo(f"{len(asked)} dead letters {done}")
    elif asked:
        print_table(
            ["id", "channel", "alert", "attempts", "why"],
            [
                [one.id, one.channel, one.alert.labels.get("alertname", ""), str(one.attempts), one.error]
                for one in asked
            ],
        )
    else:
        typer.echo("Everything was delivered, or still is tried.")


def _plain_letter(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "channel": letter.channel,
        "at": letter.at,
        "attempts": letter.attempts,
        "error": letter.error,
        "labels": dict(letter.alert.labels),
        "state": letter.alert.state.value,
    }


@app.command()
@command
def resolve(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="From 'alerts list'.")],
    *,
    because: Annotated[str, typer.Option("--because", help="Why; kept with the alert.")],
    by: Annotated[str | None, typer.Option("--by", help="Who; your login name when not given.")] = None,
    config: Config = HERE,
) -> None:
    """Say that an alert is over. If its condition still holds at the next look, that is a new alert.

    Example:
        eval-watchdog alerts resolve 3f2a9c01d4e5b678 --because "rolled the prompt back to v13"
    """
    from watchdog.alert.stage import resolve_by_hand
    from watchdog.domain.alert import HOUSE, AlertState
    from watchdog.domain.policy import Policy
    from watchdog.errors import UnknownName
    from watchdog.pipeline.alerting import conclude

    with open_store(config) as house, house.store.begin() as session:
        alert = session.alerts.get(alert_id)
        if alert is None:
            raise UnknownName(f"there is no alert {alert_id!r}; 'eval-watchdog alerts list' shows their ids")
        if alert.state is AlertState.RESOLVED:
            raise UnknownName(f"alert {alert_id} is resolved already")
        watch = session.alerts.watch_of(alert_id) or HOUSE
        transition = resolve_by_hand(alert, house.clock.now(), f"{because} ({by or getpass.getuser()})")
        policy = house.joined.watches[watch].policy if watch in house.joined.watches else Policy()
        conclude(session, watch, [transition], house.channels, policy, house.clock.now())
    typer.echo(f"{alert.labels.get('alertname')} is resolved; it is delivered by 'serve' or with the next 'run'")


def _about(words: list[str] | None) -> str | None:
    """The incident that is asked for, in ``list`` (None) or ``show ID``."""
    from watchdog.errors import UsageError

    verb, *rest = words or ["list"]
    if (verb, len(rest)) == ("list", 0):
        return None
    if (verb, len(rest)) == ("show", 1):
        return rest[0]
    raise UsageError("write 'incidents', 'incidents list' or 'incidents show ID'")


@command
def incidents(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[list | show ID]", help="All of them, or one by its id.")
    ] = None,
    *,
    since: Annotated[str, typer.Option("--since", help="How far back.")] = "7d",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Incidents: alerts that belong together, with their suspected cause and timeline.

    Examples:
        eval-watchdog incidents list --since 7d
        eval-watchdog incidents show 3f2a9c01d4e5b678
    """
    from watchdog.errors import UnknownName
    from watchdog.render.words import moment

    asked = _about(words)
    with open_store(config) as house, house.store.read() as session:
        one = session.alerts.incident(asked) if asked is not None else None
        if asked is not None and one is None:
            raise UnknownName(f"there is no incident {asked!r}; 'eval-watchdog incidents list' shows them")
        found = [one] if one else session.alerts.incidents(since=house.clock.now() - since_seconds(since))
    if as_json:
        print_json(one or found)
        return
    if not found:
        typer.echo("No incidents.")
    for incident in found:
        end = f"closed {moment(incident.closed_at)}" if incident.closed_at else "open"
        typer.echo(f"{incident.id}  {incident.watch}  {moment(incident.opened_at)} UTC, {end}: {incident.cause}")
        for line in incident.timeline:
            typer.echo(f"    {line}")


for each in (ack, silence, silences, unsilence, feedback):
    app.command()(each)
