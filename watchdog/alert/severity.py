"""How severe each claim of a look is, by the policy of its watch: a pure decision with a named reason.

Correlation says what holds and what configuration allows at the most; here it is decided whether that wakes anybody.
An open alert keeps the severity it was told with: see ``worse`` for what becomes of one that grows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState, Cause, Condition, ConditionStatus, Severity
from watchdog.domain.detection import Guarantee
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Layer
from watchdog.domain.policy import Policy

#: Names of the claims that are judged by their size, of the one that waits for nothing, and of the judge's own.
DRIFT = "EvalDrift"
MASS = "MassEvalFailure"
JUDGE_DRIFT = "JudgeDrift"
#: What all features on a provider share: one page of it is enough.
WIDE = frozenset({Cause.SHARED, Cause.PROVIDER_FAILING})
#: Layers that together mean that users feel it, whatever each alone would be.
_ALL_ROUND = frozenset({Layer.INFRASTRUCTURE, Layer.BEHAVIORAL, Layer.QUALITY})
#: Metrics that must drop for a SEV1, whatever half of them is.
_AT_LEAST = 2


class Why(StrEnum):
    """Why a claim has its severity."""

    COUNTED = "counted, not estimated: as configured"
    CONFIGURED = "no more than a ticket by configuration"
    RULE_OF_THUMB = "a rule of thumb may not page"
    PERHAPS_THE_JUDGE = "no larger than what its judge may have done, whose anchors do not tell"
    SEVERE = "a large drop that most metrics see"
    URGENT = "a drop that is large enough to wake somebody"
    FAST = "a drop that came within days"
    SLOW = "a small drop that came slowly: it can wait for the morning"
    WITHIN_SLO = "slower than before, but within what is promised"
    BEYOND_SLO = "far slower than what is promised"
    MISSED_SLO = "slower than what is promised"
    COSTLY = "many times the costs of the baseline"
    FORESEEN = "costs that were foreseen"
    ALL_ROUND = "latency, behaviour and quality drift together"
    FLOOR = "the least that the policy allows"
    PAGED_ALREADY = "somebody was woken for the same cause on another feature"


class Verdict(Struct, frozen=True, kw_only=True):
    """A severity and its reason."""

    severity: Severity
    why: Why


class Company(Struct, frozen=True, kw_only=True):
    """What else holds at the look."""

    #: Metrics that may page, and those of them that drift.
    paging: int = 0
    drifting: int = 0
    #: Layers of which something drifts that is worth at least a ticket.
    layers: frozenset[Layer] = frozenset()


def graded(
    conditions: Sequence[Condition], policy: Policy, at: float, elsewhere: Sequence[Alert] = ()
) -> list[Condition]:
    """The claims of one watch at the look of Unix time ``at``, each with its severity, why, and how long it must hold.

    ``elsewhere``: firing alerts of other watches.
    """
    company = _company(conditions, policy, at)
    return [_graded(condition, policy, at, company, elsewhere) for condition in conditions]


def severity_of(condition: Condition, policy: Policy, at: float, company: Company = Company()) -> Verdict:
    """The severity of one claim, what is told elsewhere apart.

    | size | what | severity |
    |---|---|---|
    | counted | - | as configured |
    | rule of thumb | - | ticket at the most |
    | drop of a score | configured as a ticket, or perhaps the judge's work | ticket |
    | | >= sev1_drop, half of the paging metrics drift (two or more) | sev1 |
    | | >= urgent_drop, or it began within slow_after | page |
    | | else | ticket |
    | latency | 95 % quantile within the SLO, above it, at latency_page times it | info, ticket, page |
    | cost | up to cost_expected times, above, from cost_page times | info, as configured, page |
    | any of them | drifts of three layers together | page at least |
    | any worth a ticket | - | severity_floor at least |
    """
    alone = _alone(condition, policy, at, company)
    if alone.why in {Why.COUNTED, Why.RULE_OF_THUMB} or alone.severity.rank < Severity.TICKET.rank:
        return alone
    if condition.labels.get("alertname") != DRIFT:
        return alone
    if company.layers >= _ALL_ROUND and not alone.severity.rings:
        alone = Verdict(severity=Severity.PAGE, why=Why.ALL_ROUND)
    if alone.severity.rank < policy.severity_floor.rank:
        return Verdict(severity=policy.severity_floor, why=Why.FLOOR)
    return alone


def _alone(condition: Condition, policy: Policy, at: float, company: Company) -> Verdict:
    allowed, size = Severity(condition.labels["severity"]), condition.size
    if size is None:
        return Verdict(severity=allowed, why=Why.COUNTED)
    if size.guarantee is Guarantee.HEURISTIC:
        return Verdict(severity=min(allowed, Severity.TICKET, key=lambda each: each.rank), why=Why.RULE_OF_THUMB)
    if size.measure is not None:
        return _measure(allowed, size.measure, math.exp(-size.effect), size.latency, policy)
    if not allowed.rings:
        return Verdict(severity=allowed, why=Why.CONFIGURED)
    if size.judge_in_doubt:
        return Verdict(severity=Severity.TICKET, why=Why.PERHAPS_THE_JUDGE)
    drop = -size.effect
    if drop >= policy.sev1_drop and company.drifting >= max(_AT_LEAST, company.paging / 2):
        return Verdict(severity=Severity.SEV1, why=Why.SEVERE)
    if drop >= policy.urgent_drop:
        return Verdict(severity=allowed, why=Why.URGENT)
    if condition.since is None or at - condition.since < policy.slow_after:
        return Verdict(severity=allowed, why=Why.FAST)
    return Verdict(severity=Severity.TICKET, why=Why.SLOW)


def _measure(allowed: Severity, measure: Measure, ratio: float, latency: float | None, policy: Policy) -> Verdict:
    if measure is Measure.LATENCY and policy.latency_slo is not None and latency is not None:
        if latency <= policy.latency_slo:
            return Verdict(severity=Severity.INFO, why=Why.WITHIN_SLO)
        if latency >= policy.latency_page * policy.latency_slo:
            return Verdict(severity=Severity.PAGE, why=Why.BEYOND_SLO)
        return Verdict(severity=Severity.TICKET, why=Why.MISSED_SLO)
    if measure is Measure.COST and ratio >= policy.cost_page:
        return Verdict(severity=Severity.PAGE, why=Why.COSTLY)
    if measure is Measure.COST and ratio <= policy.cost_expected:
        return Verdict(severity=Severity.INFO, why=Why.FORESEEN)
    return Verdict(severity=allowed, why=Why.CONFIGURED)


def _company(conditions: Sequence[Condition], policy: Policy, at: float) -> Company:
    drifts = [each for each in conditions if each.labels.get("alertname") == DRIFT and "tag" not in each.labels]
    may_page = [each for each in drifts if Severity(each.labels["severity"]).rings]
    active = [each for each in drifts if each.status is ConditionStatus.ACTIVE and not each.inhibited_by]
    worth = [each for each in active if _alone(each, policy, at, Company()).severity.rank >= Severity.TICKET.rank]
    return Company(
        paging=len(may_page),
        drifting=len([each for each in may_page if each in active]),
        layers=frozenset(each.size.layer for each in worth if each.size and _may_ring(each)),
    )


def _may_ring(condition: Condition) -> bool:
    return condition.size is not None and condition.size.guarantee is not Guarantee.HEURISTIC


def _graded(condition: Condition, policy: Policy, at: float, company: Company, elsewhere: Sequence[Alert]) -> Condition:
    if condition.status is not ConditionStatus.ACTIVE:
        return condition
    verdict = severity_of(condition, policy, at, company)
    if verdict.severity.rings and _paged_already(condition, elsewhere):
        verdict = Verdict(severity=Severity.TICKET, why=Why.PAGED_ALREADY)
    at_once = verdict.severity is Severity.SEV1 or condition.labels.get("alertname") == MASS
    return replace(
        condition,
        labels={**condition.labels, "severity": verdict.severity.value},
        annotations={
            "guarantee": Guarantee.OBSERVED.value,
            **condition.annotations,
            "severity_because": verdict.why.value,
        },
        hold_seconds=0.0 if at_once else max(policy.hold, condition.hold_seconds),
    )


def _paged_already(condition: Condition, elsewhere: Sequence[Alert]) -> bool:
    """Whether those who would be woken have been, for the same provider and a cause that all features on it share."""
    if condition.cause not in WIDE:
        return False
    same = ("alert_type", "team", "provider")
    return any(
        alert.state is AlertState.FIRING
        and alert.severity.rings
        and alert.cause is condition.cause
        and alert.labels.get("watch") != condition.labels.get("watch")
        and all(alert.labels.get(name) == condition.labels.get(name) for name in same)
        for alert in elsewhere
    )
