"""What Prometheus is told, read from the store and the daemon when it asks."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from watchdog.app.outbox import to_be_sent
from watchdog.daemon.health import Looked, Standing
from watchdog.domain.alert import AlertType, Severity
from watchdog.domain.run import RunStatus
from watchdog.domain.silence import SilenceKind
from watchdog.domain.target import Role
from watchdog.domain.verification import FallbackVerdict
from watchdog.domain.watch import Watch
from watchdog.errors import StoreError
from watchdog.notify.delivery import ChannelHealth
from watchdog.protocols import Clock
from watchdog.store.store import Session, Store

PREFIX = "eval_watchdog"
#: Ends of a run that stay: only these may be counted, for a counter must never go down.
_FINAL = (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.MISSED)
_SECONDS = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)

#: Calls to providers since the start, by (provider, outcome).
Calls = Callable[[], Mapping[tuple[str, str], int]]


class Watching(Protocol):
    """What is asked of the daemon."""

    @property
    def watches(self) -> Mapping[str, Watch]:
        """The watches on duty."""

    def standings(self) -> list[Standing]:
        """How their looks stand."""


class Delivering(Protocol):
    """What is asked of the delivery loop."""

    @property
    def health(self) -> Mapping[str, ChannelHealth]:
        """How each channel is doing."""


class LookTimes:
    """How long looks take: counted as they end, unlike everything else."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            f"{PREFIX}_look_seconds",
            "How long looks take, by how they ended.",
            ["watch", "status"],
            buckets=_SECONDS,
            registry=registry,
        )

    def __call__(self, looked: Looked) -> None:
        """A look has ended."""
        self._seconds.labels(looked.watch, looked.status.value).observe(looked.seconds)


class HouseCollector(Collector):
    """Reads the store and the daemon at each scrape. A store that cannot be read is said, and the rest still told."""

    def __init__(
        self,
        store: Store,
        daemon: Watching,
        delivery: Delivering,
        clock: Clock,
        *,
        version: str,
        calls: Calls | None = None,
    ) -> None:
        self._store = store
        self._daemon = daemon
        self._delivery = delivery
        self._clock = clock
        self._version = version
        self._calls = calls

    def describe(self) -> list[Metric]:
        """Nothing: names are known from ``collect``, and registering must not touch the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families."""
        build = _gauge("build_info", "Always 1; the labels say what runs.", "version", "python")
        build.add_metric([self._version, platform.python_version()], 1)
        yield build
        yield from self._from_daemon()
        yield from self._from_delivery()
        stored: list[Metric] = []
        try:
            with self._store.read() as session:
                stored = [*self._from_runs(session), *self._from_alerts(session), *self._from_rehearsals(session)]
        except StoreError:
            stored = []
        up = _gauge("store_up", "Whether the database answered; if not, the families read from it are absent.")
        up.add_metric([], 1.0 if stored else 0.0)
        yield up
        yield from stored

    def _from_daemon(self) -> Iterator[Metric]:
        lag = _gauge("run_lag_seconds", "How long after its planned time the newest look began.", "watch")
        planned = _gauge("next_look_timestamp_seconds", "When the next look is planned.", "watch")
        for standing in self._daemon.standings():
            planned.add_metric([standing.watch], standing.next_look)
            if standing.lag is not None:
                lag.add_metric([standing.watch], standing.lag)
        yield lag
        yield planned
        if self._calls is not None:
            calls = _counter(
                "calls_total", "Calls to providers since the start, retries included.", "provider", "outcome"
            )
            for (provider, outcome), count in sorted(self._calls().items()):
                calls.add_metric([provider, outcome], count)
            yield calls

    def _from_delivery(self) -> Iterator[Metric]:
        failures = _counter("delivery_failures_total", "Times a channel failed since the start.", "channel")
        delivered = _counter("delivered_alerts_total", "Alerts a channel took since the start.", "channel")
        success = _gauge("delivery_last_success_timestamp_seconds", "When a channel last took something.", "channel")
        for name, health in self._delivery.health.items():
            failures.add_metric([name], health.failures)
            delivered.add_metric([name], health.sent)
            if health.last_success is not None:
                success.add_metric([name], health.last_success)
        yield from (failures, delivered, success)

    def _from_runs(self, session: Session) -> Iterator[Metric]:
        watches = self._daemon.watches
        success = _gauge("last_success_timestamp_seconds", "When a look last gave an observation.", "watch")
        for watch in watches:
            time = session.runs.last_success(watch)
            if time is not None:
                success.add_metric([watch], time)
        totals = session.runs.totals()
        counts = {(total.watch, total.status): total.runs for total in totals}
        runs = _counter("runs_total", "Runs that came to their end, by how they did.", "watch", "status")
        missed = _counter("missed_runs_total", "Planned looks that were not made.", "watch")
        cost = _counter("cost_dollars_total", "US dollars spent on runs, as far as prices are known.", "watch")
        unpriced = _counter("unpriced_calls_total", "Calls whose cost is not known.", "watch")
        for watch in watches:
            for status in _FINAL:
                runs.add_metric([watch, status.value], counts.get((watch, status), 0))
            missed.add_metric([watch], counts.get((watch, RunStatus.MISSED), 0))
            cost.add_metric([watch], sum(total.cost for total in totals if total.watch == watch))
            unpriced.add_metric([watch], sum(total.unpriced for total in totals if total.watch == watch))
        yield from (success, runs, missed, cost, unpriced)

    def _from_rehearsals(self, session: Session) -> Iterator[Metric]:
        passed = _gauge("drill_passed_timestamp_seconds", "When a drill of a kind last passed.", "kind")
        for kind, time in sorted(session.drills.passed().items()):
            passed.add_metric([kind.value], time)
        yield passed
        verified = _gauge("fallback_verified_timestamp_seconds", "When a fallback was last verified.", "watch")
        holds = _gauge("fallback_holds", "Whether it held then; absent when it was never told.", "watch")
        for name, watch in self._daemon.watches.items():
            fallback = watch.targets.get(Role.FALLBACK)
            newest = None if fallback is None else session.verifications.told(name, fallback.digest)
            if newest is not None:
                verified.add_metric([name], newest.at)
                holds.add_metric([name], 1.0 if newest.verdict is FallbackVerdict.HOLDS else 0.0)
        yield from (verified, holds)

    def _from_alerts(self, session: Session) -> Iterator[Metric]:
        kinds = [
            (kind.value, severity.value) for kind in AlertType for severity in Severity if severity != Severity.NONE
        ]
        counts = dict.fromkeys(kinds, 0)
        for alert in session.alerts.firing():
            kind = (alert.labels.get("alert_type", ""), alert.labels.get("severity", ""))
            counts[kind] = counts.get(kind, 0) + 1
        active = _gauge("alerts_active", "Alerts that are firing.", "alert_type", "severity")
        for kind, count in counts.items():
            active.add_metric(kind, count)
        now = self._clock.now()
        times = [row.at for row in to_be_sent(session, now)]
        waiting = _gauge("outbox_waiting", "Notifications that wait to be delivered; none that a silence holds back.")
        waiting.add_metric([], len(times))
        age = _gauge("outbox_oldest_seconds", "Age of the notification that waits longest; 0 when none does.")
        age.add_metric([], max([0.0, *(now - at for at in times)]))
        dead = _gauge("outbox_dead", "Notifications that were given up for good.")
        dead.add_metric([], len(session.outbox.dead()))
        holding = [silence.kind for silence in session.silences.ending_after(now) if silence.holds(now)]
        silenced = _gauge("silences_active", "Silences and maintenance windows that hold.", "kind")
        for silence_kind in SilenceKind:
            silenced.add_metric([silence_kind.value], holding.count(silence_kind))
        yield from (active, waiting, age, dead, silenced)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
