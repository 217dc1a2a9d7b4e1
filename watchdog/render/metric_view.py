"""Everything that is remembered of one metric, for its page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from watchdog.correlate.model import ESTIMANDS
from watchdog.detect.second import LOOKS, SecondOpinion, second_opinion
from watchdog.domain.alert import Alert
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.metric import Arm, Better, MetricKey
from watchdog.domain.run import RunStatus
from watchdog.domain.watch import Watch
from watchdog.errors import UnknownName
from watchdog.render.gather import metric_name, series_view, still_measured
from watchdog.render.views import Marker, MarkerKind, MetricSeriesView, NoiseView
from watchdog.store.store import Session
from watchdog.text.documents.suggest import did_you_mean

#: Seconds that a drop has lasted, for which the smallest that can be found is told.
HORIZONS = {"1 day": 86_400.0, "3 days": 259_200.0, "1 week": 604_800.0, "4 weeks": 2_419_200.0}


def metric_view(session: Session, watch: Watch, name: str, *, since: float, cadence: float) -> MetricSeriesView:
    """The metric of that name over the looks since a Unix time; ``cadence``: seconds between two looks.

    ``name``: a scorer, with ``[tag]`` for the cases of a tag and ``@traffic`` for production inputs.

    Raises:
        UnknownName: nothing of that name was measured, and the watch has no such scorer.
    """
    observations = session.detection.observations(watch.name, since=since, case_scores=False)
    baseline = session.baselines.current(watch.name)
    known = {o.key for o in observations} | ({*baseline.metrics} if baseline else set())
    keys = {_written(key): key for key in known if key.arm is Arm.CURRENT and still_measured(watch, key)}
    if name not in keys:
        hint, listed = did_you_mean(name, keys), ", ".join(sorted(keys)) or "none yet"
        raise UnknownName(f"{watch.name} has no metric {name!r}; {hint or 'metrics: ' + listed}")
    key = keys[name]
    runs = session.runs.of_watch(watch.name, since=since, statuses=[RunStatus.FINISHED, RunStatus.FAILED])
    view = series_view(
        watch,
        key,
        observations,
        session.detection.signals(watch.name, since=since),
        baseline,
        _markers(session, watch, key, since),
        looks=[run.planned_for for run in runs],
    )
    if baseline is None or key not in baseline.metrics:
        return view
    state = session.detection.states(watch.name, baseline.id).get(key)
    return replace(
        view,
        noise=_noise(watch, baseline.metrics[key], state, view.threshold, cadence),
        second=_second(session, watch, key, baseline.frozen_at),
    )


def metric_names(session: Session, watch: Watch) -> list[str]:
    """Names of the metrics of a watch that have a page."""
    baseline = session.baselines.current(watch.name)
    keys = baseline.metrics if baseline else {}
    return sorted(_written(key) for key in keys if key.arm is Arm.CURRENT and still_measured(watch, key))


def _written(key: MetricKey) -> str:
    return metric_name(key) + ("@traffic" if ESTIMANDS[key.estimand] == "traffic" else "")


def _noise(
    watch: Watch, reference: MetricBaseline, state: Mapping[str, Any] | None, threshold: float | None, cadence: float
) -> NoiseView | None:
    """What the detector's state knows of the metric; None while it is learning."""
    # numpy and scipy cost a quarter of a second that a page without a metric need not pay.
    from watchdog.detect.noise import noise_of  # noqa: PLC0415
    from watchdog.detect.psr import DetectorState  # noqa: PLC0415
    from watchdog.detect.stage import restored  # noqa: PLC0415

    known = restored(state)
    noise = noise_of(known) if isinstance(known, DetectorState) else None
    if noise is None:
        return None
    horizons = {words: seconds / cadence for words, seconds in HORIZONS.items() if seconds >= 3 * cadence}
    return NoiseView(
        looks=noise.looks,
        locked=noise.locked,
        locked_level=_level(watch, reference, noise.locked_mean or 0.0),
        current_level=_level(watch, reference, noise.mean),
        spread=noise.spread,
        within=noise.within,
        correlation=noise.correlation,
        inflation=noise.inflation,
        smallest_drop=watch.smallest_drop_of(reference.key.scorer),
        detectable={}
        if threshold is None
        else {words: noise.detectable(looks, math.exp(threshold)) for words, looks in horizons.items()},
    )


def _second(session: Session, watch: Watch, key: MetricKey, since: float) -> SecondOpinion | None:
    """What holding current against pinned says; None of a measure, whose values are no scores."""
    if watch.measure(key.scorer) is not None:
        return None
    current, pinned = (
        session.detection.newest_observations(replace(key, arm=arm), last=LOOKS, since=since)
        for arm in (Arm.CURRENT, Arm.PINNED)
    )
    return second_opinion(current, pinned, watch.plan(key.scorer).better)


def _level(watch: Watch, reference: MetricBaseline, x: float) -> float:
    """A summary as a mean score, or as the level of a measure."""
    sign = -1.0 if watch.plan(reference.key.scorer).better is Better.LOWER else 1.0
    if watch.measure(reference.key.scorer) is not None:
        return reference.level * math.exp(sign * x)
    return reference.level + sign * x


def _markers(session: Session, watch: Watch, key: MetricKey, since: float) -> list[Marker]:
    """Alerts of this metric that fired, changes of the subject, and when the baseline was frozen."""
    found = [
        Marker(at=change.at, kind=MarkerKind.CHANGE, label=str(change))
        for change in session.detection.changes(watch.name, since=since)
    ]
    found += [
        Marker(at=baseline.frozen_at, kind=MarkerKind.NOTE, label=f"baseline {baseline.version}: {baseline.reason}")
        for baseline in session.baselines.all(watch.name)
        if baseline.frozen_at >= since
    ]
    for alert in session.alerts.all(watch=watch.name):
        if not _concerns(alert, key):
            continue
        name = alert.labels.get("alertname", "alert")
        if "metric" not in alert.labels:
            until = alert.resolved_at
            if alert.fired_at is not None and (until is None or until >= since):
                start = max(alert.starts_at, since)
                found.append(Marker(at=start, until=until, kind=MarkerKind.OUTAGE, label=name))
            continue
        if alert.fired_at is not None and alert.fired_at >= since:
            found.append(Marker(at=alert.fired_at, kind=MarkerKind.FIRED, label=f"{name} fires"))
        if alert.fired_at is not None and alert.resolved_at is not None and alert.resolved_at >= since:
            found.append(Marker(at=alert.resolved_at, kind=MarkerKind.RESOLVED, label=f"{name} resolved"))
    return found


def _concerns(alert: Alert, key: MetricKey) -> bool:
    """Whether an alert is about this metric, or about everything that the watch measures (a provider, blindness)."""
    metric = alert.labels.get("metric")
    if metric is None:
        return True
    same_cases = alert.labels.get("tag", "") == key.tag
    estimand = alert.labels.get("estimand", ESTIMANDS[key.estimand])
    return metric == key.scorer and same_cases and estimand == ESTIMANDS[key.estimand]
