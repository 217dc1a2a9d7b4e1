"""How much more answers scatter lately than they did in the baseline, as the control tells it.

A judge that marks everybody down makes cases fail now and then that always passed: both arms scatter more, alike, and
so does their difference, whose mean holds still. Held against the scatter of the baseline it would ring too often.

    scatter = sum of w_i^2 (s_it - s_it')^2 / 2   /   sum of w_i^2 v_i (q_t + q_t') / 2,     from 1 to ``MOST``

over neighbouring looks t', t at case i among the newest looks of the *pinned* arm. w_i: the case's weight;
v_i: variance of one answer's score in the baseline; q_t: variance of that look's scores in units of one answer's
(1 over the answers to a case). A case that is answered otherwise from some look on, but always alike, steps once and
does not scatter (von Neumann 1941). Looks that are not there yet count as calm ones. Neither the look that is judged
nor the current arm has a part in it: a drop of current does not hide behind the scatter that it makes itself. Where a
baseline saw each case a few times only (rotating parts), v_i holds the doubt about its mean too: the factor is then too
small rather than too large.

Calibrated by simulation (.9 of 100 cases pass, both arms lose 5 points): the difference rings within 400 looks in
2 of 1,200 lives, where 5.5 are allowed and 14 rang without this. A drop of 5 points of current is found as soon as
without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

#: Newest looks of the pinned arm that are asked.
LOOKS = 24
#: Beyond this it is another metric than the baseline's, and the difference is not muted any further.
MOST = 4.0


class Look(NamedTuple):
    """One look at the control: scores by case, and their variance in units of one answer's."""

    scores: Mapping[str, float]
    unit: float

    @classmethod
    def of(
        cls, scores: Mapping[str, float], variance: float, variances: Mapping[str, float], weights: Mapping[str, float]
    ) -> Look:
        """The look whose mean has this sampling ``variance``; the others as in ``scatter``."""
        known = [(weights.get(case, 1.0), variances[case]) for case in scores if case in variances]
        one = sum(weight * weight * each for weight, each in known)
        total = sum(weight for weight, _ in known)
        return cls(scores, variance * total * total / one if one > 0 else 1.0)


def scatter(looks: Sequence[Look], variances: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Times by which variance has grown.

    ``looks``: the newest, oldest first; ``variances``: of one answer's score, by case; ``weights``: of
    cases that do not weigh 1.
    """
    squares = expected = 0.0
    for case, variance in variances.items():
        asked = [(look.scores[case], look.unit) for look in looks if case in look.scores]
        weight = weights.get(case, 1.0) ** 2
        for (before, unit_before), (after, unit_after) in pairwise(asked):
            squares += weight * (after - before) ** 2
            expected += weight * variance * (unit_before + unit_after)
    if expected <= 0.0:
        return 1.0
    calm = max(LOOKS - len(looks), 0) / len(looks) * expected
    return min(max((squares + calm) / (expected + calm), 1.0), MOST)
