"""The judge as a suspect: did it move, and does that explain what rests on it?"""

from __future__ import annotations

import math
from dataclasses import replace

from watchdog.correlate.situation import Situation
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm


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
    return left.interval[1] >= -max(smallest, -anchors.effect)


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
