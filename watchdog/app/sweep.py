"""What no look will do in time: alerts that no look will end are ended, incidents that were held open are closed."""

from __future__ import annotations

from watchdog.app.build import App
from watchdog.pipeline.alerting import give_up
from watchdog.text.log import Log

_log = Log(__name__)


def sweep(app: App) -> None:
    """Give up alerts of watches that are gone, and of which nothing was heard for long; settle incidents."""
    watches = app.joined.watches
    policies = {name: watch.policy for name, watch in watches.items()}
    with app.store.begin() as session:
        given_up = give_up(session, watches, app.channels, policies, app.clock.now())
    for alert in given_up:
        _log.warning(
            "an alert was given up",
            action="alert-given-up",
            alert=alert.labels.get("alertname", ""),
            watch=alert.labels.get("watch", ""),
            reason=alert.reason.value,
        )
