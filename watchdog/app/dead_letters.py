"""Dead letters become an alert, and its end, in the transaction that makes or settles them."""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.alert.stage import reconcile
from watchdog.alert.undelivered import NAME, undelivered
from watchdog.app.house import linked, open_alerts
from watchdog.domain.alert import HOUSE
from watchdog.store.store import Session


def tell_of_dead_letters(session: Session, channels: Sequence[str], now: float, runbook_base_url: str = "") -> None:
    """Decide what is claimed about delivery. A channel is told of its own failure only when there is no other."""
    known = open_alerts(session, NAME)
    claims = linked(undelivered(session.outbox.dead(), known), runbook_base_url)
    for transition in reconcile(claims, known, now):
        failed = transition.alert.labels.get("channel")
        others = [channel for channel in channels if channel != failed]
        session.alerts.save(HOUSE, [transition], others or channels)
