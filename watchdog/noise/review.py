"""The review itself. Pure: alerts and what people said of them in, a row for each rule and a standing out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import median

from msgspec import Struct

from watchdog.domain.alert import Alert, Severity
from watchdog.domain.feedback import Feedback
from watchdog.domain.watch import FalseAlarmBudget

#: Severities that wake somebody.
RINGS = frozenset({Severity.SEV1.value, Severity.PAGE.value})
#: Seconds within which an alert that fires again was never really over.
FLAP_WITHIN = 6 * 3600.0
#: From so many on, a habit is a habit.
_HABIT = 2
_MANY_FLAPS = 3
_HALF = 0.5
#: Labels that make a rule, beside its name: what it is about, and not which episode.
_ABOUT = ("watch", "metric", "tag", "estimand", "arm", "tool_name", "channel", "kind")


class Proposal(StrEnum):
    """What should change about a rule, and why."""

    ASK = "ask those who were woken: nobody has said whether there was anything to do"
    DESENSITISE = "false alarms: freeze a baseline that knows this weather, or give the metric a smaller weight"
    DEMOTE = "there is mostly nothing to do: make it a ticket (pages: false)"
    WRONG_PERSON = "pages, and nobody acknowledges: the wrong person, or a ticket"
    HOLD = "it comes and goes: let it hold for longer, or mend what flaps"
    KEEP = "keep"


class Facts(Struct, frozen=True, kw_only=True):
    """What the store knows of the time under review, and before it as far as the budget reaches."""

    #: Alerts that ever fired, of any state.
    alerts: Sequence[Alert]
    feedback: Mapping[str, Feedback]
    #: Ids of alerts that somebody is or was at, and of those that a channel took.
    acknowledged: Collection[str]
    told: Collection[str]
    #: Unix time of the first look of the house; None before it.
    began: float | None


class RuleNoise(Struct, frozen=True, kw_only=True):
    """How one rule behaved in the time under review."""

    rule: str
    severity: str
    fired: int
    #: Of those, alerts that woke somebody: a page that a channel took.
    paged: int
    acknowledged: int
    #: Of those judged: how many there were, how many had anything to do, how many were false.
    judged: int
    actionable: int
    false: int
    #: Times it fired again within six hours of being over.
    flaps: int
    #: Median seconds from firing to the end, of those that ended; None when none did.
    duration: float | None
    proposal: Proposal
    #: Pages that nobody has judged yet, newest first.
    unjudged: tuple[str, ...] = ()


class Standing(Struct, frozen=True, kw_only=True):
    """False pages against what was asked for."""

    #: False pages that are allowed in so many seconds.
    allowed: float
    period: float
    #: Seconds of that period that the house remembers.
    observed: float
    #: Pages in it, those judged, and those that were false.
    pages: int
    judged: int
    false: int

    @property
    def above(self) -> bool:
        """Whether there were more false pages than are allowed in the whole period."""
        return self.false > self.allowed

    @property
    def achieved(self) -> float | None:
        """False pages a period at the rate of what is remembered; None when that is nothing."""
        return None if self.observed <= 0 else self.false * self.period / self.observed


class NoiseReview(Struct, frozen=True, kw_only=True):
    """What rang, and what came of it."""

    #: Unix times.
    since: float
    until: float
    #: Those that paged most first.
    rules: tuple[RuleNoise, ...]
    standing: Standing


def review(facts: Facts, budget: FalseAlarmBudget, *, since: float, until: float) -> NoiseReview:
    """The review of the time from ``since`` to ``until``; the budget is held against its own period up to ``until``."""
    fired = [alert for alert in facts.alerts if alert.fired_at is not None and alert.fired_at <= until]
    grouped: dict[tuple[str, str], list[Alert]] = {}
    for alert in fired:
        grouped.setdefault((rule_of(alert), alert.labels.get("severity", "")), []).append(alert)
    rules = [
        row
        for (rule, severity), alerts in grouped.items()
        if (row := _row(rule, severity, alerts, facts, since)) is not None
    ]
    return NoiseReview(
        since=since,
        until=until,
        rules=tuple(sorted(rules, key=lambda row: (-row.paged, -row.fired, row.rule))),
        standing=_standing(fired, facts, budget, until),
    )


def rule_of(alert: Alert) -> str:
    """Name of the rule that an alert is an episode of."""
    about = [alert.labels[name] for name in _ABOUT if alert.labels.get(name)]
    return " ".join([alert.labels.get("alertname", "an alert"), *about])


def _pages(alerts: Iterable[Alert], facts: Facts) -> list[Alert]:
    return [alert for alert in alerts if alert.labels.get("severity") in RINGS and alert.id in facts.told]


def _row(rule: str, severity: str, alerts: Sequence[Alert], facts: Facts, since: float) -> RuleNoise | None:
    """``alerts``: every episode of the rule up to the end of the review, so that a flap over its beginning is seen."""
    inside = [alert for alert in alerts if (alert.fired_at or 0.0) >= since]
    if not inside:
        return None
    paged = _pages(inside, facts)
    words = [facts.feedback[alert.id] for alert in inside if alert.id in facts.feedback]
    lengths = [
        alert.resolved_at - alert.fired_at
        for alert in inside
        if alert.resolved_at is not None and alert.fired_at is not None
    ]
    counts = {
        "fired": len(inside),
        "paged": len(paged),
        "acknowledged": sum(alert.id in facts.acknowledged for alert in inside),
        "judged": len(words),
        "actionable": sum(word.actionable for word in words),
        "false": sum(word.false_alarm for word in words),
        "flaps": _flaps(alerts, since),
    }
    newest = sorted(paged, key=lambda alert: -(alert.fired_at or 0.0))
    return RuleNoise(
        rule=rule,
        severity=severity,
        **counts,
        duration=median(lengths) if lengths else None,
        proposal=propose(**counts),
        unjudged=tuple(alert.id for alert in newest if alert.id not in facts.feedback),
    )


def _flaps(alerts: Sequence[Alert], since: float) -> int:
    found = 0
    ended: dict[str, float] = {}
    for alert in sorted(alerts, key=lambda alert: alert.fired_at or 0.0):
        fired_at = alert.fired_at or 0.0
        last = ended.get(alert.fingerprint)
        found += last is not None and fired_at >= since and fired_at - last <= FLAP_WITHIN
        if alert.resolved_at is not None:
            ended[alert.fingerprint] = alert.resolved_at
    return found


def propose(
    *, fired: int, paged: int, acknowledged: int, judged: int, actionable: int, false: int, flaps: int
) -> Proposal:
    """What should change about a rule that behaved so. The costliest habit goes first."""
    del fired
    if false >= _HABIT or (judged and false > _HALF * judged and paged):
        return Proposal.DESENSITISE
    if paged and judged >= _HABIT and actionable < _HALF * judged:
        return Proposal.DEMOTE
    if flaps >= _MANY_FLAPS:
        return Proposal.HOLD
    if paged > judged:
        return Proposal.WRONG_PERSON if paged >= _HABIT and not acknowledged and not judged else Proposal.ASK
    return Proposal.KEEP


def _standing(fired: Sequence[Alert], facts: Facts, budget: FalseAlarmBudget, until: float) -> Standing:
    start = until - budget.seconds
    pages = _pages([alert for alert in fired if (alert.fired_at or 0.0) >= start], facts)
    words = [facts.feedback[alert.id] for alert in pages if alert.id in facts.feedback]
    return Standing(
        allowed=budget.count,
        period=budget.seconds,
        observed=0.0 if facts.began is None else min(budget.seconds, max(0.0, until - facts.began)),
        pages=len(pages),
        judged=len(words),
        false=sum(word.false_alarm for word in words),
    )
