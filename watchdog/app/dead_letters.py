"""Dead letters become an alert, and its end, in the transaction that makes or settles them."""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.alert.stage import reconcile
from watchdog.alert.undelivered import undelivered
from watchdog.store.store import Session

#: Alerts of the house itself belong to no watch: no watch has an empty name.
HOUSE = ""


def tell_of_dead_letters(session: Session, channels: Sequence[str], now: float) -> None:
    """Decide what is claimed about delivery. A channel is told of its own failure only when there is no other."""
    known = session.alerts.open(HOUSE)
    for transition in reconcile(undelivered(session.outbox.dead(), known), known, now):
        failed = transition.alert.labels.get("channel")
        others = [channel for channel in channels if channel != failed]
        session.alerts.save(HOUSE, [transition], others or channels)
