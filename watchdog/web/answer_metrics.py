"""Counters over the answers of looks: what burn-rate and latency rules of Prometheus are made of."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from threading import Lock

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from watchdog.domain.watch import Watch
from watchdog.errors import StoreError
from watchdog.protocols import Clock
from watchdog.store.answers import Answered
from watchdog.store.store import Store

GOOD, BAD = "good", "bad"
#: Upper ends of the latency buckets, seconds; the SLOs that people write and three times them are among them.
BUCKETS = (0.1, 0.25, 0.5, 0.8, 1.0, 1.5, 2.0, 2.4, 3.0, 4.0, 6.0, 9.0, 12.0, 15.0, 20.0, 30.0, 60.0, 120.0)
#: Seconds by which a look may be committed after the time it says it finished at.
_LATE = 3600.0


class AnswerMetrics(Collector):
    """Good and bad answers and their latency, counted since the start as looks are found finished at a scrape."""

    def __init__(self, store: Store, watches: Mapping[str, Watch], clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._started = clock.now()
        self._lock = Lock()
        self._counted: dict[str, float] = {}
        # From zero on, for the first increase is only seen from a value before it.
        self._verdicts: Counter[tuple[str, str, str]] = Counter(
            {
                (name, plan.name, how): 0
                for name, watch in watches.items()
                for plan in watch.scorers
                for how in (GOOD, BAD)
            }
        )
        self._slow: dict[str, list[int]] = {name: [0] * (len(BUCKETS) + 1) for name in watches}
        self._seconds = dict.fromkeys(watches, 0.0)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not touch the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Both families; as they were at the last scrape while the database does not answer."""
        with self._lock:
            self._take_in()
            answers = CounterMetricFamily(
                "eval_watchdog_answers_total",
                "Scored answers to golden cases of the current target since the start, and whether they reach the bar.",
                labels=["watch", "metric", "verdict"],
            )
            for key, count in sorted(self._verdicts.items()):
                answers.add_metric(list(key), count)
            seconds = HistogramMetricFamily(
                "eval_watchdog_answer_seconds", "How long answers of the current target took.", labels=["watch"]
            )
            for watch, counts in self._slow.items():
                seconds.add_metric([watch], buckets=_cumulated(counts), sum_value=self._seconds.get(watch, 0.0))
        yield answers
        yield seconds

    def _take_in(self) -> None:
        now = self._clock.now()
        since = max(self._started, now - _LATE)
        try:
            with self._store.read() as session:
                found = session.answers.finished_since(since, known=self._counted.keys())
        except StoreError:
            return
        self._counted = {run: at for run, at in self._counted.items() if at >= now - 2 * _LATE}
        for look in found:
            self._counted[look.run_id] = now
            self._count(look)

    def _count(self, look: Answered) -> None:
        for metric, (good, bad) in look.verdicts.items():
            self._verdicts[look.watch, metric, GOOD] += good
            self._verdicts[look.watch, metric, BAD] += bad
        counts = self._slow.setdefault(look.watch, [0] * (len(BUCKETS) + 1))
        for latency in look.latencies:
            counts[bisect_left(BUCKETS, latency)] += 1
        self._seconds[look.watch] = self._seconds.get(look.watch, 0.0) + sum(look.latencies)


def _cumulated(counts: list[int]) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for end, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
        total += count
        buckets.append((end, float(total)))
    return buckets
