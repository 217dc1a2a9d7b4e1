"""What becomes of each alert at one look: a pure decision with a named reason.

    pending --held long enough--> firing --clear long enough--> resolved
       '--clear------------------------------------------------> resolved (nobody was told, nobody is)

A look that could not see (UNKNOWN) moves nothing: an outage neither raises nor resolves a claim about quality.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from watchdog.alert.worse import complaint
from watchdog.domain.alert import Alert, AlertState, AlertType, Condition, ConditionStatus, Reason, Transition

#: Seconds without mention after which a claim that is only made when data has it (a tool, a tag) is withdrawn.
FORGET_AFTER = 3 * 86400.0


def reconcile(conditions: Sequence[Condition], open_alerts: Sequence[Alert], now: float) -> list[Transition]:
    """One transition for every open alert and for every condition that newly holds, in the order of ``conditions``.

    ``conditions``: every claim of one watch at this look (``correlate``). ``open_alerts``: its pending and firing
    alerts. ``now``: Unix time. Raises ValueError when two conditions are the same claim.

    An open alert is matched to its condition by its labels, or else by all of them but provider, model and severity:
    pinning the model continues the episode, under its old labels, until it is clear, and a claim that deserves another
    severity now is told anew (``worse``), not edited. An alert that no condition mentions any more is withdrawn.
    """
    claims = {condition.fingerprint: condition for condition in conditions}
    if len(claims) != len(conditions):
        raise ValueError("two conditions make the same claim")
    alerts = _paired(claims, open_alerts)
    transitions: list[Transition | None] = []
    for fingerprint, condition in claims.items():
        alert = alerts.get(fingerprint)
        if alert is not None and _recast(condition, alert):
            transitions.append(_ended(alert, now, Reason.RECAST))
            alert = replace(alert, fingerprint=fingerprint, labels=dict(condition.labels))
            step = _step(condition, alert, now)
            transitions.append(None if step is None else replace(step, before=None))
        else:
            transitions.append(_step(condition, alert, now))
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


def given_up(alerts: Sequence[Alert], watches: Collection[str], now: float, forget_after: float) -> list[Transition]:
    """The end of open alerts that no look will end: nobody looks at their watch any more, or none had a say for long.

    ``alerts``: open ones of any watch. ``watches``: names of those in watchdog.yaml; alerts without a watch are the
    house's own and stay. ``forget_after`` in seconds. Nothing is said to have recovered.
    """
    ended = []
    for alert in alerts:
        watch = alert.labels.get("watch")
        if watch is None:
            continue
        if watch not in watches:
            ended.append(_ended(alert, now, Reason.REMOVED))
        elif now - alert.updated_at >= forget_after:
            ended.append(_ended(alert, now, Reason.EXPIRED))
    return [replace(each, alert=_unrecovered(each.alert)) for each in ended]


def _unrecovered(alert: Alert) -> Alert:
    said = f"not known to have recovered: {alert.reason.value}"
    return replace(alert, annotations={**alert.annotations, "recovery": said})


def _paired(claims: Mapping[str, Condition], open_alerts: Sequence[Alert]) -> dict[str, Alert]:
    """The open alert of each claim, by the claim's fingerprint."""
    pairs = {alert.fingerprint: alert for alert in open_alerts if alert.fingerprint in claims}
    orphans = {complaint(alert.labels): alert for alert in open_alerts if alert.fingerprint not in claims}
    for fingerprint, condition in claims.items():
        alert = None if fingerprint in pairs else orphans.pop(complaint(condition.labels), None)
        if alert is not None:
            pairs[fingerprint] = alert
    return pairs


def _recast(condition: Condition, alert: Alert) -> bool:
    """Whether an alert of which nobody was told takes another severity: it is another alert from the beginning."""
    return (
        alert.state is AlertState.PENDING
        and condition.status is ConditionStatus.ACTIVE
        and condition.labels.get("severity") != alert.labels.get("severity")
    )


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
        # What is held back does not count: it must hold for long enough from when nothing explains it any more.
        active_looks=0 if condition.inhibited_by and alert.state is AlertState.PENDING else alert.active_looks + 1,
        clear_looks=0,
        since=alert.since if condition.since is None else condition.since,
    )
    long_enough = held.active_looks >= condition.hold_looks and now - held.starts_at >= condition.hold_seconds
    if condition.inhibited_by:
        reason = Reason.INHIBITED
        held = replace(held, annotations={**held.annotations, "inhibited_by": condition.inhibited_by})
    elif held.state is AlertState.PENDING and long_enough:
        reason = Reason.HELD
        held = replace(held, state=AlertState.FIRING, fired_at=now)
        if condition.size is not None:
            held = replace(held, told_effect=condition.size.effect, told_looks=condition.size.looks)
    else:
        reason = Reason.CONTINUES if before else Reason.APPEARED
    held = replace(held, reason=reason)
    return Transition(alert=held, before=before, reason=reason, at=now, began=condition.since_between)


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
    return _ended(alert, now, Reason.WITHDRAWN)


def _ended(alert: Alert, now: float, reason: Reason) -> Transition:
    return Transition(alert=_resolved(alert, now, reason), before=alert.state, reason=reason, at=now)


def _stay(alert: Alert, reason: Reason, now: float) -> Transition:
    return Transition(alert=replace(alert, reason=reason), before=alert.state, reason=reason, at=now)


def _resolved(alert: Alert, now: float, reason: Reason) -> Alert:
    ended = max(now, alert.starts_at)  # a clock that was set back must not end it before it began
    return replace(alert, state=AlertState.RESOLVED, resolved_at=ended, updated_at=now, reason=reason)
