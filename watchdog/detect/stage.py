"""Stage: observations + baseline + states -> signals + states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.detect.rare import Counting, RareDetector
from watchdog.detect.two_sided import BothWays, TwoSidedDetector
from watchdog.domain.baseline import Baseline, MetricBaseline
from watchdog.domain.detection import Signal
from watchdog.domain.metric import MetricKey, Observation

#: Detector states as JSON values, as the store keeps them.
States = Mapping[MetricKey, Mapping[str, Any]]
#: Raised whenever the states' form or the detector's arithmetic changes: older states are made anew from history.
STATE_VERSION = 8


def detect(
    observations: Iterable[Observation],
    *,
    baseline: Baseline,
    states: States,
    detector_for: Callable[[MetricKey], PsrDetector | TwoSidedDetector | RareDetector],
    history: Callable[[MetricKey], Iterable[Observation]] = lambda _key: (),
) -> tuple[list[Signal], dict[MetricKey, dict[str, Any]]]:
    """Signals of one look, and the states of its metrics after it.

    A metric without a state, or with one that an older version wrote, is replayed from the baseline over ``history``:
    its observations since the baseline and before this look, oldest first. A state is a function of these and nothing
    else. A metric that the baseline does not know is learning.
    """
    signals: list[Signal] = []
    after: dict[MetricKey, dict[str, Any]] = {}
    for observation in observations:
        key = observation.key
        detector: Any = detector_for(key)
        state = restored(states.get(key))
        if isinstance(state, Counting) != isinstance(detector, RareDetector):
            state = None  # how small a drop matters was changed: another detector begins
        if state is None:
            state = detector.start(baseline.metrics.get(key) or _unknown(key))
            for past in history(key):
                state, _ = detector.update(state, past)
        state, signal = detector.update(state, observation)
        signals.append(signal)
        after[key] = {"version": STATE_VERSION, **state.to_json()}
    return signals, after


def restored(known: Mapping[str, Any] | None) -> DetectorState | BothWays | Counting | None:
    """The state that was kept; None when there is none that this version can read."""
    if known is None or known.get("version") != STATE_VERSION:
        return None
    if "falling" in known:
        return BothWays.from_json(known)
    return Counting.from_json(known) if "counted" in known else DetectorState.from_json(known)


def _unknown(key: MetricKey) -> MetricBaseline:
    return MetricBaseline(
        key=key, case_means={}, case_counts={}, case_variances={}, case_digests={}, x=(), variances=()
    )
