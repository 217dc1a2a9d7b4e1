"""Conditions, incidents and alerts: what may leave the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watchdog.domain.digest import digest


class AlertType(StrEnum):
    """Whose problem it is."""

    INFRA = "infra"
    MODEL = "model"
    TOOL = "tool"


class Severity(StrEnum):
    """How it is delivered."""

    PAGE = "page"
    TICKET = "ticket"
    INFO = "info"
    #: The heartbeat's.
    NONE = "none"


class Cause(StrEnum):
    """Suspected cause of an incident (the truth table over arms that ran in the same tick)."""

    OURS = "our prompt or parameters changed"
    PROVIDER_MODEL = "the provider changed the model"
    SHARED = "shared by current and pinned: provider fleet, retrieval or our own harness"
    PINNED_MOVED = "the pinned snapshot moved or was retired"
    JUDGE = "the judge moved"
    COVERAGE = "production inputs changed: coverage gap, retrieval or input drift"
    PROVIDER_FAILING = "the provider is failing"
    TOOL_FAILING = "a tool is failing"
    BLIND = "nothing could be measured"
    UNDELIVERED = "somebody could not be told"
    UNREHEARSED = "nobody has tried lately whether it works"
    UNATTRIBUTED = "unattributed: no control arm ran in the same tick"


class ConditionStatus(StrEnum):
    """Whether what an alert claims holds at this look."""

    ACTIVE = "active"
    CLEAR = "clear"
    #: Nothing could be measured: neither fires nor resolves anything.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A claim that an alert would make, and whether it holds at this look."""

    #: Identity. No numbers, no run ids, no times.
    labels: Mapping[str, str]
    status: ConditionStatus
    cause: Cause
    annotations: Mapping[str, str] = field(default_factory=dict)
    #: Unix time since when it holds, as far as is known.
    since: float | None = None
    #: Consecutive looks it must hold before it fires. Detectors sustain by themselves and ask for 1.
    hold_looks: int = 1
    #: Consecutive looks it must be clear before it resolves.
    clear_looks: int = 1
    #: Why it may not leave the house although it holds (``learning``, ``judge moved``); empty if it may.
    inhibited_by: str = ""

    @property
    def fingerprint(self) -> str:
        """Identity in one word: digest of the labels."""
        return digest(dict(self.labels))


class AlertState(StrEnum):
    """Life of an alert."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Reason(StrEnum):
    """Why an alert changed its state, or did not."""

    APPEARED = "the condition appeared"
    HELD = "the condition held long enough"
    CONTINUES = "the condition continues"
    VANISHED = "the condition vanished before it held long enough"
    CLEARING = "the condition is clear, not yet for long enough"
    CLEARED = "the condition is clear"
    BLIND = "nothing could be measured: left as it was"
    INHIBITED = "inhibited"
    BY_HAND = "resolved by hand"
    WITHDRAWN = "the watch no longer makes this claim"
    NOTHING = "nothing to do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One episode of a condition. ``labels`` are its identity; a new episode is a new alert."""

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: AlertState
    #: Unix time the condition appeared; with the fingerprint it names the episode and never changes.
    starts_at: float
    #: Unix time of the last look that updated it.
    updated_at: float
    fired_at: float | None = None
    resolved_at: float | None = None
    #: Consecutive looks with the condition active, and clear.
    active_looks: int = 0
    clear_looks: int = 0
    reason: Reason = Reason.APPEARED
    cause: Cause = Cause.UNATTRIBUTED
    incident_id: str = ""

    @property
    def id(self) -> str:
        """Name of the episode."""
        return digest([self.fingerprint, round(self.starts_at * 1000)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A decided change of an alert: a row to be delivered."""

    alert: Alert
    #: State before; None when the alert is new.
    before: AlertState | None
    reason: Reason
    at: float

    @property
    def notifies(self) -> bool:
        """Whether somebody is told: on firing, and on resolving what had fired."""
        return self.before is not self.alert.state and (
            self.alert.state is AlertState.FIRING
            or (self.alert.state is AlertState.RESOLVED and self.before is AlertState.FIRING)
        )

    @property
    def id(self) -> str:
        """Idempotency key: identity + transition."""
        return f"{self.alert.id}-{self.alert.state}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A transition that a channel will never take: somebody was not told."""

    #: ``Transition.id``.
    id: str
    channel: str
    #: The alert as it was when the transition was decided.
    alert: Alert
    #: Unix time of the transition.
    at: float
    attempts: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Alerts that belong together, with a suspected cause."""

    id: str
    watch: str
    cause: Cause
    #: Unix times.
    opened_at: float
    closed_at: float | None = None
    #: Fingerprints of the member alerts.
    members: tuple[str, ...] = ()
    #: What was known when it opened, one sentence each, oldest first.
    timeline: tuple[str, ...] = ()
