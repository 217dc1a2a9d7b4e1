"""Who is told of what: alerts, and changes of a subject that are no alerts."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from watchdog.correlate.words import labels
from watchdog.domain.alert import Alert, AlertState, AlertType, Audience, Reason, Severity, Transition
from watchdog.domain.digest import digest
from watchdog.domain.run import CHANGED, Change
from watchdog.domain.watch import Watch

#: What is worth a line beside an incident. Fingerprints move with every machine of a provider.
_TOLD = frozenset({"provider", "prompt", "model", "parameters", "served model"})


class Channels(Struct, frozen=True, kw_only=True):
    """Names of the channels that get an outbox row."""

    #: All of them. Those that are none of ``people`` get every transition of an alert.
    alerts: tuple[str, ...] = ()
    #: For each change of a subject.
    changes: tuple[str, ...] = ()
    #: Those that people read: they are told of incidents.
    people: tuple[Audience, ...] = ()

    @property
    def machines(self) -> tuple[str, ...]:
        """Those that get every transition of an alert."""
        people = {audience.channel for audience in self.people}
        return tuple(name for name in self.alerts if name not in people)


NOBODY = Channels()


def change_news(watch: Watch, changes: Iterable[Change]) -> list[Transition]:
    """What channels are told of changes: over as soon as said, so that nothing is ever to be resolved."""
    news = []
    for change in changes:
        if change.what not in _TOLD:
            continue
        about = labels(watch, CHANGED, AlertType.MODEL, Severity.NONE, change=change.what, arm=change.role.value)
        alert = Alert(
            fingerprint=digest([about, change.before, change.after]),
            labels=about,
            annotations={"summary": f"{watch.feature}: {change}", "before": change.before, "after": change.after},
            state=AlertState.RESOLVED,
            starts_at=change.at,
            updated_at=change.at,
            resolved_at=change.at,
            reason=Reason.NOTHING,
        )
        news.append(Transition(alert=alert, before=None, reason=Reason.NOTHING, at=change.at))
    return news
