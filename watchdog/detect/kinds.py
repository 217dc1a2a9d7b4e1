"""Every metric has its detector, by kind.

A score: pSR, with the smallest drop of the watch. A judge's anchors: the same, both ways. A measure: pSR on cut
log-ratios, with its own smallest rise.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from watchdog.detect.psr import PsrDetector
from watchdog.detect.two_sided import TwoSidedDetector
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.watch import Watch

AnyDetector = PsrDetector | TwoSidedDetector


def detectors(
    watch: Watch, mean_runs_to_false_alarm: Callable[[MetricKey], float]
) -> Callable[[MetricKey], AnyDetector]:
    """The detector of each metric of a watch; ``mean_runs_to_false_alarm``: A of each."""

    def detector_for(key: MetricKey) -> AnyDetector:
        kind = TwoSidedDetector if key.arm is Arm.ANCHORS else PsrDetector
        return kind(
            mean_runs_to_false_alarm=mean_runs_to_false_alarm(key),
            smallest_drop=smallest_drop(watch, key),
            min_baseline_runs=watch.min_baseline_runs,
        )

    return detector_for


def smallest_drop(watch: Watch, key: MetricKey) -> float:
    """The smallest drop that matters: in score units, or as a log-ratio for a measure."""
    measure = watch.measure(key.scorer)
    return watch.smallest_drop if measure is None else math.log1p(measure.smallest_rise)
