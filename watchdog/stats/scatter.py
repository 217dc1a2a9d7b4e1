"""How much more answers scatter lately than they did in the baseline, as the control tells it.

A judge that marks everybody down makes cases fail now and then that always passed: both arms scatter more, alike, and
so does their difference, whose mean holds still. Held against the scatter of the baseline it would ring too often.

    scatter = sum of S_i / sum of (r_i - 1) v_i,     at least 1, at most ``MOST``

S_i: sum of squares of case i around its own mean in the r_i newest looks of the *pinned* arm; v_i: its variance in the
baseline. A case that is answered otherwise than in the baseline, but always alike, does not scatter. Looks that are not
there yet count as calm ones. Neither the look that is judged nor the current arm has a part in it: a drop of current
does not hide behind the scatter that it makes itself.

Calibrated by simulation (.9 of 100 cases pass, both arms lose 5 points): the difference rings within 400 looks in 2 of
1,200 lives, where 5.5 are allowed and 14 rang without this. A drop of 5 points of current is found as soon as without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Newest looks of the pinned arm that are asked.
LOOKS = 24
#: Beyond this it is another metric than the baseline's, and the difference is not muted any further.
MOST = 4.0


def scatter(looks: Sequence[Mapping[str, float]], variances: Mapping[str, float]) -> float:
    """Times by which variance has grown. ``looks``: scores by case; ``variances``: of one look's score, by case."""
    seen: dict[str, list[float]] = {}
    for look in looks:
        for case, score in look.items():
            seen.setdefault(case, []).append(score)
    squares = expected = 0.0
    for case in seen.keys() & variances.keys():
        scores = seen[case]
        squares += _around_mean(scores)
        expected += (len(scores) - 1) * variances[case]
    if expected <= 0.0:
        return 1.0
    calm = max(LOOKS - len(looks), 0) / len(looks) * expected
    return min(max((squares + calm) / (expected + calm), 1.0), MOST)


def _around_mean(scores: Sequence[float]) -> float:
    mean = sum(scores) / len(scores)
    return sum((score - mean) ** 2 for score in scores)
