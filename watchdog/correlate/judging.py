"""The judge as a suspect: did it move, and does that explain what rests on it?"""

from __future__ import annotations

import math
from enum import StrEnum

from msgspec.structs import replace

from watchdog.correlate.situation import Situation
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm

#: Looks in a row that a drift is held for a judge in doubt, at the most: by then its anchors were graded at each of
#: them, and what they do not tell they will hardly tell at the next.
_LOOKS_IN_DOUBT = 6
#: What both arms lost beyond a judge's shift is asked at every look for days, so it must lie further out than the 90 %
#: interval: by twice its half width, 3.3 standard deviations.
_SURELY = 2.0


class Doubt(StrEnum):
    """Why a drift of a judged metric waits for its judge's anchors, or does not."""

    NONE = "no judge has a part in it, or its anchors tell"
    FELL_BELOW = "current fell below pinned, which the same judge graded"
    UNKNOWN = "the judge has no anchors that could tell"
    UNGRADED = "the judge's anchors were not graded at this look: they are at the next"
    UNDECIDED = "the judge's anchors do not tell yet whether it is the judge: they are graded at each look"

    @property
    def hold_looks(self) -> int:
        """Consecutive looks for which the drift must hold before anybody is told of it."""
        return _LOOKS_IN_DOUBT if self in (Doubt.UNGRADED, Doubt.UNDECIDED) else 1


def doubt(situation: Situation, signal: Signal) -> Doubt:
    """Whether a drift of the current target may be its judge's work, as far as is known at this look.

    A judge moves both targets alike: where current fell below pinned nothing is held, and a check never is.
    """
    scorer = signal.key.scorer
    if scorer not in situation.judges:
        return Doubt.NONE
    if situation.level(replace(signal.key, arm=Arm.DIFFERENCE)) in (Level.SUSPECT, Level.DRIFT):
        return Doubt.FELL_BELOW
    anchors = situation.anchors(scorer)
    if anchors is None:
        return Doubt.UNKNOWN
    if anchors.level is Level.SUSPECT:
        return Doubt.UNDECIDED
    if anchors.level is Level.CALM and anchors.at < situation.at:
        return Doubt.UNGRADED  # calm then: nobody asked them yet about this drift
    return Doubt.NONE


def judge_moved(situation: Situation, scorer: str) -> bool:
    """Whether the anchors of a judge-scored metric drift, at this look or when they were graded last."""
    anchors = situation.anchors(scorer)
    return anchors is not None and anchors.level is Level.DRIFT


def corrected(signal: Signal, anchors: Signal) -> Signal:
    """A drift with the judge's own shift taken out: the difference of two estimates, their errors added as squares."""
    effect = signal.effect - anchors.effect
    below = math.hypot(signal.effect - signal.interval[0], anchors.interval[1] - anchors.effect)
    above = math.hypot(signal.interval[1] - signal.effect, anchors.effect - anchors.interval[0])
    return replace(signal, effect=effect, interval=(effect - below, effect + above))


def explains(situation: Situation, signal: Signal) -> bool:
    """Whether a judge that moved is enough to explain a drift of the current target.

    It is not when it became milder; when current fell below pinned as well, which the same judge graded; or when the
    drop is surely more than twice the shift. (Twice, because answers differ in how far they can fall: a stricter
    judge takes more from good answers than from anchors half of which had the lowest grade before.)
    """
    anchors = situation.anchors(signal.key.scorer)
    if anchors is None or anchors.effect >= 0:
        return False
    left, smallest = corrected(signal, anchors), situation.watch.smallest_drop
    difference = situation.level(replace(signal.key, arm=Arm.DIFFERENCE))
    if difference is Level.DRIFT and left.effect <= -smallest:
        return False
    half = (left.interval[1] - left.interval[0]) / 2
    return left.effect + _SURELY * half >= -max(smallest, -anchors.effect)


def may_explain(situation: Situation, signal: Signal) -> bool:
    """Whether a judge of which its anchors do not tell may have moved far enough to explain a drop of both arms.

    By as much as lies within their interval, twice (see ``explains``).
    """
    anchors = situation.anchors(signal.key.scorer)
    if doubt(situation, signal) is not Doubt.UNDECIDED or anchors is None:
        return False
    return signal.effect >= 2 * anchors.interval[0]


def about(situation: Situation, scorer: str) -> str:
    """What the anchors say, for a drift that both arms share; empty for a metric without a judge."""
    if scorer not in situation.judges:
        return ""
    anchors = situation.anchors(scorer)
    if anchors is None:
        return "The judge's own anchors were not graded, so it may be the judge as well."
    if anchors.level is Level.CALM:
        return "The judge's own anchors hold, so it is not the judge."
    if anchors.level is Level.SUSPECT:
        return "The judge's own anchors do not tell yet whether it is the judge; the next looks grade them again."
    return ""
