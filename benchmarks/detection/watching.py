"""The product's own detector over many simulated streams.

Every signal counted in the tables is one of `PsrDetector`, look by look, as the daemon would have it. Where nothing
happens for years that would take hours; so `PredictivePanel`, which is equal to it alarm for alarm, goes first, and
only the streams on which it or the acute rule *could* have spoken are walked through look by look.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.streams import Arm
from watchdog.detect.psr import PsrDetector
from watchdog.domain import metric as house
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level, Signal
from watchdog.stats.acute import DRIFT_AFTER, LEAST_DROP
from watchdog.stats.panel import PredictivePanel

#: Mean runs to a false alarm that every table asks for, unless it says otherwise: a tenth of one in a metric-year.
A = 87_600.0
#: Below every drop that is simulated, so that what is measured is the evidence and not the wish to be left alone; the
#: product's default of 0.03 rings more rarely still.
SMALLEST_DROP = 0.01

_KEYS = {arm: house.MetricKey(watch="bench", scorer="metric", arm=arm) for arm in house.Arm}


class Alarm(NamedTuple):
    """The first signal of a drift."""

    stream: int
    #: Looks after the baseline, from 0.
    look: int
    signal: Signal


def detector(mean_runs: float = A, smallest_drop: float = SMALLEST_DROP) -> PsrDetector:
    """The detector of a metric, as a watch gets it."""
    return PsrDetector(mean_runs_to_false_alarm=mean_runs, smallest_drop=smallest_drop)


def baseline(arm: Arm, stream: int, runs: int, key: house.MetricKey) -> MetricBaseline:
    """The frozen reference of one stream, from its first runs."""

    def column(array: NDArray[np.float64] | None) -> tuple[float, ...]:
        return () if array is None else tuple(array[:runs, stream].tolist())

    return MetricBaseline(
        key=key,
        case_means={},
        case_counts={},
        case_variances={},
        case_digests={},
        x=column(arm.x),
        variances=column(arm.variance),
        lost=column(arm.lost),
        n=tuple(int(n) for n in column(arm.n)),
    )


def observation(arm: Arm, stream: int, run: int, u: float, key: house.MetricKey, at: float) -> house.Observation:
    """One look of one stream."""
    lost, n = None if arm.lost is None else float(arm.lost[run, stream]), int(arm.n[run, stream])
    return house.Observation(
        key=key,
        run_id=str(run),
        at=at,
        n=n,
        planned=n,
        level=0.0 if lost is None else 1 - lost / n,
        x=float(arm.x[run, stream]),
        variance=float(arm.variance[run, stream]),
        lost=lost,
        u=u,
    )


def signals(
    arm: Arm, stream: int, runs: int, ties: NDArray[np.float64], *, test: PsrDetector, looks: int | None = None
) -> Iterator[Signal]:
    """What the detector says at each look after a baseline of so many runs."""
    key = _KEYS[house.Arm.CURRENT if arm.lost is not None else house.Arm.DIFFERENCE]
    state = test.start(baseline(arm, stream, runs, key))
    last = len(arm.x) if looks is None else runs + looks
    for run in range(runs, last):
        seen = observation(arm, stream, run, float(ties[run - runs, stream]), key, float(run - runs))
        state, signal = test.update(state, seen)
        yield signal


def alarms(
    arm: Arm,
    runs: int,
    ties: NDArray[np.float64],
    *,
    mean_runs: float = A,
    smallest_drop: float = SMALLEST_DROP,
    streams: Iterable[int] | None = None,
) -> list[Alarm]:
    """Every beginning of a drift. ``runs``: of the baseline; ``ties``: uniform (looks, streams)."""
    test = detector(mean_runs, smallest_drop)
    if streams is None:
        streams = np.flatnonzero(_may_ring(arm, runs, ties, mean_runs, smallest_drop)).tolist()
    found = []
    for stream in streams:
        before = Level.CALM
        for look, signal in enumerate(signals(arm, stream, runs, ties, test=test)):
            if signal.level is Level.DRIFT and before is not Level.DRIFT:
                found.append(Alarm(stream, look, signal))
            before = signal.level
    return found


def first_alarms(
    arm: Arm, runs: int, ties: NDArray[np.float64], *, mean_runs: float = A, smallest_drop: float = SMALLEST_DROP
) -> list[Alarm | None]:
    """The first alarm of each stream, None where there is none."""
    test = detector(mean_runs, smallest_drop)
    return [_first(arm, stream, runs, ties, test) for stream in range(arm.x.shape[1])]


def delays(alarmed: Iterable[Alarm | None], after: int) -> list[float]:
    """Looks from a change to the alarm, its own included; infinite without one.

    Streams on which it rang before the change are left out: that is a false alarm, counted elsewhere.
    """
    return [
        math.inf if alarm is None else float(alarm.look - after + 1)
        for alarm in alarmed
        if alarm is None or alarm.look >= after
    ]


def panel_of(arm: Arm, runs: int, *, mean_runs: float = A, smallest_drop: float = SMALLEST_DROP) -> PredictivePanel:
    """All streams at once, after their baseline of so many runs."""
    counted = () if arm.lost is None else (arm.lost[:runs], arm.n[:runs])
    return PredictivePanel(
        arm.x[:runs], arm.variance[:runs], *counted, mean_runs=mean_runs, smallest_drop=smallest_drop, keen=True
    )


def _first(arm: Arm, stream: int, runs: int, ties: NDArray[np.float64], test: PsrDetector) -> Alarm | None:
    for look, signal in enumerate(signals(arm, stream, runs, ties, test=test)):
        if signal.level is Level.DRIFT:
            return Alarm(stream, look, signal)
    return None


def _may_ring(
    arm: Arm, runs: int, ties: NDArray[np.float64], mean_runs: float, smallest_drop: float
) -> NDArray[np.bool_]:
    panel = panel_of(arm, runs, mean_runs=mean_runs, smallest_drop=smallest_drop)
    ring = np.zeros(arm.x.shape[1], bool)
    bad = np.zeros(arm.x.shape[1], int)
    for run in range(runs, len(arm.x)):
        counted = () if arm.lost is None else (arm.lost[run], arm.n[run])
        ring |= panel.update(arm.x[run], arm.variance[run], ties[run - runs], *counted) >= mean_runs
        bad = np.where(arm.x[run] < -LEAST_DROP / 2, bad + 1, 0)
        ring |= bad >= DRIFT_AFTER
    return ring
