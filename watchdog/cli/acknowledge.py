"""``alerts ack``: somebody is at it."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, Config, command, open_store
from watchdog.cli.silences import By

if TYPE_CHECKING:
    from watchdog.app.build import App


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

    app = open_store(config)
    failed = run_loop(_acknowledge(app, alert_id, by or getpass.getuser()), own_code=app.asks_own_code)
    raise typer.Exit(1 if failed else 0)


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
