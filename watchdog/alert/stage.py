"""What becomes of each alert at one look: a pure decision with a named reason.

    pending --held long enough--> firing --clear long enough--> resolved
       '--clear------------------------------------------------> resolved (nobody was told, nobody is)

A look that could not see (UNKNOWN) moves nothing: an outage neither raises nor resolves a claim about quality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from watchdog.domain.alert import Alert, AlertState, AlertType, Condition, ConditionStatus, Reason, Transition

#: Labels that follow the configuration: an episode keeps the ones it started with when a model is pinned or moved.
_SUBJECT = frozenset({"provider", "model"})
#: Seconds without mention after which a claim that is only made when data has it (a tool, a tag) is withdrawn.
FORGET_AFTER = 3 * 86400.0


def reconcile(conditions: Sequence[Condition], open_alerts: Sequence[Alert], now: float) -> list[Transition]:
    """One transition for every open alert and for every condition that newly holds, in the order of ``conditions``.

    ``conditions``: every claim of one watch at this look (``correlate``). ``open_alerts``: its pending and firing
    alerts. ``now``: Unix time. Raises ValueError when two conditions are the same claim.

    An open alert is matched to its condition by its labels, or else by all of them but provider and model: pinning the
    model continues the episode, under its old labels, until it is clear. An alert that no condition mentions any more
    is withdrawn.
    """
    claims = {condition.fingerprint: condition for condition in conditions}
    if len(claims) != len(conditions):
        raise ValueError("two conditions make the same claim")
    alerts = _paired(claims, open_alerts)
    transitions = [_step(condition, alerts.get(fingerprint), now) for fingerprint, condition in claims.items()]
    matched = {alert.id for alert in alerts.values()}
    watches = {condition.labels.get("watch") for condition in conditions}
    orphans = [alert for alert in open_alerts if alert.id not in matched]
    transitions += [_orphaned(alert, now, alert.labels.get("watch") in watches) for alert in orphans]
    return [transition for transition in transitions if transition is not None]


def resolve_by_hand(alert: Alert, now: float, because: str) -> Transition:
    """A person says it is over. If the condition still holds at the next look, that is a new episode."""
    after = _resolved(alert, now, Reason.BY_HAND)
    after = replace(after, annotations={**alert.annotations, "recovery": f"resolved by hand: {because}"})
    return Transition(alert=after, before=alert.state, reason=Reason.BY_HAND, at=now)


def _paired(claims: Mapping[str, Condition], open_alerts: Sequence[Alert]) -> dict[str, Alert]:
    """The open alert of each claim, by the claim's fingerprint."""
    pairs = {alert.fingerprint: alert for alert in open_alerts if alert.fingerprint in claims}
    orphans = {_complaint(alert.labels): alert for alert in open_alerts if alert.fingerprint not in claims}
    for fingerprint, condition in claims.items():
        alert = None if fingerprint in pairs else orphans.pop(_complaint(condition.labels), None)
        if alert is not None:
            pairs[fingerprint] = alert
    return pairs


def _complaint(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in labels.items() if name not in _SUBJECT)


def _step(condition: Condition, alert: Alert | None, now: float) -> Transition | None:
    if condition.status is ConditionStatus.ACTIVE:
        return _active(condition, alert, now)
    if alert is None:
        return None
    if condition.status is ConditionStatus.UNKNOWN:
        return _stay(alert, Reason.BLIND, now)
    return _clear(condition, alert, now)


def _active(condition: Condition, alert: Alert | None, now: float) -> Transition:
    before = alert.state if alert else None
    if alert is None:
        alert = Alert(
            fingerprint=condition.fingerprint,
            labels=dict(condition.labels),
            annotations={},
            state=AlertState.PENDING,
            starts_at=now,
            updated_at=now,
        )
    held = replace(
        alert,
        annotations=dict(condition.annotations),
        cause=condition.cause,
        updated_at=now,
        active_looks=alert.active_looks + 1,
        clear_looks=0,
    )
    if condition.inhibited_by:
        reason = Reason.INHIBITED
        held = replace(held, annotations={**held.annotations, "inhibited_by": condition.inhibited_by})
    elif held.state is AlertState.PENDING and held.active_looks >= condition.hold_looks:
        reason = Reason.HELD
        held = replace(held, state=AlertState.FIRING, fired_at=now)
    else:
        reason = Reason.CONTINUES if before else Reason.APPEARED
    return Transition(alert=replace(held, reason=reason), before=before, reason=reason, at=now)


def _clear(condition: Condition, alert: Alert, now: float) -> Transition:
    seen = replace(
        alert,
        annotations={**alert.annotations, **condition.annotations},  # what it was about stays readable
        updated_at=now,
        active_looks=0,
        clear_looks=alert.clear_looks + 1,
    )
    if alert.state is AlertState.FIRING and seen.clear_looks < condition.clear_looks:
        reason = Reason.CLEARING
        after = replace(seen, reason=reason)
    else:
        reason = Reason.CLEARED if alert.state is AlertState.FIRING else Reason.VANISHED
        after = _resolved(seen, now, reason)
    return Transition(alert=after, before=alert.state, reason=reason, at=now)


def _orphaned(alert: Alert, now: float, watch_was_looked_at: bool) -> Transition:
    """An open alert that no condition mentions.

    Tools and tags are only known from data, so a look without them says nothing; every other claim of a watch is made
    at each look, and is gone for good when its scorer, severity or team was configured away.
    """
    if not watch_was_looked_at:
        return _stay(alert, Reason.NOTHING, now)
    by_data = alert.labels.get("alert_type") == AlertType.TOOL or "tag" in alert.labels
    if by_data and now - alert.updated_at < FORGET_AFTER:
        return _stay(alert, Reason.BLIND, now)
    return Transition(
        alert=_resolved(alert, now, Reason.WITHDRAWN), before=alert.state, reason=Reason.WITHDRAWN, at=now
    )


def _stay(alert: Alert, reason: Reason, now: float) -> Transition:
    return Transition(alert=replace(alert, reason=reason), before=alert.state, reason=reason, at=now)


def _resolved(alert: Alert, now: float, reason: Reason) -> Alert:
    ended = max(now, alert.starts_at)  # a clock that was set back must not end it before it began
    return replace(alert, state=AlertState.RESOLVED, resolved_at=ended, updated_at=now, reason=reason)
