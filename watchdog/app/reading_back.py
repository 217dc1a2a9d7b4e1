"""What people told the receivers: silences of Alertmanager, acknowledgements of PagerDuty. Read, and kept here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from watchdog.app.hushing import acknowledge
from watchdog.domain.alert import Alert
from watchdog.domain.silence import Acknowledgement, Silence
from watchdog.errors import DeliveryError
from watchdog.notify.abilities import KnowsAcknowledgements, KnowsSilences
from watchdog.protocols import Notifier
from watchdog.store.store import Store

_log = structlog.get_logger(__name__)

#: Seconds between two readings.
EVERY = 30.0


async def read_back(store: Store, notifiers: Sequence[Notifier], now: float) -> None:
    """Ask every receiver that knows something. One that does not answer changes nothing: what it last said holds on."""
    for notifier in notifiers:
        try:
            if isinstance(notifier, KnowsSilences):
                await asyncio.to_thread(_keep_silences, store, notifier.name, await notifier.silences(), now)
            if isinstance(notifier, KnowsAcknowledgements) and notifier.knows_acknowledgements:
                await _acknowledgements(store, notifier, now)
        except DeliveryError as error:
            _log.info("nothing was read back", action="read-back-failed", channel=notifier.name, error=str(error))


def _keep_silences(store: Store, source: str, silences: Sequence[Silence], now: float) -> None:
    """Silences that are new or changed, and the end of those that the receiver no longer has."""
    with store.read() as session:
        known = {silence.id: silence for silence in session.silences.ending_after(now, source=source)}
    told = {silence.id for silence in silences}
    gone = [replace(known[name], ends_at=now, ended_by=source) for name in known if name not in told]
    news = [silence for silence in silences if silence != known.get(silence.id)]
    if gone or news:
        with store.begin() as session:
            session.silences.save([*news, *gone])


async def _acknowledgements(store: Store, notifier: KnowsAcknowledgements, now: float) -> None:
    firing, known = await asyncio.to_thread(_firing, store)
    open_ones = [alert for alert in firing if alert.id not in known]
    if not open_ones:
        return
    said = await notifier.acknowledged(open_ones, now)
    alerts = {alert.id: alert for alert in open_ones}

    def keep() -> None:
        with store.begin() as session:
            for alert_id, (by, at) in said.items():
                told = Acknowledgement(alert_id=alert_id, by=by, at=at, source=notifier.name)
                acknowledge(session, alerts[alert_id], told)

    if said:
        await asyncio.to_thread(keep)


def _firing(store: Store) -> tuple[list[Alert], set[str]]:
    with store.read() as session:
        firing = session.alerts.firing()
        return firing, set(session.silences.acknowledged([alert.id for alert in firing]))
