"""``alerts list``, ``dead``, ``resolve`` and ``acknowledge``, ``incidents``."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json, print_table, since_seconds

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.domain.alert import Alert, DeadLetter

app = typer.Typer(help="Alerts: what is claimed, since when, and why.", no_args_is_help=True, rich_markup_mode=None)


def _open(config: Config) -> App:
    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.clock import SystemClock

    return App(join(config, environment(), secrets_required=False).checked(), SystemClock())


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
    from watchdog.render.gather import alert_view
    from watchdog.render.terminal import console, show_alerts

    with _open(config) as house:
        if watch is not None:
            house.watch(watch)
        with house.store.read() as session:
            found = session.alerts.all(watch=watch, since=house.clock.now() - since_seconds(since))
            open_ones = [alert for name in (*house.joined.watches, "") for alert in session.alerts.open(name)]
    ids = {alert.id for alert in found}
    found += [a for a in open_ones if a.id not in ids and (watch is None or a.labels.get("watch") == watch)]
    if as_json:
        print_json([{"id": alert.id, **_plain(alert)} for alert in found])
        return
    show_alerts([alert_view(alert) for alert in found], console())
    if found:
        print_table(["id", "alert", "state"], [[a.id, a.labels.get("alertname", ""), a.state] for a in found])


def _plain(alert: Alert) -> dict[str, object]:
    from watchdog.render.gather import alert_view

    view = alert_view(alert)
    return {name: getattr(view, name) for name in view.__dataclass_fields__}


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
    with _open(config) as house, house.store.begin() as session:
        asked = [one for one in session.outbox.dead() if letter in (None, one.id) and channel in (None, one.channel)]
        if letter is not None and not asked:
            raise UnknownName(f"there is no dead letter {letter!r}; 'eval-watchdog alerts dead' shows them")
        now = house.clock.now()
        for one in asked if retry else ():
            session.outbox.revive(one, now)
        for one in asked if drop else ():
            session.outbox.drop(one)
        if retry or drop:
            tell_of_dead_letters(session, house.channels.alerts, now)
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
    from watchdog.domain.alert import AlertState
    from watchdog.errors import UnknownName

    with _open(config) as house, house.store.begin() as session:
        alert = next((a for a in session.alerts.all() if a.id == alert_id), None)
        if alert is None:
            raise UnknownName(f"there is no alert {alert_id!r}; 'eval-watchdog alerts list' shows their ids")
        if alert.state is AlertState.RESOLVED:
            raise UnknownName(f"alert {alert_id} is resolved already")
        watch = session.alerts.watch_of(alert_id) or alert.labels.get("watch", "")
        transition = resolve_by_hand(alert, house.clock.now(), f"{because} ({by or getpass.getuser()})")
        session.alerts.save(watch, [transition], [plan.name for plan in house.settings.notifiers])
    typer.echo(f"{alert.labels.get('alertname')} is resolved; it is delivered by 'serve' or with the next 'run'")


@app.command()
@command
def acknowledge(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="From 'alerts list'.")],
    *,
    config: Config = HERE,
) -> None:
    """Say that somebody is at it: PagerDuty, Jira Service Management and Opsgenie escalate it no further.

    Example:
        eval-watchdog alerts acknowledge 3f2a9c01d4e5b678
    """
    import asyncio

    told = asyncio.run(_acknowledge(_open(config), alert_id))
    typer.echo(f"acknowledged on {', '.join(told)}" if told else "no channel of 'notify' can be told")


async def _acknowledge(opened: App, alert_id: str) -> list[str]:
    from watchdog.errors import UnknownName
    from watchdog.notify.abilities import Acknowledges

    async with opened as house:
        with house.store.read() as session:
            alert = next((a for a in session.alerts.firing() if a.id == alert_id), None)
        if alert is None:
            raise UnknownName(f"no alert {alert_id!r} is firing; 'eval-watchdog alerts list' shows their ids")
        channels = [notifier for notifier in house.notifiers if isinstance(notifier, Acknowledges)]
        for channel in channels:
            await channel.acknowledge(alert, house.clock.now())
        return [channel.name for channel in channels]


@command
def incidents(
    *,
    since: Annotated[str, typer.Option("--since", help="How far back.")] = "7d",
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Incidents: alerts that belong together, with their suspected cause and timeline.

    Example:
        eval-watchdog incidents --since 7d
    """
    from watchdog.render.words import moment

    with _open(config) as house, house.store.read() as session:
        found = session.alerts.incidents(since=house.clock.now() - since_seconds(since))
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo("No incidents.")
    for incident in found:
        end = f"closed {moment(incident.closed_at)}" if incident.closed_at else "open"
        typer.echo(f"{incident.id}  {incident.watch}  {moment(incident.opened_at)} UTC, {end}: {incident.cause}")
        for line in incident.timeline:
            typer.echo(f"    {line}")
