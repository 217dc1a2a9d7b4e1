"""What is known of a watch: its paging metrics with their chance, as measured or assumed, and what answers cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from watchdog.app.build import App, cadence
from watchdog.detect.budget import divide, paging_metrics
from watchdog.domain.baseline import Baseline, BaselineStatus
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import MetricKey, Observation
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import UsageError
from watchdog.plan.design import BASELINE_RUNS, Design, PlannedMetric, Prices
from watchdog.plan.noise import Assumptions, Noise, assumed, measured

if TYPE_CHECKING:
    from watchdog.store.store import Session


class Facts(Struct, frozen=True, kw_only=True):
    """A watch as it is."""

    watch: Watch
    today: Design
    #: Cases that there are: of the golden set, and samples of traffic.
    cases: int
    metrics: dict[MetricKey, PlannedMetric]
    prices: Prices
    #: Where the numbers come from, in a sentence.
    source: str


class _Stored(Struct, frozen=True, kw_only=True):
    baseline: Baseline | None = None
    observations: tuple[Observation, ...] = ()
    signals: tuple[Signal, ...] = ()
    costs: dict[Role, float | None] | None = None


def gather(app: App, name: str, assumptions: Assumptions, *, answer_cost: float | None = None) -> Facts:
    """Everything that is known of the watch. Makes no database where there is none.

    ``answer_cost``: US dollars of one answer, said by the user, instead of what was measured.

    Raises:
        UnknownName: there is no such watch.
        UsageError: nothing of the watch may page.
    """
    watch = app.watch(name)
    every = cadence(watch.schedule)
    paging = [metric.key for metric in paging_metrics(watch, every)]
    keys = [key for key in paging if watch.measure(key.scorer) is None]
    if not keys:
        raise UsageError(f"no score of {name} may page, so there is nothing to plan; set 'pages: true' at a scorer")
    stored = _stored(app, name)
    golden = len(watch.golden.cases) if watch.golden else 0
    traffic = watch.traffic.per_run if watch.traffic else 0
    cases, of_a_look = golden + traffic, min(golden, watch.cases_per_look or golden) + traffic
    pinned = Role.PINNED in watch.targets
    costs = stored.costs or {}
    metrics = {key: _planned_metric(app, watch, key, stored, assumptions, (cases, of_a_look)) for key in keys}
    return Facts(
        watch=watch,
        today=Design(
            cases=of_a_look, repeats=watch.repeats, every=every, pinned_every=watch.pinned_every if pinned else 0
        ),
        cases=cases,
        metrics=metrics,
        prices=Prices(
            current=costs.get(Role.CURRENT) if answer_cost is None else answer_cost,
            pinned=costs.get(Role.PINNED) if answer_cost is None else answer_cost,
            judges=len(app.joined.judges.get(name, {})),
        ),
        source=_source(stored.baseline, [metric.noise for metric in metrics.values()], assumptions)
        + _unplanned([key.scorer for key in paging if key not in keys]),
    )


def calm(observations: Sequence[Observation], signals: Sequence[Signal]) -> list[Observation]:
    """The looks of one metric at which it did not drift; the looks of a drift from its onset on are left out."""
    drifts = [(signal.since or signal.at, signal.at) for signal in signals if signal.level is Level.DRIFT]
    return [look for look in observations if not any(since <= look.at <= until for since, until in drifts)]


def _stored(app: App, name: str) -> _Stored:
    from watchdog.store.store import Store  # noqa: PLC0415 - a plan without a database does not pay for it

    probe = Store(app.settings.store_url.reveal())
    path = probe.path
    probe.close()
    if path is not None and not path.exists():
        return _Stored()
    with app.store.read() as session:
        return _read(session, name)


def _read(session: Session, name: str) -> _Stored:
    baseline = session.baselines.current(name)
    since = baseline.frozen_at if baseline else None
    return _Stored(
        baseline=baseline,
        observations=tuple(session.detection.observations(name, since=since)) if baseline else (),
        signals=tuple(session.detection.signals(name, since=since)) if baseline else (),
        costs={role: cost.mean for role, cost in session.costs.of_answers(name).items()},
    )


def _planned_metric(
    app: App, watch: Watch, key: MetricKey, stored: _Stored, assumptions: Assumptions, sizes: tuple[int, int]
) -> PlannedMetric:
    """``sizes``: cases that there are, and cases of a look."""
    cases, of_a_look = sizes
    every = cadence(watch.schedule)
    reference = stored.baseline.metrics.get(key) if stored.baseline else None
    looks = calm([o for o in stored.observations if o.key == key], [s for s in stored.signals if s.key == key])
    if reference is None or not reference.x:
        noise, share = assumed(assumptions, every), _planned(watch, key, cases)
    else:
        counts = [*reference.n, *(look.n for look in looks)]
        noise = measured(
            [*reference.x, *(look.x for look in looks)],
            [*reference.variances, *(look.variance for look in looks)],
            counts,
            level=reference.level,
            repeats=watch.repeats,
            every=every,
            assumptions=assumptions,
        )
        share = sum(counts) / len(counts) / max(of_a_look, 1)
    name = key.scorer if not key.tag else f"{key.scorer}[{key.tag}]"
    return PlannedMetric(
        name=name,
        noise=noise,
        share=share,
        cases=cases,
        baseline=max(len(reference.x), 2) if reference is not None else BASELINE_RUNS,
        looks=noise.looks,
        mean_runs=lambda interval: _mean_runs(app, watch, key, interval),
        smallest_drop=watch.smallest_drop_of(key.scorer),
    )


def _planned(watch: Watch, key: MetricKey, cases: int) -> float:
    """Share of a look's cases that a metric will score, before any look was made."""
    if key.estimand is Estimand.TRAFFIC:
        return watch.traffic.per_run / cases if watch.traffic else 0.0
    golden = watch.golden.cases if watch.golden else ()
    checks = watch.scorer(key.scorer).spec.name == "case-checks"
    counted = sum(1 for case in golden if (case.checks or not checks) and (not key.tag or key.tag in case.tags))
    return counted / max(cases, 1)


def _mean_runs(app: App, watch: Watch, key: MetricKey, every: float) -> float:
    """A of a metric, if its watch looked so often and all others as they do."""
    metrics = [
        metric
        for other in app.joined.watches.values()
        for metric in paging_metrics(other, every if other.name == watch.name else cadence(other.schedule))
    ]
    return divide(app.settings.false_alarms, metrics).mean_runs_to_false_alarm(key)


def _unplanned(measures: Sequence[str]) -> str:
    """Measures page by ratios, of which points say nothing."""
    return f" Not planned: {', '.join(dict.fromkeys(measures))}, which pages by its ratio." if measures else ""


def _source(baseline: Baseline | None, noises: Sequence[Noise], assumptions: Assumptions) -> str:
    guess = f"a pass rate of {100 * assumptions.rate:g} % and {100 * assumptions.run_spread:g} points between runs"
    if baseline is None:
        return f"Assumed, because there is no baseline yet: {guess}."
    looks = min(noise.looks for noise in noises)
    learning = ", which is still learning" if baseline.status is BaselineStatus.LEARNING else ""
    if looks == 0:
        return f"Baseline {baseline.version} lacks some metrics; assumed of these: {guess}."
    parts = f"Measured in {looks} calm looks since baseline {baseline.version}{learning}, its own included"
    missing = {part for noise in noises for part in noise.assumed}
    if "runs" in missing:
        return f"{parts}; the {100 * assumptions.run_spread:g} points between runs are assumed until there are 8 looks."
    if "correlation" in missing:
        return f"{parts}; that neighbouring looks are not alike is assumed until there are 24."
    return f"{parts}."
