"""What people told the receivers: silences of Alertmanager, acknowledgements of PagerDuty. Read, and kept here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.alert.story import known_as
from watchdog.app.hushing import acknowledge
from watchdog.domain.alert import Alert
from watchdog.domain.silence import Acknowledgement, Silence
from watchdog.errors import DeliveryError
from watchdog.notify.abilities import KnowsAcknowledgements, KnowsSilences
from watchdog.protocols import Notifier
from watchdog.store.store import Store
from watchdog.text.log import Log

_log = Log(__name__)

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
    pairs = await asyncio.to_thread(_open_ones, store, notifier.name)
    if not pairs:
        return
    said = await notifier.acknowledged(list({known.id: known for _, known in pairs}.values()), now)

    def keep() -> None:
        with store.begin() as session:
            for alert, known in pairs:
                if known.id in said:
                    by, at = said[known.id]
                    acknowledge(session, alert, Acknowledgement(alert_id=alert.id, by=by, at=at, source=notifier.name))

    if said:
        await asyncio.to_thread(keep)


def _open_ones(store: Store, channel: str) -> list[tuple[Alert, Alert]]:
    """Firing alerts that nobody is at, each with what the channel knows it as: itself, or its incident."""
    with store.read() as session:
        firing = session.alerts.firing()
        known = session.silences.acknowledged([alert.id for alert in firing])
        return [
            (alert, known_as(session.alerts.incident(alert.incident_id), alert, channel))
            for alert in firing
            if alert.id not in known
        ]
