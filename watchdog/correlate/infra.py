"""Claims about everything but quality: a provider is failing, a tool is failing, we are blind."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec.structs import replace

from watchdog.correlate.model import ESTIMANDS, keys
from watchdog.correlate.situation import (
    FAILING_SHARE,
    JUDGE,
    ProviderHealth,
    Situation,
    ToolHealth,
    retired,
)
from watchdog.correlate.words import failure, labels, story
from watchdog.domain.alert import AlertType, Cause, Condition, ConditionStatus, Severity
from watchdog.domain.case import Estimand
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.target import Role

#: Consecutive looks a failure must last: one bad look wakes nobody.
_HOLD_LOOKS = 2
#: Looks that measured something, though too little, count for so much less: nobody is woken until there are so many
#: times as many of them.
_THIN_TIMES = 2
#: Share of the current target's calls that a tool must spoil to blind a watch: with fewer lost a look still counts.
_LOST_TO_A_TOOL = 0.2


class Sight(StrEnum):
    """How much a watch sees."""

    SEES = "measured"
    BLIND = "nothing could be measured"
    THIN = "too little could be measured"
    THIN_FOR_LONG = "too little could be measured, for long"

    @property
    def severity(self) -> Severity:
        """What it is worth: a few cases a look show what is very bad, so for a while that can wait."""
        return Severity.TICKET if self is Sight.THIN else Severity.PAGE


def infra_conditions(situation: Situation) -> list[Condition]:
    """Every claim about providers, tools and sight, and whether it holds at this look."""
    targets = situation.watch.targets
    providers = dict.fromkeys(targets[role].provider for role in (Role.CURRENT, Role.PINNED) if role in targets)
    return [
        *(_provider(situation, provider) for provider in providers),
        *(_tool(situation, name, health) for name, health in sorted(situation.tools.items())),
        _blind_watch(situation),
        *_blind_parts(situation),
    ]


def _provider(situation: Situation, provider: str) -> Condition:
    watch = situation.watch
    serves_users = provider == situation.provider(Role.CURRENT)
    target = watch.targets[Role.CURRENT if serves_users else Role.PINNED]
    identity = labels(
        watch,
        "ProviderDown",
        AlertType.INFRA,
        Severity.PAGE if serves_users else Severity.TICKET,
        provider=provider,
        model=target.model,
    )
    healths = [health for health in situation.health if health.provider == provider and not retired(health)]
    calls, answered = sum(health.calls for health in healths), sum(health.answered for health in healths)
    if provider in situation.down:
        status = ConditionStatus.ACTIVE
    elif answered > FAILING_SHARE * calls:
        status = ConditionStatus.CLEAR
    else:
        status = ConditionStatus.UNKNOWN  # too few answers to say that it works, whosever fault that is
    said = failure(provider, healths)
    summary = f"{watch.feature}: {said}"
    because = (
        f"{'Users of the feature are likely to see the same. ' if serves_users else ''}"
        "This says nothing about quality: alerts of the model wait until there are answers again. "
        f"Failures by class: {_classes(healths)}."
    )
    return Condition(
        labels=identity,
        status=status,
        cause=Cause.PROVIDER_FAILING,
        annotations=story(watch, Cause.PROVIDER_FAILING, summary, because, _look_again(situation))
        if status is ConditionStatus.ACTIVE
        else {"recovery": f"{answered} of {calls} calls are answered"},
        hold_looks=_HOLD_LOOKS,
    )


def _tool(situation: Situation, name: str, health: ToolHealth) -> Condition:
    watch = situation.watch
    identity = labels(watch, "ToolFailing", AlertType.TOOL, Severity.PAGE, tool_name=name)
    status = ConditionStatus.ACTIVE if health.failing else ConditionStatus.CLEAR
    if health.calls == 0:
        status = ConditionStatus.UNKNOWN
    counted = f"{health.failures} of {health.calls} calls"
    summary = f"{watch.feature}: the tool {name} failed in {counted}"
    because = (
        "Answers that needed it are left out of the scores: this says nothing about the model. "
        "Ask the owner of the tool; the errors are recorded with the responses."
    )
    return Condition(
        labels=identity,
        status=status,
        cause=Cause.TOOL_FAILING,
        annotations=story(watch, Cause.TOOL_FAILING, summary, because)
        if health.failing
        else {"recovery": f"failed in {counted}"},
        hold_looks=_HOLD_LOOKS,
    )


def sight(situation: Situation) -> Sight:
    """How much was seen at this look, and for how many looks before it."""
    looks, watch = situation.blind_looks, situation.watch
    least = watch.blind_after
    if looks < least:
        return Sight.SEES
    if not any(key.arm is Arm.CURRENT and watch.measure(key.scorer) is None for key in situation.partly):
        return Sight.BLIND
    return Sight.THIN if looks < _THIN_TIMES * least else Sight.THIN_FOR_LONG


def _blind_watch(situation: Situation) -> Condition:
    """Nothing, or too little, was measured for some looks: nobody would notice anything."""
    watch = situation.watch
    seen = sight(situation)
    active = seen is not Sight.SEES
    said = Sight.BLIND if seen is Sight.BLIND else Sight.THIN
    because = (
        "Quality is unknown, which is not the same as fine; alerts that were firing keep firing. "
        f"{_why([*situation.problems, *situation.not_observed.values()])} {_failures(situation)}"
    )
    return Condition(
        labels=labels(watch, "EvalBlind", AlertType.INFRA, seen.severity),
        status=ConditionStatus.ACTIVE if active else ConditionStatus.CLEAR,
        cause=Cause.BLIND,
        annotations=story(
            watch,
            Cause.BLIND,
            f"{watch.feature}: {said} for {situation.blind_looks} looks in a row",
            because.strip(),
            _look_again(situation),
        )
        if active
        else {"recovery": "measured again"},
        inhibited_by=_told_already(situation) if active else "",
    )


def _blind_parts(situation: Situation) -> list[Condition]:
    """What is not measured although the rest is: an estimand, a scorer (a judge that is down), the pinned arm."""
    metrics = [key for plan in situation.watch.scorers for key in keys(situation, plan) if not key.tag]
    seen = {key for key in metrics if situation.observed(key)}
    known = situation.baseline is not None and not _provider_failing(situation)
    conditions = []
    estimands = list(dict.fromkeys(key.estimand for key in metrics))
    for estimand in estimands:
        of_it = [key for key in metrics if key.estimand is estimand]
        lively = bool(seen & set(of_it))
        if len(estimands) > 1:
            status = _status(known and bool(seen), holds=not lively)
            conditions.append(_blind_estimand(situation, estimand, of_it, status))
        for key in of_it if len(of_it) > 1 else []:
            status = _status(known and lively, holds=key not in seen)
            conditions.append(_blind_scorer(situation, key, status))
    if Role.PINNED in situation.watch.targets:
        pinned = [replace(key, arm=Arm.PINNED) for key in metrics]
        status = _status(known and bool(seen), holds=not any(situation.observed(key) for key in pinned))
        conditions.append(_blind_control(situation, pinned, status))
    return conditions


def _blind_estimand(
    situation: Situation, estimand: Estimand, metrics: Sequence[MetricKey], status: ConditionStatus
) -> Condition:
    what = f"nothing is measured {estimand}"
    return _blind(situation, status, what, metrics, problems=situation.problems, estimand=ESTIMANDS[estimand])


def _blind_scorer(situation: Situation, key: MetricKey, status: ConditionStatus) -> Condition:
    judge = situation.judges.get(key.scorer)
    what = f"{key.scorer} gives no scores {key.estimand}"
    if judge is not None:
        what = f"the judge of {key.scorer} ({judge.model}) gives no verdicts {key.estimand}"
        calls = [health for health in situation.health if health.role == JUDGE and health.provider == judge.provider]
        if said := failure(judge.provider, calls):
            what = f"{what}: {said}"
    return _blind(situation, status, what, [key], metric=key.scorer, estimand=ESTIMANDS[key.estimand])


def _blind_control(situation: Situation, metrics: Sequence[MetricKey], status: ConditionStatus) -> Condition:
    target = situation.watch.targets[Role.PINNED]
    gone = any(retired(health) for health in situation.health)
    what = f"the pinned arm ({target.model}) is not measured: a drift could not be attributed"
    if gone:
        what = f"{target.provider} no longer knows the pinned model {target.model} (404): pin another dated snapshot"
    cause = Cause.PINNED_MOVED if gone else Cause.BLIND
    more = {"arm": "pinned", "provider": target.provider, "model": target.model}
    return _blind(situation, status, what, metrics, cause=cause, **more)


def _blind(
    situation: Situation,
    status: ConditionStatus,
    what: str,
    metrics: Sequence[MetricKey],
    *,
    cause: Cause = Cause.BLIND,
    problems: Sequence[str] = (),
    **more: str,
) -> Condition:
    watch = situation.watch
    reasons = [situation.not_observed[key] for key in metrics if key in situation.not_observed]
    because = _why([*problems, *reasons])
    said = story(
        watch, cause, f"{watch.feature}: {what}", f"Other metrics are measured, these are not. {because}".strip()
    )
    return Condition(
        labels=labels(watch, "EvalBlind", AlertType.INFRA, Severity.TICKET, **more),
        status=status,
        cause=cause,
        annotations=said if status is ConditionStatus.ACTIVE else {"recovery": "measured again"},
        hold_looks=watch.blind_after,
    )


def _status(can_tell: bool, *, holds: bool) -> ConditionStatus:
    if not can_tell:
        return ConditionStatus.UNKNOWN
    return ConditionStatus.ACTIVE if holds else ConditionStatus.CLEAR


def _told_already(situation: Situation) -> str:
    """What explains at this look that nothing was measured, and has an alert of its own; empty for nothing."""
    if _provider_failing(situation):
        return "the provider is failing"
    # A tool that few answers need may fail besides, and nobody would look for what really blinds the watch.
    asked = sum(health.calls for health in situation.health if health.role == Role.CURRENT)
    failing = [
        name
        for name, health in sorted(situation.tools.items())
        if health.failing and health.failures >= _LOST_TO_A_TOOL * asked
    ]
    return f"the tool {failing[0]} is failing" if failing else ""


def _provider_failing(situation: Situation) -> bool:
    return situation.provider(Role.CURRENT) in situation.down


def _why(reasons: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(" ".join(reason.split()).rstrip(".") for reason in reasons))
    return f"Reasons: {'; '.join(distinct[:3])}." if distinct else ""


def _failures(situation: Situation) -> str:
    by_provider: dict[str, list[ProviderHealth]] = {}
    for health in situation.health:
        by_provider.setdefault(health.provider, []).append(health)
    said = [text for provider, healths in by_provider.items() if (text := failure(provider, healths))]
    return f"{'; '.join(said)}." if said else ""


def _classes(healths: Sequence[ProviderHealth]) -> str:
    rows = [
        f"{health.role} {kind} {count} of {health.calls}"
        for health in healths
        for kind, count in sorted(health.errors.items())
        if count
    ]
    return ", ".join(rows) or "none"


def _look_again(situation: Situation) -> str:
    return f"eval-watchdog run {shlex.quote(situation.watch.name)}"
