"""It got worse: a new alert beside the one that fires, because nobody reads a label twice. Pure.

An alert keeps the severity and the size that it was told with. When what it claims grew by half, or deserves a higher
severity now, the same claim is made once more with the label ``worse``: 1, then 2, then 3. They end together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec.structs import replace

from watchdog.alert.severity import Why
from watchdog.domain.alert import Alert, AlertState, Condition, ConditionStatus, Severity, Size
from watchdog.domain.policy import Policy

#: The label, and how often it is said of one episode.
WORSE = "worse"
#: The annotation that says why it was made.
WHY_WORSE = "worse_because"
MOST = 3
#: Looks since the telling that a growth must rest on.
OWN_LOOKS = 3
#: Labels that follow the configuration or the size of a claim: an episode keeps those it began with.
CHANGING = frozenset({"provider", "model", "severity"})
#: Severities for the sake of other claims: the newest of these has it, and says so for all.
_FOR_OTHERS = frozenset({Why.SEVERE.value, Why.ALL_ROUND.value, Why.FLOOR.value})


class Growth(StrEnum):
    """Why an alert is told once more, or is not."""

    NEW = "nothing of it fires yet"
    SAME = "as it was told"
    FEW_LOOKS = "too few looks since it was told"
    GREW = "the drop grew since it was told"
    RAISED = "it deserves a higher severity than it was told with"
    ENOUGH = "it was told often enough"


def complaint(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Identity of a claim whatever its severity, and whichever model it is about now."""
    return frozenset((name, value) for name, value in labels.items() if name not in CHANGING)


def family(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Identity of a claim however bad it got."""
    return complaint({name: value for name, value in labels.items() if name != WORSE})


def growth(condition: Condition, told: Sequence[Alert], policy: Policy) -> Growth:
    """Whether what is claimed is to be told once more. ``told``: the firing alerts of the claim, oldest first."""
    if condition.status is not ConditionStatus.ACTIVE or condition.inhibited_by or not told:
        return Growth.NEW
    if len(told) > MOST:
        return Growth.ENOUGH
    known = max(alert.severity.rank for alert in told)
    if (
        condition.annotations.get("severity_because") not in _FOR_OTHERS
        and known < Severity(condition.labels["severity"]).rank
    ):
        return Growth.RAISED
    last = told[-1]
    if condition.size is None or last.told_effect is None:
        return Growth.SAME
    return grown(last.told_effect, last.told_looks, condition.size, policy.worse_by)


def grown(told_effect: float, told_looks: int, size: Size, factor: float) -> Growth:
    """Whether the looks since the telling, by themselves, show a drop that is ``factor`` times as large.

    Effects are means over the looks since the onset, so that of the looks since the telling is what is left when the
    told part is taken out. It must also lie surely (90 %) below what was told.
    """
    own = size.looks - told_looks
    if own < OWN_LOOKS:
        return Growth.FEW_LOOKS
    since = (size.effect * size.looks - told_effect * told_looks) / own
    margin = size.margin * math.sqrt(size.looks / own)
    surely = since <= factor * told_effect and since + margin < told_effect
    return Growth.GREW if surely else Growth.SAME


def worsened(conditions: Sequence[Condition], open_alerts: Sequence[Alert], policy: Policy) -> list[Condition]:
    """The claims that something got worse: those that were made before, as long as their own lasts, and new ones."""
    firing: dict[frozenset[tuple[str, str]], list[Alert]] = {}
    for alert in sorted(open_alerts, key=lambda alert: (alert.labels.get(WORSE, ""), alert.starts_at)):
        if alert.state is AlertState.FIRING or WORSE in alert.labels:
            firing.setdefault(family(alert.labels), []).append(alert)
    found = []
    for condition in conditions:
        told = firing.get(family(condition.labels), [])
        steps = [alert for alert in told if WORSE in alert.labels]
        found += [_again(condition, alert.labels[WORSE], Growth.SAME) for alert in steps]
        grew = growth(condition, told, policy)
        if grew in {Growth.GREW, Growth.RAISED}:
            # After the last, not as many as there are: one may have been resolved by hand.
            found.append(_again(condition, str(max((int(each.labels[WORSE]) for each in steps), default=0) + 1), grew))
    return found


def _again(condition: Condition, step: str, why: Growth) -> Condition:
    labels, said = {**condition.labels, WORSE: step}, dict(condition.annotations)
    if "summary" in said:
        said["summary"] = f"worse than told: {said['summary']}"
    if why is not Growth.SAME:
        said[WHY_WORSE] = why.value
    return replace(condition, labels=labels, annotations=said, hold_looks=1, hold_seconds=0.0)
