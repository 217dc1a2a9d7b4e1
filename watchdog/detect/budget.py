"""From "one false alarm in ninety days" to the A that every detector gets.

Expected numbers add up whatever depends on whatever: a metric that is looked at r times in the period and has a mean
time of A looks to a false alarm gives r / A of them. With a weight w for each metric that may page, and

    A_m = A_1 / w_m,    A_1 = (sum over these metrics of r_m w_m) / allowed false alarms,

they add up to what is allowed. A metric of weight 3 may ring three times as often as one of weight 1 that is looked at
as often; the price of that is borne by the others, and is small, because delays grow only with log A.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.case import Estimand
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.watch import FalseAlarmBudget, Watch

#: However generous the budget: below this a detector would only ring.
LEAST_RUNS = 100.0
#: A of a house in which nothing may page: its tickets are read, too.
NOBODY_PAGED = 10_000.0
#: Seconds of a quarter: what false alarms are counted over for people.
QUARTER = 90 * 86_400.0


class PagingMetric(Struct, frozen=True, kw_only=True):
    """A metric of the current target whose drift may wake somebody."""

    key: MetricKey
    #: Seconds between two looks.
    every: float
    weight: float = 1.0


class Share(Struct, frozen=True, kw_only=True):
    """What one metric gets of the budget."""

    key: MetricKey
    #: Part of all false alarms that are allowed, 0..1.
    share: float
    #: A: mean looks to a false alarm.
    mean_runs: float
    #: False alarms expected in a quarter; less than was allowed where ``LEAST_RUNS`` holds.
    a_quarter: float


class Division(Struct, frozen=True, kw_only=True):
    """The budget, divided."""

    #: Of every metric that may page.
    shares: Mapping[MetricKey, Share]
    #: A of a metric of weight 1, and so of the metrics that do not page.
    mean_runs: float

    def mean_runs_to_false_alarm(self, key: MetricKey) -> float:
        """A of a metric, in looks. Control arms and anchors get that of the metric they are read beside."""
        share = self.shares.get(replace(key, arm=Arm.CURRENT))
        return self.mean_runs if share is None else share.mean_runs


def divide(budget: FalseAlarmBudget, metrics: Iterable[PagingMetric]) -> Division:
    """The false-alarm budget of the house, divided over all its metrics that may page."""
    weighed = {metric.key: (budget.seconds / metric.every * metric.weight, metric) for metric in metrics}
    total = sum(looks for looks, _ in weighed.values())
    mean_runs = total / budget.count if weighed else NOBODY_PAGED
    shares = {}
    for key, (looks, metric) in weighed.items():
        own = max(LEAST_RUNS, mean_runs / metric.weight)
        shares[key] = Share(key=key, share=looks / total, mean_runs=own, a_quarter=QUARTER / metric.every / own)
    return Division(shares=shares, mean_runs=max(LEAST_RUNS, mean_runs))


def paging_metrics(watch: Watch, every: float) -> list[PagingMetric]:
    """Metrics of a watch whose drift may wake somebody: of the current target, each scorer on each estimand and tag.

    ``every``: seconds between two looks.
    """
    found = []
    for plan in watch.plans:
        whole = MetricKey(watch=watch.name, scorer=plan.name, arm=Arm.CURRENT)
        keys = [replace(whole, tag=tag) for tag in ("", *watch.tags)] if watch.golden is not None else []
        measure = watch.measure(plan.name) is not None
        if watch.traffic is not None and (measure or plan.name in watch.traffic.scorers):
            keys.append(replace(whole, estimand=Estimand.TRAFFIC))
        found += [PagingMetric(key=key, every=every, weight=plan.weight) for key in keys if watch.pages(key)]
    return found
