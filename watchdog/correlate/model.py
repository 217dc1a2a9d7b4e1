"""Claims about quality: the current target drifts, the pinned one moved, the judge moved."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from watchdog.correlate.cause import cause_of
from watchdog.correlate.judging import corrected, doubt, judge_moved, may_explain
from watchdog.correlate.situation import Situation
from watchdog.correlate.words import change, labels, measured, regraded, story, worst
from watchdog.domain.alert import AlertType, Cause, Condition, ConditionStatus, Severity, Size
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Layer, MetricKey
from watchdog.domain.target import Role
from watchdog.domain.watch import MeasurePlan, MetricPlan, Watch

#: How an estimand is written in a label.
ESTIMANDS = {Estimand.GOLDEN_SET: "golden", Estimand.TRAFFIC: "traffic"}


def model_conditions(situation: Situation) -> list[Condition]:
    """Every claim about quality that the watch can make, whether it holds at this look, and why."""
    conditions = []
    for plan in situation.watch.plans:
        measure = isinstance(plan, MeasurePlan)  # nobody promised that a snapshot answers equally fast for ever
        for key in keys(situation, plan):
            conditions.append(_drift(situation, plan, key))
            if Role.PINNED in situation.watch.targets and not measure:
                conditions.append(_pinned(situation, plan, key))
        anchors = MetricKey(watch=situation.watch.name, scorer=plan.name, arm=Arm.ANCHORS)
        if plan.name in situation.judges or situation.observed(anchors):
            conditions.append(_judge(situation, anchors))
    return conditions


def keys(situation: Situation, plan: MetricPlan) -> list[MetricKey]:
    """The metrics of a scorer on the current target: all cases of each estimand, then what tags the data has."""
    watch = situation.watch
    current = MetricKey(watch=watch.name, scorer=plan.name, arm=Arm.CURRENT)
    found = [current] if watch.golden else []
    if watch.traffic and (isinstance(plan, MeasurePlan) or plan.name in watch.traffic.scorers):
        found.append(replace(current, estimand=Estimand.TRAFFIC))
    mentioned = {signal.key for signal in situation.signals} | set(situation.not_observed)
    extra = {key for key in mentioned if key.scorer == plan.name and key.arm is Arm.CURRENT} - set(found)
    return found + sorted(extra)


def _drift(situation: Situation, plan: MetricPlan, key: MetricKey) -> Condition:
    """The current target is worse than at the baseline: this is what wakes people."""
    infrastructure = plan.layer is Layer.INFRASTRUCTURE
    most = Severity.PAGE if situation.watch.pages(key) else Severity.TICKET
    identity = labels(
        situation.watch,
        "EvalDrift",
        AlertType.INFRA if infrastructure else AlertType.MODEL,
        most,
        metric=plan.name,
        estimand=ESTIMANDS[key.estimand],
        tag=key.tag,
    )
    signal = situation.observed(key)
    if signal is None or signal.level is Level.LEARNING:
        return Condition(labels=identity, status=ConditionStatus.UNKNOWN, cause=Cause.UNATTRIBUTED)
    if signal.level is not Level.DRIFT:
        moved = judge_moved(situation, plan.name)  # a judge that moved cannot give the all-clear either
        status = ConditionStatus.UNKNOWN if moved else ConditionStatus.CLEAR
        return Condition(
            labels=identity, status=status, cause=Cause.UNATTRIBUTED, annotations=_recovered(situation.watch, signal)
        )
    verdict, waits = cause_of(situation, signal), doubt(situation, signal)
    shift: dict[str, str] = {}
    if verdict.shift is not None:
        shift = {"judge_shift": f"{verdict.shift.effect * 100:+.1f} points on the judge's own anchors, taken out"}
        signal = corrected(signal, verdict.shift)
    summary, numbers = measured(situation.watch, signal)
    measure = situation.watch.measure(plan.name)
    latency = situation.latency.get(key.estimand) if infrastructure else None
    return Condition(
        labels=identity,
        status=ConditionStatus.ACTIVE,
        cause=verdict.cause,
        annotations={
            **story(situation.watch, verdict.cause, summary, f"{_headline(verdict.cause)} {verdict.because}"),
            **numbers,
            **shift,
            **({"waits_for": waits.value} if waits.hold_looks > 1 else {}),
            **worst(situation.worst.get(key, ())),
            **_reference(situation),
        },
        since=signal.since,
        since_between=signal.since_between,
        hold_looks=waits.hold_looks,
        size=_size(
            signal,
            layer=plan.layer,
            measure=measure and measure.measure,
            latency=latency,
            judge_in_doubt=verdict.cause is Cause.SHARED and may_explain(situation, signal),
        ),
        inhibited_by="the judge moved" if verdict.cause is Cause.JUDGE else "",
    )


def _size(signal: Signal, **more: Any) -> Size:
    low, high = signal.interval
    return Size(
        effect=-abs(signal.effect) if signal.key.arm is Arm.ANCHORS else signal.effect,
        margin=(high - low) / 2,
        looks=signal.looks,
        guarantee=signal.guarantee,
        **more,
    )


def _pinned(situation: Situation, plan: MetricPlan, key: MetricKey) -> Condition:
    """The control arm is worse than at the baseline, although nothing about it should move."""
    watch = situation.watch
    target = watch.targets[Role.PINNED]
    identity = labels(
        watch,
        "PinnedDrift",
        AlertType.MODEL,
        Severity.TICKET,
        metric=plan.name,
        estimand=ESTIMANDS[key.estimand],
        tag=key.tag,
        provider=target.provider,
        model=target.model,
    )
    signal = situation.observed(replace(key, arm=Arm.PINNED))
    if signal is None or signal.level is Level.LEARNING:
        return Condition(labels=identity, status=ConditionStatus.UNKNOWN, cause=Cause.PINNED_MOVED)
    if signal.level is not Level.DRIFT:
        return Condition(
            labels=identity,
            status=ConditionStatus.CLEAR,
            cause=Cause.PINNED_MOVED,
            annotations=_recovered(situation.watch, signal),
        )
    inhibited_by = ""
    if judge_moved(situation, plan.name):
        inhibited_by = "the judge moved"
    elif situation.level(key) is Level.DRIFT:
        inhibited_by = "the current target drifts too: one alert for both"
    changes = [change for change in situation.changes if change.role is Role.PINNED]
    known = f"Known: {'; '.join(map(str, changes))}. " if changes else ""
    because = (
        f"{_headline(Cause.PINNED_MOVED)} The dated snapshot {target.model} should not move. {known}"
        "Until it is settled, the cause of other drifts cannot be told apart: move pinned to another snapshot and "
        "freeze a new baseline on purpose."
    )
    summary, numbers = measured(watch, signal, verb="of the pinned target is")
    return Condition(
        labels=identity,
        status=ConditionStatus.ACTIVE,
        cause=Cause.PINNED_MOVED,
        annotations={**story(watch, Cause.PINNED_MOVED, summary, because), **numbers, **_reference(situation)},
        since=signal.since,
        since_between=signal.since_between,
        size=_size(signal),
        inhibited_by=inhibited_by,
    )


def _judge(situation: Situation, key: MetricKey) -> Condition:
    """The judge grades answers that never change differently from before."""
    watch = situation.watch
    judge = situation.judges.get(key.scorer)
    identity = labels(
        watch,
        "JudgeDrift",
        AlertType.MODEL,
        Severity.TICKET,
        metric=key.scorer,
        **({"provider": judge.provider, "model": judge.model} if judge else {}),
    )
    signal = situation.observed(key)
    if signal is None or signal.level is Level.LEARNING:
        return Condition(labels=identity, status=ConditionStatus.UNKNOWN, cause=Cause.JUDGE)
    if signal.level is not Level.DRIFT:
        # Anchors that may have moved do not say that they have not: nothing is resolved by doubt.
        status = ConditionStatus.CLEAR if signal.level is Level.CALM else ConditionStatus.UNKNOWN
        return Condition(labels=identity, status=status, cause=Cause.JUDGE, annotations=_recovered(watch, signal))
    changes = [each for each in situation.changes if each.role is Role.JUDGE]
    known = f"Known: {'; '.join(map(str, changes))}. " if changes else ""
    became = "stricter" if signal.effect <= 0 else "milder"
    because = (
        f"{_headline(Cause.JUDGE)} It grades its own anchors, answers that never change, otherwise than before: it "
        f"became {became}. {known}Alerts of {key.scorer} that this explains are held back, and nothing of it is "
        "resolved, until that is settled; checks still count. Compare the judge with people's grades, then pin its "
        "model or freeze a new baseline on purpose."
    )
    summary, numbers = regraded(watch, signal)
    return Condition(
        labels=identity,
        status=ConditionStatus.ACTIVE,
        cause=Cause.JUDGE,
        annotations={
            **story(watch, Cause.JUDGE, summary, because),
            **numbers,
            **worst(situation.worst.get(key, ())),
            **_reference(situation),
        },
        since=signal.since,
        since_between=signal.since_between,
        size=_size(signal),
    )


def _recovered(watch: Watch, signal: Signal) -> dict[str, str]:
    return {
        "recovery": f"no longer drifting: {change(watch, signal.key, signal.effect)} against the baseline, n {signal.n}"
    }


def _reference(situation: Situation) -> dict[str, str]:
    return {"baseline": f"version {situation.baseline.version}"} if situation.baseline else {}


def _headline(cause: Cause) -> str:
    return f"Suspected cause: {cause}."
