"""Stage: observations + baseline + states -> signals + states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.domain.baseline import Baseline, MetricBaseline
from watchdog.domain.detection import Signal
from watchdog.domain.metric import MetricKey, Observation

#: Detector states as JSON values, as the store keeps them.
States = Mapping[MetricKey, Mapping[str, Any]]


def detect(
    observations: Iterable[Observation],
    *,
    baseline: Baseline,
    states: States,
    detector_for: Callable[[MetricKey], PsrDetector],
) -> tuple[list[Signal], dict[MetricKey, dict[str, Any]]]:
    """Signals of one look, and the states of its metrics after it.

    A metric without a state starts from the baseline; one that the baseline does not know is learning.
    """
    signals: list[Signal] = []
    after: dict[MetricKey, dict[str, Any]] = {}
    for observation in observations:
        key = observation.key
        detector = detector_for(key)
        known = states.get(key)
        if known is None:
            state = detector.start(baseline.metrics.get(key) or _unknown(key))
        else:
            state = DetectorState.from_json(known)
        state, signal = detector.update(state, observation)
        signals.append(signal)
        after[key] = state.to_json()
    return signals, after


def _unknown(key: MetricKey) -> MetricBaseline:
    return MetricBaseline(
        key=key, case_means={}, case_counts={}, case_variances={}, case_digests={}, x=(), variances=()
    )
