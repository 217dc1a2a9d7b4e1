"""The designs that find the smallest relevant drop soonest for some money a day."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

from watchdog.domain.target import Role
from watchdog.errors import UsageError
from watchdog.plan.design import DAY, PATIENCE, Design, PlannedMetric, chance_of_a_look, found_after
from watchdog.plan.facts import Facts
from watchdog.stats.autocorrelation import inflation
from watchdog.stats.power import expected_delay

#: Seconds between two looks that are tried.
INTERVALS = tuple(60.0 * minutes for minutes in (5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440))
REPEATS = (1, 2, 3, 5)
#: Shares of the set that a look may ask, and the fewest cases that make one.
SHARES = (1.0, 0.75, 0.5, 0.35, 0.25, 0.1)
LEAST_CASES = 10
#: Designs whose delay is worked out; all others are worse by Lorden's bound.
WORTH_A_LOOK = 24
#: No design finds anything in fewer looks: one look says little by itself.
LEAST_LOOKS = 4


def affordable(facts: Facts, budget: float) -> Iterator[Design]:
    """Designs that cost no more than ``budget`` US dollars a day. The pinned control runs in each look or once a day.

    Raises:
        UsageError: nobody knows what an answer costs.
    """
    if facts.prices.money_a_day(facts.today) is None:
        role = Role.CURRENT if facts.prices.current is None else Role.PINNED
        raise UsageError(
            f"what an answer of the {role} target costs is not known; make a look first, give its model a price "
            "under 'prices', or say it with --answer-cost 0.002"
        )
    cases = sorted({max(min(LEAST_CASES, facts.cases), round(share * facts.cases)) for share in SHARES})
    for count, repeats, every in product(cases, sorted({*REPEATS, facts.today.repeats}), INTERVALS):
        daily = max(1, round(DAY / every))
        for pinned_every in sorted({1, daily}) if facts.today.pinned_every else (0,):
            design = Design(cases=count, repeats=repeats, every=every, pinned_every=pinned_every)
            money = facts.prices.money_a_day(design)
            if money is not None and money <= budget:
                yield design
                break  # the denser control that can be paid


def ranked(facts: Facts, metric: PlannedMetric, budget: float) -> list[tuple[Design, float, float]]:
    """Designs with the seconds to the smallest drop, typical and late; best first, one for each cases x answers."""
    drop = metric.smallest_drop
    promising = sorted(affordable(facts, budget), key=lambda design: _bound(metric, design, drop))[:WORTH_A_LOOK]
    timed = []
    for design in promising:
        found = found_after(metric, design, [drop])
        timed.append((design, found.typical[0] * design.every, found.late[0] * design.every))
    timed.sort(key=lambda row: (row[1], row[2], facts.prices.money_a_day(row[0]) or 0.0))
    best: dict[tuple[int, int], tuple[Design, float, float]] = {}
    for row in timed:
        best.setdefault((row[0].cases, row[0].repeats), row)
    return [row for row in best.values() if math.isfinite(row[1])]


def _bound(metric: PlannedMetric, design: Design, drop: float) -> float:
    """Seconds below which no detector finds the drop."""
    look = chance_of_a_look(metric, design)
    variance = look.spread**2 * inflation(*look.correlation, PATIENCE / design.every)
    return design.every * max(LEAST_LOOKS, expected_delay(drop, variance, metric.mean_runs(design.every)))
