"""What people are told of an incident: that it opened, that it got worse, that it is over. Pure.

A channel that people read (a pager, a chat room, a mailbox) hears of the incident and not of each of its alerts: a
metric that joins what was told already is in the timeline and wakes nobody twice. Channels for machines (Alertmanager,
webhooks) get every alert, and group them themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchdog.alert.hush import standing
from watchdog.alert.incident import Grouping
from watchdog.alert.worse import WHY_WORSE, Growth
from watchdog.domain.alert import (
    NEWS,
    TELLING,
    Alert,
    AlertState,
    Audience,
    Incident,
    Reason,
    Severity,
    Told,
    Transition,
)
from watchdog.domain.digest import digest
from watchdog.domain.measure import Measure
from watchdog.domain.silence import Silence

#: Metrics that are named in what is told; the rest are a command away.
_NAMED = 12
_MEASURES = frozenset(measure.value for measure in Measure)


class News(StrEnum):
    """Why a channel is told of an incident, or is not."""

    OPENED = "it opened"
    RAISED = "its severity was raised"
    GREW = "it got worse"
    OVER = "it is over"
    JOINED = "another alert joined what was told already"
    KNOWN = "an alert of it grew, to no more than what was told already"
    NOTHING = "nothing new for this channel"

    @property
    def worth_telling(self) -> bool:
        """Whether it leaves the house."""
        return self in (News.OPENED, News.RAISED, News.GREW, News.OVER)


class Telling(Struct, frozen=True, kw_only=True):
    """A message about an incident on its way to one channel."""

    id: str
    channel: str
    news: News
    #: The incident in the words of its worst alert, under an identity of its own.
    alert: Alert
    at: float


def news_for(
    audience: Audience, incident: Incident, firing: Sequence[Alert], fresh: Sequence[Alert], worse_by: float
) -> News:
    """What is new for a channel.

    Args:
        audience: the channel.
        incident: with what the channel was told of it.
        firing: the members that it may be told of.
        fresh: those of them that began now.
        worse_by: an incident got worse when an effect is so many times as large as the largest that was told of it.
    """
    told = incident.told.get(audience.channel)
    known = Severity.NONE if told is None else told.severity
    if incident.over:
        return News.NOTHING if known is Severity.NONE else News.OVER
    if not firing:
        return News.NOTHING
    if known is Severity.NONE:
        return News.OPENED
    if max(alert.severity.rank for alert in firing) > known.rank:
        return News.RAISED
    grew = [alert for alert in fresh if alert.annotations.get(WHY_WORSE) == Growth.GREW]
    if grew:
        return News.GREW if told is None or _beyond(grew, told.effects, worse_by) else News.KNOWN
    return News.JOINED if fresh else News.NOTHING


def tell(
    grouping: Grouping,
    incidents: Sequence[Incident],
    elsewhere: Sequence[Alert],
    audiences: Sequence[Audience],
    now: float,
    silences: Sequence[Silence] = (),
    *,
    worse_by: float,
) -> tuple[Grouping, list[Telling]]:
    """The grouping with what its incidents were told of, and what is to be told.

    ``incidents``: as they were before, with the changed ones of ``grouping`` going before them. ``silences``: members
    under one are not told of and hide nothing: what lasts is told at the first look after it.
    """
    alerts = [transition.alert for transition in grouping.transitions]
    changed = {incident.id: incident for incident in grouping.incidents}
    current = {**{incident.id: incident for incident in incidents}, **changed}
    tellings: list[Telling] = []
    for incident in current.values():
        members = [alert for alert in (*alerts, *elsewhere) if alert.incident_id == incident.id]
        began = {each.alert.id for each in grouping.transitions if _begins(each)}
        told = dict(incident.told)
        for audience in audiences:
            quiet = [silence for silence in silences if not silence.source or silence.source != audience.channel]
            wanted = [
                alert
                for alert in members
                if alert.state is AlertState.FIRING and audience.wants(alert) and not standing(alert, quiet, now, now)
            ]
            news = news_for(audience, incident, wanted, [alert for alert in wanted if alert.id in began], worse_by)
            if not news.worth_telling:
                continue
            before = told.get(audience.channel, Told(times=0, severity=Severity.NONE))
            alert = _end(incident, before, members, now) if news is News.OVER else _lead(incident, before, wanted, news)
            told[audience.channel] = Told(
                times=before.times + 1,
                severity=Severity.NONE if news is News.OVER else alert.severity,
                effects={} if news is News.OVER else _worst(wanted, before.effects),
                labels=alert.labels,
                summary=alert.annotations.get("summary", ""),
            )
            tellings.append(
                Telling(id=f"{alert.id}-{before.times + 1}", channel=audience.channel, news=news, alert=alert, at=now)
            )
        if told != incident.told:
            changed[incident.id] = replace(incident, told=told)
    return replace(grouping, incidents=tuple(changed.values())), tellings


def _worst(firing: Sequence[Alert], before: Mapping[str, float]) -> dict[str, float]:
    """The worst effects of what was told before and of what fires now, each as it was when it fired."""
    found = dict(before)
    for alert in firing:
        if alert.told_effect is not None:
            kind = _kind(alert)
            found[kind] = min(found.get(kind, alert.told_effect), alert.told_effect)
    return found


def _beyond(grew: Sequence[Alert], known: Mapping[str, float], worse_by: float) -> bool:
    """Whether what grew is worse by that factor than the worst of its kind that a channel was told of."""
    return any(
        alert.told_effect is None or _kind(alert) not in known or alert.told_effect <= worse_by * known[_kind(alert)]
        for alert in grew
    )


def _kind(alert: Alert) -> str:
    """What effects are compared with each other: scores, or one measure."""
    metric = alert.labels.get("metric", "")
    return metric if metric in _MEASURES else ""


def known_as(incident: Incident | None, alert: Alert, channel: str) -> Alert:
    """A member as a channel knows it: under its incident's identity, where the channel was told of that."""
    told = None if incident is None else incident.told.get(channel)
    if incident is None or told is None:
        return alert
    return _as_incident(incident, replace(alert, labels=told.labels))


def _as_incident(incident: Incident, alert: Alert) -> Alert:
    fingerprint = digest(["incident", incident.id])
    return replace(alert, fingerprint=fingerprint, starts_at=incident.opened_at, fired_at=incident.opened_at)


def _begins(transition: Transition) -> bool:
    return transition.notifies and transition.alert.state is AlertState.FIRING


def _lead(incident: Incident, before: Told, firing: Sequence[Alert], news: News) -> Alert:
    """The incident in the words of its worst member; of equals the one that fired first."""
    lead = min(firing, key=lambda each: (-each.severity.rank, each.starts_at, each.id))
    severity = max(before.severity, lead.severity, key=lambda each: each.rank)
    said = dict(lead.annotations)
    names = sorted({about(each) for each in firing})
    if len(names) > 1:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        said["alerts"] = ", ".join(names[:_NAMED]) + more
    if len(incident.features) > 1:
        said["features"] = ", ".join(incident.features)
    if news is not News.OPENED:
        said[NEWS] = news.value
    if before.times:
        said[TELLING] = str(before.times + 1)
    told = replace(lead, labels={**lead.labels, "severity": severity.value}, annotations=said, cause=incident.cause)
    return _as_incident(incident, told)


def _end(incident: Incident, before: Told, members: Sequence[Alert], now: float) -> Alert:
    """The end, under the labels of what was told."""
    said = {"summary": before.summary, "cause": incident.cause.value, "recovery": "every alert of it is resolved"}
    if before.times > 1:
        said[TELLING] = str(before.times + 1)
    last = max(members, key=lambda each: (each.updated_at, each.id), default=None)
    if last is not None and "recovery" in last.annotations:
        said["recovery"] = last.annotations["recovery"]
    ended = Alert(
        fingerprint="",
        labels=before.labels,
        annotations=said,
        state=AlertState.RESOLVED,
        starts_at=incident.opened_at,
        updated_at=now,
        resolved_at=max(now, incident.opened_at),
        reason=Reason.CLEARED,
        cause=incident.cause,
        incident_id=incident.id,
    )
    return _as_incident(incident, ended)


def about(alert: Alert) -> str:
    """An alert in a few words."""
    parts = [alert.labels.get(name, "") for name in ("alertname", "metric", "estimand", "tag", "tool_name")]
    return " ".join(part for part in parts if part)
