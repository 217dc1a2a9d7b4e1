"""Why a metric drifts: the truth table over arms that ran in the same look."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.correlate.judging import about, explains, judge_moved
from watchdog.correlate.situation import Situation
from watchdog.correlate.words import moment
from watchdog.domain.alert import Cause
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role

#: Of changes at the same time: ours before the provider's, and a name before a fingerprint of it.
_TELLING = ("prompt", "parameters", "provider", "model", "served model", "fingerprint")

#: A change explains a drop that began up to this many looks, and at least this many seconds, after it was first seen:
#: the estimated beginning of a small drop is late by some looks. What changed long before, in calm looks, is innocent.
_SLACK_LOOKS = 12
_SLACK_SECONDS = 86400.0
#: The estimated beginning may also be early by a few looks. What changed later than that came after the drop: it may be
#: the fix, never the cause.
_EARLY_LOOKS = 3


class Verdict(Struct, frozen=True, kw_only=True):
    """A suspected cause, and the sentences that give the evidence and say what to do."""

    cause: Cause
    because: str
    #: The judge's shift, which must be taken out of the effect; None when the judge holds.
    shift: Signal | None = None


def cause_of(situation: Situation, signal: Signal) -> Verdict:
    """Suspected cause of a drift of the current target.

    | judge anchors | golden (for traffic) | pinned | changed near the onset | cause |
    |---|---|---|---|---|
    | drift, and enough to explain it | any | any | any | the judge moved |
    | drift, and not enough | any | any | any | as below, the judge's shift taken out |
    | calm | calm | any | any | coverage gap, retrieval or input drift |
    | calm | drift | drift, or suspect while current-pinned is calm | any | shared |
    | calm | drift | calm | prompt, parameters, provider, configured model | ours |
    | calm | drift | calm | served model, fingerprint, or nothing known | the provider changed the model |
    | calm | drift | not observed | any | unattributed |
    """
    key = signal.key
    if judge_moved(situation, key.scorer):
        return _with_moved_judge(situation, signal)
    if key.estimand is Estimand.TRAFFIC and situation.level(replace(key, estimand=Estimand.GOLDEN_SET)) is Level.CALM:
        return Verdict(
            cause=Cause.COVERAGE,
            because="The golden set is calm in the same look: production inputs, retrieved context or the mix of "
            "requests changed, or they ask what the golden set does not cover. "
            f"{_known(situation.changes)} Read the worst cases and promote what is missing into the golden set.",
        )
    return _by_arms(situation, signal)


def _with_moved_judge(situation: Situation, signal: Signal) -> Verdict:
    """It was the judge alone, or the judge and something else."""
    if explains(situation, signal):
        return Verdict(
            cause=Cause.JUDGE,
            because="The judge's own anchors drift as well, so its scores cannot be trusted now. "
            "Look at what the checks say: they do not depend on the judge.",
        )
    control = situation.watch.targets.get(Role.PINNED)
    if control is not None and situation.level(_arm(signal.key, Arm.DIFFERENCE)) is Level.DRIFT:
        held = f"Current fell below the pinned arm ({control.model}), which the same judge graded."
        verdict = of_current(situation, signal.since, control.model, held)
    else:
        verdict = _by_arms(situation, signal)
    because = f"The judge moved too, but that is not enough to explain it; its shift is taken out. {verdict.because}"
    return replace(verdict, because=because, shift=situation.anchors(signal.key.scorer))


def _by_arms(situation: Situation, signal: Signal) -> Verdict:
    judged = about(situation, signal.key.scorer)
    pinned = situation.level(_arm(signal.key, Arm.PINNED))
    difference = situation.level(_arm(signal.key, Arm.DIFFERENCE))
    control = situation.watch.targets.get(Role.PINNED)
    name = control.model if control else ""
    if pinned is None:
        return Verdict(
            cause=Cause.UNATTRIBUTED,
            because="No pinned arm was measured in the same look, so a changed model, a changed prompt and trouble of "
            f"our own cannot be told apart. {judged} {_known(situation.changes)}".replace("  ", " "),
        )
    if pinned is Level.DRIFT or (pinned is Level.SUSPECT and difference is Level.CALM):
        second = " Current fell below pinned as well: there may be a second cause." if difference is Level.DRIFT else ""
        return Verdict(
            cause=Cause.SHARED,
            because=f"The pinned arm ({name}) dropped in the same look, so it is something both share: the provider's "
            f"fleet, retrieval, tools or our own harness. Another prompt or model will not help.{second} {judged} "
            f"{_known(situation.changes)}".replace("  ", " "),
        )
    held = f"The pinned arm ({name}) holds in the same look, so cases, harness and judge are not it."
    return of_current(situation, signal.since, name, held)


def of_current(situation: Situation, since: float | None, control: str, held: str) -> Verdict:
    """The control arm holds: it is ours or the provider's, by what changed nearest to the onset."""
    change = _nearest(situation, since)
    if change is not None and change.ours:
        return Verdict(
            cause=Cause.OURS,
            because=f"{_seen(change)}, near the beginning of the drop. {held} "
            "Roll it back, or freeze a new baseline if the drop is meant.",
        )
    if change is not None:
        evidence = f"{_seen(change)}; nothing of ours changed near the beginning of the drop."
    else:
        evidence = "Nothing that we know of changed near the beginning of the drop: a silent change of the model."
    return Verdict(
        cause=Cause.PROVIDER_MODEL,
        because=f"{evidence} {held} Point current at {control} in watchdog.yaml until the new model is understood.",
    )


def _nearest(situation: Situation, since: float | None) -> Change | None:
    """The change of the current target nearest to the onset; of several that are, the most telling."""
    onset = situation.at if since is None else since
    every = situation.watch.schedule.every or 0.0
    slack = max(_SLACK_SECONDS, _SLACK_LOOKS * every)
    latest = min(situation.at, onset + _EARLY_LOOKS * every) if every else situation.at
    near = [
        change for change in situation.changes if change.role is Role.CURRENT and onset - slack <= change.at <= latest
    ]
    return min(near, key=lambda change: (abs(change.at - onset), _TELLING.index(change.what)), default=None)


def _known(changes: Sequence[Change]) -> str:
    if not changes:
        return "No change of ours or of the served model is known since the baseline."
    newest = sorted(changes, key=lambda change: change.at, reverse=True)
    return f"Known changes since the baseline: {'; '.join(_seen(change) for change in newest[:3])}."


def _seen(change: Change) -> str:
    return f"{change} (first seen {moment(change.at)})"


def _arm(key: MetricKey, arm: Arm) -> MetricKey:
    return replace(key, arm=arm)
