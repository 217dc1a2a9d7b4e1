"""What is claimed about rehearsals: drills that did not pass in time, fallbacks that would not hold. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from watchdog.domain.alert import AlertType, Cause, Condition, ConditionStatus, Severity
from watchdog.domain.drill import DrillKind, DrillPlan
from watchdog.domain.target import Role
from watchdog.domain.verification import FallbackVerdict, Verification
from watchdog.domain.watch import Watch

OVERDUE, UNREADY = "DrillOverdue", "FallbackUnready"
#: Times the schedule after which a verification is too old: one may fail or be missed.
_INTERVALS = 2
_DAY = 86400.0


def drills_overdue(
    plan: DrillPlan | None,
    passed: Mapping[DrillKind, float],
    since: float | None,
    now: float,
    open_kinds: Collection[str] = (),
) -> list[Condition]:
    """One claim for each kind of drill that ``plan`` wants, and for each in ``open_kinds`` that it no longer does.

    ``passed``: Unix time of the last drill of each kind that passed. ``since``: of the first look of the house, from
    which the first drill's time counts; None before it.
    """
    wanted = {kind.value: kind for kind in plan.kinds} if plan else {}
    return [
        _overdue(name, _last(wanted.get(name), passed, since), plan.every if plan and name in wanted else None, now)
        for name in sorted({*wanted, *open_kinds})
    ]


def _last(
    kind: DrillKind | None, passed: Mapping[DrillKind, float], since: float | None
) -> tuple[float | None, float | None]:
    """When it passed, and from when its time counts."""
    at = passed.get(kind) if kind else None
    return at, since if at is None else at


def _overdue(kind: str, last: tuple[float | None, float | None], every: float | None, now: float) -> Condition:
    passed_at, since = last
    labels = {
        "alertname": OVERDUE,
        "alert_type": AlertType.INFRA.value,
        "severity": Severity.TICKET.value,
        "team": "platform",
        "vertical": "general",
        "feature": "eval-watchdog",
        "kind": kind,
    }
    late = every is not None and since is not None and now - since > every
    if not late or every is None:
        said = "no longer wanted" if every is None else "passed in time"
        status, annotations = ConditionStatus.CLEAR, {"recovery": f"the drill {kind}: {said}"}
        return Condition(labels=labels, status=status, cause=Cause.UNREHEARSED, annotations=annotations)
    when = "never passed" if passed_at is None else f"last passed on {datetime.fromtimestamp(passed_at, UTC):%Y-%m-%d}"
    annotations = {
        "cause": Cause.UNREHEARSED.value,
        "summary": f"the drill {kind} {when}, and is wanted every {every / _DAY:g} days",
        "description": (
            "Nobody knows whether such an alert would still reach anybody: routes, keys and people change. "
            "Hold it at a quiet hour; it marks all that it sends, and closes it."
        ),
        "next_command": f"eval-watchdog drill run {kind}",
        "runbook_url": "docs/runbooks/drill-overdue.md",
    }
    return Condition(labels=labels, status=ConditionStatus.ACTIVE, cause=Cause.UNREHEARSED, annotations=annotations)


def fallback_unready(
    watch: Watch, verification: Verification | None, since: float | None, now: float
) -> Condition | None:
    """The claim that a fallback would not hold, or that nobody knows; None for a watch that wants none verified.

    ``verification``: the newest one of today's fallback that could tell. ``since``: of the first look of the house;
    None before it.
    """
    fallback, every = watch.targets.get(Role.FALLBACK), watch.verify_fallback_every
    if fallback is None or every is None:
        return None
    labels = {
        "alertname": UNREADY,
        "alert_type": AlertType.INFRA.value,
        "severity": Severity.TICKET.value,
        "team": watch.owner.team,
        "vertical": watch.owner.vertical,
        "feature": watch.feature,
        "watch": watch.name,
        "provider": fallback.provider,
        "model": fallback.model,
    }
    counted = verification.at if verification else since
    old = counted is not None and now - counted > _INTERVALS * every
    if verification is not None and verification.verdict is FallbackVerdict.DOES_NOT_HOLD:
        said, why = "would not hold", "; ".join(verification.reasons)
    elif old and verification is not None:
        said, why = f"was last verified on {datetime.fromtimestamp(verification.at, UTC):%Y-%m-%d}", "It is too old."
    elif old:
        said, why = "was never verified", "Nobody knows what failing over to it would do."
    else:
        recovery = {"recovery": "the fallback holds"}
        return Condition(labels=labels, status=ConditionStatus.CLEAR, cause=Cause.FALLBACK, annotations=recovery)
    annotations = {
        "cause": Cause.FALLBACK.value,
        "summary": f"{watch.feature}: the fallback ({fallback.model} of {fallback.provider}) {said}",
        "description": f"{why} Users are not affected as long as the current target answers.",
        "next_command": f"eval-watchdog provider verify {shlex.quote(watch.name)}",
        "runbook_url": "docs/runbooks/fallback-unready.md",
    }
    return Condition(labels=labels, status=ConditionStatus.ACTIVE, cause=Cause.FALLBACK, annotations=annotations)
