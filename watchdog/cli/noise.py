"""``noise``: the weekly review of what rang; ``alerts feedback``: what it was worth."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, ends_with, open_store, print_json, since_seconds


@command
def noise(
    *,
    since: Annotated[str, typer.Option("--since", help="How far back.")] = "7d",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a ticket or a chat room.")] = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Which rules rang, who acted on it, what should change; false pages against the budget.

    What an alert was worth is asked: 'alerts feedback'. The budget ('false_alarms') is held against its own period,
    not against the week. Exit code 1 when there were more false pages than it allows.

    Examples:
        eval-watchdog noise
        eval-watchdog noise --since 30d --markdown
        eval-watchdog noise --json
    """
    from msgspec.structs import asdict

    from watchdog.noise.gather import gather
    from watchdog.noise.review import review
    from watchdog.render.noise import noise_markdown, show_noise
    from watchdog.render.terminal import console

    with open_store(config) as house:
        now = house.clock.now()
        with house.store.read() as session:
            facts = gather(session)
        found = review(facts, house.settings.false_alarms, since=now - since_seconds(since), until=now)
    with ends_with(1 if found.standing.above else 0):
        if as_json:
            standing = {**asdict(found.standing), "above": found.standing.above, "achieved": found.standing.achieved}
            print_json({**asdict(found), "standing": standing})
        elif markdown:
            typer.echo(noise_markdown(found))
        else:
            show_noise(found, console())


@command
def feedback(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="From 'alerts list' or 'noise'.")],
    *,
    actionable: Annotated[str, typer.Option("--actionable", help="yes or no: was there anything to do?")],
    false_alarm: Annotated[
        bool, typer.Option("--false-alarm", help="Nothing was wrong at all: it counts against the budget.")
    ] = False,
    note: Annotated[str, typer.Option("--note", help="Why, for whoever reviews.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who; your login name when not given.")] = None,
    config: Config = HERE,
) -> None:
    """Say what an alert was worth; 'noise' counts it. A later word replaces an earlier one.

    Examples:
        eval-watchdog alerts feedback 3f2a9c01d4e5b678 --actionable yes
        eval-watchdog alerts feedback 3f2a9c01d4e5b678 --actionable no --false-alarm --note "holiday traffic"
    """
    from watchdog.domain.feedback import Feedback
    from watchdog.errors import UnknownName, UsageError

    answer = actionable.strip().lower()
    if answer not in {"yes", "no", "y", "n"}:
        raise UsageError(f"--actionable is yes or no, not {actionable!r}")
    acted = answer.startswith("y")
    if acted and false_alarm:
        raise UsageError("a false alarm had nothing to do: --actionable no --false-alarm")
    with open_store(config) as house, house.store.begin() as session:
        alert = session.alerts.get(alert_id)
        if alert is None:
            raise UnknownName(f"there is no alert {alert_id!r}; 'eval-watchdog noise' and 'alerts list' show their ids")
        session.feedback.save(
            Feedback(
                alert_id=alert_id,
                at=house.clock.now(),
                by=by or getpass.getuser(),
                actionable=acted,
                false_alarm=false_alarm,
                note=note,
            )
        )
    said = "a false alarm" if false_alarm else "actionable" if acted else "not actionable"
    typer.echo(f"{alert.labels.get('alertname', 'the alert')} was {said}; 'eval-watchdog noise' counts it")
