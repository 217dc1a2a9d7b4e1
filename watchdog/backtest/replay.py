"""What would have fired, and when: the stored observations once more through the detectors that the daemon uses.

A signal is a function of the baseline and of the observations since, so a replay under the same settings gives the
very signals that were stored. One metric costs a tenth of a millisecond or more a look; a year of fifty metrics is
therefore looked through by a panel first, which has the same evidence, and only what comes near to an alarm in it is
replayed look by look. What does not come near was calm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from watchdog.backtest.history import Floats, History, grouped
from watchdog.detect.anchors import NEWEST, settle
from watchdog.detect.kinds import AnyDetector
from watchdog.detect.psr import PsrDetector
from watchdog.domain.baseline import Baseline
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey
from watchdog.stats.acute import bad_below
from watchdog.stats.panel import PredictivePanel

#: A metric is replayed look by look from this share of A on: the panel's sums differ in the last digits.
NEAR = 0.5
DetectorFor = Callable[[MetricKey], AnyDetector]


class Episode(Struct, frozen=True, kw_only=True):
    """A drift from its alarm to its end."""

    #: The signal that would have fired.
    fired: Signal
    #: Unix time of the look that called it over; None while it is not.
    over_at: float | None
    #: Looks from the alarm until then, or so far.
    looks: int


def replay(history: History, detector: AnyDetector) -> list[Signal]:
    """The signals of a metric, one for each observation."""
    state: Any = detector.start(history.reference)
    signals = []
    for observation in history.observations:
        state, signal = detector.update(state, observation)
        signals.append(signal)
    return signals


def episodes(signals: Iterable[Signal]) -> list[Episode]:
    """The drifts among the signals of one metric, oldest first."""
    found: list[Episode] = []
    drifting: list[Signal] = []
    for signal in signals:
        if signal.level is Level.DRIFT:
            drifting.append(signal)
        elif drifting:
            found.append(Episode(fired=drifting[0], over_at=signal.at, looks=len(drifting)))
            drifting = []
    if drifting:
        found.append(Episode(fired=drifting[0], over_at=None, looks=len(drifting)))
    return found


def replayed(histories: Mapping[MetricKey, History], detector_for: DetectorFor) -> dict[MetricKey, list[Signal]]:
    """Signals of the metrics that came near to an alarm; the others were calm (or learning) all the time."""
    found: dict[MetricKey, list[Signal]] = {}
    screened: dict[MetricKey, History] = {}
    marks: dict[MetricKey, object] = {}
    detectors: dict[MetricKey, PsrDetector] = {}
    for key, history in histories.items():
        detector = detector_for(key)
        if not isinstance(detector, PsrDetector):
            found[key] = replay(history, detector)
        elif len(history.reference.x) >= detector.min_baseline_runs:
            screened[key], detectors[key] = history, detector
            marks[key] = (len(history.reference.x), history.lost is None, detector.mean_runs, detector.smallest_drop)
    for group in grouped(screened, like=marks):
        for key in _near(group, detectors[next(iter(group))]):
            found[key] = replay(group[key], detectors[key])
    return found


def settled(
    signals: Mapping[MetricKey, Sequence[Signal]],
    histories: Mapping[MetricKey, History],
    baseline: Baseline,
    smallest_drop: Callable[[str], float],
) -> dict[MetricKey, list[Signal]]:
    """The signals, those of judges' anchors after what rests on them was heard at the same look."""
    heard: dict[str, list[Signal]] = {}
    for key, said in signals.items():
        for signal in said if key.arm is not Arm.ANCHORS else ():
            heard.setdefault(signal.run_id, []).append(signal)
    found = {}
    for key, said in signals.items():
        found[key] = list(said)
        for number, signal in enumerate(said if key.arm is Arm.ANCHORS else ()):
            looks = histories[key].observations[: number + 1][-NEWEST - 1 :]
            others = heard.get(signal.run_id, [])
            found[key][number] = settle([signal, *others], baseline, {key: looks}, smallest_drop=smallest_drop)[0]
    return found


def _near(group: Mapping[MetricKey, History], detector: PsrDetector) -> list[MetricKey]:
    """Metrics whose evidence ever came near to an alarm, or that had a bad look in the sense of the acute rule."""
    known = list(group.values())
    panel = PredictivePanel(
        np.array([h.reference.x for h in known]).T,
        np.array([h.reference.variances for h in known]).T,
        None if known[0].lost is None else np.array([h.reference.lost for h in known]).T,
        None if known[0].lost is None else np.array([h.reference.n for h in known]).T,
        mean_runs=detector.mean_runs,
        smallest_drop=detector.smallest_drop,
        keen=True,
    )
    looks = max(len(h.x) for h in known)
    x, variance, u, n = (
        _side_by_side([getattr(h, name) for h in known], looks) for name in ("x", "variance", "u", "n")
    )
    lost = None if known[0].lost is None else _side_by_side([h.lost for h in known if h.lost is not None], looks)
    lengths = np.array([len(h.x) for h in known])
    near = np.zeros(len(known), dtype=bool)
    for look in range(looks):
        below = bad_below(panel.mean, panel.spread)
        counts = (None, None) if lost is None else (lost[look], n[look])
        evidence = panel.update(x[look], variance[look], u[look], *counts)
        near |= (look < lengths) & ((evidence >= NEAR * detector.mean_runs) | (panel.newest < below))
    return [key for key, rings in zip(group, near.tolist(), strict=True) if rings]


def _side_by_side(columns: Sequence[Floats], rows: int) -> Floats:
    """Columns of different lengths as one array; the shorter ones go on with their last value."""
    return np.array([np.pad(column, (0, rows - len(column)), mode="edge") for column in columns]).T
