"""What a CI gate of one look at this set would tell: the formula of a paired test, before it is run.

A candidate and the current target answer the same cases; where both are equally good, the difference of a case varies
by 2 v / k, v being the chance within a case and k its answers. That is a lower bound: a candidate that is better at
some cases and worse at others adds to it. Fixed n; the early looks of stats/gate.py cost a few points of power.
"""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri

from watchdog.plan.design import PlannedMetric
from watchdog.plan.facts import Facts
from watchdog.render.plan_view import GatePlanView

ALPHA, POWER = 0.05, 0.8


def gate_plan(facts: Facts, metric: PlannedMetric, tested: int = 1) -> GatePlanView:
    """The gate of one of so many ``tested`` metrics over the whole set, with the watch's smallest drop as its margin.

    A refusal is tested at the level that Holm's rule leaves the first of them. That a gate asks the cases whose scores
    varied more often is not counted in: it does better than this where there is a history.
    """
    repeats, margin = facts.watch.repeats, facts.watch.smallest_drop
    cases = max(1, round(metric.cases * metric.share))
    variance = 2 * metric.noise.answers / repeats
    error = math.sqrt((variance + 1 / cases) / cases)
    reach = float(ndtri(1 - ALPHA) + ndtri(POWER))
    wanted = (reach / margin) ** 2  # 1 / error^2
    return GatePlanView(
        metric=metric.name,
        cases=cases,
        repeats=repeats,
        margin=margin,
        catches=margin + float(ndtri(1 - ALPHA / tested) + ndtri(POWER)) * error,
        passes=float(ndtr(margin / error - ndtri(1 - ALPHA))),
        cases_needed=math.ceil((wanted * variance + math.sqrt((wanted * variance) ** 2 + 4 * wanted)) / 2),
    )
