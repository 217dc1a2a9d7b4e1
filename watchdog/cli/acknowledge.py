"""``alerts ack``: somebody is at it."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, Config, command, open_store
from watchdog.cli.silences import By

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchdog.app.build import App
    from watchdog.domain.alert import Alert
    from watchdog.settings.values import NotifierPlan


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
    from watchdog.errors import UnknownName

    async with opened as house:
        now = house.clock.now()
        with house.store.begin() as session:
            alerts = [alert for alert in session.alerts.firing() if alert_id in (alert.id, alert.incident_id)]
            if not alerts:
                raise UnknownName(f"no alert {alert_id!r} is firing; 'eval-watchdog alerts list' shows their ids")
            new = [acknowledge(session, each, Acknowledgement(alert_id=each.id, by=by, at=now)) for each in alerts]
            incidents = {each.incident_id: session.alerts.incident(each.incident_id) for each in alerts}
        typer.echo(f"acknowledged by {by}" if all(new) else "somebody was at it already, and stays named")
        failed = False
        for plan in house.settings.notifiers:
            known = [known_as(incidents[alert.incident_id], alert, plan.name) for alert in alerts]
            error = await _tell(plan, list({each.id: each for each in known}.values()), now)
            if error:
                failed = True
                typer.echo(f"not told to {plan.name}, which may escalate on: {error}", err=True)
    return failed


async def _tell(plan: NotifierPlan, alerts: Sequence[Alert], now: float) -> str:
    """Tell one channel, if it is a pager; why it could not be told, empty when it was, or need not be."""
    from watchdog.app.build import channel
    from watchdog.errors import WatchdogError
    from watchdog.notify.abilities import Acknowledges

    if isinstance(plan.part.factory, type) and not hasattr(plan.part.factory, "acknowledge"):
        return ""  # what it lacks to be built is no matter of ours
    try:
        pager = channel(plan)
        try:
            if isinstance(pager, Acknowledges):
                for alert in alerts:
                    await pager.acknowledge(alert, now)
                typer.echo(f"told {plan.name}")
        finally:
            await pager.aclose()
    except WatchdogError as error:
        return str(error)
    return ""
