"""Conditions, incidents and alerts: what may leave the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from watchdog.domain.detection import Guarantee
from watchdog.domain.digest import digest
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Layer

#: Annotations of what people are told of an incident once more: why, and for the how manieth time.
NEWS, TELLING = "news", "telling"


class AlertType(StrEnum):
    """Whose problem it is."""

    INFRA = "infra"
    MODEL = "model"
    TOOL = "tool"


class Severity(StrEnum):
    """How it is delivered; the worst first."""

    #: A page of which a copy goes beyond the team.
    SEV1 = "sev1"
    PAGE = "page"
    TICKET = "ticket"
    #: Recorded, and told to nobody who did not ask for it.
    INFO = "info"
    #: The heartbeat's, and news that are no alerts.
    NONE = "none"

    @property
    def rank(self) -> int:
        """The worse, the higher."""
        return -list(Severity).index(self)

    @property
    def rings(self) -> bool:
        """Whether somebody is woken."""
        return self in (Severity.SEV1, Severity.PAGE)


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
    FALLBACK = "the fallback would not hold, or nobody knows"
    UNATTRIBUTED = "unattributed: no control arm ran in the same tick"


class ConditionStatus(StrEnum):
    """Whether what an alert claims holds at this look."""

    ACTIVE = "active"
    CLEAR = "clear"
    #: Nothing could be measured: neither fires nor resolves anything.
    UNKNOWN = "unknown"


class Size(Struct, frozen=True, kw_only=True):
    """How large that is what is claimed: the facts that its severity is decided by."""

    #: Change since the onset: in score units, or as a log-ratio for a measure; negative is worse.
    effect: float
    #: Half the width of its 90 % interval.
    margin: float = 0.0
    #: Looks since the onset.
    looks: int = 1
    layer: Layer = Layer.QUALITY
    guarantee: Guarantee = Guarantee.BUDGETED
    #: None for a score.
    measure: Measure | None = None
    #: Of a latency: the 95 % quantile at this look, seconds; None when it is not known.
    latency: float | None = None
    #: Whether it may as well be the judge, whose anchors do not tell.
    judge_in_doubt: bool = False


class Condition(Struct, frozen=True, kw_only=True):
    """A claim that an alert would make, and whether it holds at this look."""

    #: Identity. No numbers, no run ids, no times. The severity is the most that configuration allows until ``alert``
    #: decides what it is.
    labels: Mapping[str, str]
    status: ConditionStatus
    cause: Cause
    annotations: Mapping[str, str] = field(default_factory=dict)
    #: Unix time since when it holds, as far as is known; and between which times it may have begun.
    since: float | None = None
    since_between: tuple[float, float] | None = None
    #: Consecutive looks it must hold before it fires; inhibited ones do not count. Detectors sustain by themselves and
    #: ask for 1.
    hold_looks: int = 1
    #: Seconds it must hold beside that.
    hold_seconds: float = 0.0
    #: Consecutive looks it must be clear before it resolves.
    clear_looks: int = 1
    #: None for what is counted rather than estimated, and while it does not hold.
    size: Size | None = None
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
    RECAST = "nobody was told yet: it goes on with another severity"
    EXPIRED = "no look had anything to say of it for too long"
    REMOVED = "the watch is no longer in watchdog.yaml"
    NOTHING = "nothing to do"


#: What the house's own alerts are kept under in place of a watch, none of which has an empty name.
HOUSE = ""


class Alert(Struct, frozen=True, kw_only=True):
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
    #: Unix time since when what it claims is thought to hold; None where only its appearance is known.
    since: float | None = None
    #: Effect and looks since the onset when it fired; None where nothing is estimated.
    told_effect: float | None = None
    told_looks: int = 0

    @property
    def severity(self) -> Severity:
        """What its label says."""
        return Severity(self.labels.get("severity", Severity.INFO))

    @property
    def matched(self) -> dict[str, str]:
        """What silences and routes match: its labels, and the incident it belongs to."""
        return {**self.labels, **({"incident": self.incident_id} if self.incident_id else {})}

    @property
    def id(self) -> str:
        """Name of the episode."""
        return digest([self.fingerprint, round(self.starts_at * 1000)])


class Transition(Struct, frozen=True, kw_only=True):
    """A decided change of an alert: a row to be delivered."""

    alert: Alert
    #: State before; None when the alert is new.
    before: AlertState | None
    reason: Reason
    at: float
    #: Unix times between which what it claims may have begun, as far as is known at this look.
    began: tuple[float, float] | None = None

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


class DeadLetter(Struct, frozen=True, kw_only=True):
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


class Audience(Struct, frozen=True, kw_only=True):
    """A channel that people read: it is told of incidents, not of each of their alerts."""

    channel: str
    #: What it wants to hear of: severities, and values by label.
    severities: tuple[str, ...] = tuple(Severity)
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def wants(self, alert: Alert) -> bool:
        """Whether the alert is any business of this channel."""
        asked = {"severity": self.severities, **self.only}
        return all(alert.labels.get(name, "") in values for name, values in asked.items())


class Told(Struct, frozen=True, kw_only=True):
    """What a channel was told of an incident."""

    #: How often it was told anything.
    times: int
    #: The worst severity it was told; NONE once it was told the end.
    severity: Severity
    #: Labels and summary it was told last: the end is told under the same labels.
    labels: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    #: The worst effects (negative) it was told of: under "" that of scores, under its name that of a measure.
    effects: Mapping[str, float] = field(default_factory=dict)


class Incident(Struct, frozen=True, kw_only=True):
    """Alerts that belong together, with a suspected cause."""

    id: str
    #: The watch that saw it first.
    watch: str
    cause: Cause
    #: Unix times.
    opened_at: float
    closed_at: float | None = None
    #: Unix time at which the evidence of those who opened it begins.
    began_at: float = 0.0
    #: Features it is about, and the provider where the cause is one that all features on a provider share.
    features: tuple[str, ...] = ()
    provider: str = ""
    #: Fingerprints of the member alerts.
    members: tuple[str, ...] = ()
    #: What was known when it opened and what came then, one sentence each, oldest first.
    timeline: tuple[str, ...] = ()
    #: Unix time since when no member fires; None while one does.
    quiet_since: float | None = None
    #: Times it came back after it was closed.
    reopened: int = 0
    #: What each channel of people was told of it.
    told: Mapping[str, Told] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether it is closed."""
        return self.closed_at is not None
