"""When a look out of turn is worth its money. Pure.

A suspicion is settled by more looks: the sooner they are made, the sooner somebody is told, or nobody needs to be.
Three in a row at most: looks that are minutes apart share the weather, and are worth less than their number.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from watchdog.pipeline.suspicion import LOOKED_BACK, Suspicion

#: Least seconds between two looks, and share of the time between two planned ones.
LEAST_GAP = 600.0
SHARE = 6
#: Looks out of turn for one suspicion.
MOST = 3


class Money(Struct, frozen=True, kw_only=True):
    """What is left of the day's budget, and what looks cost, in US dollars."""

    left: float
    #: A look out of turn; None when no look of the watch has a known price.
    look: float | None
    #: All looks that are planned for the rest of the day: they come first.
    planned: float


class Verdict(NamedTuple):
    """When to look, or None; and why."""

    at: float | None
    reason: str


def out_of_turn(
    suspicion: Suspicion,
    *,
    now: float,
    ended: float,
    next_planned: float,
    interval: float,
    money: Money | None,
    least_gap: float = LEAST_GAP,
) -> Verdict:
    """When to look out of turn.

    Args:
        suspicion: what the newest looks say.
        now: Unix time.
        ended: Unix time of the end of the newest look.
        next_planned: Unix time of the next look of the timetable.
        interval: seconds between two of these.
        money: None without a budget for the day.
        least_gap: least seconds between two looks.
    """
    if not suspicion.looks:
        return Verdict(None, "nothing is suspect")
    if suspicion.looks >= LOOKED_BACK:
        return Verdict(None, "it has been suspect for long")
    if suspicion.out_of_turn >= MOST:
        return Verdict(None, "enough looks were made out of turn")
    gap = max(least_gap, interval / SHARE)
    at = max(now, ended + gap)
    if at > next_planned - gap / 2:
        return Verdict(None, "the next planned look comes as soon")
    if money is not None and (money.look is None or money.look + money.planned > money.left):
        return Verdict(None, "the day's budget has nothing to spare")
    return Verdict(at, "suspect")
