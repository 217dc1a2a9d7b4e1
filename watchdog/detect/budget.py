"""From "one false alarm in ninety days" to the A that every detector gets.

Expected numbers add up whatever depends on whatever: M streams of r runs each give M r / A false alarms on average.
So A = (sum over watches of streams x runs in the period) / allowed false alarms, the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchdog.domain.watch import FalseAlarmBudget, Watch

#: However generous the budget: below this a detector would only ring.
LEAST_RUNS = 100.0


def mean_runs_to_false_alarm(budget: FalseAlarmBudget, cadences: Iterable[tuple[float, int]]) -> float:
    """A, in runs. ``cadences``: seconds between two looks, and streams that may page, of every watch."""
    runs = sum(budget.seconds / every * streams for every, streams in cadences)
    return max(LEAST_RUNS, runs / budget.count)


def paging_streams(watch: Watch) -> int:
    """Metrics of a watch whose drift may wake somebody: the current arm of each paging scorer, on each estimand."""
    paging = {plan.name for plan in watch.scorers if plan.pages}
    golden = len(paging) if watch.golden is not None else 0
    traffic = len(paging.intersection(watch.traffic.scorers)) if watch.traffic is not None else 0
    return golden + traffic
