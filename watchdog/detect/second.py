"""A second opinion without a baseline: current held against pinned, case by case. Shown, never a reason to ring.

It shares neither the reference nor the normal scores of the detector, so that it errs for other reasons: where both
point at a drop, it is hardly the baseline's fault. See ``stats/betting.py`` for what is proven, and when.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from watchdog.domain.metric import Better, Observation
from watchdog.stats.betting import NOTHING, evidence, update

#: Newest looks that are asked: two weeks of hourly ones.
LOOKS = 336


class SecondOpinion(Struct, frozen=True, kw_only=True):
    """What betting on "pinned answers better" has come to."""

    #: Looks at which both answered.
    looks: int
    #: Logarithm of what the bets add up to, begun at the first of these looks.
    evidence: float


def second_opinion(
    current: Sequence[Observation], pinned: Sequence[Observation], better: Better = Better.HIGHER
) -> SecondOpinion | None:
    """Over the looks that both have, oldest first; scores 0..1. None where they have no look in common."""
    controls = {look.run_id: look.case_scores for look in pinned}
    sums, looks = NOTHING, 0
    for look in current:
        control = controls.get(look.run_id, {})
        cases = sorted(look.case_scores.keys() & control.keys())
        if not cases:
            continue
        arms = [look.case_scores[case] for case in cases], [control[case] for case in cases]
        sums = update(sums, *(arms if better is Better.HIGHER else reversed(arms)))
        looks += 1
    return SecondOpinion(looks=looks, evidence=math.log(max(evidence(sums), 1e-300))) if looks else None
