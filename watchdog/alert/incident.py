"""Incidents: firing alerts whose evidence began together are one story with one suspected cause. Pure.

An alert belongs to an incident of its own feature; or to one on its provider, when both have a cause that lies with the
provider. What decides is when the *evidence* began, not when a look came upon it: a small drop is found looks after a
large one that came at the same time, and its beginning is only known to lie between two looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchdog.alert.severity import JUDGE_DRIFT, WIDE
from watchdog.alert.worse import WORSE, family
from watchdog.domain.alert import Alert, AlertState, Cause, Incident, Transition
from watchdog.domain.digest import digest
from watchdog.domain.policy import Policy

#: What explains more comes first: a failing provider explains everything that was measured through it.
_EXPLAINS = (
    Cause.PROVIDER_FAILING,
    Cause.TOOL_FAILING,
    Cause.JUDGE,
    Cause.SHARED,
    Cause.OURS,
    Cause.PROVIDER_MODEL,
    Cause.PINNED_MOVED,
    Cause.COVERAGE,
    Cause.BLIND,
    Cause.UNDELIVERED,
    Cause.UNREHEARSED,
    Cause.FALLBACK,
    Cause.UNATTRIBUTED,
)
#: Causes that lie with a provider, whatever feature finds them; those of one set may be of one incident. One look takes
#: for a changed model what another knows to be the fleet, because its pinned arm fell as well.
_WITH_PROVIDER = (
    WIDE,
    frozenset({Cause.SHARED, Cause.PROVIDER_MODEL, Cause.PINNED_MOVED, Cause.JUDGE}),
)
#: Looks that evidence may be apart, as it is dated no better than by looks; and looks within which it comes back.
_LOOKS_APART = 1.5
_LOOKS_BACK = 3.0
#: Longest that an incident which keeps coming back is held open after its last member.
_LONGEST_QUIET = 86400.0


class Belongs(StrEnum):
    """Why an alert is of an incident, or is not."""

    TOGETHER = "its evidence began together with the incident's"
    CAME_BACK = "it was a member before"
    MEANWHILE = "the incident is that of a provider which is failing still"
    STRANGER = "it is about another feature, and no cause that lies with a provider of both"
    OVER = "the incident has been closed for too long"
    APART = "its evidence began at another time"

    @property
    def yes(self) -> bool:
        """Whether it is."""
        return self in (Belongs.TOGETHER, Belongs.CAME_BACK, Belongs.MEANWHILE)


class Windows(Struct, frozen=True, kw_only=True):
    """What belongs together, in seconds."""

    #: Evidence that began this much apart is of one incident.
    apart: float = 600.0
    #: An incident that comes back this soon is the same one.
    back: float = 3600.0

    @classmethod
    def of(cls, policy: Policy, every: float) -> Windows:
        """By policy, and no finer than a watch that looks every so many seconds can tell."""
        return cls(
            apart=max(policy.join_within, _LOOKS_APART * every), back=max(policy.reopen_within, _LOOKS_BACK * every)
        )


class Grouping(Struct, frozen=True, kw_only=True):
    """Transitions whose firing alerts know their incident, and the incidents that are new or changed."""

    transitions: tuple[Transition, ...]
    incidents: tuple[Incident, ...]


def group(
    watch: str,
    transitions: Sequence[Transition],
    incidents: Sequence[Incident],
    now: float,
    *,
    windows: Windows = Windows(),
    elsewhere: Sequence[Alert] = (),
) -> Grouping:
    """Put alerts that start firing into an incident, and close incidents without a firing member.

    Args:
        watch: the watch that was looked at.
        transitions: of *all* its open alerts at this look.
        incidents: those of every watch that are open, or closed not long ago.
        now: Unix time.
        windows: what belongs together.
        elsewhere: firing alerts of other watches.
    """
    known = {incident.id: incident for incident in incidents}
    current = dict(known)
    news: dict[str, list[str]] = {}
    grouped = []
    for transition in transitions:
        alert = transition.alert
        if alert.state is AlertState.FIRING and not alert.incident_id:
            began = transition.began or (_began(alert), _began(alert))
            incident = _of_its_kind(alert, transitions, current) or _match(alert, began, current.values(), now, windows)
            if incident is None:
                incident = _opened(watch, alert, now)
            elif incident.closed_at is not None:
                incident = replace(incident, closed_at=None, reopened=incident.reopened + 1)
                news.setdefault(incident.id, []).append("opened again")
            current[incident.id] = _joined(incident, alert)
            alert = replace(alert, incident_id=incident.id)
        grouped.append(replace(transition, alert=alert))
    updated = [
        _told(incident, grouped, elsewhere, news.get(incident.id, ()), now, windows) for incident in current.values()
    ]
    return Grouping(
        transitions=tuple(grouped),
        incidents=tuple(incident for incident in updated if incident != known.get(incident.id)),
    )


def belongs(alert: Alert, began: tuple[float, float], incident: Incident, now: float, windows: Windows) -> Belongs:
    """Whether an alert that starts firing is of an incident. ``began``: Unix times between which its evidence did."""
    if not _one_cause(alert, incident) and alert.labels.get("feature", "") not in incident.features:
        return Belongs.STRANGER
    if incident.closed_at is not None and now - incident.closed_at > windows.back:
        return Belongs.OVER
    if alert.fingerprint in incident.members:
        return Belongs.CAME_BACK
    if incident.closed_at is None and incident.cause is Cause.PROVIDER_FAILING and _failing(alert, incident):
        return Belongs.MEANWHILE
    earliest, latest = began
    if incident.began_at - windows.apart <= latest and earliest <= incident.opened_at + windows.apart:
        return Belongs.TOGETHER
    return Belongs.APART


def quiet_for(reopened: int, back: float) -> float:
    """Seconds without a firing member after which an incident closes.

    None the first time. One that came back before is held open longer each time, so that what flaps is told twice and
    not all night.
    """
    return 0.0 if reopened == 0 else min(back * 2.0 ** (reopened - 1), _LONGEST_QUIET)


def _began(alert: Alert) -> float:
    return alert.starts_at if alert.since is None else min(alert.since, alert.starts_at)


def _one_cause(alert: Alert, incident: Incident) -> bool:
    """Whether the causes of both lie with the same provider, and may be one."""
    same = bool(incident.provider) and _provider(alert) == incident.provider
    return same and any(alert.cause in causes and incident.cause in causes for causes in _WITH_PROVIDER)


def _failing(alert: Alert, incident: Incident) -> bool:
    """Whether a provider that is failing still explains an alert: its own, or that of looks which scored nothing."""
    if alert.cause is Cause.PROVIDER_FAILING:
        return _one_cause(alert, incident)
    return alert.cause is Cause.BLIND


def _provider(alert: Alert) -> str:
    """The provider that the cause of an alert lies with; empty for any other cause."""
    if alert.cause is Cause.JUDGE and alert.labels.get("alertname") != JUDGE_DRIFT:
        return ""  # what rests on the judge names the provider of its target
    return alert.labels.get("provider", "") if any(alert.cause in causes for causes in _WITH_PROVIDER) else ""


def _of_its_kind(alert: Alert, transitions: Iterable[Transition], current: dict[str, Incident]) -> Incident | None:
    """The incident of the alert that got worse."""
    if WORSE not in alert.labels:
        return None
    own = family(alert.labels)
    ids = [each.alert.incident_id for each in transitions if family(each.alert.labels) == own]
    return next((current[name] for name in ids if name in current), None)


def _match(
    alert: Alert, began: tuple[float, float], incidents: Iterable[Incident], now: float, windows: Windows
) -> Incident | None:
    """The newest of the incidents that the alert belongs to, an open one before any other."""
    found = [incident for incident in incidents if belongs(alert, began, incident, now, windows).yes]
    return max(found, key=lambda incident: (incident.closed_at is None, incident.opened_at, incident.id), default=None)


def _opened(watch: str, alert: Alert, now: float) -> Incident:
    return Incident(
        id=digest([watch, alert.fingerprint, round(now * 1000)]),
        watch=watch,
        cause=Cause.UNATTRIBUTED,
        opened_at=now,
        began_at=_began(alert),
    )


def _joined(incident: Incident, alert: Alert) -> Incident:
    return replace(
        incident,
        members=_with(incident.members, alert.fingerprint),
        features=_with(incident.features, alert.labels.get("feature", "")),
        provider=incident.provider or _provider(alert),
        quiet_since=None,
    )


def _with(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return known if one in known else (*known, one)


def _told(
    incident: Incident,
    transitions: Sequence[Transition],
    elsewhere: Sequence[Alert],
    news: Sequence[str],
    now: float,
    windows: Windows,
) -> Incident:
    """The incident after this look: what happened to its members, its cause, and whether it is over."""
    mine = [transition for transition in transitions if transition.alert.incident_id == incident.id]
    firing = [transition.alert for transition in mine if transition.alert.state is AlertState.FIRING]
    others = [a for a in elsewhere if a.incident_id == incident.id and a.state is AlertState.FIRING]
    causes = {alert.cause for alert in (*firing, *others)}
    cause = next((cause for cause in _EXPLAINS if cause in causes), incident.cause)
    said = [*news, *(f"{_name(each.alert)} is {each.alert.state}: {each.reason}" for each in mine if each.notifies)]
    if cause is not incident.cause:
        said.append(f"suspected cause: {cause}")
    provider = incident.provider or next((its for alert in firing if (its := _provider(alert))), "")
    quiet_since, closed_at = None, incident.closed_at
    if not firing and not others and closed_at is None:
        quiet_since = now if incident.quiet_since is None else incident.quiet_since
        if now - quiet_since >= quiet_for(incident.reopened, windows.back):
            closed_at = now
            said.append("closed: every member is resolved")
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return replace(
        incident,
        cause=cause,
        provider=provider,
        quiet_since=quiet_since,
        closed_at=closed_at,
        timeline=(*incident.timeline, *(f"{stamp} {line}" for line in said)),
    )


def _name(alert: Alert) -> str:
    about = [alert.labels[name] for name in ("metric", "estimand", "tag", "tool_name") if name in alert.labels]
    worse = ["(worse)"] if WORSE in alert.labels else []
    return " ".join([alert.labels.get("alertname", "an alert"), *about, *worse])
