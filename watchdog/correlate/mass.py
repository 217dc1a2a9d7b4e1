"""Most of what passed fails now, on the current target alone: users feel that at once, and no second look is needed.

Held against the pinned target in the same look, case by case. Cases that were passed at the baseline, that pinned still
passes and current fails are counted against the converse: a sign test, exact, whose chance of a false alarm is at most
``FALSE_ALARMS`` a look whatever the cases are, as long as both targets fail by chance alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from watchdog.correlate.cause import of_current
from watchdog.correlate.judging import judge_moved
from watchdog.correlate.situation import Situation, Toppled
from watchdog.correlate.words import labels, story
from watchdog.domain.alert import AlertType, Cause, Condition, ConditionStatus, Severity
from watchdog.domain.detection import Guarantee
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.target import Role

#: Chance of a false alarm at a look of a watch, over all its metrics.
FALSE_ALARMS = 1e-6
#: Consecutive looks after which it is over.
_CLEAR_LOOKS = 2


def mass_failure(situation: Situation) -> list[Condition]:
    """The claim that most cases fail now; none for a watch without a control arm."""
    watch = situation.watch
    control = watch.targets.get(Role.PINNED)
    if control is None:
        return []
    identity = labels(watch, "MassEvalFailure", AlertType.MODEL, Severity.PAGE)
    counted = _counted(situation)
    fallen = {
        key: cases
        for key, cases in counted.items()
        if cases.failed >= watch.policy.mass_failure * cases.passed and chance(cases) * len(counted) <= FALSE_ALARMS
    }
    if not fallen:
        return [
            Condition(
                labels=identity,
                status=ConditionStatus.CLEAR if counted else ConditionStatus.UNKNOWN,
                cause=Cause.UNATTRIBUTED,
                annotations={"recovery": "most cases that the pinned target passes are passed again"},
                clear_looks=_CLEAR_LOOKS,
            )
        ]
    worst = max(fallen, key=lambda key: (fallen[key].failed / fallen[key].passed, key))
    held = f"The pinned target ({control.model}) passes them in the same look, so cases, harness and judge are not it."
    verdict = of_current(situation, situation.at, control.model, held)
    said = ", ".join(f"{key.scorer}: {cases.failed} of {cases.passed} cases" for key, cases in sorted(fallen.items()))
    summary = (
        f"{watch.feature}: most cases that passed fail now {worst.estimand}, and {control.model} still passes them "
        f"({said})"
    )
    return [
        Condition(
            labels=identity,
            status=ConditionStatus.ACTIVE,
            cause=verdict.cause,
            annotations={
                **story(watch, verdict.cause, summary, f"Suspected cause: {verdict.cause}. {verdict.because}"),
                "estimand": worst.estimand.value,
                "guarantee": Guarantee.CALIBRATED.value,
                "false_alarms": f"at most {FALSE_ALARMS:.0e} a look (exact sign test of both targets, case by case)",
            },
            since=situation.at,
            clear_looks=_CLEAR_LOOKS,
        )
    ]


def _counted(situation: Situation) -> Mapping[MetricKey, Toppled]:
    """What may be counted: metrics that may page, measured on both targets, by nothing that failed or moved."""
    watch = situation.watch
    return {
        key: cases
        for key, cases in situation.toppled.items()
        if cases.passed
        and watch.pages(key)
        and situation.observed(key)
        and situation.observed(replace(key, arm=Arm.PINNED))
        and not judge_moved(situation, key.scorer)
    }


def chance(cases: Toppled) -> float:
    """One-sided exact sign test: the chance of as many cases against current, were both targets alike."""
    if not cases.failed:
        return 1.0
    # scipy costs time that a look without such cases need not pay.
    from scipy.special import betainc  # noqa: PLC0415

    return float(betainc(cases.failed, cases.healed + 1, 0.5))
