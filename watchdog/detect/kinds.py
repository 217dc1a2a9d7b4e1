"""Every metric has its detector, by kind.

A score: pSR, with the smallest drop of the watch or its own. One that hardly ever fails and of which a point or less
matters: a count of failures beside it. A judge's anchors: pSR both ways. A measure: pSR on cut log-ratios, with its own
smallest rise.
"""

from __future__ import annotations

from collections.abc import Callable

from watchdog.detect.psr import PsrDetector
from watchdog.detect.rare import RareDetector, is_rare
from watchdog.detect.two_sided import TwoSidedDetector
from watchdog.domain.baseline import Baseline
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.watch import Watch

AnyDetector = PsrDetector | TwoSidedDetector | RareDetector


def detectors(
    watch: Watch, baseline: Baseline, mean_runs_to_false_alarm: Callable[[MetricKey], float]
) -> Callable[[MetricKey], AnyDetector]:
    """The detector of each metric of a watch against its baseline; ``mean_runs_to_false_alarm``: A of each."""

    def detector_for(key: MetricKey) -> AnyDetector:
        drop = watch.smallest_drop_of(key.scorer)
        kind: type[AnyDetector] = PsrDetector
        if key.arm is Arm.ANCHORS:
            kind = TwoSidedDetector
        elif is_rare(baseline.metrics.get(key), drop):
            kind = RareDetector
        return kind(
            mean_runs_to_false_alarm=mean_runs_to_false_alarm(key),
            smallest_drop=drop,
            min_baseline_runs=watch.min_baseline_runs,
        )

    return detector_for
